"""Rarity blocking: a pair is a candidate when the features it shares are rare enough together.

Each record is a bag of features; a feature carried by df of N records has log2(N / df) bits. Which features are
listed, and with how many bits, is part of the parameters; a feature not listed has its kind's stored floor. So
whether two records are candidates depends on them and the parameters only.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.keys import Keys, Posting, expand, hash_key, hash_text, mix
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import RaritySpec, millibits
from mdi_engine.linkage.records import Records

LISTED_FROM = 5  # values seen less often are never written into parameters: they could name a person
NOBODYS = 1_000  # an identifier of so many records, and of more than the common share, is no identifier


@dataclass(frozen=True)
class RarityTable:
    """Bits of features in millibits: `listed[feature][value]`, `floor[feature]` for all others; `cut` in millibits."""

    listed: Mapping[str, Mapping[str, int]]
    floor: Mapping[str, int]
    cut: int


@dataclass(frozen=True)
class Features:
    """All features that carry bits: `posting` sorted by key, `bits[entry]` in millibits beside it."""

    posting: Posting
    bits: npt.NDArray[np.int64]


def find_rarity(records: Records, spec: RaritySpec, unlisted: Collection[str] = ()) -> RarityTable:
    """Count features and turn counts into bits. A feature on more than `common` of the records gets 0 bits.

    No value of the fields `unlisted` (identifiers) is listed, all have the floor: unless so many share it that it
    names nobody (`NOBODYS`), like a telephone number of zeros.
    """
    listed: dict[str, dict[str, int]] = {}
    floor: dict[str, int] = {}
    n = max(len(records), 1)
    for expression in spec.expressions():
        label, discount = str(expression), spec.discount.get(str(expression), 1.0)
        counts = document_counts(records, expression)
        common = max(spec.common * n, 1)
        least = max(common + 1, NOBODYS) if expression.field in unlisted else LISTED_FROM
        often = {value: count for value, count in counts.items() if count >= least}
        seldom = [count for count in counts.values() if count < least]
        listed[label] = {
            value: 0 if count > common else millibits(discount * math.log2(n / count)) for value, count in often.items()
        }
        typical = sum(c * c for c in seldom) / sum(seldom) if seldom else 1.0
        floor[label] = max(0, millibits(discount * math.log2(n / typical)))
    cut = spec.cut if spec.cut is not None else max(3.0, math.log2(n) - 6.6)
    # At least one millibit: sharing nothing is no reason to be a candidate.
    return RarityTable(listed, floor, max(millibits(cut), 1))


def document_counts(records: Records, expression: KeyExpression) -> dict[str, int]:
    """How many records carry each key text of an expression, in order of the text."""
    column = records.columns[expression.field]
    held = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    counts: dict[str, int] = {}
    for value, count in zip(column.values, held.tolist(), strict=True):
        for text in expression.keys(value):
            counts[text] = counts.get(text, 0) + count
    return dict(sorted(counts.items()))


def features(records: Records, spec: RaritySpec, table: RarityTable) -> Features:
    """The features of all records with their bits; those worth nothing are left out."""
    rows, keys, bits = [], [], []
    for number, expression in enumerate(spec.expressions()):
        texts = expand(records, expression)
        row = np.repeat(np.arange(len(records), dtype=np.int64), np.diff(texts.start))
        rows.append(row)
        keys.append(_keys(number, texts.hashes))
        bits.append(_bits(texts.hashes, expression, table))
    all_rows, all_keys, all_bits = np.concatenate(rows), np.concatenate(keys), np.concatenate(bits)
    worth = all_bits > 0
    order = np.lexsort((all_rows[worth], all_keys[worth]))
    return Features(Posting(all_rows[worth][order], all_keys[worth][order]), all_bits[worth][order])


def _keys(number: int, hashes: Keys) -> Keys:
    """Keys of the feature `number` from the hashes of its texts: the same text in two features is two keys."""
    return mix(np.full(len(hashes), hash_text("feature", str(number)), dtype=np.int64), hashes)


def describe_feature(records: Records, spec: RaritySpec, row: int, key: int) -> tuple[KeyExpression, str]:
    """The feature and the text behind one key of a record, for people."""
    for number, expression in enumerate(spec.expressions()):
        for text in expression.keys(records.columns[expression.field].text(row) or ""):
            if int(_keys(number, np.array([hash_key(expression, text)], dtype=np.int64))[0]) == key:
                return expression, text
    raise ValueError(f"row {row} does not hold this feature")


def _bits(hashes: Keys, expression: KeyExpression, table: RarityTable) -> npt.NDArray[np.int64]:
    label = str(expression)
    by_hash = {hash_key(expression, value): bits for value, bits in table.listed[label].items()}
    floor = table.floor[label]
    distinct, inverse = np.unique(hashes, return_inverse=True)
    values = np.array([by_hash.get(int(h), floor) for h in distinct], dtype=np.int64)
    return values[inverse] if len(distinct) else np.empty(0, np.int64)
