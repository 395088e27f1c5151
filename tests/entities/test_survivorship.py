"""Which values survive: each way by an example, and what holds whatever the records say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.entities import ENTITIES, Entity, Field, Rule
from mdi_engine.entities.survivorship import STEWARD, Chosen, Statement, survive

EACH = pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES)
PATIENT = ENTITIES["patient"]


def said(source: str, key: str, month: int, **payload: str | None) -> Statement:
    return Statement(source, key, f"2026-{month:02}-01T00:00:00.000000Z", payload)


def chosen(entity: Entity, *statements: Statement) -> dict[str, Chosen]:
    """The golden record by field; for fields that have one value."""
    found = survive(entity, statements)
    assert len({one.field for one in found}) == len(found)
    return {one.field: one for one in found}


def whose(found: Chosen) -> tuple[str | None, str, str]:
    return found.value, found.key, found.rule


@EACH
def test_every_field_but_the_key_has_one_rule(entity: Entity) -> None:
    ruled = [field for rule in entity.golden for field in rule.fields]
    assert sorted(ruled) == sorted(entity.field_names[1:])
    assert all(rule.ways and (rule.alike is None or rule.alike in rule.fields) for rule in entity.golden)
    assert not entity.verifiers or any("verified" in rule.ways for rule in entity.golden)
    assert all(rule.each is None or len(rule.fields) == 1 for rule in entity.golden)


@pytest.mark.parametrize(
    ("way", "winner"), [("verified", "a"), ("source", "b"), ("recent", "c"), ("frequent", "d"), ("complete", "f")]
)
def test_each_way_has_its_own_winner(way: str, winner: str) -> None:
    entity = Entity(
        "thing",
        (Field("source_key", ""), Field("name", "")),
        golden=(Rule(("name",), (way,)),),  # type: ignore[arg-type]  # one of a parametrised list
        sources=("list:b", "list"),
        verifiers=("registry",),
    )
    records = [
        said("registry", "a", 1, name="one"),
        said("list", "b", 1, name="two"),
        said("other", "c", 3, name="six"),
        said("other", "d", 1, name="ten"),
        said("other", "e", 1, name="ten"),
        said("other", "f", 1, name="eleven"),
    ]
    assert whose(chosen(entity, *records)["name"])[1:] == (winner, way)


def test_the_civil_registry_comes_before_newer_and_more_frequent_values() -> None:
    found = chosen(
        PATIENT,
        said("dukcapil", "d", 1, birth_date="1985-08-17"),
        said("simrs", "a", 2, birth_date="1985-08-18"),
        said("simrs", "b", 3, birth_date="1985-08-18"),
    )["birth_date"]
    assert whose(found) == ("1985-08-17", "d", "verified")
    assert [(beaten.value, beaten.key, beaten.date[:7]) for beaten in found.beaten] == [
        ("1985-08-18", "b", "2026-03"),
        ("1985-08-18", "a", "2026-02"),
    ]


def test_a_phone_is_the_newest_one_whoever_has_it() -> None:
    found = chosen(
        PATIENT, said("simrs", "a", 2, phone="+6281200000002"), said("dukcapil", "d", 1, phone="+6281200000001")
    )
    assert whose(found["phone"]) == ("+6281200000002", "a", "recent")


def test_spelling_apart_the_commonest_name_holds_in_its_fullest_form() -> None:
    found = chosen(
        PATIENT,
        said("simrs", "a", 3, name="Budi", name_core="budi", name_sound="BD"),
        said("simrs", "b", 1, name="Budi Santoso", name_core="budi santoso", name_sound="BD SNTS"),
        said("simrs", "c", 2, name="BUDI SANTOSO", name_core="budi santoso", name_sound="BD SNTS"),
    )
    assert whose(found["name"]) == ("BUDI SANTOSO", "c", "recent")  # before "Budi Santoso", which is as frequent
    assert whose(found["name_core"]) == ("budi santoso", "c", "frequent")


def test_a_newborns_stand_in_name_gives_way_to_a_real_one() -> None:
    found = chosen(
        PATIENT,
        said("simrs", "a", 2, name="By. Ny. Rina"),
        said("simrs", "b", 3, name="By. Ny. Rina"),
        said("simrs", "c", 1, name="Ayu", name_core="ayu"),
    )
    assert whose(found["name"]) == ("Ayu", "c", "frequent")


def test_fields_that_go_together_come_from_one_record() -> None:
    found = chosen(
        PATIENT,
        said("simrs", "old", 1, address="Jl. Melati 1", kecamatan="357801", kabkota="3578", province="35"),
        said("simrs", "new", 2, address="Jl. Mawar 2", kabkota="3273", province="32"),
    )
    assert whose(found["address"]) == ("Jl. Mawar 2", "new", "recent")
    assert whose(found["kecamatan"]) == (None, "new", "recent")
    assert [beaten.value for beaten in found["kecamatan"].beaten] == ["357801"]


def test_a_record_that_says_nothing_of_a_field_takes_no_part() -> None:
    found = chosen(
        PATIENT, said("dukcapil", "d", 2, sex=None, phone=""), said("simrs", "a", 1, sex="male", phone="+62")
    )
    assert whose(found["sex"]) == ("male", "a", "unopposed")
    assert whose(found["phone"]) == ("+62", "a", "unopposed")
    assert set(found) == {"sex", "phone"}


def test_the_national_list_names_a_payer() -> None:
    found = chosen(
        ENTITIES["payer"],
        said("payers", "3578001-7", 2, code="7", name="BPJS", name_core="bpjs", facility="3578001"),
        said("payers", "3578002-9", 2, code="9", name="BPJS", name_core="bpjs", facility="3578002"),
        said("payers", "PUSAT-1", 1, code="1", name="JKN", name_core="jkn"),
    )
    assert whose(found["name"]) == ("JKN", "PUSAT-1", "source")
    assert whose(found["facility"]) == (None, "PUSAT-1", "source")


def test_certificates_stand_side_by_side_each_with_who_says_it() -> None:
    found = survive(
        ENTITIES["practitioner"],
        [said("sirs_staff", "s", 2, str="B C", unit_names="RSUD A; Klinik B"), said("sisdmk", "m", 1, str="A B")],
    )
    assert [(one.field, one.value, one.key, one.rule) for one in found] == [
        ("str", "A", "m", "every"),
        ("str", "B", "m", "every"),
        ("str", "C", "s", "every"),
        ("unit_names", "Klinik B", "s", "every"),
        ("unit_names", "RSUD A", "s", "every"),
    ]


def test_a_correction_comes_before_all_and_leaves_the_fields_it_says_nothing_of() -> None:
    address = {"address": "Jl. Melati 1", "kabkota": "3578", "province": "35"}
    found = chosen(
        PATIENT,
        said("dukcapil", "d", 3, name="Siti", **address),
        said(STEWARD, "k1", 1, name="Sity", kabkota="3273"),
        said(STEWARD, "k2", 2, name="Siti Aminah"),
    )
    assert whose(found["name"]) == ("Siti Aminah", "k2", "steward")
    assert [beaten.value for beaten in found["name"].beaten] == ["Sity", "Siti"]
    assert whose(found["kabkota"]) == ("3273", "k1", "steward")
    assert whose(found["province"]) == ("35", "d", "unopposed")


def test_a_correction_can_take_a_value_away() -> None:
    found = chosen(PATIENT, said("simrs", "a", 2, phone="+6281200000001"), said(STEWARD, "k", 1, phone=""))
    assert whose(found["phone"]) == (None, "k", "steward")
    assert [beaten.value for beaten in found["phone"].beaten] == ["+6281200000001"]


def test_a_corrected_list_is_the_whole_list() -> None:
    found = survive(ENTITIES["practitioner"], [said("sisdmk", "m", 2, str="A B"), said(STEWARD, "k", 1, str="A")])
    assert [(one.value, one.rule, [gone.value for gone in one.beaten]) for one in found] == [("A", "steward", ["B"])]


def test_of_nothing_nothing_is_said() -> None:
    assert survive(PATIENT, []) == survive(PATIENT, [said("simrs", "a", 1)]) == ()


@st.composite
def statements(draw: st.DrawFn, entity: Entity) -> list[Statement]:
    """Up to six records with few different values, so that they agree and tie; also hostile ones."""
    keys = draw(st.lists(st.sampled_from(["PUSAT-1", "b", "c", "d", "e", "f"]), unique=True, max_size=6))
    values = st.sampled_from([None, "", "x", "y", "x y", "1985", "1985-08-17", " ", "\x00;", "\u202eabc"])
    source = st.sampled_from([*(name.partition(":")[0] for name in entity.sources), STEWARD, "other"])
    fields = st.fixed_dictionaries({}, optional=dict.fromkeys(entity.field_names[1:], values))
    return [said(draw(source), key, draw(st.integers(1, 3)), **draw(fields)) for key in keys]


@EACH
@settings(max_examples=50)
@given(data=st.data())
def test_whatever_is_said_the_order_has_no_influence_and_each_value_is_somebodys(
    entity: Entity, data: st.DataObject
) -> None:
    records = data.draw(statements(entity))
    found = survive(entity, records)
    assert survive(entity, data.draw(st.permutations(records))) == found
    by_key = {one.key: one for one in records}
    for one in found:
        origin = by_key[one.key]
        assert (origin.source, origin.date) == (one.source, one.date)
        stated = origin.payload.get(one.field) or ""
        assert one.value in stated if one.value else not stated.strip(" ;") or one.beaten
        for beaten in one.beaten:
            assert beaten.value != one.value
            assert beaten.value in (by_key[beaten.key].payload[one.field] or "")
        if one.rule == "unopposed":
            assert not one.beaten
        if any(record.source == STEWARD and record.payload.get(one.field) is not None for record in records):
            assert one.source == STEWARD


@EACH
@settings(max_examples=50)
@given(data=st.data())
def test_no_value_is_lost_all_that_is_said_was_chosen_or_beaten(entity: Entity, data: st.DataObject) -> None:
    records = data.draw(statements(entity))
    found = survive(entity, records)
    whole = {field for rule in entity.golden if rule.each is None for field in rule.fields}
    for record, field in itertools.product(records, whole):
        value = record.payload.get(field)
        if value:
            told = [one for one in found if one.field == field]
            assert any(value == one.value or value in {beaten.value for beaten in one.beaten} for one in told)


@EACH
@settings(max_examples=50)
@given(data=st.data())
def test_where_votes_do_not_count_one_record_wins_and_does_so_alone_too(entity: Entity, data: st.DataObject) -> None:
    records = [one for one in data.draw(statements(entity)) if one.source != STEWARD]
    found = survive(entity, records)
    for rule in entity.golden:
        if rule.each is not None or "frequent" in rule.ways:  # votes count
            continue
        winners = {one.key for one in found if one.field in rule.fields}
        assert len(winners) <= 1
        again = survive(entity, [one for one in records if one.key in winners])
        assert {one.value for one in again if one.field in rule.fields and one.value} == {
            one.value for one in found if one.field in rule.fields and one.value
        }
