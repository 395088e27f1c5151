"""Link an entity: read the ledger as of an event, compute, apply in short transactions, copy to the workbench."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from sqlalchemy import Engine

from mdi_engine.errors import Conflict, NotFound
from mdi_engine.jobs.home import (
    Projected,
    entity_model,
    entity_named,
    home_ledger,
    master_rows,
    newest,
    projected,
)
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.apply import ApplyReport, apply_clusters
from mdi_engine.ledger.events import head
from mdi_engine.ledger.matchkeys import mark_keyed, missing_records, write_match_keys
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.parameters import switch_parameters
from mdi_engine.ledger.records import touched_since
from mdi_engine.ledger.store import reading, writing
from mdi_engine.linkage.cluster import Clusters, cluster, in_doubt
from mdi_engine.linkage.keys import match_keys
from mdi_engine.linkage.parameters import Parameters
from mdi_engine.linkage.plan import Plan, plan
from mdi_engine.linkage.rarity import features
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.score import score
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import copy_masters
from mdi_engine.workbench.database import open_workbench

_TRIES = 5
_KEY_ROWS = 20_000


@dataclass(frozen=True)
class LinkReport:
    """What a link run did. `in_doubt`: pairs between the thresholds that want a person.

    `churn` is the share of live records whose number changed; 0 when nothing new came.
    """

    entity: str
    version: int
    as_of_event: int
    records: int
    candidate_pairs: int
    in_doubt: int
    masters: int
    new: int
    merged: int
    split: int
    restored: int
    retired: int
    redirects: int
    churn: float
    events_written: int
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def plan_entity(settings: Settings, entity: str) -> Plan:
    """What linking the entity would cost and miss, with the newest parameters if it was trained."""
    entity_named(entity)
    with home_ledger(settings) as engine, reading(engine) as conn:
        model = entity_model(settings, entity)
        data = projected(conn, entity, model)
        try:
            learned: Parameters | None = newest(settings, conn, entity)[1]
        except NotFound:
            learned = None
    return plan(data.records, learned.model if learned else model, learned)


def link_entity(settings: Settings, entity: str, *, progress: Progress = SILENT) -> LinkReport:
    """Link all live records with the newest parameters. Running again without new input writes no event.

    Raises `NotFound` before the first training, `Conflict` if records keep changing while it computes.
    """
    entity_named(entity)
    begin = time.perf_counter()
    with home_ledger(settings) as engine:
        for _ in range(_TRIES):
            with reading(engine) as conn:
                version, learned = newest(settings, conn, entity)
                data = projected(conn, entity, learned.model)
            pairs, doubtful, clusters = _compute(data.records, learned, progress)
            with reading(engine) as conn:
                touched = touched_since(conn, entity, data.event)
            if not touched:
                break
        else:
            raise Conflict(f"{entity}: records changed during every one of {_TRIES} tries", hint="Try again later.")
        progress.stage("write match keys")
        events = _write_keys(engine, entity, version, data, learned, progress)
        progress.stage("apply")
        applied = apply_clusters(
            engine,
            entity=entity,
            parameters_version=version,
            as_of_event=data.event,
            clusters=_groups(clusters, data),
        )
        _copy(settings, engine, entity)
    return _report(entity, version, data, pairs, doubtful, applied, events, time.perf_counter() - begin)


def _compute(records: Records, learned: Parameters, progress: Progress) -> tuple[int, int, Clusters]:
    progress.stage("score")
    edges = score(records, learned, note=progress.advance)
    progress.stage("cluster")
    clusters = cluster(records, edges, learned)
    return edges.candidate_pairs, len(in_doubt(records, edges, clusters, learned)[0]), clusters


def _groups(clusters: Clusters, data: Projected) -> list[list[int]]:
    """Record ids per cluster, clusters and records in rank order."""
    order = np.lexsort((data.records.rank, data.records.rank[clusters.label]))
    labels = clusters.label[order]
    groups = np.split(data.ids[order], np.flatnonzero(np.diff(labels)) + 1)
    return [group.tolist() for group in groups]


def record_keys(records: Records, learned: Parameters) -> Iterator[tuple[int, int, int]]:
    """All match keys as (rule, key, row), sorted by rule and key; the last rule holds the features of rarity."""
    for rule, posting in enumerate(match_keys(records, learned.model, learned.blocking.refinement)):
        for key, row in zip(posting.keys.tolist(), posting.rows.tolist(), strict=True):
            yield rule, key, row
    if learned.model.rarity is not None and learned.blocking.rarity is not None:
        found = features(records, learned.model.rarity, learned.blocking.rarity).posting
        for key, row in zip(found.keys.tolist(), found.rows.tolist(), strict=True):
            yield len(learned.model.blocking), key, row


def _write_keys(
    engine: Engine, entity: str, version: int, data: Projected, learned: Parameters, progress: Progress
) -> int:
    """Write the keys that are missing, a chunk of sorted rows per transaction, then switch; returns events written."""
    with reading(engine) as conn:
        missing = set(missing_records(conn, entity, version))
    rows: list[tuple[int, int, int]] = []
    if missing:
        rows = [
            (rule, key, int(data.ids[row]))
            for rule, key, row in record_keys(data.records, learned)
            if int(data.ids[row]) in missing
        ]
    for some in _parts(rows):
        with writing(engine) as conn:
            write_match_keys(conn, entity, version, some)
        progress.advance(len(some))
    with writing(engine) as conn:
        mark_keyed(conn, version, missing)
        return int(switch_parameters(conn, entity, version))


def _parts(rows: Sequence[tuple[int, int, int]]) -> Iterator[Sequence[tuple[int, int, int]]]:
    for begin in range(0, len(rows), _KEY_ROWS):
        yield rows[begin : begin + _KEY_ROWS]


def _copy(settings: Settings, engine: Engine, entity: str) -> None:
    """The state after the run, for analysts, in the workbench."""
    with reading(engine) as conn:
        masters, members = master_rows(conn, entity, read_state(conn, entity))
        event = head(conn)
    with open_workbench(settings.workbench_path) as con:
        copy_masters(con, entity, masters, members, event)


def _report(
    entity: str,
    version: int,
    data: Projected,
    pairs: int,
    doubtful: int,
    applied: ApplyReport,
    events: int,
    seconds: float,
) -> LinkReport:
    figures = asdict(applied)
    figures["events_written"] += events
    return LinkReport(
        entity=entity,
        version=version,
        as_of_event=data.event,
        records=len(data.records),
        candidate_pairs=pairs,
        in_doubt=doubtful,
        seconds=seconds,
        **figures,
    )
