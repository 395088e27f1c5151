"""A linkage as a page of pictures: of tables just linked, or of an entity of the home as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mdi_engine.jobs.evaluate import read_truth
from mdi_engine.jobs.home import Projected, entity_named, home_ledger, in_force, projected
from mdi_engine.jobs.masks import masks, names
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.figures.curves import UNNAMED
from mdi_engine.linkage.figures.figures import Figures, figures
from mdi_engine.linkage.figures.near import as_it_is
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import score
from mdi_engine.pages.report import write_report
from mdi_engine.pages.shell import check_page
from mdi_engine.settings import Settings

if TYPE_CHECKING:
    from mdi_engine.jobs.linked import Linked

# Whose records are about persons; of other entities every value may be shown, as `mdi explain` does.
PERSONS = frozenset({"patient", "practitioner"})


def figures_of(linked: Linked, *, show_values: bool = False) -> Figures:
    """The numbers of a linkage of tables. Values in waterfalls are masked (`masks`) unless `show_values`."""
    records, learned = linked.records, linked.parameters
    truth = None if linked.truth is None else records.columns[linked.truth].codes.astype(np.int64)
    label = linked.clusters.label
    if show_values:
        return figures(records, learned, linked.edges, label, truth=truth)
    shown, named = masks(records, learned.model), names(records, learned.model)
    return figures(records, learned, linked.edges, label, truth=truth, shown=shown, named=named)


def write_linked(linked: Linked, path: Path, *, show_values: bool = False, flag: str = "report") -> None:
    """Write the page of a linkage of tables. Raises `UsageError` if its name is no page's, `MdiError` if it cannot be
    written.
    """
    check_page(path, flag)
    write_report(figures_of(linked, show_values=show_values), path, flag)


def figures_of_entity(
    settings: Settings,
    entity: str,
    *,
    truth: Path | None = None,
    show_values: bool = False,
    progress: Progress = SILENT,
) -> Figures:
    """The numbers of an entity: its live records weighed with the parameters in force, and its masters as they stand.

    `truth` is a file as `mdi evaluate` takes it. Values of patients and practitioners are masked unless `show_values`.
    Raises `NotFound` before the first link job, `InputRefused` if the truth cannot be read.
    """
    entity_named(entity)
    with home_ledger(settings) as engine, reading(engine) as conn:
        _, learned = in_force(settings, conn, entity)
        data = projected(conn, entity, learned.model)
        label = _labels(data, read_state(conn, entity).memberships)
    labels = None if truth is None else _true(data.records, truth)
    progress.stage("score")
    edges = score(data.records, learned, note=progress.advance)
    progress.stage("report")
    shown = as_it_is if show_values or entity not in PERSONS else masks(data.records, learned.model)
    # A record of the home is called as `mdi explain` calls it: no reference of the ledger shows a NIK.
    return figures(data.records, learned, edges, label, truth=labels, shown=shown)


def _true(records: Records, path: Path) -> Ints:
    """The entity of each row as the file says."""
    true = read_truth(path)
    named = zip((records.sources[code] for code in records.source.tolist()), records.keys, strict=True)
    return _numbered([None if said is None else said.label for said in map(true.get, named)])


def _labels(data: Projected, members: Mapping[int, str]) -> Ints:
    """The cluster of each row by its master; a record that waits for the next link job is one of its own."""
    return _numbered([members.get(record, f"waiting {record}") for record in data.ids.tolist()])


def _numbered(labels: list[str | None] | list[str]) -> Ints:
    """Labels as whole numbers from 0; None as `UNNAMED`."""
    number = {label: place for place, label in enumerate(sorted({label for label in labels if label is not None}))}
    return np.array([UNNAMED if label is None else number[label] for label in labels], dtype=np.int64)
