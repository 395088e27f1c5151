"""The name of a medicine or device taken apart: substances with strengths, salts, form, brand, pack, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mdi_engine.normalize.medicine_pack import Pack, read_pack
from mdi_engine.normalize.medicine_strength import Strength, read_strength
from mdi_engine.normalize.medicine_substances import has_inn_stem, index, mended_at, salt_at, substance_at, word_key
from mdi_engine.normalize.medicine_tokens import Token, form_at, medicine_tokens, peel_bracket
from mdi_engine.normalize.text import ascii_lower, null_placeholder
from mdi_engine.reference.medicine_words import medicine_words

# Between strengths that belong to the substances before them, in order: `875 mg/125 mg`.
_JOINING = frozenset("/+;,&|")


@dataclass(frozen=True, slots=True)
class Medicine:
    """The parts of a name. `substances` are pairs of the English name (words joined by `_`) and its strengths, sorted.

    `total` is a strength given once for several substances. `brand` and `rest` are folded words.
    """

    substances: tuple[tuple[str, tuple[Strength, ...]], ...] = ()
    total: tuple[Strength, ...] = ()
    salts: tuple[str, ...] = ()
    form: str | None = None
    brand: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    pack: Pack = field(default_factory=Pack)


@lru_cache(maxsize=65_536)
def parse_medicine(text: str | None) -> Medicine:
    """Take a name apart; NULL, placeholders and text without a word give empty parts. Never raises.

    In a name of the shape `words strength form (brand)`, the shape of KFA, unknown words before the strength are taken
    for a substance; elsewhere they are not, unless they end as an INN does.
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return Medicine()
    head, tail = peel_bracket(ascii_lower(cleaned))
    tokens = medicine_tokens(head)
    reader, pack = _read_head(tokens, names_unknown=tail != "")
    if reader.assumed and _names_substance(tail):
        tokens, tail = medicine_tokens(f"{head} / {tail}"), ""  # `SANMOL 500 mg tablet (parasetamol)`
        reader, pack = _read_head(tokens, names_unknown=False)
    brand, others, tail_pack = _read_tail(tail)
    return Medicine(
        substances=reader.pairs(),
        total=tuple(reader.total),
        salts=tuple(sorted(set(reader.salts))),
        form=reader.form,
        brand=brand,
        rest=(*(_device_words(tokens, pack) if _is_device(reader, tokens) else reader.rest), *brand, *others),
        pack=tail_pack if tail_pack.counted or tail_pack.measure else pack,
    )


def _read_head(tokens: Sequence[Token], *, names_unknown: bool) -> tuple[_Reader, Pack]:
    pack = read_pack(tokens, whole=False)
    reader = _Reader(names_unknown)
    reader.read(tokens, pack.used | pack.loose)
    return reader, pack


def _is_device(reader: _Reader, tokens: Sequence[Token]) -> bool:
    """Whether nothing says that this is a medicine, except perhaps a form at the beginning, before other words."""
    if reader.found or reader.early:
        return False
    words = [text for kind, text in tokens if kind == "word"]
    first = form_at(words, 0) if words else None
    return reader.form is None or (first is not None and first[1] < len(words))


def _device_words(tokens: Sequence[Token], pack: Pack) -> list[str]:
    """The words of what is no medicine: `infus set` and `spuit` are then its name, not a form or a container."""
    tables = medicine_words()
    dropped = tables.fillers | tables.pack_joins
    counted = {place for place in pack.loose if tokens[place + 1 : place + 2] and tokens[place + 1][0] != "word"}
    counted |= {place for place in pack.loose if tokens[place + 1 : place + 2] and tokens[place + 1][1].isdecimal()}
    packed = (pack.used | counted) - {0}
    return [
        text
        for place, (kind, text) in enumerate(tokens)
        if kind == "word" and place not in packed and text not in dropped
    ]


def _names_substance(text: str) -> bool:
    words = [word for _, word in medicine_tokens(text)]
    return any(substance_at(words, place, index()) for place in range(len(words)))


def _read_tail(tail: str) -> tuple[tuple[str, ...], list[str], Pack]:
    """Brand, other words and pack of the bracket at the end of a name."""
    if not tail:
        return (), [], Pack()
    first, *others = (medicine_tokens(piece) for piece in tail.split(","))
    pack = read_pack(first, whole=False)
    if not pack.counted or len(pack.used) < len(first):
        rest = [token for piece in others for token in piece]
        pack = read_pack(rest, whole=True)
        left = [token for place, token in enumerate(rest) if place not in pack.used]
        return tuple(_words(first)), _words(left), pack
    return (), [], pack


