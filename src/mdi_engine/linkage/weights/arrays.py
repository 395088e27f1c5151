"""Records and parameters laid out for the kernels: nothing but whole numbers, each text touched once."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels import bags as of_bags
from mdi_engine.linkage.kernels import weigh
from mdi_engine.linkage.kernels.letters import Alphabet, alphabet, flat, lay_out
from mdi_engine.linkage.kernels.words import split
from mdi_engine.linkage.models.expressions import Level
from mdi_engine.linkage.models.parameters import BlockParameters, FrequencyTable
from mdi_engine.linkage.weights.compare import Block, Ints, Part, Small
from mdi_engine.linkage.weights.levels import NUMBER_SCALE, number_of
from mdi_engine.linkage.weights.tokens import WHOLE

# No similarity of texts of 1,000 characters has a larger denominator, so none lies between a bound and its like.
FINEST = 30 * 1000**3
_MOST = 1 << 40

Pair = tuple[Block, BlockParameters]
Position = Callable[[str], int | None]


def lay_tables(pairs: Sequence[Pair], rows: int) -> tuple[weigh.Tables, Alphabet]:
    """Everything a kernel needs to weigh pairs of these records, and the alphabet of their texts."""
    tables, letters, _ = lay_words(pairs, rows)
    return tables, letters


def lay_words(pairs: Sequence[Pair], rows: int) -> tuple[weigh.Tables, Alphabet, dict[str, int]]:
    """The same, and the number of each word."""
    parts = [part for block, _ in pairs for part in block.parts]
    texts = [value for part in parts if written(part) for value in part.values]
    of_words = split([value for part in parts if part.kind == "tokens" for value in part.values])
    number = {word: n for n, word in enumerate(of_words.vocabulary)}
    flats = flat(texts), flat(of_words.vocabulary)
    letters = alphabet(*(points for points, _ in flats))
    laid = [lay_out(points, start, letters) for points, start in flats]
    levels, numbers = _levels(parts, len(texts))
    bonds, wholes = _bonds(pairs, number), _wholes(pairs, number)
    codes = np.stack([part.codes for part in parts]) if parts else np.empty((0, rows), np.int32)
    shared = [_per_row(block, block.shared(alike)[0]) for block, alike in _alike(pairs)]
    return (
        weigh.Tables(
            codes,
            np.stack(shared) if shared else np.empty((0, rows), np.int32),
            levels,
            _blocks(pairs, number),
            laid[0],
            letters.digit,
            numbers,
            laid[1],
            of_words.bags,
            bonds,
            wholes,
        ),
        letters,
        number,
    )


def with_tables(tables: weigh.Tables, pairs: Sequence[Pair], number: Mapping[str, int]) -> weigh.Tables:
    """The same records under other parameters of the same blocks."""
    return tables._replace(blocks=_blocks(pairs, number), bonds=_bonds(pairs, number), wholes=_wholes(pairs, number))


def written(part: Part) -> bool:
    """Whether a comparison looks into the texts of a part."""
    return part.kind != "tokens" and any(level.test != "exact" for level in part.levels)


def _levels(parts: Sequence[Part], texts: int) -> tuple[weigh.Levels, weigh.Numbers]:
    test, top, bottom, reach, base = [], [], [], [], []
    rank = np.full(texts if any(part.kind == "number" for part in parts) else 0, -1, dtype=np.int32)
    near: list[Small] = []
    of_text, of_bag, of_reach = 0, 0, 0
    for part in parts:
        bag, begin = part.kind == "tokens", of_text
        base.append(of_bag if bag else of_text)
        of_bag += len(part.values) if bag else 0
        of_text += len(part.values) if written(part) else 0
        for level in part.levels:
            code, above, below = _bound(level, bag)
            test.append(code)
            top.append(above)
            bottom.append(below)
            reach.append(of_reach)
            if level.test == "within":
                rank[begin:of_text], around = _reach([number_of(value) for value in part.values], level.bound)
                near.append(around)
                of_reach += len(part.values)
    lows, highs = np.concatenate(near, axis=1) if near else np.empty((2, 0), np.int32)
    levels = weigh.Levels(
        _offsets(len(part.levels) for part in parts),
        _ints(test),
        _ints(top),
        _ints(bottom),
        _ints(reach),
        _ints(base),
        np.array([part.kind == "tokens" for part in parts], dtype=bool),
        _ints(part.size for part in parts),
    )
    return levels, weigh.Numbers(rank, np.ascontiguousarray(lows), np.ascontiguousarray(highs))


def _bound(level: Level, bag: bool) -> tuple[int, int, int]:
    """A level's test by number, and its bound as a fraction that the kernels can multiply by."""
    if bag or level.test.startswith("jaro"):
        least = at_most_fine(level.bound)
        return (weigh.BAG_TESTS if bag else weigh.TESTS)[level.test], least.numerator, least.denominator
    return weigh.TESTS[level.test], min(int(level.bound), _MOST), 1


