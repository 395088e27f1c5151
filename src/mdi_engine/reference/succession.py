"""Which code follows one that a newer list of regions no longer has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from mdi_engine.reference.change import Change

_NOT_WORD = re.compile(r"[\W_]+")
_ISLANDS = re.compile(r"\bkep\.", re.IGNORECASE)
# How many digits a code has, and its parent: province, kab/kota, kecamatan, village.
LEVELS = (2, 4, 6, 10)
PARENT = {2: 0, 4: 2, 6: 4, 10: 6}
LEVEL_NAMES = {2: "provinces", 4: "kabkota", 6: "kecamatan", 10: "villages"}
_FIRST_CITY = 71  # in the digits 3 and 4 of a code: below are regencies


def same_name(name: str) -> str:
    """The form under which names of regions are the same: letters and digits alone, in lower case, Kep. written out.

    >>> same_name("Lawe Sigala-Gala"), same_name("Kep. SERIBU")
    ('lawesigalagala', 'kepulauanseribu')
    """
    full = _ISLANDS.sub("kepulauan", name) if "." in name else name
    return _NOT_WORD.sub("", full).casefold()


def is_city(code: str) -> bool:
    """Whether a code of 4 digits is a city's (kota), not a regency's (Permendagri 58/2021)."""
    return int(code[2:4]) >= _FIRST_CITY


def changes(old: Mapping[str, str], new: Mapping[str, str], stated: Mapping[str, str]) -> dict[int, Change]:
    """Compare two lists of names by code, all levels in each; `stated` are successors that are known (gone to new)."""
    follows: dict[str, str | None] = {}
    found: dict[int, Change] = {}
    for level in LEVELS:
        before, after = _of(level, old), _of(level, new)
        added = {code: name for code, name in after.items() if code not in before}
        gone = {code: name for code, name in before.items() if code not in after}
        here = {code: stated.get(code) or then for code, then in _followers(gone, added, follows, level)}
        follows |= here
        renamed = {
            code: (name, after[code])
            for code, name in before.items()
            if code in after and name != after[code] and same_name(name) != same_name(after[code])
        }
        found[level] = Change(added, gone, here, renamed)
    return found


def _of(level: int, names: Mapping[str, str]) -> dict[str, str]:
    return {code: name for code, name in names.items() if len(code) == level}


def _followers(
    gone: Mapping[str, str], added: Mapping[str, str], follows: Mapping[str, str | None], level: int
) -> Iterator[tuple[str, str | None]]:
    """For each code that is gone the new one of the same name that is nearest, if it is the only one there.

    Near is the same parent, or what follows it; else the same grandparent, or what follows that. A regency does not
    follow a city. A name that stands alone farther away proves nothing: villages share few names.
    """
    alike: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for code, name in added.items():
        alike[_key(code, name)].append(code)
    widths = (PARENT[level], PARENT.get(PARENT[level], 0))
    for code, name in gone.items():
        rings = (
            [other for other in alike[_key(code, name)] if _within(other, code, width, follows)] for width in widths
        )
        near = next((ring for ring in rings if ring), [])
        yield code, near[0] if len(near) == 1 else None


def _key(code: str, name: str) -> tuple[str, bool]:
    return same_name(name), len(code) == 4 and is_city(code)


def _within(other: str, code: str, width: int, follows: Mapping[str, str | None]) -> bool:
    return other[:width] in (code[:width], follows.get(code[:width]))
