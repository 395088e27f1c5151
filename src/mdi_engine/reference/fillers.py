"""What stands for nothing in dates, numbers, phones and e-mail, and the century of a year of two digits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class Fillers:
    """What `fillers.toml` holds. Dates are ISO text, phones E.164, words lower case."""

    pivot: int
    first_year: int
    last_year: int
    never: frozenset[str]
    plain_never: frozenset[str]
    forever: frozenset[str]
    pseudo: tuple[str, ...]
    phones: frozenset[str]
    emails: frozenset[str]


@cache
def fillers() -> Fillers:
    """The table, read once."""
    toml = read_toml("fillers")
    years, dates = toml["years"], toml["dates"]
    return Fillers(
        pivot=years["pivot"],
        first_year=years["first"],
        last_year=years["last"],
        never=frozenset(dates["never"]),
        plain_never=frozenset(dates["never"]) | frozenset(dates["plain"]),
        forever=frozenset(dates["forever"]),
        pseudo=tuple(toml["numbers"]["pseudo"]),
        phones=frozenset(toml["phones"]["dummies"]),
        emails=frozenset(toml["emails"]["dummies"]),
    )


def full_year(two_digits: int) -> int:
    """The year of four digits: 27 to 99 are 1927 to 1999, 00 to 26 are 2000 to 2026.

    >>> full_year(27), full_year(26), full_year(0)
    (1927, 2026, 2000)
    """
    return two_digits + (1900 if two_digits > fillers().pivot else 2000)


def is_pseudo(digits: str) -> bool:
    """Whether a number is one that people type to fill a field: one digit repeated, 9999…, 0…, 1234567890….

    >>> is_pseudo("9999013112990001"), is_pseudo("1111111111111111"), is_pseudo("9901013112990001")
    (True, True, False)
    """
    return digits.startswith(fillers().pseudo) or digits == digits[:1] * len(digits)
