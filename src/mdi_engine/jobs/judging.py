"""One pair at a time: what both records say, and why the pair weighs what it weighs. Each answer is kept at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mdi_engine.jobs.answers import check_answers, check_home
from mdi_engine.jobs.clerical import Design, read_design
from mdi_engine.jobs.explain import discreet_waterfall
from mdi_engine.jobs.home import from_columns, home_ledger, in_force
from mdi_engine.jobs.sheet import Row, answer_of, read_sheet, write_sheet
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.clerical import Answer
from mdi_engine.linkage.explaining.explain import Waterfall, explain
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.settings import Settings


@dataclass
class Judging:
    """A file being answered. `rows` as in the file; row k of the file is about rows 2k and 2k + 1 of `records`."""

    path: Path
    rows: list[Row]
    records: Records
    learned: Parameters

    def waiting(self) -> list[int]:
        """Places of the rows without an answer."""
        return [place for place, row in enumerate(self.rows) if not row.answer]

    def answer(self, place: int, answer: Answer | None) -> None:
        """Keep an answer, or take it back, in the file too: what was answered survives a power cut."""
        self.rows[place] = self.rows[place].answered(answer)
        write_sheet(self.rows, self.path)

    def waterfall(self, place: int) -> Waterfall:
        """Why the pair weighs what it weighs; numbers of 16 digits hidden as in the file."""
        return discreet_waterfall(explain(self.records, 2 * place, 2 * place + 1, self.learned))


def judging(settings: Settings, entity: str, path: Path) -> Judging:
    """Open a file that `draw_entity` wrote, answered in part or not at all. Raises as `evaluate_answers` does."""
    design, rows = read_design(path), read_sheet(path)
    check_answers(path, design, entity, rows, whole=False)
    by_pair = {row.pair: row for row in rows}
    rows = [by_pair[pair.pair] for pair in design.pairs]
    rows = [row.answered(answer_of(row.answer)) for row in rows]
    return Judging(path, rows, *_records(settings, design))


def _records(settings: Settings, design: Design) -> tuple[Records, Parameters]:
    """The drawn records, two for each pair, as they are now, and the parameters in force."""
    wanted = [record for pair in design.pairs for record in pair.records]
    with home_ledger(settings) as engine, reading(engine) as conn:
        check_home(settings, conn, design)
        _, learned = in_force(settings, conn, design.entity)
        held = {record.id: record for record in records_by_id(conn, sorted(set(wanted)))}
    found = [held[record] for record in wanted]
    columns = {
        name: [record.payload.get(str(field.column_in(""))) for record in found]
        for name, field in learned.model.fields.items()
    }
    return from_columns([r.source for r in found], [r.source_key for r in found], columns), learned
