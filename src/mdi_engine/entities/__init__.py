"""What is mastered: one module per entity, with its linkage model beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mdi_engine.entities.facility import FACILITY
from mdi_engine.entities.fields import Entity, Field, Rule
from mdi_engine.entities.patient import PATIENT
from mdi_engine.entities.payer import PAYER
from mdi_engine.entities.practitioner import PRACTITIONER
from mdi_engine.entities.product import PRODUCT
from mdi_engine.entities.service import SERVICE

ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {entity.name: entity for entity in (PATIENT, PRACTITIONER, FACILITY, PRODUCT, PAYER, SERVICE)}
)

__all__ = ["ENTITIES", "Entity", "Field", "Rule"]
