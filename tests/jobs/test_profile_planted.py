"""A clean register of invented people has no finding; each defect planted is found, where and as often as it is."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from mdi_engine.jobs.profile import profile
from mdi_engine.settings import Settings
from mdi_engine.workbench.profiling.findings import findings_table
from mdi_engine.workbench.profiling.overview import Profile

N = 1_500
Row = dict[str, str]
Plant = Callable[[list[Row], random.Random], None]

_FIRST = (
    "Siti Budi Agus Dewi Sri Eko Nur Rina Yusuf Wayan Made Putu Maria Yohanes Ratna Joko Fitri Hendra Lestari Bagus"
)
_LAST = "Santoso Wijaya Siregar Nasution Hidayat Lestari Purnomo Rahman Saragih Utami Gunawan Setiawan Halim Pratama"
_NOTES = "kontrol ulang bulan depan rujuk balik ke poli dalam alergi obat perlu tindakan segera pasien lama baru"
_TOWNS = [f"Kota {word} {side}" for word in _LAST.split() for side in ("Barat", "Timur", "Utara", "Selatan")]


def people(dice: random.Random) -> list[Row]:
    """Rows as a clean system would give them. Province 38 is nobody's."""
    rows = []
    for serial in range(N):
        born = date(1950, 1, 1) + timedelta(days=dice.randrange(25_000))
        sex = dice.choice("LP")
        day = born.day + (40 if sex == "P" else 0)
        name = " ".join([dice.choice(_FIRST.split()), *dice.sample(_LAST.split(), dice.randrange(1, 3))])
        rows.append(
            {
                "no_rm": f"RM{serial:06}",
                "nik": f"381603{day:02}{born:%m%y}{dice.randrange(1, 9999):04}",
                "no_kk": f"381603{dice.randrange(1, 29):02}{dice.randrange(1, 13):02}{dice.randrange(10, 26)}"
                f"{dice.randrange(1, 9999):04}",
                "nama": name,
                "jk": sex,
                "tgl_lahir": f"{born:%d/%m/%Y}",
                "no_hp": f"08{dice.randrange(10**9, 10**10)}",
                "kota": dice.choices(_TOWNS, [1 / rank for rank in range(1, len(_TOWNS) + 1)])[0],
                "kartu": f"000{dice.randrange(10**9, 10**10)}",
                "alamat": f"Jl. {dice.choice(_LAST.split())} No. {dice.randrange(1, 200)}",
                "kelas": dice.choices(("1", "2", "3"), (1, 3, 6))[0],
                "keterangan": " ".join(dice.choices(_NOTES.split(), k=dice.randrange(2, 9))) if serial % 3 else "-",
            }
        )
    return rows


def profiled(folder: Path, rows: list[Row]) -> Profile:
    path = folder / "register.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return profile(Settings(home=folder / "home"), str(path))


def put(column: str, rows: int, value: str | Callable[[str], str]) -> Plant:
    """Change the column in so many rows."""

    def plant(table: list[Row], dice: random.Random) -> None:
        for row in dice.sample(table, rows):
            row[column] = value if isinstance(value, str) else value(row[column])

    return plant


def exchange(one: str, other: str, rows: int) -> Plant:
    def plant(table: list[Row], dice: random.Random) -> None:
        for row in dice.sample(table, rows):
            row[one], row[other] = row[other], row[one]

    return plant


def double(table: list[Row], dice: random.Random) -> None:
    table.extend(dict(row) for row in dice.sample(table, 40))


def cut(table: list[Row], dice: random.Random) -> None:
    for row in table:
        row["keterangan"] = row["keterangan"][:30]


def cut_some(table: list[Row], dice: random.Random) -> None:
    """Two systems feed the column; one of them cuts."""
    for row in table:
        row["keterangan"] = row["keterangan"][: 40 if dice.random() < 0.96 else None]


def return_exchanged(table: list[Row], dice: random.Random) -> None:
    """People who are there again, their NIK and KK exchanged."""
    for row in dice.sample(table, 12):
        table.append(row | {"no_rm": f"RM{len(table):06}", "nik": row["no_kk"], "no_kk": row["nik"]})


def phones_of_desks(table: list[Row], dice: random.Random) -> None:
    """Fourteen hospitals give the phone of their desk where they have none, each on 21 to 60 rows."""
    rows = iter(dice.sample(table, len(table)))
    for desk, times in enumerate([60, 54, 40, 35, 33, 32, 31, 30, 29, 27, 25, 23, 22, 21]):
        for row in islice(rows, times):
            row["no_hp"] = f"0812000000{desk:02}"


def month_first(value: str) -> str:
    day, month, year = value.split("/")
    return f"{month}/{day}/{year}"


