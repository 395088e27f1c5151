"""The name of a medicine cut into strengths, words and signs; the bracket at its end; runs of words; dosage forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from mdi_engine.normalize.medicines.strength import strength_pattern
from mdi_engine.reference.medicine_words import medicine_forms

# A piece of a name: its kind (`strength`, `word` or `sign`) and its text. A bare pair, for there are many.
Token = tuple[str, str]

# A whole number with a point or comma between thousands: `1.000`.
_THOUSANDS = r"(?<![.,\d])[1-9]\d{0,2}(?:[.,]\d{3}){1,3}(?![^\W_]|[.,]\d)"
# Signs that stand inside a word, or between a word and its number, and do not end a run of words.
_NO_SIGNS = str.maketrans("", "", ".,")


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<strength>{strength_pattern()})|(?P<thousands>{_THOUSANDS})|(?P<word>[^\W_]+)|(?P<sign>[^\s\-.'’])"
    )


def medicine_tokens(text: str) -> list[Token]:
    """The pieces of a text in lower case, in order, without hyphens and points between words, and signs in thousands.

    >>> medicine_tokens("amoxicillin 125 mg/5 ml sirup (60)")[:3]
    [('word', 'amoxicillin'), ('strength', '125 mg/5 ml'), ('word', 'sirup')]
    >>> medicine_tokens("1.000 tablet")
    [('word', '1000'), ('word', 'tablet')]
    """
    found = [(match.lastgroup or "", match[0]) for match in _pattern().finditer(text)]
    return [(kind, piece) if kind != "thousands" else ("word", piece.translate(_NO_SIGNS)) for kind, piece in found]


def peel_bracket(text: str) -> tuple[str, str]:
    """A name without the bracket at its end, and what stands in that; the whole and nothing if it has no such bracket.

    What stands before must hold a digit (the strength); else the bracket belongs to the name itself.

    >>> peel_bracket("acarbose 50 mg tablet (glucobay 50)"), peel_bracket("retinol (vitamin a)")
    (('acarbose 50 mg tablet', 'glucobay 50'), ('retinol (vitamin a)', ''))
    """
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            head = text[:place].rstrip()
            return (head, text[place + 1 : -1].strip()) if any(c.isdecimal() for c in head) else (text, "")
    return text, ""


def form_at(words: Sequence[str], position: int) -> tuple[str, int] | None:
    """The dosage form whose phrase begins at a word, in our name, and how many words it takes; the longest phrase wins.

    >>> form_at(["tab", "sal", "selaput", "500"], 0), form_at(["amoxicillin"], 0)
    (('tablet_salut_selaput', 3), None)
    """
    forms = medicine_forms()
    for taken in range(forms.first_words.get(words[position], 0), 0, -1):
        phrase = tuple(words[position : position + taken])
        if phrase in forms.by_words:
            return forms.by_words[phrase], len(phrase)
    return None
