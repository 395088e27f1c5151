from __future__ import annotations

import csv
import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from population_helpers import Row, Written, all_bytes, rows

from mdi_engine.errors import Conflict, UsageError
from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.persons.codes import fingerprint
from mdi_engine.population.draws import choose, rank_within, stream
from mdi_engine.population.generate import LARGEST, Order, generate
from mdi_engine.population.people.identifiers import SERIALS, _serial
from mdi_engine.population.people.people import BLOCK, LONGEST, make_people
from mdi_engine.population.rates import rates
from mdi_engine.population.sources import dukcapil, simrs
from mdi_engine.reference.regions import (
    kabkota,
    kecamatan,
    real_region,
    retired_kecamatan,
    sample_provinces,
)

PIPELINES = Path(__file__).parents[2] / "pipelines"
SUBGROUPS = {
    "twin", "father_son", "mononym", "migrant", "newborn", "wife_name", "no_nik", "mother_nik", "wrong_digit", "moved",
    "balinese", "batak", "chinese", "papuan", "sundanese", "bugis", "moluccan", "minang", "muslim", "manado",
}  # fmt: skip


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Four deliveries of more than one block of people."""
    out = tmp_path_factory.mktemp("months")
    order = Order(BLOCK + 500, seed=3, months=4)
    generate(out, order)
    return Written(out, order)


def simrs_of(out: Path, month: str = "") -> dict[str, Row]:
    found = [row for path in sorted((out / "simrs" / month).glob("*.csv")) for row in rows(path)]
    keyed = {f"{row['kode_rs']}-{row['no_rm']}": row for row in found}
    assert len(keyed) == len(found)
    return keyed


def registry_of(out: Path, month: str = "") -> dict[str, Row]:
    found = rows(out / "dukcapil" / month / "dukcapil.csv", "|")
    keyed = {row["NIK"]: row for row in found}
    assert len(keyed) == len(found)
    return keyed


LATER = ("2026-02", "2026-03", "2026-04")


def test_same_order_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, Order(700, seed, months=2))
    one, two, other = (all_bytes(tmp_path / name) for name in "abc")
    assert one == two
    assert one["dukcapil/dukcapil.csv"] != other["dukcapil/dukcapil.csv"]
    assert one["sisdmk/sisdmk.jsonl"] != other["sisdmk/sisdmk.jsonl"]


def test_more_months_leave_the_first_deliveries_as_they_are(tmp_path: Path) -> None:
    generate(tmp_path / "one", Order(700, 1))
    generate(tmp_path / "three", Order(700, 1, months=3))
    once, thrice = all_bytes(tmp_path / "one"), all_bytes(tmp_path / "three")
    first = [name for name in once if not name.startswith("truth")]
    assert len(first) >= 12
    assert [name for name in first if once[name] != thrice[name]] == []


def test_a_later_block_does_not_change_an_earlier_one() -> None:
    one = make_people(5, (0, 2), 300, rates())
    two = make_people(5, (0, 2), 300, rates())
    other = make_people(5, (1, 2), 300, rates())
    assert one.called.name.tolist() == two.called.name.tolist() != other.called.name.tolist()


def test_without_noise_hospitals_write_what_is_so(tmp_path: Path) -> None:
    order = Order(400, 4, noise=0.0)
    generate(tmp_path, order)
    written = Written(tmp_path, order)
    for row in written.simrs:
        some, at = written.person_of(row)
        assert row["nama_pasien"].upper() == some.called.name[at].upper()
        assert row["nik"] == str(some.numbers.nik[at] or "")
        assert row["nama_ibu"].upper() == some.called.mother[at].upper()
        assert row["jenis_kelamin"] == ("L" if some.kin.male[at] else "P")
    wrong = {"no_nik", "wrong_digit", "mother_nik", "moved", "wife_name"}
    foreign = {row["entity"] for row in written.truth("patient") if "foreign" in row["flags"]}
    for row in written.truth("patient"):
        assert row["entity"] in foreign or not wrong & set(row["flags"].split())


def test_a_population_of_one(tmp_path: Path) -> None:
    generate(tmp_path, Order(1, 1, months=2))
    assert len(Written(tmp_path, Order(1, 1, months=2)).simrs) >= 1


@pytest.mark.parametrize(
    "order",
    [Order(0, 1), Order(LARGEST + 1, 1), Order(5, 1, noise=-0.1), Order(5, 1, noise=21.0), Order(5, 1, months=0),
     Order(5, 1, months=LONGEST + 1), Order(5, 1, noise=float("nan")), Order(5, 1, hospitals=500_001)],
)  # fmt: skip
def test_an_order_that_cannot_be_served_is_refused(tmp_path: Path, order: Order) -> None:
    with pytest.raises(UsageError, match="was asked for"):
        generate(tmp_path, order)
    assert list(tmp_path.iterdir()) == []


def test_columns_are_those_of_the_contracts(months: Written) -> None:
    for source, columns in (("simrs", simrs.COLUMNS), ("dukcapil", dukcapil.COLUMNS)):
        assert list(columns) == list(contract(source)["columns"])
    objects = [json.loads(line) for line in (months.out / "sisdmk" / "sisdmk.jsonl").read_text("utf-8").splitlines()]
    assert {tuple(each) for each in objects} == {tuple(contract("sisdmk")["columns"])}
    meaning = contract("sisdmk")["columns"]["PEKERJAAN"]["meaning"]
    assert {tuple(job) for each in objects for job in each["PEKERJAAN"]} == {_words_of(meaning, objects)}
    assert table(months.out / "sirs_staff" / "sirs_staff.xls")[0] == list(contract("sirs_staff")["columns"])


def _words_of(meaning: str, objects: list[dict[str, list[Row]]]) -> tuple[str, ...]:
    """The columns that the contract names for a job, in the order of the extract."""
    named = set(re.findall(r"[A-Z_]{3,}", meaning))
    order = tuple(objects[0]["PEKERJAAN"][0])
    assert named == set(order)
    return order


def contract(source: str) -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((PIPELINES / source / "source.toml").read_text("utf-8"))


class _Table(HTMLParser):
    """The rows of a table; a heading over several columns is joined to the names under it."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[list[str]] = []
        self.spans: list[int] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.cells.append([])
        elif tag in ("td", "th"):
            self.cells[-1].append("")
            self._open = True
            if len(self.cells) == 1:
                self.spans.append(int(dict(attrs).get("colspan") or 0))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1][-1] += data


