from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.reference.replacements import Replacement, flattened, read_replacements, replacements

CODES = [f"9300000{n}" for n in range(8)]
replacement = st.builds(Replacement, st.sampled_from(CODES), st.sampled_from(CODES), st.just(""), st.just("Duplikat"))


def test_a_chain_is_followed_to_its_end_with_the_reasons_on_the_way() -> None:
    rows = [
        Replacement("93000001", "93000002", "B", "Duplikat"),
        Replacement("93000002", "93000003", "C", "Sudah Tidak Sesuai"),
        Replacement("93000003", "93000004", "D", "Duplikat"),
    ]
    first = flattened(rows).redirects["93000001"]
    assert (first.target, first.target_name, first.via) == ("93000004", "D", ("93000002", "93000003"))
    assert first.reasons == ("Duplikat", "Sudah Tidak Sesuai")


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        (["93000001 93000001"], "points to itself"),
        (["93000001 92000001"], "is of class 93, and 92000001 of class 92"),
        (["93000001 "], "is no pair of codes of 8 digits"),
        (["9300000१ 93000001"], "is no pair of codes of 8 digits"),
        (["93000001 93000002", "93000001 93000003"], "is replaced by 2 codes: 93000002, 93000003"),
        (["93000001 93000002", "93000002 93000001"], "leads in a circle over 93000001"),
        (["93000001 93000002", "93000002 92000003"], "leads to 93000002, which is refused"),
    ],
)
def test_what_leads_nowhere_is_refused_with_the_reason(pairs: list[str], why: str) -> None:
    found = flattened(Replacement(*pair.split(" ")) for pair in pairs)
    assert found.redirects == {}
    assert found.refused[0][1] == why
    assert len(found.refused) == len(pairs)


def test_a_code_that_replaces_itself_is_in_use_and_others_may_lead_to_it() -> None:
    found = flattened([Replacement("93000001", "93000002"), Replacement("93000002", "93000002")])
    assert {old: redirect.target for old, redirect in found.redirects.items()} == {"93000001": "93000002"}
    assert [row.old for row, _ in found.refused] == ["93000002"]


@given(st.lists(replacement, max_size=12))
def test_every_row_is_a_redirect_or_refused_and_no_redirect_leads_on(rows: list[Replacement]) -> None:
    found = flattened(rows)
    refused = {row for row, _ in found.refused}
    assert refused | {row for row in rows if row.old in found.redirects} == set(rows)
    assert not {row.old for row in refused} & set(found.redirects)
    for old, redirect in found.redirects.items():
        assert redirect.target not in found.redirects
        assert redirect.target != old
        steps = [old, *redirect.via, redirect.target]
        listed = {(row.old, row.new) for row in rows}
        assert set(pairwise(steps)) <= listed
    assert flattened(reversed(rows)) == found


def test_nothing_is_shipped() -> None:
    assert replacements().redirects == {}


@pytest.mark.real_data
def test_of_the_622_published_replacements_615_load_and_7_that_point_to_themselves_are_refused(real_data: Path) -> None:
    text = (real_data / "medicines" / "kfa_replacement.csv").read_text("utf-8-sig")
    rows = list(read_replacements(csv.DictReader(text.splitlines())))
    found = flattened(rows)
    assert len(rows) == 622
    assert len(found.redirects) == 615
    assert len(found.refused) == 7
    assert {why for _, why in found.refused} == {"points to itself"}
    assert all(row.old == row.new for row, _ in found.refused)
    through = {old: redirect for old, redirect in found.redirects.items() if redirect.via}
    assert len(through) == 7
    assert (through["93000474"].via, through["93000474"].target) == (("93003137",), "93020945")
    assert not {redirect.target for redirect in found.redirects.values()} & set(found.redirects)
    assert all(redirect.reasons and redirect.target_name for redirect in found.redirects.values())
