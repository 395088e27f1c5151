"""The registry's service over HTTP, against a real server that is slow, fails, refuses and lies."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dukcapil_service import (
    AGREED,
    NIK,
    PAYLOAD,
    Behaviour,
    Service,
    cut_short,
    free_port,
    hangs,
    hangs_up,
    raw,
    says,
    serving,
    trickles,
)

from mdi_engine.errors import UsageError
from mdi_engine.jobs.dukcapil.circuit import Breaker
from mdi_engine.jobs.dukcapil.port import Answer, Claim, claim_of
from mdi_engine.jobs.dukcapil.remote import HttpDukcapil
from mdi_engine.jobs.dukcapil.wire import load_wire
from mdi_engine.settings import DukcapilField

ALL: tuple[DukcapilField, ...] = ("sex", "province", "kabkota", "kecamatan")
SOON = 0.4  # seconds of the deadline in tests


def claim(**changes: str | None) -> Claim:
    found = claim_of({**PAYLOAD, **changes}, ALL)
    assert found is not None
    return found


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


class Client:
    """An adapter with a deadline that is soon, and the waits it asked for instead of waiting."""

    def __init__(self, url: str, **options: Any) -> None:
        self.waits: list[float] = []
        given = {"seconds": SOON, "sleep": self.waits.append, "draw": lambda low, high: high, **options}
        self.registry = HttpDukcapil(url, load_wire(), **given)

    def ask(self, **changes: str | None) -> Answer:
        return self.registry.check(claim(**changes))


def test_who_agrees_is_verified_and_the_question_is_a_post_with_everything_in_its_body(service: Service) -> None:
    client = Client(service.url, credentials={"USER_ID": "17"}, headers={"X-Key": "k"})
    fields = ("nik", "name", "birth_date", *ALL)
    assert client.ask() == Answer("verified", confirmed=fields)
    ((path, headers, body),) = service.heard
    assert NIK not in path + str(headers)
    assert headers["X-Key"] == "k"
    assert json.loads(body) == {
        "USER_ID": "17", "NIK": NIK, "NAMA_LGKP": "SITI AMINAH", "TGL_LHR": "05-10-1990", "JENIS_KLMIN": "PEREMPUAN",
        "NO_PROP": "33", "NO_KAB": "74", "NO_KEC": "11",
    }  # fmt: skip


def test_a_province_is_sent_as_the_regency_has_it_today(service: Service) -> None:
    Client(service.url).ask(province="91", kabkota="9401", kecamatan=None)
    assert json.loads(service.heard[0][2])["NO_PROP"] == "94"


@pytest.mark.parametrize(
    ("people", "wrong"),
    [
        ({**AGREED, "NAMA_LGKP": "Tidak Sesuai (62)"}, ("name",)),
        ({**AGREED, "TGL_LHR": "TIDAK SESUAI", "NO_KEC": "Tidak Sesuai"}, ("birth_date", "kecamatan")),
        ({**AGREED, "NIK": "Tidak Sesuai"}, ("nik",)),
        ({"RESPONSE_CODE": "13", "RESPONSE_DESC": "Data Tidak Ditemukan"}, ("nik",)),
    ],
    ids=["name", "date and district", "nik", "nobody"],
)
def test_who_disagrees_is_refused_with_the_fields(
    service: Service, people: dict[str, str], wrong: tuple[str, ...]
) -> None:
    service.script = [says(people)]
    client = Client(service.url)
    assert client.ask() == Answer("refused", wrong=wrong)
    assert (len(service.heard), client.waits) == (1, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [("name_core", None), ("birth_date", "1990"), ("birth_date", None), ("birth_date", "1990-02-30")],
)
def test_what_could_never_be_verified_is_not_sent(service: Service, field: str, value: str | None) -> None:
    assert Client(service.url).ask(**{field: value}).reason == "too-little"
    assert service.heard == []


def test_fields_that_the_service_passes_over_are_not_confirmed(service: Service) -> None:
    service.script = [says({name: AGREED[name] for name in ("NIK", "NAMA_LGKP", "TGL_LHR")})]
    assert Client(service.url).ask().confirmed == ("nik", "name", "birth_date")
    service.script = [says({name: AGREED[name] for name in ("NIK", "NAMA_LGKP", "NO_PROP")})]
    assert Client(service.url).ask() == Answer("unverified", reason="too-little")


LIES: dict[str, Behaviour] = {
    "a page": raw(b"<html>Sesuai</html>", Content_Type="text/html"),
    "nothing": raw(b""),
    "no object": raw(b"[1]"),
    "not utf-8": raw(b'{"content": [{"NIK": "\xff"}]}'),
    "deep": raw(b"[" * 60_000),
    "endless": raw(b'{"content": ["' + b"x" * 100_000 + b'"]}'),
    "nobody at all": says(),
    "two people": says(AGREED, AGREED),
    "no nik": says({name: word for name, word in AGREED.items() if name != "NIK"}),
    "another word": says({**AGREED, "NAMA_LGKP": "Mungkin Sesuai"}),
    "an empty word": says({**AGREED, "TGL_LHR": ""}),
    "a number": says({**AGREED, "NAMA_LGKP": 100}),
    "both": raw(
        json.dumps({"content": [AGREED]}).replace('"NAMA_LGKP"', '"NIK": "Tidak Sesuai", "NAMA_LGKP"').encode()
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_is_none_verifies_nobody(service: Service, lie: str) -> None:
    service.script = [LIES[lie]]
    assert Client(service.url).ask() == Answer("unverified", reason="unreadable")
    assert len(service.heard) == 3


@pytest.mark.parametrize("act", [hangs_up, cut_short, raw(b"", 200, Content_Length="x")], ids=["up", "short", "length"])
def test_a_broken_connection_is_tried_again_and_the_waits_grow(service: Service, act: Behaviour) -> None:
    service.script = [act, act, says(AGREED)]
    client = Client(service.url)
    assert client.ask().status == "verified"
    assert client.waits == [0.2, 0.4]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_tried_again(service: Service, status: int) -> None:
    service.script = [raw(b"", status), says(AGREED)]
    assert Client(service.url).ask().status == "verified"


def test_the_wait_is_drawn_and_is_as_long_as_the_service_asks_for(service: Service) -> None:
    service.script = [raw(b"", 503), raw(b"", 503, Retry_After="7"), raw(b"", 503, Retry_After="86400"), says(AGREED)]
    client = Client(service.url, attempts=4, draw=lambda low, high: (low + high) / 4)
    assert client.ask().status == "verified"
    assert client.waits == [0.05, 7.0, 10.0]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 422, 501, 204])
def test_other_answers_are_not_tried_again_and_no_redirect_is_followed(service: Service, status: int) -> None:
    with serving() as elsewhere:
        service.script = [raw(b"", status, Location=elsewhere.url)]
        assert Client(service.url).ask() == Answer("unverified", reason="status")
        assert (len(service.heard), len(elsewhere.heard)) == (1, 0)


@pytest.mark.parametrize("kind", [hangs, trickles, lambda e: trickles(e, b"HTTP/1.1 200 OK\r\n\r\n{")])
def test_slowness_ends_at_the_deadline(
    service: Service, release: threading.Event, kind: Callable[[threading.Event], Behaviour]
) -> None:
    service.script = [kind(release)]
    begin = time.monotonic()
    assert Client(service.url, attempts=1).ask() == Answer("unverified", reason="timeout")
    assert SOON * 0.9 < time.monotonic() - begin < SOON + 5


def test_slowness_before_encryption_ends_at_the_deadline() -> None:
    """A server that sends its part of the handshake byte by byte would otherwise be listened to for hours."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"\x16\x03\x03\x3f\xff")
                while not done.wait(0.02):
                    try:
                        peer.sendall(b"\x02")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = Client(f"https://127.0.0.1:{server.getsockname()[1]}/", attempts=1).ask()
        done.set()
        thread.join()
    assert answer.reason in ("timeout", "unreachable")


