"""Report, correction and forgetting on a small home without a workbench; the whole way is in tests/features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.jobs.access import PERSONS
from mdi_engine.jobs.forgetting import forget_subject
from mdi_engine.jobs.golden import golden_record
from mdi_engine.jobs.history import history_of
from mdi_engine.jobs.lookup import lookup_number
from mdi_engine.jobs.rights import correct, subject_report
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import accesses, events, record_versions
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings

NIK, OTHER = "9901014107850001", "9901014107850002"
DELIVERY = DeliveryInfo("delta", (DeliveredFile("a.csv", "0" * 64),))
Row = dict[str, str | None]


class Home:
    """A ledger whose clusters are told by hand."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder, actor="siti")
        self.engine = open_ledger(self.settings.ledger_path)

    def add(self, rows: dict[str, Row], entity: str = "patient", withdrawn: Sequence[str] = ()) -> None:
        with writing(self.engine) as conn:
            append_versions(
                conn, entity=entity, source="simrs", delivery=DELIVERY, rows=rows.items(), withdrawn=withdrawn
            )

    def link(self, *clusters: Sequence[int], entity: str = "patient") -> list[str]:
        apply_clusters(self.engine, entity=entity, parameters_version=1, as_of_event=0, clusters=clusters)
        return [self.number(cluster[0]) for cluster in clusters]

    def number(self, record: int) -> str:
        with reading(self.engine) as conn:
            found = number_of(conn, record)
        assert found is not None
        return found

    def count(self, table: object = accesses) -> int:
        with reading(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]

    def sound(self) -> bool:
        with reading(self.engine) as conn:
            return verify(conn) == []


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Records 1 and 2 of one person, 3 of another."""
    home = Home(tmp_path / "home")
    home.add({"a": {"nik": NIK, "name": "SITI"}, "b": {"name": "SITI A"}, "c": {"nik": OTHER, "name": "TONO"}})
    home.link([1, 2], [3])
    yield home
    home.engine.dispose()


def golden(home: Home, number: str) -> dict[str, tuple[str | None, str]]:
    report = golden_record(home.settings, "patient", number)
    return {one.field: (one.value, one.source) for one in report.golden}


def test_a_correction_is_believed_and_adds_to_the_one_before(home: Home) -> None:
    number = home.number(1)
    first = correct(home.settings, "patient", number, {"name": "Siti Aminah"}, note="KTP")
    assert golden(home, number)["name"] == ("SITI AMINAH", "steward")
    second = correct(home.settings, "patient", number, {"birthdate": "17-08-1985"})
    assert first.event is not None
    assert second.event is not None
    assert second.event > first.event
    assert golden(home, number)["birth_date"] == ("1985-08-17", "steward")
    assert golden(home, number)["name"] == ("SITI AMINAH", "steward")
    assert golden(home, number)["nik"] == (NIK, "simrs")
    assert home.sound()


def test_the_same_correction_again_writes_no_event(home: Home) -> None:
    number = home.number(1)
    correct(home.settings, "patient", number, {"name": "Siti Aminah"})
    before = home.count(events)
    assert correct(home.settings, "patient", number, {"name": "Siti Aminah"}).event is None
    assert home.count(events) == before


def test_a_number_that_was_merged_is_corrected_where_it_leads(home: Home) -> None:
    lost = home.number(3)
    home.link([1, 2, 3])
    report = correct(home.settings, "patient", lost, {"name": "Siti Aminah"})
    assert report.number == home.number(1) != lost


def test_corrections_that_went_with_another_number_are_not_torn_apart(home: Home) -> None:
    number = home.number(1)
    correct(home.settings, "patient", number, {"name": "Siti Aminah"})
    home.link([1], [2, 4], [3])
    assert home.number(4) != number == home.number(1)
    with pytest.raises(Conflict, match="belong to"):
        correct(home.settings, "patient", number, {"name": "Siti Aminah Wati"})


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"birthdate": "31-02-1985"}, UsageError),
        ({"nik": "99010141078500019"}, UsageError),
        ({}, UsageError),
        ({"shoe": "42"}, UsageError),
    ],
    ids=["no date", "no NIK", "nothing", "no field"],
)
def test_what_cannot_be_read_is_refused_and_not_repeated(
    values: dict[str, str | None], error: type[Exception], home: Home
) -> None:
    before = home.count(record_versions)
    with pytest.raises(error) as told:
        correct(home.settings, "patient", home.number(1), values)
    assert not any(value in str(told.value) for value in values.values() if value and len(value) > 2)
    assert home.count(record_versions) == before


def test_the_nik_of_somebody_who_was_forgotten_is_no_correction(home: Home) -> None:
    forget_subject(home.settings, "patient", home.number(3), yes=True)
    before = home.count(events)
    with pytest.raises(Conflict, match="forgotten"):
        correct(home.settings, "patient", home.number(1), {"nik": OTHER})
    assert home.count(events) == before


def test_a_master_without_records_has_nothing_to_correct_and_nothing_to_forget(home: Home) -> None:
    number = home.number(3)
    home.add({}, withdrawn=["c"])
    home.link([1, 2])
    with pytest.raises(Conflict, match="no live record"):
        correct(home.settings, "patient", number, {"name": "Tono Tejo"})
    assert forget_subject(home.settings, "patient", number, yes=True).records == {"simrs": 1}
    assert home.sound()


def test_forgetting_twice_only_cleans_again(home: Home) -> None:
    number = home.number(1)
    first = forget_subject(home.settings, "patient", number, yes=True)
    before = home.count(events)
    second = forget_subject(home.settings, "patient", number, yes=True)
    assert (second.event, second.records, second.clean) == (first.event, {}, True)
    assert home.count(events) == before


def test_what_has_no_nik_can_be_forgotten_too(home: Home) -> None:
    home.add({"x": {"name": "KLINIK DOKTER TEJO"}}, entity="facility")
    (number,) = home.link([4], entity="facility")
    report = forget_subject(home.settings, "facility", number, yes=True)
    assert (report.niks, report.records, home.sound()) == (0, {"simrs": 1}, True)


def test_a_report_tells_of_withdrawn_records_and_of_looks_at_earlier_numbers(home: Home) -> None:
    lost = home.number(3)
    history_of(home.settings, lost, purpose="before the merge")
    home.link([1, 2, 3])
    home.add({}, withdrawn=["b"])
    home.link([1, 3])
    report = subject_report(home.settings, lost)
    assert (report.number, report.via) == (home.number(1), lost)
    assert [(one.source_key, one.live) for one in report.records] == [("a", True), ("b", False), ("c", True)]
    assert [one.access.purpose for one in report.accesses] == ["before the merge"]
    assert [one.access.action for one in subject_report(home.settings, lost).accesses] == ["history", "subject-report"]
    with pytest.raises(NotFound):
        subject_report(home.settings, "P00000000000")


def test_only_looks_at_persons_are_recorded(home: Home) -> None:
    home.add({"x": {"name": "RSUD TEJO"}}, entity="facility")
    (place,) = home.link([4], entity="facility")
    lookup_number(home.settings, "facility", place)
    assert home.count() == 0
    lookup_number(home.settings, "patient", home.number(1))
    assert home.count() == 1
    assert sorted(PERSONS) == ["patient", "practitioner"]
