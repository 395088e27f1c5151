"""The one list of texts that stand for "nothing was recorded"."""

from __future__ import annotations

from functools import cache

from mdi_engine.reference.tables import read_toml


@cache
def placeholder_words() -> frozenset[str]:
    """Placeholders in lower case, single-spaced."""
    return frozenset(read_toml("placeholders")["words"])


@cache
def placeholder_exact() -> frozenset[str]:
    """Placeholders that count only in this very spelling."""
    return frozenset(read_toml("placeholders")["exact"])


def is_placeholder(text: str) -> bool:
    """Whether `text` holds no letter and no digit, or is a known placeholder.

    >>> [is_placeholder(text) for text in ("", " - ", "/", "NULL", "(Tidak  Tercatat)", "Belum Ditetapkan", "0")]
    [True, True, True, True, True, True, False]
    """
    words = " ".join(text.split())
    if not words[:1].isalnum() and not any(character.isalnum() for character in words):
        return True
    return words.lower() in placeholder_words() or words in placeholder_exact()