def test_who_is_not_there_is_unreachable() -> None:
    client = Client(f"http://127.0.0.1:{free_port()}/")
    assert client.ask() == Answer("unverified", reason="unreachable")
    assert client.waits == [0.2, 0.4]


def test_after_failures_the_service_is_left_alone_until_it_is_well_again(service: Service) -> None:
    now = [0.0]
    client = Client(service.url, attempts=1, breaker=Breaker(failures=2, seconds=30, clock=lambda: now[0]))
    service.script = [raw(b"", 503)]
    assert [client.ask().reason for _ in range(4)] == ["status", "status", "circuit-open", "circuit-open"]
    assert len(service.heard) == 2
    now[0] = 31
    assert [client.ask().reason for _ in range(2)] == ["status", "circuit-open"]
    service.script = [says(AGREED)]
    now[0] = 62
    assert [client.ask().status for _ in range(2)] == ["verified", "verified"]


def test_a_question_that_is_not_wanted_does_not_open_the_circuit(service: Service) -> None:
    service.script = [raw(b"", 422)]
    client = Client(service.url, breaker=Breaker(failures=1))
    assert [client.ask().reason for _ in range(3)] == ["status"] * 3


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b", "dukcapil", "https://", "http://dukcapil.example/", "https://user:pass@dukcapil.example/",
        f"https://dukcapil.example/?nik={NIK}", "https://dukcapil.example:99999/", "https://[::1", "https://a/b c",
        "https://a/b\r\nX: y",
    ],
)  # fmt: skip
def test_a_url_that_would_show_people_or_cannot_be_asked_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Client(url)
    assert NIK not in str(refused.value)
    assert "pass" not in str(refused.value).replace("password", "")


def test_a_header_that_would_begin_another_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        Client("https://a/", headers={"Authorization": "secret\r\nX: y"})
    assert "secret" not in str(refused.value)


def test_nothing_of_a_person_is_told_by_what_may_reach_a_log(
    service: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    service.script = [raw(NIK.encode(), 500), says({**AGREED, "NIK": NIK, "NAMA_LGKP": "SITI AMINAH"})]
    client = Client(service.url)
    told = repr(client.ask()) + repr(claim()) + repr(client.registry)
    seen = capfd.readouterr()
    assert NIK not in told + caplog.text + seen.out + seen.err
    assert "AMINAH" not in told.upper()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_only_who_shows_a_trusted_certificate_is_asked(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate), *name], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    service.socket = context.wrap_socket(service.socket, server_side=True)
    url = service.url.replace("http:", "https:")
    assert Client(url, seconds=5).ask().reason == "unreachable"
    assert service.heard == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert Client(url, seconds=5).ask().status == "verified"
