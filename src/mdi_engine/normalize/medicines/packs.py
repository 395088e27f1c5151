"""What a pack holds, out of texts such as `DUS, 10 STRIP @ 10 TABLET` or `1 Dos isi 5 Strip x 6 Pcs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

from mdi_engine.normalize.medicines.strength import Strength, read_strength
from mdi_engine.normalize.medicines.tokens import Token
from mdi_engine.reference.medicine_words import medicine_words

# Nothing is sold by more: not a number of more digits, not more levels of a pack, not more in a pack.
_MAX_DIGITS, _MAX_LEVELS, _MAX_COUNT = 6, 5, 10_000_000


@dataclass(slots=True)
class Pack:
    """What a pack holds: how many of which `unit`, how much in each (`measure`), and in what the whole comes.

    `used` are the places of the tokens that said so, `loose` those of containers without a number.
    """

    count: int = 1
    unit: str | None = None
    is_item: bool = False
    measure: str | None = None
    container: str | None = None
    used: set[int] = field(default_factory=set)
    loose: set[int] = field(default_factory=set)
    counted: bool = False

    def __str__(self) -> str:
        if self.measure is not None and self.count == 1:
            return self.measure
        whole = f"{self.count} {self.unit or ''}".rstrip() if self.counted else ""
        return f"{whole} {self.measure or ''}".strip()


def read_pack(tokens: Sequence[Token], *, whole: bool) -> Pack:
    """The pack told by tokens, the first if they tell of several.

    `whole` says that they tell of a pack only, so that `15 g` is what a tube holds.
    """
    tables = medicine_words()
    pack, pending, amounts = Pack(), list[int](), 0
    first: Pack | None = None
    for place, (kind, text) in enumerate(tokens):
        if kind == "strength":
            amounts += 1
            if whole or text.endswith(("ml", "cc", "l")) or _is_joined(tokens, place):
                _take_measure(pack, text, place)
            pending.clear()
        elif text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS:
            pending.append(place)
        elif _ends(pack, text, numbered=bool(pending), whole=whole):
            break
        elif text in tables.containers or text in tables.items:
            if pending and pack.is_item and text in tables.items:
                return first or pack  # `10 strip @ 10 tablet, botol 250 tablet`: what came between is of another pack
            if amounts > 1 and text in tables.containers and tokens[place - 1][0] == "strength":
                _take_measure(pack, tokens[place - 1][1], place - 1)  # `krim 0,1 % 5 g tube`
            _take_unit(pack, text, [*pending, place], tokens)
            pending.clear()
            if pack.is_item and first is None:
                first = replace(pack, used=set(pack.used), loose=set(pack.loose))
        elif pending and kind == "word" and text not in tables.pack_joins and text not in tables.pack_fills:
            pending.clear()
    if len(pending) == 1 and pending[0] == len(tokens) - 1 and pending[0] - 1 in pack.loose and not pack.counted:
        pack.count, pack.counted, pack.unit = int(tokens[-1][1]), True, None  # `box 100`
        pack.used.update(pending)
    return pack


def _ends(pack: Pack, text: str, *, numbered: bool, whole: bool) -> bool:
    """Whether the pack ends before a token: another comes, or what is added to it."""
    if text == ";" and whole and pack.measure is not None:
        return True
    again = text in medicine_words().containers and not numbered and _is_outer(text, pack.container)
    return pack.counted and (text in ("+", ";") or again)


def _is_outer(text: str, container: str | None) -> bool:
    tables = medicine_words()
    return tables.containers[text] == container and container in tables.outer


def _is_joined(tokens: Sequence[Token], place: int) -> bool:
    return place > 0 and tokens[place - 1][1] in medicine_words().pack_joins


def _take_measure(pack: Pack, text: str, place: int) -> None:
    strengths = read_strength(text)
    if len(strengths) == 1 and not strengths[0].per and strengths[0].amount.endswith(("ml", "mg")):
        pack.measure = content(strengths[0])
        pack.used.add(place)


def content(amount: Strength) -> str:
    """An amount as what something holds or weighs: whole grams in grams.

    >>> content(*read_strength("15 g")), content(*read_strength("3 cc")), content(*read_strength("0,5 g"))
    ('15g', '3ml', '500mg')
    """
    value = amount.amount.removesuffix("mg")
    return f"{value[:-3]}g" if value.endswith("000") and value.isdecimal() else str(amount)


def _take_unit(pack: Pack, word: str, places: list[int], tokens: Sequence[Token]) -> None:
    tables = medicine_words()
    container = tables.containers.get(word)
    pack.container = pack.container or container
    numbers = [int(tokens[place][1]) for place in places[-_MAX_LEVELS:-1]]
    if numbers:
        pack.count = min(pack.count * prod(numbers), _MAX_COUNT)
        pack.counted = True
    if container is not None and (numbers or pack.unit is None) and not pack.is_item:
        pack.unit = container
    elif container is None and numbers:
        pack.unit, pack.is_item = tables.items[word], True
    (pack.used if numbers else pack.loose).update(places)
