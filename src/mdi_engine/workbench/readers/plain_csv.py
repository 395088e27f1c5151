"""Stretches of CSV in which nothing is doubtful, parsed by Arrow; for all others there is Python's csv module."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from pyarrow import csv

from mdi_engine.workbench.readers.chunks import Header

_BOM = "\ufeff".encode()
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'


def plain_table(text: str, header: Header, separator: str, before: int) -> pa.Table | None:
    """The rows of `text`, whole lines of a CSV, as `Chunk.table` has them, numbered from `before` + 1.

    None where the two parsers might differ (a quote inside a value, a line end within quotes, a blank line …) or a row
    has a fault; and for a table of one column, whose blank lines are rows.
    """
    data = text.encode()
    if len(header.names) == 1 or not _is_plain(data, ord(separator)):
        return None
    names = [str(place) for place in range(len(header.names))]
    try:
        parsed = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            csv.ParseOptions(delimiter=separator),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    rows = parsed.num_rows
    nothing = pa.nulls(rows, pa.string())
    columns = {name: nothing if place is None else parsed.column(place) for name, place in header.places}
    numbers = pa.array(np.arange(before + 1, before + 1 + rows))
    return pa.table({"file_row": numbers, **columns, "other": _others(parsed, header) if header.others else nothing})


def _is_plain(data: bytes, separator: int) -> bool:
    """Whether every line is a row, and every quote opens a value, closes one, or is doubled within one."""
    if data.startswith((_BOM, b"\n", b"\r")) or b"\0" in data or b"\n\n" in data or b"\n\r" in data:
        return False
    if data.count(b"\r") != data.count(b"\r\n"):
        return False
    if _QUOTE not in data:
        return True
    # Padded, so that the first and the last character have neighbours.
    found = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    quotes, ends = np.flatnonzero(found == _QUOTE), np.flatnonzero(found == _LINE_FEED)
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    opens = np.isin(found[opening - 1], (separator, _LINE_FEED, _QUOTE))
    closes = np.isin(found[closing + 1], (separator, _LINE_FEED, _RETURN, _QUOTE))
    one_line = np.searchsorted(ends, opening) == np.searchsorted(ends, closing)
    return bool(opens.all() and closes.all() and one_line.all())


def _others(parsed: pa.Table, header: Header) -> pa.Array:
    names = [header.names[place] for place in header.others]
    rows = zip(*(parsed.column(place).to_pylist() for place in header.others), strict=True)
    return pa.array([json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows], pa.string())
