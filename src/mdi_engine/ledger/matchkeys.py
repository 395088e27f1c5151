"""Match keys: by which blocking keys a record is found again, for each version of the parameters.

A rule is its number in the model; a key is a 64-bit hash, signed or unsigned, stored as signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Select, bindparam, delete, select

from mdi_engine.entities.survivorship import STEWARD
from mdi_engine.ledger.dialect import insert_missing
from mdi_engine.ledger.events import canonical_json
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.schema import deliveries, keyed_records, match_keys, record_versions, source_records

Row = tuple[int, int, int]  # rule, key, record id
_ROWS = 10_000  # rows of one executemany
_HOLDERS = select(match_keys.c.key, match_keys.c.record_id).where(
    match_keys.c.entity == bindparam("of"),
    match_keys.c.parameters_version == bindparam("under"),
    match_keys.c.rule == bindparam("by"),
    match_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_KEYED = select(keyed_records.c.record_id).where(
    keyed_records.c.parameters_version == bindparam("under"),
    keyed_records.c.record_id.in_(bindparam("some", expanding=True)),
)


def write_match_keys(
    conn: Connection, entity: str, parameters_version: int, rows: Iterable[tuple[int, int, int]]
) -> None:
    """Add keys as (rule, key, record_id); those that are there already are passed over.

    Give many rows sorted: sorted insertion into the index is several times faster. Then call `mark_keyed`.
    """
    iterator = iter(rows)
    same = {"entity": entity, "parameters_version": parameters_version}
    while some := list(islice(iterator, _ROWS)):
        values = [
            {**same, "rule": int(rule), "key": _signed(int(key)), "record_id": int(record)}
            for rule, key, record in some
        ]
        conn.execute(insert_missing(conn, match_keys), values)


def mark_keyed(conn: Connection, parameters_version: int, record_ids: Iterable[int]) -> None:
    """Note that all keys of these records are written, also of records that have none."""
    values = [
        {"record_id": record, "parameters_version": parameters_version} for record in sorted(set(map(int, record_ids)))
    ]
    if values:
        conn.execute(insert_missing(conn, keyed_records), values)


def missing_records(conn: Connection, entity: str, parameters_version: int) -> list[int]:
    """Live records whose keys for this version are not all written, ascending: new, changed, or never keyed."""
    return list(conn.execute(_missing(entity, parameters_version)).scalars())


def _missing(entity: str, parameters_version: int) -> Select[int]:
    keyed = select(keyed_records.c.record_id).where(
        keyed_records.c.record_id == source_records.c.id, keyed_records.c.parameters_version == parameters_version
    )
    statement = select(source_records.c.id).where(source_records.c.entity == entity, source_records.c.live)
    return statement.where(~keyed.exists()).order_by(source_records.c.id)


def missing_registered(conn: Connection, entity: str, parameters_version: int) -> list[int]:
    """Those of `missing_records` that were registered last: a registration writes keys, and no file says it is late.

    Corrections of stewards are none: they wait for the next link run.
    """
    newest, known = record_versions.c, source_records.c
    files = (
        select(deliveries.c.files)
        .join(record_versions, newest.delivery == deliveries.c.id)
        .where(newest.record_id == known.id, newest.version == known.version)
    )
    registered = files.scalar_subquery() == canonical_json([])
    statement = _missing(entity, parameters_version).where(known.source != STEWARD, registered)
    return list(conn.execute(statement).scalars())


def missing_among(conn: Connection, parameters_version: int, record_ids: Iterable[int]) -> set[int]:
    """Those of these records whose keys for this version are not all written."""
    wanted, keyed = set(record_ids), set[int]()
    for some in batches(sorted(wanted)):
        keyed |= set(conn.execute(_KEYED, {"under": parameters_version, "some": some}).scalars())
    return wanted - keyed


def candidates(
    conn: Connection, entity: str, rule_keys: Sequence[tuple[int, int]], *, parameters_version: int | None = None
) -> list[int]:
    """Live records that share a (rule, key) pair, ascending, each once. Default: the parameters in force.

    Empty if no parameters are in force.
    """
    if parameters_version is None:
        in_force = parameters_in_force(conn, entity)
        if in_force is None:
            return []
        parameters_version = in_force.version
    by_rule: dict[int, set[int]] = {}
    for rule, key in rule_keys:
        by_rule.setdefault(int(rule), set()).add(_signed(int(key)))
    found: set[int] = set()
    for rule, keys in by_rule.items():
        found |= set(holders(conn, entity, parameters_version, rule, sorted(keys))[1].tolist())
    return sorted(found)


def holders(
    conn: Connection, entity: str, parameters_version: int, rule: int, keys: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which live records hold which of these keys (signed) of a rule: keys and record ids, side by side."""
    found = list[tuple[int, int]]()
    of = {"of": entity, "under": parameters_version, "by": rule}
    for some in batches(keys):
        rows = conn.execute(_HOLDERS, {**of, "keys": some})
        found += map(tuple, rows)  # numpy takes a Row apart a hundred times slower
    held = np.array(found, dtype=np.int64).reshape(-1, 2)
    return held[:, 0], held[:, 1]


def live_ids(conn: Connection, entity: str, after: int, limit: int) -> list[int]:
    """The first `limit` live records whose ids are greater than `after`, ascending."""
    columns = source_records.c
    statement = select(columns.id).where(columns.entity == entity, columns.live, columns.id > after)
    return list(conn.execute(statement.order_by(columns.id).limit(limit)).scalars())


def keys_of(conn: Connection, entity: str, parameters_version: int, record_ids: Sequence[int]) -> set[Row]:
    """The keys of these records as (rule, key, record_id), the key signed."""
    columns, found = match_keys.c, set[Row]()
    of = (columns.entity == entity, columns.parameters_version == parameters_version)
    for some in batches(record_ids):
        rows = conn.execute(
            select(columns.rule, columns.key, columns.record_id).where(*of, columns.record_id.in_(some))
        )
        found.update(map(tuple, rows))
    return found


def drop_keys_of(conn: Connection, entity: str, parameters_version: int, record_ids: Sequence[int]) -> None:
    """Delete the keys and the marks of these records, those of one version."""
    keys, marks = match_keys.c, keyed_records.c
    of = (keys.entity == entity, keys.parameters_version == parameters_version)
    for some in batches(record_ids):
        conn.execute(delete(match_keys).where(*of, keys.record_id.in_(some)))
        conn.execute(
            delete(keyed_records).where(marks.parameters_version == parameters_version, marks.record_id.in_(some))
        )


def drop_match_keys(conn: Connection, entity: str, parameters_version: int, *, limit: int = _ROWS) -> int:
    """Delete the keys of a version no longer wanted, those of some records at a time; returns how many records.

    Call it in a transaction of its own until it returns 0.
    """
    columns = match_keys.c
    of = (columns.entity == entity, columns.parameters_version == parameters_version)
    ids = list(conn.execute(select(columns.record_id).where(*of).distinct().limit(limit)).scalars())
    drop_keys_of(conn, entity, parameters_version, ids)
    return len(ids)


def _signed(key: int) -> int:
    """A 64-bit pattern as the signed number that a BIGINT holds. Raises ValueError beyond 64 bits.

    >>> _signed(2**64 - 1), _signed(5)
    (-1, 5)
    """
    if not -(2**63) <= key < 2**64:
        raise ValueError(f"{key} does not fit 64 bits")
    return key - 2**64 if key >= 2**63 else key
