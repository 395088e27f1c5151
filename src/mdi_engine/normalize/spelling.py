"""Old and new Indonesian spelling, and foreign letters, folded to one form.

The reform of 1972 turned oe, dj, tj, sj into u, j, c, sy; names kept either. Letters from Arabic and European words
(kh/ch/h, v/f, z/s, dh/d, th/t, doubled letters) are written as each clerk hears them.
"""

from __future__ import annotations

import re

# In order: what is on the left must be looked for before what it becomes is touched again.
_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        ("sj|sy|sh", "s"),
        ("(?<=^)ch", "c"),
        ("kh|(?<!^)ch", "h"),
        ("ph|v", "f"),
        ("(?<=[bdgjt])h", ""),
        ("dz|z", "s"),
        ("q", "k"),
        ("x", "ks"),
        ("ie", "i"),
        ("y", "i"),
    )
)
_DOUBLED = re.compile(r"(.)\1+")
_FINAL_H = re.compile(r"(?<=[aiou])h$")


def modern_spelling(word: str) -> str:
    """The three letters of the reform that nothing else is written with: oe, dj, tj to u, j, c.

    >>> modern_spelling("tandjoeng")
    'tanjung'
    """
    return word.replace("oe", "u").replace("dj", "j").replace("tj", "c")


def fold_spelling(word: str) -> str:
    """One form for the spellings of one word; `word` is lower case without spaces. Idempotent.

    >>> [fold_spelling(word) for word in ("soemarno", "sumarno", "djamil", "syifa", "bhakti", "aziz", "aisyiyah")]
    ['sumarno', 'sumarno', 'jamil', 'sifa', 'bakti', 'asis', 'aisia']
    """
    while True:
        folded = _fold_once(modern_spelling(word))
        if folded == word:
            return folded
        word = folded


def _fold_once(word: str) -> str:
    for pattern, plain in _FOLDS:
        word = pattern.sub(plain, word)
    return _FINAL_H.sub("", _DOUBLED.sub(r"\1", word))
