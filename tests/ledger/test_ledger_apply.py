"""Applying clusters to a real ledger, against the pure rule and against the fold of its events."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Connection, Engine, select

from mdi_engine.errors import UsageError
from mdi_engine.ledger import apply, neighbourhood
from mdi_engine.ledger.apply import ApplyReport, apply_clusters
from mdi_engine.ledger.assignment import ACTIVE, RETIRED
from mdi_engine.ledger.events import read_events
from mdi_engine.ledger.fold import canonical_dump, fold, rebuild, stored
from mdi_engine.ledger.history import history, master, number_of, resolve
from mdi_engine.ledger.schema import source_records
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.summary import summary, waiting
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]

KEYS = [f"k{i}" for i in range(8)]


def link(
    engine: Engine,
    clusters: Sequence[Sequence[int]],
    *,
    anchors: dict[int, str] | None = None,
    chunk: int = apply.CHUNK,
) -> ApplyReport:
    return apply_clusters(
        engine,
        entity="facility",
        parameters_version=1,
        as_of_event=0,
        clusters=clusters,
        anchors=anchors,
        chunk=chunk,
    )


def ids(engine: Engine) -> dict[str, int]:
    """The live records, key → id."""
    with reading(engine) as conn:
        return dict(
            conn.execute(select(source_records.c.source_key, source_records.c.id).where(source_records.c.live)).all()
        )


class Month(NamedTuple):
    """What arrives (key → name; other keys are withdrawn), what is verified, and how it is linked, if at all."""

    names: dict[str, str]
    verified: dict[str, str]
    chunk: int
    linked: bool


MONTHS = st.lists(
    st.builds(
        Month,
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from("ABC")),
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from("xy"), max_size=3),
        st.integers(1, 4),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(MONTHS)
def test_monthly_deliveries_leave_a_ledger_that_is_the_fold_of_its_events(
    empty_ledger: Path, months: list[Month]
) -> None:
    """Each month delivers some keys, withdraws the rest, and links records of equal names; sometimes nothing links."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        shutil.copy(empty_ledger, path)
        engine = open_ledger(path)
        for month in months:
            add(engine, dict(month.names), withdrawn=sorted(set(KEYS) - month.names.keys()))
            if month.linked:
                _link_and_check(engine, month)
        _check_state(engine)
        engine.dispose()


def _link_and_check(engine: Engine, month: Month) -> None:
    known = ids(engine)
    clusters = _by_name(known, month)
    anchors = {known[key]: token for key, token in month.verified.items() if key in known}
    link(engine, clusters, anchors=anchors, chunk=month.chunk)
    again = link(engine, [list(reversed(cluster)) for cluster in reversed(clusters)], anchors=anchors)
    assert (again.events_written, again.churn) == (0, 0)
    with reading(engine) as conn:
        assert waiting(conn, "facility") == 0
        state = neighbourhood.read_state(conn, "facility")
    held: dict[str, set[int]] = {}
    for record, number in state.memberships.items():
        held.setdefault(number, set()).add(record)
    assert sorted(map(sorted, held.values())) == sorted(map(sorted, clusters))


def _check_state(engine: Engine) -> None:
    with reading(engine) as conn:
        assert verify(conn) == []
        before = list(canonical_dump(conn))
        assert fold(read_events(conn)) == stored(conn)
        _check_histories(conn)
    with writing(engine) as conn:
        rebuild(conn)
    with reading(engine) as conn:
        assert list(canonical_dump(conn)) == before


class Meanwhile(NamedTuple):
    """A delivery between the reading and the applying of a run, before which transaction, and if another run follows.

    Transaction 0 stands for the time before the run looks at the ledger to plan its parts.
    """

    transaction: int
    names: dict[str, str | None]
    withdrawn: set[str]
    linked: bool


MEANWHILE = st.builds(
    Meanwhile,
    st.integers(0, 3),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from("AXY")),
    st.sets(st.sampled_from(KEYS)),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(MONTHS, MEANWHILE)
