"""Strengths: numbers and units as they are written, to one text for equal amounts.

Masses are in milligrams, volumes in millilitres, both as plain decimals with a point: `0,5 g` and `500 mg` are `500mg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from mdi_engine.reference.medicine_words import medicine_words

_GRAMS = "g"
NUMBER = r"\d{1,12}(?:[.,]\d{1,6}){0,3}"
_NUMBERS = rf"{NUMBER}(?: ?[/;+\-] ?{NUMBER}){{0,7}}"


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def strength_pattern() -> str:
    """A pattern of a strength in lower-case text, without named groups: numbers, unit, what it is per."""
    tables = medicine_words()
    grams = _any(unit for unit, milligrams in tables.mass.items() if milligrams == 1000)
    per = rf"(?:{NUMBER} ?)?(?:{_any([*tables.volume, *tables.per])})|(?:100? ?)?(?:{grams})"
    units = _any([*tables.mass, *tables.volume, *tables.other])
    return (
        rf"{_NUMBERS} ?(?:(?:{_any(tables.scales)}) ?)?(?:{units})(?![^\W_])"
        rf"(?:(?: (?:{_any(tables.counts)}))? ?/ ?(?:{per})(?![^\W_]))?"
    )


@cache
def _parts() -> re.Pattern[str]:
    tables = medicine_words()
    scales = _any(tables.scales)
    return re.compile(
        rf"(?P<numbers>{_NUMBERS}) ?(?:(?P<scale>{scales}) ?)?(?P<unit>[^\W\d/]+|[%?][^\W\d]*)"
        rf"(?: [a-z]+)?(?: ?/ ?(?P<many>{NUMBER})? ?(?P<per>\S+))?"
    )


# The amount that was written in numbers which may be read in two ways.
UNREAD = "?"


@dataclass(frozen=True, slots=True)
class Strength:
    """One amount and what it is per, both canonical text (`500mg`, `5ml`; `per` is empty where it is one unit).

    An amount that may be read in two ways is `?`, per whatever it is.
    `volume` says that the amount itself is a volume: what a bottle holds, not a strength; `grams` that it is written in
    grams, per nothing.
    """

    amount: str
    per: str = ""
    volume: bool = False
    grams: bool = False

    def __str__(self) -> str:
        return f"{self.amount}/{self.per}" if self.per and self.amount != UNREAD else self.amount


@lru_cache(maxsize=65_536)
def read_strength(text: str) -> tuple[Strength, ...]:
    """The strengths in a text that matches `strength_pattern`: `400/80 mg` is two, a range `240-350 mg` one.

    >>> [str(strength) for strength in read_strength("97,2/102.8 mg")], str(*read_strength("1,2 juta iu/ml"))
    (['97.2mg', '102.8mg'], '1200000iu/ml')
    >>> [str(*read_strength(text)) for text in ("2.500 mg", "2.500 iu", "2,500 g", "10 mg / 2.500 ml")]
    ['?', '2500iu', '2500mg', '?']
    >>> str(*read_strength("125 mg / 5 ml")), str(*read_strength("240-350 mg")), str(*read_strength("12,5 mcg/jam"))
    ('125mg/5ml', '240-350mg', '0.0125mg/jam')
    """
    found = _parts().match(text)
    if found is None:
        return ()
    tables = medicine_words()
    unit = found["unit"]
    factor, symbol = _unit(unit)
    factor *= tables.scales.get(found["scale"] or "", Decimal(1))
    many = number(found["many"] or "1", "")
    per = "" if many is None else _per(many, found["per"])
    volume, grams = unit in tables.volume, tables.mass.get(unit) == 1000 and not per
    written = _GRAMS if tables.mass.get(unit, 0) >= 1000 else symbol
    amounts = (
        UNREAD if many is None else _amount([number(one, written) for one in re.split(" ?- ?", part)], factor, symbol)
        for part in re.split(r" ?[/;+] ?", found["numbers"])
    )
    return tuple(Strength(amount, per, volume, grams) for amount in amounts)


def _amount(numbers: Sequence[Decimal | None], factor: Decimal, symbol: str) -> str:
    """A number or a range as canonical text; `?` if one of them may be read in two ways."""
    read = [_plain(one * factor) for one in numbers if one is not None]
    return "-".join(read) + symbol if len(read) == len(numbers) else UNREAD


def _unit(unit: str) -> tuple[Decimal, str]:
    tables = medicine_words()
    if unit in tables.mass:
        return tables.mass[unit], "mg"
    if unit in tables.volume:
        return tables.volume[unit], "ml"
    return Decimal(1), tables.other.get(unit, unit)


def _per(count: Decimal, unit: str | None) -> str:
    tables = medicine_words()
    if unit is None:
        return ""
    if unit in tables.per:
        unit = tables.per[unit]
    elif unit in tables.volume:
        count, unit = count * tables.volume[unit], "ml"
    else:
        unit = "g"
    return unit if count == 1 or not unit else _plain(count) + unit


def number(text: str, unit: str) -> Decimal | None:
    """A number with decimal comma or point, or with either between thousands; None if it may be read in two ways.

    Three digits behind the only sign are thousands where all are zeros (nobody writes a decimal so, unless behind a
    zero), and in `iu`, units of activity. Where the last is no zero, and in `g`, they are decimals. Else they may be
    either: warfarin has 2.500 mg, a restriction of the national formulary 1.250 mg.

    >>> [str(number(text, "mg")) for text in ("0,750", "3,125", "1.000", "10.000.000", "1.234,5", "2.500")]
    ['0.750', '3.125', '1000', '10000000', '1234.5', 'None']
    >>> str(number("1.125", "iu")), str(number("1,170", "g"))
    ('1125', '1.170')
    """
    head, *rest = re.split("[.,]", text)
    if not rest:
        return Decimal(head)
    one_sign = len({sign for sign in text if not sign.isdecimal()}) == 1
    grouped = head.strip("0") != "" and all(len(part) == 3 for part in rest)
    if one_sign and grouped and (len(rest) > 1 or rest[0] == "000" or unit == "iu"):
        return Decimal(head + "".join(rest))
    if one_sign and grouped and rest[0].endswith("0") and unit != _GRAMS:
        return None
    return Decimal(head + "".join(rest[:-1]) + "." + rest[-1])


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def concentration(strength: Strength) -> str:
    """A strength per one millilitre, gram or dose; a per cent is 10 mg per millilitre or gram.

    >>> [concentration(*read_strength(text)) for text in ("125 mg/5 ml", "2,5 %", "10 mg/g", "500 mg")]
    ['25mg/1', '25mg/1', '10mg/1', '500mg']
    """
    if strength.amount.endswith("%") and "-" not in strength.amount:
        return f"{_plain(Decimal(strength.amount[:-1]) * 10)}mg/1"
    per = re.fullmatch(r"([\d.]*)(ml|g)", strength.per)
    value = re.fullmatch(r"([\d.]+)(\D+)", strength.amount)
    if per is None or value is None:
        return str(strength)
    divisor = Decimal(per[1] or 1)
    return (
        f"{_plain((Decimal(value[1]) / divisor).quantize(Decimal('1e-9')))}{value[2]}/1" if divisor else str(strength)
    )
