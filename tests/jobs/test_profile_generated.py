"""What the generator plants into extracts of hospitals, their profile finds; clean registries get no alarm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.profile import profile
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings
from mdi_engine.workbench.profiling.overview import Profile

PEOPLE = 10_000


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated") / "lists"
    generate(out, Order(PEOPLE, 3, 1.0, 1, None), False)
    return out


@pytest.fixture(scope="module")
def planted(lists: Path) -> dict[str, int]:
    counts: dict[str, int] = json.loads((lists / "truth" / "defects.json").read_text())["simrs"]
    return counts


@pytest.fixture(scope="module")
def simrs(lists: Path) -> Profile:
    """Several files of one delivery, by way of the home."""
    settings = Settings(home=lists.parent / "home")
    ingest(settings, "simrs", sorted((lists / "simrs").glob("*.csv")))
    return profile(settings, "simrs")


def found(simrs: Profile, code: str, column: str) -> int:
    """Rows of the finding; 0 if it was not made."""
    return sum(each.rows for each in simrs.findings if (each.code, each.column) == (code, column))


@pytest.mark.parametrize(
    ("defect", "code", "column"),
    [
        ("nik_scientific", "scientific_number", "nik"),
        ("nik_scientific", "fault", "nik exponent"),
        ("nik_apostrophe", "leading_apostrophe", "nik"),
        ("phone_underscore", "trailing_underscore", "no_hp"),
    ],
)
def test_what_can_be_seen_is_counted_exactly(
    defect: str, code: str, column: str, simrs: Profile, planted: dict[str, int]
) -> None:
    name, _, kind = column.partition(" ")
    hits = [each for each in simrs.findings if (each.code, each.column) == (code, name)]
    assert planted[defect] > 0
    assert sum(each.rows for each in hits if each.facts.get("kind", "") == kind) == planted[defect]


@pytest.mark.parametrize("column", ["nama_ibu", "no_hp", "no_kk", "rt_rw"])
def test_placeholders_are_counted_exactly_as_words_or_as_zeros(
    column: str, simrs: Profile, planted: dict[str, int]
) -> None:
    (of,) = (each for each in simrs.columns if each.name == column)
    assert of.placeholders + found(simrs, "filler_value", column) == planted[f"placeholder {column}"] > 0


def test_absence_is_counted_exactly(simrs: Profile, planted: dict[str, int]) -> None:
    empty = {each.name: each.empty for each in simrs.columns}
    assert empty["nik"] == planted["no_nik"]
    assert empty["no_hp"] + planted["placeholder no_hp"] == planted["no_phone"]


def test_most_rows_with_a_desks_own_phone_are_found(simrs: Profile, planted: dict[str, int]) -> None:
    (hit,) = (each for each in simrs.findings if (each.code, each.column) == ("shared_value", "no_hp"))
    assert hit.facts["most"] > 100  # type: ignore[operator]
    assert int(hit.facts["values"]) > 10
    assert hit.rows - found(simrs, "filler_value", "no_hp") >= 0.9 * planted["hospital_phone"]


def test_years_without_a_day_are_found_as_years_or_as_first_of_january(simrs: Profile, planted: dict[str, int]) -> None:
    rows = found(simrs, "first_of_january", "tanggal_lahir") + found(simrs, "partial_date", "tanggal_lahir")
    assert 0.9 * planted["year_only"] <= rows <= 1.2 * planted["year_only"]


def test_cut_names_empty_dates_and_exchanged_numbers_are_noticed(simrs: Profile, planted: dict[str, int]) -> None:
    """The counts are not theirs: names of 30 letters are cut or not; half of the empty dates are days people are born
    on; an exchange shows where the person is there again.
    """
    (cut,) = (each for each in simrs.findings if (each.code, each.column) == ("truncated", "nama_pasien"))
    assert (cut.facts["length"], cut.rows >= planted["cut"]) == (30, True)
    assert 0 < found(simrs, "never_date", "tanggal_lahir") <= planted["default_birth_date"]
    assert 0 < found(simrs, "exchanged_values", "no_kk") <= planted["nik_kk_swapped"]


@pytest.mark.parametrize("file", ["dukcapil/dukcapil.csv", "sisdmk/sisdmk.jsonl", "bpom/bpom.json"])
def test_the_clean_registries_get_no_alarm(file: str, lists: Path) -> None:
    told = profile(
        Settings(home=lists.parent / "none"), str(lists / file), separator="|" if "dukcapil" in file else ","
    )
    assert [(each.code, each.column) for each in told.findings if each.severity != "low"] == []


def test_no_personal_value_stands_in_it(lists: Path, simrs: Profile) -> None:
    told = json.dumps(simrs.to_dict(), ensure_ascii=False)
    first = (lists / "simrs" / "simrs_timur.csv").read_text("utf-8").splitlines()
    names = first[0].split(",")
    for line in first[1:200]:
        row = dict(zip(names, line.split(","), strict=False))
        assert not [name for name in ("nama_pasien", "nik", "no_hp") if len(row[name]) > 5 and row[name] in told]
