"""Which parameters were trained, and which are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from mdi_engine.errors import NotFound
from mdi_engine.ledger.events import append_event, next_seq
from mdi_engine.ledger.schema import parameters

PARAMETERS_TRAINED = "parameters-trained"
PARAMETERS_SWITCHED = "parameters-switched"


@dataclass(frozen=True, slots=True)
class ParametersVersion:
    """A version of an entity's parameters, from 1. `digest` is the hash of what training wrote, its date aside."""

    entity: str
    version: int
    digest: str
    event: int
    in_force_since: int | None


def record_parameters(conn: Connection, entity: str, digest: str) -> ParametersVersion:
    """Record trained parameters as the next version; if the newest have this digest, give those and write nothing."""
    newest = newest_parameters(conn, entity)
    if newest is not None and newest.digest == digest:
        return newest
    version, seq = (newest.version if newest else 0) + 1, next_seq(conn)
    row = {"entity": entity, "version": version, "digest": digest, "event": seq, "in_force_since": None}
    conn.execute(insert(parameters), [row])
    body = {"version": version, "digest": digest}
    append_event(conn, kind=PARAMETERS_TRAINED, entity=entity, body=body, seq=seq)
    return ParametersVersion(entity, version, digest, seq, None)


def newest_parameters(conn: Connection, entity: str) -> ParametersVersion | None:
    """The version trained last, in force or not; None before the first training."""
    return _first(conn, _NEWEST, entity)


def parameters_in_force(conn: Connection, entity: str) -> ParametersVersion | None:
    """The version that link jobs and look-ups use; None before the first switch."""
    return _first(conn, _IN_FORCE, entity)


def switch_parameters(conn: Connection, entity: str, version: int) -> bool:
    """Put `version` in force; False, and no event, if it is already. Write its match keys first.

    Raises NotFound for a version that was not recorded.
    """
    in_force = parameters_in_force(conn, entity)
    if in_force is not None and in_force.version == version:
        return False
    chosen = _first(conn, _VERSIONS.where(parameters.c.version == version), entity)
    if chosen is None:
        raise NotFound(
            f"{entity} has no parameters version {version}.", hint=f"Run `mdi train {entity}`.", version=version
        )
    body = {"version": version, "digest": chosen.digest}
    seq = append_event(conn, kind=PARAMETERS_SWITCHED, entity=entity, body=body)
    of = (parameters.c.entity == entity, parameters.c.version == version)
    conn.execute(update(parameters).where(*of).values(in_force_since=seq))
    return True


_SINCE = parameters.c.in_force_since
_VERSIONS = (
    select(parameters.c.entity, parameters.c.version, parameters.c.digest, parameters.c.event, _SINCE)
    .where(parameters.c.entity == bindparam("of"))
    .limit(1)
)
_NEWEST = _VERSIONS.order_by(parameters.c.version.desc())
_IN_FORCE = _VERSIONS.where(_SINCE.is_not(None)).order_by(_SINCE.desc())


def _first(conn: Connection, statement: Select[Any], entity: str) -> ParametersVersion | None:
    row = conn.execute(statement, {"of": entity}).one_or_none()
    return None if row is None else ParametersVersion(*row)
