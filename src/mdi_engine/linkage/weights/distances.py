"""String distances as whole numbers: the readable truth that every faster path must agree with.

Levels compare these as exact fractions, so no rounding of a float ever decides a level.
"""

from __future__ import annotations

from fractions import Fraction


def jaro_counts(left: str, right: str) -> tuple[int, int]:
    """Matching characters and transpositions (half the out-of-order matches, rounded down) of Jaro (1989).

    >>> jaro_counts("MARTHA", "MARHTA")
    (6, 1)
    """
    reach = max(max(len(left), len(right)) // 2 - 1, 0)
    taken = [False] * len(right)
    matched_left: list[str] = []
    for i, letter in enumerate(left):
        for j in range(max(0, i - reach), min(len(right), i + reach + 1)):
            if not taken[j] and right[j] == letter:
                taken[j] = True
                matched_left.append(letter)
                break
    matched_right = [letter for letter, used in zip(right, taken, strict=True) if used]
    moved = sum(a != b for a, b in zip(matched_left, matched_right, strict=True))
    return len(matched_left), moved // 2


def jaro(left: str, right: str) -> Fraction:
    """Jaro similarity, 0 to 1; two empty texts are 1.

    >>> jaro("MARTHA", "MARHTA")
    Fraction(17, 18)
    """
    if not left and not right:
        return Fraction(1)
    matches, moved = jaro_counts(left, right)
    if not matches:
        return Fraction(0)
    return (Fraction(matches, len(left)) + Fraction(matches, len(right)) + Fraction(matches - moved, matches)) / 3


def jaro_winkler(left: str, right: str) -> Fraction:
    """Jaro with Winkler's bonus (1990): 1/10 per equal leading character, at most 4, where Jaro is above 7/10.

    >>> jaro_winkler("MARTHA", "MARHTA")
    Fraction(173, 180)
    """
    similarity = jaro(left, right)
    if similarity <= Fraction(7, 10):
        return similarity
    prefix = 0
    for a, b in zip(left[:4], right[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return similarity + Fraction(prefix, 10) * (1 - similarity)


def levenshtein(left: str, right: str) -> int:
    """Fewest insertions, deletions and substitutions.

    >>> levenshtein("kitten", "sitting")
    3
    """
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def osa(left: str, right: str) -> int:
    """Levenshtein plus the swap of two neighbours, no part edited twice (optimal string alignment).

    >>> osa("JALAN", "JALNA")
    1
    """
    older: list[int] = []
    old = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        new = [i]
        for j, b in enumerate(right, 1):
            cost = min(old[j] + 1, new[j - 1] + 1, old[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            new.append(cost)
        older, old = old, new
    return old[-1]
