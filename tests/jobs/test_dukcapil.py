"""The registry's parts by themselves: claims, the extract that answers for the registry, the breaker, the language."""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dukcapil_service import AGREED, NIK, PAYLOAD
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mdi_engine.errors import InputRefused
from mdi_engine.jobs.dukcapil.circuit import Breaker
from mdi_engine.jobs.dukcapil.local import LocalDukcapil
from mdi_engine.jobs.dukcapil.port import Answer, Claim, claim_of, judged
from mdi_engine.jobs.dukcapil.wire import load_wire
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.deliveries import DeliveryInfo
from mdi_engine.ledger.forgetting import forget, subject
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.store import open_ledger, writing
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import DukcapilField

FIELDS: tuple[DukcapilField, ...] = ("sex", "province", "kabkota", "kecamatan")
WIRE = load_wire()


def claim(**changes: str | None) -> Claim:
    found = claim_of({**PAYLOAD, **changes}, FIELDS)
    assert found is not None
    return found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_ledger(tmp_path / "ledger.sqlite")
    yield engine
    engine.dispose()


def deliver(engine: Engine, *payloads: Mapping[str, str | None], withdrawn: bool = False) -> None:
    rows = [(str(NORMALIZERS["fingerprint"](one["nik"])), one) for one in payloads]
    with writing(engine) as conn:
        append_versions(
            conn,
            entity="patient",
            source="dukcapil",
            delivery=DeliveryInfo("delta", ()),
            rows=[] if withdrawn else rows,
            withdrawn=[key for key, _ in rows] if withdrawn else (),
        )


def test_a_record_without_a_nik_claims_nothing_and_a_newborn_has_no_name() -> None:
    assert claim_of({**PAYLOAD, "nik": None, "nik_mother": NIK}, FIELDS) is None
    assert not claim(name="By. Ny. Siti", name_core=None).enough
    assert claim().enough
    assert NIK not in repr(claim())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Answer("verified", confirmed=("nik", "name", "birth_date", *FIELDS))),
        ({"name": "SITI  AMINAH"}, Answer("verified", confirmed=("nik", "name", "birth_date", *FIELDS))),
        ({"name_core": "siti amina"}, Answer("refused", wrong=("name",))),
        ({"birth_date": "1990-10-06", "sex": "male"}, Answer("refused", wrong=("birth_date", "sex"))),
        ({"kecamatan": None, "sex": None}, Answer("verified", confirmed=("nik", "name", "birth_date", *FIELDS[1:3]))),
        ({"birth_date": "1990"}, Answer("unverified", reason="too-little")),
        ({"birth_date": "1990", "sex": "male"}, Answer("refused", wrong=("sex",))),
        ({"nik": "9901014510900002"}, Answer("refused", wrong=("nik",))),
    ],
    ids=["all", "spelling", "name", "two", "silent", "part of a date", "part and wrong", "nobody"],
)
def test_the_extract_answers(engine: Engine, changes: dict[str, str | None], expected: Answer) -> None:
    deliver(engine, PAYLOAD)
    assert LocalDukcapil(engine).check(claim(**changes)) == expected


def test_of_what_the_extract_does_not_say_nothing_is_confirmed(engine: Engine) -> None:
    deliver(engine, {**PAYLOAD, "birth_date": "1990-10", "sex": None})
    assert LocalDukcapil(engine).check(claim()).reason == "too-little"
    assert LocalDukcapil(engine).check(claim(birth_date="1990-11-05")).wrong == ("birth_date",)


def test_absence_tells_something_of_an_extract_that_holds_everybody_alone(engine: Engine) -> None:
    ask = LocalDukcapil(engine).check
    assert ask(claim()).reason == "no-extract"
    deliver(engine, PAYLOAD, {**PAYLOAD, "nik": "9901014510900002"})
    deliver(engine, PAYLOAD, withdrawn=True)
    assert ask(claim()).wrong == ("nik",)
    assert LocalDukcapil(engine, complete=False).check(claim()).reason == "not-held"


def test_of_a_person_who_was_forgotten_nothing_is_said(engine: Engine) -> None:
    other = "9901014510900002"
    deliver(engine, PAYLOAD, {**PAYLOAD, "nik": other})
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=[[1], [2]])
    with writing(engine) as conn:
        forget(conn, subject(conn, "patient", str(number_of(conn, 1))), actor="siti")
    answers = LocalDukcapil(engine).check_all([claim(), claim(nik=other), claim(nik="9901014510900003")])
    assert [answer.reason for answer in answers] == ["forgotten", None, None]
    assert [answer.status for answer in answers] == ["unverified", "verified", "refused"]


