"""The words of a waterfall, in English and Indonesian: what a level says, and how a step reads.

Every sentence is made twice by the same steps: a `Said` holds the English and the Indonesian side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from mdi_engine.linkage.models.expressions import Level

_SWAP = str.maketrans(",.", ".,")


class Said(NamedTuple):
    """The same words in both languages."""

    english: str
    indonesian: str


MISSING = Said("missing on one side or both", "kosong pada salah satu atau kedua sisi")
ELSE = Said("different", "berbeda")

_PLAIN = {
    "exact": Said("exactly the same", "sama persis"),
    "same": Said("the same words", "kata-katanya sama"),
    "similar": Said("the same words but for typing errors", "kata-katanya sama, kecuali salah ketik"),
    "subset": Said(
        "all words of the shorter one are in the longer", "semua kata yang lebih pendek ada di yang lebih panjang"
    ),
    "overlap": Said("some words are the same", "sebagian kata sama"),
    "swapped": Said("day and month exchanged", "hari dan bulan tertukar"),
    "one_digit": Said("one digit differs", "satu angka berbeda"),
    "same_year": Said("the same year", "tahun sama"),
    "same_day": Said("the same day and month", "hari dan bulan sama"),
}

# {n} the bound as it counts, {share} the bound in percent, {s} the English plural.
_BOUNDED = {
    "jaro": Said("spelled at least {share} % alike", "ejaannya mirip sedikitnya {share} %"),
    "jaro_winkler": Said(
        "spelled at least {share} % alike, the first letters above all",
        "ejaannya mirip sedikitnya {share} %, terutama huruf-huruf pertama",
    ),
    "levenshtein": Said(
        "at most {n} letter{s} wrong, missing or too many", "paling banyak {n} huruf salah, hilang atau berlebih"
    ),
    "osa": Said(
        "at most {n} letter{s} wrong, missing, too many or exchanged",
        "paling banyak {n} huruf salah, hilang, berlebih atau tertukar",
    ),
    "overlap": Said(
        "at least {share} % of the shorter one's words are the same",
        "sedikitnya {share} % kata dari yang lebih pendek sama",
    ),
    "days": Said("at most {n} day{s} apart", "selisih paling banyak {n} hari"),
    "years": Said("at most {n} year{s} apart", "selisih paling banyak {n} tahun"),
    "within": Said("at most {n} apart", "selisih paling banyak {n}"),
}
# Their tests count whole letters, days and years: what stands behind the point of the bound changes nothing.
_COUNTED = frozenset({"levenshtein", "osa", "days", "years"})


def level_words(levels: Sequence[Level], number: int) -> Said:
    """What level `number` (0 missing, 1 else, then up to the best) of these levels, best first, says of two values.

    >>> from mdi_engine.linkage.models.expressions import parse_level
    >>> level_words([parse_level("jaro_winkler >= 0.925", "text")], 2).indonesian
    'ejaannya mirip sedikitnya 92,5 %, terutama huruf-huruf pertama'
    """
    if number < 2:
        return ELSE if number else MISSING
    level = levels[len(levels) + 1 - number]
    if level.text == level.test:
        return _PLAIN[level.test]
    bound = Fraction(int(level.bound)) if level.test in _COUNTED else level.bound
    n, share = _number(bound), _number(100 * bound)
    s = "" if bound == 1 else "s"
    return Said(
        *(text.format(n=a, share=b, s=s) for text, a, b in zip(_BOUNDED[level.test], n, share, strict=True)),
    )


def sentence(label: str, told: Sequence[tuple[str, Said, str]], weight: int, u: float) -> Said:
    """One step said: `told` holds, per part, its label (empty if the step has but one), its words and its values.

    `weight` in millibits; u as in a step.
    """
    rare = round(1 / u) if u > 0 and not math.isclose(u, 1) else 1
    often = _both(f"{rare:,}") if weight > 0 and rare > 1 else None
    bits = _both(f"{weight / 1000:+,.1f}")
    by_chance = Said(f", 1 in {often.english} by chance", f", kebetulan 1 dari {often.indonesian}") if often else None
    nothing, unit = Said("says nothing", "tidak menambah bukti"), Said("bits", "bit")
    sides = []
    for k in range(2):
        parts = [" ".join(filter(None, (part, said[k], values if weight else ""))) for part, said, values in told]
        end = f"{by_chance[k] if by_chance else ''}: {bits[k]} {unit[k]}" if weight else f", {nothing[k]}"
        sides.append(f"{label}: {'; '.join(parts)}{end}")
    return Said(*sides)


def _number(value: Fraction) -> Said:
    """A number in both languages.

    >>> _number(Fraction("12500.5"))
    Said(english='12,500.5', indonesian='12.500,5')
    """
    return _both(f"{Decimal(value.numerator) / Decimal(value.denominator):,f}")


def _both(number: str) -> Said:
    """A number as English writes it, and as Indonesian does: the point and the comma change places."""
    return Said(number, number.translate(_SWAP))
