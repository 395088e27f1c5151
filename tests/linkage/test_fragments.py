from __future__ import annotations

import dataclasses
import itertools
import random
import sys
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import Row, people_model, table, trained

from mdi_engine.linkage.clustering import fragments as module
from mdi_engine.linkage.clustering.cluster import Clusters
from mdi_engine.linkage.clustering.decisions import Decision
from mdi_engine.linkage.clustering.fragments import HIGHEST, LOWEST, fragments
from mdi_engine.linkage.clustering.unionfind import components
from mdi_engine.linkage.models.model import Model, VetoSpec
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges

Once = bool | tuple[str, ...]

VETO = "two cities"


@dataclasses.dataclass(frozen=True)
class Case:
    """A small problem: weights of all pairs by row, which of them are edges, and what must stay apart."""

    records: Records
    weights: dict[tuple[int, int], int]
    edges: list[tuple[int, int]]
    parameters: Parameters


class GivenWeights:
    """Stands where the scorer stands: a table of weights."""

    weights_of: dict[tuple[int, int], int]

    def __init__(self, *_: object) -> None: ...

    def weights(self, left: Ints, right: Ints) -> Ints:
        assert (left < right).all()
        pairs = zip(left.tolist(), right.tolist(), strict=True)
        return np.array([self.weights_of[pair] for pair in pairs], dtype=np.int64)


def run(case: Case, monkeypatch: pytest.MonkeyPatch) -> Clusters:
    monkeypatch.setattr(GivenWeights, "weights_of", case.weights, raising=False)
    monkeypatch.setattr(module, "Scorer", GivenWeights)
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    weight = np.array([case.weights[a, b] for a, b in case.edges], dtype=np.int64)
    label, decisions = fragments(case.records, Edges(ends[:, 0], ends[:, 1], weight, len(weight)), case.parameters)
    return Clusters(label, tuple(decisions))


def model_with(one_per_source: Once, veto: bool) -> Model:
    vetoes = (VetoSpec(field="city", reason=VETO),) if veto else ()
    return people_model().model_copy(update={"one_per_source": one_per_source, "vetoes": vetoes})


def parameters_with(model: Model, match: int = 0) -> Parameters:
    return dataclasses.replace(trained()[1], model=model, match=match, review=match - 4000)


def make_case(seed: int, one_per_source: Once, veto: bool, match: int = 0) -> Case:
    rng = random.Random(seed)
    n = rng.randint(1, 9)
    model = model_with(one_per_source, veto)
    rows: list[Row] = [{"city": rng.choice(["Medan", "Kupang", None])} for _ in range(n)]
    keys = [str(k) for k in rng.sample(range(100, 999), n)]
    records = table(rows, model, [rng.choice("ab") for _ in range(n)], keys)
    # Few distinct weights: ties are common.
    choices = [-20_000, -3_000, -1_000, 0, 1_000, 2_000, 9_000, 30_000]
    weights = {pair: rng.choice(choices) for pair in itertools.combinations(range(n), 2)}
    edges = [pair for pair in weights if rng.random() < 0.7]
    rng.shuffle(edges)
    return Case(records, weights, edges, parameters_with(model, match))


def plain_reason(case: Case, left: list[int], right: list[int]) -> str | None:
    records, model = case.records, case.parameters.model
    shared = {records.sources[records.source[i]] for i in left} & {records.sources[records.source[i]] for i in right}
    once = set(records.sources) if model.one_per_source is True else set(model.one_per_source or ())
    if shared & once:
        return "one record per source"
    cities = {records.columns["city"].text(i) for i in [*left, *right]} - {None}
    return f"veto: {VETO}" if model.vetoes and len(cities) > 1 else None