def test_many_are_answered_in_their_order(engine: Engine) -> None:
    deliver(engine, PAYLOAD)
    claims = [claim(), claim(nik="9901014510900002"), claim(), claim(sex="male")]
    answers = LocalDukcapil(engine).check_all(claims)
    assert answers == [LocalDukcapil(engine).check(one) for one in claims]
    assert [answer.status for answer in answers] == ["verified", "refused", "verified", "refused"]


agreements = st.dictionaries(st.sampled_from(("name", "birth_date", *FIELDS)), st.booleans())


@given(agreements)
def test_who_is_verified_agrees_in_all_and_in_name_and_birth_date(agrees: dict[str, bool]) -> None:
    answer = judged(agrees)
    sure = all(agrees.values()) and {"name", "birth_date"} <= agrees.keys()
    assert (answer.status == "verified") == sure
    assert (answer.status == "refused") == (not all(agrees.values()))
    assert set(answer.wrong) == {name for name, same in agrees.items() if not same}


@given(st.lists(st.tuples(st.sampled_from(("ask", "fail", "succeed")), st.integers(0, 20)), max_size=60))
def test_the_breaker_holds_off_after_failures_in_a_row_and_lets_one_try(steps: list[tuple[str, int]]) -> None:
    """Beside a plain account of what happened: who is let in when, by the failures since the last success."""
    now, row, opened = 0, 0, None
    breaker = Breaker(failures=3, seconds=10, clock=lambda: now)
    for step, later in steps:
        now += later
        if step == "ask":
            admitted = opened is None or now >= opened + 10
            assert breaker.admits() == admitted
            if admitted and opened is not None:
                opened = now  # one tries; the others wait
        elif step == "fail":
            breaker.failed()
            row += 1
            opened = now if row >= 3 else opened
        else:
            breaker.succeeded()
            row, opened = 0, None


def test_of_many_threads_one_tries_after_the_pause() -> None:
    now = [0.0]
    breaker = Breaker(failures=1, seconds=10, clock=lambda: now[0])
    breaker.failed()
    now[0] = 11
    admitted: list[bool] = []
    threads = [threading.Thread(target=lambda: admitted.append(breaker.admits())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 19 + [True]


words = st.sampled_from(["Sesuai", "sesuai (90)", "Tidak Sesuai", "tidak sesuai (10)", "", "?", None, 1])


@given(st.dictionaries(st.sampled_from([*AGREED, "X"]), words), words)
def test_only_agreement_on_nik_name_and_birth_date_verifies(row: dict[str, object], code: object) -> None:
    try:
        answer = WIRE.read(json.dumps({"content": [{**row, "RESPONSE_CODE": code}]}).encode(), claim())
    except ValueError:
        return
    said = {name: str(word).lower().startswith("sesuai") for name, word in row.items() if name != "X"}
    sure = all(said.values()) and {"NIK", "NAMA_LGKP", "TGL_LHR"} <= said.keys()
    assert (answer.status == "verified") == sure


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner)).map(json.dumps))
def test_no_bytes_verify_or_break(body: bytes | str) -> None:
    with pytest.raises(ValueError, match="the answer") as refused:
        WIRE.read(body if isinstance(body, bytes) else body.encode(), claim())
    assert refused.value.__cause__ is None


def test_a_home_may_have_a_language_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "wire.toml"
    own.write_text(
        """
[send]
nik = "nomor"
name = "nama"
birth_date = "lahir"
[write]
birth_date = "%Y/%m/%d"
male = "L"
female = "P"
[answer]
rows = "hasil"
agrees = ["cocok"]
differs = ["beda"]
""",
        "utf-8",
    )
    wire = load_wire(own)
    assert json.loads(wire.body(claim(), {})) == {"nomor": NIK, "nama": "SITI AMINAH", "lahir": "1990/10/05"}
    said = json.dumps({"hasil": [{"nomor": "COCOK", "nama": "beda", "lahir": "cocok"}]}).encode()
    assert wire.read(said, claim()) == Answer("refused", wrong=("name",))


@pytest.mark.parametrize(
    ("old", "new"),
    [('nik = "NIK"', ""), ('rows = "content"', ""), ("[send]", "[sent]"), ('"sesuai"', "1"), ("[answer]", "[answer")],
    ids=["no nik", "no rows", "unknown table", "no word", "no toml"],
)
def test_a_language_with_faults_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = Path(inspect.getfile(load_wire)).with_suffix(".toml").read_text("utf-8")
    assert old in text
    (tmp_path / "wire.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputRefused):
        load_wire(tmp_path / "wire.toml")
    with pytest.raises(InputRefused):
        load_wire(tmp_path / "absent.toml")