def table(path: Path) -> list[list[str]]:
    parser = _Table()
    parser.feed(path.read_text(encoding="utf-8"))
    top, under, *body = parser.cells
    names = iter(under)
    heads: list[str] = []
    for head, span in zip(top, parser.spans, strict=True):
        heads += [f"{head} {next(names)}" for _ in range(span)] or [head]
    assert next(names, None) is None
    assert all(len(row) == len(heads) for row in body)
    return [heads, *body]


def staff_of(out: Path, month: str = "") -> list[Row]:
    heads, *body = table(out / "sirs_staff" / month / "sirs_staff.xls")
    return [dict(zip(heads, row, strict=True)) for row in body]


def test_every_record_has_one_truth_and_every_truth_a_record(months: Written) -> None:
    delivered = {("simrs", key) for month in ("", *LATER) for key in simrs_of(months.out, month)}
    delivered |= {
        ("dukcapil", str(fingerprint(nik))) for month in ("", *LATER) for nik in registry_of(months.out, month)
    }
    truth = months.truth("patient")
    assert len(truth) == len(delivered)
    assert {(row["source"], row["source_key"]) for row in truth} == delivered
    workers = {("sirs_staff", row["id_pegawai"]) for month in ("", *LATER) for row in staff_of(months.out, month)}
    for month in ("", *LATER):
        lines = (months.out / "sisdmk" / month / "sisdmk.jsonl").read_text("utf-8").splitlines()
        workers |= {("sisdmk", str(fingerprint(json.loads(line)["NIK"]))) for line in lines}
    told = months.truth("practitioner")
    assert len(told) == len(workers)
    assert {(row["source"], row["source_key"]) for row in told} == workers


def test_subgroups_are_told(months: Written) -> None:
    words = {word for row in months.truth("patient") for word in row["flags"].split(" ")}
    assert words >= SUBGROUPS
    workers = {word for row in months.truth("practitioner") for word in row["flags"].split(" ")}
    assert workers >= {"two_jobs", "three_jobs", "old_str", "new_str", "old_and_new_str", "civil_servant", "no_nik"}


