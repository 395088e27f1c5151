"""Who pays for care, as hospitals write it: kind, segment of the national insurance (JKN), and who it is."""

from __future__ import annotations

from collections.abc import Sequence

from mdi_engine.normalize.phrases import once, phrases_of, spelled_out, words_of
from mdi_engine.normalize.spelling import fold_spelling
from mdi_engine.normalize.text import capped, null_placeholder
from mdi_engine.reference.payer_words import payer_words

_LONGEST_ACRONYM = 3
_NOT_PBI = {"non pbi": ""}


def _words(text: str | None) -> list[str]:
    cleaned = null_placeholder(text)
    return [] if cleaned is None else words_of(cleaned)


def _kind(words: Sequence[str]) -> str | None:
    said = phrases_of(words)
    return next((kind for kind, phrases in payer_words().kinds if not said.isdisjoint(phrases)), None)


def payer_kind(text: str | None) -> str | None:
    """What kind of payer the text (a name, a kind in words, or both) says; NULL if it says nothing.

    One of jkn (national insurance), jamkesda (of a region), accident (Jasa Raharja, TASPEN, ASABRI, BPJS
    Ketenagakerjaan), maternity, government, private (insurance), company, self. The most telling word decides, so a
    name with its column's kind behind it may be given as one text.

    >>> [payer_kind(text) for text in ("BPJS PBI", "BPJS TK", "PT Asuransi Cakra", "PT Cakra", "Bayar Sendiri", "X")]
    ['jkn', 'accident', 'private', 'company', 'self', None]
    """
    return _kind(_words(text))


def payer_segment(text: str | None) -> str | None:
    """The segment of the national insurance: pbi_apbn, pbi_apbd, ppu, pbpu, bp; NULL for other payers.

    PBI without APBN or APBD are those the state pays for (UU 40/2004): pbi_apbn. `Mandiri` and `BP` mean a segment
    beside a word of the national insurance, or alone.

    >>> [payer_segment(text) for text in ("JKN-PBI", "BPJS PBI Daerah", "BPJS Non PBI PPU", "BPJS Mandiri", "BP")]
    ['pbi_apbn', 'pbi_apbd', 'ppu', 'pbpu', 'bp']
    >>> [payer_segment(text) for text in ("BPJS Kesehatan", "PT Bank Mandiri", "Umum")]
    [None, None, None]
    """
    words = list(spelled_out(_words(text), _NOT_PBI))
    kind = _kind(words)
    if kind not in (None, "jkn", "jamkesda"):
        return None
    said, weak = phrases_of(words), kind == "jkn" or len(words) == 1
    for rule in payer_words().segments:
        if not said.isdisjoint(rule.phrases) or (weak and not said.isdisjoint(rule.alone)):
            return rule.segment
    return None


def payer_core(text: str | None) -> str | None:
    """The folded words that say who pays: legal form and words for insurance off, one spelling for public payers.

    NULL stays NULL; a name of nothing else keeps all its words.

    >>> [payer_core(text) for text in ("PT. ASURANSI Cakra Artha Tbk", "As. Tjakra Artha", "AJ Cakra", "PT Persero")]
    ['cakra arta', 'cakra arta', 'jiwa cakra', 'pt persero']
    >>> [payer_core(text) for text in ("JKN/KIS", "BPJS Kes. Mandiri", "Umum (Tunai)", "JKD Kab. Solok")]
    ['jkn', 'jkn pbpu', 'umum', 'jamkesda solok']
    """
    words = _words(text)
    spelled = once(spelled_out(words, payer_words().spelled))
    kept = [word for word in spelled if word not in payer_words().weak] or words
    return capped(" ".join(once(word if len(word) <= _LONGEST_ACRONYM else fold_spelling(word) for word in kept)))


NORMALIZERS = (payer_kind, payer_segment, payer_core)