PLANTED: list[tuple[str, str | None, int | None, Plant]] = [
    ("shared_value", "no_hp", 300, put("no_hp", 300, "081200000000")),
    ("shared_value", "no_hp", 462, phones_of_desks),
    ("shared_value", "kartu", 60, put("kartu", 60, "0000000000000")),
    ("default_date", "tgl_lahir", 90, put("tgl_lahir", 90, "01/01/1900")),
    ("default_date", "tgl_lahir", 100, put("tgl_lahir", 100, "1970-01-01")),
    ("never_date", "tgl_lahir", 7, put("tgl_lahir", 7, "01/01/1900")),
    ("partial_date", "tgl_lahir", 60, put("tgl_lahir", 60, lambda text: text[-4:])),
    ("filler_value", "kartu", 13, put("kartu", 13, "0")),
    ("filler_value", "no_hp", 13, put("no_hp", 13, "9999999999")),
    ("doubled_key", "no_rm", 9, put("no_rm", 10, "RM999999")),
    ("exchanged_values", "no_kk", 12, return_exchanged),
    ("first_of_january", "tgl_lahir", None, put("tgl_lahir", 150, lambda text: f"01/01/{text[-4:]}")),
    ("scientific_number", "nik", 25, put("nik", 25, "3.81603E+15")),
    ("rounded_number", "nik", 50, put("nik", 50, lambda text: text[:12] + "0000")),
    ("rounded_number", "nik", None, put("nik", 600, lambda text: text[:15] + "0")),
    ("decimal_number", "kartu", 30, put("kartu", 30, lambda text: text.lstrip("0") + ".0")),
    ("leading_apostrophe", "nik", 40, put("nik", 40, lambda text: "'" + text)),
    ("month_first_dates", "tgl_lahir", None, put("tgl_lahir", 200, month_first)),
    ("impossible_date", "tgl_lahir", 12, put("tgl_lahir", 12, "31/02/1980")),
    ("mixed_date_forms", "tgl_lahir", 70, put("tgl_lahir", 70, lambda text: "-".join(reversed(text.split("/"))))),
    ("swapped_columns", "kartu", 80, exchange("nik", "kartu", 80)),
    ("swapped_columns", "no_hp", 15, exchange("no_hp", "tgl_lahir", 15)),
    ("foreign_digits", "nama", 9, put("nama", 9, "3816030101010001")),
    ("control_characters", "nama", 6, put("nama", 6, "Siti\x07 Aminah")),
    ("control_characters", "nama", 6, put("nama", 6, "Siti \u202eAminah")),
    ("broken_encoding", "nama", 8, put("nama", 8, "RenÃ© Halim")),
    ("broken_encoding", "kota", 3, put("kota", 3, "Kota\ufffdBarat")),
    ("trailing_underscore", "no_hp", 35, put("no_hp", 35, lambda text: text[:-1] + "_")),
    ("truncated", "keterangan", None, cut),
    ("truncated", "keterangan", None, cut_some),
    ("spaces", "nama", 20, put("nama", 20, lambda text: f" {text}")),
    ("spaces", "nama", 20, put("nama", 20, lambda text: text.replace(" ", "  ", 1))),
    ("spaces", "nama", 20, put("nama", 20, lambda text: text + "\xa0")),
    ("mixed_case", "nama", 200, put("nama", 200, str.upper)),
    ("case_variants", "kota", 10, put("kota", 10, str.upper)),
    ("doubled_rows", None, 40, double),
    ("empty_column", "kelas", N, put("kelas", N, "")),
]


@pytest.fixture
def dice() -> random.Random:
    return random.Random(20260)


def test_clean_data_has_no_finding(tmp_path: Path) -> None:
    """Whatever the dice: three registers, none with a false alarm."""
    for seed in range(3):
        found = profiled(tmp_path, people(random.Random(seed)))
        assert [(each.code, each.column, each.rows) for each in found.findings] == []


@pytest.mark.parametrize(
    ("code", "column", "rows", "plant"), PLANTED, ids=[f"{n} {code}" for n, (code, *_) in enumerate(PLANTED)]
)
def test_a_planted_defect_is_found_and_tells_no_value(
    code: str, column: str | None, rows: int | None, plant: Plant, tmp_path: Path, dice: random.Random
) -> None:
    table = people(dice)
    plant(table, dice)
    found = profiled(tmp_path, table)
    hits = [each for each in found.findings if (each.code, each.column) == (code, column)]
    assert len(hits) == 1, [(each.code, each.column, each.rows) for each in found.findings]
    assert rows is None or hits[0].rows == rows
    assert hits[0].english != hits[0].indonesian
    # Whatever was planted: of a personal column no value is told.
    told = str(found.to_dict())
    for personal in ("nik", "nama", "tgl_lahir", "no_hp", "alamat"):
        assert not [value for row in table if len(value := row[personal].strip()) > 3 and value in told]
    # Of any other column a finding tells none either.
    told = str([replace(each, column=None) for each in found.findings])
    assert not [value for row in table for cell in row.values() if len(value := cell.strip()) > 3 and value in told]


def test_every_code_is_planted_here_or_in_the_tests_of_profile() -> None:
    elsewhere = {"rejected_rows", "header_is_data", "other_separator", "default_value", "fault", "warning"}
    assert {code for code, *_ in PLANTED} | elsewhere == set(findings_table())


def test_faults_of_a_nik_are_told_by_kind(tmp_path: Path, dice: random.Random) -> None:
    table = people(dice)
    for row, fault in zip(table, ["length"] * 30 + ["date"] * 20 + ["serial"] * 10 + ["region"] * 25, strict=False):
        row["nik"] = {
            "length": row["nik"][:15],
            "date": row["nik"][:6] + "320199" + row["nik"][12:],
            "serial": row["nik"][:12] + "0000",
            "region": "3899" + row["nik"][4:],
        }[fault]
    found = [each for each in profiled(tmp_path, table).findings if each.code in ("fault", "warning")]
    assert [(each.facts["check"], each.facts["kind"], each.rows) for each in found] == [
        ("nik_fault", "length", 30),
        ("nik_fault", "date", 20),
        ("nik_fault", "serial", 10),
        ("nik_warning", "unknown_region", 25),
    ]