def test_months_grow_correct_and_withdraw(months: Written) -> None:
    first = simrs_of(months.out)
    known = dict(first)
    for month in LATER:
        delta = simrs_of(months.out, month)
        corrected, new = delta.keys() & known.keys(), delta.keys() - known.keys()
        assert len(new) > 200
        assert len(corrected) > 100
        assert sum(known[key] != delta[key] for key in corrected) > 0.9 * len(corrected)
        known |= delta
    before = registry_of(months.out)
    for month in LATER:
        now = registry_of(months.out, month)
        gone, come = before.keys() - now.keys(), now.keys() - before.keys()
        changed = [nik for nik in before.keys() & now.keys() if before[nik] != now[nik]]
        assert 0 < len(gone) < 0.01 * len(before)
        assert come
        assert changed
        before = now
    lists = [{row["id_pegawai"]: row for row in staff_of(months.out, month)} for month in ("", *LATER)]
    assert any(lists[0].keys() - later.keys() for later in lists[1:])
    assert any(later.keys() - lists[0].keys() for later in lists[1:])


def test_born_later_is_born_in_that_month(months: Written) -> None:
    first = registry_of(months.out)
    last = registry_of(months.out, LATER[-1])
    born = [row["TGL_LHR"][-4:] for nik, row in last.items() if nik not in first]
    assert {"2026", "2025"} >= set(born)
    assert born.count("2026") > 10


def numbers_of(months: Written) -> set[str]:
    found = {value for row in registry_of(months.out, LATER[-1]).values() for value in (row["NIK"], row["NO_KK"])}
    found |= {str(some.numbers.nik[at]) for some in months.blocks for at in range(len(some.entity))} - {"0"}
    return found


def test_every_number_begins_with_a_sample_province_and_a_real_region(months: Written) -> None:
    for number in numbers_of(months):
        assert len(number) == 16
        assert number[:2] in sample_provinces()
        assert real_region(number[:6]) in kecamatan() or real_region(number[:6]) in retired_kecamatan()


def test_no_real_province_opens_a_number_in_any_extract(months: Written) -> None:
    """Not even a number with a wrong digit."""
    text = "".join(path.read_text("utf-8") for path in (months.out / "simrs").rglob("*.csv"))
    text += " ".join(row["Identitas nik"] for row in staff_of(months.out))
    for line in (months.out / "sisdmk" / "sisdmk.jsonl").read_text("utf-8").splitlines():
        text += " " + json.loads(line)["NIK"]
    found = re.findall(r"(?<!\d)\d{16}(?!\d)", text)
    real = {code[:2] for code in kabkota()}
    assert len(found) > 10_000
    assert [number for number in found if number[:2] in real] == []


def test_a_nik_tells_birth_and_sex_and_none_is_given_twice(months: Written) -> None:
    niks = [str(nik) for some in months.blocks for nik in some.numbers.nik if nik]
    assert len(set(niks)) == len(niks)
    agree = total = 0
    for some in months.blocks:
        for at in range(len(some.entity)):
            nik, born = str(some.numbers.nik[at]), str(some.kin.born[at].astype("datetime64[D]"))
            day = int(nik[6:8]) if len(nik) == 16 else 0
            if day:
                assert (day < 40) == bool(some.kin.male[at])
                assert 1 <= int(nik[12:]) <= SERIALS
                agree += f"{day % 40:02d}{nik[8:12]}" == born[8:10] + born[5:7] + born[2:4]
                total += 1
    assert 0.99 < agree / total < 1


def test_papua_keeps_numbers_of_before_the_split(months: Written) -> None:
    old = [
        nik
        for some in months.blocks
        for nik, born in zip(some.numbers.nik, some.kin.born, strict=True)
        if real_region(str(nik)[:6]) in retired_kecamatan() and born < np.datetime64("2022-01-01", "D").astype(int)
    ]
    assert len(old) > 50


def test_households_share_a_card_and_siblings_their_mother(months: Written) -> None:
    for some in months.blocks:
        citizens = ~some.foreign
        cards = set(zip(some.kin.home[citizens].tolist(), some.numbers.kk[citizens].tolist(), strict=True))
        assert len(cards) == len({home for home, _ in cards}) == len({kk for _, kk in cards})
        children = np.flatnonzero(some.kin.mother >= 0)
        mothers = some.kin.mother[children]
        assert (some.kin.home[children] == some.kin.home[mothers]).all()
        assert (some.called.mother[children] == some.called.name[mothers]).all()
        ages = (some.kin.born[children] - some.kin.born[mothers]) / 365.25
        assert ages.min() > 18
        assert ages.max() < 48


def test_hospitals_and_patients_are_near_each_other(months: Written) -> None:
    found = list(simrs_of(months.out).values())
    assert all(hospital_code(row["kode_rs"]) for row in found)
    bps = {code: place.bps for code, place in kabkota().items()}
    near = [row["kode_rs"][:2] == bps[row["kode_kab"]][:2] for row in found]
    assert sum(near) / len(near) > 0.8


