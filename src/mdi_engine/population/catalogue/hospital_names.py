"""Invented hospital names, and the ways in which a second clerk writes the same one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from numpy.random import Generator

from mdi_engine.population.chances import pick
from mdi_engine.population.words import words

Kind = Literal[
    "district",
    "general",
    "plain",
    "mother",
    "eye",
    "dental",
    "surgery",
    "mental",
    "lung",
    "army",
    "police",
    "emergency",
]

# Kind → how its head is spelled out, and the other way it is written.
HEADS: dict[Kind, tuple[str, str]] = {
    "district": ("RS Umum Daerah", "RSUD"),
    "general": ("RS Umum", "RSU"),
    "plain": ("RS", "Rumah Sakit"),
    "mother": ("RS Ibu dan Anak", "RSIA"),
    "eye": ("RS Mata", "RS Khusus Mata"),
    "dental": ("RS Gigi dan Mulut", "RSGM"),
    "surgery": ("RS Khusus Bedah", "RSK Bedah"),
    "mental": ("RS Jiwa", "RSJ"),
    "lung": ("RS Paru", "RSK Paru"),
    "army": ("RS Tk. IV", "RS Tk.IV"),
    "emergency": ("RS Darurat COVID-19", "RS Lapangan COVID-19"),
    "police": ("RS Bhayangkara", "RSU Bhayangkara"),
}
LONGEST_NAME = 50


@dataclass(frozen=True, slots=True)
class HospitalName:
    """A name in parts; `region` (`Kota`, `Kabupaten`) stands before `place`. `short` takes the other head."""

    kind: Kind
    title: str = ""
    words: tuple[str, ...] = ()
    number: str = ""
    region: str = ""
    place: str = ""
    tail: str = ""
    short: bool = False

    def text(self) -> str:
        """The name as written, cut at 50 characters as both real lists cut it."""
        head = HEADS[self.kind][self.short]
        parts = (head, self.title, *self.words, self.number, self.region, self.place, self.tail)
        return " ".join(part for part in parts if part)[:LONGEST_NAME].rstrip()


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(words("hospital_words")[name])


def town(rng: Generator) -> str:
    """An invented town, such as `Sumbermulya`."""
    return pick(rng, _words("town_first")) + pick(rng, _words("town_second"))


def person(rng: Generator) -> tuple[str, str]:
    """An invented person: given and family name."""
    return pick(rng, _words("given")), pick(rng, _words("family"))


def invent(rng: Generator, kind: Kind, region: str, place: str) -> HospitalName:
    """A new name for a house of this kind in the kab/kota `region` + `place` (`Kota`, `Solok`)."""
    chance = rng.random()
    if kind == "emergency":
        return HospitalName(kind, words=(town(rng),))
    if kind == "district":
        if chance < 0.4:
            return HospitalName(kind, pick(rng, _words("titles")), person(rng))
        if chance > 0.88:
            return HospitalName(kind, region=region, place=place)
        return HospitalName(
            kind, words=(town(rng),), region=region if chance < 0.5 else "", place=place if chance < 0.6 else ""
        )
    if kind == "army":
        code = f"{rng.integers(1, 19):02d}.{rng.integers(6, 9):02d}.{rng.integers(1, 8):02d}"
        return HospitalName(
            kind, words=person(rng) if chance < 0.4 else (), number=code, place=place if chance > 0.3 else ""
        )
    if kind == "police":
        return HospitalName(kind, words=person(rng) if chance < 0.4 else (), place=place)
    return HospitalName(
        kind, words=_house(rng, chance), number=_branch(rng), place=place if rng.random() < 0.25 else ""
    )


def _house(rng: Generator, chance: float) -> tuple[str, ...]:
    if chance < 0.08:
        return pick(rng, ("Santa", "Santo", "St.")), pick(rng, _words("saints"))
    if chance < 0.2:
        return (pick(rng, ("Islam", "Muhammadiyah", "Aisyiyah", "PKU Muhammadiyah")), pick(rng, _words("muslim")))
    if chance < 0.3:
        return (pick(rng, _words("muslim")),)
    if chance < 0.5:
        return pick(rng, _words("openings")), pick(rng, _words("openings")), pick(rng, _words("closings"))
    if chance < 0.6:
        return pick(rng, _words("openings")), town(rng)
    return pick(rng, _words("openings")), pick(rng, _words("closings"))


def _branch(rng: Generator) -> str:
    return pick(rng, ("II", "2", "III")) if rng.random() < 0.03 else ""


Variation = Callable[[Generator, HospitalName, str, str], HospitalName]

# New spelling → old or foreign spelling of the same sound, tried on the identifying words.
_SPELLINGS = (
    ("u", "oe"), ("oe", "u"), ("j", "dj"), ("ch", "kh"), ("kh", "ch"), ("sy", "sh"), ("h", ""), ("y", "i"), ("z", "s"),
    ("f", "v"), ("ff", "f"), ("mm", "m"), ("ss", "s"), ("ie", "i"), ("ri", "rie"), ("li", "lli"),
)  # fmt: skip
_SYNONYMS = {
    "Medika": "Medica", "Medical": "Medika", "Center": "Centre", "Graha": "Grha", "Griya": "Graha", "Santa": "St.",
    "Santo": "St.", "St.": "Santa", "Mohammad": "Moh.", "Muhammad": "M.", "Abdul": "Abd.", "Hospital": "Hospitals",
    "Sentra": "Centra", "PKU Muhammadiyah": "Muhammadiyah", "Tanjung": "Tg.",
}  # fmt: skip


def _abbreviated(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    return replace(name, short=not name.short)


def _respelled(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    at = int(rng.integers(len(name.words))) if name.words else 0
    fits = [(old, new) for old, new in _SPELLINGS if name.words and old in name.words[at][1:]]
    if not fits:
        return name
    old, new = pick(rng, fits)
    word = name.words[at]
    return replace(name, words=(*name.words[:at], word[0] + word[1:].replace(old, new, 1), *name.words[at + 1 :]))


def _synonymous(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    return replace(name, words=tuple(_SYNONYMS.get(word, word) for word in name.words))


def _tailed(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    return replace(name, tail=pick(rng, ("(Jst)", "(Jsk)")))


def _placed(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    if name.place:
        return replace(name, region="", place="") if name.words else replace(name, region=region)
    return replace(name, region=pick(rng, ("", region)), place=place)


def _titled(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    return replace(name, title="" if name.title.count(" ") == 0 else name.title.split()[0]) if name.title else name


def _numbered(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    return replace(name, number={"II": "2", "2": "II", "III": "3"}.get(name.number, name.number))


def _another_kind(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    grown: dict[Kind, Kind] = {
        "mother": "general",
        "surgery": "general",
        "lung": "general",
        "plain": "general",
        "general": "plain",
    }
    return replace(name, kind=grown.get(name.kind, name.kind))


def _slipped(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    if not name.words:
        return name
    word = name.words[-1]
    at = int(rng.integers(1, max(2, len(word) - 1)))
    return replace(name, words=(*name.words[:-1], word[:at] + word[at + 1 :]))


_VARIATIONS: tuple[Variation, ...] = (
    _abbreviated, _abbreviated, _respelled, _respelled, _synonymous, _tailed, _placed, _placed, _titled, _numbered,
    _another_kind, _slipped,
)  # fmt: skip


def vary(rng: Generator, name: HospitalName, region: str, place: str) -> HospitalName:
    """The same name as another clerk writes it: always different from `name` as written."""
    for _ in range(20):
        varied = pick(rng, _VARIATIONS)(rng, name, region, place)
        if varied.text().upper() != name.text().upper():
            return varied
    return _abbreviated(rng, name, region, place)
