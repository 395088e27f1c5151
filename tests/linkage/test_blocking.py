from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import CITIES, WORDS, Pairs, Row, plain_combinations, plain_keys, table

from mdi_engine.linkage.candidates.blocking import candidates, covers, find_blocking, prepare, shared_bits
from mdi_engine.linkage.candidates.keys import Keys, rule_postings
from mdi_engine.linkage.candidates.rarity import RarityTable
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.records import Records

FIELDS = """
name = "t"
[fields.name]
column = "name"
type = "tokens"
[fields.city]
column = "city"
[fields.born]
column = "born"
type = "date"
[[comparisons]]
field = "city"
levels = ["exact"]
"""
RULES = {
    "city alone": [["city"]],
    "words of the name": [["each(name)"]],
    "a conjunction": [["each(name)", "city"]],
    "several rules that overlap": [["each(name)", "city"], ["year(born)"], ["each(name)", "first(city, 1)"]],
    "two multiple keys in one rule": [["each(name)", "each(city)"], ["born"]],
}

rows_strategy = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | st.lists(st.sampled_from(WORDS[:7]), max_size=4).map(" ".join),
            "city": st.none() | st.sampled_from(CITIES[:4]),
            "born": st.none() | st.sampled_from(["1980-01-01", "1980-02-03", "1975-05-06"]),
        }
    ),
    max_size=14,
)
some_rows: list[Row] = [
    {"name": f"{WORDS[i % 3]} {WORDS[(i * 5) % 7]}", "city": CITIES[i % 2], "born": f"19{70 + i % 4}-01-01"}
    for i in range(40)
]


def model_of(rules: list[list[str]], head: str = "", tail: str = "") -> Model:
    blocks = "".join(f"[[blocking]]\nkeys = {rule}\n" for rule in rules)
    return parse_model(head + FIELDS + blocks + tail)


def emitted(records: Records, model: Model) -> list[tuple[int, int, int]]:
    chunks = candidates(prepare(records, model, find_blocking(records, model)))
    return [(int(a), int(b), chunk.way) for chunk in chunks for a, b in zip(chunk.left, chunk.right, strict=True)]


def plain_rule(rows: list[Row], keys: list[str], heavy: int, refine: list[str]) -> Pairs:
    """Pairs of a rule by nested loops; heavy keys grow by one refining field after the other (NULL is a value)."""
    held: list[set[tuple[str | None, ...]]] = [set(plain_combinations(keys, row)) for row in rows]
    for field in refine:
        counts = Counter(key for row_keys in held for key in row_keys)
        held = [
            {(*key, row.get(field)) if counts[key] > heavy else key for key in row_keys}
            for row, row_keys in zip(rows, held, strict=True)
        ]
    return {(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows)) if held[i] & held[j]}


def check_each_once(rows: list[Row], model: Model, rules: list[Pairs], sources: list[str] | None = None) -> None:
    records = table(rows, model, sources)
    found = emitted(records, model)
    wanted: dict[tuple[int, int], int] = {}
    for way, pairs in enumerate(rules):
        for i, j in pairs:
            if sources is None or sources[i] != sources[j]:
                wanted.setdefault((i, j), way)
    assert len({(i, j) for i, j, _ in found}) == len(found), "a pair was made twice"
    assert {(i, j): way for i, j, way in found} == wanted


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@given(rows=rows_strategy)
@settings(max_examples=40, deadline=None)
def test_each_pair_a_rule_covers_comes_once_with_its_first_rule(rules: list[list[str]], rows: list[Row]) -> None:
    check_each_once(rows, model_of(rules), [plain_rule(rows, keys, 2000, []) for keys in rules])


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
@given(rows=rows_strategy, data=st.data())
@settings(max_examples=20, deadline=None)
def test_pairs_between_sources_only(rules: list[list[str]], rows: list[Row], data: st.DataObject) -> None:
    sources = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=len(rows), max_size=len(rows)))
    model = model_of(rules, 'pairs = "between"\n')
    check_each_once(rows, model, [plain_rule(rows, keys, 2000, []) for keys in rules], sources)


