"""Any text to clean text: one line, NFC, no control or direction marks, of bounded length."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from mdi_engine.reference.placeholders import is_placeholder

MAX_CHARS = 10_000

# More marks than this on one letter is an attack, not a script (the "stream-safe" bound of UAX #15). Putting marks in
# order takes quadratic time, so the rest of them goes before NFC.
_MAX_MARKS = 30


def clean_text(text: str | None) -> str | None:
    """One line of NFC text: controls become spaces, direction and zero-width marks go, spaces are single.

    At most 10,000 characters are read. NULL, and text of which nothing is left, give NULL. Never raises.

    >>> clean_text("  RS\\tUmum \\u202eDaerah  ")
    'RS Umum Daerah'
    >>> clean_text("\\u200b ") is None
    True
    """
    if text is None:
        return None
    kept = text[:MAX_CHARS]
    if not kept.isascii():
        kept = unicodedata.normalize("NFC", "".join(_letters(kept)))[:MAX_CHARS]
    else:
        kept = "".join(_letters(kept)) if not kept.isprintable() else kept
    return " ".join(kept.split()) or None


def capped(text: str) -> str | None:
    """At most the first 10,000 characters, for folding makes some texts longer; NULL if nothing is left.

    >>> len(capped("ks" * 10_000) or ""), capped("") is None
    (10000, True)
    """
    return text[:MAX_CHARS].rstrip() or None


def _letters(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cf", "Cs", "Co", "Cn"):
            continue
        marks = marks + 1 if category.startswith("M") else 0
        if marks <= _MAX_MARKS:
            # U+FFFD stands where an earlier program lost a character, in real lists a non-breaking space.
            yield " " if category == "Cc" or character == "\ufffd" else character


def null_placeholder(text: str | None) -> str | None:
    """Clean text, or NULL where it only says that nothing was recorded.

    >>> null_placeholder("(Tidak Tercatat)") is None and null_placeholder(" - ") is None
    True
    >>> null_placeholder(" RSUD  Blora ")
    'RSUD Blora'
    """
    cleaned = clean_text(text)
    return None if cleaned is None or is_placeholder(cleaned) else cleaned


def ascii_lower(text: str) -> str:
    """Lower case without diacritics, at most 10,000 characters; letters of other scripts stay as they are.

    >>> ascii_lower("Ba\\u2019a É Ñandu")
    'ba’a e nandu'
    """
    lower = text.lower()
    if lower.isascii():
        return lower
    bare = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.category(c).startswith("M"))
    return unicodedata.normalize("NFC", bare.lower())[:MAX_CHARS]  # lower again: only now 𝓐 is an A


def words(text: str | None) -> str | None:
    """The different words of a text in lower case, sorted, joined by a blank: codes that a cell holds several of.

    >>> words("R3515001 P3515010201 R3515001"), words(" - ")
    ('p3515010201 r3515001', None)
    """
    cleaned = null_placeholder(text)
    return None if cleaned is None else capped(" ".join(sorted(set(ascii_lower(cleaned).split()))))


NORMALIZERS = (clean_text, null_placeholder, words)
