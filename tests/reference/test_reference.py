from collections import Counter

import pytest

from mdi_engine.normalize.places.regions import compact
from mdi_engine.normalize.spelling import fold_spelling
from mdi_engine.reference.facility_words import facility_words
from mdi_engine.reference.placeholders import is_placeholder, placeholder_exact, placeholder_words
from mdi_engine.reference.regions import (
    before_papua_split,
    kabkota,
    kecamatan,
    provinces,
    real_region,
    retired_kabkota,
    retired_kecamatan,
    retired_villages,
    sample_provinces,
    village_kind,
    villages,
)


def test_as_many_regions_as_the_decree_of_2025_lists() -> None:
    assert len(provinces()) == 38
    assert len(kabkota()) == 514
    assert Counter(row.kind for row in kabkota().values()) == {"kabupaten": 416, "kota": 98}


def test_codes_have_their_shape_and_their_province() -> None:
    for code, row in kabkota().items():
        assert len(code) == len(row.bps) == 4
        assert code[:2] in provinces()
        assert (row.kind == "kota") == (int(code[2:]) > 70), code


def test_bps_codes_are_unique_within_their_own_system() -> None:
    assert len({row.bps for row in kabkota().values()}) == 514


def test_the_same_digits_name_different_regions_in_the_two_systems() -> None:
    by_bps = {row.bps: row.name for row in kabkota().values()}
    assert (kabkota()["1101"].name, by_bps["1101"]) == ("Aceh Selatan", "Simeulue")


def test_retired_codes_are_out_of_use_and_lead_to_the_region_that_remembers_them() -> None:
    for code, row in retired_kabkota().items():
        assert code not in kabkota()
        assert kabkota()[row.successor].old == code
        assert kabkota()[row.successor].name == row.name
        assert before_papua_split(row.successor[:2]) == code[:2]
    assert sum(row.old is not None for row in kabkota().values()) == len(retired_kabkota())


@pytest.mark.parametrize("code", ["35", "xx", ""])
def test_codes_outside_papua_are_not_folded(code: str) -> None:
    assert before_papua_split(code) == code


def test_no_name_or_alias_stands_for_two_regions() -> None:
    owners: dict[str, set[str]] = {}
    for row in kabkota().values():
        for name in (row.name, *row.aliases):
            owners.setdefault(compact(name), set()).add(compact(row.name))
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_placeholders_are_listed_in_the_form_they_are_compared_in() -> None:
    for word in placeholder_words():
        assert word == " ".join(word.lower().split())
    assert all(is_placeholder(word) for word in (*placeholder_words(), *placeholder_exact()))


def test_facility_words_are_lower_case_ascii_and_point_at_each_other() -> None:
    words = facility_words()
    tables = (words.heads, words.qualifiers, words.synonyms, words.expansions, words.region, words.dropped, words.weak)
    assert all(word == word.lower() and word.isascii() for table in tables for word in table)
    meanings = {meaning for meaning in words.qualifiers.values() if meaning}
    assert {rule.needs for rule in words.types if rule.needs} <= meanings | {"polri"}
    assert meanings <= {rule.needs for rule in words.types}
    assert words.types[-1].needs is None
    assert set(words.slips) <= set(words.qualifiers)


def test_synonyms_do_not_lead_on_to_other_synonyms() -> None:
    words = facility_words()
    assert all(target not in words.synonyms for target in words.synonyms.values())
    assert all(fold_spelling(target) for target in words.synonyms.values())


def test_every_district_stands_in_a_known_kabkota_and_no_retired_code_is_in_use() -> None:
    assert len(kecamatan()) == 7285
    assert {code[:4] for code in kecamatan()} == set(kabkota())
    assert not set(kecamatan()) & set(retired_kecamatan())
    assert {row.successor for row in retired_kecamatan().values()} - {None} <= set(kecamatan())


def test_sample_provinces_stand_one_to_one_for_the_real_ones_and_are_none_themselves() -> None:
    assert set(sample_provinces().values()) == set(provinces())
    assert len(sample_provinces()) == len(provinces())
    assert not set(sample_provinces()) & set(provinces())
    assert all(code[0] in "123456789" for code in sample_provinces())
    assert {real_region(code) for code in provinces()} == set(provinces())


def test_as_many_villages_as_the_decree_lists_each_in_a_known_district() -> None:
    assert len(villages()) == 83_762
    assert Counter(map(village_kind, villages())) == {"desa": 75_252, "kelurahan": 8_496, "desa adat": 14}
    assert {code[:6] for code in villages()} <= set(kecamatan())
    assert all(len(code) == 10 and name == " ".join(name.split()) != "" for code, name in villages().items())
    assert not retired_villages()


# Counted by the decree for each province: kab/kota, kecamatan, kelurahan, desa and desa adat.
@pytest.mark.parametrize(
    ("province", "counts"),
    [
        ("11", (23, 290, 0, 6500)),
        ("31", (6, 44, 267, 0)),
        ("32", (27, 627, 646, 5311)),
        ("34", (5, 78, 46, 392)),
        ("35", (38, 666, 773, 7721)),
        ("91", (9, 105, 51, 948)),
        ("95", (8, 252, 10, 2617)),
        ("96", (6, 132, 74, 939)),
    ],
)
def test_counts_of_a_province_are_those_of_the_decree(province: str, counts: tuple[int, ...]) -> None:
    kinds = Counter(village_kind(code) for code in villages() if code.startswith(province))
    assert counts == (
        sum(code.startswith(province) for code in kabkota()),
        sum(code.startswith(province) for code in kecamatan()),
        kinds["kelurahan"],
        kinds["desa"] + kinds["desa adat"],
    )


def test_a_retired_district_tells_how_many_of_its_villages_its_successor_has() -> None:
    for row in retired_kecamatan().values():
        assert row.last_seen is not None
        assert 2018 <= row.last_seen <= 2024
        assert (row.shared is None) == (row.successor is None)
        assert row.shared is None or row.shared <= (row.villages or 0)
    whole = sum(row.shared == row.villages for row in retired_kecamatan().values())
    assert whole > len(retired_kecamatan()) / 2


@pytest.mark.parametrize("code", ["", "35", "110101", "1101014001", "11010120011"])
def test_what_is_no_code_of_a_village_is_of_no_kind(code: str) -> None:
    assert village_kind(code) is None
