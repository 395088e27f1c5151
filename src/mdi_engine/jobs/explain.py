"""Why two records were joined, or were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from mdi_engine.errors import NotFound, UsageError, discreet
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.dedupe import read_tables
from mdi_engine.jobs.home import from_columns, home_ledger, in_force
from mdi_engine.jobs.linked import row_of
from mdi_engine.jobs.sheet import hidden
from mdi_engine.jobs.tables import to_records
from mdi_engine.ledger.records import SourceRecord, record_id, records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.subjects import numbers_of
from mdi_engine.ledger.summary import entity_of
from mdi_engine.linkage.explaining.explain import Waterfall, explain
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.training.train import train
from mdi_engine.settings import Settings


def explain_files(
    files: Sequence[Path], model: Model, a: str, b: str, *, encoding: str = "utf-8", separator: str = ","
) -> Waterfall:
    """The waterfall of two rows of the files (`source:record_id`), with parameters trained on these files."""
    records = to_records(read_tables(files, model, encoding=encoding, separator=separator), model)
    left, right = row_of(records, a), row_of(records, b)
    return explain(records, left, right, train(records, model))


def explain_records(settings: Settings, a: str, b: str, *, purpose: str | None = None) -> Waterfall:
    """The waterfall of two records of the home (`source:source_key`), with the parameters in force. That a person's
    were asked for is recorded.

    Raises `NotFound` if there is no such record, `UsageError` if the two are of different entities.
    """
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            entity = _one_entity(conn, a, b)
            _, learned = in_force(settings, conn, entity)
            one, other = (records_by_id(conn, [_record(conn, entity, name)])[0] for name in (a, b))
            numbers = numbers_of(conn, [one.id, other.id]).values()
        record_read(engine, settings, "explain", entity, numbers, purpose=purpose, found=2)
    return explain_two(one, other, learned)


def explain_two(one: SourceRecord, other: SourceRecord, learned: Parameters) -> Waterfall:
    """The waterfall of two records of one entity, as they stand."""
    found = (one, other)
    columns = {
        name: [record.payload.get(str(field.column_in(""))) for record in found]
        for name, field in learned.model.fields.items()
    }
    records = from_columns([r.source for r in found], [r.source_key for r in found], columns)
    return explain(records, 0, 1, learned)


def discreet_waterfall(found: Waterfall) -> Waterfall:
    """The same with numbers of 16 digits hidden, but for one or two digits in which both sides differ."""
    steps = []
    for step in found.steps:
        left, right = hidden(step.left, step.right)
        english, indonesian = discreet(step.english), discreet(step.indonesian)
        steps.append(replace(step, left=left or None, right=right or None, english=english, indonesian=indonesian))
    return replace(found, left=discreet(found.left), right=discreet(found.right), steps=tuple(steps))


def _one_entity(conn: Connection, a: str, b: str) -> str:
    """What both records are, by their sources."""
    sources = [name.partition(":")[0] for name in (a, b)]
    entities = [entity_of(conn, source) for source in sources]
    for source, entity in zip(sources, entities, strict=True):
        if entity is None:
            raise NotFound(f"nothing of a source {source!r} was ingested", hint=_CALLED, source=source)
    if entities[0] != entities[1]:
        raise UsageError(f"{sources[0]} holds {entities[0]} records, {sources[1]} {entities[1]}: they cannot be one")
    return str(entities[0])


def _record(conn: Connection, entity: str, name: str) -> int:
    source, _, key = name.partition(":")
    wanted = record_id(conn, entity, source, key)
    if wanted is None:
        # The key is not repeated: somebody may have given a NIK.
        raise NotFound(f"{source} has no such record", hint=_CALLED, entity=entity, source=source)
    return wanted


_CALLED = "A record is called source:source_key, as `mdi lookup` shows it."
