"""Names of makers and sellers of medicines and devices, folded."""

from __future__ import annotations

import re

from mdi_engine.normalize.text import ascii_lower, capped, null_placeholder
from mdi_engine.reference.medicine_words import medicine_words

_BRACKET = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\W_]+")
# `S.p.A.`, `P.T.`: letters with points between them are one word.
_POINTS = re.compile(r"(?<=\b\w)\.(?=\w\b)")


def maker_core(text: str | None) -> str | None:
    """The words of a company's name without its legal form, the country and what stands in brackets; NULL stays NULL.

    Words of the trade have one spelling (`pharma` is `farma`). A name of nothing else keeps all its words.

    >>> [maker_core(text) for text in ("PT. KIMIA FARMA Tbk.", "Kimia Pharma (Persero), PT", "PT Indo", None)]
    ['kimia farma', 'kimia farma', 'pt indo', None]
    >>> maker_core("JANSSEN CILAG FARMACEUTICAL S.p.A."), maker_core("SANBE FARMA (UNIT 1)")
    ('janssen cilag farmasi', 'sanbe farma')
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return None
    tables = medicine_words()
    plain = ascii_lower(cleaned)
    words = _WORD.findall(_POINTS.sub("", _BRACKET.sub(" ", plain))) or _WORD.findall(plain)
    kept = [tables.maker_folds.get(word, word) for word in words if word not in tables.maker_legal]
    return capped(" ".join(kept or words))


NORMALIZERS = (maker_core,)
