"""Any extract to Arrow tables, row by row exact: what was read is a row, or a fault with its reason.

One module per format reads; `chunks` says what all of them give. Text stays as it is, and no value that names somebody
passes through a number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from mdi_engine.workbench.readers import reader_csv, reader_excel, reader_html, reader_json, reader_parquet
from mdi_engine.workbench.readers.chunks import Chunk
from mdi_engine.workbench.readers.extract import Extract, inspect
from mdi_engine.workbench.readers.formats import Format, Layout, format_of

_READERS: dict[Format, ModuleType] = {
    "csv": reader_csv,
    "xlsx": reader_excel,
    "html": reader_html,
    "json": reader_json,
    "jsonl": reader_json,
    "parquet": reader_parquet,
}


def read_names(extract: Extract, layout: Layout, wanted: Collection[str] = ()) -> tuple[str, ...]:
    """Column names of the header; of JSON, all names that stand in its records, in order of appearance.

    Raises InputRefused if a name is doubled or the header is not readable. A file without a header has a person's row
    in its place: of its names, messages show those `wanted` alone.
    """
    names: tuple[str, ...] = _READERS[layout.format].read_names(extract, layout, wanted)
    return names


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str] = ()
) -> Iterator[Chunk]:
    """All rows of the file in order, in chunks of bounded size. `wanted` columns, of which `required` must be there.

    A cell of one of the `codes` that is a number which may have lost digits is a fault of its column. Raises UsageError
    if the separator is not one of `Separator`; InputRefused if the file is not of the format, a required column is
    missing or a header name is doubled. Of the header, messages show the `wanted` names alone.
    """
    chunks: Iterator[Chunk] = _READERS[layout.format].read_chunks(extract, layout, wanted, required, codes)
    return chunks


def inspect_any(path: Path, encoding: str = "utf-8", separator: str = ",") -> tuple[Extract, Layout]:
    """A file without a contract, sound, with the layout that its name and content suggest (`format_of`).

    `encoding` and `separator` hold where its format has them; of a workbook it is the first sheet; of a JSON document
    the first list in it. Raises as `inspect` does.
    """
    extract = inspect(path, encoding, format=format_of(path))
    layout = Layout(extract.format, separator)
    if layout.format == "json":
        layout = Layout("json", records=reader_json.first_list(extract))
    return extract, layout
