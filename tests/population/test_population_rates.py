"""The rates of the table, measured on the files of 50,000 people against the people themselves."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from population_helpers import Row, Written

from mdi_engine.population.draws import MOST
from mdi_engine.population.generate import Order, generate
from mdi_engine.population.people.households import FIRST_CHILD
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.rates import RECORDS, rates
from mdi_engine.population.words import words

NOTHING = {"", "-", "0", "(Tidak Tercatat)", "(TIDAK TERCATAT)"}


@pytest.fixture(scope="module", params=[(50_000, 1.0), (20_000, 2.0)], ids=["noise1", "noise2"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    people, noise = request.param
    order = Order(people, seed=11, noise=noise)
    out = tmp_path_factory.mktemp("population")
    generate(out, order)
    return Written(out, order)


def near(found: Iterable[bool], rate: float, slack: float = 0.0) -> None:
    """The share is what it should be, within five standard errors of a sample of this size."""
    values = list(found)
    share, error = sum(values) / len(values), math.sqrt(rate * (1 - rate) / len(values))
    assert abs(share - rate) < 5 * error + slack, f"{share:.4f} of {len(values)}, expected {rate:.4f} ± {5 * error:.4f}"


def plain_nik(row: Row) -> str:
    return row["nik"].lstrip("'")


def one_off(left: str, right: str) -> bool:
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) == 1


def test_noise_multiplies_all_rates_but_those_of_people() -> None:
    once, twice = rates(1.0), rates(2.0)
    for name, rate in once.items():
        expected = rate if name in words("rates")["people"] else min(MOST, 2 * rate)
        assert twice[name] == pytest.approx(expected)
    assert max(rates(20.0).values()) <= MOST


def test_people_are_as_the_table_says(written: Written) -> None:
    births = twins = 0
    mononyms, namesakes, foreigners = [], [], []
    for some in written.blocks:
        kin, n = some.kin, some.count
        mononyms += [" " not in name for name in some.called.name[:n]]
        foreigners += some.foreign[:n].tolist()
        pairs = np.flatnonzero(kin.male[:n] & (kin.father[:n] >= 0))
        namesakes += [some.called.name[son] == some.called.name[kin.father[son]] for son in pairs]
        child = kin.child[:n] & (kin.seat[:n] >= FIRST_CHILD)
        births += int((child & (kin.twin[:n] < 2)).sum())
        twins += int((child & (kin.twin[:n] == 2)).sum())
    expected = rates()
    near(mononyms, expected["mononyms"], 0.003)
    near(namesakes, expected["father_son"])
    near([True] * twins + [False] * (births - twins), expected["twins"])
    near(foreigners, expected["foreign"], 0.002)  # households, not persons, are drawn


def test_twins_are_born_on_one_day_to_one_mother(written: Written) -> None:
    for some in written.blocks:
        second = np.flatnonzero(some.kin.twin == 2)
        assert len(second)
        for at in second[second < some.count]:
            assert some.kin.twin[at - 1] == 1
            assert some.kin.born[at - 1] == some.kin.born[at]
            assert some.kin.home[at - 1] == some.kin.home[at]


def test_records_per_person(written: Written) -> None:
    counts = Counter(row["entity"] for row in written.simrs_truth.values())
    assert len(counts) == written.order.people
    assert set(counts.values()) == {1, 2, 3, 4, 5, 6}
    mean = sum(n * share for n, share in enumerate(RECORDS, start=1))
    assert mean == pytest.approx(1.6)
    assert sum(counts.values()) / written.order.people == pytest.approx(mean, abs=0.02)


def test_numbers_of_patients(written: Written) -> None:
    expected = rates(written.order.noise)
    absent, wrong, mothers, no_card = [], [], [], []
    for row in written.simrs:
        some, at = written.person_of(row)
        own, mother = str(some.numbers.nik[at]), int(some.kin.mother[at])
        nik = plain_nik(row)
        if nik == str(some.numbers.kk[at]) or row["no_kk"] == own:
            continue  # the two cells changed places
        absent.append(nik == "")
        no_card.append(row["no_kk"] in NOTHING)
        if mother >= 0:
            mothers.append(nik == str(some.numbers.nik[mother]))
        if nik and not (mothers and mother >= 0 and mothers[-1]):
            wrong.append(one_off(nik, own))
    near(absent, expected["nik_absent"], 0.003)
    near(wrong, expected["nik_digit"], 0.002)
    near(mothers, expected["nik_mothers"], 0.002)
    near(no_card, expected["kk_absent"], 0.003)


def test_dates_of_birth(written: Written) -> None:
    expected = rates(written.order.noise)
    swapped, wrong, vague = [], [], []
    for row in written.simrs:
        some, at = written.person_of(row)
        year, month, day = str(some.kin.born[at].astype("datetime64[D]")).split("-")
        text = row["tanggal_lahir"]
        found = re.split(r"[-/]", text)
        shown = found if len(found[0]) == 4 else found[::-1]
        if shown in (["1900", "01", "01"], ["1970", "01", "01"]) and year != shown[0]:
            continue  # a default, planted in the file
        vague.append(len(text) == 4 or (shown[1:] == ["01", "01"] and [month, day] != ["01", "01"]))
        swapped.append(shown == [year, day, month] and day != month and not vague[-1])
        wrong.append(not vague[-1] and not swapped[-1] and "".join(shown) != year + month + day)
    near(swapped, expected["birth_swapped"], 0.001)
    near(wrong, expected["birth_digit"], 0.001)
    near(vague, expected["birth_year"], 0.001)


def test_a_wrong_date_is_one_digit_off(written: Written) -> None:
    checked = 0
    for row in written.simrs:
        if "wrong_date" in written.simrs_truth[f"{row['kode_rs']}-{row['no_rm']}"]["flags"].split():
            some, at = written.person_of(row)
            shown = re.split(r"[-/]", row["tanggal_lahir"])
            text = "".join(shown if len(shown[0]) == 4 else shown[::-1])
            if text[:4] not in ("1900", "1970"):
                own = str(some.kin.born[at].astype("datetime64[D]")).replace("-", "")
                # 29 February of a year that is no leap year becomes the 28th: two digits.
                assert one_off(text, own) or own.endswith("0229")
                checked += 1
    assert checked > written.order.people / 50


def test_addresses_phones_mothers_and_sexes(written: Written) -> None:
    expected = rates(written.order.noise)
    moved, absent, changed, no_mother, wrong_sex = [], [], [], [], []
    for row in written.simrs:
        some, at = written.person_of(row)
        kab = towns().code[districts().kabkota[some.home.district[at]]]
        moved.append(row["kode_kab"] != kab)
        no_mother.append(row["nama_ibu"] in NOTHING)
        wrong_sex.append(row["jenis_kelamin"] != ("L" if some.kin.male[at] else "P"))
        absent.append(row["no_hp"] in NOTHING)
        if not absent[-1]:
            digits = re.sub(r"\D", "", row["no_hp"])
            changed.append(digits.removeprefix("62").removeprefix("0") != str(some.numbers.phone[at]))
    near(moved, expected["moved"])
    near(absent, expected["phone_absent"])
    near(changed, expected["phone_changed"])
    near(no_mother, expected["mother_absent"])
    near(wrong_sex, expected["sex_wrong"])


@pytest.mark.parametrize(
    ("flag", "rate"),
    [
        ("typo", "name_typo"),
        ("spelling", "name_variant"),
        ("dropped", "name_dropped"),
        ("reordered", "name_reordered"),
        ("initial", "name_initial"),
        ("titled", "name_title"),
        ("cut", "name_cut"),
    ],
)
def test_names(written: Written, flag: str, rate: str) -> None:
    """Each way shows in the name where it is the only one; its share of rows is that of the table."""
    expected = rates(written.order.noise)[rate]
    flagged = [flag in row["flags"].split() for row in written.simrs_truth.values()]
    if flag == "cut" and written.order.noise > 1:
        # Not enough names are as long: nearly all that are, are cut.
        assert rates()[rate] < sum(flagged) / len(flagged) <= expected
    else:
        near(flagged, expected, 0.003 * written.order.noise)
    ways = {"typo", "spelling", "dropped", "reordered", "initial", "titled", "cut", "newborn", "wife_name"}
    seen = 0
    for row in written.simrs:
        if ways.intersection(written.simrs_truth[f"{row['kode_rs']}-{row['no_rm']}"]["flags"].split()) == {flag}:
            some, at = written.person_of(row)
            assert shows(flag, row["nama_pasien"].upper(), str(some.called.name[at]).upper()), flag
            seen += 1
    assert seen > written.order.people / 200


def shows(flag: str, written: str, own: str) -> bool:
    """Whether the written name is the own one with this and nothing else done to it."""
    tokens, owns = written.split(), own.split()
    match flag:
        case "cut":
            return len(written) == 30 and own.startswith(written)
        case "titled":
            return own in written and written != own
        case "reordered":
            return sorted(tokens) == sorted(owns)
        case "dropped":
            return len(tokens) == len(owns) - 1 and not Counter(tokens) - Counter(owns)
        case "initial":
            odd = [(a, b) for a, b in zip(tokens, owns, strict=True) if a != b]
            return len(odd) == 1 and odd[0][0].rstrip(".") == odd[0][1][0]
        case _:
            return len(tokens) == len(owns) and sum(a != b for a, b in zip(tokens, owns, strict=True)) == 1


def test_rows_without_a_flag_have_the_own_name(written: Written) -> None:
    ways = {"typo", "spelling", "dropped", "reordered", "initial", "titled", "cut", "newborn", "wife_name"}
    checked = 0
    for row in written.simrs:
        flags = set(written.simrs_truth[f"{row['kode_rs']}-{row['no_rm']}"]["flags"].split())
        if not flags & ways:
            some, at = written.person_of(row)
            assert row["nama_pasien"].upper() == str(some.called.name[at]).upper()
            checked += 1
    assert checked > written.order.people / 4


def test_defects_are_counted(written: Written) -> None:
    import json

    told = json.loads((written.out / "truth" / "defects.json").read_text())["simrs"]
    found = {
        "rows": len(written.simrs),
        "nik_apostrophe": sum(row["nik"].startswith("'") for row in written.simrs),
        "nik_scientific": sum("E+" in row["nik"] for row in written.simrs),
        "phone_underscore": sum(row["no_hp"].endswith("_") for row in written.simrs),
        "placeholder nama_ibu": sum(row["nama_ibu"] in NOTHING - {""} for row in written.simrs),
        "placeholder no_kk": sum(row["no_kk"] in NOTHING - {""} or row["nik"] in ("-", "0") for row in written.simrs),
        "placeholder rt_rw": sum(row["rt_rw"] in ("-", "000/000") for row in written.simrs),
    }
    assert {name: told[name] for name in found} == found
    for name in ("nik_apostrophe", "nik_scientific", "nik_kk_swapped", "phone_underscore", "default_birth_date"):
        near([True] * told[name] + [False] * (len(written.simrs) - told[name]), rates(written.order.noise)[name])
    (_, most), *_ = Counter(row["no_hp"].rstrip("_") for row in written.simrs if row["no_hp"]).most_common(1)
    assert most > 20  # the number of a hospital


def test_the_table_of_the_page_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "population.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) % \|", page, re.MULTILINE))
    table = {name: rate for part in words("rates").values() for name, rate in part.items()}
    assert {name: float(share) / 100 for name, share in told.items()} == pytest.approx(table)
