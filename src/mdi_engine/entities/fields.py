"""The shape of an entity: its canonical fields, and how a question about it becomes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mdi_engine.normalize.registry import NORMALIZERS


@dataclass(frozen=True)
class Field:
    """One canonical field: text or NULL."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Entity:
    """What is mastered, with its canonical fields in order; `source_key` is the first of them.

    `asked` says, for each thing a look-up may give (name, province …), which canonical fields come of it and by which
    normaliser.
    """

    name: str
    fields: tuple[Field, ...]
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the canonical fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def model_path(self) -> Path:
        """The entity's linkage model as shipped."""
        return Path(__file__).parent / f"{self.name}.toml"

    def canonical(self, given: Mapping[str, str | None]) -> dict[str, str | None]:
        """Canonical fields of a look-up; what was not given is NULL. Raises KeyError for a name outside `asked`."""
        found: dict[str, str | None] = dict.fromkeys(self.field_names)
        for name, value in given.items():
            for target, normalizer in self.asked[name].items():
                found[target] = NORMALIZERS[normalizer](value)
        return found
