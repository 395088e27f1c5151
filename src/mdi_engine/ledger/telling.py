"""What an assignment changes, in the words of a masters-assigned event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED, Assignment, State
from mdi_engine.ledger.events import to_ranges


def told(state: State, assignment: Assignment, issued: Sequence[str]) -> dict[str, Any]:
    """The changes as an event holds them; redirects are left out, since they follow from the merges.

    `founded`: [number, founder, anchor, split from]; `moved`: [old number or null, new number, records], those of
    founded numbers included; `left`: [old number, records]. Both name the old one, so that its history can be told.
    """
    before = state.memberships
    changes = [(state.masters[number], master) for number, master in sorted(assignment.masters.items())]
    return {
        "founded": [
            [number, new.founder, new.anchor, new.split_from]
            for number, new in zip(issued, assignment.founded, strict=True)
        ],
        "moved": _grouped(
            (before.get(record), number, record) for record, number in numbered(assignment, issued).items()
        ),
        "left": _grouped((before[record], record) for record in assignment.left),
        "merged": [
            [new.number, new.merged_into]
            for old, new in changes
            if new.merged_into != old.merged_into and new.status == MERGED
        ],
        "restored": [new.number for old, new in changes if new.status == ACTIVE != old.status],
        "retired": [new.number for old, new in changes if new.status == RETIRED != old.status],
        "anchored": [[new.number, new.anchor] for old, new in changes if new.anchor != old.anchor],
    }


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows of numbers (or None) and a record, as the same numbers and the ranges of their records, in order."""
    grouped: dict[tuple[str | None, ...], list[int]] = {}
    for *numbers_, record in rows:
        grouped.setdefault(tuple(numbers_), []).append(record)
    ordered = sorted(grouped, key=lambda key: [number or "" for number in key])
    return [[*key, to_ranges(grouped[key])] for key in ordered]


def numbered(assignment: Assignment, issued: Sequence[str]) -> dict[int, str]:
    """The new number of each record that gets one, founded numbers included."""
    founded = zip(issued, assignment.founded, strict=True)
    return {**assignment.moved, **{record: number for number, new in founded for record in new.records}}
