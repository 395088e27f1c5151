"""Professions of health workers, by their names and by the titles that only their members bear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mdi_engine.normalize.persons.names import person_titles
from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, null_placeholder
from mdi_engine.reference.tables import read_toml

_NOT_WORD = re.compile(r"[\W_]+")
# `Bukan dokter spesialis, perawat`, `Dokter Non PNS`: what somebody is not.
_DENIED = re.compile(r"\bbukan\b[^,;/()|]*|\bnon[\s\-]{1,3}\w+")
_BETWEEN = re.compile(r"[;|\r\n]+")


@dataclass(frozen=True, slots=True)
class _Professions:
    """Phrases (a blank around each) in order of search; titles in order of weight; what a speciality makes of one."""

    phrases: tuple[tuple[str, str], ...]
    titles: Mapping[str, str]
    specialists: Mapping[str, str]


@cache
def _tables() -> _Professions:
    toml = read_toml("professions")
    rows = toml["professions"]
    own = [(row["name"], [row["name"].replace("_", " "), *row["phrases"]]) for row in rows]
    phrases = tuple((f" {phrase} ", name) for name, all_phrases in own for phrase in all_phrases)
    return _Professions(phrases, toml["titles"], toml["specialists"])


def profession(text: str | None) -> str | None:
    """The profession that a text names, one word of our table; NULL if it names none.

    What is denied (`Bukan Dokter`) is not named.

    >>> [profession(text) for text in ("Dokter Umum", "dr. Spesialis Anak", "PERAWAT GIGI", "Bidan Ahli", "Sopir")]
    ['dokter', 'dokter_spesialis', 'terapis_gigi', 'bidan', None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    words = f" {_NOT_WORD.sub(' ', _DENIED.sub(' ', ascii_lower(cleaned))).strip()} "
    return next((name for phrase, name in _tables().phrases if phrase in words), None)


def professions(text: str | None) -> str | None:
    """All professions of a cell, parted by `;` or a line break: each once, sorted, joined by a blank; NULL for none.

    >>> professions("Perawat; Bidan; Perawat Ahli")
    'bidan perawat'
    """
    if text is None:
        return None
    found = {profession(part) for part in _BETWEEN.split(text[:MAX_CHARS])}
    return " ".join(sorted(name for name in found if name)) or None


def profession_of_titles(text: str | None) -> str | None:
    """The profession that a name's titles tell, one word of our table; NULL where they tell none.

    A speciality makes a physician a specialist. `Dr.` (doctorate) tells nothing, except with a speciality.

    >>> [profession_of_titles(text) for text in ("Siti, A.Md.Keb", "Ns. Siti, S.Kep", "apt. Siti", "Siti, M.Kes")]
    ['bidan', 'perawat', 'apoteker', None]
    >>> [profession_of_titles(text) for text in ("dr. Siti", "dr. Siti, Sp.PD", "Dr. Siti, Sp.A", "drg. Siti, Sp.Ort")]
    ['dokter', 'dokter_spesialis', 'dokter_spesialis', 'dokter_gigi_spesialis']
    """
    titles = (person_titles(text) or "").split()
    found = next((name for title, name in _tables().titles.items() if title in titles), None)
    if not any(title.startswith("Sp.") for title in titles):
        return found
    return _tables().specialists.get(found or "dokter", found)


NORMALIZERS = (profession, professions, profession_of_titles)
