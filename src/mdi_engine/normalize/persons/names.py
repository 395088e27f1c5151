"""Names of persons: titles and marks off and kept, spellings folded, newborns told by their mothers.

A name is read once (see `parse`) and answers all questions here.
"""

from __future__ import annotations

from functools import lru_cache

import jellyfish

from mdi_engine.normalize.persons.parse import parse_person_name
from mdi_engine.normalize.text import capped


@lru_cache(maxsize=131_072)
def _sound(word: str) -> str:
    return (jellyfish.nysiis(word).lower() if word.isascii() else word) or word


def person_name(text: str | None) -> str | None:
    """The name for display: capitals, titles and marks off, order kept, father's name kept; NULL if it names nobody.

    >>> [person_name(text) for text in ("dr. Siti Aisyah, Sp.PD", "SITI AISYAH, Dr", "SIREGAR, BUDI", "BUDI S.")]
    ['SITI AISYAH', 'SITI AISYAH', 'BUDI SIREGAR', 'BUDI S']
    >>> [person_name(text) for text in ("PRAKTIK MANDIRI BIDAN HJ. AMINAH, S.ST", "By. Ny. Siti")]
    ['AMINAH', None]
    >>> person_name("Tn. X"), person_name("Tanpa Nama")
    (None, None)
    """
    return parse_person_name(text).display


def person_core(text: str | None) -> str | None:
    """Folded words for comparing, in the order of the name: titles, marks, father's name and particles off.

    >>> [person_core(text) for text in ("MOCH. ACHMAD SOEKARNO", "H. Ma'ruf Amin bin Abdullah", "SITI.AISYAH")]
    ['muhamad ahmad sukarno', 'maruf amin', 'siti aisa']
    >>> [person_core(text) for text in ("I Wayan Sudana", "Rina br. Siregar", "NY. BUDI SANTOSO", "By. Ny. Siti")]
    ['wayan sudana', 'rina siregar', 'budi santoso', None]
    """
    return parse_person_name(text).core


def person_titles(text: str | None) -> str | None:
    """Titles in their normal spelling, in order, joined by a blank; NULL without. `dr.`: physician, `Dr.`: doctorate.

    >>> [person_titles(text) for text in ("dr. H. Budi, SpPD", "DR SITI, S.KEP, M. KES", "RR. AYU", "BUDI SE MM", "I")]
    ['dr. H. Sp.PD', 'Dr. S.Kep M.Kes', 'Rr.', 'S.E. M.M.', None]
    """
    return parse_person_name(text).titles


def person_father(text: str | None) -> str | None:
    """Folded words of the father's name behind bin or binti; NULL without.

    >>> [person_father(text) for text in ("Siti binti H. Hasan", "ALI BIN UMAR BIN SAID", "BIN ALI", "Siti Aminah")]
    ['hasan', 'umar', None, None]
    """
    return parse_person_name(text).father


def person_marks(text: str | None) -> str | None:
    """What a name carries of alm (the late), an (child), by (baby), newborn, ny (Mrs), tn (Mr); sorted; NULL without.

    `Ny.` may stand before the husband's name.

    >>> [person_marks(text) for text in ("NY. BUDI SANTOSO", "Budi (Alm)", "By. Ny. Siti", "An Nisa", "SITI, AN")]
    ['ny', 'alm', 'by newborn ny', None, 'an']
    """
    return parse_person_name(text).marks


def newborn_mother(text: str | None) -> str | None:
    """Folded words of the mother's name where a newborn is called by it; NULL for any other name.

    >>> [newborn_mother(text) for text in ("By. Ny. Siti Aminah II", "BAYI PEREMPUAN NY SITI", "By. Ahmad", "Siti")]
    ['siti amina', 'siti', None, None]
    """
    return parse_person_name(text).mother


def newborn_order(text: str | None) -> str | None:
    """The order of birth that a newborn's name says, `1` to `9`; NULL without.

    >>> [newborn_order(text) for text in ("By Ny Siti II", "BY. NY. SITI 2", "Bayi Ny Siti kembar I", "By Ny Siti")]
    ['2', '2', '1', None]
    """
    return parse_person_name(text).order


def person_sound(text: str | None) -> str | None:
    """The words of `person_core` by sound (NYSIIS: vowels alike, consonants kept), for keys; NULL where that is NULL.

    >>> [person_sound(text) for text in ("Sulastri", "Sulistri", "Dwi", "Dewi")]
    ['salastr', 'salastr', 'dw', 'dae']
    """
    core = parse_person_name(text).core
    return None if core is None else capped(" ".join([_sound(word) for word in core.split()]))


NORMALIZERS = (
    person_name,
    person_core,
    person_titles,
    person_father,
    person_marks,
    newborn_mother,
    newborn_order,
    person_sound,
)
