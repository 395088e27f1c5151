"""What the registry answers is kept in the ledger, holds for a while, and feeds golden records and anchors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dukcapil_service import AGREED, NIK, PAYLOAD, Service, raw, says, serving
from ledger_fixtures import new_database
from sqlalchemy import Engine, select, update

from mdi_engine.errors import NotFound
from mdi_engine.jobs.dukcapil.check import CheckReport, check_patients
from mdi_engine.jobs.dukcapil.checks import CHECKED, confirmed, read_checks, verified_anchors
from mdi_engine.ledger.accesses import read_accesses
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.deliveries import DeliveryInfo
from mdi_engine.ledger.events import head, read_events
from mdi_engine.ledger.fold import canonical_dump, fold, stored
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import append_versions, record_id, records_by_id
from mdi_engine.ledger.schema import events
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings

pytest_plugins = ["ledger_fixtures"]

OTHER = "9901014510900002"
KEY = str(NORMALIZERS["fingerprint"](NIK))


class Home:
    """A home whose ledger is written by hand."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.settings = Settings(home=folder, actor="siti", ledger_url=url)
        self.engine: Engine = open_ledger(url or self.settings.ledger_path)

    def deliver(self, source: str, key: str, **changes: str | None) -> int:
        with writing(self.engine) as conn:
            rows = [(key, {**PAYLOAD, **changes})]
            info = DeliveryInfo("delta", ())
            append_versions(conn, entity="patient", source=source, delivery=info, rows=rows)
            return int(record_id(conn, "patient", source, key) or 0)

    def check(self, *numbers: str, **settings: object) -> CheckReport:
        return check_patients(self.settings.model_copy(update=settings), numbers)

    def head(self) -> int:
        with reading(self.engine) as conn:
            return head(conn)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    found = Home(tmp_path / "home")
    yield found
    found.engine.dispose()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


def test_every_record_is_asked_about_once_and_again_when_it_changed(home: Home) -> None:
    home.deliver("dukcapil", KEY)
    first, second = home.deliver("simrs", "1"), home.deliver("simrs", "2", sex="male")
    home.deliver("simrs", "3", nik=None)
    home.deliver("steward", "4")
    report = home.check()
    assert (report.by, report.asked, report.verified, report.refused) == ("local", 2, 1, 1)
    assert report.wrong == {"sex": 1}
    before = home.head()
    report = home.check()
    assert (report.asked, report.standing, home.head()) == (0, 2, before)
    home.deliver("simrs", "2")
    report = home.check()
    assert (report.asked, report.verified, report.standing) == (1, 1, 1)
    with reading(home.engine) as conn:
        checks = read_checks(conn)
        earlier = read_checks(conn, [second], until=before)
    assert {id_: (check.version, check.answer.status) for id_, check in checks.items()} == {
        first: (1, "verified"),
        second: (2, "verified"),
    }
    assert earlier[second].answer.wrong == ("sex",)


def test_an_answer_holds_for_so_many_days(home: Home) -> None:
    home.deliver("dukcapil", KEY)
    home.deliver("simrs", "1")
    home.check()
    assert home.check(dukcapil_days=0).asked == 1
    with writing(home.engine) as conn:
        conn.execute(update(events).where(events.c.kind == CHECKED).values(at="2020-01-01T00:00:00.000000Z"))
    assert home.check().asked == 1
    assert home.check().asked == 0


def test_who_was_unverified_because_the_service_was_down_is_asked_about_again(home: Home, service: Service) -> None:
    home.deliver("simrs", "1")
    where = {"dukcapil_url": service.url, "dukcapil_attempts": 1}
    service.script = [raw(b"", 503), says(AGREED)]
    assert home.check(**where).reasons == {"status": 1}
    assert home.check(**where).verified == 1
    assert home.check(**where).standing == 1


def test_a_service_that_is_down_is_not_asked_about_everybody(home: Home, service: Service) -> None:
    for number in range(230):
        home.deliver("simrs", str(number))
    service.script = [raw(b"", 503)]
    before = home.head()
    report = home.check(dukcapil_url=service.url, dukcapil_attempts=1)
    assert report.unverified == report.asked == len(service.heard)
    assert 5 <= report.asked <= 8  # those that were under way when the circuit opened
    assert report.left == 230 - report.asked
    assert home.head() == before + 1


