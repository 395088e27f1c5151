"""Blocking keys: fixed 64-bit hashes, refined where a key is too heavy.

A record's keys under a rule are the combinations of its key expressions' texts (several for `each`). Keys are
the same on every machine and for ever, so they can be stored, and one record's keys equal the batch's.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import BlockingSpec, Model
from mdi_engine.linkage.records import Records

Keys = npt.NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")
MANY_VALUES = 50_000  # so many are hashed by a kernel
_SLICE = 1 << 18  # pairs looked at in one go: bounds memory, changes nothing else


def hash_text(salt: str, text: str) -> int:
    """A fixed signed 64-bit hash of a text under a salt (BLAKE2b, RFC 7693)."""
    data = f"{salt}\x1f{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def mix(left: Keys, right: Keys) -> Keys:
    """Combine two key arrays into one, order mattering (the finaliser of SplitMix64; Steele et al., OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        z = left.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + right.view(np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (z ^ (z >> np.uint64(31))).view(np.int64)


@dataclass(frozen=True)
class Posting:
    """Keys of one rule as pairs (row, key), sorted by key, then row, without doubles."""

    rows: Keys
    keys: Keys


@dataclass(frozen=True)
class Step:
    """One step of refinement: the heavy keys, and the field that divides them; None: left to the other ways."""

    field: str | None
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Expanded:
    """Texts of one expression for all records: record r has `hashes[start[r]:start[r + 1]]`."""

    start: Keys
    hashes: Keys


def expand(records: Records, expression: KeyExpression) -> Expanded:
    """Hash an expression's key texts once per distinct value and lay them out per record."""
    column = records.columns[expression.field]
    lengths, flat = _hashes(column.values, expression)
    lengths = np.append(lengths, 0)  # of a missing value
    offsets = np.concatenate([[0], np.cumsum(lengths[:-1])])
    counts = lengths[column.codes]
    start = np.concatenate([[0], np.cumsum(counts)])
    within = np.arange(start[-1]) - np.repeat(start[:-1], counts)
    return Expanded(start, flat[np.repeat(offsets[column.codes], counts) + within])


def _hashes(values: Sequence[str], expression: KeyExpression) -> tuple[Keys, Keys]:
    """How many key texts each value has, and the hashes of all of them."""
    if len(values) >= MANY_VALUES and expression.function != "metaphone":
        from mdi_engine.linkage.kernels.hashing import key_hashes  # numba: loaded where it is worth it

        return key_hashes(values, expression.function, expression.number)
    per_value = [[hash_key(expression, text) for text in expression.keys(value)] for value in values]
    lengths = np.array([len(hashes) for hashes in per_value], dtype=np.int64)
    return lengths, np.array([h for hashes in per_value for h in hashes], dtype=np.int64)


def hash_key(expression: KeyExpression, text: str) -> int:
    """The hash of one of an expression's key texts; a word of `each` hashes like the value itself."""
    return hash_text(expression.function if expression.function != "each" else "value", text)


def rule_postings(
    records: Records,
    rule: BlockingSpec,
    number: int,
    texts_of: Callable[[Records, KeyExpression], Expanded] = expand,
) -> Posting:
    """Unrefined keys of a rule: every combination of its expressions' texts, mixed with the rule's number."""
    rows = np.arange(len(records), dtype=np.int64)
    keys = np.full(len(records), hash_text("rule", str(number)), dtype=np.int64)
    for expression in rule.expressions():
        texts = texts_of(records, expression)
        counts = np.diff(texts.start)[rows]
        first = np.repeat(texts.start[rows], counts)
        within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows, keys = np.repeat(rows, counts), mix(np.repeat(keys, counts), texts.hashes[first + within])
    return _sorted(rows, keys)


def _sorted(rows: Keys, keys: Keys) -> Posting:
    ascending = bool((rows[1:] >= rows[:-1]).all())
    order = np.argsort(keys, kind="stable") if ascending else np.lexsort((rows, keys))  # the same, and twice as fast
    rows, keys = rows[order], keys[order]
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
    return Posting(rows[fresh], keys[fresh])


def groups(posting: Posting) -> tuple[Keys, Keys]:
    """Start and size of every run of one key."""
    if not len(posting.keys):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    start = np.flatnonzero(np.concatenate([[True], posting.keys[1:] != posting.keys[:-1]]))
    return start, np.diff(np.append(start, len(posting.keys)))


def refine(records: Records, posting: Posting, step: Step) -> Posting:
    """Give every row under a heavy key a longer key that also holds its value of a field (NULL counts as a value).

    Rows under the same heavy key that differ in the field are no longer candidates of this rule, and rows under a
    key that no field divides are none either: the plan says so.
    """
    hit = np.isin(posting.keys, np.array(step.keys, dtype=np.int64))
    if not hit.any():
        return posting
    if step.field is None:
        return Posting(posting.rows[~hit], posting.keys[~hit])
    column = records.columns[step.field]
    texts = [hash_text(f"refine {step.field}", value) for value in column.values]
    table = np.array([*texts, hash_text("refine", step.field)], np.int64)
    keys = posting.keys.copy()
    keys[hit] = mix(keys[hit], table[column.codes[posting.rows[hit]]])
    return _sorted(posting.rows, keys)


def find_refinement(records: Records, model: Model) -> dict[int, list[Step]]:
    """What divides the heavy keys of each rule, as they stand in these records. Part of the parameters.

    First the fields of `refine`, in their order; then those of the model's other fields that divide best; at last
    a key that is still heavy is left to the other ways. So no rule has a key of more than `heavy` of these records.
    """
    found: dict[int, list[Step]] = {}
    for number, rule in enumerate(model.blocking):
        held = {expression.field for expression in rule.expressions() if expression.function == "value"}
        wanted = [field for field in model.refine if field not in held]
        spare = sorted(model.used_fields() - held - set(wanted))
        posting = rule_postings(records, rule, number)
        while len(heavy := _heavy(posting, model.heavy)):
            field = wanted.pop(0) if wanted else _dividing(records, model, posting, heavy, spare)
            step = Step(field, tuple(heavy.tolist()))
            found.setdefault(number, []).append(step)
            posting = refine(records, posting, step)
            spare = [other for other in spare if other != field]
    return found


def _heavy(posting: Posting, most: int) -> Keys:
    """The keys of more than `most` records, ascending."""
    start, size = groups(posting)
    return posting.keys[start[size > most]]


def _dividing(records: Records, model: Model, posting: Posting, heavy: Keys, fields: Sequence[str]) -> str | None:
    """The field that leaves the fewest pairs (in whole per cent) under heavy keys; None if none divides them.

    An identifier only if no other field helps (it would leave each record alone). Of equals the one of fewest values:
    the coarser a field, the likelier that two records of one thing agree on it.
    """
    hit = np.isin(posting.keys, heavy)
    place, rows = np.searchsorted(heavy, posting.keys[hit]), posting.rows[hit]
    before = _crowd(np.bincount(place), model.heavy)
    chances = []
    for field in fields:
        column = records.columns[field]
        cells = place * (len(column.values) + 1) + column.codes[rows] + 1
        crowd = _crowd(np.unique(cells, return_counts=True)[1], model.heavy)
        if crowd < before:
            chances.append((model.fields[field].identifier, 100 * crowd // before, len(column.values), field))
    return min(chances)[-1] if chances else None


def _crowd(sizes: Keys, most: int) -> int:
    """Pairs of records (ordered, each with itself too) under keys of more than `most`."""
    return int((sizes[sizes > most] ** 2).sum())


def match_keys(
    records: Records, model: Model, refinement: Mapping[int, Sequence[Step]], threads: int = 1
) -> list[Posting]:
    """Final keys of every rule, refined exactly as the parameters say; some rules at once if `threads` are allowed."""

    def keys_of(number: int) -> Posting:
        posting = rule_postings(records, model.blocking[number], number)
        for step in refinement.get(number, ()):
            posting = refine(records, posting, step)
        return posting

    return in_threads(keys_of, range(len(model.blocking)), threads)


def in_threads(work: Callable[[T], R], things: Iterable[T], threads: int) -> list[R]:
    """What `work` makes of each thing, in their order. Hashing and sorting let go of the GIL."""
    if threads == 1:
        return [work(thing) for thing in things]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, things))


@dataclass(frozen=True)
class Held:
    """A posting laid out by row: row r holds the entries `start[r]:start[r + 1]`, keys ascending.

    `place[entry]` is the entry's place in the posting, `code[entry]` its key as a small number (keys in order),
    `joined[entry]` = row * keys + code, ascending. `single[row]` is the code of the row's one key (-1 if it has
    none), where no row has more than one; else None.
    """

    start: Keys
    place: Keys
    code: Keys
    joined: Keys
    distinct: int
    single: Keys | None


def by_row(posting: Posting, rows: int) -> Held:
    """Lay a posting out by row."""
    codes = key_codes(posting)
    distinct = int(codes[-1]) + 1 if len(codes) else 0
    counts = np.bincount(posting.rows, minlength=rows)
    if counts.max(initial=0) <= 1:  # no need to sort
        found = np.zeros(rows, dtype=np.int64)
        found[posting.rows] = np.arange(len(posting.rows))
        place = found[counts > 0]
    else:
        place = np.argsort(posting.rows, kind="stable")
    start = np.concatenate([[0], np.cumsum(counts)])
    single = None
    if counts.max(initial=0) <= 1:
        single = np.full(rows, -1, dtype=np.int64)
        single[posting.rows] = codes
    return Held(start, place, codes[place], posting.rows[place] * distinct + codes[place], distinct, single)


def key_codes(posting: Posting) -> Keys:
    """The keys of a posting as 0, 1, 2 …, in order."""
    fresh = np.zeros(len(posting.keys), dtype=np.int64)
    fresh[1:] = posting.keys[1:] != posting.keys[:-1]
    return np.cumsum(fresh)


def shared(held: Held, left: Keys, right: Keys) -> Iterator[tuple[Keys, Keys]]:
    """Keys that both rows of each pair hold, as (pair, entry), ascending, some pairs at a time."""
    counts = np.diff(held.start)
    for begin in range(0, len(left), _SLICE):
        a, b = left[begin : begin + _SLICE], right[begin : begin + _SLICE]
        fewer = counts[a] <= counts[b]
        a, b = np.where(fewer, a, b), np.where(fewer, b, a)
        many = counts[a]
        pair = np.repeat(np.arange(len(a)), many)
        entry = np.arange(len(pair)) - np.repeat(np.cumsum(many) - many - held.start[a], many)
        wanted = b[pair] * held.distinct + held.code[entry]
        found = np.searchsorted(held.joined, wanted).clip(max=max(len(held.joined) - 1, 0))
        hit = held.joined[found] == wanted if len(wanted) else np.zeros(0, dtype=bool)
        yield begin + pair[hit], entry[hit]


def describe_key(records: Records, rule: BlockingSpec, number: int, row: int, key: int) -> tuple[str, ...]:
    """The texts behind one unrefined key of a record under rule `number`, one for each key expression."""
    values = [(expression, records.columns[expression.field].text(row) or "") for expression in rule.expressions()]
    for texts in itertools.product(*(expression.keys(value) for expression, value in values)):
        made = np.array([hash_text("rule", str(number))], dtype=np.int64)
        for (expression, _), text in zip(values, texts, strict=True):
            made = mix(made, np.array([hash_key(expression, text)], dtype=np.int64))
        if int(made[0]) == key:
            return texts
    raise ValueError(f"row {row} does not hold this key of rule {number}")
