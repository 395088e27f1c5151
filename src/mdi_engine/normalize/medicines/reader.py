"""Reading the pieces of a medicine's name from left to right: which substance has which strength, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mdi_engine.normalize.medicines.strength import Strength, read_strength
from mdi_engine.normalize.medicines.substances import (
    Index,
    has_inn_stem,
    index,
    mended_at,
    salt_at,
    substance_at,
    word_key,
)
from mdi_engine.normalize.medicines.tokens import Token, form_at
from mdi_engine.reference.medicine_words import medicine_words

# Between strengths that belong to the substances before them, in order: `875 mg/125 mg`.
_JOINING = frozenset("/+;,&|")
_VITAMIN = word_key("vitamin")


@dataclass(slots=True)
class Reader:
    """What has been read so far. A segment is what stands between two signs or strengths.

    `found` are substances in order, with their strengths; `total` a strength given once for several, `early` strengths
    before any substance; `assumed` says that unknown words were taken for a substance; `stemmed` are unknown words that
    end as an INN does, which are substances if there is no other. `vitamins` says that a vitamin was named: others may
    follow by their letters.
    """

    names_unknown: bool
    found: dict[str, tuple[Strength, ...]] = field(default_factory=dict)
    total: list[Strength] = field(default_factory=list)
    early: list[Strength] = field(default_factory=list)
    salts: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    form: str | None = None
    assumed: bool = False
    stemmed: list[str] = field(default_factory=list)
    segment_salts: list[str] = field(default_factory=list)
    segment_unknown: list[str] = field(default_factory=list)
    segment_named: bool = False
    vitamins: bool = False

    def read(self, tokens: Sequence[Token], packed: set[int]) -> None:
        """Read all tokens; those at the places `packed` tell of the pack and are left out."""
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
        if not self.found:
            self.rest = [word for word in self.rest if word not in self.stemmed]
            for word in self.stemmed:
                self._name(word_key(word))

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
            self.vitamins = self.vitamins or word_key(words[place]) == _VITAMIN
        elif self.vitamins and (found := _letter_at(words, place, known)) is not None:
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
            self.segment_unknown.append(word)
            if has_inn_stem(word):
                self.stemmed.append(word)

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
        """Substances with their strengths, sorted."""
        waiting = [name for name, amounts in self.found.items() if not amounts]
        if self.early and len(self.early) == len(waiting):
            self.found |= {name: (amount,) for name, amount in zip(waiting, self.early, strict=True)}
            self.early = []
        amounts = [amount for of in self.found.values() for amount in of]
        if len(amounts) < 2:
            return tuple(sorted(self.found.items()))
        shared = iter(_share_per(amounts))
        return tuple(sorted((name, tuple(next(shared) for _ in of)) for name, of in self.found.items()))

    def totals(self) -> tuple[Strength, ...]:
        """Strengths that belong to no single substance."""
        return tuple(_share_per(self.total or self.early))


def _letter_at(words: Sequence[str], place: int, known: Index) -> tuple[str, int] | None:
    """The vitamin called by its letter alone, and how many words that takes: `vitamin b1, b6 dan e`.

    A letter without a number is one only where a name may begin.
    """
    letter, digits = words[place][:1], words[place][1:]
    begins = place == 0 or words[place - 1] in medicine_words().joins
    if not letter.isalpha() or not (digits.isdecimal() if digits else begins):
        return None
    found = substance_at(["vitamin", *words[place : place + 2]], 0, known)
    return None if found is None else (found[0], found[1] - 1)


def _share_per(amounts: list[Strength]) -> list[Strength]:
    """What the last amount is per holds for those before it that are per nothing: `125 mg/31,25 mg/5 mL`."""
    per = amounts[-1].per if amounts and amounts[-1].per.endswith(("ml", "g")) else ""
    return [replace(amount, per=per) if per and not amount.per else amount for amount in amounts]
