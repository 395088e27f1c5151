"""The one tree of exceptions.

    MdiError                    exit 1   anything we raise on purpose
    ├── UsageError              exit 2   the command or call was put together wrongly
    │   └── ModelError          exit 2   a model or source contract has faults; all of them, each with its place
    ├── InputRefused            exit 3   a file or value cannot be accepted; the home is unchanged
    ├── NotFound                exit 4   the named thing does not exist
    └── Conflict                exit 5   somebody else holds it, or it changed meanwhile
        └── Locked              exit 5   another process has the store open

Each says what was got, what would be accepted and what to do next, and keeps the facts as attributes:
`error.facts` is a plain dictionary, free of personal values, fit for a log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What a NIK or a family card's number looks like, also with a blank, dot or hyphen here and there.
_SIXTEEN = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){15}(?!\d)")


def discreet(text: str) -> str:
    """The text with every number of 16 digits made unreadable: it may be a NIK that somebody typed.

    >>> discreet("no record 9815 0141 0785 0001 in 2026"), discreet("delivery 1000123456")
    ('no record ################ in 2026', 'delivery 1000123456')
    """
    return _SIXTEEN.sub("#" * 16, text)


def storable(what: str, text: str) -> str:
    """The text, or UsageError if it has a NUL character, which PostgreSQL cannot hold; `what` says whose it is."""
    if "\0" in text:
        raise UsageError(f"{what}: there is a NUL character in it", hint="Take it out, and try again.")
    return text


def counted(number: int, noun: str) -> str:
    """So many of them, in words that fit the number.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2000 rows')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class MdiError(Exception):
    """Root of all errors raised on purpose. `facts` holds what is known, without personal values.

    Numbers of 16 digits in the message, the hint and the facts become unreadable, wherever they came from.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, **facts: object) -> None:
        super().__init__(discreet(message))
        self.message = discreet(message)
        self.hint = hint and discreet(hint)
        self.facts = {name: discreet(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(MdiError):
    """The command or call was put together wrongly."""

    exit_code = 2


class ModelError(UsageError):
    """A model or a source contract has faults; `faults` lists every one of them, each with its place."""

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        plural = "fault" if len(self.faults) == 1 else "faults"
        super().__init__(
            f"{where}: {len(self.faults)} {plural}\n" + "\n".join(f"  - {fault}" for fault in self.faults),
            where=where,
            faults=self.faults,
        )


class InputRefused(MdiError):
    """A file or a value cannot be accepted. Nothing was changed."""

    exit_code = 3


class NotFound(MdiError):
    """The named thing does not exist."""

    exit_code = 4


class Conflict(MdiError):
    """Somebody else holds the thing, or it changed meanwhile."""

    exit_code = 5


class Locked(Conflict):
    """Another process has the store open; `facts['pid']` names it where it is known."""
