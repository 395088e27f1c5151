"""Weights against a plain reading of the parameters, and the law: they are a function of two records alone."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import Row, all_pairs, copy_of, people_model, person, table, trained

from mdi_engine.linkage.candidates.blocking import candidates, covers, prepare
from mdi_engine.linkage.models.expressions import Level, parse_level
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.models.parameters import FrequencyTable, Parameters
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights import distances
from mdi_engine.linkage.weights.score import Scorer, score


def plain_text_level(a: str, b: str, level: Level) -> bool:
    bound = level.bound
    match level.test:
        case "exact":
            return a == b
        case "jaro_winkler":
            return distances.jaro_winkler(a, b) >= bound
        case "osa":
            return distances.osa(a, b) <= bound
        case "levenshtein":
            return distances.levenshtein(a, b) <= bound
        case "swapped":
            return len(a) == len(b) == 10 and b == f"{a[:4]}-{a[8:]}-{a[5:7]}"
        case "one_digit":
            return len(a) == len(b) and distances.levenshtein(a, b) == 1
        case "years":
            return a[:4].isdigit() and b[:4].isdigit() and abs(int(a[:4]) - int(b[:4])) <= bound
        case "same_day":
            return len(a) == len(b) == 10 and a[4:] == b[4:]
        case "within":
            return abs(Fraction(a) - Fraction(b)) <= bound
    raise AssertionError(level)


def plain_join(words: list[str], other: list[str]) -> list[str]:
    if len(words) < 2:
        return words
    first, second, *rest = words
    if first + second in other and first not in other and second not in other:
        return [first + second, *plain_join(rest, other)]
    return [first, *plain_join([second, *rest], other)]


def plain_meets(a: str, b: str) -> str:
    if a == b:
        return "exact"
    if min(len(a), len(b)) == 1:
        return "initial" if a[0] == b[0] else "no"
    if min(len(a), len(b)) < 4:
        return "no"
    return "typo" if distances.osa(a, b) <= (2 if min(len(a), len(b)) >= 8 else 1) else "no"


def plain_bag(a: str, b: str) -> tuple[list[tuple[str, str, str]], int, int]:
    left, right = plain_join(a.split(), b.split()), plain_join(b.split(), a.split())
    sizes = len(left), len(right)
    met = []
    for how in ("exact", "typo", "initial"):
        pairs = [(x, y) for x in set(left) for y in set(right) if plain_meets(x, y) == how]
        for x, y in sorted(pairs, key=lambda pair: sorted(pair)):
            while x in left and y in right:
                left.remove(x)
                right.remove(y)
                met.append((how, x, y))
    return met, *sizes


def plain_level(a: str | None, b: str | None, levels: Sequence[Level], kind: str) -> int:
    if a is None or b is None:
        return 0
    for place, level in enumerate(levels):
        if kind == "tokens":
            met, left, right = plain_bag(a, b)
            wanted = {"same": max(left, right), "similar": max(left, right), "subset": min(left, right)}
            reached = len(met) > 0 and len(met) >= wanted.get(level.test, level.bound * min(left, right))
            reached = reached and (level.test != "same" or all(how == "exact" for how, _, _ in met))
        else:
            reached = plain_text_level(a, b, level)
        if reached:
            return len(levels) + 1 - place
    return 1


def plain_evidence(a: str, b: str, level: int, kind: str, table: FrequencyTable) -> int:
    """log2 u of one pair of values in millibits, read off the table."""

    def listed(number: int, value: str) -> int:
        return table.listed[number].get(value, table.floor[number])

    if kind != "tokens":
        return (listed(level, a) + listed(level, b)) // 2
    met, left, right = plain_bag(a, b)
    order = ["exact", "typo", "initial"]
    total = sum((listed(order.index(how), x) + listed(order.index(how), y)) // 2 for how, x, y in met)
    same = sorted(x for how, x, _ in met if how == "exact")
    total += plain_bonds(same, table)
    return min(total, listed(3, " ".join(same))) if len(same) == left == right else total


def plain_bonds(words: list[str], table: FrequencyTable) -> int:
    """Kruskal: the strongest bonds that close no ring."""
    bonds = [(-bits, pair) for pair, bits in table.together.items() if pair[0] in words and pair[1] in words]
    groups = [{word} for word in set(words)]
    total = 0
    for bits, (a, b) in sorted(bonds):
        first = next(group for group in groups if a in group)
        second = next(group for group in groups if b in group)
        if first is not second:
            groups = [group for group in groups if group not in (first, second)] + [first | second]
            total -= bits
    return total


def plain_weight(left: Row, right: Row, model: Model, parameters: Parameters) -> int:
    """The prior plus, per block, the weight of its level; less log2 u of the values where there is a table."""
    total = parameters.prior
    for specs, learned in zip(model.blocks(), parameters.blocks, strict=True):
        joint, radix, evidence, same = 0, 1, 0, []
        for spec in specs:
            kind = model.fields[spec.field].type
            levels = [parse_level(level, kind) for level in spec.levels]
            a, b = left.get(spec.field), right.get(spec.field)
            level = plain_level(a, b, levels, kind)
            joint += radix * level
            radix *= len(levels) + 2
            if a and a == b and kind != "tokens":
                same.append(a)
            if learned.table is not None and level > 1 and a and b and len(specs) == 1:
                evidence = plain_evidence(a, b, level, kind, learned.table)
        if learned.table is not None and len(specs) > 1 and same:
            evidence = learned.table.listed[joint].get("\x1f".join(same), learned.table.floor[joint])
        total += learned.weight[joint] - evidence
    return total


def random_rows(seed: int, count: int = 24) -> list[dict[str, str | None]]:
    """Persons and copies: many near pairs, values that training never saw, empty fields."""
    rng = random.Random(seed)
    rows: list[dict[str, str | None]] = []
    for _ in range(count):
        fresh = copy_of(rng.choice(rows), rng) if rows and rng.random() < 0.6 else person(rng)
        rows.append({field: value for field, value in fresh.items() if value and rng.random() < 0.93})
    return rows


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_weights_are_what_the_parameters_say(seed: int) -> None:
    rows, model, (_, parameters) = random_rows(seed), people_model(), trained()
    records = table(rows, model)
    left, right = all_pairs(records)
    found = Scorer(records, parameters).weights(left, right).tolist()
    assert found == [
        plain_weight(rows[i], rows[j], model, parameters) for i, j in zip(left.tolist(), right.tolist(), strict=True)
    ]


@functools.cache
def two_level_parameters() -> tuple[Model, Parameters]:
    """A bag of words with as many levels as its table has kinds: once mistaken for a text field."""
    model = parse_model("""
        name = "t"
        [fields.name]
        column = "name"
        type = "tokens"
        [rarity]
        features = ["each(name)"]
        cut = 1.0
        common = 1.0
        [[comparisons]]
        field = "name"
        levels = ["same", "overlap"]
        """)
    rng = random.Random(5)
    rows: list[Row] = [{"name": person(rng)["name"]} for _ in range(150)]
    return model, train(table(rows, model), model)


@given(seed=st.integers(0, 10**6), least=st.sampled_from([None, -30_000, -8_000, 0, 4_000, 12_000, 25_000]))
@settings(max_examples=25, deadline=None)
def test_giving_up_early_loses_no_pair_and_no_millibit(seed: int, least: int | None) -> None:
    for model, parameters in ((people_model(), trained()[1]), two_level_parameters()):
        records = table(random_rows(seed), model)
        kept = score(records, parameters, keep=least)
        chunks = list(candidates(prepare(records, model, parameters.blocking)))
        left = np.concatenate([np.empty(0, np.int64), *(chunk.left for chunk in chunks)])
        right = np.concatenate([np.empty(0, np.int64), *(chunk.right for chunk in chunks)])
        weight = Scorer(records, parameters).weights(left, right)
        enough = weight >= (parameters.review if least is None else least)
        assert kept.candidate_pairs == len(left)
        assert kept.left.tolist() == left[enough].tolist()
        assert kept.right.tolist() == right[enough].tolist()
        assert kept.weight.tolist() == weight[enough].tolist()


def verdict(records_rows: Sequence[Row], i: int, j: int, parameters: Parameters) -> tuple[list[bool], int]:
    """Which ways cover the pair, and its weight, in a table of these rows."""
    records = table(records_rows, parameters.model)
    ways = prepare(records, parameters.model, parameters.blocking)
    left, right = np.array([i]), np.array([j])
    covered = [bool(covers(ways, way, left, right)[0]) for way in range(ways.count)]
    return covered, int(Scorer(records, parameters).weights(left, right)[0])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_law_a_pair_is_judged_alike_whoever_else_is_there(seed: int) -> None:
    rows, (_, parameters) = random_rows(seed, 30), trained()
    rng = random.Random(seed)
    for _ in range(6):
        i, j = rng.sample(range(len(rows)), 2)
        full = verdict(rows, i, j, parameters)
        assert verdict([rows[i], rows[j]], 0, 1, parameters) == full
        assert verdict([rows[j], rows[i]], 0, 1, parameters) == full


def test_the_law_holds_for_heavy_keys_too() -> None:
    model = parse_model("""
        name = "t"
        heavy = 4
        refine = ["born"]
        [fields.city]
        column = "city"
        [fields.born]
        column = "born"
        [[blocking]]
        keys = ["city"]
        [[comparisons]]
        field = "born"
        levels = ["exact"]
        """)
    rows: list[Row] = [{"city": "Medan", "born": str(1970 + i % 3)} for i in range(9)]
    rows += [{"city": "Kupang"}, {"city": "Kupang"}]
    parameters = train(table(rows, model), model)
    assert verdict(rows, 0, 3, parameters) == verdict([rows[0], rows[3]], 0, 1, parameters)
    assert verdict(rows, 0, 1, parameters)[0] == [False]
    assert verdict([rows[0], rows[1]], 0, 1, parameters)[0] == [False]
    assert verdict(rows, 9, 10, parameters)[0] == verdict([rows[9], rows[10]], 0, 1, parameters)[0] == [True]


def test_pairs_with_nothing_to_compare_weigh_the_prior() -> None:
    _, parameters = trained()
    records = table([{}, {}], parameters.model)
    assert Scorer(records, parameters).weights(np.array([0]), np.array([1])).tolist() == [parameters.prior]


@pytest.mark.parametrize("count", [0, 1])
def test_scoring_hardly_any_records_gives_no_edge(count: int) -> None:
    _, parameters = trained()
    assert len(score(table([{"name": "siti"}] * count, parameters.model), parameters)) == 0