def at_most_fine(bound: Fraction) -> Fraction:
    """The smallest fraction of a denominator up to `FINEST` that is not below the bound (0 to 1).

    What has such a denominator reaches the one just when it reaches the other. Two neighbours in the Farey sequence
    close in on the bound, as `Fraction.limit_denominator` does it.
    """
    if bound.denominator <= FINEST:
        return bound
    p0, q0, p1, q1 = 0, 1, 1, 0
    n, d = bound.numerator, bound.denominator
    while True:
        whole = n // d
        if q0 + whole * q1 > FINEST:
            break
        p0, q0, p1, q1 = p1, q1, p0 + whole * p1, q0 + whole * q1
        n, d = d, n - whole * d
    more = (FINEST - q0) // q1
    return max(Fraction(p0 + more * p1, q0 + more * q1), Fraction(p1, q1))


def _reach(numbers: Sequence[int | None], bound: Fraction) -> tuple[Small, Small]:
    """The rank of each number among all (-1: no number), and rows of the least and the highest rank within a bound."""
    ordered = sorted({number for number in numbers if number is not None})
    most = int(bound * NUMBER_SCALE)
    found = [
        (-1, 0, -1)
        if n is None
        else (
            bisect.bisect_left(ordered, n),
            bisect.bisect_left(ordered, n - most),
            bisect.bisect_right(ordered, n + most) - 1,
        )
        for n in numbers
    ]
    columns = np.array(found, dtype=np.int32).reshape(-1, 3).T
    return columns[0], columns[1:]


def _blocks(pairs: Sequence[Pair], number: Mapping[str, int]) -> weigh.Blocks:
    place = {(block.label, parts): k for k, (block, parts) in enumerate(_alike(pairs))}
    table, log_u, alike = [], [], []
    for block, learned in pairs:
        alike.append(np.full((2, len(learned.weight)), -1, dtype=np.int64))
        if learned.table is None:
            table.append(weigh.NONE)
            log_u.append(np.empty(0, np.int32))
        elif len(block.parts) > 1:
            table.append(weigh.BY_ALIKE)
            log_u.append(_by_alike(block, learned.table, place, alike[-1], sum(map(len, log_u))))
        elif block.bag:
            table.append(weigh.BY_WORD)
            log_u.append(_listed(learned.table, range(WHOLE), len(number), number.get))
        else:
            table.append(weigh.BY_VALUE)
            part = block.parts[0]
            log_u.append(_listed(learned.table, range(2, part.size), len(part.values), _position(part.values)))
    return weigh.Blocks(
        _offsets(len(block.parts) for block, _ in pairs),
        _offsets(len(learned.weight) for _, learned in pairs),
        np.array([bits for _, learned in pairs for bits in learned.weight], dtype=np.int32),
        _ints(table),
        _offsets(map(len, log_u)),
        np.concatenate(log_u),
        _ints(len(block.parts[0].values) for block, _ in pairs),
        *np.concatenate(alike, axis=1),
    )


def _alike(pairs: Sequence[Pair]) -> list[tuple[Block, tuple[int, ...]]]:
    """Which parts a group's records may hold alike, once each. Of the blocks alone, whatever was learned."""
    groups = [block for block, _ in pairs if len(block.parts) > 1 and block.tabled]
    return [(b, parts) for b in groups for parts in dict.fromkeys(map(b.alike, range(b.size))) if parts]


