"""The shape of a value: `9` for a digit, `A` and `a` for letters, all else as it stands; long runs are counted.

A **mask** has one character for each of the value (`3171 B` → `9999 A`). It is what DuckDB groups by; a shape is a mask
with its runs folded, made for the few masks that are shown.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import sqltypes
from duckdb.func import ARROW, SPECIAL

# Longer shapes are cut: nobody reads on, and a shape of a whole address tells little.
_LONGEST = 60
_RUN = re.compile(r"9{5,}|A{3,}|a{3,}")
_ASCII = np.array([ord("9" if chr(c).isdigit() else "A" if 65 <= c <= 90 else "a" if 97 <= c <= 122 else chr(c))
                   for c in range(128)], np.uint8)  # fmt: skip


def mask(text: str) -> str:
    """As many characters as the value has. Letters of scripts without capitals, and marks, are `a`.

    >>> mask("Émilie, 12 July"), mask("3171-R")
    ('Aaaaaa, 99 Aaaa', '9999-A')
    """
    return "".join(map(_kind, text))


def shape(mask: str) -> str:
    """A mask with runs of five or more digits, or three or more letters of a case, folded; at most 60 characters.

    >>> shape("9999999999999999"), shape("99/99/9999"), shape("AAA9999999999A9")
    ('9{16}', '99/99/9999', 'A{3}9{10}A9')
    """
    folded = _RUN.sub(lambda run: f"{run[0][0]}{{{len(run[0])}}}", mask[: 20 * _LONGEST])
    return folded if len(folded) <= _LONGEST else folded[: _LONGEST - 1] + "…"


def register_mask(con: duckdb.DuckDBPyConnection) -> None:
    """Make `mask` an SQL function of this connection; NULL gives NULL."""
    con.create_function("mask", masks, [sqltypes.VARCHAR], sqltypes.VARCHAR, type=ARROW, null_handling=SPECIAL)


# ChunkedArray in, Array out; not annotated so, because DuckDB evaluates annotations and those types take no index.
def masks(values: Any) -> Any:
    """`mask` of each text of a chunked Arrow array. ASCII, which is nearly all there is, goes through a table."""
    texts = values.combine_chunks().cast(pa.string())
    valid, offsets, data = texts.buffers()
    held = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    if held.size and held.max() >= 128:
        return pa.array([None if text is None else mask(text) for text in texts.to_pylist()], pa.string())
    masked = pa.py_buffer(_ASCII[held])
    return pa.StringArray.from_buffers(len(texts), offsets, masked, valid, texts.null_count, texts.offset)


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Lu", "Lt"):
        return "A"
    return "a" if category[0] in "LM" else "9" if category == "Nd" else character
