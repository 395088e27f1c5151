"""Write what a link run found: clusters become masters with numbers, part by part, each in a short transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from mdi_engine.ledger import numbers
from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED, Assignment, Cluster, Master, State, assign
from mdi_engine.ledger.events import MACHINE, append_event, next_seq, to_ranges
from mdi_engine.ledger.neighbourhood import (
    Part,
    batches,
    numbers_of,
    parts,
    read_neighbourhood,
    read_state,
    require_known,
    whole_clusters,
)
from mdi_engine.ledger.schema import masters, memberships, source_records
from mdi_engine.ledger.store import reading, writing

MASTERS_ASSIGNED = "masters-assigned"
CHUNK = 500  # records in one transaction: some 30 ms under the writer's lock on two cores


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What a run changed, and how the entity stands after it.

    `masters` in use and `redirects` are the entity's totals; the others count this run. `split`: new numbers whose
    records bore another before. `restored`: numbers in use again. `churn`: records whose number changed ÷ live
    records with a number.
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


class _Run(NamedTuple):
    entity: str
    parameters_version: int
    as_of_event: int
    anchors: Mapping[int, str]
    actor: str = MACHINE


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
    chunk: int = CHUNK,
) -> ApplyReport:
    """Give each cluster (record ids of `entity`) its number; see `assignment` for the rule.

    Works through parts that share no number, some `chunk` records per transaction. Safe to interrupt and to repeat:
    what the ledger says already is passed over, and a run that changes nothing writes no event. Records withdrawn
    meanwhile leave their master; a master without records is retired. Records that no cluster names stay where they
    are. `anchors` gives the keyed hash of a record's verified official number.

    `beside` None: every record and number of the entity is looked at. Else only what the clusters touch, and what these
    records do, which may be withdrawn.
    Raises UsageError if a record is named twice or is not one of `entity`; nothing is written then.
    """
    run = _Run(entity, int(parameters_version), int(as_of_event), anchors or {})
    clusters = [[int(record) for record in cluster] for cluster in clusters]  # numpy's integers go into no JSON
    with reading(engine) as conn:
        require_known(conn, entity, clusters)
        state, whole = _read(conn, run, clusters, beside)
    counts = _Counts()
    for named, touched in _changing(state, sorted(whole, key=min), run.anchors, chunk):
        with writing(engine) as conn:
            done = _apply_part(conn, run, named, touched)
        counts = _Counts(*(a + b for a, b in zip(counts, done, strict=True)))
    with reading(engine) as conn:
        return _report(conn, entity, counts)


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
    return bool(_apply_part(conn, run, [frozenset(cluster) for cluster in clusters], left).events)


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
) -> Iterator[tuple[list[Cluster], list[str]]]:
    """Chunks of whole parts in which something differs from the state, as clusters and old numbers."""
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
        named = [clusters[index] for part in some for index in part.clusters]
        yield named, [number for part in some for number in part.numbers]


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


def _apply_part(conn: Connection, run: _Run, clusters: Sequence[Cluster], numbers_: Collection[str]) -> _Counts:
    # Read again under the writer's lock: somebody may have written since the run was planned.
    state, whole = read_neighbourhood(conn, run.entity, clusters, numbers_, run.anchors)
    assignment = assign(state, whole, run.anchors)
    if not assignment:
        return _Counts()
    issued = numbers.issue(conn, run.entity, len(assignment.founded))
    seq = next_seq(conn)
    body = _body(run, state, assignment, issued)
    _write_masters(conn, run.entity, assignment, issued, seq)
    _write_memberships(conn, run.entity, assignment, issued)
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


def _body(run: _Run, state: State, assignment: Assignment, issued: Sequence[str]) -> dict[str, Any]:
    """What the event says; redirects are left out, since they follow from the merges.

    `founded`: [number, founder, anchor, split from]; `moved`: [old number or null, new number, records], those of
    founded numbers included; `left`: [old number, records]. Both name the old one, so that its history can be told.
    """
    before = state.memberships
    changes = [(state.masters[number], master) for number, master in sorted(assignment.masters.items())]
    return {
        "parameters": run.parameters_version,
        "as_of": run.as_of_event,
        "founded": [
            [number, new.founder, new.anchor, new.split_from]
            for number, new in zip(issued, assignment.founded, strict=True)
        ],
        "moved": _grouped((before.get(record), number, record) for record, number in _now(assignment, issued).items()),
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


def _now(assignment: Assignment, issued: Sequence[str]) -> dict[int, str]:
    """The new number of each record that gets one, founded numbers included."""
    founded = zip(issued, assignment.founded, strict=True)
    return {**assignment.moved, **{record: number for number, new in founded for record in new.records}}


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


def _write_memberships(conn: Connection, entity: str, assignment: Assignment, issued: Sequence[str]) -> None:
    now = _now(assignment, issued)
    for batch in batches(sorted(assignment.left | now.keys())):
        conn.execute(delete(memberships).where(memberships.c.record_id.in_(batch)))
    insert_memberships(conn, entity, now)


def insert_masters(conn: Connection, entity: str, rows: Iterable[Master]) -> None:
    """Add masters as they are."""
    names = ("number", "status", "founder", "anchor", "merged_into", "redirect_to", "split_from", "founded")
    values = [{"entity": entity, **{name: getattr(master, name) for name in names}} for master in rows]
    if values:
        conn.execute(insert(masters), values)


def insert_memberships(conn: Connection, entity: str, numbers_: Mapping[int, str]) -> None:
    """Add memberships, record → number."""
    values = [{"record_id": id_, "entity": entity, "number": number} for id_, number in sorted(numbers_.items())]
    if values:
        conn.execute(insert(memberships), values)


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
