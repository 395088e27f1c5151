"""Decisions: what stands after any sequence of them, against a plain model; contradictions are refused when written."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Engine, select

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.ledger.constraints import Constraints, decide, read_constraints, standing, standing_merge, undo
from mdi_engine.ledger.events import head, read_events
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.notes import read_note
from mdi_engine.ledger.review import DOUBTFUL, Task, open_tasks, task_by_id
from mdi_engine.ledger.schema import constraints
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]

Pair = tuple[int, int]
Says = dict[Pair, str]


def sensible(said: Says) -> bool:
    """Whether nothing is decided to be one and to be two."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(record for pair in said for record in pair)
    graph.add_edges_from(pair for pair, says in said.items() if says == "same")
    group = {record: place for place, one in enumerate(nx.connected_components(graph)) for record in one}
    return all(group[a] != group[b] for (a, b), says in said.items() if says == "different")


def told(engine: Engine) -> Says:
    with reading(engine) as conn:
        rows = conn.execute(select(constraints.c.record_l, constraints.c.record_r, constraints.c.says))
        return {(left, right): says for left, right, says in rows}


def plain(said: Says) -> Constraints:
    pairs = {says: tuple(sorted(p for p, s in said.items() if s == says)) for says in ("same", "different")}
    return Constraints(**pairs)


PAIRS = st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] != pair[1])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.dictionaries(
            PAIRS.map(lambda pair: (min(pair), max(pair))), st.sampled_from(["same", "different", None]), max_size=4
        ),
    ),
    max_size=10,
)


@given(steps=STEPS)
@settings(max_examples=30, deadline=None)
def test_what_stands_is_what_a_plain_model_says(
    empty_ledger: Path, steps: list[tuple[str, int] | dict[Pair, str | None]]
) -> None:
    with TemporaryDirectory() as folder:
        engine = open_ledger(shutil.copy(empty_ledger, folder))
        said: Says = {}
        taken: list[tuple[int, dict[Pair, str | None], Says]] = []  # event, what it said, what stood on its pairs
        for step in steps:
            if isinstance(step, dict):
                said = _decided(engine, said, step, taken)
            elif taken:
                said = _undone(engine, said, taken, step[1] % len(taken))
            assert told(engine) == said
        with writing(engine) as conn:
            assert read_constraints(conn, "facility") == plain(said)
            assert read_constraints(conn, "patient") == Constraints()
            assert standing(conn, "facility", [1, 2, 3]) == {p: s for p, s in said.items() if max(p) < 4}
            assert verify(conn) == []
            before = list(canonical_dump(conn))
            rebuild(conn)
            assert list(canonical_dump(conn)) == before
        engine.dispose()


def _decided(
    engine: Engine, said: Says, step: dict[Pair, str | None], taken: list[tuple[int, dict[Pair, str | None], Says]]
) -> Says:
    then = {**said, **{p: s for p, s in step.items() if s is not None}}
    then = {p: s for p, s in then.items() if step.get(p, s) is not None}
    pairs = [(right, left, says) for (left, right), says in step.items()]  # in whatever order
    if not sensible(then):
        with pytest.raises(Conflict, match="also be decided to differ"), writing(engine) as conn:
            decide(conn, "facility", pairs, answer="same", actor="siti")
        return said
    with writing(engine) as conn:
        seq = decide(conn, "facility", pairs, answer="same", actor="siti")
    taken.append((seq, step, {p: said[p] for p in step if p in said}))
    return then


def _undone(engine: Engine, said: Says, taken: list[tuple[int, dict[Pair, str | None], Says]], which: int) -> Says:
    seq, step, before = taken[which]
    then = {**{p: s for p, s in said.items() if p not in step}, **before}
    covered = any(step.keys() & later.keys() for _, later, _ in taken[which + 1 :])
    if covered or not sensible(then):
        with pytest.raises(Conflict), writing(engine) as conn:
            undo(conn, "facility", seq, actor="siti")
        return said
    with writing(engine) as conn:
        undo(conn, "facility", seq, actor="siti")
    del taken[which]
    return then


