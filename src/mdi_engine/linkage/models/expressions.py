"""The small expressions of a model: blocking keys and comparison levels."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import jellyfish

_CALL = re.compile(r"(\w+)\((\w+)(?:\s*,\s*(\d+))?\)")
_BOUND = re.compile(r"(\w+)\s*(>=|<=|within)\s*(\d+(?:\.\d+)?)")

# What is compared, and blocked on, of one value: a hostile field of 10 MB must not cost a minute.
MOST_LETTERS = 1_000
MOST_WORDS = 64


def words(text: str) -> list[str]:
    """The words of a text, in order: at most 64, from its first 1,000 characters.

    >>> words(" kasih  ibu ")
    ['kasih', 'ibu']
    """
    return text[:MOST_LETTERS].split()[:MOST_WORDS]


_KEYS: dict[str, Callable[[str, int], tuple[str, ...]]] = {
    "value": lambda text, _: (text,),
    "first": lambda text, n: (text[:n],),
    "last": lambda text, n: (text[-n:],),
    "each": lambda text, _: tuple(sorted(set(words(text)))),
    "year": lambda text, _: (text[:4],),
    "metaphone": lambda text, _: tuple(key for key in (jellyfish.metaphone(text[:MOST_LETTERS]),) if key),
}
_NEEDS_NUMBER = frozenset({"first", "last"})


@dataclass(frozen=True)
class KeyExpression:
    """Turns a field's value into the key texts it blocks under (none, one, or several for `each`)."""

    field: str
    function: str = "value"
    number: int = 0

    def keys(self, text: str) -> tuple[str, ...]:
        """Key texts of one non-NULL value."""
        return _KEYS[self.function](text, self.number)

    def __str__(self) -> str:
        if self.function == "value":
            return self.field
        return f"{self.function}({self.field}{f', {self.number}' if self.number else ''})"


def parse_key(text: str) -> KeyExpression:
    """Parse a key expression. Raises `ValueError` saying what is accepted.

    >>> parse_key("first(name, 4)").keys("SURYA")
    ('SURY',)
    >>> parse_key("each(core)").keys("kasih ibu")
    ('ibu', 'kasih')
    """
    if re.fullmatch(r"\w+", text.strip()):
        return KeyExpression(text.strip())
    call = _CALL.fullmatch(text.strip())
    if call is None or call[1] not in _KEYS or (call[3] is None) == (call[1] in _NEEDS_NUMBER) or call[3] == "0":
        accepted = "NAME, first(NAME, n), last(NAME, n), each(NAME), year(NAME), metaphone(NAME), n from 1"
        raise ValueError(f"key {text!r} is not one of {accepted}")
    return KeyExpression(call[2], call[1], int(call[3] or 0))


@dataclass(frozen=True)
class Level:
    """One comparison level: a test with its bound as an exact fraction, so that no float decides."""

    text: str
    test: str
    bound: Fraction = Fraction(0)


_PLAIN = {
    "text": {"exact"},
    "tokens": {"same", "similar", "subset", "overlap"},
    "date": {"exact", "swapped", "one_digit", "same_year", "same_day"},
    "number": {"exact"},
}
_BOUNDED = {
    "text": {"jaro": ">=", "jaro_winkler": ">=", "levenshtein": "<=", "osa": "<="},
    "tokens": {"overlap": ">="},
    "date": {"days": "<=", "years": "<="},
    "number": {"within": "within"},
}


def parse_level(text: str, kind: str) -> Level:
    """Parse a level of a field of type `kind`. Raises `ValueError` saying what is accepted.

    >>> parse_level("jaro_winkler >= 0.92", "text").bound
    Fraction(23, 25)
    """
    plain = text.strip()
    if plain in _PLAIN[kind]:
        return Level(plain, plain)
    bound = _BOUND.fullmatch(plain if not plain.startswith("within") else f"within {plain}")
    if bound is not None and _BOUNDED[kind].get(bound[1]) == bound[2]:
        level = Level(plain, bound[1], Fraction(bound[3]))
        if level.bound <= 1 or bound[2] != ">=":
            return level
    accepted = sorted(_PLAIN[kind]) + [
        f"{name} {sign} {'x (0 to 1)' if sign == '>=' else 'n'}".replace("within within", "within")
        for name, sign in _BOUNDED[kind].items()
    ]
    raise ValueError(f"level {text!r} does not fit a field of type {kind!r}; accepted: {', '.join(accepted)}")
