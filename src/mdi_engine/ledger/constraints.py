"""What stewards decided about pairs of records: the same, or different. A decision outranks the machine.

Decisions are events; the table holds what stands. What is decided to be the same holds transitively, and what differs
from one differs from all of it: a decision that contradicts others is refused when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.ledger.answered import DIFFERENT, SAME, Answers, answers
from mdi_engine.ledger.events import Event, append_event, as_event, next_seq
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.notes import write_note
from mdi_engine.ledger.review import mark_decided, mark_open
from mdi_engine.ledger.schema import constraints, events

DECISION_TAKEN, DECISION_UNDONE = "decision-taken", "decision-undone"
ANSWERS = ("same", "different", "unsure", "later", "merge", "unmerge", "correct")

Pair = tuple[int, int]
Says = str | None  # same | different; None: nothing


@dataclass(frozen=True)
class Constraints:
    """Pairs of record ids, the smaller first, ascending. Records that were withdrawn are among them."""

    same: tuple[Pair, ...] = ()
    different: tuple[Pair, ...] = ()

    def among(self, ids: Iterable[int]) -> tuple[list[Pair], list[Pair]]:
        """What follows for the records of a run, as (same, different) pairs of places in `ids`, for `cluster`.

        What is decided by way of a record that is not in the run holds for those that are.
        """
        told = Answers()
        for left, right in self.same:
            told.parent[told.end(right)] = told.end(left)
        groups: dict[int, list[int]] = {}
        named = {record for pair in (*self.same, *self.different) for record in pair}
        for place, record in enumerate(ids):
            if record in named:
                groups.setdefault(told.end(record), []).append(place)
        same = [(group[0], place) for group in groups.values() for place in group[1:]]
        ends = {_pair(told.end(left), told.end(right)) for left, right in self.different}
        here = sorted((one, other) for one, other in ends if one in groups and other in groups)
        return same, [(groups[one][0], groups[other][0]) for one, other in here]


def read_constraints(conn: Connection, entity: str) -> Constraints:
    """All that stands for the entity."""
    columns = constraints.c
    rows = conn.execute(
        select(columns.record_l, columns.record_r, columns.says)
        .where(columns.entity == entity)
        .order_by(columns.record_l, columns.record_r)
    ).all()
    return Constraints(
        *(tuple((left, right) for left, right, said in rows if said == says) for says in (SAME, DIFFERENT))
    )


def standing(conn: Connection, entity: str, records: Iterable[int]) -> dict[Pair, str]:
    """What stands between any two of these records."""
    columns, wanted = constraints.c, set(records)
    said: dict[Pair, str] = {}
    for some in batches(sorted(wanted)):
        statement = select(columns.record_l, columns.record_r, columns.says)
        rows = conn.execute(statement.where(columns.entity == entity, columns.record_l.in_(some)))
        said |= {(left, right): says for left, right, says in rows if right in wanted}
    return said


def decide(
    conn: Connection,
    entity: str,
    pairs: Iterable[tuple[int, int, Says]],
    *,
    answer: str,
    actor: str,
    task: int | None = None,
    note: str | None = None,
) -> int:
    """Write a decision, what it makes of its task, and the text of its note; returns the event. Run in `writing`.

    `pairs`: (record, record, says), says None to take back what stood. No number changes: that is for the caller, or
    for the next link job. Raises UsageError for pairs that are none, Conflict where two records would be decided to be
    the same and to differ, be it by way of others; nothing may be committed then.
    """
    wanted = _ordered(pairs)
    if answer not in ANSWERS:
        raise UsageError(f"{answer!r} is no answer; there is {', '.join(ANSWERS)}")
    before = standing(conn, entity, {record for pair in wanted for record in pair})
    seq = next_seq(conn)
    body = {
        "task": task,
        "answer": answer,
        "pairs": [[*pair, says, before.get(pair)] for pair, says in sorted(wanted.items())],
        "note": write_note(conn, seq, note),
    }
    _write(conn, entity, wanted, seq)
    append_event(conn, kind=DECISION_TAKEN, entity=entity, body=body, actor=actor, seq=seq)
    if task is not None:
        mark_decided(conn, task, answer=answer, seq=seq)
    return seq


def undo(conn: Connection, entity: str, seq: int, *, actor: str, note: str | None = None) -> int:
    """Take back the decision of event `seq`: its pairs say what they said before, its task is open again.

    Returns the new event. Run in `writing`. Raises NotFound if event `seq` is no decision on the entity, Conflict if
    it was undone already, if a later decision stands on one of its pairs, or as `decide` does.
    """
    decision = read_decision(conn, entity, seq)
    _require_standing(conn, decision)
    task = decision.body["task"]
    inverse = [[left, right, before, says] for left, right, says, before in decision.body["pairs"]]
    new = next_seq(conn)
    _write(conn, entity, {(left, right): says for left, right, says, _ in inverse}, new)
    body = {"of": seq, "task": task, "pairs": inverse, "note": write_note(conn, new, note)}
    append_event(conn, kind=DECISION_UNDONE, entity=entity, body=body, actor=actor, seq=new)
    if task is not None:
        mark_open(conn, task, seq=new)
    return new


def read_decision(conn: Connection, entity: str, seq: int) -> Event:
    """The decision taken in event `seq`. Raises NotFound if there is none on this entity."""
    found = select(events).where(events.c.seq == seq, events.c.kind == DECISION_TAKEN, events.c.entity == entity)
    row = conn.execute(found).one_or_none()
    if row is None:
        raise NotFound(f"event {seq} is no decision on {entity}", hint="`mdi history` tells the events.", event=seq)
    return as_event(row._mapping)


def standing_merge(conn: Connection, entity: str, seq: int) -> int | None:
    """`seq` itself if that event is a merge by hand which was not undone, else None."""
    try:
        decision = read_decision(conn, entity, seq)
    except NotFound:
        return None
    return seq if decision.body["answer"] == "merge" and decision.seq not in _since(conn, decision)[1] else None


def _since(conn: Connection, decision: Event) -> tuple[list[Event], set[int]]:
    """The decisions on the same entity after this one, oldest first, and those undone since, this one among them."""
    kinds = (DECISION_TAKEN, DECISION_UNDONE)
    statement = select(events).where(events.c.seq > decision.seq, events.c.kind.in_(kinds))
    rows = conn.execute(statement.where(events.c.entity == decision.entity).order_by(events.c.seq))
    found = [as_event(row) for row in rows.mappings()]
    undone = {event.body["of"] for event in found if event.kind == DECISION_UNDONE}
    return [event for event in found if event.kind == DECISION_TAKEN], undone


def _require_standing(conn: Connection, decision: Event) -> None:
    pairs = {(left, right) for left, right, *_ in decision.body["pairs"]}
    taken, undone = _since(conn, decision)
    if decision.seq in undone:
        raise Conflict(f"the decision of event {decision.seq} was undone already", event=decision.seq)
    for later in taken:
        if later.seq not in undone and any((left, right) in pairs for left, right, *_ in later.body["pairs"]):
            raise Conflict(
                f"the decision of event {later.seq} came later and stands on the same records",
                hint=f"Undo event {later.seq} first.",
                event=later.seq,
            )


def _ordered(pairs: Iterable[tuple[int, int, Says]]) -> dict[Pair, Says]:
    """By pair, the smaller id first, what it shall say."""
    wanted: dict[Pair, Says] = {}
    for one, other, says in pairs:
        pair = _pair(one, other)
        if one == other or says not in (SAME, DIFFERENT, None) or wanted.setdefault(pair, says) != says:
            raise UsageError(f"records {one} and {other} cannot be decided to be {says!r}", records=[one, other])
    return wanted


def _write(conn: Connection, entity: str, wanted: Mapping[Pair, Says], seq: int) -> None:
    columns = constraints.c
    if wanted:
        one = delete(constraints).where(
            columns.entity == entity, columns.record_l == bindparam("left"), columns.record_r == bindparam("right")
        )
        conn.execute(one, [{"left": left, "right": right} for left, right in wanted])
    rows = [
        {"entity": entity, "record_l": left, "record_r": right, "says": says, "event": seq}
        for (left, right), says in wanted.items()
        if says is not None
    ]
    if rows:
        conn.execute(insert(constraints), rows)
    _require_sense(answers(conn, entity, [record for pair in wanted for record in pair]))


def _require_sense(said: Answers) -> None:
    for one, other in sorted(said.apart):
        if one == other:
            raise Conflict(
                f"records decided to be the same as record {one} would also be decided to differ",
                hint="Undo the decision that stands against it first.",
                record=one,
            )


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
