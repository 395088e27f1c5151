from __future__ import annotations

import pytest

from mdi_engine.entities import ENTITIES, Entity
from mdi_engine.linkage.models.model import load_model
from mdi_engine.normalize.registry import NORMALIZERS

EACH = pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES)


@EACH
def test_every_entity_has_fields_that_say_what_they_hold(entity: Entity) -> None:
    assert entity.field_names[0] == "source_key"
    assert len(set(entity.field_names)) == len(entity.fields)
    assert all(field.meaning for field in entity.fields)


@EACH
def test_every_model_is_sound_and_compares_canonical_fields(entity: Entity) -> None:
    model = load_model(entity.model_path)
    assert model.name == entity.name
    assert {field.column for field in model.fields.values()} <= set(entity.field_names)


@EACH
def test_what_a_look_up_may_give_becomes_fields_by_normalisers_that_are_there(entity: Entity) -> None:
    assert entity.asked
    for made in entity.asked.values():
        assert set(made) <= set(entity.field_names)
        assert set(made.values()) <= set(NORMALIZERS)


def test_what_was_not_given_is_null() -> None:
    found = ENTITIES["facility"].canonical({"name": "RSUD Blora"})
    assert (found["name_type"], found["province"]) == ("rsud", None)


def test_products_that_differ_in_the_salt_alone_differ_in_what_is_compared() -> None:
    model = load_model(ENTITIES["product"].model_path)
    compared = {model.fields[comparison.field].column for comparison in model.comparisons}
    assert {"substances", "salts", "concentration"} <= compared
