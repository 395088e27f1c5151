"""Merge and un-merge by hand, against what the ledger said before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from mdi_engine.errors import Conflict, MdiError, NotFound, UsageError
from mdi_engine.jobs.merging import MergeReport, merge, unmerge
from mdi_engine.ledger.accesses import read_accesses
from mdi_engine.ledger.apply import ApplyReport, apply_clusters
from mdi_engine.ledger.constraints import decide, read_constraints, undo
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head, read_events
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.history import number_of, resolve
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import masters, source_records
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings

pytest_plugins = ["ledger_fixtures"]

ENTITY = "facility"
DELIVERY = DeliveryInfo("full", (DeliveredFile("a.csv", "0" * 64),))


class Home:
    """A home with a ledger of records k1, k2, … whose clusters the test gives."""

    def __init__(self, folder: Path, ledger_url: str | None = None) -> None:
        self.settings = Settings(home=folder, actor="siti", ledger_url=ledger_url)
        self.engine: Engine = open_ledger(ledger_url or self.settings.ledger_path)

    def add(self, count: int, withdrawn: Sequence[str] = (), name: str = "RS") -> None:
        rows = [(f"k{i}", {"name": f"{name} {i}"}) for i in range(1, count + 1)]
        with writing(self.engine) as conn:
            append_versions(
                conn, entity=ENTITY, source="sirs", delivery=DELIVERY, rows=rows if count else [], withdrawn=withdrawn
            )

    def link(self, *clusters: Sequence[int]) -> ApplyReport:
        with reading(self.engine) as conn:
            event = head(conn)
        return apply_clusters(
            self.engine, entity=ENTITY, parameters_version=1, as_of_event=event, clusters=list(clusters)
        )

    def number(self, record: int) -> str:
        with reading(self.engine) as conn:
            return str(number_of(conn, record))

    def state(self) -> tuple[object, object]:
        """All masters and memberships."""
        with reading(self.engine) as conn:
            found = read_state(conn, ENTITY)
            return dict(found.masters), dict(found.memberships)

    def merge(self, one: int, other: int, yes: bool = True) -> MergeReport:
        return merge(self.settings, ENTITY, self.number(one), self.number(other), yes=yes)

    def unmerge(self, number: str, *records: str, yes: bool = True) -> MergeReport:
        return unmerge(self.settings, ENTITY, number, records, yes=yes)

    def relink(self) -> ApplyReport:
        """What a link job does whose clusters are as the ledger has them."""
        with reading(self.engine) as conn:
            members = read_state(conn, ENTITY).memberships
            live = set(conn.execute(select(source_records.c.id).where(source_records.c.live)).scalars())
        groups: dict[str, list[int]] = {}
        for record, number in members.items():
            if record in live:
                groups.setdefault(number, []).append(record)
        return self.link(*groups.values())

    def proved(self) -> None:
        """The ledger verifies, and is made again from its events byte for byte."""
        with writing(self.engine) as conn:
            assert verify(conn) == []
            before = list(canonical_dump(conn))
            rebuild(conn)
            assert list(canonical_dump(conn)) == before


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def either(engine: Engine, tmp_path: Path) -> Iterator[Home]:
    """A home on each kind of ledger."""
    made = Home(tmp_path, engine.url.render_as_string(hide_password=False))
    yield made
    made.engine.dispose()


def events(home: Home) -> list[str]:
    with reading(home.engine) as conn:
        return [event.kind for event in read_events(conn)]


def test_a_merge_is_one_master_with_a_decision_that_binds_all_its_records(either: Home) -> None:
    either.add(5)
    either.link([1, 2], [3, 4], [5])
    survivor, loser = either.number(1), either.number(3)
    report = either.merge(1, 3)
    assert {(one.record, one.before, one.after) for one in report.records} == {
        ("sirs:k1", survivor, survivor),
        ("sirs:k2", survivor, survivor),
        ("sirs:k3", loser, survivor),
        ("sirs:k4", loser, survivor),
    }
    assert (report.applied, report.takes_back, report.overrules) == (True, None, 0)
    assert events(either)[-2:] == ["decision-taken", "masters-assigned"]
    with reading(either.engine) as conn:
        assert resolve(conn, ENTITY, loser).number == survivor
        assert read_constraints(conn, ENTITY).same == ((1, 2), (1, 3), (1, 4))
        assert {event.actor for event in read_events(conn) if event.seq > head(conn) - 2} == {"siti"}
        (access,) = read_accesses(conn, ENTITY, [loser])
    assert (access.access.actor, access.access.action, access.access.outcome) == ("siti", "merge", "merged")
    assert either.relink().events_written == 0
    either.proved()


def test_a_preview_changes_nothing_and_tells_what_would_be(either: Home) -> None:
    either.add(4)
    either.link([1, 2], [3, 4])
    before, then = either.state(), events(either)
    told = either.merge(1, 3, yes=False)
    assert (told.applied, told.event) == (False, None)
    assert {one.after for one in told.records} == {either.number(1)}
    apart = either.unmerge(either.number(1), yes=False)
    assert [one.after for one in apart.records] == [either.number(1), None]
    assert (either.state(), events(either)) == (before, then)
    with reading(either.engine) as conn:
        assert read_constraints(conn, ENTITY).same == ()
        assert [one.access.outcome for one in read_accesses(conn, ENTITY, [either.number(1)])] == ["shown", "shown"]
    assert {one.after for one in either.merge(1, 3).records} == {one.after for one in told.records}
    either.proved()


@pytest.mark.parametrize("by", ["loser", "survivor"])
def test_an_unmerge_restores_numbers_and_memberships(home: Home, by: str) -> None:
    home.add(5)
    home.link([1, 2], [3, 4], [5])
    before = home.state()
    numbers = {"survivor": home.number(1), "loser": home.number(3)}
    merged = home.merge(1, 3)
    report = home.unmerge(numbers[by])
    assert report.takes_back == merged.event
    assert home.state() == before
    with reading(home.engine) as conn:
        assert read_constraints(conn, ENTITY).same == read_constraints(conn, ENTITY).different == ()
    assert home.relink().events_written == 0
    home.proved()


def test_a_number_comes_back_although_its_founding_record_was_withdrawn(home: Home) -> None:
    home.add(5)
    home.link([1, 2], [3, 4, 5])
    home.add(0, withdrawn=["k1", "k3"])
    home.link([2], [4, 5])
    before = home.state()
    home.merge(2, 4)
    home.unmerge(home.number(2))
    assert home.state() == before
    assert home.relink().events_written == 0
    home.proved()


def test_the_number_that_was_in_force_is_in_force_again_not_an_older_one(either: Home) -> None:
    """Three into two into one: each un-merge takes back the last merge, and redirects lead where they led."""
    either.add(6)
    either.link([1], [2, 3], [4, 5, 6])
    states = [either.state()]
    either.merge(1, 2)
    states.append(either.state())
    either.merge(1, 4)
    either.unmerge(either.number(1))
    assert either.state() == states.pop()
    either.unmerge(either.number(1))
    assert either.state() == states.pop()
    assert either.relink().events_written == 0
    either.proved()


def test_an_earlier_merge_is_not_taken_back_under_a_later_one(home: Home) -> None:
    home.add(3)
    home.link([1], [2], [3])
    second = home.number(2)
    home.merge(1, 2)
    home.merge(1, 3)
    before = home.state(), events(home)
    with pytest.raises(Conflict, match="later"):
        home.unmerge(second)
    assert (home.state(), events(home)) == before


def test_an_earlier_merge_under_one_with_an_older_record_is_refused_too(home: Home) -> None:
    """The pairs of the two merges have none in common; all the same the later one holds the records together."""
    home.add(3)
    home.link([1], [2], [3])
    third = home.number(3)
    home.merge(2, 3)
    home.merge(1, 2)
    with pytest.raises(Conflict, match="both sides are the same"):
        home.unmerge(third)
    home.proved()


def test_what_the_machine_merged_is_parted_and_stays_so(either: Home) -> None:
    either.add(4)
    either.link([1, 2], [3, 4])
    before = either.state()
    either.link([1, 2, 3, 4])
    report = either.unmerge(either.number(1))
    assert report.takes_back is None
    assert either.state() == before
    with reading(either.engine) as conn:
        said = read_constraints(conn, ENTITY)
    assert (said.same, said.different) == (((1, 2), (3, 4)), ((1, 3),))
    either.proved()


def test_a_master_that_nothing_was_merged_into_falls_into_its_records(home: Home) -> None:
    home.add(3)
    home.link([1, 2, 3])
    number = home.number(1)
    home.unmerge(number)
    assert len({home.number(record) for record in (1, 2, 3)}) == 3
    assert home.number(1) == number
    with reading(home.engine) as conn:
        assert read_constraints(conn, ENTITY).different == ((1, 2), (1, 3), (2, 3))
        split = conn.execute(select(masters.c.split_from).where(masters.c.number == home.number(2))).scalar_one()
    assert split == number
    assert home.relink().events_written == 0
    home.proved()


def test_named_records_leave_together_whatever_was_merged(home: Home) -> None:
    home.add(4)
    home.link([1, 2], [3, 4])
    home.merge(1, 3)
    number = home.number(1)
    report = home.unmerge(number, "sirs:k2", "sirs:k4")
    assert report.overrules == 2  # that 1 is 2 and 1 is 4
    assert home.number(1) == home.number(3) == number
    assert home.number(2) == home.number(4) != number
    home.proved()


def test_a_merge_takes_an_unmerge_back(home: Home) -> None:
    home.add(2)
    home.link([1, 2])
    number = home.number(1)
    home.unmerge(number)
    report = home.merge(1, 2)
    assert report.overrules == 1
    assert home.number(1) == home.number(2) == number
    with reading(home.engine) as conn:
        said = read_constraints(conn, ENTITY)
    assert (said.same, said.different) == (((1, 2),), ())
    home.unmerge(number)
    with reading(home.engine) as conn:
        said = read_constraints(conn, ENTITY)
    assert (said.same, said.different) == ((), ((1, 2),))
    home.proved()


def test_a_decision_about_a_third_record_stands_against_a_merge(either: Home) -> None:
    either.add(3)
    either.link([1], [2], [3])
    with writing(either.engine) as conn:
        decide(conn, ENTITY, [(1, 3, "same"), (2, 3, "different")], answer="same", actor="budi")
    before = either.state(), events(either)
    with pytest.raises(Conflict, match="also be decided to differ"):
        either.merge(1, 2)
    assert (either.state(), events(either)) == before


def test_what_joined_after_a_merge_stays_when_it_is_taken_back(home: Home) -> None:
    home.add(5)
    home.link([1, 2], [3, 4])
    home.merge(1, 3)
    home.link([1, 2, 3, 4, 5])
    survivor = home.number(1)
    home.unmerge(survivor)
    assert [home.number(record) == survivor for record in (1, 2, 3, 4, 5)] == [True, True, False, False, True]
    home.proved()


@pytest.mark.parametrize("numbers", [("1000000000", None), (None, "1000000000")])
def test_a_number_that_was_never_issued_is_not_found(home: Home, numbers: tuple[str | None, str | None]) -> None:
    home.add(1)
    home.link([1])
    with pytest.raises(NotFound):
        merge(home.settings, ENTITY, *(number or home.number(1) for number in numbers), yes=True)


def test_what_cannot_be_merged_or_parted_is_a_conflict(home: Home) -> None:
    home.add(3)
    home.link([1], [2], [3])
    with pytest.raises(Conflict, match="one already"):
        home.merge(1, 1)
    with pytest.raises(Conflict, match="nothing to part"):
        home.unmerge(home.number(1))
    with pytest.raises(Conflict, match="nothing to part"):
        home.unmerge(home.number(1), "sirs:k1")
    with pytest.raises(NotFound, match="none of"):
        home.unmerge(home.number(1), "sirs:k2")
    home.add(0, withdrawn=["k1"])
    with pytest.raises(Conflict, match="no live record"):
        home.merge(1, 2)
    with pytest.raises(UsageError):
        merge(home.settings, "nothing", home.number(1), home.number(2))
    assert "decision-taken" not in events(home)


def test_too_many_records_are_not_told_apart_one_by_one(home: Home) -> None:
    home.add(201)
    home.link(list(range(1, 202)))
    with pytest.raises(UsageError, match="at most 200"):
        home.unmerge(home.number(1))
    home.unmerge(home.number(1), "sirs:k7")
    assert home.number(7) != home.number(1) == home.number(201)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    kinds = st.sampled_from(["merge", "merge", "unmerge", "apart", "link"])
    return draw(st.lists(st.tuples(kinds, st.integers(1, 7), st.integers(1, 7)), max_size=8))


@pytest.fixture(scope="module")
def new_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without records, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(path).dispose()
    return path


@given(steps=steps())
@settings(max_examples=12, deadline=None)
def test_whatever_is_done_by_hand_the_ledger_proves_and_numbers_resolve(
    tmp_path_factory: pytest.TempPathFactory, new_ledger: Path, steps: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(new_ledger, folder)
    home = Home(folder)
    try:
        home.add(7)
        home.link([1, 2, 3], [4, 5], [6], [7])
        for step in steps:
            try:
                _take(home, *step)
            except MdiError:
                continue
        with reading(home.engine) as conn:
            _require_obeyed(conn)
        assert home.relink().events_written == 0
        home.proved()
    finally:
        home.engine.dispose()


def _take(home: Home, step: str, one: int, other: int) -> None:
    before = home.state()
    if step == "merge":
        home.merge(one, other)
        if one < other:  # every other time it is taken back at once
            home.unmerge(home.number(one))
            assert home.state() == before
    elif step == "unmerge":
        home.unmerge(home.number(one))
    elif step == "apart":
        home.unmerge(home.number(one), f"sirs:k{one}")
    else:
        home.relink()


def _require_obeyed(conn: Connection) -> None:
    """Who is decided to be one has one number, and who is decided to differ has another."""
    said = read_constraints(conn, ENTITY)
    assert all(number_of(conn, one) == number_of(conn, other) for one, other in said.same)
    assert all(number_of(conn, one) != number_of(conn, other) for one, other in said.different)


def test_undoing_twice_is_a_conflict(home: Home) -> None:
    home.add(2)
    home.link([1], [2])
    event = home.merge(1, 2).event
    assert event is not None
    home.unmerge(home.number(1))
    with writing(home.engine) as conn, pytest.raises(Conflict, match="undone already"):
        undo(conn, ENTITY, event, actor="siti")
