"""Services as price lists write them: abbreviations spelled out, and what kind of service it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mdi_engine.normalize.medicines.inn import inn_key
from mdi_engine.normalize.phrases import once, phrases_of, spelled_out, words_of
from mdi_engine.normalize.text import capped, null_placeholder
from mdi_engine.reference.service_words import service_words

_LONGEST_ACRONYM = 4
# Alone, `v` and `x` are letters as often as numbers.
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


def _spelled(text: str | None) -> list[str]:
    cleaned = null_placeholder(text)
    return [] if cleaned is None else list(spelled_out(words_of(cleaned), service_words().spelled))


def service_core(text: str | None) -> str | None:
    """The words of a service, abbreviations spelled out, words of no weight off, folded; NULL stays NULL.

    Medical words are folded as substances are (`thorax`, `toraks`); Roman numerals become digits; a name of words of
    no weight alone keeps them all.

    >>> [service_core(text) for text in ("Lab. Darah Lengkap", "DL", "Ro Thorax PA", "USG Abd", "EKG", "Konsul Sp.PD")]
    ['darah lengkap', 'darah lengkap', 'rontgen toraks pa', 'usg abdomen', 'elektrokardiografi', \
'konsultasi spesialis peniakit dalam']
    >>> service_core("Kamar Kls III"), service_core("Akomodasi Kelas 3"), service_core("Pemeriksaan Lab")
    ('kamar kelas 3', 'kamar kelas 3', 'pemeriksan lab')
    """
    spelled = _spelled(text)
    kept = [word for word in spelled if word not in service_words().stop] or spelled
    return capped(" ".join(once(_folded(kept))))


def _folded(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        folded = _NUMERALS.get(word) or (word if len(word) <= _LONGEST_ACRONYM else inn_key(word))
        yield folded or word  # a word of another script keeps its letters


def service_category(text: str | None) -> str | None:
    """What kind of service a name, or a kind in words, says; NULL if it says nothing.

    One of laboratory, radiology, diagnostic (electrical), consultation, procedure, surgery, room, administration,
    ambulance, pharmacy.

    >>> [service_category(text) for text in ("LAB", "Hb", "Ro Thorax PA", "Konsul Sp.PD", "Kamar Kls III", "Lain")]
    ['laboratory', 'laboratory', 'radiology', 'consultation', 'room', None]
    """
    said = phrases_of(_spelled(text))
    return next((name for name, phrases in service_words().categories if not said.isdisjoint(phrases)), None)


NORMALIZERS = (service_core, service_category)