def test_each_hospital_keeps_to_a_format_and_a_case(months: Written) -> None:
    by_house: dict[str, list[Row]] = {}
    for row in simrs_of(months.out).values():
        by_house.setdefault(row["kode_rs"], []).append(row)
    forms = {"\\d\\d-\\d\\d-\\d{4}", "\\d\\d/\\d\\d/\\d{4}", "\\d{4}-\\d\\d-\\d\\d"}
    seen = set()
    for house in by_house.values():
        fitting = [form for form in forms if all(re.fullmatch(form, row["tanggal_daftar"]) for row in house)]
        assert len(fitting) == 1
        seen.add((fitting[0], all(row["nama_pasien"] == row["nama_pasien"].upper() for row in house)))
    assert len(seen) == 6


def test_registrations_of_workers_have_their_shapes(months: Written) -> None:
    numbers = [row["Izin no_str"] for row in staff_of(months.out)]
    single = [one.strip() for cell in numbers for one in re.split("; | / |, ", cell) if one not in ("", "-")]
    shapes = [r"\d{16}", r"\d\d\.1\.[12]\.\d{3}\.\d\.\d\d\.\d{6}", r"\d\d \d\d \d \d \d \d\d-\d{7}", r"[A-Z]{2}\d{14}"]
    for shape in shapes:
        assert any(re.fullmatch(shape, one) for one in single), shape
    assert all(any(re.fullmatch(shape, one) for shape in shapes) for one in single)
    assert len(set(single)) > 0.6 * len(single)
    nips = [row["Identitas nip"] for row in staff_of(months.out) if row["Identitas nip"]]
    assert nips
    assert all(re.fullmatch(r"\d{18}", nip) for nip in nips)
    born = [row["tempat_tanggal_lahir"] for row in staff_of(months.out)]
    assert all(re.fullmatch(r"[^\d]+, \d\d-\d\d-\d{4}", cell) for cell in born)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for replace in (False, True):
        with pytest.raises(Conflict, match="not empty"):
            generate(tmp_path, Order(20, 1), replace)
    assert all_bytes(tmp_path) == {"notes.txt": b"mine"}


def test_a_population_is_replaced_only_if_asked_for(tmp_path: Path) -> None:
    generate(tmp_path, Order(300, 1, months=3))
    before = all_bytes(tmp_path)
    with pytest.raises(Conflict, match="holds a population"):
        generate(tmp_path, Order(300, 2))
    assert all_bytes(tmp_path) == before
    (tmp_path / "simrs" / "notes.txt").write_text("mine")
    generate(tmp_path, Order(300, 2), replace=True)
    after = all_bytes(tmp_path)
    assert after.pop("simrs/notes.txt") == b"mine"
    generate(tmp_path / "fresh", Order(300, 2))
    assert after == all_bytes(tmp_path / "fresh")


def test_a_forged_list_of_files_removes_nothing_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    generate(tmp_path / "out", Order(20, 1))
    (tmp_path / "out" / "truth" / "population.json").write_text('{"files": ["../victim.txt"]}')
    with pytest.raises(Conflict, match="not empty"):
        generate(tmp_path / "out", Order(20, 1), replace=True)
    assert victim.read_text() == "mine"


def test_progress_is_told_block_by_block(tmp_path: Path) -> None:
    told: list[int] = []
    generate(tmp_path, Order(BLOCK + 10, 1), advance=told.append)
    assert told == [BLOCK, 10]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2))))
def test_rank_within_counts_the_earlier_alike(pairs: list[tuple[int, int]]) -> None:
    one, two = (np.array([pair[at] for pair in pairs], dtype=np.int64) for at in (0, 1))
    assert rank_within(one, two).tolist() == [pairs[:at].count(pair) for at, pair in enumerate(pairs)]


@given(st.lists(st.booleans()), st.floats(0, 1))
def test_only_those_who_can_are_chosen(able: list[bool], share: float) -> None:
    mask = np.array(able, dtype=np.bool_)
    assert not (choose(stream(1), mask, share) & ~mask).any()
    assert not choose(stream(1), mask, 0.0).any()


def test_used_up_serials_go_to_the_neighbours() -> None:
    date, region = np.full(12, 10_190), np.array([981_101] * 11 + [981_102])
    numbers = _serial(region, date, (0, 999))
    assert len(set(numbers.tolist())) == 12
    assert max(number % 10_000 for number in numbers.tolist()) <= SERIALS


def test_csv_reads_back_as_written(months: Written) -> None:
    for path in (months.out / "simrs").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            assert {len(row) for row in csv.reader(stream)} == {len(simrs.COLUMNS)}
