"""Clustering with stewards' decisions: together if the same, never together if different, and nothing else moves."""

from __future__ import annotations

import dataclasses
import random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import Row, copy_of, people_model, person, table, trained

from mdi_engine.errors import Conflict
from mdi_engine.linkage.clustering.cluster import Clusters, cluster, in_doubt
from mdi_engine.linkage.clustering.stewards import DECIDED
from mdi_engine.linkage.models.model import VetoSpec
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import Edges, Scorer

Pairs = list[tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class Case:
    """Records with edges, and decisions that do not contradict themselves."""

    records: Records
    edges: Edges
    parameters: Parameters
    same: Pairs
    different: Pairs

    def clusters(self) -> Clusters:
        return cluster(self.records, self.edges, self.parameters, self.same, self.different)


def scored(records: Records, parameters: Parameters) -> Edges:
    """Every pair as an edge."""
    left, right = np.triu_indices(len(records), 1)
    return Edges(left, right, Scorer(records, parameters).weights(left, right), len(left))


def make_case(seed: int, once: bool = False, veto: bool = False) -> Case:
    rng = random.Random(seed)
    vetoes = (VetoSpec(field="city", reason="two cities"),) if veto else ()
    model = people_model().model_copy(update={"one_per_source": once, "vetoes": vetoes})
    parameters = dataclasses.replace(trained()[1], model=model)
    rows: list[Row] = []
    for _ in range(rng.randint(1, 4)):
        first = person(rng)
        rows += [first, *(copy_of(first, rng) for _ in range(rng.randint(0, 3)))]
    count = len(rows)
    records = table(rows, model, [rng.choice("ab") for _ in rows], [str(k) for k in rng.sample(range(100, 999), count)])
    # Decisions follow a random truth, so they cannot contradict themselves; it has little to do with the data.
    truth = [rng.randrange(max(count // 2, 1)) for _ in rows]
    pairs = [(rng.randrange(count), rng.randrange(count)) for _ in range(rng.randint(0, 2 * count))]
    same = [(a, b) for a, b in pairs if a != b and truth[a] == truth[b]]
    different = [(a, b) for a, b in pairs if truth[a] != truth[b]]
    return Case(records, scored(records, parameters), parameters, same, different)


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("veto", [False, True])
@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_what_stewards_decided_holds(once: bool, veto: bool, seed: int) -> None:
    case = make_case(seed, once, veto)
    label = case.clusters().label
    groups: nx.Graph[int] = nx.Graph(case.same)
    for group in nx.connected_components(groups):
        assert len({int(label[row]) for row in group}) == 1
    assert all(label[a] != label[b] for a, b in case.different)
    rank = case.records.rank
    for first in set(label.tolist()):
        assert rank[first] == rank[label == first].min()


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_edges_and_decisions_changes_nothing(seed: int) -> None:
    case = make_case(seed, once=True)
    rng, count, records = random.Random(seed + 1), len(case.records), case.records
    order = rng.sample(range(count), count)  # new row -> old row
    new = {old: row for row, old in enumerate(order)}
    moved = table(
        [{name: records.columns[name].text(old) for name in case.parameters.model.fields} for old in order],
        case.parameters.model,
        [records.sources[records.source[old]] for old in order],
        [records.keys[old] for old in order],
    )

    def turned(pairs: Pairs) -> Pairs:
        return [(new[b], new[a]) for a, b in rng.sample(pairs, len(pairs))]

    other = Case(
        moved, scored(moved, case.parameters), case.parameters, turned(case.same), turned(case.different)
    ).clusters()
    assert [order[other.label[new[old]]] for old in range(count)] == case.clusters().label.tolist()


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_decisions_that_say_what_the_machine_says_move_nobody(seed: int) -> None:
    case = dataclasses.replace(make_case(seed), same=[], different=[])
    plain = case.clusters()
    label = plain.label.tolist()
    rng = random.Random(seed)
    pairs = [(rng.randrange(len(label)), rng.randrange(len(label))) for _ in label]
    told = dataclasses.replace(
        case,
        same=[(a, b) for a, b in pairs if a != b and label[a] == label[b]],
        different=[(a, b) for a, b in pairs if label[a] != label[b]],
    )
    assert told.clusters().label.tolist() == label


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_who_is_joined_brings_all_company_along(seed: int) -> None:
    case = dataclasses.replace(make_case(seed), different=[])
    plain = dataclasses.replace(case, same=[]).clusters().label
    label = case.clusters().label
    assert all(label[a] == label[b] for a in range(len(label)) for b in range(a) if plain[a] == plain[b])


@given(seed=st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_a_decision_is_kept_with_its_weight_and_moves_no_stranger(seed: int) -> None:
    case = make_case(seed)
    found = case.clusters()
    said = {frozenset((d.left, d.right)) for d in found.decisions if d.merged and d.reason == DECIDED}
    assert said == {frozenset(pair) for pair in case.same}
    near = case.edges.weight >= case.parameters.review
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(case.records)))
    graph.add_edges_from(zip(case.edges.left[near].tolist(), case.edges.right[near].tolist(), strict=True))
    graph.add_edges_from([*case.same, *case.different])
    named = {row for pair in (*case.same, *case.different) for row in pair}
    plain = cluster(case.records, case.edges, case.parameters).label
    for component in nx.connected_components(graph):
        if named.isdisjoint(component):
            assert all(found.label[row] == plain[row] for row in component)


def twins() -> Case:
    """Four copies of one person, and no decision."""
    rng = random.Random(7)
    parameters = trained()[1]
    one = person(rng)
    records = table([one] * 4, parameters.model, list("abcd"), list("1234"))
    case = Case(records, scored(records, parameters), parameters, [], [])
    assert case.clusters().label.tolist() == [0] * 4
    return case


def test_where_company_may_not_meet_one_side_of_it_leaves() -> None:
    """0 is 1; the machine would bring 2 and 3 to either, and they differ: one of them finds a place, not both."""
    case = dataclasses.replace(twins(), same=[(0, 1)], different=[(2, 3)])
    label = case.clusters().label.tolist()
    assert label[:2] == [0, 0]
    assert sorted(label[2:]) != [0, 0]
    assert 0 in label[2:]


def test_what_differs_from_one_differs_from_all_that_are_the_same() -> None:
    label = dataclasses.replace(twins(), same=[(0, 1), (1, 2)], different=[(3, 0)]).clusters().label.tolist()
    assert label == [0, 0, 0, 3]


def test_a_refused_pair_says_that_a_steward_refused_it() -> None:
    found = dataclasses.replace(twins(), different=[(0, 1), (0, 2), (0, 3)]).clusters()
    assert found.label.tolist() == [0, 1, 1, 1]
    assert DECIDED in {d.reason for d in found.decisions if not d.merged}


@pytest.mark.parametrize("different", [[(0, 0)], [(2, 0)]], ids=["itself", "by-way-of-another"])
def test_a_contradiction_is_a_conflict(different: Pairs) -> None:
    with pytest.raises(Conflict, match="decided to be different and the same"):
        dataclasses.replace(twins(), same=[(0, 1), (1, 2)], different=different).clusters()


def test_a_pair_that_a_steward_settled_is_not_in_doubt() -> None:
    case = twins()
    far = dataclasses.replace(case.parameters, match=10**9, review=-(10**9))
    alone = Clusters(np.arange(4), ())
    assert len(in_doubt(case.records, case.edges, alone, far)[0]) == 6
    left, right = in_doubt(case.records, case.edges, alone, far, [(2, 0)])
    assert (0, 2) not in set(zip(left.tolist(), right.tolist(), strict=True))
    assert len(left) == 5
    joined = Clusters(np.array([0, 0, 2, 3]), ())
    left, right = in_doubt(case.records, case.edges, joined, far, [(2, 0)])
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {(0, 3), (1, 3), (2, 3)}
