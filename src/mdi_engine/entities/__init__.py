"""What is mastered: one module per entity, with its linkage model beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mdi_engine.entities.facility import FACILITY
from mdi_engine.entities.fields import Entity, Field

ENTITIES: Mapping[str, Entity] = MappingProxyType({FACILITY.name: FACILITY})

__all__ = ["ENTITIES", "Entity", "Field"]