def _words(tokens: Sequence[Token]) -> list[str]:
    tables = medicine_words()
    words = [word for kind, text in tokens if kind != "sign" for word in text.split()]
    return [word for word in words if word not in tables.fillers and word not in tables.pack_fills]


@dataclass(slots=True)
class _Reader:
    """Reads tokens from left to right. A segment is what stands between two signs or strengths."""

    names_unknown: bool
    found: dict[str, tuple[Strength, ...]] = field(default_factory=dict)
    total: list[Strength] = field(default_factory=list)
    early: list[Strength] = field(default_factory=list)
    salts: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    form: str | None = None
    assumed: bool = False
    segment_salts: list[str] = field(default_factory=list)
    segment_unknown: list[str] = field(default_factory=list)
    segment_named: bool = False

    def read(self, tokens: Sequence[Token], packed: set[int]) -> None:
        place = 0
        while place < len(tokens):
            kind = tokens[place][0]
            end = place + 1
            if kind == "word":
                while end < len(tokens) and tokens[end][0] == "word":
                    end += 1
                self._read_words(tokens, place, end, packed)
            elif kind == "strength":
                while end + 1 < len(tokens) and tokens[end][1] in _JOINING and tokens[end + 1][0] == "strength":
                    end += 2
                self._take_strengths([amount for _, text in tokens[place:end:2] for amount in read_strength(text)])
            else:
                self._close(has_strength=False)
            place = end
        self._close(has_strength=False)

    def _read_words(self, tokens: Sequence[Token], begin: int, end: int, packed: set[int]) -> None:
        words = [text for _, text in tokens[begin:end]]
        place = 0
        while place < len(words):
            place += self._read_word(words, place, in_pack=begin + place in packed)

    def _read_word(self, words: list[str], place: int, *, in_pack: bool) -> int:
        known = index()
        counted = place > 0 and words[place - 1].isdecimal()
        if (found := substance_at(words, place, known)) is not None:
            self._name(found[0])
        elif (found := form_at(words, place)) is not None:
            self.form = self.form if counted and self.form is not None else found[0]
        elif (found := salt_at(words, place)) is not None:
            self.segment_salts.append(found[0])
        elif not in_pack and (found := mended_at(words, place, known)) is not None:
            self._name(found[0])
        elif not in_pack:
            self._take_unknown(words[place])
        return 1 if found is None else found[1]

    def _take_unknown(self, word: str) -> None:
        tables = medicine_words()
        if word in tables.joins:
            self._close(has_strength=False)
        elif word not in tables.fillers and word not in tables.pack_joins:
            if has_inn_stem(word):
                self._name(word_key(word))
            else:
                self.segment_unknown.append(word)

    def _name(self, name: str) -> None:
        self.segment_named = True
        for part in name.split("+"):
            self.found.setdefault(part.replace(" ", "_"), ())

    def _close(self, *, has_strength: bool) -> None:
        salts, unknown = self.segment_salts, self.segment_unknown
        if not self.segment_named and unknown and self.names_unknown and has_strength:
            self.assumed = True
            self._name(" ".join(word_key(word) for word in unknown))
            unknown = []
        elif not self.segment_named and (len(salts) > 1 or (salts and has_strength)):
            self._name(" ".join(salts))
            salts = []
        self.salts += salts
        self.rest += unknown
        self.segment_salts, self.segment_unknown, self.segment_named = [], [], False

    def _take_strengths(self, strengths: list[Strength]) -> None:
        strengths = [strength for strength in strengths if not strength.volume]
        if not strengths:
            return
        self._close(has_strength=True)
        waiting = [name for name, amounts in self.found.items() if not amounts]
        if not self.found:
            self.early += strengths
        elif len(waiting) == len(strengths):
            self.found |= {name: (amount,) for name, amount in zip(waiting, strengths, strict=True)}
        elif len(waiting) == 1:
            self.found[waiting[0]] = tuple(strengths)
        elif waiting:
            self.total = self.total or strengths

    def pairs(self) -> tuple[tuple[str, tuple[Strength, ...]], ...]:
        """Substances with their strengths, sorted. What the last is per holds for those that are per nothing."""
        waiting = [name for name, amounts in self.found.items() if not amounts]
        if self.early and len(self.early) == len(waiting):
            self.found |= {name: (amount,) for name, amount in zip(waiting, self.early, strict=True)}
        elif self.early:
            self.total = self.total or self.early
        amounts = [amount for all_of_one in self.found.values() for amount in all_of_one]
        per = amounts[-1].per if amounts and amounts[-1].per.endswith(("ml", "g")) else ""
        if per and len(amounts) > 1:
            for name, of in self.found.items():
                self.found[name] = tuple(amount if amount.per else replace(amount, per=per) for amount in of)
        return tuple(sorted(self.found.items()))
