"""A real service on this machine that answers for the civil registry as a test tells it to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NIK = "9901014510900001"
PAYLOAD = {
    "nik": NIK,
    "name": "Siti Aminah",
    "name_core": "siti aminah",
    "birth_date": "1990-10-05",
    "sex": "female",
    "province": "33",
    "kabkota": "3374",
    "kecamatan": "337411",
}
AGREED = {
    "NIK": "Sesuai", "NAMA_LGKP": "Sesuai (100)", "TGL_LHR": "Sesuai", "JENIS_KLMIN": "Sesuai", "NO_PROP": "Sesuai",
    "NO_KAB": "Sesuai", "NO_KEC": "Sesuai",
}  # fmt: skip
Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Keeps what arrived, then does what comes next in the script; the last entry for ever after."""

    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.heard.append((self.path, dict(self.headers), body))
            act = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        act(self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.script: list[Behaviour] = [says(AGREED)]
        self.heard: list[tuple[str, dict[str, str], bytes]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/get_json/CALL_VERIFY_BY_ELEMEN"


@contextmanager
def serving() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def says(*people: Any, **more: Any) -> Behaviour:
    body = json.dumps({"content": list(people), **more}).encode()
    return lambda handler: handler.reply(body)


def raw(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    return lambda handler: handler.reply(body, status, **headers)


def hangs(release: threading.Event) -> Behaviour:
    return lambda handler: (release.wait(10), None)[1]


def trickles(release: threading.Event, head: bytes = b"HTTP/1.1 200 OK\r\nX: ") -> Behaviour:
    """A byte now and again, so that no single wait is long."""

    def act(handler: Handler) -> None:
        handler.wfile.write(head)
        while not release.wait(0.02):
            handler.wfile.write(b"x")

    return act


def hangs_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_short(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "9000")
    handler.end_headers()
    handler.wfile.write(json.dumps({"content": [AGREED]}).encode())


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
