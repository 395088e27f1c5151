"""Write what a link run found: clusters become masters with numbers, part by part, each in a short transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from mdi_engine.ledger import numbers
from mdi_engine.ledger.assignment import ACTIVE, MERGED, Assignment, Cluster, Master, State, assign
from mdi_engine.ledger.bulk import in_bulk, uncollected
from mdi_engine.ledger.dialect import insert_rows
from mdi_engine.ledger.events import MACHINE, append_event, head, next_seq
from mdi_engine.ledger.neighbourhood import (
    Part,
    batches,
    members_of,
    numbers_of,
    parts,
    read_neighbourhood,
    read_state,
    require_known,
    whole_clusters,
)
from mdi_engine.ledger.schema import masters, memberships, source_records
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.telling import numbered, told

MASTERS_ASSIGNED = "masters-assigned"
CHUNK = 50  # records in one transaction, unless one part has more: a few milliseconds under the writer's lock
# Gives the records that were touched since a run looked.
Late = Callable[[Connection], Set[int]]
_TRIES = 8  # before a part is also planned under the lock, since somebody else writes all the time


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What a run changed, and how the entity stands after it.

    `masters` in use and `redirects` are the entity's totals; the others count this run. `split`: new numbers whose
    records bore another before. `restored`: numbers in use again. `churn`: records whose number changed ÷ live
    records with a number. `passed`: records that were touched meanwhile, with those that change only together with
    them; they keep their places.
    """

    masters: int
    new: int
    merged: int
    split: int
    restored: int
    retired: int
    redirects: int
    churn: float
    events_written: int
    passed: frozenset[int] = frozenset()


class _Run(NamedTuple):
    entity: str
    parameters_version: int
    as_of_event: int
    anchors: Mapping[int, str]
    actor: str = MACHINE
    late: Late | None = None
    known: frozenset[int] = frozenset()


class _Counts(NamedTuple):
    new: int = 0
    merged: int = 0
    split: int = 0
    restored: int = 0
    retired: int = 0
    moved: int = 0
    events: int = 0


def apply_clusters(
    engine: Engine,
    *,
    entity: str,
    parameters_version: int,
    as_of_event: int,
    clusters: Sequence[Sequence[int]],
    anchors: Mapping[int, str] | None = None,
    beside: Iterable[int] | None = None,
    late: Late | None = None,
    chunk: int = CHUNK,
) -> ApplyReport:
    """Give each cluster (record ids of `entity`) its number; see `assignment` for the rule.

    Works through parts that share no number, some `chunk` records per transaction. Safe to interrupt and to repeat:
    what the ledger says already is passed over, and a run that changes nothing writes no event. Records withdrawn
    meanwhile leave their master; a master without records is retired. Records that no cluster names stay where they
    are. `anchors` gives the keyed hash of a record's verified official number.

    `beside` None: every record and number of the entity is looked at. Else only what the clusters touch, and what these
    records do, which may be withdrawn.

    `late` tells, in each transaction anew, what was touched since the clusters were judged: where one of them was, all
    that changes together with it keeps its place. What a steward decides, or a client says, while a run applies holds.
    Raises UsageError if a record is named twice or is not one of `entity`; nothing is written then.
    """
    known = frozenset(int(record) for cluster in clusters for record in cluster) if late else frozenset()
    run = _Run(entity, int(parameters_version), int(as_of_event), anchors or {}, late=late, known=known)
    clusters = [[int(record) for record in cluster] for cluster in clusters]  # numpy's integers go into no JSON
    with reading(engine) as conn:
        require_known(conn, entity, clusters)
        state, whole = _read(conn, run, clusters, beside)
    counts, passed = _Counts(), frozenset[int]()
    with in_bulk(engine) as bulk:
        for some in _changing(state, sorted(whole, key=min), run.anchors, chunk):
            for done, left in _apply_parts(bulk, run, some):
                counts, passed = _Counts(*(a + b for a, b in zip(counts, done, strict=True))), passed | left
    with reading(engine) as conn:
        return replace(_report(conn, entity, counts), passed=passed)