@example(
    [Month({"k0": "A"}, {}, 1, True), Month({"k1": "A", "k2": "A"}, {}, 1, False)],
    Meanwhile(2, {"k0": "A"}, set(), True),
)
def test_what_arrives_between_reading_and_applying_costs_no_live_record_its_master(
    empty_ledger: Path, months: list[Month], meanwhile: Meanwhile
) -> None:
    """Records change, come, return, go and are linked by another run after this one has read them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        shutil.copy(empty_ledger, path)
        engine = open_ledger(path)
        for month in months:
            add(engine, dict(month.names), withdrawn=sorted(set(KEYS) - month.names.keys()))
            if month.linked:
                link(engine, _by_name(ids(engine), month))
        read, before = ids(engine), members(engine)
        with _happening(engine, meanwhile):
            link(engine, _by_name(read, months[-1]), chunk=1)
        live, after = set(ids(engine).values()), members(engine)
        # A withdrawn record leaves its master in the transaction of its part; if it returns after that, it waits.
        kept = {*read.values(), *before} if meanwhile.transaction <= 1 else set(read.values())
        assert live & kept <= after
        if meanwhile.transaction <= 1:
            assert after <= (live if meanwhile.transaction == 0 else live | before)
        with reading(engine) as conn:
            assert waiting(conn, "facility") == len(live - after)
            assert verify(conn) == []
        link(engine, [sorted(live)] if live else [])
        assert members(engine) == live
        engine.dispose()


def test_records_that_another_run_tied_in_meanwhile_keep_their_masters(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B"})
    link(engine, [[1], [2]])
    add(engine, {"c": "C"})
    with _happening(engine, Meanwhile(1, {}, set(), linked=True)):
        link(engine, [[1], [2], [3]])  # planned to found a number for record 3, and to touch nothing else
    assert members(engine) == {1, 2, 3}


def members(engine: Engine) -> set[int]:
    with reading(engine) as conn:
        return set(neighbourhood.read_state(conn, "facility").memberships)


@contextmanager
def _happening(engine: Engine, meanwhile: Meanwhile) -> Iterator[None]:
    """Within, `meanwhile` comes before the transaction it names, if a run gets that far."""
    transactions = count(1)

    @contextmanager
    def writing_later(engine: Engine) -> Iterator[Connection]:
        if next(transactions) == meanwhile.transaction:
            _happen(engine, meanwhile)
        with writing(engine) as conn:
            yield conn

    if meanwhile.transaction == 0:
        _happen(engine, meanwhile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apply, "writing", writing_later)
        yield


def _happen(engine: Engine, meanwhile: Meanwhile) -> None:
    add(engine, meanwhile.names, withdrawn=sorted(meanwhile.withdrawn))
    if meanwhile.linked:
        everything = sorted(ids(engine).values())
        link(engine, [everything] if everything else [])


def _by_name(known: dict[str, int], month: Month) -> list[list[int]]:
    names = month.names
    return [[known[key] for key in names if names[key] == name] for name in sorted(set(names.values()))]


def _check_histories(conn: Connection) -> None:
    """Who came and who went, as each number's history tells it, leaves the records that the number holds."""
    state = neighbourhood.read_state(conn, "facility")
    for number in state.masters:
        held: set[int] = set()
        for entry in history(conn, "facility", number):
            if entry.what in ("founded", "joined"):
                held |= set(entry.records)
            else:
                assert held.issuperset(entry.records)
                held -= set(entry.records)
        assert held == {record for record, bears in state.memberships.items() if bears == number}


