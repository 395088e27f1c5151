"""Models of any shape and rows of any kind, for what must be alike both ways: plain and compiled."""

from __future__ import annotations

import functools
import random

from linkage_tables import PEOPLE, Row, copy_of, person, table

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.training.train import train

TEXT = ["exact", "jaro >= 0.9", "jaro_winkler >= 0.85", "levenshtein <= 1", "osa <= 2", "jaro_winkler >= 0.7"]
LEVELS = {
    "name": ["same", "similar", "subset", "overlap >= 0.5", "overlap >= 0.334", "overlap"],
    "city": TEXT,
    "born": ["exact", "swapped", "one_digit", "days <= 40", "years <= 1", "same_year", "same_day"],
    "beds": ["exact", "within 10", "within 50.5"],
    "street": TEXT,
    "code": [*TEXT[:1], "osa <= 1"],
}
KEYS = ["each(name)", "city", "year(born)", "first(street, 3)", "beds", "born", "metaphone(city)", "code"]


def some_model(rng: random.Random) -> Model:
    """A model of any shape: some comparisons and levels, tables or none, a group, rules, rarity, refinement."""
    compared = rng.sample(sorted(LEVELS), rng.randint(2, 6))
    groups = [compared[-2:]] if len(compared) > 2 and rng.random() < 0.5 else []
    parts = [f"groups = {groups}"] if groups else []
    parts += ['pairs = "between"'] if rng.random() < 0.3 else []
    parts += ["heavy = 4", 'refine = ["born", "city"]'] if rng.random() < 0.5 else []
    parts.append(PEOPLE[PEOPLE.index("\n") : PEOPLE.index("[[blocking]]")])
    for _ in range(rng.randint(0, 3)):
        parts.append(f"[[blocking]]\nkeys = {rng.sample(KEYS, rng.randint(1, 2))}")
    if rng.random() < 0.6 or len(parts[-1]) > 100:
        features = ["each(name)", *rng.sample(["city", "born", "year(born)", "street"], 2)]
        parts.append(f"[rarity]\nfeatures = {features}\ncommon = 0.5\ncut = {rng.choice([2.0, 5.0, 9.0])}")
    for field in compared:
        levels = [level for level in LEVELS[field] if rng.random() < 0.6] or LEVELS[field][:1]
        frequency = str(rng.random() < 0.7).lower()
        parts.append(
            f'[[comparisons]]\nfield = "{field}"\nlevels = {levels}\nfrequency = {frequency}'.replace("'", '"')
        )
    return parse_model("\n".join(parts))


def strange(row: Row, rng: random.Random) -> Row:
    """Now and then a value that no list should hold."""
    odd = [
        "",
        " ",
        "\x00",
        "a b " * 40,
        "\u0645\u0644\u0627",
        "\U0001f3e5" * 70,
        "1980-02-30x",
        "99999999999999999999.5",
    ]
    return {field: rng.choice(odd) if rng.random() < 0.03 else value for field, value in row.items()}


def some_rows(rng: random.Random, count: int) -> list[Row]:
    """Persons, half of them written down again, some with odd values."""
    rows: list[Row] = []
    for _ in range(count):
        fresh = copy_of(rng.choice(rows), rng) if rows and rng.random() < 0.5 else person(rng)
        rows.append(strange(fresh, rng))
    return rows


@functools.cache
def learned(seed: int) -> Parameters | None:
    """Parameters of a random model, learned on random persons; None if it finds no pair at all."""
    rng = random.Random(seed)
    model, rows = some_model(rng), some_rows(rng, 60)
    try:
        return train(table(rows, model, ["ab"[k % 2] for k in range(len(rows))]), model)
    except InputRefused:
        return None