def apply_now(
    conn: Connection,
    *,
    entity: str,
    parameters_version: int,
    as_of_event: int,
    clusters: Iterable[Iterable[int]],
    anchors: Mapping[int, str] | None = None,
    left: Collection[str] = (),
    actor: str = MACHINE,
) -> bool:
    """Give these few clusters of live records their numbers, in the transaction of `conn`; whether that wrote an event.

    As `apply_clusters` does: records of a touched master that no cluster names stay with most of it, so name those
    that shall part from it in a cluster of their own. `left` names masters that records left in this transaction.
    """
    run = _Run(entity, int(parameters_version), int(as_of_event), anchors or {}, actor)
    return bool(_write(conn, run, _plan(conn, run, [frozenset(cluster) for cluster in clusters], left)).events)


def _read(
    conn: Connection, run: _Run, clusters: Sequence[Sequence[int]], beside: Iterable[int] | None
) -> tuple[State, list[Cluster]]:
    """What was, and the clusters with all that belongs to them."""
    wanted = [frozenset(cluster) for cluster in clusters]
    if beside is None:
        columns, state = source_records.c, read_state(conn, run.entity)
        live = conn.execute(select(columns.id).where(columns.entity == run.entity, columns.live)).scalars()
        return state, whole_clusters(wanted, state.memberships, frozenset(live))
    return read_neighbourhood(conn, run.entity, wanted, numbers_of(conn, beside), run.anchors)


def _changing(
    state: State, clusters: Sequence[Cluster], anchors: Mapping[int, str], chunk: int
) -> Iterator[list[_Named]]:
    """Chunks of whole parts in which something differs from the state."""
    planned = assign(state, clusters, anchors)
    records = planned.moved.keys() | planned.left | {record for new in planned.founded for record in new.records}
    numbers_ = planned.masters.keys() | {state.memberships[record] for record in planned.left}
    changing = (
        part
        for part in parts(state, clusters, anchors)
        if not numbers_.isdisjoint(part.numbers)
        or any(not records.isdisjoint(clusters[index]) for index in part.clusters)
    )
    for some in _chunks(changing, clusters, chunk):
        yield [_Named([clusters[index] for index in part.clusters], part.numbers) for part in some]


def _chunks(changing: Iterable[Part], clusters: Sequence[Cluster], chunk: int) -> Iterator[list[Part]]:
    some: list[Part] = []
    size = 0
    for part in changing:
        weight = sum(len(clusters[index]) for index in part.clusters) or len(part.numbers)
        if some and size + weight > chunk:
            yield some
            some, size = [], 0
        some.append(part)
        size += weight
    if some:
        yield some


class _Named(NamedTuple):
    """A part by its clusters and old numbers."""

    clusters: list[Cluster]
    numbers: list[str]


class _Plan(NamedTuple):
    """What a part becomes, as the ledger stood as of event `seen`; `late`: whether it was touched by then."""

    state: State
    assignment: Assignment
    seen: int
    late: bool


def _apply_parts(engine: Engine, run: _Run, some: Sequence[_Named]) -> Iterator[tuple[_Counts, frozenset[int]]]:
    """What was done about these parts, and which records keep their places since they were touched meanwhile."""
    clusters = [cluster for part in some for cluster in part.clusters]
    done = _apply_short(engine, run, clusters, [number for part in some for number in part.numbers])
    if done is not None:
        yield done, frozenset()
    elif len(some) > 1:
        for part in some:
            yield from _apply_parts(engine, run, [part])
    else:
        with reading(engine) as conn:
            members = members_of(conn, run.entity, some[0].numbers)
        yield _Counts(), frozenset(members).union(*clusters)


def _apply_short(engine: Engine, run: _Run, clusters: Sequence[Cluster], numbers_: Collection[str]) -> _Counts | None:
    """Read and think before the writer's lock is taken, write under it: unless somebody else wrote in between. None,
    and nothing written, if something of it was touched since the run looked.
    """
    for _ in range(_TRIES):
        with reading(engine) as conn:
            plan = _plan(conn, run, clusters, numbers_)
        if plan.late:
            return None
        if not plan.assignment:
            return _Counts()
        with uncollected(), writing(engine) as conn:
            if head(conn) == plan.seen:
                return _write(conn, run, plan)
    with writing(engine) as conn:
        plan = _plan(conn, run, clusters, numbers_)
        return None if plan.late else _write(conn, run, plan)


