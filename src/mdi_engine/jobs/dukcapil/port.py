"""The port: what the civil registry is asked about a person, and what it may answer. No store, no network, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from mdi_engine.settings import DukcapilField

NIK: Final = "nik"
VERIFIED, REFUSED, UNVERIFIED = "verified", "refused", "unverified"

# Why a person is unverified. Those of the first line say nothing about the person: asking again may tell more.
TIMEOUT, UNREACHABLE, STATUS, UNREADABLE, CIRCUIT = "timeout", "unreachable", "status", "unreadable", "circuit-open"
NO_EXTRACT, TOO_LITTLE, NOT_HELD, FORGOTTEN = "no-extract", "too-little", "not-held", "forgotten"
PASSING = frozenset({TIMEOUT, UNREACHABLE, STATUS, UNREADABLE, CIRCUIT, NO_EXTRACT})

# A NIK whose bearer's name and birth date nobody compared says little: who has seen a card can write it down.
_ESSENTIAL: tuple[DukcapilField, ...] = ("name", "birth_date")


@dataclass(frozen=True)
class Claim:
    """What a record says of a person: the NIK (16 digits), and canonical values of the fields to be compared.

    A field the record says nothing of is absent; so is a birth date of which the day is not known. `core` holds the
    folded words of the name. The values stand in no `repr`, which may reach a log.
    """

    nik: str = field(repr=False)
    values: Mapping[DukcapilField, str] = field(repr=False)
    core: str | None = field(default=None, repr=False)

    @property
    def enough(self) -> bool:
        """Whether the person could be verified by it at all."""
        return self.values.keys() >= set(_ESSENTIAL)


@dataclass(frozen=True)
class Answer:
    """What the registry says of a claim.

    verified: the NIK and all of `confirmed` agree. refused: `wrong` names what disagrees, `nik` alone if the registry
    has no such person. unverified: nobody knows, for a `reason` of this module. Neither holds a value.
    """

    status: str
    wrong: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    reason: str | None = None


NOBODY = Answer(REFUSED, wrong=(NIK,))


class Dukcapil(Protocol):
    """Who answers for the civil registry. Adapters may be called by many threads.

    A registry that cannot be asked answers `unverified`; no exception tells that it is down, and none quotes a person.
    """

    def check(self, claim: Claim) -> Answer:
        """What the registry says of the claim."""


def claim_of(payload: Mapping[str, str | None], compared: Iterable[DukcapilField]) -> Claim | None:
    """What a canonical patient claims: name, birth date and the other fields to be compared; None for one without a
    NIK of its own.
    """
    nik = payload.get(NIK)
    if not nik:
        return None
    said = {name: value for name in dict.fromkeys((*_ESSENTIAL, *compared)) if (value := payload.get(name))}
    if not _whole(said.get("birth_date", "")):
        said.pop("birth_date", None)
    if not payload.get("name_core"):  # a newborn that is only called its mother's child
        said.pop("name", None)
    return Claim(nik, said, payload.get("name_core"))


def _whole(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def unverified(reason: str) -> Answer:
    """Nobody knows, and why.

    >>> unverified(TIMEOUT).status
    'unverified'
    """
    return Answer(UNVERIFIED, reason=reason)


def judged(agrees: Mapping[str, bool]) -> Answer:
    """The answer about a person whom the registry has, by whether each field that was compared agrees.

    >>> judged({"name": True, "birth_date": False}).wrong, judged({"name": True, "birth_date": True}).status
    (('birth_date',), 'verified')
    >>> judged({"name": True}).reason
    'too-little'
    """
    wrong = tuple(name for name, same in agrees.items() if not same)
    if wrong:
        return Answer(REFUSED, wrong=wrong)
    if not agrees.keys() >= set(_ESSENTIAL):
        return unverified(TOO_LITTLE)
    return Answer(VERIFIED, confirmed=(NIK, *agrees))
