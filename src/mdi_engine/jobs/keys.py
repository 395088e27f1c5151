"""Match keys of a run's records: made, written in short transactions, dropped with the parameters they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from mdi_engine.jobs.progress import Progress
from mdi_engine.ledger.bulk import in_bulk, uncollected
from mdi_engine.ledger.matchkeys import drop_match_keys, mark_keyed, missing_records, write_match_keys
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.touched import Touched
from mdi_engine.linkage.candidates.keys import Posting, match_keys
from mdi_engine.linkage.candidates.rarity import features
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records

# In one transaction: each holds the writer's lock for a few milliseconds.
KEY_ROWS, MARKED, DROPPED = 500, 1_000, 25
Ids = npt.NDArray[np.int64]
_T = TypeVar("_T")


def key_postings(records: Records, learned: Parameters) -> list[tuple[Posting, Ids | None]]:
    """The keys of every rule; at last the features of rarity, if the model has any, with their bits."""
    model, blocking = learned.model, learned.blocking
    found: list[tuple[Posting, Ids | None]] = [(keys, None) for keys in match_keys(records, model, blocking.refinement)]
    if model.rarity is not None and blocking.rarity is not None:
        rare = features(records, model.rarity, blocking.rarity)
        found.append((rare.posting, rare.bits))
    return found


def record_keys(records: Records, learned: Parameters) -> Iterator[tuple[int, int, int]]:
    """All match keys as (rule, key, row), sorted by rule and key; the last rule holds the features of rarity."""
    for rule, (posting, _) in enumerate(key_postings(records, learned)):
        for key, row in zip(posting.keys.tolist(), posting.rows.tolist(), strict=True):
            yield rule, key, row


def write_keys(
    engine: Engine,
    entity: str,
    version: int,
    learned: Parameters,
    records: Records,
    ids: npt.NDArray[Any],
    event: int,
    progress: Progress,
) -> None:
    """Write the keys that these records lack, a chunk of sorted rows per transaction; `ids[row]` is a record's id.

    They are what the records said as of `event`. Each transaction asks again what changed since: such records stay
    unmarked, and the next run writes their keys.
    """
    with reading(engine) as conn:
        missing = set(missing_records(conn, entity, version)) & set(ids.tolist())
    if not missing:
        return
    touched = Touched(entity, event)
    keys = ((rule, key, int(ids[row])) for rule, key, row in record_keys(records, learned))
    with in_bulk(engine) as bulk:
        for some in parts([row for row in keys if row[2] in missing], KEY_ROWS):
            with uncollected(), writing(bulk) as conn:
                late = touched.look(conn)
                write_match_keys(conn, entity, version, (row for row in some if row[2] not in late))
            progress.advance(len(some))
        for ready in parts(sorted(missing), MARKED):
            with uncollected(), writing(bulk) as conn:
                mark_keyed(conn, version, set(ready) - touched.look(conn))


def drop_old_keys(engine: Engine, entity: str, version: int) -> None:
    """Keys of versions that came before `version`, now in force: no look-up asks for them any more."""
    with in_bulk(engine) as bulk:
        for old in range(1, version):
            dropped = True
            while dropped:
                with uncollected(), writing(bulk) as conn:
                    dropped = bool(drop_match_keys(conn, entity, old, limit=DROPPED))


def parts(rows: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The rows, so many at a time."""
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))
