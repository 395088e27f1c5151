"""One more record put behind all others, with what none of them holds: to look at once, or to stay."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from mdi_engine.linkage.kernels import one
from mdi_engine.linkage.kernels.bags import ORDERED, PAIR, STANDS
from mdi_engine.linkage.kernels.letters import START, Texts
from mdi_engine.linkage.kernels.scratch import scratch
from mdi_engine.linkage.models.expressions import MOST_LETTERS, MOST_WORDS, words
from mdi_engine.linkage.models.parameters import FrequencyTable, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.searching import roomy
from mdi_engine.linkage.searching.asking import Values
from mdi_engine.linkage.searching.labels import Crowded, Labels
from mdi_engine.linkage.weights.arrays import Pair, written
from mdi_engine.linkage.weights.compare import BESIDE, Part, Small
from mdi_engine.linkage.weights.levels import NUMBER_SCALE, number_of


class Shelves:
    """Records that more can be put behind. Any method may raise `Crowded` where there is no room for one more.

    `place` writes a record's values and gives their ids; `drop` takes back what was written since the last `keep`.
    """

    def __init__(self, records: Records, parameters: Parameters) -> None:
        self.laid = laid = roomy.lay(records, parameters)
        self._most_symbols = roomy.most_symbols(laid.used.symbols, len(laid.parts))
        self.scratch = scratch(self._most_symbols, len(laid.pairs))
        self._digits()
        self._block = np.searchsorted(laid.tables.blocks.part, np.arange(len(laid.parts)), side="right") - 1
        self._alike = _alike(laid.pairs)
        self._alike_u = np.zeros((len(laid.pairs), max(block.size for block, _ in laid.pairs)), dtype=np.int32)
        self._late: list[dict[str, int]] = [{} for _ in laid.parts]
        self._late_words: dict[str, int] = {}
        self._word_labels = Labels(list(laid.vocabulary))
        self._text_labels = [Labels(part.values) for part in laid.parts]
        self._number_labels = [Labels(_numbers(part)) for part in laid.parts]
        self._undo: list[Callable[[], object]] = []
        self._before = self.laid.used.now()
        self._texts: list[str] = []
        self._words: list[str] = []

    def place(self, values: Values) -> Small:
        """Value ids by part, -1 where missing."""
        self._check()
        code = np.full(len(self.laid.parts), -1, dtype=np.int32)
        for number, part in enumerate(self.laid.parts):
            value = values.get(part.spec.field)
            if value is not None:
                code[number] = self._id(number, part, value)
                if part.kind == "number":
                    self._reach(number, part, value, int(code[number]))
        self._append(self.laid.tables.texts, self._texts, self.laid.used.texts)
        self._append(self.laid.tables.words, self._words, self.laid.used.words)
        self._texts, self._words = [], []
        return code

    def alike(self, values: Values) -> Small:
        """log2 u of what a record's groups hold alike with another record, by block and level; 0 where nothing is."""
        for block, level, fields, table in self._alike:
            held = [values.get(field) or "" for field in fields]
            self._alike_u[block, level] = table.listed[level].get(BESIDE.join(held), table.floor[level])
        return self._alike_u

    def keep(self, code: Small, source: int) -> int:
        """Let what was placed stay, as a row; its number."""
        row = self.laid.used.rows
        self.laid.shelf.code[row], self.laid.shelf.source[row] = code, source
        self.laid.used.rows += 1
        self._undo.clear()
        self._before = self.laid.used.now()
        return row

    def drop(self) -> None:
        """Take back what was placed."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        self.laid.used.back(self._before)
        self._texts, self._words = [], []

    def _check(self) -> None:
        """Whether there is room for the largest record that can come."""
        used, tables, parts = self.laid.used, self.laid.tables, len(self.laid.parts)
        room = min(
            len(self.laid.shelf.code) - used.rows - 1,
            len(tables.texts.head) - 1 - used.texts - parts,
            len(tables.bags.start) - 3 - used.bags - parts,
            len(tables.words.head) - 1 - used.words - parts * MOST_WORDS,
            len(tables.bags.word) - used.in_bags - (parts + 1) * MOST_WORDS,
            self._most_symbols - used.symbols - parts * MOST_LETTERS,
        )
        for texts, end in ((tables.texts, used.texts), (tables.words, used.words)):
            room = min(room, len(texts.symbols) - int(texts.head[end, START]) - parts * MOST_LETTERS)
        if room < 0:
            raise Crowded

    def _digits(self) -> None:
        """Digits that no text holds yet are symbols all the same: dates count with them."""
        for digit in range(10):
            point = ord("0") + digit
            if self.laid.symbol[point] == one.NO_SYMBOL:
                self.laid.symbol[point] = self.laid.used.symbols
                self.laid.tables.digit[self.laid.used.symbols] = digit
                self.laid.used.symbols += 1

    def _id(self, number: int, part: Part, value: str) -> int:
        if part.kind == "tokens" and self._late_words:
            return self._bag(value)  # an older bag does not know which of its neighbours make a later word
        place = bisect_left(part.values, value)
        if place < len(part.values) and part.values[place] == value:
            return place + int(self.laid.shelf.base[number])
        known = self._late[number].get(value)
        if known is not None:
            return known
        code = self._bag(value) if part.kind == "tokens" else self._value(number, part, value)
        self._late[number][value] = code
        self.laid.used.values[number] += 1
        self._undo.append(lambda: self._late[number].pop(value))
        return code

    def _value(self, number: int, part: Part, value: str) -> int:
        """The id of a value that nothing holds yet."""
        laid = self.laid
        if written(part):
            code = laid.used.texts
            laid.used.texts += 1
            self._texts.append(value[:MOST_LETTERS])
            if part.kind == "number":
                laid.tables.numbers.rank[code] = self._rank(number, number_of(value))
            else:
                laid.shelf.label[code - laid.shelf.late[number]] = self._text_labels[number].put(value)
                self._undo.append(lambda: self._text_labels[number].drop(value))
        else:
            code = laid.used.values[number]
        roomy.late_u(laid, int(self._block[number]), code, value)
        return code

    def _rank(self, part: int, number: int | None) -> int:
        if number is None:
            return -1
        labels = self._number_labels[part]
        before = len(labels)
        label = labels.put(number)
        if len(labels) > before:  # else a row that stays has it, too
            self._undo.append(lambda: labels.drop(number))
        return label

    def _reach(self, number: int, part: Part, value: str, code: int) -> None:
        """What lies within the bounds of this number, for the kernel, which takes it as the first of each two."""
        whole, t = number_of(value), self.laid.tables
        for level, place in zip(part.levels, range(int(t.levels.first[number]), 1 << 30), strict=False):
            if level.test != "within":
                continue
            most = int(level.bound * NUMBER_SCALE)
            span = (1, 0) if whole is None else self._number_labels[number].span(whole - most, whole + most)
            t.levels.reach[place] = place - code
            t.numbers.low[place], t.numbers.high[place] = span

    def _bag(self, value: str) -> int:
        """The id of a bag that nothing holds yet."""
        laid, bags = self.laid, self.laid.tables.bags
        held = words(value)
        ids = [self._word(word) for word in held]
        pairs = [self._known(a + b) for a, b in itertools.pairwise(held)]
        code, begin = laid.used.bags, laid.used.in_bags
        end = begin + len(held)
        bags.start[code], bags.start[code + 1] = begin, end
        bags.word[begin:end, STANDS], bags.word[begin:end, ORDERED] = ids, sorted(ids)
        bags.word[begin:end, PAIR] = [*pairs, -1][: len(held)]
        laid.used.bags, laid.used.in_bags = code + 1, end
        return code

    def _known(self, word: str) -> int:
        number = self.laid.vocabulary.get(word)
        return number if number is not None else self._late_words.get(word, -1)

    def _word(self, word: str) -> int:
        number = self._known(word)
        if number < 0:
            number = self.laid.used.words
            self.laid.used.words += 1
            self.laid.shelf.words.label[number] = self._word_labels.put(word)
            self._late_words[word] = number
            self._words.append(word)
            self._undo += [lambda: self._word_labels.drop(word), lambda: self._late_words.pop(word)]
        return number

    def _append(self, texts: Texts, added: Sequence[str], end: int) -> None:
        """Lay texts out; the last of them has the number before `end`."""
        if not added:
            return
        points = np.frombuffer("".join(added).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        start = np.array([0, *itertools.accumulate(map(len, added))], dtype=np.int64)
        used, symbol = self.laid.used, self.laid.symbol
        before = used.symbols
        used.symbols = one.append(points, start, symbol, before, texts, end - len(added))
        if used.symbols > before:
            self._undo.append(lambda: symbol.put(points[symbol[points] >= before], one.NO_SYMBOL))


def _alike(pairs: Sequence[Pair]) -> list[tuple[int, int, list[str], FrequencyTable]]:
    """Blocks and levels at which both records hold the same in some parts of a group, whose u is in a table."""
    return [
        (number, level, [block.parts[k].spec.field for k in block.alike(level)], learned.table)
        for number, (block, learned) in enumerate(pairs)
        if learned.table is not None and len(block.parts) > 1
        for level in range(block.size)
        if block.alike(level)
    ]


def _numbers(part: Part) -> list[int]:
    """The numbers of a part, ascending: the ranks of `weights.arrays`."""
    if part.kind != "number":
        return []
    return sorted({number for value in part.values if (number := number_of(value)) is not None})