def _plan(conn: Connection, run: _Run, clusters: Sequence[Cluster], numbers_: Collection[str]) -> _Plan:
    state, whole = read_neighbourhood(conn, run.entity, clusters, numbers_, run.anchors)
    late = run.known & run.late(conn) if run.late else frozenset[int]()
    hit = bool(late) and not late.isdisjoint(state.memberships.keys() | {r for cluster in clusters for r in cluster})
    return _Plan(state, assign(state, whole, run.anchors), head(conn), hit)


def _write(conn: Connection, run: _Run, plan: _Plan) -> _Counts:
    state, assignment, _, _ = plan
    if not assignment:
        return _Counts()
    issued = numbers.issue(conn, run.entity, len(assignment.founded))
    seq = next_seq(conn)
    body = {"parameters": run.parameters_version, "as_of": run.as_of_event, **told(state, assignment, issued)}
    _write_masters(conn, run.entity, assignment, issued, seq)
    _write_memberships(conn, run.entity, plan, issued)
    append_event(conn, kind=MASTERS_ASSIGNED, entity=run.entity, body=body, actor=run.actor, seq=seq)
    return _Counts(
        new=len(issued),
        merged=sum(state.masters[number].status == ACTIVE for number, _ in body["merged"]),
        split=sum(founded.split_from is not None for founded in assignment.founded),
        restored=len(body["restored"]),
        retired=len(body["retired"]),
        moved=assignment.churn,
        events=1,
    )


def _write_masters(conn: Connection, entity: str, assignment: Assignment, issued: Sequence[str], seq: int) -> None:
    fresh = [
        Master(number, new.founder, seq, anchor=new.anchor, split_from=new.split_from)
        for number, new in zip(issued, assignment.founded, strict=True)
    ]
    insert_masters(conn, entity, fresh)
    if assignment.masters:
        changed = update(masters).where(masters.c.entity == entity, masters.c.number == bindparam("of"))
        names = ("status", "anchor", "merged_into", "redirect_to")
        rows = [{"of": m.number, **{name: getattr(m, name) for name in names}} for m in assignment.masters.values()]
        conn.execute(changed.values({name: bindparam(name) for name in names}), rows)


def _write_memberships(conn: Connection, entity: str, plan: _Plan, issued: Sequence[str]) -> None:
    after = numbered(plan.assignment, issued)
    placed = plan.state.memberships.keys() & (plan.assignment.left | after.keys())
    for batch in batches(sorted(placed)):
        conn.execute(delete(memberships).where(memberships.c.record_id.in_(batch)))
    insert_memberships(conn, entity, after)


def insert_masters(conn: Connection, entity: str, rows: Iterable[Master]) -> None:
    """Add masters as they are."""
    names = ("number", "status", "founder", "anchor", "merged_into", "redirect_to", "split_from", "founded")
    values = ((entity, *(getattr(master, name) for name in names)) for master in rows)
    insert_rows(conn, masters, ("entity", *names), values)


def insert_memberships(conn: Connection, entity: str, numbers_: Mapping[int, str]) -> None:
    """Add memberships, record → number."""
    values = ((id_, entity, number) for id_, number in sorted(numbers_.items()))
    insert_rows(conn, memberships, ("record_id", "entity", "number"), values)


def _report(conn: Connection, entity: str, counts: _Counts) -> ApplyReport:
    statement = select(masters.c.status, func.count()).where(masters.c.entity == entity).group_by(masters.c.status)
    status: dict[str, int] = dict(conn.execute(statement).all())
    members = select(func.count()).select_from(memberships).where(memberships.c.entity == entity)
    return ApplyReport(
        masters=status.get(ACTIVE, 0),
        new=counts.new,
        merged=counts.merged,
        split=counts.split,
        restored=counts.restored,
        retired=counts.retired,
        redirects=status.get(MERGED, 0),
        churn=counts.moved / max(conn.execute(members).scalar_one(), 1),
        events_written=counts.events,
    )
