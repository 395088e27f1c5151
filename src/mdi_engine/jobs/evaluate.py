"""How good an entity's masters are, measured against a truth that linking never saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mdi_engine.errors import InputRefused
from mdi_engine.jobs.home import entity_named, home_ledger
from mdi_engine.jobs.tables import read_table
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.evaluate import Evaluation, evaluate
from mdi_engine.settings import Settings

_COLUMNS = ("source", "source_key", "entity")


@dataclass(frozen=True)
class EntityQuality:
    """Quality of the live records that the truth names. `unnamed`: live records that it does not name, left out."""

    entity: str
    records: int
    unnamed: int
    evaluation: Evaluation

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def evaluate_entity(settings: Settings, entity: str, truth: Path) -> EntityQuality:
    """Compare the masters with a file of source, source_key and entity (any label: one thing, one label).

    Raises `InputRefused` if the file lacks a column, names a record twice, or names no live record.
    """
    entity_named(entity)
    true = _read(truth)
    with home_ledger(settings) as engine, reading(engine) as conn:
        members = read_state(conn, entity).memberships
        rows = [
            (true.get((r.source, r.source_key)), members.get(r.id, f"waiting {r.id}"))
            for r in live_records(conn, entity)
        ]
    named = [(label, number) for label, number in rows if label is not None]
    if not named:
        raise InputRefused(
            f"{truth} names no live record of {entity}", hint="Its columns must be source, source_key, entity."
        )
    labels, numbers = (np.unique(np.array(column), return_inverse=True)[1] for column in zip(*named, strict=True))
    return EntityQuality(entity, len(named), len(rows) - len(named), evaluate(numbers, labels))


def _read(path: Path) -> dict[tuple[str, str], str]:
    table = read_table(path, _COLUMNS)
    absent = [name for name in _COLUMNS if name not in table.column_names]
    if absent:
        raise InputRefused(
            f"{path}: no column {', '.join(absent)}", hint=f"A truth has the columns {', '.join(_COLUMNS)}."
        )
    true: dict[tuple[str, str], str] = {}
    for source, key, label in zip(*(table.column(name).to_pylist() for name in _COLUMNS), strict=True):
        if (source, key) in true:
            raise InputRefused(f"{path}: a record is named twice (of source {source})", path=str(path))
        true[source, key] = label
    return true
