"""What a newer list changes, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mdi_engine.reference.tables import Row

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Change:
    """What a newer list does to one table: names by code; of those gone the code that follows, None where none does;
    of those renamed the name before and after.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, str | None] = field(default_factory=dict)
    renamed: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ListUpdate:
    """The tables that a newer list makes, what changes by name of the table, and what else is worth knowing."""

    tables: Tables
    changes: dict[str, Change]
    notes: tuple[str, ...] = ()


def compared(old: Mapping[str, str], new: Mapping[str, str], follows: Mapping[str, str] | None = None) -> Change:
    """Names by code, before and after; `follows` tells successors that are known."""
    gone = {code: name for code, name in old.items() if code not in new}
    return Change(
        added={code: name for code, name in new.items() if code not in old},
        gone=gone,
        follows={code: (follows or {}).get(code) for code in gone},
        renamed={code: (old[code], name) for code, name in new.items() if code in old and old[code] != name},
    )
