"""Why two records were joined, or were not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mdi_engine.errors import NotFound
from mdi_engine.jobs.dedupe import read_tables
from mdi_engine.jobs.home import entity_named, from_columns, home_ledger, in_force
from mdi_engine.jobs.tables import to_records
from mdi_engine.ledger.records import SourceRecord, record_id, records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.explain import Waterfall, explain
from mdi_engine.linkage.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.train import train
from mdi_engine.settings import Settings


def explain_files(
    files: Sequence[Path], model: Model, a: str, b: str, *, encoding: str = "utf-8", separator: str = ","
) -> Waterfall:
    """The waterfall of two rows of the files (`source:record_id`), with parameters trained on these files."""
    records = to_records(read_tables(files, model, encoding=encoding, separator=separator), model)
    left, right = _row(records, a), _row(records, b)
    return explain(records, left, right, train(records, model))


def _row(records: Records, name: str) -> int:
    row = records.find(name)
    if row is None:
        raise NotFound(
            f"there is no record {name!r}; sources are {', '.join(records.sources)}",
            hint="A record is called source:record_id; without a key, record_id is its data row, from 1.",
        )
    return row


def explain_records(settings: Settings, entity: str, a: str, b: str) -> Waterfall:
    """The waterfall of two records of the home (`source:source_key`), with the parameters in force."""
    entity_named(entity)
    with home_ledger(settings) as engine, reading(engine) as conn:
        _, learned = in_force(settings, conn, entity)
        found: list[SourceRecord] = []
        for name in (a, b):
            source, _, key = name.partition(":")
            wanted = record_id(conn, entity, source, key)
            if wanted is None:
                raise NotFound(
                    f"{entity} has no record {name!r}", hint="A record is called source:source_key.", entity=entity
                )
            found += records_by_id(conn, [wanted])
    columns = {
        name: [record.payload.get(str(field.column_in(""))) for record in found]
        for name, field in learned.model.fields.items()
    }
    records = from_columns([r.source for r in found], [r.source_key for r in found], columns)
    return explain(records, 0, 1, learned)