def test_named_numbers_are_asked_about_at_once_and_the_access_is_recorded(home: Home) -> None:
    home.deliver("dukcapil", KEY)
    one, two = home.deliver("simrs", "1"), home.deliver("simrs", "2", nik=OTHER)
    apply_clusters(home.engine, entity="patient", parameters_version=1, as_of_event=0, clusters=[[one], [two]])
    with reading(home.engine) as conn:
        number = str(number_of(conn, two))
    for _ in range(2):
        (told,) = home.check(number, number).records
        assert (told.record, told.status, told.wrong) == ("simrs:2", "refused", ("nik",))
    with reading(home.engine) as conn:
        accesses = [one.access for one in read_accesses(conn, "patient", [number])]
    assert [(access.action, access.actor) for access in accesses] == [("dukcapil", "siti")] * 2
    with pytest.raises(NotFound):
        home.check("P00000000000")


def test_the_ledger_holds_no_nik_outside_of_records_and_verifies_and_folds(home: Home) -> None:
    home.deliver("dukcapil", KEY)
    home.deliver("simrs", "1", birth_date="1991-01-01")
    home.check()
    with reading(home.engine) as conn:
        assert not any(NIK in body for body in conn.execute(select(events.c.body)).scalars())
        assert verify(conn) == []
        assert fold(read_events(conn)) == stored(conn)
        assert any(CHECKED in line for line in canonical_dump(conn))


def test_a_verified_nik_anchors_and_confirms_while_the_record_reads_as_it_did(home: Home) -> None:
    registered = home.deliver("dukcapil", KEY)
    sure, unsure = home.deliver("simrs", "1"), home.deliver("simrs", "2", name_core="budi")
    other = home.deliver("dukcapil", "x", nik=OTHER)
    records = [registered, sure, unsure, other]
    home.check()
    with reading(home.engine) as conn:
        anchors = verified_anchors(conn, records)
        agreed = confirmed(conn, records_by_id(conn, records))
    assert anchors.keys() == {registered, sure, other}
    assert anchors[registered] == anchors[sure] != anchors[other]
    assert NIK not in "".join(anchors.values())
    assert agreed.keys() == {sure}
    assert {"nik", "name", "birth_date"} <= agreed[sure]
    home.deliver("simrs", "1", phone="+6281200000001")
    with reading(home.engine) as conn:
        assert verified_anchors(conn, records).keys() == {registered, other}
        assert confirmed(conn, records_by_id(conn, records)) == {}


def test_the_number_stays_with_the_verified_nik_when_a_master_is_split(home: Home) -> None:
    wrong = home.deliver("simrs", "1", nik=OTHER)
    home.deliver("dukcapil", KEY)
    sure = home.deliver("simrs", "2")
    home.check()

    def link(*clusters: list[int]) -> None:
        with reading(home.engine) as conn:
            anchors = verified_anchors(conn, [wrong, sure])
        apply_clusters(
            home.engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters, anchors=anchors
        )

    link([wrong, sure])
    with reading(home.engine) as conn:
        number = number_of(conn, sure)
    link([wrong], [sure])
    with reading(home.engine) as conn:
        assert number_of(conn, sure) == number  # and not with the record that it was founded for
        assert number_of(conn, wrong) != number


def test_few_and_many_records_are_found_alike(home: Home) -> None:
    _found_alike(home)


def test_few_and_many_records_are_found_alike_on_postgresql(server: str, tmp_path: Path) -> None:
    home = Home(tmp_path, f"{server}/{new_database(server)}")
    _found_alike(home)
    home.engine.dispose()


def _found_alike(home: Home) -> None:
    home.deliver("dukcapil", KEY)
    records = [home.deliver("simrs", str(number)) for number in range(60)]
    home.check()
    with reading(home.engine) as conn:
        everything = read_checks(conn)
        assert read_checks(conn, records) == everything
        for some in (records[:1], records[:12], records[9:11]):
            assert read_checks(conn, some) == {id_: everything[id_] for id_ in some}
        assert read_checks(conn, []) == {}
