"""How two lists write the same health worker: names with titles, dates, and what they leave out."""

from __future__ import annotations

from numpy.random import Generator

from mdi_engine.population.rates import Rates
from mdi_engine.population.sources import noise

_WAYS = {
    "staff_name_variant": ("spelling", noise.variant),
    "staff_name_typo": ("typo", noise.typo),
    "staff_name_dropped": ("dropped", noise.dropped),
    "staff_name_initial": ("initial", noise.initial),
}
# The same title, written otherwise.
_OTHERWISE = {
    "A.Md.Keb": "Amd.Keb", "Amd.Keb": "A.Md.Keb", "AM.Keb": "A.Md.Keb", "S.Kep": "SKep", "A.Md.Kep": "AMK",
    "AMK": "A.Md.Kep", "SKM": "S.K.M.", "S.K.M.": "SKM", "dr.": "Dr.", "drg.": "drg", "apt.": "Apt.", "Ns.": "Ners",
    "S.Farm, Apt": "S.Farm., Apt.", "Sp.OG": "SpOG", "Sp.PD": "SpPD", "Sp.A": "SpA", "Bd.": "Bdn.",
}  # fmt: skip


def misspelt(rng: Generator, name: str, rates: Rates) -> tuple[str, list[str]]:
    """The name as a list has it, and the flags of what went wrong."""
    flags: list[str] = []
    for rate, (flag, way) in _WAYS.items():
        if rng.random() < rates[rate]:
            written = way(name, rng.random(), rng.random())
            if written != name:
                name, flags = written, [*flags, flag]
    return name, flags


def titles(rng: Generator, front: str, back: str, rates: Rates) -> tuple[str, str]:
    """The titles as a list has them: all, some, or written otherwise."""
    if rng.random() < rates["staff_title_absent"]:
        front, back = (front, "") if rng.random() < 0.5 else ("", back)
    if rng.random() < rates["staff_title_other"]:
        front, back = _OTHERWISE.get(front, front), _OTHERWISE.get(back, back)
    return front, back


def with_titles(front: str, name: str, back: str) -> str:
    """One text, as in a signature.

    >>> with_titles("dr.", "Siti Aminah", "Sp.A")
    'dr. Siti Aminah, Sp.A'
    """
    text = f"{front} {name}" if front else name
    return f"{text}, {back}" if back else text


def digit_wrong(rng: Generator, nik: int) -> int:
    """The NIK with one digit replaced by another; not of the province, or it might become anybody's."""
    place = int(10 ** rng.integers(0, 14))
    old = nik // place % 10
    return nik + ((old + int(rng.integers(1, 10))) % 10 - old) * place


def day_wrong(rng: Generator, day: int) -> int:
    """A day near by: the same month a day or so off, or the year before or after."""
    return day + (int(rng.integers(1, 9)) if rng.random() < 0.5 else 365 * (1 if rng.random() < 0.5 else -1))
