"""Properties of the rule by which numbers go to clusters, over random lives of a registry."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED, Assignment, Cluster, Master, State, assign
from mdi_engine.ledger.neighbourhood import parts

RECORDS = st.integers(1, 9)


@st.composite
def partitions(draw: st.DrawFn) -> list[Cluster]:
    """Disjoint clusters of some of nine records; a record in none is withdrawn."""
    labels = draw(st.dictionaries(RECORDS, st.integers(0, 4), max_size=9))
    clusters: dict[int, set[int]] = {}
    for record, label in labels.items():
        clusters.setdefault(label, set()).add(record)
    return [frozenset(cluster) for cluster in clusters.values()]


TOKENS = st.dictionaries(RECORDS, st.sampled_from("xyz"), max_size=3)
RUNS = st.lists(st.tuples(partitions(), TOKENS), min_size=1, max_size=6)


def advance(state: State, clusters: Iterable[Cluster], anchors: dict[int, str], when: int) -> tuple[State, Assignment]:
    """The state after the assignment, new numbers counted on."""
    done = assign(state, clusters, anchors)
    masters = {**state.masters, **done.masters}
    memberships = {r: number for r, number in {**state.memberships, **done.moved}.items() if r not in done.left}
    for new in done.founded:
        number = f"n{len(masters):03}"
        masters[number] = Master(number, new.founder, when, anchor=new.anchor, split_from=new.split_from)
        memberships |= dict.fromkeys(new.records, number)
    return State(masters, memberships), done


def live(runs: Sequence[tuple[list[Cluster], dict[int, str]]]) -> State:
    """The state at the end of the runs."""
    state = State()
    for when, (clusters, anchors) in enumerate(runs):
        state, _ = advance(state, clusters, anchors, when)
    return state


@given(RUNS)
def test_each_cluster_bears_one_number_and_each_number_one_cluster(
    runs: list[tuple[list[Cluster], dict[int, str]]],
) -> None:
    state = live(runs)
    held: dict[str, set[int]] = {}
    for record, number in state.memberships.items():
        held.setdefault(number, set()).add(record)
    assert {frozenset(records) for records in held.values()} == set(runs[-1][0])
    assert held.keys() == {number for number, master in state.masters.items() if master.status == ACTIVE}


@given(RUNS)
def test_every_number_ever_issued_resolves_in_at_most_one_step(
    runs: list[tuple[list[Cluster], dict[int, str]]],
) -> None:
    masters = live(runs).masters
    for master in masters.values():
        assert (master.status == MERGED) == (master.redirect_to is not None) == (master.merged_into is not None)
        assert master.redirect_to is None or masters[master.redirect_to].status in (ACTIVE, RETIRED)


@given(RUNS)
def test_the_same_clusters_again_change_nothing(runs: list[tuple[list[Cluster], dict[int, str]]]) -> None:
    assert not assign(live(runs), *runs[-1])


@given(RUNS, partitions(), TOKENS, st.randoms(use_true_random=False))
def test_order_is_without_influence(
    runs: list[tuple[list[Cluster], dict[int, str]]],
    clusters: list[Cluster],
    anchors: dict[int, str],
    shuffler: random.Random,
) -> None:
    state = live(runs)
    expected = assign(state, clusters, anchors)
    masters, memberships = list(state.masters.items()), list(state.memberships.items())
    for items in (masters, memberships, clusters):
        shuffler.shuffle(items)
    assert assign(State(dict(masters), dict(memberships)), clusters, anchors) == expected


@settings(max_examples=300, deadline=None)
@given(RUNS, partitions(), TOKENS)
def test_parts_one_by_one_give_what_everything_at_once_gives(
    runs: list[tuple[list[Cluster], dict[int, str]]], clusters: list[Cluster], anchors: dict[int, str]
) -> None:
    state = live(runs)
    whole = assign(state, clusters, anchors)
    done = []
    for part in parts(state, clusters, anchors):
        local = State(
            {number: state.masters[number] for number in part.numbers},
            {r: number for r, number in state.memberships.items() if number in part.numbers},
        )
        done.append(assign(local, [clusters[index] for index in part.clusters], anchors))
    assert {r: n for some in done for r, n in some.moved.items()} == whole.moved
    assert {n: m for some in done for n, m in some.masters.items()} == whole.masters
    assert frozenset().union(*(some.left for some in done)) == whole.left
    assert {new for some in done for new in some.founded} == set(whole.founded)
    assert sum(some.churn for some in done) == whole.churn


@given(partitions(), st.lists(st.lists(st.integers(0, 2), min_size=9, max_size=9), max_size=4))
def test_merges_of_any_depth_undone_give_every_cluster_its_number_back(
    first: list[Cluster], merges: list[list[int]]
) -> None:
    before = live([(first, {})])
    state = before
    for when, labels in enumerate(merges, start=1):
        joined: dict[int, Cluster] = {}
        for label, cluster in zip(labels, first, strict=False):
            joined[label] = joined.get(label, frozenset()) | cluster
        state, _ = advance(state, joined.values(), {}, when)
    state, _ = advance(state, first, {}, 9)
    assert state == before


def _state(*masters: tuple[str, set[int]], **changes: Master) -> State:
    made = {number: Master(number, min(records), when) for when, (number, records) in enumerate(masters)}
    return State({**made, **changes}, {record: number for number, records in masters for record in records})


def test_a_merge_keeps_the_number_with_more_records_and_redirects_the_other() -> None:
    done = assign(_state(("a", {1}), ("b", {2, 3})), [{1, 2, 3}])
    assert done.moved == {1: "b"}
    assert done.masters["a"].redirect_to == "b"
    assert done.churn == 1


def test_of_equals_the_older_number_stays() -> None:
    assert assign(_state(("b", {1}), ("a", {2})), [{1, 2}]).moved == {2: "b"}


def test_a_split_leaves_the_number_with_its_founder_though_the_other_part_is_larger() -> None:
    done = assign(_state(("a", {1, 2, 3})), [{1}, {2, 3}])
    assert [(set(new.records), new.split_from) for new in done.founded] == [({2, 3}, "a")]
    assert not done.moved
    assert done.churn == 2


def test_a_verified_number_outranks_age_and_size() -> None:
    state = _state(("a", {1, 2}), ("b", {3}))
    verified = {**state.masters, "b": replace(state.masters["b"], anchor="hash")}
    assert assign(State(verified, state.memberships), [{1, 2, 3}], {3: "hash"}).moved == {1: "b", 2: "b"}


def test_redirects_stay_one_step_long_over_merges_of_merged() -> None:
    state = live([([frozenset({1}), frozenset({2}), frozenset({3, 4, 5})], {})])
    state, _ = advance(state, [frozenset({1, 2}), frozenset({3, 4, 5})], {}, 1)
    state, _ = advance(state, [frozenset({1, 2, 3, 4, 5})], {}, 2)
    assert [state.masters[n].redirect_to for n in ("n000", "n001", "n002")] == ["n002", "n002", None]
    assert state.masters["n001"].merged_into == "n000"


def test_undoing_the_last_merge_brings_back_the_redirects_that_were() -> None:
    state = live([([frozenset({1, 2}), frozenset({3}), frozenset({4, 5, 6})], {})])
    before, _ = advance(state, [frozenset({1, 2, 3}), frozenset({4, 5, 6})], {}, 1)
    merged, _ = advance(before, [frozenset({1, 2, 3, 4, 5, 6})], {}, 2)
    again, _ = advance(merged, [frozenset({1, 2, 3}), frozenset({4, 5, 6})], {}, 3)
    assert again == before


def test_a_number_whose_path_ran_through_one_that_left_still_leads_to_its_own_home() -> None:
    """n001 went to n003 by way of n000; when n000 goes elsewhere, n001 must not follow it."""
    runs: list[tuple[list[Cluster], dict[int, str]]] = [
        ([frozenset({1, 2, 4, 5}), frozenset({3}), frozenset({8})], {8: "z"}),
        ([frozenset({2, 4, 5}), frozenset({1, 3})], {}),
        ([frozenset({1, 2, 3, 4, 5})], {}),
        ([frozenset({1}), frozenset({2, 3})], {1: "z"}),
    ]
    state = live(runs)
    assert {n: state.masters[n].redirect_to for n in ("n000", "n001")} == {"n000": "n002", "n001": "n003"}
    assert not assign(state, *runs[-1])


def test_a_number_without_records_is_retired_and_returns_with_its_founder() -> None:
    state = live([([frozenset({1})], {}), ([], {})])
    assert state.masters["n000"].status == RETIRED
    state, done = advance(state, [frozenset({1, 2})], {}, 2)
    assert state.masters["n000"].status == ACTIVE
    assert not done.founded


def test_the_one_verified_number_of_a_cluster_becomes_its_anchor_two_do_not() -> None:
    state = _state(("a", {1, 2}))
    assert assign(state, [{1, 2}], {2: "hash"}).masters["a"].anchor == "hash"
    assert not assign(state, [{1, 2}], {1: "other", 2: "hash"})
