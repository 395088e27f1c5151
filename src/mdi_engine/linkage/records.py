"""Records as arrays: every field becomes whole-number codes plus a dictionary of its distinct values.

Strings are touched once per distinct value; the rest of the core moves 32-bit codes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
_SURROGATE = re.compile("[\ud800-\udfff]")
Normalizer = Callable[[str | None], str | None]


@dataclass(frozen=True)
class Column:
    """One field of all records. `codes[row]` indexes `values`; -1 is missing, and missing equals nothing.

    `values` is sorted, so codes do not depend on the order of rows.
    """

    codes: Codes
    values: tuple[str, ...]

    def text(self, row: int) -> str | None:
        """The value of a row, None if missing."""
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]


@dataclass(frozen=True)
class Records:
    """Records of one or several sources. `sources[source[row]]` and `keys[row]` name a row; `rank` orders rows.

    `rank[row]` is the row's place in the order of (source, key) — or, when rows have no key of their own, of the
    hash of what is compared — so that no result depends on the order in which rows arrived.
    """

    sources: tuple[str, ...]
    source: Codes
    keys: tuple[str, ...]
    columns: Mapping[str, Column]
    rank: Rows

    def __len__(self) -> int:
        return len(self.keys)

    def name(self, row: int) -> str:
        """`source:key` of a row, as `mdi explain` takes it."""
        return f"{self.sources[self.source[row]]}:{self.keys[row]}"

    def find(self, name: str) -> int | None:
        """The row called `source:key`, or None."""
        for row, key in enumerate(self.keys):
            if name.endswith(key) and self.name(row) == name:
                return row
        return None

    def total_pairs(self, between: bool) -> int:
        """How many pairs there are: all, or only those between different sources."""
        n = len(self)
        total = n * (n - 1) // 2
        if not between:
            return total
        counts = np.bincount(self.source, minlength=len(self.sources)).astype(object)
        return int(total - sum(int(c) * (int(c) - 1) // 2 for c in counts))


def encode(values: Sequence[str | None] | Any, normalize: Normalizer | None = None) -> Column:
    """Encode texts, a sequence or an Arrow column, through `normalize` once per distinct value if given.

    None and empty text are missing. Lone surrogates, which are no characters, become U+FFFD.
    """
    chunked: Any = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([_array(values)])
    packed: Any = chunked.cast(pa.string()).combine_chunks().dictionary_encode()
    raw = np.asarray(packed.indices.fill_null(-1), dtype=np.int64)
    texts = [(normalize(text) if normalize else text) or None for text in packed.dictionary.to_pylist()]
    ordered = tuple(sorted({text for text in texts if text is not None}))
    position = {text: code for code, text in enumerate(ordered)}
    # One more slot at the end: the code -1 of a missing value reads it.
    table = np.array([*(position.get(text, -1) if text is not None else -1 for text in texts), -1], dtype=np.int32)
    codes = table[raw]
    used = np.zeros(len(ordered), dtype=bool)
    used[codes[codes >= 0]] = True
    return Column(codes, ordered) if used.all() else _drop_unused(codes, ordered, used)


def _array(values: Any) -> Any:
    if isinstance(values, pa.Array):
        return values
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if text is None else _SURROGATE.sub("\ufffd", text) for text in values], pa.string())


def _drop_unused(codes: Codes, values: tuple[str, ...], used: npt.NDArray[np.bool_]) -> Column:
    table = np.append(np.cumsum(used) - 1, -1).astype(np.int32)
    return Column(table[codes], tuple(value for value, keep in zip(values, used, strict=True) if keep))


def build(
    sources: Sequence[str],
    keys: Sequence[str] | None,
    columns: Mapping[str, Column],
    compared: Sequence[str],
) -> Records:
    """Put columns together. `sources[row]` names each row's source; `keys` None means rows are numbered from 1.

    Without keys, or where a key stands twice in a source, `rank` follows the hash of the `compared` fields, then
    (for rows that are alike in all of them, where it cannot matter which is which) the row number.
    """
    source_names = tuple(sorted(set(sources)))
    position = {name: code for code, name in enumerate(source_names)}
    source = np.array([position[name] for name in sources], dtype=np.int32)
    if keys is not None:
        named = tuple(keys)
        held = Counter(zip(source.tolist(), named, strict=True))
        order = sorted(
            range(len(named)),
            key=lambda row: (
                (source[row], named[row]),
                _digest(columns, compared, row) if held[source[row], named[row]] > 1 else b"",
            ),
        )
    else:
        named = _row_numbers(source, len(source_names))
        order = sorted(range(len(source)), key=lambda row: (source[row], _digest(columns, compared, row)))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Records(source_names, source, named, dict(columns), rank)


def _row_numbers(source: Codes, count: int) -> tuple[str, ...]:
    numbers = np.zeros(len(source), dtype=np.int64)
    for code in range(count):
        rows = np.flatnonzero(source == code)
        numbers[rows] = np.arange(1, len(rows) + 1)
    return tuple(str(number) for number in numbers)


def _digest(columns: Mapping[str, Column], fields: Sequence[str], row: int) -> bytes:
    """A fixed hash of a row's texts, in which NULL, empty and moved field borders all differ."""
    state = hashlib.blake2b(digest_size=16)
    for value in (columns[field].text(row) for field in fields):
        data = b"" if value is None else value.encode("utf-8", "surrogatepass")
        state.update(b"\x00" if value is None else b"\x01" + len(data).to_bytes(8, "big"))
        state.update(data)
    return state.digest()
