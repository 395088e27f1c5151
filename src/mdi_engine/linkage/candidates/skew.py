"""What is uneven in these records, and what is done about it, in sentences. No value of a record is quoted.

A value that nearly all rows share (a birth date of 1 January 1900, a telephone number of zeros) would make half as
many pairs as there are rows, squared. Nothing stops for it and nothing is dropped in silence: people are told.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from mdi_engine.linkage.candidates.counts import apart, pairs_of, top_share
from mdi_engine.linkage.candidates.keys import Posting, Step, refine, rule_postings
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import BlockingSpec, Model
from mdi_engine.linkage.models.parameters import Blocking
from mdi_engine.linkage.records import Records

UNEVEN = 0.9  # a feature of rarity blocking that so many rows share is worth a sentence


def skews(records: Records, model: Model, blocking: Blocking) -> tuple[str, ...]:
    """What to know about the ways to candidates: keys divided or left out, ways without a row, features for nothing.

    Empty if all is even, and if there are no records. Costs a sort for each rule that was divided, else little.
    """
    if not len(records):
        return ()
    rules = [said for number in range(len(model.blocking)) for said in _of_rule(records, model, blocking, number)]
    return (*rules, *_of_rarity(records, model, blocking))


def _of_rule(records: Records, model: Model, blocking: Blocking, number: int) -> Iterator[str]:
    rule = model.blocking[number]
    empty = _without_rows(records, rule.expressions())
    steps = blocking.refinement.get(number, [])
    if empty:
        yield f"rule {rule.label!r}: {empty}, so it finds nothing."
    elif steps:
        plain = rule_postings(records, rule, number)
        final = functools.reduce(functools.partial(refine, records), steps, plain)
        yield " ".join([f"rule {rule.label!r}: {_blame(records, rule)}.", *_done(records, model, steps, plain, final)])


def _blame(records: Records, rule: BlockingSpec) -> str:
    """The expression whose commonest key most rows share."""
    share, expression = max(((top_share(records, e), e) for e in rule.expressions()), key=lambda found: found[0])
    return f"{share:.1%} of the rows share {_one(expression)}"


def _one(expression: KeyExpression) -> str:
    """What rows share under a key expression, in words.

    >>> _one(KeyExpression("name", "each")), _one(KeyExpression("kk")), _one(KeyExpression("name", "first", 4))
    ("one word of 'name'", "one value of 'kk'", 'one first(name, 4)')
    """
    words = {"value": "one value of {!r}", "each": "one word of {!r}"}
    return words.get(expression.function, f"one {expression}").format(expression.field)


def _done(records: Records, model: Model, steps: Sequence[Step], plain: Posting, final: Posting) -> Iterator[str]:
    """What became of the heavy keys of a rule: a sentence on those divided, one on those left out."""
    fields = ", then ".join(repr(step.field) for step in steps if step.field is not None)
    keys = "1 key" if len(steps[0].keys) == 1 else f"{len(steps[0].keys):,} keys"
    crowd = f"{_under(plain, steps[0].keys):,} rows under {keys} of more than {model.heavy:,}"
    if fields:
        after, before = (pairs_of(posting, apart(records, model)) for posting in (final, plain))
        yield f"The {crowd} are divided by {fields}: {after:,} of {before:,} pairs are left."
    if lost := len(np.setdiff1d(plain.rows, final.rows)):
        which = f"{lost:,} rows that these do not divide" if fields else f"The {crowd}, which no field divides,"
        several = len(model.blocking) + (model.rarity is not None) > 1
        yield f"{which} are left to the other ways." if several else f"{which} are not compared: there is no other way."


def _under(posting: Posting, keys: Sequence[int]) -> int:
    """How many rows stand under any of these keys."""
    return len(np.unique(posting.rows[np.isin(posting.keys, np.array(keys, dtype=np.int64))]))


def _of_rarity(records: Records, model: Model, blocking: Blocking) -> Iterator[str]:
    for expression in model.rarity.expressions() if model.rarity else ():
        label, listed = str(expression), blocking.rarity.listed if blocking.rarity else {}
        if empty := _without_rows(records, [expression]):
            yield f"rarity: {empty}, so {label!r} finds nothing."
        elif 0 in listed.get(label, {}).values() and (share := top_share(records, expression)) >= UNEVEN:
            yield f"rarity: {share:.1%} of the rows share {_one(expression)}, which counts for nothing there."


def _without_rows(records: Records, expressions: Sequence[KeyExpression]) -> str:
    """Why no row has a value for each of these expressions; empty if some row has."""
    held = np.ones(len(records), dtype=bool)
    fields = dict.fromkeys(expression.field for expression in expressions)
    for field in fields:
        here = records.columns[field].codes >= 0
        if not here.any():
            return f"no row has a value of {field!r}"
        held &= here
    return "" if held.any() else f"no row has {' and '.join(map(repr, fields))} together"
