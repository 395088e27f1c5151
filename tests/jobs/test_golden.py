"""The golden record of a number, today and as of a date, through deliveries, merges and un-merges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from mdi_engine.entities.survivorship import Chosen
from mdi_engine.errors import NotFound, UsageError
from mdi_engine.jobs.golden import golden_record, moment
from mdi_engine.jobs.history import history_of
from mdi_engine.jobs.merging import merge, unmerge
from mdi_engine.jobs.rights import correct
from mdi_engine.ledger.accesses import read_accesses
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import deliveries, events, source_records
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.settings import Settings

NIK = "9901014510900001"


class Registry:
    """A home whose ledger is written by hand; every day at noon something arrives or is linked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.home.mkdir()
        self.engine: Engine = open_ledger(settings.ledger_path)
        self.day = 0

    def deliver(self, source: str, key: str, **payload: str | None) -> int:
        self.day += 1
        info = DeliveryInfo("delta", (DeliveredFile("a.csv", f"{self.day:064}"),))
        with writing(self.engine) as conn:
            append_versions(conn, entity="patient", source=source, delivery=info, rows=[(key, payload)])
        self._at_noon()
        with reading(self.engine) as conn:
            return int(conn.execute(select(source_records.c.id).where(source_records.c.source_key == key)).scalar_one())

    def withdraw(self, source: str, key: str) -> None:
        self.day += 1
        info = DeliveryInfo("delta", (DeliveredFile("a.csv", f"{self.day:064}"),))
        with writing(self.engine) as conn:
            append_versions(conn, entity="patient", source=source, delivery=info, rows=[], withdrawn=[key])
        self._at_noon()

    def link(self, *clusters: list[int]) -> None:
        self.day += 1
        apply_clusters(self.engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters)
        self._at_noon()

    def number(self, record: int) -> str:
        with reading(self.engine) as conn:
            return str(number_of(conn, record))

    def _at_noon(self) -> None:
        """Put what is newest on its day; the chain of hashes is not what is looked at here."""
        noon = self.noon(self.day)
        with writing(self.engine) as conn:
            conn.execute(update(events).where(events.c.seq == head(conn)).values(at=noon))
            newest = select(func.max(deliveries.c.id)).scalar_subquery()
            recent = deliveries.c.id == newest, deliveries.c.received_at > noon
            conn.execute(update(deliveries).where(*recent).values(received_at=noon))

    @staticmethod
    def noon(day: int) -> str:
        return f"2026-11-{day:02}T12:00:00.000000Z"

    def golden(self, number: str, day: int | None = None) -> dict[str, Chosen]:
        as_of = None if day is None else f"2026-11-{day:02}"
        found = golden_record(self.settings, "patient", number, as_of=as_of).golden
        return {one.field: one for one in found}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry(Settings(home=tmp_path / "home"))
    yield made
    made.engine.dispose()


def test_values_come_with_source_date_rule_and_what_they_beat(registry: Registry) -> None:
    one = registry.deliver("dukcapil", "d1", nik=NIK, name="SITI AMINAH", name_core="siti aminah")
    two = registry.deliver("simrs", "s1", name="Siti Aminahh", name_core="siti aminahh", phone="+6281200000001")
    registry.link([one, two])
    found = registry.golden(registry.number(one))
    name = found["name"]
    assert (name.value, name.source, name.key, name.rule) == ("SITI AMINAH", "dukcapil", "d1", "verified")
    assert name.date == registry.noon(1)
    (beaten,) = name.beaten
    assert (beaten.value, beaten.source, beaten.key, beaten.date) == ("Siti Aminahh", "simrs", "s1", registry.noon(2))
    assert (found["phone"].rule, found["phone"].date) == ("unopposed", registry.noon(2))


def test_as_of_a_date_it_is_what_it_was_then(registry: Registry) -> None:
    one = registry.deliver("simrs", "s1", phone="+6281200000001")  # day 1
    registry.link([one])
    number = registry.number(one)
    registry.deliver("simrs", "s1", phone="+6281200000002")  # day 3
    two = registry.deliver("simrs", "s2", phone="+6281200000003", sex="male")
    registry.link([one, two])  # day 5
    registry.withdraw("simrs", "s2")  # day 6
    told = {day: {f: one.value for f, one in registry.golden(number, day).items()} for day in range(2, 7)}
    assert told[2] == {"phone": "+6281200000001"}
    assert told[3] == told[4] == {"phone": "+6281200000002"}
    assert told[5] == {"phone": "+6281200000003", "sex": "male"}
    assert told[6] == {"phone": "+6281200000002"}
    assert registry.golden(number) == registry.golden(number, 6)
    with pytest.raises(NotFound, match="then"):
        registry.golden(number, 1)


def test_an_unmerge_restores_the_golden_records_as_they_were(registry: Registry) -> None:
    one = registry.deliver("dukcapil", "d1", name="SITI AMINAH", name_core="siti aminah", sex="female")
    two = registry.deliver("simrs", "s1", name="Siti Aminah", name_core="siti aminah", phone="+6281200000001")
    three = registry.deliver("simrs", "s2", name="Sitti Amina", name_core="sitti amina", birth_date="1985-08-17")
    registry.link([one, two], [three])  # day 4
    kept, lost = registry.number(one), registry.number(three)
    before = registry.golden(kept), registry.golden(lost)

    registry.link([one, two, three])  # day 5
    assert registry.golden(lost) == registry.golden(kept)  # through the redirect
    assert registry.golden(kept)["birth_date"].value == "1985-08-17"
    assert registry.golden(kept) != before[0]

    registry.link([one, two], [three])  # day 6
    assert (registry.number(one), registry.number(three)) == (kept, lost)
    assert (registry.golden(kept), registry.golden(lost)) == before
    assert (registry.golden(kept, 4), registry.golden(lost, 4)) == before
    assert registry.golden(lost, 5) == registry.golden(kept, 5) != before[1]