def plain_cluster(case: Case) -> tuple[list[int], list[Decision]]:
    """Average linkage said plainly: look at all pairs of fragments, each time from the beginning."""
    rank, least = case.records.rank, case.parameters.match
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(case.records)))
    graph.add_edges_from(pair for pair in case.edges if case.weights[pair] >= least)
    label = list(range(len(case.records)))
    decisions = []
    for component in nx.connected_components(graph):
        fragments = [[row] for row in sorted(component, key=lambda row: rank[row])]
        apart: set[tuple[int, int]] = set()
        while True:
            options = []
            for x, y in itertools.combinations(fragments, 2):
                pairs = [(min(i, j), max(i, j)) for i in x for j in y]
                if apart.isdisjoint(pairs):
                    clipped = [min(max(case.weights[p], LOWEST), max(HIGHEST, least)) for p in pairs]
                    options.append((-Fraction(sum(clipped), len(pairs)), rank[x[0]], rank[y[0]], x, y, pairs))
            if not options or -min(options)[0] < least:
                break
            mean, _, _, x, y, pairs = min(options)
            reason = plain_reason(case, x, y)
            decisions.append(Decision(x[0], y[0], -mean // 1, reason is None, reason or "mean weight"))
            if reason is None:
                joined = sorted([*x, *y], key=lambda row: rank[row])
                fragments = sorted(
                    [f for f in fragments if f not in (x, y)] + [joined], key=lambda fragment: rank[fragment[0]]
                )
            else:
                apart.update(pairs)
        for fragment in fragments:
            for row in fragment:
                label[row] = fragment[0]
    return label, decisions


@pytest.mark.parametrize("one_per_source", [False, True, ("b", "nobody")], ids=str)
@pytest.mark.parametrize("veto", [False, True])
@given(seed=st.integers(0, 10**9), match=st.sampled_from([0, 1_000, 20_000]))
@settings(max_examples=120, deadline=None)
def test_average_linkage_is_the_naive_one(one_per_source: Once, veto: bool, seed: int, match: int) -> None:
    case = make_case(seed, one_per_source, veto, match)
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = run(case, monkeypatch)
    label, decisions = plain_cluster(case)
    assert found.label.tolist() == label
    assert sorted(map(repr, found.decisions)) == sorted(map(repr, decisions))
    assert all(decision.reason for decision in found.decisions)


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_the_partition_and_the_decisions_do_not_depend_on_the_order_of_rows(seed: int) -> None:
    case = make_case(seed, one_per_source=True, veto=True)
    n = len(case.records)
    order = random.Random(seed).sample(range(n), n)  # new row -> old row
    new = {old: row for row, old in enumerate(order)}

    def pair(old: tuple[int, int]) -> tuple[int, int]:
        a, b = new[old[0]], new[old[1]]
        return min(a, b), max(a, b)

    records = case.records
    moved = table(
        [{"city": records.columns["city"].text(old)} for old in order],
        case.parameters.model,
        [records.sources[records.source[old]] for old in order],
        [records.keys[old] for old in order],
    )
    other = Case(
        moved, {pair(p): w for p, w in case.weights.items()}, [pair(p) for p in case.edges][::-1], case.parameters
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        here, there = run(case, monkeypatch), run(other, monkeypatch)
    assert [order[there.label[new[old]]] for old in range(n)] == here.label.tolist()
    named = [Decision(order[d.left], order[d.right], d.weight, d.merged, d.reason) for d in there.decisions]
    assert named == list(here.decisions)


def uniform(n: int, weight: int, edges: list[tuple[int, int]], one_per_source: bool = False) -> Case:
    model = model_with(one_per_source, veto=False)
    records = table([{}] * n, model, ["ab"[i % 2] for i in range(n)], [f"{i:04}" for i in range(n)])
    weights = dict.fromkeys(itertools.combinations(range(n), 2), weight)
    return Case(records, weights, edges, parameters_with(model))


def test_a_component_above_the_limit_is_divided_not_dissolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 4)
    found = run(uniform(9, 5_000, [(i, i + 1) for i in range(8)]), monkeypatch)
    sizes = np.unique(found.label, return_counts=True)[1].tolist()
    assert sizes == [4, 4, 1]
    refused = [d for d in found.decisions if not d.merged]
    assert len(refused) == 2
    assert {d.reason for d in refused} == {"one component of more than 4 records"}


def test_the_strongest_pairs_of_a_large_component_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 2)
    case = uniform(6, -9_000, [(i, i + 1) for i in range(5)])
    case.weights.update({(0, 1): 3_000, (1, 2): 1_000, (2, 3): 9_000, (3, 4): 1_000, (4, 5): 2_000})
    assert run(case, monkeypatch).label.tolist() == [0, 0, 2, 2, 4, 4]


def test_hundreds_of_refusals_do_not_take_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 300
    found = run(uniform(n, 7_000, [(i, i + 1) for i in range(n - 1)], one_per_source=True), monkeypatch)
    assert np.unique(found.label, return_counts=True)[1].tolist() == [2] * (n // 2)
    assert sum(d.merged for d in found.decisions) == n // 2
    assert {d.reason for d in found.decisions if not d.merged} == {"one record per source"}


def test_no_record_and_no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(uniform(0, 0, []), monkeypatch).label.tolist() == []
    alone = run(uniform(3, 5_000, []), monkeypatch)
    assert (alone.label.tolist(), alone.decisions) == ([0, 1, 2], ())


class Counted(np.ndarray[tuple[int], np.dtype[np.int64]]):
    """An array that counts the elements numpy touches in it and in whatever is made of it."""

    touched = 0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        Counted.touched += max(np.size(value) for value in inputs)
        if "out" in options:
            options["out"] = tuple(map(bare, options["out"]))
        result = getattr(ufunc, method)(*map(bare, inputs), **options)
        return result.view(Counted) if isinstance(result, np.ndarray) else result

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        Counted.touched += sum(value.size for value in args if isinstance(value, np.ndarray))
        return super().__array_function__(func, types, args, kwargs)


def bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


class SameWeights:
    """Stands where the scorer stands: every pair weighs the same, and is counted."""

    def __init__(self, *_: object) -> None: ...

    def weights(self, left: Ints, right: Ints) -> Ints:
        Counted.touched += len(left)
        return np.full(len(left), 5_000, dtype=np.int64).view(Counted)


def work(count: int, size: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Elements touched and Python functions called to cluster so many components, each a chain of `size` records."""
    n = count * size
    records = table([{}] * n, people_model(), ["a"] * n, [f"{i:06}" for i in range(n)])
    left = np.array([i for i in range(n - 1) if (i + 1) % size], dtype=np.int64).view(Counted)
    edges = Edges(left, (left + 1).view(Counted), np.full(len(left), 5_000).view(Counted), len(left))
    parameters = parameters_with(model_with(one_per_source=False, veto=True))
    monkeypatch.setattr(module, "Scorer", SameWeights)
    monkeypatch.setattr(module, "components", lambda *graph: components(*graph).view(Counted))
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    Counted.touched = 0
    sys.setprofile(note)
    try:
        label, _ = fragments(records, edges, parameters)
    finally:
        sys.setprofile(None)
    assert len(np.unique(label)) == count
    return Counted.touched, calls


def test_work_grows_with_records_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components of one size: eight times the records are about eight times the work, in numpy and in Python."""
    touched, calls = work(50, 4, monkeypatch)
    touched_more, calls_more = work(400, 4, monkeypatch)
    assert touched > 1_000
    assert touched_more < 9 * touched
    assert calls_more < 9 * calls
