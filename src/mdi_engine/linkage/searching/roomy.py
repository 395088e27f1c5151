"""Records laid out for the kernels in larger arrays than they need: room for what comes later."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels import weigh
from mdi_engine.linkage.kernels.bags import Bags, Bonds
from mdi_engine.linkage.kernels.late import Late
from mdi_engine.linkage.kernels.letters import Alphabet, Texts
from mdi_engine.linkage.kernels.one import LABEL, NO_SYMBOL, Shelf
from mdi_engine.linkage.models.expressions import MOST_LETTERS, MOST_WORDS
from mdi_engine.linkage.models.parameters import FrequencyTable, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.arrays import Pair, lay_words, written
from mdi_engine.linkage.weights.compare import Block, Ints, Part, Small, blocks
from mdi_engine.linkage.weights.plain import in_order
from mdi_engine.linkage.weights.tokens import WHOLE

# Room for later values, words and rows: so many, and a share of the rows there are.
LATER, SHARE = 4096, 8
# Characters of a later value, words of a later bag, on the average.
_LONG, _MANY = 24, 4


@dataclass
class Used:
    """How much is used of each array: texts, bags, words, words in bags, symbols, rows; values by part."""

    texts: int
    bags: int
    words: int
    in_bags: int
    symbols: int
    rows: int
    values: list[int]

    def now(self) -> tuple[int, ...]:
        """How things stand, without the rows."""
        return self.texts, self.bags, self.words, self.in_bags, self.symbols, *self.values

    def back(self, then: tuple[int, ...]) -> None:
        """As things stood then."""
        self.texts, self.bags, self.words, self.in_bags, self.symbols, *self.values = then


@dataclass(frozen=True)
class Roomy:
    """`tables` and `shelf` with room behind what is `used`; `symbol[point]` as `kernels.one.append` takes it.

    `order[b]` is the place in the model of the kernels' block b, `vocabulary` the number of each word known.
    """

    pairs: list[Pair]
    order: list[int]
    parts: list[Part]
    tables: weigh.Tables
    shelf: Shelf
    symbol: npt.NDArray[np.uint32]
    vocabulary: dict[str, int]
    used: Used

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return _bytes(self.tables) + _bytes(self.shelf) + self.symbol.nbytes


def _bytes(thing: Any) -> int:
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    return sum(map(_bytes, thing)) if isinstance(thing, tuple) else 0


def lay(records: Records, parameters: Parameters) -> Roomy:
    """Lay out records and parameters."""
    of_model = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
    pairs = in_order(of_model)
    order = [next(k for k, other in enumerate(of_model) if other is pair) for pair in pairs]
    parts = [part for block, _ in pairs for part in block.parts]
    known = [(_with_words(block, learned.table), learned) for block, learned in pairs]
    t, letters, vocabulary = lay_words(known, len(records))
    room = LATER + len(records) // SHARE
    used = Used(
        len(t.texts.head) - 1,
        len(t.bags.start) - 1,
        len(vocabulary),
        len(t.bags.word),
        len(letters.points),
        len(records),
        [len(part.values) for part in parts],
    )
    shelf = _shelf(records, t, pairs, used, room)
    return Roomy(pairs, order, parts, _tables(t, pairs, used, room), shelf, _symbols(letters), vocabulary, used)


def _with_words(block: Block, table: FrequencyTable | None) -> Block:
    """The block with all words that its table lists: so no word that comes later is listed."""
    if table is None or not block.bag:
        return block
    listed = {word for text in itertools.chain(*table.listed) for word in text.split(" ") if word}
    listed.update(itertools.chain.from_iterable(table.together))
    part = block.parts[0]
    return dataclasses.replace(block, parts=(dataclasses.replace(part, values=(*part.values, *sorted(listed))),))


def _symbols(letters: Alphabet) -> npt.NDArray[np.uint32]:
    symbol = np.full(0x110000, NO_SYMBOL, dtype=np.uint32)
    symbol[letters.points] = np.arange(len(letters.points), dtype=np.uint32)
    return symbol


def most_symbols(used: int, parts: int) -> int:
    """Room for the alphabet: at least that of one record."""
    return used + LATER + (MOST_LETTERS + 1) * parts


def _tables(t: weigh.Tables, pairs: Sequence[Pair], used: Used, room: int) -> weigh.Tables:
    parts = len(used.values)
    start = np.append(t.bags.start, np.zeros(room + 2, dtype=np.int64))
    word = np.append(t.bags.word, np.zeros((_MANY * room + MOST_WORDS * (parts + 1), 3), dtype=np.int32), axis=0)
    start[-2:] = len(word) - MOST_WORDS  # the bag to write on
    more = most_symbols(used.symbols, parts) - used.symbols
    return t._replace(
        codes=np.empty((0, 0), dtype=np.int32),  # the shelf has them by row
        levels=t.levels._replace(base=np.zeros(parts, dtype=np.int64)),
        blocks=_longer_u(t.blocks, pairs, used.words, room),
        texts=_longer(t.texts, room, parts),
        digit=np.append(t.digit, np.full(more, -1, dtype=np.int8)),
        numbers=_labelled(t.numbers, len(t.levels.test), room),
        words=_longer(t.words, room, parts),
        bags=Bags(start, word),
        bonds=_longer_bonds(t.bonds, used.words, room),
    )


def _longer(texts: Texts, room: int, parts: int) -> Texts:
    symbols = np.zeros(room * _LONG + (MOST_LETTERS + 1) * parts, dtype=np.uint32)
    head = np.append(texts.head, np.zeros((room, 2), dtype=np.uint64), axis=0)
    return Texts(np.append(texts.symbols, symbols), head)


def _labelled(numbers: weigh.Numbers, levels: int, room: int) -> weigh.Numbers:
    """Ranks as labels (`searching.labels`), so that later numbers fit between; low and high once per level."""
    rank = np.where(numbers.rank >= 0, (numbers.rank.astype(np.int64) + 1) << LABEL, -1)
    rank = np.append(rank, np.full(room, -1, dtype=np.int64))
    low, high = np.zeros(levels, dtype=np.int64), np.zeros(levels, dtype=np.int64)
    return weigh.Numbers(cast(Any, rank), cast(Any, low), cast(Any, high))


def _longer_u(blocks: weigh.Blocks, pairs: Sequence[Pair], words: int, room: int) -> weigh.Blocks:
    """Later words have the floor: what is listed is known."""
    found = []
    for b, (block, learned) in enumerate(pairs):
        log_u = blocks.log_u[blocks.u_from[b] : blocks.u_from[b + 1]]
        if learned.table is not None and block.bag:
            floor = np.array(learned.table.floor[:WHOLE], dtype=np.int32)
            log_u = np.append(log_u.reshape(WHOLE, words), np.repeat(floor[:, None], room, axis=1), axis=1).reshape(-1)
        found.append(log_u)
    u_from = np.cumsum([0, *map(len, found)], dtype=np.int64)
    return blocks._replace(u_from=u_from, log_u=np.concatenate([np.empty(0, np.int32), *found]))


def _longer_bonds(bonds: Bonds, words: int, room: int) -> Bonds:
    """Later words have no bonds."""
    starts = [bonds.start[base : base + words + 1] for base in bonds.base.tolist()]
    longer = [np.append(start, np.full(room, start[-1])) for start in starts]
    base = np.arange(len(starts), dtype=np.int64) * (words + 1 + room)
    return bonds._replace(base=base, start=np.concatenate([np.empty(0, np.int64), *longer]))


def _shelf(records: Records, t: weigh.Tables, pairs: Sequence[Pair], used: Used, room: int) -> Shelf:
    parts = [part for block, _ in pairs for part in block.parts]
    text = np.array([written(part) for part in parts], dtype=bool)
    number = np.array([part.kind == "number" for part in parts], dtype=bool)
    base = np.where(text | t.levels.bag, t.levels.base, 0)
    late = np.where(t.levels.bag, used.bags, np.where(text, used.texts, used.values))
    code = np.full((used.rows + room, len(parts)), -1, dtype=np.int32)
    code[: used.rows] = np.where(t.codes >= 0, t.codes + base[:, None], -1).T
    source = np.full(used.rows + room, -1, dtype=np.int32)
    source[: used.rows] = records.source
    word_label = np.append((np.arange(used.words, dtype=np.int64) + 1) << LABEL, np.zeros(room, dtype=np.int64))
    most = max(block.size for block, _ in pairs)
    return Shelf(
        code,
        source,
        base,
        late,
        np.zeros(room, dtype=np.int64),
        np.zeros((len(pairs), most, room), dtype=np.int32),
        _least_u(pairs, most),
        text & ~number,
        Late(word_label, used.words, used.bags + room + 1),
    )


def _least_u(pairs: Sequence[Pair], most: int) -> Ints:
    """The least log2 u by block and level from 2 on; of words: of any word, then of any whole bag."""
    least = np.zeros((len(pairs), most), dtype=np.int64)
    for b, (block, learned) in enumerate(pairs):
        if learned.table is None or len(block.parts) > 1:
            continue
        rarest = [
            min([floor, *listed.values()])
            for floor, listed in zip(learned.table.floor, learned.table.listed, strict=True)
        ]
        if block.bag:
            least[b, :2] = min(*rarest[:WHOLE], 0), rarest[WHOLE]
        else:
            least[b, : block.size - 2] = rarest[2:]
    return least


def late_u(roomy: Roomy, block: int, code: int, value: str) -> None:
    """Write log2 u of a later value, which may be listed though no record held it."""
    table = roomy.pairs[block][1].table
    if table is None or roomy.pairs[block][0].bag or len(roomy.pairs[block][0].parts) > 1:
        return
    part = int(roomy.tables.blocks.part[block])
    place = code - int(roomy.shelf.late[part])
    u: Small = roomy.shelf.late_u
    for level in range(2, len(table.floor)):
        u[block, level - 2, place] = table.listed[level].get(value, table.floor[level])