def test_a_correction_comes_first_and_goes_with_its_record(registry: Registry) -> None:
    one = registry.deliver("dukcapil", "d1", birth_date="1985-08-17")
    fixed = registry.deliver("steward", "k1", birth_date="1958-08-17")
    registry.link([one, fixed])
    found = registry.golden(registry.number(one))["birth_date"]
    assert (found.value, found.rule, [beaten.value for beaten in found.beaten]) == (
        "1958-08-17",
        "steward",
        ["1985-08-17"],
    )
    registry.withdraw("steward", "k1")
    assert registry.golden(registry.number(one))["birth_date"].value == "1985-08-17"


def test_a_merge_by_hand_that_is_taken_back_leaves_the_golden_records_as_they_were(registry: Registry) -> None:
    one = registry.deliver("simrs", "s1", name="Siti Aminah", name_core="siti aminah", sex="female")
    two = registry.deliver("simrs", "s2", name="Siti Amina", name_core="siti amina", phone="+6281200000001")
    registry.link([one], [two])
    kept, lost = registry.number(one), registry.number(two)
    before = registry.golden(kept), registry.golden(lost)
    assert merge(registry.settings, "patient", kept, lost, yes=True).applied
    assert registry.golden(lost) == registry.golden(kept)
    assert registry.golden(kept)["phone"].value == "+6281200000001"
    assert unmerge(registry.settings, "patient", lost, yes=True).applied
    assert (registry.golden(kept), registry.golden(lost)) == before


def test_what_a_steward_corrects_holds_and_the_rest_stays(registry: Registry) -> None:
    one = registry.deliver("dukcapil", "d1", name="SITI AMINAH", name_core="siti aminah", birth_date="1985-08-17")
    registry.link([one])
    number = registry.number(one)
    before = registry.golden(number)
    correct(registry.settings, "patient", number, {"birthdate": "17-08-1958"})
    after = registry.golden(number)
    born = after.pop("birth_date")
    assert (born.value, born.rule, [beaten.key for beaten in born.beaten]) == ("1958-08-17", "steward", ["d1"])
    assert after == {field: chosen for field, chosen in before.items() if field != "birth_date"}


def test_who_asked_for_a_golden_record_or_a_history_is_written_down(registry: Registry) -> None:
    one = registry.deliver("simrs", "s1", sex="male")
    registry.link([one])
    number = registry.number(one)
    asked = registry.settings.model_copy(update={"actor": "rina"})
    golden_record(asked, "patient", number, as_of="2999-01-01", purpose="a question of the patient")
    history_of(asked, number, as_of="2999-01-01")
    history_of(asked, number)
    with reading(registry.engine) as conn:
        told = [found.access for found in read_accesses(conn, "patient", [number])]
    assert [(access.actor, access.action, access.purpose) for access in told] == [
        ("rina", "read", "a question of the patient"),
        ("rina", "history", "history"),
        ("rina", "history", "history"),
    ]


def test_history_as_of_a_date_ends_there(registry: Registry) -> None:
    one = registry.deliver("simrs", "s1", sex="male")
    two = registry.deliver("simrs", "s2", sex="male")
    registry.link([one], [two])  # day 3
    kept, lost = registry.number(one), registry.number(two)
    registry.link([one, two])  # day 4
    then = history_of(registry.settings, lost, as_of="2026-11-03")
    assert (then.master.status, then.master.redirect_to, len(then.entries)) == ("active", None, 1)
    assert [found.field for found in then.golden] == ["sex"]
    now = history_of(registry.settings, lost)
    assert (now.master.status, now.master.redirect_to) == ("merged", kept)
    later = history_of(registry.settings, lost, as_of="2026-12-31")
    assert (later.master, later.entries, later.golden) == (now.master, now.entries, ())
    with pytest.raises(NotFound, match="then"):
        history_of(registry.settings, lost, as_of="2026-11-02")
    with pytest.raises(NotFound, match="ever"):
        history_of(registry.settings, "P00000000000", as_of="2026-11-03")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-11-24", "2026-11-24T23:59:59.999999Z"),
        ("2026-11-24T10:30", "2026-11-24T10:30:00.999999Z"),
        ("2026-11-24 10:30:05Z", "2026-11-24T10:30:05.999999Z"),
        ("2026-11-24T10:30:05.000001+07:00", "2026-11-24T03:30:05.000001Z"),
        ("0001-01-01", "0001-01-01T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_moment_ends_with_the_day_or_second_that_is_named(text: str, last: str) -> None:
    assert moment(text) == last


@pytest.mark.parametrize(
    "text",
    ["", " ", "yesterday", "24-11-2026", "2026-02-30", NIK, "0001-01-01T00:00+14:00", "9999-12-31T23:00-01:00", "²"],
)
def test_what_is_no_moment_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        moment(text)
    assert NIK not in str(refused.value)
