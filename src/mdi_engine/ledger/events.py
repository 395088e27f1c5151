"""Events: append-only, each holding the hash of the one before. They hold references and hashes, never values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from mdi_engine.ledger import counters
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.schema import events

GENESIS = "0" * 64
MACHINE = "mdi"
_ADD = insert(events)
_HASH = select(events.c.hash).where(events.c.seq == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Event:
    """One decision or arrival. `at` is UTC in ISO 8601; `body` is JSON data whose shape belongs to `kind`."""

    seq: int
    at: str
    kind: str
    entity: str
    actor: str
    body: Mapping[str, Any]
    prev_hash: str
    hash: str


def canonical_json(value: object) -> str:
    """JSON in one way only: sorted keys, no spaces, ASCII, no NaN.

    >>> canonical_json({"b": [1, None], "a": "é"})
    '{"a":"\\\\u00e9","b":[1,null]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """The hash of a text in hexadecimal.

    >>> sha256("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> str:
    """The time in UTC with microseconds, as it goes into hashes."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_hash(seq: int, at: str, kind: str, entity: str, actor: str, body: str, prev_hash: str) -> str:
    """sha256 over the hash before and everything the event says; `body` is its canonical JSON as stored."""
    return sha256(prev_hash + "\n" + canonical_json([seq, at, kind, entity, actor, body]))


def access_hash(
    seq: int,
    at: str,
    actor: str,
    purpose: str,
    action: str,
    entity: str,
    numbers: str,
    asked: str | None,
    outcome: str,
    prev_hash: str,
) -> str:
    """`event_hash` of the other chain, that of accesses; `numbers` is canonical JSON as stored."""
    return sha256(prev_hash + "\n" + canonical_json([seq, at, actor, purpose, action, entity, numbers, asked, outcome]))


def append_event(
    conn: Connection, *, kind: str, entity: str, body: Mapping[str, Any], actor: str = MACHINE, seq: int | None = None
) -> int:
    """Append an event and return its number. `seq` is one that `next_seq` gave in the same transaction.

    `body` must hold no personal value. The chain is held from here (or from `next_seq`) to the end of the transaction.
    """
    seq = next_seq(conn) if seq is None else seq
    prev_hash = head_hash(conn, seq - 1)
    at, text = now(), canonical_json(body)
    row = {"seq": seq, "at": at, "kind": kind, "entity": entity, "actor": actor, "body": text, "prev_hash": prev_hash}
    digest = event_hash(seq, at, kind, entity, actor, text, prev_hash)
    conn.execute(_ADD, {**row, "hash": digest})
    return seq


def next_seq(conn: Connection) -> int:
    """The number of the event this transaction is about to append; it must append it, or roll back."""
    return counters.take(conn, "event")


def head(conn: Connection) -> int:
    """The number of the newest event; 0 in a new ledger. "As of event n" means this."""
    return counters.peek(conn, "event")


def head_hash(conn: Connection, seq: int) -> str:
    """The hash of event `seq`; of event 0, which does not exist, 64 zeros."""
    if seq == 0:
        return GENESIS
    digest: str = conn.execute(_HASH, {"of": seq}).scalar_one()
    return digest


def read_events(conn: Connection, *, after: int = 0, until: int | None = None) -> Iterator[Event]:
    """All events after `after`, up to `until` if it is given, in order. Read them to the end."""
    statement = select(events).where(events.c.seq > after).order_by(events.c.seq)
    if until is not None:
        statement = statement.where(events.c.seq <= until)
    for row in conn.execute(statement, execution_options=STREAMED):
        yield as_event(row._mapping)


def as_event(row: Mapping[Any, Any]) -> Event:
    """A row of the table `events`, its body parsed."""
    return Event(**{**row, "body": json.loads(row["body"])})


def to_ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ids as inclusive ranges, ascending, the short form in which events hold them.

    >>> to_ranges([3, 1, 2, 7])
    [[1, 3], [7, 7]]
    """
    ranges: list[list[int]] = []
    for value in sorted(ids):
        if ranges and ranges[-1][1] == value - 1:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    return ranges


def from_ranges(ranges: Iterable[Iterable[int]]) -> Iterator[int]:
    """The ids of `to_ranges`, ascending.

    >>> list(from_ranges([[1, 3], [7, 7]]))
    [1, 2, 3, 7]
    """
    for first, last in ranges:
        yield from range(first, last + 1)