@given(
    rows=st.dictionaries(PAIRS, st.sampled_from(["same", "same", "different"]), max_size=8),
    ids=st.permutations(range(1, 7)),
    here=st.integers(0, 6),
)
def test_what_follows_for_the_records_of_a_run_is_transitive(rows: dict[Pair, str], ids: list[int], here: int) -> None:
    """By way of a record that is not in the run as well."""
    said = {(min(p), max(p)): s for p, s in rows.items()}
    if not sensible(said):
        return
    ids = ids[:here]
    same, different = plain(said).among(ids)
    everyone: nx.Graph[int] = nx.Graph()
    everyone.add_nodes_from(range(1, 7))
    everyone.add_edges_from(p for p, s in said.items() if s == "same")
    whole = {r: i for i, group in enumerate(nx.connected_components(everyone)) for r in group}
    run: nx.Graph[int] = nx.Graph()
    run.add_nodes_from(ids)
    run.add_edges_from((ids[a], ids[b]) for a, b in same)
    part = {r: i for i, group in enumerate(nx.connected_components(run)) for r in group}
    apart = {frozenset((part[ids[a]], part[ids[b]])) for a, b in different}
    differ = {frozenset((whole[a], whole[b])) for (a, b), s in said.items() if s == "different"}
    for a in ids:
        for b in ids:
            assert (part[a] == part[b]) == (whole[a] == whole[b])
            assert (frozenset((part[a], part[b])) in apart) == (frozenset((whole[a], whole[b])) in differ)


@pytest.fixture
def two(engine: Engine) -> Engine:
    """A ledger with records 1 and 2."""
    add(engine, {"a": "RS Melati", "b": "RS Mawar"})
    return engine


def test_a_decision_says_who_what_and_what_stood_before(two: Engine) -> None:
    with writing(two) as conn:
        first = decide(conn, "facility", [(2, 1, "same")], answer="merge", actor="siti", note="same address")
        assert standing_merge(conn, "facility", first) == first
        second = decide(conn, "facility", [(1, 2, "different")], answer="different", actor="budi")
        assert standing_merge(conn, "facility", second) is standing_merge(conn, "facility", 1) is None
        *_, one, other = read_events(conn)
        assert read_note(conn, first) == "same address"
    assert (one.actor, one.body["answer"], one.body["pairs"]) == ("siti", "merge", [[1, 2, "same", None]])
    assert isinstance(one.body["note"], str)
    assert "same address" not in one.body["note"]
    assert (other.body["pairs"], other.body["note"], other.body["task"]) == ([[1, 2, "different", "same"]], None, None)


def test_a_decision_answers_its_task_and_undoing_it_asks_again(two: Engine) -> None:
    with writing(two) as conn:
        (task,) = open_tasks(conn, "facility", [Task(DOUBTFUL, (1, 2), 500)])
        seq = decide(conn, "facility", [(1, 2, "same")], answer="same", actor="siti", task=task)
        assert (task_by_id(conn, task).state, task_by_id(conn, task).changed) == ("decided", seq)
        seq = undo(conn, "facility", seq, actor="siti")
        assert (task_by_id(conn, task).state, task_by_id(conn, task).answer) == ("open", None)
        assert task_by_id(conn, task).changed == seq == head(conn)
        assert verify(conn) == []


@pytest.mark.parametrize(
    "pairs",
    [[(1, 1, "same")], [(1, 2, "maybe")], [(1, 2, "same"), (2, 1, "different")]],
    ids=["itself", "no-such-word", "both"],
)
def test_pairs_that_are_none_are_refused(two: Engine, pairs: list[tuple[int, int, str]]) -> None:
    with writing(two) as conn, pytest.raises(UsageError):
        decide(conn, "facility", pairs, answer="same", actor="siti")
    assert told(two) == {}


def test_an_answer_that_is_none_is_refused(two: Engine) -> None:
    with writing(two) as conn, pytest.raises(UsageError, match="no answer"):
        decide(conn, "facility", [], answer="perhaps", actor="siti")


@pytest.mark.parametrize("seq", [0, 1, 99], ids=["none", "no-decision", "not-yet"])
def test_what_is_no_decision_cannot_be_undone(two: Engine, seq: int) -> None:
    with writing(two) as conn, pytest.raises(NotFound):
        undo(conn, "facility", seq, actor="siti")


def test_a_decision_on_another_entity_cannot_be_undone_by_mistake(two: Engine) -> None:
    with writing(two) as conn:
        seq = decide(conn, "facility", [(1, 2, "same")], answer="same", actor="siti")
        with pytest.raises(NotFound):
            undo(conn, "patient", seq, actor="siti")
        undo(conn, "facility", seq, actor="siti")
        with pytest.raises(Conflict, match="undone already"):
            undo(conn, "facility", seq, actor="siti")
