"""Texts as words, and phrases of several words found and replaced in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mdi_engine.normalize.text import ascii_lower

# More words than this are no name; the rest is left out.
MOST_WORDS = 60
LONGEST_PHRASE = 5

_APOSTROPHES = re.compile("[’'`´ʼ‘]")
_INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}")
_WORD = re.compile(r"[^\W_]+")


def words_of(cleaned: str) -> list[str]:
    """The words of a cleaned text in lower case without diacritics; `P.T.` is one word, signs part words.

    >>> words_of("P.T. Café-Boga (Tbk), No.2")
    ['pt', 'cafe', 'boga', 'tbk', 'no', '2']
    """
    text = _APOSTROPHES.sub("", ascii_lower(cleaned))
    return _WORD.findall(_INITIALS.sub(lambda match: match[0].replace(".", "") + " ", text))[:MOST_WORDS]


def phrases_of(words: Sequence[str]) -> frozenset[str]:
    """All runs of up to 5 words, joined by a blank: what a table's phrases are looked for in.

    >>> sorted(phrases_of(["bpjs", "tenaga", "kerja"]))
    ['bpjs', 'bpjs tenaga', 'bpjs tenaga kerja', 'kerja', 'tenaga', 'tenaga kerja']
    """
    return frozenset(
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(words)) + 1)
    )


def spelled_out(words: Sequence[str], table: Mapping[str, str]) -> Iterator[str]:
    """The words with each phrase of the table replaced, from the left and the longest first; "" drops it.

    >>> list(spelled_out(["bpjs", "kes", "pbi"], {"bpjs kes": "jkn", "bpjs": "badan"}))
    ['jkn', 'pbi']
    """
    position = 0
    while position < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - position), 0, -1):
            found = table.get(" ".join(words[position : position + length]))
            if found is not None:
                yield from found.split()
                break
        else:
            length = 1
            yield words[position]
        position += length


def once(words: Iterator[str]) -> list[str]:
    """The words in order, each once."""
    return list(dict.fromkeys(words))
