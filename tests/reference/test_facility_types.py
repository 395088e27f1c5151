from __future__ import annotations

import re

import pytest

from mdi_engine.reference.facility_types import (
    facility_type_coded,
    facility_type_named,
    facility_types,
    kind_of,
)


def test_a_facility_can_be_of_35_types_and_parents_are_in_the_table() -> None:
    parents = {row.parent for row in facility_types().values() if row.parent}
    assert parents == {"101", "102", "103", "104"}
    assert len(set(facility_types()) - parents) == 35


def test_only_what_the_ministry_published_is_official_and_no_code_of_ours_looks_like_one_of_its() -> None:
    official = {code for code, row in facility_types().items() if row.status == "official"}
    assert official == {"101", "102", "103", "104", "10102", "10103", "10104", "10301", "10401", "121", "138"}
    for code, row in facility_types().items():
        assert re.fullmatch(r"\d{3}|\d{5}" if row.status == "official" else r"X\d\d", code), code
        assert row.basis
        assert row.name or row.status == "official"
        assert row.parent is None or row.parent in facility_types()


def test_no_name_or_word_means_two_types() -> None:
    for row in facility_types().values():
        for word in (*([row.name] if row.name else []), *row.words):
            found = facility_type_named(word)
            assert found is not None
            assert found.code == row.code, word


@pytest.mark.parametrize("text", [None, "", " - ", "rumah", "Klinik Pratama Utama", "9815014107850001"])
def test_nothing_is_guessed_from_parts_of_a_name(text: str | None) -> None:
    assert facility_type_named(text) is None


def test_the_uppermost_type_is_found() -> None:
    assert {kind_of(code) for code in ("10102", "X01", "101")} == {"101"}
    assert facility_type_coded("X99") is None
