"""Profile: what a source's newest delivery, or any file of rows, holds and what is wrong with it; column by column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mdi_engine.errors import InputRefused, NotFound, UsageError
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.reference.personal_columns import looks_personal, usual_check
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench.contract import Contract, load_contract, sources
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.landing import newest_delivery
from mdi_engine.workbench.profiling.findings import by_severity, finding
from mdi_engine.workbench.profiling.overview import Asked, Profile, profile_delivery, profile_table, scratch_table
from mdi_engine.workbench.readers.extract import STDIN, Extract, receive
from mdi_engine.workbench.readers.formats import Layout, other_separator
from mdi_engine.workbench.readers.reader import inspect_any, read_names

# So many digits in a row, or in pieces, are a person's number and no name of a column.
_NUMBER = re.compile(r"\d{6}|(?:\d[\s.()\-\u2010-\u2015]*+){10}")


def profile(
    settings: Settings,
    target: str,
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    top: int = 5,
    show_values: bool = False,
    progress: Progress = SILENT,
) -> Profile:
    """Profile `target`: the name of a source, of which the newest delivery is taken, or the path of a file;
    `-` is CSV from standard input.

    `encoding` (where there is no byte-order mark) and `separator` are for a file. `top` values and shapes are given per
    column; no value of a column that its contract calls personal, or that in a file looks so by its name or by long
    numbers in it, unless `show_values` says that the file's may be shown.
    Raises NotFound if there is neither, UsageError for an encoding or separator that is none and for `show_values` of
    a source, ModelError if the contract has faults, InputRefused if the file cannot be read, Locked if the
    workbench is in use.
    """
    if target in sources(pipeline_folders(settings)):
        if show_values:
            raise UsageError(
                f"{target}: the contract of a source says which values are personal; they cannot be asked for",
                hint="Profile the extract file itself, if you may see them.",
            )
        return _of_source(settings, target, top, progress)
    path = Path(target)
    if path == STDIN:
        with TemporaryDirectory(prefix="mdi-") as folder:
            extract = receive(STDIN, Path(folder) / "stdin", encoding)
            layout = Layout("csv", separator)
            return _of_file(extract, layout, read_names(extract, layout), top, show_values, progress)
    if not path.exists():
        known = ", ".join(sources(pipeline_folders(settings)))
        raise NotFound(f"{target}: neither a source ({known}) nor a file.", target=target)
    progress.stage("inspect")
    return _of_file(*_opened(path, encoding, separator), top, show_values, progress)


def _of_source(settings: Settings, source: str, top: int, progress: Progress) -> Profile:
    contract = load_contract(pipeline_folders(settings), source)
    columns = _asked(contract)
    if settings.workbench_path.exists():
        with open_workbench(settings.workbench_path) as con:
            delivery = newest_delivery(con, source)
            if delivery is not None:
                progress.stage("columns", len(columns))
                return profile_delivery(con, contract, delivery, columns, NORMALIZERS, top, progress.advance)
    raise NotFound(f"{source}: nothing was ingested yet.", hint=f"mdi ingest {source} FILE", source=source)


def _asked(contract: Contract) -> list[Asked]:
    return [Asked(name, column.personal, checks=_checks(column.check)) for name, column in contract.columns.items()]


def _of_file(
    extract: Extract, layout: Layout, names: Sequence[str], top: int, show_values: bool, progress: Progress
) -> Profile:
    columns = [
        Asked(name, not show_values and looks_personal(name), not show_values, _checks(usual_check(name)))
        for name in names
    ]
    headless = any(map(_NUMBER.search, names)) and not show_values
    if headless:
        columns = [Asked(f"column {number}", personal=True) for number in range(1, len(names) + 1)]
    other = other_separator(names) if layout.format == "csv" else None
    if other:  # whole rows, whatever their column is called
        columns = [replace(column, personal=not show_values, checks=()) for column in columns]
    progress.stage("read")
    with scratch_table(extract, layout, names) as (con, rejected):
        progress.stage("columns", len(columns))
        found = profile_table(con, extract.path.name, rejected, columns, NORMALIZERS, top, progress.advance)
    wrong = [finding("header_is_data", None, 1, 1)] if headless else []
    if other:
        wrong.append(finding("other_separator", None, found.rows, found.rows, separator=other[0], times=other[1]))
    return replace(found, findings=by_severity([*wrong, *found.findings]))


def _opened(path: Path, encoding: str, separator: str) -> tuple[Extract, Layout, tuple[str, ...]]:
    """The file and the names of its columns; where names are doubled, as groups of columns have them, two lines may be
    the header.
    """
    extract, layout = inspect_any(path, encoding, separator)
    try:
        return extract, layout, read_names(extract, layout)
    except InputRefused as refused:
        if layout.format not in ("xlsx", "html") or "doubled" not in refused.facts:
            raise
        layout = replace(layout, header_rows=2)
        return extract, layout, read_names(extract, layout)


def _checks(check: str | None) -> tuple[str, ...]:
    """The check and, where there is one, its milder sister: `nik_fault` and `nik_warning`."""
    if check is None:
        return ()
    names = dict.fromkeys((check, check.removesuffix("_fault") + "_warning"))
    return tuple(name for name in names if name in NORMALIZERS)
