"""Link an entity: read the ledger as of an event, compute, apply in short transactions, copy to the workbench.

Where an earlier run stands, only the components that new, changed and withdrawn records or decisions touch are judged
again; so are those that are touched while a run computes.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace

import duckdb
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
from mdi_engine.jobs.judged import NOTHING, Judged, judged
from mdi_engine.jobs.keys import drop_old_keys, write_keys
from mdi_engine.jobs.keys import record_keys as record_keys
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.questions import Asked, ask
from mdi_engine.jobs.surroundings import Forgotten, Ids, Surroundings, surroundings
from mdi_engine.ledger.apply import ApplyReport, apply_clusters
from mdi_engine.ledger.constraints import read_constraints
from mdi_engine.ledger.events import head
from mdi_engine.ledger.neighbourhood import names_of, read_state
from mdi_engine.ledger.parameters import newest_parameters, parameters_in_force, switch_parameters
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.summary import summary
from mdi_engine.ledger.touched import Touched, linked_as_of, mark_linked
from mdi_engine.linkage.candidates.plan import Plan, plan
from mdi_engine.linkage.candidates.skew import skews
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import score
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import amend_decisions, copied_as_of, copy_decisions, copy_masters
from mdi_engine.workbench.database import open_workbench

_TRIES = 5
# Of more than one record in so many, reading and scoring everything is faster than finding the components.
_SHARE = 50
# Up to so many are judged again rather than that a run starts over because of them.
_MANY = 1_000


@dataclass(frozen=True)
class LinkReport:
    """What a link run did. `judged`: records whose components were judged, all of them if `full`.

    `candidate_pairs` were scored for it: where not all is judged, more than there are candidates. `in_doubt`: pairs
    between the thresholds that want a person, among what was judged.
    `asked` and `closed`: review tasks opened and become moot. `churn` is the share of live records whose number
    changed; 0 when nothing new came. `notes` of a full run tell what is uneven in the records.
    """

    entity: str
    version: int
    full: bool
    as_of_event: int
    records: int
    judged: int
    candidate_pairs: int
    in_doubt: int
    asked: int
    closed: int
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
    """What a run knows before it writes anything: the ledger as of `event`. Full, or on top of the run before it.

    `touched` are the records that were touched since the run before, or since a full run read its `data`.
    """

    entity: str
    version: int
    learned: Parameters
    full: bool
    event: int
    records: int
    found: Judged
    data: Projected | None = None
    touched: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


class _Overtaken(Exception):
    """So much was touched while a run computed that reading everything again is faster."""


def link_entity(settings: Settings, entity: str, *, full: bool = False, progress: Progress = SILENT) -> LinkReport:
    """Link the live records with the newest parameters. Running again without new input writes no event.

    `full`: judge everything anew, also where an earlier run stands. Raises `NotFound` before the first training,
    `Locked` if another process has the workbench, `Conflict` if newer parameters come again and again while it
    computes; nothing is applied then.
    """
    entity_named(entity)
    begin = time.perf_counter()
    with home_ledger(settings) as engine:
        for _ in range(_TRIES):
            run = _start(settings, engine, entity, full, progress)
            # Held from before the first write to the ledger: who cannot have the workbench writes nothing at all.
            with open_workbench(settings.workbench_path) as con:
                if not run.full and copied_as_of(con, entity) is None:
                    full = True  # what stands in the workbench cannot be amended
                elif _newest_still(engine, run):
                    try:
                        return _finish(con, engine, run, begin, progress)
                    except (Forgotten, _Overtaken):
                        full = True
    raise Conflict(f"{entity}: every one of {_TRIES} tries was overtaken", hint="Try again later.")


def _start(settings: Settings, engine: Engine, entity: str, full: bool, progress: Progress) -> _Run:
    """A run on top of the one before it, of which nothing is known yet, or else one that has judged everything."""
    with reading(engine) as conn:
        version, learned = newest(settings, conn, entity)
        live = sum(sum(each.records.values()) for each in summary(conn).entities if each.entity == entity)
        event = None if full else _standing(conn, entity, version, live)
        if event is not None:
            return _Run(entity, version, learned, False, event, live, NOTHING)
        data, said = projected(conn, entity, learned.model), read_constraints(conn, entity)
    progress.stage("score")
    edges = score(data.records, learned, note=progress.advance)
    progress.stage("cluster")
    found = judged(Surroundings(data.records, data.ids, edges), learned, said, data.event, version)
    notes = skews(data.records, learned.model, learned.blocking)
    return _Run(entity, version, learned, True, data.event, len(data.records), found, data, notes=notes)


def _standing(conn: Connection, entity: str, version: int, live: int) -> int | None:
    """The event as of which the run before knew all records; None where everything must be judged."""
    in_force = parameters_in_force(conn, entity)
    if in_force is None or in_force.version != version:
        return None
    event = linked_as_of(conn, entity, version)
    if event is None or len(Touched(entity, event).look(conn)) * _SHARE > live:
        return None
    return event


def _newest_still(engine: Engine, run: _Run) -> bool:
    with reading(engine) as conn:
        found = newest_parameters(conn, run.entity)
        return found is not None and found.version == run.version


def _finish(con: duckdb.DuckDBPyConnection, engine: Engine, run: _Run, begin: float, progress: Progress) -> LinkReport:
    progress.stage("write match keys")
    if run.data is not None:
        _write_keys(engine, run, run.data.records, run.data.ids, run.event, progress)
    run = _caught_up(engine, run, progress)
    with writing(engine) as conn:
        switched = switch_parameters(conn, run.entity, run.version)
    drop_old_keys(engine, run.entity, run.version)
    progress.stage("apply")
    applied = _apply(engine, run)
    for _ in range(_TRIES):
        if not applied.passed:
            break
        run = _caught_up(engine, run, progress, applied.passed)
        applied = _together(applied, _apply(engine, run))
    asked = ask(engine, run.entity, run.found, run.touched)
    if not applied.passed:  # else the next run judges everything
        with writing(engine) as conn:
            mark_linked(conn, run.entity, run.version, run.event)
    _copy(con, engine, run)
    return _report(run, applied, asked, int(switched) + asked.events, time.perf_counter() - begin)


def _write_keys(engine: Engine, run: _Run, records: Records, ids: Ids, event: int, progress: Progress) -> None:
    write_keys(engine, run.entity, run.version, run.learned, records, ids, event, progress)


def _caught_up(engine: Engine, run: _Run, progress: Progress, passed: frozenset[int] = frozenset()) -> _Run:
    """The run, with the components judged again that were touched since it read, or that hold a record of `passed`;
    then with those touched meanwhile.

    What is touched after the last look keeps its place: `apply_clusters` passes it over.
    """
    progress.stage("judge what changed")
    for _ in range(_TRIES):
        with reading(engine) as conn:
            now, touched = head(conn), passed | Touched(run.entity, run.event).look(conn)
            passed = frozenset()
            if len(touched) > _MANY and len(touched) * _SHARE > run.records:
                raise _Overtaken
            if touched:
                said = read_constraints(conn, run.entity)
                around = surroundings(conn, run.entity, run.version, run.learned, touched, run.event, said.same)
        if not touched:
            return replace(run, event=now)
        later = judged(around, run.learned, said, now, run.version)
        _write_keys(engine, run, around.records, around.ids, now, progress)
        run = replace(run, event=now, found=run.found.amended(later, touched), touched=run.touched | touched)
    return run


def _apply(engine: Engine, run: _Run) -> ApplyReport:
    return apply_clusters(
        engine,
        entity=run.entity,
        parameters_version=run.version,
        as_of_event=run.event,
        clusters=run.found.groups,
        beside=None if run.full else run.touched,
        late=Touched(run.entity, run.event).look,
    )


def _together(first: ApplyReport, then: ApplyReport) -> ApplyReport:
    """What both did: how things stand, and what was passed over, is as the later one says."""
    done = ("new", "merged", "split", "restored", "retired", "churn", "events_written")
    return replace(then, **{name: getattr(first, name) + getattr(then, name) for name in done})


def _copy(con: duckdb.DuckDBPyConnection, engine: Engine, run: _Run) -> None:
    """The state after the run and what it decided, for analysts, in the workbench."""
    with reading(engine) as conn:
        masters, members = master_rows(conn, read_state(conn, run.entity))
        event = head(conn)
        stale = {} if run.full else names_of(conn, run.found.scope | run.touched)
    copy_masters(con, run.entity, masters, members, event)
    rows = [row for _, row in run.found.decisions]
    if run.full:
        copy_decisions(con, run.entity, rows)
    else:
        amend_decisions(con, run.entity, list(stale.values()), rows)


def _report(run: _Run, applied: ApplyReport, asked: Asked, events: int, seconds: float) -> LinkReport:
    figures = asdict(applied)
    del figures["passed"]
    figures["events_written"] += events
    return LinkReport(
        entity=run.entity,
        version=run.version,
        full=run.full,
        as_of_event=run.event,
        records=run.records,
        judged=len(run.found.scope),
        candidate_pairs=run.found.pairs,
        in_doubt=len(run.found.doubts),
        asked=asked.opened,
        closed=asked.closed,
        seconds=seconds,
        notes=run.notes,
        **figures,
    )
