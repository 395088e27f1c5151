"""The registry's service over HTTP: one deadline for each attempt, several attempts, and a circuit breaker.

What identifies a person travels in the body of a POST, over TLS or to this machine itself. It is in no URL, and nothing
of a request or an answer is in an error or a log.
"""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

from mdi_engine.errors import UsageError
from mdi_engine.jobs.dukcapil.circuit import Breaker
from mdi_engine.jobs.dukcapil.port import (
    CIRCUIT,
    STATUS,
    TIMEOUT,
    TOO_LITTLE,
    UNREACHABLE,
    UNREADABLE,
    Answer,
    Claim,
    unverified,
)
from mdi_engine.jobs.dukcapil.wire import Wire

_OK = 200
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABOUT_THE_CLAIM = frozenset({400, 413, 422})  # the service works, and does not want this question
_LONGEST = 65_536  # bytes of an answer
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0  # seconds
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class _Failed(Exception):
    """An attempt failed. `again`: another one may succeed, `after` so many seconds; `alive`: the service works."""

    def __init__(self, reason: str, *, again: bool = True, after: float = 0.0, alive: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.again, self.after, self.alive = reason, again, after, alive


class HttpDukcapil:
    """Asks the service at `url`. For many threads, which share the breaker.

    `seconds` is the deadline of an attempt from its first byte to its last, after the connection, which has as long for
    each address. Between attempts it waits up to 0.2 s, 0.4 s, 0.8 s …, how long is drawn; `sleep` and `draw` are given
    in tests. Raises UsageError for a URL that would show what is sent, or a head that cannot be sent.
    """

    def __init__(
        self,
        url: str,
        wire: Wire,
        *,
        credentials: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = 5.0,
        attempts: int = 3,
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        tls, self._host, self._port, netloc, self._path = _parts(url)
        self._tls = ssl.create_default_context() if tls else None
        self._wire, self._credentials = wire, dict(credentials or {})
        self._head = {
            "Host": netloc,
            "Content-Type": "application/json",
            "Connection": "close",
            **(headers or {}),
        }
        if not all(name.isascii() and value.isascii() and value.isprintable() for name, value in self._head.items()):
            raise UsageError("MDI_DUKCAPIL_HEADERS: a header holds what cannot be sent; ASCII in one line can")
        self._seconds, self._attempts = seconds, attempts
        self.breaker = breaker or Breaker()
        self._sleep, self._draw = sleep, draw

    def check(self, claim: Claim) -> Answer:
        """What the service says of the claim; unverified, with the reason, where it says nothing that can be used.

        A claim that could not be verified anyway is not sent.
        """
        if not claim.enough:
            return unverified(TOO_LITTLE)
        if not self.breaker.admits():
            return unverified(CIRCUIT)
        try:
            answer = self._asked(claim)
        except _Failed as failure:
            (self.breaker.succeeded if failure.alive else self.breaker.failed)()
            return unverified(failure.reason)
        except BaseException:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer

    def _asked(self, claim: Claim) -> Answer:
        body = self._wire.body(claim, self._credentials)
        wait = _FIRST_WAIT
        for left in reversed(range(self._attempts)):
            try:
                return self._attempt(body, claim)
            except _Failed as failure:
                if not left or not failure.again:
                    raise
                # All of the wait is drawn, so that those who failed together do not come back together.
                self._sleep(max(self._draw(0.0, wait), min(failure.after, _LONGEST_WAIT)))
                wait = min(2 * wait, _LONGEST_WAIT)
        raise AssertionError("the last attempt answers or fails")

    def _attempt(self, body: bytes, claim: Claim) -> Answer:
        status, after, said = self._exchange(body)
        if status != _OK:  # also a redirect: whither it leads, nobody agreed to send this
            raise _Failed(STATUS, again=status in _PASSING, after=after, alive=status in _ABOUT_THE_CLAIM)
        try:
            return self._wire.read(said, claim)
        except ValueError:
            raise _Failed(UNREADABLE) from None

    def _exchange(self, body: bytes) -> tuple[int, float, bytes]:
        """Status, seconds to wait as the service asks for, and the answer's first bytes."""
        late = threading.Event()
        try:
            with self._connected(late) as sock:
                connection = http.client.HTTPConnection(self._host, self._port)
                connection.sock = sock
                connection.request("POST", self._path, body, self._head)
                with connection.getresponse() as response:
                    said = response.read(_LONGEST + 1)
                    if response.length and len(said) <= _LONGEST:
                        raise http.client.IncompleteRead(b"")
                found = response.status, _after(response.getheader("Retry-After")), said
        except (OSError, ValueError, http.client.HTTPException) as error:
            slow = late.is_set() or isinstance(error, TimeoutError)
            raise _Failed(TIMEOUT if slow else UNREACHABLE) from None
        if late.is_set():  # an answer without a stated length ends wherever the deadline cut it
            raise _Failed(TIMEOUT)
        if len(said) > _LONGEST:
            raise _Failed(UNREADABLE)
        return found

    @contextmanager
    def _connected(self, late: threading.Event) -> Iterator[socket.socket]:
        """A connection that is cut at the deadline, also where bytes trickle in one by one; `late` tells of it."""
        with closing(socket.create_connection((self._host, self._port), timeout=self._seconds)) as plain:
            sock = self._wrapped(plain)
            timer = threading.Timer(self._seconds, _cut, (sock, late))
            timer.daemon = True
            timer.start()
            try:
                if isinstance(sock, ssl.SSLSocket):
                    sock.do_handshake()
                yield sock
            finally:
                timer.cancel()
                sock.close()

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        if self._tls is None:
            return plain
        return self._tls.wrap_socket(plain, server_hostname=self._host, do_handshake_on_connect=False)


def _cut(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        # Not SSLSocket's own, which would pull the encryption away from under the reader.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _after(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _parts(url: str) -> tuple[bool, str, int, str, str]:
    """Whether by TLS, host, port, host and port as they were written, path."""
    try:
        found = urlsplit(url)
        host, port = found.hostname, found.port
    except ValueError:
        host = port = None
    if not host or found.scheme not in ("http", "https") or found.query or found.fragment or "@" in found.netloc:
        raise UsageError(
            "MDI_DUKCAPIL_URL is not a URL that can be asked",
            hint="Such as https://dukcapil.example.go.id/verify; no question mark, no name or password in it.",
        )
    if found.scheme == "http" and host not in _LOCAL:
        raise UsageError("MDI_DUKCAPIL_URL: people's data goes over https, or over http to this machine alone")
    if not (found.path.isascii() and found.path.isprintable() and " " not in found.path):
        raise UsageError("MDI_DUKCAPIL_URL: its path holds what cannot stand in one; write it with % escapes")
    tls = found.scheme == "https"
    return tls, host, port or (443 if tls else 80), found.netloc, found.path or "/"
