"""What a column is by its name alone, where no contract says it."""

from __future__ import annotations

import re
from functools import cache

from mdi_engine.reference.tables import read_toml

_NAMES = ("nama", "name")


@cache
def _list(key: str) -> frozenset[str]:
    return frozenset(read_toml("personal_columns")[key])


def looks_personal(column: str) -> bool:
    """Whether a column of this name may hold what belongs to a person.

    >>> [looks_personal(name) for name in ("NIK", "nama", "Tgl Lahir", "nama_ibu", "namapasien", "nama_rs", "klinik")]
    [True, True, True, True, True, False, False]
    """
    words = set(_words(column))
    whole = "".join(_words(column))
    if any(part in whole for part in _list("parts")):
        return True
    if words & _list("things") or whole.removeprefix("nama") in _list("things"):
        words.difference_update(_NAMES)
    return bool(words & _list("words"))


def usual_check(column: str) -> str | None:
    """Name of the normaliser that says what is wrong with values of such a column, or None.

    >>> usual_check("NIK"), usual_check("nama")
    ('nik_fault', None)
    """
    checks: dict[str, str] = read_toml("personal_columns")["checks"]
    return next((checks[word] for word in _words(column) if word in checks), None)


def _words(column: str) -> list[str]:
    return re.findall(r"[^\W_]+", column.lower())
