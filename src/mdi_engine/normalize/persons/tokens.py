"""A person's name cut into words that remember what stood between them: dots, commas, brackets."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_APOSTROPHES = str.maketrans(dict.fromkeys("’`´ʼ‘ʻ′", "'"))
_WORD = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*")
_BREAK = re.compile("[,;()/]")
# `Sp.A(K)`: a consultant. The bracket belongs to the title.
_CONSULTANT = re.compile(r" ?\((k(?:-[a-z]{2,5})?)\)", re.IGNORECASE)


class Word(NamedTuple):
    """A word as written; `key`: lower case, no apostrophes; `gap`: what stood before it; `starts`: first of a chunk."""

    text: str
    key: str
    gap: str
    starts: bool

    @property
    def dotted(self) -> bool:
        """Whether a dot stands between the word before and this one."""
        return "." in self.gap

    @property
    def joined(self) -> bool:
        """Whether it hangs on the word before, without a blank."""
        return self.gap in (".", "-")


def plain(text: str) -> str:
    """The text without diacritics (an identity card has none), case kept, with one kind of apostrophe.

    >>> plain("Ma’ruf José")
    "Ma'ruf Jose"
    """
    if text.isascii():
        return text.replace("`", "'")
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M"))
    return unicodedata.normalize("NFC", bare).translate(_APOSTROPHES)


def name_words(text: str) -> list[Word]:
    """The words and numbers of a plain text.

    >>> [word.text for word in name_words("dr.Siti Ma'rufah, Sp.A(K)")]
    ['dr', 'Siti', "Ma'rufah", 'Sp', 'A', 'K']
    """
    text = _CONSULTANT.sub(r"~\1", text)
    words: list[Word] = []
    end = 0
    for found in _WORD.finditer(text):
        gap = text[end : found.start()]
        words.append(Word(found[0], found[0].lower().replace("'", ""), gap, not words or bool(_BREAK.search(gap))))
        end = found.end()
    return words


def chunks(words: list[Word]) -> list[list[Word]]:
    """The words between commas, semicolons, brackets and slashes."""
    parts: list[list[Word]] = []
    for word in words:
        if word.starts or not parts:
            parts.append([])
        parts[-1].append(word)
    return parts
