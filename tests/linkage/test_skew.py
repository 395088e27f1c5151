"""A file in which nearly all rows share one value: bounded pairs, in seconds, and said so."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest
from linkage_tables import Row, person, table

from mdi_engine.linkage.candidates.blocking import find_blocking, prepare
from mdi_engine.linkage.candidates.keys import groups
from mdi_engine.linkage.candidates.plan import plan
from mdi_engine.linkage.candidates.skew import skews
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.models.parameters import Blocking
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.train import train

HEAD = """
name = "people"
[fields.name]
column = "name"
type = "tokens"
[fields.born]
column = "born"
type = "date"
[fields.city]
column = "city"
[fields.street]
column = "street"
[fields.phone]
column = "phone"
identifier = true
[[comparisons]]
field = "name"
levels = ["same", "subset"]
[[comparisons]]
field = "born"
levels = ["exact"]
[[comparisons]]
field = "phone"
levels = ["exact"]
"""
RARITY = '[rarity]\nfeatures = ["each(name)", "born", "year(born)", "city", "phone"]\n'
SHARED = {"born": "1900-01-01", "phone": "080000000000", "name": "rini", "city": "3578"}
ROWS = 20_000


def model_of(*rules: list[str], rarity: bool = True, head: str = "") -> Model:
    blocks = "".join(f"[[blocking]]\nkeys = {rule}\n" for rule in rules).replace("'", '"')
    return parse_model(head + HEAD + blocks + (RARITY if rarity else ""))


@functools.cache
def even() -> list[Row]:
    """Rows of persons whose fields are spread as they are in life."""
    rng = random.Random(7)
    rows: list[Row] = []
    for _ in range(ROWS):
        made = person(rng)
        made["city"] = str(3500 + min(int(rng.expovariate(1 / 80)), 400))
        made["phone"] = f"08{rng.randrange(10**10):010}"
        rows.append(made)
    return rows


@functools.cache
def skewed(field: str) -> tuple[Row, ...]:
    """The rows with one value in 98 of 100; of the name one word, beside a word of its own."""
    rows = []
    for number, row in enumerate(even()):
        value = f"{SHARED[field]} {(row['name'] or '').split()[-1]}" if field == "name" else SHARED[field]
        rows.append({**row, field: value} if number % 50 else row)
    return tuple(rows)


def blocked(model: Model, rows: tuple[Row, ...]) -> tuple[Records, Blocking]:
    records = table(rows, model)
    return records, find_blocking(records, model)


@pytest.mark.parametrize("key", ["born", "phone", "each(name)", "city", "year(born)"])
def test_a_rule_on_a_value_that_98_of_100_share_is_divided_and_told(key: str) -> None:
    field = key.rstrip(")").split("(")[-1]
    model = model_of([key])
    records, blocking = blocked(model, skewed(field))
    told = plan(records, model)
    way = told.ways[0]
    assert way.pairs_before_refinement > 190_000_000
    assert way.pairs < ROWS * model.heavy / 2
    assert max(groups(posting)[1].max() for posting in prepare(records, model, blocking).postings) <= model.heavy
    assert way.refined_by
    assert way.left_out == 0
    # Nothing that nearly all share is divided by the identifier, which would leave each row alone.
    assert "phone" not in way.refined_by
    (said,) = [sentence for sentence in told.notes if sentence.startswith("rule ")]
    assert (
        f"98.0% of the rows share one {'word of' if key.startswith('each') else 'value of' if key == field else ''}"
        in said
    )
    assert repr(field) in said or key in said
    assert all(repr(by) in said for by in way.refined_by)
    assert f"{way.pairs:,} of {way.pairs_before_refinement:,} pairs are left" in said
    assert SHARED[field] not in " ".join(told.notes)


@functools.cache
def untouched() -> int:
    """Gross pairs of rarity where nothing is skewed."""
    return plan(table(even(), model_of()), model_of()).pairs


@pytest.mark.parametrize("field", ["born", "phone", "name", "city"])
def test_rarity_makes_nothing_of_a_value_that_98_of_100_share(field: str) -> None:
    model = model_of()
    records, _ = blocked(model, skewed(field))
    told = plan(records, model)
    assert told.pairs <= 1.5 * untouched()
    assert told.distinct < 200 * ROWS
    assert any(
        sentence.startswith("rarity: 98.0% of the rows share") and repr(field) in sentence for sentence in told.notes
    )
    assert SHARED[field] not in " ".join(told.notes)


def test_even_records_are_worth_no_sentence() -> None:
    model = model_of(["born"], ["phone"], ["each(name)", "city"])
    records, blocking = blocked(model, tuple(even()))
    assert skews(records, model, blocking) == ()


def test_a_key_that_nothing_divides_is_left_to_the_other_ways() -> None:
    """All rows alike in every field: 4,000 of them would be 8 million pairs of which nothing can be learned."""
    rows: tuple[Row, ...] = ({"name": "siti", "born": "1900-01-01", "city": "3578"},) * 4_000
    model = model_of(["born"], ["name", "city"])
    told = plan(table(rows, model), model)
    assert [(way.pairs, way.left_out, way.refined_by) for way in told.ways[:2]] == [(0, 4_000, ()), (0, 4_000, ())]
    assert told.notes[0] == (
        "rule 'born': 100.0% of the rows share one value of 'born'. The 4,000 rows under 1 key of more than 2,000, "
        "which no field divides, are left to the other ways."
    )
    alone = model_of(["born"], rarity=False)
    assert skews(*_asked(alone, rows))[0].endswith("which no field divides, are not compared: there is no other way.")


def _asked(model: Model, rows: tuple[Row, ...]) -> tuple[Records, Model, Blocking]:
    records, blocking = blocked(model, rows)
    return records, model, blocking


def test_rows_that_divide_in_part_are_left_in_part() -> None:
    alike: Row = {"name": "siti", "born": "1900-01-01", "city": "3578"}
    rows = tuple([alike] * 3_000 + [{**alike, "city": str(i % 9), "name": f"w{i}"} for i in range(3_000)])
    model = model_of(["born"], rarity=False)
    records, blocking = blocked(model, rows)
    way = plan(records, model).ways[0]
    assert way.left_out == 3_000
    assert way.refined_by == ("name",)
    (said,) = skews(records, model, blocking)
    assert "are divided by 'name'" in said
    assert said.endswith("3,000 rows that these do not divide are not compared: there is no other way.")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([["street", "city"]], "rule 'street & city': no row has a value of 'street', so it finds nothing."),
        ([["born", "phone"]], "rule 'born & phone': no row has 'born' and 'phone' together, so it finds nothing."),
    ],
)
def test_a_rule_that_covers_no_row_is_told(rules: list[list[str]], said: str) -> None:
    rows: list[Row] = [{"city": f"c{i % 4}", "born" if i % 2 else "phone": str(1900 + i)} for i in range(50)]
    model = model_of(*rules)
    records, blocking = blocked(model, tuple(rows))
    assert said in skews(records, model, blocking)
    assert plan(records, model).ways[0].pairs == 0


def test_a_feature_that_no_row_has_is_told() -> None:
    rows: list[Row] = [{"city": f"c{i % 4}"} for i in range(50)]
    records, blocking = blocked(model_of(), tuple(rows))
    said = skews(records, model_of(), blocking)
    assert "rarity: no row has a value of 'phone', so 'phone' finds nothing." in said
    assert len(said) == 4


def test_no_records_are_worth_no_sentence() -> None:
    records, blocking = blocked(model_of(["born"]), ())
    assert skews(records, model_of(["born"]), blocking) == ()


def test_an_identifier_of_nobody_is_listed_with_no_bits_and_others_keep_theirs() -> None:
    _, blocking = blocked(model_of(), skewed("phone"))
    assert blocking.rarity is not None
    assert blocking.rarity.listed["phone"] == {SHARED["phone"]: 0}
    assert blocking.rarity.floor["phone"] > 10_000  # the phones of one row in fifty still tell


def test_the_order_of_rows_changes_neither_fields_nor_keys() -> None:
    model = model_of(["born"], ["city"], head="heavy = 100\n")
    rows = skewed("born")[:3_000]
    there, back = blocked(model, rows)[1], blocked(model, rows[::-1])[1]
    assert there.refinement == back.refinement
    assert np.unique([step.field for step in there.refinement[0]]).size == len(there.refinement[0])


def test_matches_are_learned_though_nearly_all_share_the_key_of_a_rule() -> None:
    rng = random.Random(5)
    words = ["".join(rng.choices([a + b for a in "bdgklmnprstw" for b in "aiueo"], k=3)) for _ in range(900)]
    rows: list[Row] = []
    for number in range(3_000):
        name = " ".join(rng.choices(words, k=2))
        day = f"{rng.randint(1940, 2020)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        city = f"{3500 + rng.randrange(60)}"
        for _ in range(1 if number % 3 else 2):
            mistaken = name[1:] if rng.random() < 0.05 else name
            rows.append({"name": mistaken, "born": SHARED["born"] if rng.random() < 0.98 else day, "city": city})
    more = '[[comparisons]]\nfield = "city"\nlevels = ["exact"]\n[[blocking]]\nkeys = ["born"]\n'
    model = parse_model("heavy = 200\n" + HEAD + more + RARITY)
    learned = train(table(rows, model), model)
    assert [step.field for step in learned.blocking.refinement[0]] == ["city"]
    assert (
        500 < learned.lambda_ * learned.total_pairs < 1_500
    )  # of 1,000; half a match where city is taken for evidence
