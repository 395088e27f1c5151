"""Small tables and models for the tests of the linkage core, and its rules said once more in plain Python."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.linkage.training.train import train

Row = Mapping[str, str | None]
Pairs = set[tuple[int, int]]

FIELDS = """
name = "people"
[fields.name]
column = "name"
type = "tokens"
[fields.city]
column = "city"
[fields.born]
column = "born"
type = "date"
[fields.beds]
column = "beds"
type = "number"
[fields.street]
column = "street"
[fields.code]
column = "code"
identifier = true
"""

COMPARISONS = """
[[comparisons]]
field = "name"
levels = ["same", "similar", "subset", "overlap >= 0.5", "overlap"]
[[comparisons]]
field = "city"
levels = ["exact", "jaro_winkler >= 0.9", "osa <= 2"]
[[comparisons]]
field = "born"
levels = ["exact", "swapped", "one_digit", "years <= 1", "same_day"]
[[comparisons]]
field = "beds"
levels = ["exact", "within 10"]
[[comparisons]]
field = "street"
levels = ["exact", "levenshtein <= 1"]
[[comparisons]]
field = "code"
levels = ["exact"]
"""

WAYS = """
[[blocking]]
keys = ["each(name)", "city"]
[[blocking]]
keys = ["year(born)", "first(street, 2)"]
[rarity]
features = ["each(name)", "city", "born"]
common = 0.5
cut = 6.0
"""

# A group must stand before the first [table]: `groups` is a key of the file itself.
PEOPLE = 'groups = [["street", "beds"]]\n' + FIELDS + WAYS + COMPARISONS

NAMES = "siti budi dewi putri agus wahyu ningsih bhakti bhaktiningsih nur aini nuraini muhammad muhamad a s"
WORDS = tuple(NAMES.split())
CITIES = ("Surabaya", "Surabya", "Medan", "Makassar", "Makasar", "Kupang", "Jambi")
STREETS = ("Melati", "Melatu", "Mawar", "Kenanga", "Anggrek")


def table(
    rows: Sequence[Row], model: Model, sources: Sequence[str] | None = None, keys: Sequence[str] | None = None
) -> Records:
    """Rows as the core takes them; all of one source if none are given."""
    columns = {name: encode([row.get(name) for row in rows]) for name in model.fields}
    return build(sources or ["list"] * len(rows), keys, columns, sorted(model.used_fields()))


def all_pairs(records: Records, between: bool = False) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every pair of rows, or every pair of two sources."""
    left, right = np.triu_indices(len(records), 1)
    keep = records.source[left] != records.source[right] if between else np.ones(len(left), bool)
    return left[keep], right[keep]


def person(rng: random.Random) -> dict[str, str | None]:
    """One invented person; common words are much commoner than rare ones."""
    words = [WORDS[min(int(rng.expovariate(0.25)), len(WORDS) - 1)] for _ in range(rng.randint(1, 3))]
    made: dict[str, str | None] = {
        "name": " ".join([*words, rng.choice("bcdfghjklmnprtw") + rng.choice("aeiou") + rng.choice("lmnrst") + "a"]),
        "city": CITIES[min(int(rng.expovariate(0.5)), len(CITIES) - 1)],
        "born": f"{rng.randint(1950, 1990)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "beds": str(rng.randint(10, 300)),
        "street": rng.choice(STREETS) + " " + rng.choice("IVX"),
        "code": str(rng.randrange(10**9)),
    }
    return made


def copy_of(row: Row, rng: random.Random) -> dict[str, str | None]:
    """The same person written down again: now and then a letter lost, a field empty."""
    again = dict(row)
    for field, value in row.items():
        chance = rng.random()
        if value and chance < 0.08:
            at = rng.randrange(len(value))
            again[field] = value[:at] + value[at + 1 :] or None
        elif chance < 0.16:
            again[field] = None
    return again


def people(entities: int, seed: int) -> tuple[list[dict[str, str | None]], npt.NDArray[np.int64]]:
    """Rows and truth: about a third of the persons stand twice."""
    rng = random.Random(seed)
    rows, truth = [], []
    for entity in range(entities):
        first = person(rng)
        rows.append(first)
        truth.append(entity)
        if rng.random() < 0.35:
            rows.append(copy_of(first, rng))
            truth.append(entity)
    order = list(range(len(rows)))
    rng.shuffle(order)
    return [rows[i] for i in order], np.array([truth[i] for i in order])


@functools.cache
def people_model() -> Model:
    """The model of the invented persons: every type, a group, an identifier, two rules and rarity."""
    return parse_model(PEOPLE)


@functools.cache
def trained() -> tuple[Records, Parameters]:
    """Parameters learned on 260 invented persons, with those records."""
    rows, _ = people(260, 1)
    records = table(rows, people_model())
    return records, train(records, people_model())


def plain_keys(expression: str, row: Row) -> set[str]:
    """A key expression said once more, for the few forms the tests use."""
    field = expression.rstrip(")").split("(")[-1].split(",")[0]
    value = row.get(field) or ""
    if not value:
        return set()
    if expression.startswith("each("):
        return set(value.split())
    if expression.startswith("year("):
        return {value[:4]}
    if expression.startswith("first("):
        return {value[: int(expression.rstrip(")").split(",")[1])]}
    return {value}


def plain_combinations(keys: Sequence[str], row: Row) -> set[tuple[str, ...]]:
    """All keys of a row under a rule, as texts."""
    return set(itertools.product(*(plain_keys(key, row) for key in keys)))
