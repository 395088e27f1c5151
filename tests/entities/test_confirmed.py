"""What who verifies was asked about and agreed to comes after its own word, and before what others say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.entities.patient import PATIENT
from mdi_engine.entities.survivorship import Chosen, Statement, survive


def said(source: str, key: str, *confirmed: str, **payload: str) -> Statement:
    return Statement(source, key, "2026-01-01T00:00:00.000000Z", payload, frozenset(confirmed))


def chosen(*statements: Statement) -> dict[str, Chosen]:
    return {one.field: one for one in survive(PATIENT, statements)}


def test_a_confirmed_value_beats_what_more_records_say() -> None:
    others = [said("simrs", key, birth_date="1990-01-01", sex="male") for key in "bcd"]
    found = chosen(said("simrs", "a", "nik", "birth_date", birth_date="1990-01-02", sex="female"), *others)
    assert (found["birth_date"].value, found["birth_date"].rule) == ("1990-01-02", "verified")
    assert (found["sex"].value, found["sex"].rule) == ("male", "frequent")  # of the sex nobody was asked


def test_the_registry_s_own_word_comes_first() -> None:
    found = chosen(said("simrs", "a", "name", name="Siti Amina"), said("dukcapil", "b", name="Siti Aminah"))
    assert (found["name"].value, found["name"].rule) == ("Siti Aminah", "verified")


def test_a_district_that_was_confirmed_verifies_no_street() -> None:
    one, two = {"address": "Jl. Satu", "address_core": "satu"}, {"address": "Jl. Dua", "address_core": "dua"}
    asked = said("simrs", "a", "kabkota", kabkota="3374", **one)
    found = chosen(asked, *(said("simrs", key, kabkota="3375", **two) for key in "bc"))
    assert found["address"].value == "Jl. Dua"


def test_a_field_that_is_never_verified_is_not_by_this_either() -> None:
    found = chosen(
        said("simrs", "a", "phone", phone="+621"), said("simrs", "b", phone="+622"), said("simrs", "c", phone="+622")
    )
    assert found["phone"].value == "+622"


statements = st.builds(
    Statement,
    st.sampled_from(["simrs", "dukcapil", "steward"]),
    st.sampled_from("abc"),
    st.sampled_from(["2026-01-01", "2026-02-01"]),
    st.dictionaries(st.sampled_from(["nik", "name", "sex"]), st.sampled_from("xyz")),
    st.frozensets(st.sampled_from(["nik", "name", "sex"])),
)


@given(st.data(), st.lists(statements, max_size=5))
def test_no_order_matters_and_no_confirmation_beats_a_correction(data: st.DataObject, said: list[Statement]) -> None:
    assert survive(PATIENT, said) == survive(PATIENT, data.draw(st.permutations(said)))
    for one in survive(PATIENT, said):
        corrected = any(each.source == "steward" and each.payload.get(one.field) for each in said)
        assert (one.source == "steward") == corrected
