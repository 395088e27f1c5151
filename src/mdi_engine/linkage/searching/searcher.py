"""One record against many: who may it be, with the weight and the levels that a batch would give each pair.

Everything is laid out once and stays warm; new records are put behind the others without building anew. Whether two
records are candidates, and what they weigh, is a function of the two and of the parameters, so what is searched one
by one and what is linked at once agree to the last millibit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from mdi_engine.linkage.kernels import one
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.linkage.searching.asking import Key, KeyMaker, Values
from mdi_engine.linkage.searching.index import KeyIndex
from mdi_engine.linkage.searching.labels import Crowded
from mdi_engine.linkage.searching.shelf import Shelves
from mdi_engine.linkage.weights.compare import Small

R = TypeVar("R")
_Row = dict[str, str | None]
_SURROGATE = re.compile("[\ud800-\udfff]")
_KEPT = 1024  # candidates kept at first; more if so many reach the weight
_MOST = 1 << 60
_MOST_CALLS = (1 << 31) - 2


@dataclass(frozen=True)
class Hit:
    """A row that may be meant. `weight` in millibits, prior included; `levels[b]` is the level of the model's block b.

    `way` is the first way that finds the pair: a blocking rule's number, or the number of rules for rarity.
    """

    row: int
    weight: int
    levels: tuple[int, ...]
    way: int


@dataclass(frozen=True)
class Found:
    """Hits, best first, and how many reached the weight asked for; `compared` counts all candidates.

    `row` is the number of the record itself if it was put in.
    """

    hits: tuple[Hit, ...]
    reached: int
    compared: int
    row: int | None = None


class Searcher:
    """Records with an index, in memory, under one set of parameters. For one thread at a time.

    Rows keep their numbers; those that are added follow them. `values` are those that the columns hold, by field.
    """

    def __init__(self, records: Records, parameters: Parameters) -> None:
        self.parameters = parameters
        self._keys = KeyMaker(parameters)
        self._sources = {name: code for code, name in enumerate(records.sources)}
        self._added: list[tuple[str, str, _Row]] = []
        self._between = parameters.model.pairs == "between"
        self._call = 0
        self._build(records)
        self._index = KeyIndex(records, parameters)

    def __len__(self) -> int:
        return len(self._records) + len(self._added)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, without the texts of the values, which belong to the records."""
        return self._shelves.laid.nbytes + self._index.nbytes + sum(array.nbytes for array in self._out)

    def search(
        self, values: Values, *, limit: int | None = 10, least: int | None = None, source: str | None = None
    ) -> Found:
        """The rows that the values may mean, from `least` millibits up (default: the review threshold).

        At most `limit` of them. A field not given, None or empty is missing. Where the model pairs records between
        sources only, `source` is whose record it is, and no row of it is a candidate; None: of a source of its own.
        """
        asked = _clean(values)
        return self._roomy(lambda: self._search(asked, limit, least, source))

    def add(self, values: Values, *, source: str, key: str, limit: int | None = 10, least: int | None = None) -> Found:
        """Search as `search` does, then put the record in: its row is `Found.row`."""
        asked = _clean(values)
        return self._roomy(lambda: self._search(asked, limit, least, source, key))

    def text(self, row: int, field: str) -> str | None:
        """A value of a row."""
        base = len(self._records)
        return self._records.columns[field].text(row) if row < base else self._added[row - base][2].get(field)

    def name(self, row: int) -> tuple[str, str]:
        """Source and key of a row."""
        base = len(self._records)
        if row < base:
            return self._records.sources[self._records.source[row]], self._records.keys[row]
        return self._added[row - base][:2]

    def take(self, rows: Sequence[int], more: Sequence[tuple[str, str, Values]] = ()) -> Records:
        """These rows as records of their own, and behind them `more` (source, key, values)."""
        names = [*map(self.name, rows), *((source, key) for source, key, _ in more)]
        columns = {
            field: encode([*(self.text(row, field) for row in rows), *(_clean(v).get(field) for _, _, v in more)])
            for field in self._records.columns
        }
        return build([s for s, _ in names], [k for _, k in names], columns, sorted(self._records.columns))

    def _build(self, records: Records) -> None:
        self._records = records
        self._shelves = Shelves(records, self.parameters)
        rows, blocks = len(self._shelves.laid.shelf.code), len(self._shelves.laid.pairs)
        self._place_of = np.argsort(self._shelves.laid.order).tolist()
        self._out = one.Out(
            **_kept(_KEPT, blocks),
            found=np.empty(2 * rows, dtype=np.int32),
            found_way=np.empty(rows, dtype=np.int32),
            seen=np.zeros(rows, dtype=np.int32),
            tally=np.zeros(rows, dtype=np.int32),
            ahead=np.zeros(blocks + 1, dtype=np.int64),
        )
        self._call = 0

    def _roomy(self, ask: Callable[[], R]) -> R:
        """Ask; where there is no room for one more record, lay everything out anew first."""
        try:
            return ask()
        except Crowded:
            self._shelves.drop()
            self._build(self._all())
            self._added = []
            return ask()

    def _all(self) -> Records:
        """All records as one; what was added comes last."""
        old, fresh = self._records, self._added
        columns = {}
        for field, column in old.columns.items():
            codes = pa.array(column.codes, mask=column.codes < 0)
            held = pa.DictionaryArray.from_arrays(codes, pa.array(column.values, pa.string()))
            more = pa.array([values.get(field) for _, _, values in fresh], pa.string())
            columns[field] = encode(pa.chunked_array([held.cast(pa.string()), more]))
        names = sorted(self._sources, key=self._sources.__getitem__)
        source = np.append(old.source, [self._sources[source] for source, _, _ in fresh]).astype(np.int32)
        keys = (*old.keys, *(key for _, key, _ in fresh))
        return Records(tuple(names), source, keys, columns, np.arange(len(keys), dtype=np.int64))

    def _search(
        self, asked: _Row, limit: int | None, least: int | None, source: str | None, key: str | None = None
    ) -> Found:
        shelves, least = self._shelves, self.parameters.review if least is None else least
        code, keys = shelves.place(asked), self._keys.keys(asked)
        kept, compared = self._ask(code, keys, shelves.alike(asked), least, source)
        hits = self._hits(kept, limit)
        if key is None or source is None:
            shelves.drop()
            return Found(hits, kept, compared)
        row = shelves.keep(code, self._sources.setdefault(source, len(self._sources)))
        self._added.append((source, key, asked))
        self._index.add(row, keys)
        return Found(hits, kept, compared, row)

    def _ask(self, code: Small, keys: Sequence[Key], alike: Small, least: int, source: str | None) -> tuple[int, int]:
        """How many rows are kept, in `_out`, and how many were compared."""
        start, rows = self._index.late(keys)
        way, key, bits = np.array(keys, dtype=np.int64).reshape(-1, 3).T.copy()
        own = self._sources.get(source, -1) if self._between and source is not None else -1
        asked = one.Asked(code, key, way, bits, alike, start, rows, self._keys.rare, self._keys.cut, own)
        laid, index, prior = self._shelves.laid, self._index.arrays, self.parameters.prior
        least = min(max(least, -_MOST), _MOST)
        while True:
            self._turn()
            args = asked, prior, least, self._call, self._out, self._shelves.scratch
            kept, compared = one.search(laid.tables, laid.shelf, index, *args)
            if kept <= len(self._out.row):
                return kept, compared
            self._out = self._out._replace(**_kept(2 * kept, len(laid.pairs)))

    def _turn(self) -> None:
        """The next call's number."""
        self._call += 1
        if self._call > _MOST_CALLS:
            self._out.seen[:] = 0
            self._call = 1

    def _hits(self, kept: int, limit: int | None) -> tuple[Hit, ...]:
        out = self._out
        best = sorted(zip((-out.weight[:kept]).tolist(), out.row[:kept].tolist(), range(kept), strict=True))[:limit]
        return tuple(
            Hit(row, -lost, tuple(map(out.level[k].tolist().__getitem__, self._place_of)), int(out.way[k]))
            for lost, row, k in best
        )


def _kept(most: int, blocks: int) -> dict[str, Any]:
    """Room for so many rows to be kept."""
    return {
        "row": np.empty(most, dtype=np.int32),
        "weight": np.empty(most, dtype=np.int64),
        "way": np.empty(most, dtype=np.int32),
        "level": np.empty((most, blocks), dtype=np.int32),
    }


def _clean(values: Mapping[str, str | None]) -> _Row:
    """As `records.encode` takes them: empty text is missing, a lone surrogate is no character."""
    return {field: _SURROGATE.sub("\ufffd", value) if value else None for field, value in values.items()}
