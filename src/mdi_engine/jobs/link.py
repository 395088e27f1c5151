"""Link an entity: read the ledger as of an event, compute, apply in short transactions, copy to the workbench."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import duckdb
import numpy as np
from sqlalchemy import Connection, Engine

from mdi_engine.entities import ENTITIES
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
from mdi_engine.ledger.matchkeys import drop_match_keys, mark_keyed, missing_records, write_match_keys
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.parameters import newest_parameters, switch_parameters
from mdi_engine.ledger.records import touched_since
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.summary import summary
from mdi_engine.linkage.candidates.keys import match_keys
from mdi_engine.linkage.candidates.plan import Plan, plan
from mdi_engine.linkage.candidates.rarity import features
from mdi_engine.linkage.candidates.skew import skews
from mdi_engine.linkage.clustering.cluster import Clusters, cluster, in_doubt
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import score
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import DecisionRow, copy_decisions, copy_masters
from mdi_engine.workbench.database import open_workbench

_TRIES = 5
_KEY_ROWS = 20_000


@dataclass(frozen=True)
class LinkReport:
    """What a link run did. `in_doubt`: pairs between the thresholds that want a person.

    `churn` is the share of live records whose number changed; 0 when nothing new came. `notes` tell what is uneven in
    the records, and what was done about it.
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
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def linkable(settings: Settings) -> list[str]:
    """Entities that have live records, in the order in which they are listed. Raises `NotFound` if none has."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        held = {found.entity for found in summary(conn).entities if found.records}
    if not held:
        raise NotFound("the ledger holds no live record", hint="Run `mdi ingest SOURCE FILE` first.")
    return [entity for entity in ENTITIES if entity in held]


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


@dataclass(frozen=True)
class _Run:
    """What a run read and computed, before it writes anything. `pairs` and `doubtful` are counts."""

    entity: str
    version: int
    learned: Parameters
    data: Projected
    pairs: int
    doubtful: int
    clusters: Clusters


def link_entity(settings: Settings, entity: str, *, progress: Progress = SILENT) -> LinkReport:
    """Link all live records with the newest parameters. Running again without new input writes no event.

    Raises `NotFound` before the first training, `Locked` if another process has the workbench, `Conflict` if records
    keep changing while it computes; nothing is applied then.
    """
    entity_named(entity)
    begin = time.perf_counter()
    with home_ledger(settings) as engine:
        for _ in range(_TRIES):
            run = _compute(settings, engine, entity, progress)
            # Held from before the first write to the ledger: who cannot have the workbench writes nothing at all.
            with open_workbench(settings.workbench_path) as con:
                if not _overtaken(engine, run):
                    applied, events = _apply(engine, run, progress)
                    _copy(con, engine, run)
                    return _report(run, applied, events, time.perf_counter() - begin)
    raise Conflict(f"{entity}: records changed during every one of {_TRIES} tries", hint="Try again later.")


def _compute(settings: Settings, engine: Engine, entity: str, progress: Progress) -> _Run:
    with reading(engine) as conn:
        version, learned = newest(settings, conn, entity)
        data = projected(conn, entity, learned.model)
    progress.stage("score")
    edges = score(data.records, learned, note=progress.advance)
    progress.stage("cluster")
    clusters = cluster(data.records, edges, learned)
    doubtful = len(in_doubt(data.records, edges, clusters, learned)[0])
    return _Run(entity, version, learned, data, edges.candidate_pairs, doubtful, clusters)


def _overtaken(engine: Engine, run: _Run) -> bool:
    """Whether records changed, or newer parameters came, since the run read."""
    with reading(engine) as conn:
        newest_now = newest_parameters(conn, run.entity)
        return newest_now is None or newest_now.version != run.version or bool(_touched(conn, run))


def _touched(conn: Connection, run: _Run) -> set[int]:
    """Records of which the run does not know the newest version."""
    return set(touched_since(conn, run.entity, run.data.event))


def _apply(engine: Engine, run: _Run, progress: Progress) -> tuple[ApplyReport, int]:
    """Write keys, switch, and give numbers; also returns how many events the switch wrote."""
    progress.stage("write match keys")
    events = _write_keys(engine, run, progress)
    _drop_old_keys(engine, run)
    progress.stage("apply")
    applied = apply_clusters(
        engine,
        entity=run.entity,
        parameters_version=run.version,
        as_of_event=run.data.event,
        clusters=_groups(run.clusters, run.data),
    )
    return applied, events


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


def _write_keys(engine: Engine, run: _Run, progress: Progress) -> int:
    """Write the keys that are missing, a chunk of sorted rows per transaction, then switch; returns events written.

    Only for versions of records that the run read. Each transaction asks again what changed: such records stay
    unmarked, and the next run writes their keys.
    """
    with reading(engine) as conn:
        missing = set(missing_records(conn, run.entity, run.version)) & set(run.data.ids.tolist())
    rows: list[tuple[int, int, int]] = []
    if missing:
        keys = ((rule, key, int(run.data.ids[row])) for rule, key, row in record_keys(run.data.records, run.learned))
        rows = [row for row in keys if row[2] in missing]
    for some in _parts(rows):
        with writing(engine) as conn:
            touched = _touched(conn, run)
            write_match_keys(conn, run.entity, run.version, (row for row in some if row[2] not in touched))
        progress.advance(len(some))
    with writing(engine) as conn:
        mark_keyed(conn, run.version, missing - _touched(conn, run))
        return int(switch_parameters(conn, run.entity, run.version))


def _drop_old_keys(engine: Engine, run: _Run) -> None:
    """Keys of versions that came before the one now in force: no look-up asks for them any more."""
    for version in range(1, run.version):
        dropped = True
        while dropped:
            with writing(engine) as conn:
                dropped = bool(drop_match_keys(conn, run.entity, version))


def _parts(rows: Sequence[tuple[int, int, int]]) -> Iterator[Sequence[tuple[int, int, int]]]:
    for begin in range(0, len(rows), _KEY_ROWS):
        yield rows[begin : begin + _KEY_ROWS]


def _copy(con: duckdb.DuckDBPyConnection, engine: Engine, run: _Run) -> None:
    """The state after the run and what it decided, for analysts, in the workbench."""
    with reading(engine) as conn:
        masters, members = master_rows(conn, read_state(conn, run.entity))
        event = head(conn)
    copy_masters(con, run.entity, masters, members, event)
    copy_decisions(con, run.entity, _decisions(run))


def _decisions(run: _Run) -> list[DecisionRow]:
    records = run.data.records
    named = [(records.sources[source], key) for source, key in zip(records.source.tolist(), records.keys, strict=True)]
    return [
        DecisionRow(run.data.event, run.version, *named[d.left], *named[d.right], d.weight, d.merged, d.reason)
        for d in run.clusters.decisions
    ]


def _report(run: _Run, applied: ApplyReport, events: int, seconds: float) -> LinkReport:
    figures = asdict(applied)
    figures["events_written"] += events
    return LinkReport(
        entity=run.entity,
        version=run.version,
        as_of_event=run.data.event,
        records=len(run.data.records),
        candidate_pairs=run.pairs,
        in_doubt=run.doubtful,
        seconds=seconds,
        notes=skews(run.data.records, run.learned.model, run.learned.blocking),
        **figures,
    )
