"""How names are written wrong, or otherwise: one function for each way, from the name and some chances in [0, 1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Ints, Mask, Strings, strings

CUT = 30  # characters that some systems have room for
# What stands beside what on a keyboard.
_BESIDE = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, letter in enumerate(row)
}
# Two spellings of one sound, in both directions; then those that are only simplified.
_SOUNDS = (
    ("oe", "u"), ("dj", "j"), ("tj", "c"), ("sj", "sy"), ("nj", "ny"), ("ch", "kh"), ("y", "i"), ("j", "y"), ("p", "f"),
    ("th", "t"), ("ah", "a"), ("o", "u"), ("aa", "a"),
)  # fmt: skip
_SIMPLER = (
    ("v", "f"), ("z", "s"), ("sh", "sy"), ("ie", "i"), ("dh", "d"), ("q", "k"), ("x", "ks"), ("ll", "l"), ("nn", "n"),
    ("kh", "k"), ("rr", "r"), ("ee", "i"), ("ei", "i"),
)  # fmt: skip
_CHANGES = (*_SOUNDS, *(pair[::-1] for pair in _SOUNDS), *_SIMPLER)
_FAMILIES = tuple(
    tuple(family.split())
    for family in (
        "Muhammad Mohammad Muhamad Mohamad Mochammad Mochamad Moch. Moh. Muh. M. Mhd. Mohd.",
        "Ahmad Achmad Akhmad Ahmed",
        "Abdul Abd.",
        "Siti Sitti St. Hj.Siti",
        "Nur Noor Noer",
        "Yusuf Yusup Jusuf",
        "Rahman Rachman Rohman Rochman",
        "Wijaya Widjaja Widjaya",
        "Aisyah Aisah Aysyah Aishah",
        "Syarif Sjarif Sarif Syarief",
        "Rizki Rizky Riski Rizqi",
        "Dewi Dewie Devi",
        "Maria Mariah M.",
        "Chandra Candra Tjandra",
    )
)
_MEMBER_OF = {word: family for family in _FAMILIES for word in family}
_FIXED = frozenset(
    {"Dwi", "Dewi", "Eka", "Eko", "Tri", "I", "Ni", "Br.", "bin", "binti", "Daeng"}
)  # another name, else

Way = Callable[[str, float, float], str]


def apply(rng: Generator, names: Strings, rows: Mask, way: Way) -> Mask:
    """Rewrite the names of the rows in place; says which are different now."""
    where = np.flatnonzero(rows)
    first, second = rng.random(len(where)).tolist(), rng.random(len(where)).tolist()
    before = names[where]
    after = strings([way(name, u, v) for name, u, v in zip(before.tolist(), first, second, strict=True)])
    names[where] = after
    changed = np.zeros(len(names), dtype=np.bool_)
    changed[where] = before != after
    return changed


def typo(name: str, u: float, v: float) -> str:
    """One slip of a finger in a word: a letter beside it, left out, doubled, or two in the wrong order."""
    places = [at for at in range(1, len(name)) if name[at].isalpha() and name[at - 1].isalpha()]
    if not places:
        return name + "h"
    at = places[int(u * len(places))]
    letter, way = name[at], int(v * 4)
    if way == 3 and name[at - 1] != letter and at >= 2 and name[at - 2].isalpha():
        return name[: at - 1] + letter + name[at - 1] + name[at + 1 :]
    if way == 2:
        return name[:at] + letter + name[at:]
    if way == 1 and len(name) > 4:
        return name[:at] + name[at + 1 :]
    beside = _BESIDE.get(letter.lower(), "a")
    return name[:at] + beside[int(v * 4 % 1 * len(beside))] + name[at + 1 :]


@lru_cache(maxsize=200_000)
def variants(word: str) -> tuple[str, ...]:
    """The word in other spellings; none for words that would be another name.

    >>> variants("Sujono")
    ('Suyono', 'Sujunu', 'Soejono', 'Sudjono', 'Sojono')
    """
    if word in _MEMBER_OF:
        return tuple(other for other in _MEMBER_OF[word] if other != word)
    if word in _FIXED or len(word) < 3:
        return ()
    head, rest = word[0].lower(), word[1:]
    lower = head + rest
    found = [lower.replace(one, two) for one, two in _CHANGES if one in lower]
    return tuple(dict.fromkeys(other.capitalize() for other in found if len(other) <= len(lower) + 1))


def variant(name: str, u: float, v: float) -> str:
    """One word in another spelling of the same sound."""
    tokens = name.split(" ")
    start = int(u * len(tokens))
    for at in (*range(start, len(tokens)), *range(start)):
        others = variants(tokens[at])
        if others:
            tokens[at] = others[int(v * len(others))]
            return " ".join(tokens)
    return name


def dropped(name: str, u: float, v: float) -> str:
    """One word left out, of two or more."""
    tokens = name.split(" ")
    if len(tokens) < 2:
        return name
    del tokens[int(u * len(tokens))]
    return " ".join(tokens)


def reordered(name: str, u: float, v: float) -> str:
    """The last word first, of two or more; or two neighbours changed."""
    tokens = name.split(" ")
    if len(tokens) > 2 and v < 0.4:
        at = int(u * (len(tokens) - 1))
        tokens[at], tokens[at + 1] = tokens[at + 1], tokens[at]
        return " ".join(tokens)
    return " ".join((tokens[-1], *tokens[:-1]))


def initial(name: str, u: float, v: float) -> str:
    """One word cut to its first letter, the first one only where nothing else can be; of two words or more."""
    tokens = name.split(" ")
    long = [at for at, token in enumerate(tokens) if len(token) > 2 and token not in ("bin", "binti")]
    if len(tokens) < 2 or not long:
        return name
    at = long[max(int(u * len(long)), min(1, len(long) - 1)) if v < 0.7 else 0]
    tokens[at] = tokens[at][0].upper() + ("." if v < 0.5 else "")
    return " ".join(tokens)


def cut(name: str, u: float, v: float) -> str:
    """The name as far as the field goes."""
    return name[:CUT]


def able(names: Strings, pattern: str) -> Mask:
    """Which names the regular expression finds something in."""
    search = re.compile(pattern).search
    return np.array([search(name) is not None for name in cast(list[str], names.tolist())], dtype=np.bool_)


def lengths(names: Strings) -> Ints:
    """Characters of each name."""
    return np.array([len(name) for name in names.tolist()])


_MEN = ("Tn. {}", "Bp. {}", "H. {}", "{}, Tn", "Sdr. {}", "Drs. {}", "{}, SE", "{}, S.Pd", "Ir. {}", "{}, Bp", "{}, H")
_WOMEN = (
    "Ny. {}", "Nn. {}", "Hj. {}", "{}, Ny", "Ibu {}", "Dra. {}", "{}, S.Pd", "{}, SE", "Sdri. {}", "{}, Hj", "{}, Ny.",
)  # fmt: skip
_CHILDREN = ("An. {}", "{}, An", "An {}", "{} (An)")


def titled(name: str, male: bool, age: int, u: float) -> str:
    """The name with a title that a registrar would give."""
    if age < 13:
        return _CHILDREN[int(u * len(_CHILDREN))].format(name)
    forms = _MEN if male else _WOMEN
    return forms[int(u * u * len(forms))].format(name)
