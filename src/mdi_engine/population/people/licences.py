"""Numbers that a health worker holds: STR (registration), SIP (practice at one place), NIP (civil service)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.random import Generator

Profession = Mapping[str, Any]

# Since the law of 2023 a registration is for life, and its number has letters.
FOR_LIFE = "Seumur Hidup"
_SPREAD = 7_919_017  # prime, so that neighbours do not have neighbouring numbers
OFFICES = ("DPMPTSP", "DINKES", "DPMPTSP-NAKES", "Dinkes")


def old_str(rng: Generator, profession: Profession, province: str, own: int, expires: int) -> str:
    """Sixteen digits, written as the council does: with dots, with blanks and a dash, or plainly."""
    if profession["council"]:
        issued = expires - 5
        parts = (province, "1", profession["code"][0], profession["code"][1:], str(1 + own % 3), f"{issued % 100:02d}")
        last = f"{own * _SPREAD % 1_000_000:06d}"
        return _joined(rng, (*parts, last), ".")
    own = own * _SPREAD
    digits = f"{own % 10}{own // 10 % 10}{own // 100 % 10}"
    head = " ".join((province, profession["code"], *digits, f"{expires % 100:02d}"))
    serial = f"{own % 10_000_000:07d}"
    return f"{head}-{serial}" if rng.random() < 0.5 else head.replace(" ", "") + serial


def new_str(own: int) -> str:
    """Two letters and fourteen digits."""
    letters = chr(ord("A") + own % 26) + chr(ord("A") + own // 26 % 26)
    return f"{letters}{own * _SPREAD**2 % 10**14:014d}"


def sip(rng: Generator, profession: Profession, town: str, own: int, year: int) -> str:
    """A licence of practice, as some office numbers them."""
    serial, kind, office = f"{own % 1_000:03d}", profession["sip"], OFFICES[int(rng.integers(len(OFFICES)))]
    return (
        f"503/{serial}/{kind}/{office}/{year}",
        f"446/{serial}/{kind}/{year}",
        f"{kind}.449/{serial}/DU/{year}",
        f"{own % 10_000:04d}/{kind}/{town[:2]}.{town[2:]}/{year}",
    )[int(rng.integers(4))]


def nip(born: str, started: int, male: bool, own: int) -> str:
    """Eighteen digits: date of birth (YYYYMMDD), month of entry, sex, serial."""
    return f"{born}{started}{own % 12 + 1:02d}{1 if male else 2}{own % 999 + 1:03d}"


def _joined(rng: Generator, parts: tuple[str, ...], dot: str) -> str:
    return (dot if rng.random() < 0.4 else "").join(parts)