def test_a_withdrawn_record_and_one_that_moved_without_a_merge_are_told(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"})
    link(engine, [[1, 2, 3], [4, 5]])
    add(engine, {}, withdrawn=["b"])
    link(engine, [[1], [3, 4, 5]])
    with reading(engine) as conn:
        one, four = number_of(conn, 1), number_of(conn, 4)
        assert one is not None
        assert four is not None
        lost = [(entry.what, entry.numbers, entry.records) for entry in history(conn, "facility", one)[1:]]
        won = [(entry.what, entry.numbers, entry.records) for entry in history(conn, "facility", four)[1:]]
    assert lost == [("moved-away", (four,), (3,)), ("left", (), (2,))]
    assert won == [("joined", (one,), (3,))]


def test_a_new_number_made_of_several_is_told_by_each_of_them(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"})
    link(engine, [[1, 2, 3], [4, 5]])
    link(engine, [[1], [4], [2, 3, 5]])
    with reading(engine) as conn:
        one, four, new = (number_of(conn, record) for record in (1, 4, 5))
        assert one is not None
        assert four is not None
        assert new is not None
        told = [history(conn, "facility", number)[-1] for number in (one, four, new)]
    assert [(entry.what, entry.numbers, entry.records) for entry in told] == [
        ("split-off", (new,), (2, 3)),
        ("moved-away", (new,), (5,)),
        ("founded", (one,), (2, 3, 5)),
    ]


def test_chunks_of_any_size_give_the_same_masters(engine: Engine, tmp_path: Path) -> None:
    other = open_ledger(tmp_path / "other.sqlite")
    for ledger, chunk in ((engine, 1), (other, 500)):
        add(ledger, dict.fromkeys(KEYS, "A"))
        link(ledger, [[1, 2], [3, 4, 5], [6], [7, 8]], chunk=chunk)
        link(ledger, [[1, 2, 3], [4, 5], [6, 7], [8]], chunk=chunk)
    views = []
    for ledger in (engine, other):
        with reading(ledger) as conn:
            state = neighbourhood.read_state(conn, "facility")
        # The numbers themselves differ: each ledger has its own key.
        views.append(
            [
                sorted((m.founder, m.status) for m in state.masters.values()),
                {record: state.masters[number].founder for record, number in state.memberships.items()},
            ]
        )
    assert views[0] == views[1]
    other.dispose()


def test_an_interrupted_run_goes_on_where_it_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    add(engine, dict.fromkeys(KEYS, "A"))
    clusters = [[1, 2], [3, 4], [5, 6], [7, 8]]
    original, calls = apply._write, []

    def failing(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(apply, "_write", failing)
    with pytest.raises(KeyboardInterrupt):
        link(engine, clusters, chunk=2)
    with reading(engine) as conn:
        assert (waiting(conn, "facility"), verify(conn)) == (4, [])
    report = link(engine, clusters, chunk=2)
    assert (report.new, report.masters, report.events_written) == (2, 4, 2)


@pytest.mark.parametrize("times", [1, 2 * apply._TRIES])
def test_what_others_write_between_plan_and_lock_is_seen(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Once, and whenever the run has thought: at last it thinks under the lock."""
    add(engine, dict.fromkeys(KEYS, "A"))
    link(engine, [[1, 2], [3], [4, 5]])
    left = iter(range(times))
    plan, others = apply._plan, iter([[2, 3], [2]] * times)

    def overtaken(conn: Connection, *arguments: Any) -> Any:
        made = plan(conn, *arguments)
        if not conn.get_execution_options().get("mdi_write") and next(left, None) is not None:
            monkeypatch.setattr(apply, "_plan", plan)
            with writing(engine) as other:
                apply.apply_now(other, entity="facility", parameters_version=1, as_of_event=0, clusters=[next(others)])
            monkeypatch.setattr(apply, "_plan", overtaken)
        return made

    monkeypatch.setattr(apply, "_plan", overtaken)
    link(engine, [[1, 2, 3], [4, 5]])
    monkeypatch.undo()
    with reading(engine) as conn:
        assert verify(conn) == []
        numbers = [number_of(conn, record) for record in range(1, 6)]
    assert len(set(numbers[:3])) == len(set(numbers[3:])) == 1
    assert numbers[0] != numbers[3]


def test_only_what_was_touched_is_looked_at(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C", "d": "D"})
    link(engine, [[1], [2], [3, 4]])
    add(engine, {"e": "E"}, withdrawn=["b"])

    def everything(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(apply, "read_state", everything)
    run: dict[str, Any] = {"entity": "facility", "parameters_version": 1, "as_of_event": 0}
    report = apply_clusters(engine, clusters=[[1, 5]], beside=[2, 5], **run)
    assert (report.new, report.retired, report.masters) == (0, 1, 2)
    monkeypatch.undo()
    assert link(engine, [[1, 5], [3, 4]]).events_written == 0


def test_a_record_linked_meanwhile_stays_with_its_master(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "A", "c": "C"})
    link(engine, [[1, 2, 3]])
    report = link(engine, [[1, 2]])  # the run was planned before record 3 arrived
    assert (report.events_written, report.masters) == (0, 1)


def test_clusters_must_be_made_of_the_records_of_the_entity(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B"})
    for clusters in ([[1, 2], [2]], [[1, 99]], [[1, 1]]):
        with pytest.raises(UsageError):
            link(engine, clusters)
    with reading(engine) as conn:
        assert waiting(conn, "facility") == 2


def test_a_life_as_history_tells_it(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C"})
    link(engine, [[1], [2, 3]])
    with reading(engine) as conn:
        one, two = number_of(conn, 1), number_of(conn, 2)
    assert one is not None
    assert two is not None
    link(engine, [[1, 2, 3]])
    with reading(engine) as conn:
        assert (resolve(conn, "facility", one).number, resolve(conn, "facility", one).via) == (two, one)
        assert resolve(conn, "facility", two).via is None
        view = master(conn, "facility", two)
        assert ([record.source_key for record in view.records], view.redirects) == (["a", "b", "c"], (one,))
    link(engine, [[1], [2], [3]])
    add(engine, {}, withdrawn=["a"])
    link(engine, [[2], [3]])
    with reading(engine) as conn:
        told = {
            number: [(entry.what, entry.numbers, entry.records) for entry in history(conn, "facility", number)]
            for number in (one, two)
        }
        three = number_of(conn, 3)
        assert three is not None
        assert told[one] == [
            ("founded", (), (1,)),
            ("moved-away", (two,), (1,)),
            ("merged-into", (two,), ()),
            ("restored", (), ()),
            ("joined", (two,), (1,)),
            ("left", (), (1,)),
            ("retired", (), ()),
        ]
        assert told[two] == [
            ("founded", (), (2, 3)),
            ("joined", (one,), (1,)),
            ("absorbed", (one,), ()),
            ("split-off", (three,), (3,)),
            ("moved-away", (one,), (1,)),
        ]
        assert (master(conn, "facility", one).status, master(conn, "facility", two).status) == (RETIRED, ACTIVE)
        [entity] = summary(conn).entities
    assert (entity.records, entity.withdrawn, entity.masters, entity.retired) == ({"sirs": 2}, 1, 2, 1)


def test_numpy_integers_do(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C"})
    clusters = [list(np.array([1, 3])), list(np.array([2]))]
    assert (link(engine, clusters).masters, link(engine, clusters).events_written) == (2, 0)
    with reading(engine) as conn:
        assert verify(conn) == []
