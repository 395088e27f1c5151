"""Codes of the national list of medicines (KFA) that were merged into others, with the reason.

The list is not shipped: a home takes it in with `mdi reference update`. Columns: kfa_id, kfa_new_id, kfa_new_name,
reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from mdi_engine.reference.tables import read_csv

_CODE = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One row as listed: `old` is out of use in favour of `new`, whose name and the reason may be empty."""

    old: str
    new: str
    new_name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a code leads in the end: `target`, over the codes `via` (none: straight), for the `reasons` on the way."""

    code: str
    target: str
    target_name: str
    reasons: tuple[str, ...]
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flattened:
    """Every row is in one of the two: `redirects` by the old code, `refused` by the row with what is wrong with it."""

    redirects: Mapping[str, Redirect]
    refused: tuple[tuple[Replacement, str], ...]


def flattened(rows: Iterable[Replacement]) -> Flattened:
    """Follow each replacement to its end. The order of the rows does not matter.

    Refused, with the reason: a code that is none (8 digits), a code that replaces itself, one whose class (its first
    two digits) changes, one that is replaced by two others (both rows), and one whose chain ends in such a row or in a
    circle. A code that replaces itself is in use, so others may lead to it. The same row twice counts once.
    """
    listed = sorted(set(rows), key=lambda row: (row.old, row.new, row.reason, row.new_name))
    wrong = {row: why for row in listed if (why := _wrong(row))}
    targets: dict[str, set[str]] = {}
    for row in listed:
        targets.setdefault(row.old, set()).add(row.new)
    for row in listed:
        if row not in wrong and len(targets[row.old]) > 1:
            wrong[row] = f"is replaced by {len(targets[row.old])} codes: {', '.join(sorted(targets[row.old]))}"
    step = {row.old: row for row in listed if row not in wrong}
    broken = {row.old for row in wrong if row.old != row.new}
    redirects: dict[str, Redirect] = {}
    for row in listed:
        if row in wrong or row.old in redirects:
            continue
        path = list(_path(step, row.old))
        end = path[-1].new
        if end in broken or end in step:
            wrong[row] = f"leads to {end}, which is refused" if end in broken else f"leads in a circle over {end}"
        else:
            redirects[row.old] = _redirect(path)
    return Flattened(MappingProxyType(redirects), tuple((row, wrong[row]) for row in listed if row in wrong))


def _wrong(row: Replacement) -> str | None:
    if not (_CODE.fullmatch(row.old) and _CODE.fullmatch(row.new)):
        return "is no pair of codes of 8 digits"
    if row.old == row.new:
        return "points to itself"
    if row.old[:2] != row.new[:2]:
        return f"is of class {row.old[:2]}, and {row.new} of class {row.new[:2]}"
    return None


def _path(step: Mapping[str, Replacement], code: str) -> Iterator[Replacement]:
    """The rows from a code to where it leads; ends at a code that was met before."""
    met = set()
    while code in step and code not in met:
        met.add(code)
        yield step[code]
        code = step[code].new


def _redirect(path: list[Replacement]) -> Redirect:
    reasons = tuple(dict.fromkeys(row.reason for row in path if row.reason))
    return Redirect(path[0].old, path[-1].new, path[-1].new_name, reasons, tuple(row.new for row in path[:-1]))


def read_replacements(rows: Iterable[Mapping[str, str | None]]) -> Iterator[Replacement]:
    """Rows of the published list, by its column names, as replacements; blanks around cells are dropped."""
    for row in rows:
        cells = [(row.get(name) or "").strip() for name in ("kfa_id", "kfa_new_id", "kfa_new_name", "reason")]
        yield Replacement(*cells)


@cache
def replacements() -> Flattened:
    """The list in force; nothing where no list was taken in."""
    return flattened(read_replacements(read_csv("kfa_replacements")))