def _per_row(block: Block, codes: Ints) -> Small:
    return np.append(codes, -1)[block.codes].astype(np.int32)  # a row without the block has code -1: the last one


def _by_alike(
    block: Block, table: FrequencyTable, place: Mapping[tuple[str, tuple[int, ...]], int], alike: Ints, begin: int
) -> Small:
    """log2 u of a group, level by level; whose codes a level goes by and where it begins go into `alike`."""
    texts = {parts: block.shared(parts)[1] for parts in set(map(block.alike, range(block.size))) if parts}
    found = [np.empty(0, np.int32)]
    for level in range(block.size):
        parts = block.alike(level)
        if parts:
            alike[:, level] = place[block.label, parts], begin + sum(map(len, found))
            found.append(_listed(table, [level], len(texts[parts]), _position(texts[parts])))
    return np.concatenate(found)


def _listed(table: FrequencyTable, kinds: Iterable[int], size: int, position: Position) -> Small:
    """log2 u per kind and value: the floor, but for what is listed."""
    found = []
    for kind in kinds:
        bits = np.full(size, table.floor[kind], dtype=np.int32)
        for value, listed in table.listed[kind].items():
            place = position(value)
            if place is not None:
                bits[place] = listed
        found.append(bits)
    return np.concatenate(found) if found else np.empty(0, np.int32)


def _position(values: Sequence[str]) -> Position:
    def position(value: str) -> int | None:
        place = bisect.bisect_left(values, value)
        return place if place < len(values) and values[place] == value else None

    return position


def _bonds(pairs: Sequence[Pair], number: Mapping[str, int]) -> of_bags.Bonds:
    """Words that carry each other, as rows of (word, other word, millibits); none for blocks without."""
    base: list[int] = []
    starts: list[Ints] = []
    rows: list[Ints] = []
    for _, learned in pairs:
        base.append(sum(map(len, starts)))
        together = learned.table.together if learned.table is not None else {}
        known = [(number[a], number[b], bits) for (a, b), bits in together.items() if a in number and b in number]
        some = np.array(sorted(known), dtype=np.int64).reshape(-1, 3)
        starts.append(np.searchsorted(some[:, 0], np.arange(len(number) + 1)) + sum(map(len, rows)))
        rows.append(some)
    every = np.concatenate(rows).astype(np.int32)
    return of_bags.Bonds(_ints(base), np.concatenate(starts), every[:, 1].copy(), every[:, 2].copy())


def _wholes(pairs: Sequence[Pair], number: Mapping[str, int]) -> of_bags.Wholes:
    """Bags as wholes, those of words that these records hold; each block's by hash."""
    counts, ids, bits, floor, base = [], [], [], [], [0]
    for block, learned in pairs:
        listed = learned.table.listed[WHOLE] if learned.table is not None and block.bag else {}
        floor.append(learned.table.floor[WHOLE] if learned.table is not None and block.bag else 0)
        known = []
        for text, found in listed.items():
            bag = text.split(" ") if text else []
            if all(word in number for word in bag):
                known.append(([number[word] for word in bag], found))
        hashed = _hashed(_offsets(len(bag) for bag, _ in known), _small(word for bag, _ in known for word in bag))
        for place in np.argsort(hashed, kind="stable").tolist():
            counts.append(len(known[place][0]))
            ids += known[place][0]
            bits.append(known[place][1])
        base.append(len(counts))
    start, word = _offsets(counts), _small(ids)
    return of_bags.Wholes(_ints(base), _hashed(start, word), start, word, _small(bits), _small(floor))


def _hashed(start: Ints, word: Small) -> npt.NDArray[np.uint64]:
    out = np.zeros(len(start) - 1, dtype=np.uint64)
    of_bags.hashes(start, word, out)
    return out


def _offsets(counts: Iterable[int]) -> Ints:
    return np.array([0, *itertools.accumulate(counts)], dtype=np.int64)


def _ints(numbers: Iterable[int]) -> Ints:
    return np.array(list(numbers), dtype=np.int64)


def _small(numbers: Iterable[int]) -> Small:
    return np.array(list(numbers), dtype=np.int32)
