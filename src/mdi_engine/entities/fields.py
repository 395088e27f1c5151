"""The shape of an entity: its canonical fields, how a question about it becomes them, and which values survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mdi_engine.normalize.registry import NORMALIZERS


@dataclass(frozen=True)
class Field:
    """One canonical field: text or NULL."""

    name: str
    meaning: str


# verified: said by who verifies (`Entity.verifiers`). source: by the order of `Entity.sources`. recent: brought last.
# frequent: said by most records. complete: with most of the rule's fields, then with the longest text in the first.
Way = Literal["verified", "source", "recent", "frequent", "complete"]


@dataclass(frozen=True)
class Rule:
    """How the golden record gets the value of a field, or of fields that go together: all from one record.

    `ways`: the first in which records differ decides. `alike`: the field by which records are counted as saying the
    same, where spelling is not the point; the first field if not given. `each`: all values stand side by side, parted
    by this in a record; the ways then say only whom a value is told from.
    """

    fields: tuple[str, ...]
    ways: tuple[Way, ...]
    alike: str | None = None
    each: str | None = None


@dataclass(frozen=True)
class Entity:
    """What is mastered, with its canonical fields in order; `source_key` is the first of them.

    `asked` says, for each thing a look-up may give (name, province …), which canonical fields come of it and by which
    normaliser. `golden` has one rule for each canonical field but the first. `sources`: those to be believed before
    others, best first; `verifiers`: those that verify. Either names a source, or a source and how its keys begin
    (`payers:PUSAT-`).
    """

    name: str
    fields: tuple[Field, ...]
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    golden: tuple[Rule, ...] = ()
    sources: tuple[str, ...] = ()
    verifiers: tuple[str, ...] = ()

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
