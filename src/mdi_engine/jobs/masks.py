"""What of a value may stand on a page that is passed on: enough to judge by, too little to know a person by."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.reference.personal_columns import looks_personal

# A value that fewer records share could name one of them: neither parameters nor plans tell it.
COMMON = 5
_HIDDEN = "•"
_NUMBER = re.compile(r"\d{6}")
_LETTER = re.compile(r"\w")
_AFTER_FIRST = re.compile(r"(?<=\w)\w|\d")
_DATE = re.compile(r"(\d{4})-[\d-]+")


def masked(kind: str, value: str) -> str:
    """A value of a field of this type without what tells a person: the first letters of words stay, of a date the year.

    >>> masked("tokens", "siti aminah"), masked("date", "1985-08-17"), masked("text", "Jl. Melati 12")
    ('s••• a•••••', '1985-••-••', 'J•. M••••• ••')
    """
    date = _DATE.fullmatch(value) if kind == "date" else None
    if date:
        return date[1] + _LETTER.sub(_HIDDEN, value[4:])
    return _AFTER_FIRST.sub(_HIDDEN, value)


def masks(records: Records, model: Model) -> Callable[[str, str], str]:
    """How a value of a field may be shown.

    In clear: what at least `COMMON` records share, of a text or number that is no identifier and whose field and
    columns are not called as what is personal (a name, an address). Of an identifier nothing but its length stays.
    """
    open_fields = {name for name in model.fields if not _personal(model, name)}
    columns = {name: records.columns[name].codes for name in open_fields}
    held = {name: np.bincount(codes[codes >= 0]) for name, codes in columns.items()}

    def common(field: str, value: str) -> bool:
        # The values of a column are sorted.
        return bool(held[field][bisect_left(records.columns[field].values, value)] >= COMMON)

    def shown(field: str, value: str) -> str:
        spec = model.fields[field]
        if spec.identifier:
            return _LETTER.sub(_HIDDEN, value)
        if field in open_fields and common(field, value):
            return value
        return masked(spec.type, value)

    return shown


def names(records: Records, model: Model) -> Callable[[int], str]:
    """What a record is called on a page: source and key, or its row in the source where a key may be personal."""
    secret = model.key is not None and (model.fields[model.key].identifier or _personal(model, model.key))

    def name(row: int) -> str:
        if secret or _NUMBER.search(records.keys[row]):
            before = records.source[: row + 1] == records.source[row]
            return f"{records.sources[records.source[row]]} #{int(before.sum())}"
        return records.name(row)

    return name


def _personal(model: Model, name: str) -> bool:
    """Whether the field is of a type that names persons, or it or a column of it is called so."""
    spec = model.fields[name]
    columns = [spec.column] if isinstance(spec.column, str) else list(spec.column.values())
    return spec.type not in ("text", "number") or any(looks_personal(called) for called in (name, *columns))
