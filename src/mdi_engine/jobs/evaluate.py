"""How good an entity's masters are, measured against a truth that linking never saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mdi_engine.errors import InputRefused
from mdi_engine.jobs.home import entity_named, home_ledger
from mdi_engine.jobs.tables import read_table
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.evaluate import Evaluation, evaluate, evaluate_part
from mdi_engine.settings import Settings

_COLUMNS = ("source", "source_key", "entity")
_FLAGS = "flags"


@dataclass(frozen=True)
class Subgroup:
    """Quality over the pairs and records that touch a flagged record; `records` are those with the flag."""

    flag: str
    records: int
    evaluation: Evaluation


@dataclass(frozen=True)
class EntityQuality:
    """Quality of the live records that the truth names. `unnamed`: live records that it does not name, left out."""

    entity: str
    records: int
    unnamed: int
    evaluation: Evaluation
    subgroups: tuple[Subgroup, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _True:
    """What the truth says of a record: its label, and the subgroups it belongs to."""

    label: str
    flags: tuple[str, ...]


def evaluate_entity(settings: Settings, entity: str, truth: Path) -> EntityQuality:
    """Compare the masters with a file of source, source_key and entity (any label: one thing, one label).

    A column `flags`, where there is one, names the subgroups of a record, joined by blanks: each gets figures of its
    own. Raises `InputRefused` if the file lacks a column, names a record twice, or names no live record.
    """
    entity_named(entity)
    true = read_truth(truth)
    with home_ledger(settings) as engine, reading(engine) as conn:
        members = read_state(conn, entity).memberships
        rows = [
            (true.get((r.source, r.source_key)), members.get(r.id, f"waiting {r.id}"))
            for r in live_records(conn, entity)
        ]
    named = [(said, number) for said, number in rows if said is not None]
    if not named:
        raise InputRefused(
            f"{truth} names no live record of {entity}", hint="Its columns must be source, source_key, entity."
        )
    labels, numbers = (
        np.unique(np.array(column), return_inverse=True)[1]
        for column in ([said.label for said, _ in named], [number for _, number in named])
    )
    subgroups = tuple(
        Subgroup(flag, int(rows_of.sum()), evaluate_part(numbers, labels, rows_of))
        for flag, rows_of in _flagged([said.flags for said, _ in named])
    )
    return EntityQuality(entity, len(named), len(rows) - len(named), evaluate(numbers, labels), subgroups)


def _flagged(flags: Sequence[Sequence[str]]) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Each flag with the rows that carry it, by name."""
    for flag in sorted({flag for some in flags for flag in some}):
        yield flag, np.array([flag in some for some in flags])


def read_truth(path: Path) -> Mapping[tuple[str, str], _True]:
    """What a truth says of each record, by source and key. Raises `InputRefused` as `evaluate_entity` does."""
    table = read_table(path, (*_COLUMNS, _FLAGS))
    absent = [name for name in _COLUMNS if name not in table.column_names]
    if absent:
        raise InputRefused(
            f"{path}: no column {', '.join(absent)}", hint=f"A truth has the columns {', '.join(_COLUMNS)}."
        )
    flags = table.column(_FLAGS).to_pylist() if _FLAGS in table.column_names else [None] * table.num_rows
    true: dict[tuple[str, str], _True] = {}
    for source, key, label, words in zip(*(table.column(name).to_pylist() for name in _COLUMNS), flags, strict=True):
        if (source, key) in true:
            raise InputRefused(f"{path}: a record is named twice (of source {source})", path=str(path))
        true[source, key] = _True(label, tuple((words or "").split()))
    return true
