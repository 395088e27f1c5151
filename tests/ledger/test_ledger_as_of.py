"""The past of one number, against the fold of all events up to then."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Connection, Engine, func, select, update

from mdi_engine.errors import NotFound
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.as_of import event_at, master_at
from mdi_engine.ledger.dated import dated_records
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import append_event, canonical_json, head, read_events, sha256
from mdi_engine.ledger.fold import fold
from mdi_engine.ledger.history import master
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import deliveries, events, masters, record_versions, source_records
from mdi_engine.ledger.steps import Folded
from mdi_engine.ledger.store import open_ledger, reading, writing

pytest_plugins = ["ledger_fixtures"]

KEYS = "abcdef"
Month = tuple[dict[str, str], bool]  # what arrives, key → name (other keys are withdrawn), and whether it is linked
MONTHS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(KEYS), st.sampled_from("XYZ")), st.booleans()), min_size=2, max_size=6
)


def link(engine: Engine, clusters: list[list[int]], chunk: int = 2) -> None:
    apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=0, clusters=clusters, chunk=chunk)


def run(engine: Engine, months: list[Month]) -> None:
    """Each month delivers, and perhaps links the records that have one name."""
    for names, linked in months:
        add(engine, dict(names), withdrawn=sorted(set(KEYS) - names.keys()))
        if linked:
            link(engine, by_name(engine, names))


def deliver(engine: Engine, names: dict[str, str], *, file: bool) -> None:
    digest = sha256(canonical_json(names))
    info = DeliveryInfo("delta", (DeliveredFile("a.csv", digest),) if file else ())
    rows = [(key, {"name": name}) for key, name in names.items()]
    with writing(engine) as conn:
        append_versions(conn, entity="facility", source="sirs", delivery=info, rows=rows)


def by_name(engine: Engine, names: dict[str, str]) -> list[list[int]]:
    held: dict[str, list[int]] = {}
    for key, id_ in ids(engine).items():
        held.setdefault(names[key], []).append(id_)
    return list(held.values())


def ids(engine: Engine) -> dict[str, int]:
    known = source_records.c
    with reading(engine) as conn:
        return dict(conn.execute(select(known.source_key, known.id).where(known.live)).all())


@settings(max_examples=25)
@given(MONTHS)
def test_every_number_at_every_event_is_what_folding_all_events_says(empty_ledger: Path, months: list[Month]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        shutil.copy(empty_ledger, path)
        engine = open_ledger(path)
        run(engine, months)
        with reading(engine) as conn:
            everything = list(read_events(conn))
            numbers = list(conn.execute(select(masters.c.number)).scalars())
            for event in range(len(everything) + 1):
                folded = fold(everything[:event]).get("facility", Folded())
                for number in numbers:
                    check(conn, folded, number, event)
            for number in numbers:
                assert master_at(conn, "facility", number, head(conn)) == master(conn, "facility", number)
        engine.dispose()


def check(conn: Connection, folded: Folded, number: str, event: int) -> None:
    if number not in folded.masters:
        with pytest.raises(NotFound, match="then"):
            master_at(conn, "facility", number, event)
        return
    expected, found = folded.masters[number], master_at(conn, "facility", number, event)
    assert (found.status, found.redirect_to, found.split_from) == (
        expected.status,
        expected.redirect_to,
        expected.split_from,
    )
    assert found.redirects == tuple(sorted(n for n, m in folded.masters.items() if m.redirect_to == number))
    held = {record: folded.records[record][:2] for record, n in folded.memberships.items() if n == number}
    assert {record.id: (record.version, record.live) for record in found.records} == held
    for record in found.records:
        said = select(record_versions.c.payload).where(
            record_versions.c.record_id == record.id, record_versions.c.version == record.version
        )
        assert record.payload["name"] in conn.execute(said).scalar_one()


def test_a_record_is_dated_by_the_delivery_that_brought_its_version(engine: Engine) -> None:
    for names in ({"a": "RSUD Bima", "b": "RSUD Dompu"}, {"a": "RSUD Bima", "b": "RSUD Dompu Baru"}):
        deliver(engine, names, file=True)
    known = ids(engine)
    with reading(engine) as conn:
        at = dict(conn.execute(select(deliveries.c.id, deliveries.c.received_at)).all())
        today = dated_records(conn, known.values())
        assert [(record.source_key, record.event, record.at) for record in today] == [("a", 1, at[1]), ("b", 2, at[2])]
        assert [record.payload["name"] for record in dated_records(conn, known.values(), 1)] == [
            "RSUD Bima",
            "RSUD Dompu",
        ]
        assert dated_records(conn, known.values(), 0) == dated_records(conn, [999]) == []
        assert dated_records(conn, known.values(), 2) == today


def test_what_came_one_by_one_is_dated_by_its_event_and_rows_of_one_file_are_of_one_age(engine: Engine) -> None:
    for name in "ab":
        deliver(engine, {name: name}, file=False)
    with reading(engine) as conn:
        at = dict(conn.execute(select(events.c.seq, events.c.at)).all())
        assert [record.at for record in dated_records(conn, ids(engine).values())] == [at[1], at[2]]
        assert conn.execute(select(func.count()).select_from(deliveries)).scalar_one() == 1
    for name in "cd":
        add(engine, {name: name})  # the second one goes on with the delivery
    with reading(engine) as conn:
        (*_, c, d) = dated_records(conn, ids(engine).values())
        assert (c.event != d.event, c.at == d.at) == (True, True)


def test_a_withdrawn_record_is_not_live_from_then_until_it_returns(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B"})
    (a, _) = sorted(ids(engine).values())
    add(engine, {}, withdrawn=["a"])
    add(engine, {"a": "A"})
    with reading(engine) as conn:
        assert [dated_records(conn, [a], event)[0].live for event in (1, 2, 3)] == [True, False, True]


def test_who_was_forgotten_says_nothing_of_the_past_either(engine: Engine) -> None:
    add(engine, {"a": "A"})
    (a,) = ids(engine).values()
    with writing(engine) as conn:
        conn.execute(update(record_versions).values(payload=None, payload_hash=None, salt=None))
        conn.execute(update(source_records).values(live=False))
        body = {"records": [[a, a]], "tombstones": [], "notes": []}
        append_event(conn, kind="subject-forgotten", entity="facility", body=body)
    with reading(engine) as conn:
        then, now = dated_records(conn, [a], 1)[0], dated_records(conn, [a], 2)[0]
        assert (then.payload, then.live, now.payload, now.live) == ({}, True, {}, False)
        assert now == dated_records(conn, [a])[0] == replace(then, live=False)


def test_the_last_event_of_a_moment_is_found(engine: Engine) -> None:
    for name in "ABC":
        add(engine, {"a": name})
    days = ["2026-11-20T10:00:00.000000Z", "2026-11-22T10:00:00.000000Z", "2026-11-22T10:00:00.000001Z"]
    with writing(engine) as conn:
        for seq, at in enumerate(days, 1):
            conn.execute(update(events).where(events.c.seq == seq).values(at=at))
    asked = ["2026-11-20T09:59:59.999999Z", *days, "2026-12-31T23:59:59.999999Z"]
    with reading(engine) as conn:
        assert [event_at(conn, moment) for moment in asked] == [0, 1, 2, 3, 3]


def test_nothing_has_a_past_in_an_empty_ledger(engine: Engine) -> None:
    with reading(engine) as conn:
        assert event_at(conn, "2026-11-20T09:59:59.999999Z") == 0
        with pytest.raises(NotFound):
            master_at(conn, "facility", "1000123456", 0)
