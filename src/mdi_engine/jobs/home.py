"""What the jobs on a home share: its ledger, an entity's model and parameters, and its records as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Engine

from mdi_engine.entities import ENTITIES, Entity
from mdi_engine.errors import Conflict, InputRefused, NotFound, UsageError
from mdi_engine.ledger.assignment import State
from mdi_engine.ledger.history import resolve
from mdi_engine.ledger.neighbourhood import names_of
from mdi_engine.ledger.parameters import newest_parameters, parameters_in_force
from mdi_engine.ledger.records import as_of_event, projection
from mdi_engine.ledger.store import open_ledger
from mdi_engine.linkage.models import parameters as store
from mdi_engine.linkage.models.model import Model, load_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import MasterRow, MemberRow
from mdi_engine.workbench.standing import deliveries


@contextmanager
def home_ledger(settings: Settings) -> Iterator[Engine]:
    """The home's ledger. Raises `NotFound` if there is none yet: only ingestion makes one."""
    if settings.ledger_url is None and not settings.ledger_path.exists():
        raise NotFound(
            f"{settings.home} holds no ledger: nothing was ingested yet",
            hint="Run `mdi ingest SOURCE FILE`, or name another home with --home.",
            home=str(settings.home),
        )
    engine = open_ledger(settings.ledger_url or settings.ledger_path, blocks=settings.number_blocks)
    try:
        yield engine
    finally:
        engine.dispose()


def require_ledger(settings: Settings, con: duckdb.DuckDBPyConnection) -> None:
    """Raises `Conflict` if the workbench knows deliveries of a ledger that is gone: a new one would number all anew."""
    if settings.ledger_url is not None or settings.ledger_path.exists():
        return
    known = sum(landed.appended for landed in deliveries(con))
    if known:
        raise Conflict(
            f"{settings.home}: the workbench knows {known} deliveries that went into a ledger, and the ledger is gone.",
            hint=f"Put {settings.ledger_path.name} back from a backup. Only where none of its numbers matters: "
            "`mdi ingest --yes` begins a new one.",
            home=str(settings.home),
            deliveries=known,
        )


def entity_named(name: str) -> Entity:
    """The entity, or `UsageError` naming those there are."""
    if name not in ENTITIES:
        raise UsageError(f"{name!r} is no entity; there is {', '.join(ENTITIES)}")
    return ENTITIES[name]


def entity_of_number(conn: Connection, number: str) -> str:
    """Which entity issued a number. Raises `NotFound` if none ever did."""
    for entity in ENTITIES:
        try:
            resolve(conn, entity, number)
        except NotFound:
            continue
        return entity
    raise NotFound("no such number was ever issued", hint="Look it up by what you know: `mdi lookup`.")


def entity_model(settings: Settings, entity: str) -> Model:
    """The entity's linkage model: `models/<entity>.toml` in the home if it is there, else the shipped one."""
    own = settings.home / "models" / f"{entity}.toml"
    return load_model(own if own.is_file() else entity_named(entity).model_path)


@dataclass(frozen=True)
class Projected:
    """An entity's live records as of event `event`: `ids[row]` is the ledger's record id of a row."""

    records: Records
    ids: np.ndarray[Any, np.dtype[np.int64]]
    event: int


def projected(conn: Connection, entity: str, model: Model) -> Projected:
    """Read the live records. Raises `InputRefused` if there is none."""
    fields = sorted({_canonical(entity, field.column_in("")) for field in model.fields.values()})
    table = projection(conn, entity, fields)
    if not table.num_rows:
        raise InputRefused(f"{entity}: the ledger holds no live record", hint="Run `mdi ingest` first.", entity=entity)
    columns = {name: table.column(str(field.column_in(""))) for name, field in model.fields.items()}
    records = from_columns(_texts(table, "source"), _texts(table, "source_key"), columns)
    return Projected(records, np.asarray(table.column("record_id")), as_of_event(table))


def _texts(table: pa.Table, name: str) -> list[str]:
    return [str(value) for value in table.column(name).to_pylist()]


def _canonical(entity: str, column: str | None) -> str:
    known = entity_named(entity).field_names
    if column not in known:
        raise UsageError(
            f"the model of {entity} names column {column!r}; canonical fields are {', '.join(known)}",
            hint="A registry's model maps every field to one canonical field.",
        )
    return column


def from_columns(sources: Sequence[str], keys: Sequence[str], columns: Mapping[str, Any]) -> Records:
    """Canonical columns (by field of the model) as records."""
    return build(sources, keys, {name: encode(column) for name, column in columns.items()}, ())


def master_rows(conn: Connection, state: State) -> tuple[list[MasterRow], list[MemberRow]]:
    """Masters by number and members by record id, as the workbench copies them.

    Only link jobs change them: a record that was withdrawn since the last one is still a member.
    """
    masters = [MasterRow(m.number, m.status, m.redirect_to, m.split_from) for _, m in sorted(state.masters.items())]
    names = names_of(conn, state.memberships)
    members = [MemberRow(n, r, *names[r]) for r, n in sorted(state.memberships.items())]
    return masters, members


def parameters_folder(settings: Settings, entity: str, version: int) -> Path:
    """Where a version of an entity's parameters lies."""
    return settings.parameters_path / entity / f"{version:04d}"


def newest(settings: Settings, conn: Connection, entity: str) -> tuple[int, Parameters]:
    """The parameters trained last, checked against the ledger. Raises `NotFound` before the first training."""
    found = newest_parameters(conn, entity)
    if found is None:
        raise NotFound(f"{entity} was never trained", hint=f"Run `mdi train {entity}`.", entity=entity)
    return found.version, _load(settings, entity, found.version, found.digest)


def in_force(settings: Settings, conn: Connection, entity: str) -> tuple[int, Parameters]:
    """The parameters that the last link job put in force. Raises `NotFound` before the first one."""
    found = parameters_in_force(conn, entity)
    if found is None:
        raise NotFound(f"{entity} was never linked", hint=f"Run `mdi train {entity}`, then `mdi link {entity}`.")
    return found.version, _load(settings, entity, found.version, found.digest)


def holds(folder: Path, digest: str) -> bool:
    """Whether the parameters in the folder can be read and have this digest."""
    try:
        return store.load(folder).digest() == digest
    except InputRefused:
        return False


def _load(settings: Settings, entity: str, version: int, digest: str) -> Parameters:
    folder = parameters_folder(settings, entity, version)
    loaded = store.load(folder)
    if loaded.digest() != digest:
        raise InputRefused(
            f"{folder} is not what was trained: the ledger knows version {version} by another digest",
            hint="Restore the folder from a backup, or train again.",
            folder=str(folder),
        )
    return loaded
