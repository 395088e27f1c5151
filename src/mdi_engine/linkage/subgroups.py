"""Which subgroups a pair of records is of, from what the records hold: no list of special cases is needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.expressions import words
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints

Bools = npt.NDArray[np.bool_]


def subgroups(records: Records, model: Model, left: Ints, right: Ints) -> dict[str, Bools]:
    """Per subgroup, which of the pairs are of it; a pair may be of several.

    `a + b`: the sources of the two. `no FIELD`: one side or both lack a compared field (a newborn without a name, a
    person without NIK). `one word in FIELD`: one side or both have a name of one word. FIELD is the column's name.
    """
    found: dict[str, Bools] = {}
    for spec in model.comparisons:
        column = records.columns[spec.field]
        field = model.fields[spec.field]
        name = field.column if isinstance(field.column, str) else spec.field
        missing = column.codes < 0
        found[f"no {name}"] = missing[left] | missing[right]
        if field.type == "tokens":
            alone = np.array([*(len(words(value)) == 1 for value in column.values), False])[column.codes]
            found[f"one word in {name}"] = alone[left] | alone[right]
    if len(records.sources) > 1:
        found |= _sources(records, left, right)
    return found


def _sources(records: Records, left: Ints, right: Ints) -> dict[str, Bools]:
    names = records.sources
    one, other = (
        np.minimum(records.source[left], records.source[right]),
        np.maximum(records.source[left], records.source[right]),
    )
    both = one.astype(np.int64) * len(names) + other
    return {
        f"{names[code // len(names)]} + {names[code % len(names)]}": both == code for code in np.unique(both).tolist()
    }
