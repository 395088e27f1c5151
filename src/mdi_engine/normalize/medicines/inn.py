"""Spellings of one substance folded to one key: Indonesian and English INN (international non-proprietary names).

Indonesian writes `amoksisilin`, `klorpromazin`, `teofilin` for amoxicillin, chlorpromazine, theophylline. Rules lead
both to one key; what follows no rule (adrenalin, asetosal) is a synonym in `reference/medicine_substances.csv`.
"""

from __future__ import annotations

import re
from functools import lru_cache

# In order: what is on the left must be looked for before what it becomes is touched again.
_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        ("[^a-z0-9]", ""),
        ("ph|v", "f"),
        ("(?<=[rtkd])h", ""),
        ("ch", "k"),
        ("cc(?=[eiy])", "ks"),
        ("s?c(?=[eiy])", "s"),
        ("[cq]", "k"),
        ("x", "ks"),
        ("z", "s"),
        ("y", "i"),
        ("ae|oe", "e"),
        (r"(.)\1+", r"\1"),
        ("(?<=[ios][dkns])a$|(?<=os)a$|(?<=[a-z]{3})e$", ""),
    )
)
# Lists printed from PDF lost `fl` and `fi`, which are one sign there: fuorourasil, gemfbrozil.
_LIGATURE = re.compile("f[il]+")


@lru_cache(maxsize=65_536)
def inn_key(name: str) -> str:
    """The key of a substance's name; `name` is lower-case ASCII, blanks and signs in it are left out.

    >>> [inn_key(name) for name in ("amoxicillin", "amoksisilin", "theophylline", "teofilin", "hyoscine", "laktulosa")]
    ['amoksisilin', 'amoksisilin', 'teofilin', 'teofilin', 'hiosin', 'laktulos']
    """
    for pattern, plain in _FOLDS:
        name = pattern.sub(plain, name)
    return name


def print_key(key: str) -> str:
    """A key without what print loses: `fl` and `fi` as `f`.

    >>> print_key(inn_key("fluorouracil")) == print_key(inn_key("fuorourasil"))
    True
    """
    return _LIGATURE.sub("f", key)


def english_acid(words: tuple[str, ...]) -> tuple[str, ...]:
    """`asam mefenamat` as `mefenamic acid`; other words as they are.

    >>> english_acid(("asam", "traneksamat", "500")), english_acid(("asam", "urat"))
    (('traneksamic', 'acid', '500'), ('uric', 'acid'))
    """
    if len(words) < 2 or words[0] != "asam" or len(words[1]) < 4:
        return words
    stem = words[1].removesuffix("at")
    return (stem + "ic" if stem != words[1] else words[1], "acid", *words[2:])