@given(rows=st.lists(rows_strategy.filter(bool).map(lambda rows: rows[0]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_heavy_keys_are_refined_field_by_field(rows: list[Row]) -> None:
    rules = [["each(name)"], ["city"]]
    model = model_of(rules, 'heavy = 4\nrefine = ["born", "city"]\n')
    # A rule is not refined by a field it holds already.
    check_each_once(
        rows, model, [plain_rule(rows, rules[0], 4, ["born", "city"]), plain_rule(rows, rules[1], 4, ["born"])]
    )


def test_refinement_splits_a_heavy_key_and_leaves_light_ones() -> None:
    plain, refined = model_of([["city"]]), model_of([["city"]], 'heavy = 4\nrefine = ["born"]\n')
    few = [*some_rows, {"city": "Kupang", "born": "1999-01-01"}, {"city": "Kupang", "born": None}]
    all_found = {(i, j) for i, j, _ in emitted(table(few, plain), plain)}
    kept = {(i, j) for i, j, _ in emitted(table(few, refined), refined)}
    assert kept < all_found
    assert (40, 41) in kept


def plain_bits(rows: list[Row], features: list[str], rarity: RarityTable) -> dict[tuple[int, int], int]:
    bits = {}
    for i in range(len(rows)):
        for j in range(i + 1, len(rows)):
            bits[i, j] = sum(
                max(rarity.listed[feature].get(text, rarity.floor[feature]), 0)
                for feature in features
                for text in plain_keys(feature, rows[i]) & plain_keys(feature, rows[j])
            )
    return bits


@given(rows=rows_strategy, cut=st.sampled_from([0.0001, 1.0, 3.0, 5.5]), between=st.booleans())
@settings(max_examples=80, deadline=None)
def test_rarity_adds_the_bits_of_shared_features(rows: list[Row], cut: float, between: bool) -> None:
    features = ["each(name)", "city", "year(born)"]
    tail = f"[rarity]\nfeatures = {features}\ncommon = 0.7\ncut = {cut}\n[rarity.discount]\ncity = 0.5\n"
    model = model_of([["city", "born"]], 'pairs = "between"\n' if between else "", tail)
    sources = ["ab"[i % 2] for i in range(len(rows))] if between else None
    records = table(rows, model, sources)
    rarity = find_blocking(records, model).rarity
    assert rarity is not None
    bits = plain_bits(rows, features, rarity)
    covered = {pair for pair, shared in bits.items() if shared >= rarity.cut}
    check_each_once(rows, model, [plain_rule(rows, ["city", "born"], 2000, []), covered], sources)
    ways = prepare(records, model, find_blocking(records, model))
    for (i, j), shared in bits.items():
        row_i, row_j = table_rows(i), table_rows(j)
        assert shared_bits(ways, row_i, row_j).tolist() == [shared]
        assert covers(ways, 1, row_i, row_j).tolist() == [(i, j) in covered]


def table_rows(row: int) -> Keys:
    return np.array([row])


@pytest.mark.parametrize("chunk", [1, 2, 7, 50])
@pytest.mark.parametrize("part", [1, 3])
def test_candidates_do_not_depend_on_the_size_of_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int, part: int) -> None:
    tail = '[rarity]\nfeatures = ["each(name)", "born"]\ncut = 2.0\ncommon = 1.0\n'
    model = model_of([["each(name)", "city"]], tail=tail)
    records = table(some_rows, model)
    whole = sorted(emitted(records, model))
    assert {way for _, _, way in whole} == {0, 1}
    monkeypatch.setattr("mdi_engine.linkage.candidates.blocking.CHUNK", chunk)
    monkeypatch.setattr("mdi_engine.linkage.candidates.keys._SLICE", part)
    assert sorted(emitted(records, model)) == whole


@pytest.mark.parametrize("rows", [[], [{"name": "a", "city": "b", "born": None}], [{}, {}, {}]], ids=["0", "1", "NULL"])
def test_nothing_to_pair_gives_no_pair(rows: list[Row]) -> None:
    tail = '[rarity]\nfeatures = ["each(name)", "born"]\ncut = 2.0\n'
    model = model_of([["city"], ["each(name)"]], 'heavy = 4\nrefine = ["born"]\n', tail)
    assert emitted(table(rows, model), model) == []


def test_a_record_has_the_same_keys_alone_as_in_the_full_table() -> None:
    model = model_of([["each(name)", "city"]])
    full = rule_postings(table(some_rows, model), model.blocking[0], 0)
    alone = rule_postings(table(some_rows[7:8], model), model.blocking[0], 0)
    assert sorted(full.keys[full.rows == 7].tolist()) == alone.keys.tolist()


def test_a_field_of_a_million_words_makes_few_keys() -> None:
    model = model_of([["each(name)"]])
    hostile = " ".join(str(i) for i in range(1_000_000))
    records = table([{"name": hostile}, {"name": hostile}, *some_rows], model)
    assert len(rule_postings(records, model.blocking[0], 0).keys) < 300
    assert (0, 1, 0) in emitted(records, model)
