"""A circuit breaker: who has failed again and again is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` in a row; `seconds` later one caller may try, which closes it or opens it again.

    For many threads. `clock` is monotonic, in seconds.
    """

    def __init__(
        self, *, failures: int = 5, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = failures, seconds, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._shut_until: float | None = None  # None: nobody is held off

    def admits(self) -> bool:
        """Whether the caller may try now. Who may must tell by `succeeded` or `failed` what came of it."""
        with self._lock:
            if self._shut_until is None:
                return True
            if self._clock() < self._shut_until:
                return False
            # The others wait until this one has told, or, should it never tell, for as long again.
            self._shut_until = self._clock() + self._seconds
            return True

    def succeeded(self) -> None:
        """The try went well: closed."""
        with self._lock:
            self._failed, self._shut_until = 0, None

    def failed(self) -> None:
        """The try failed; the last of several, or the one after the pause, opens it."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._most:
                self._shut_until = self._clock() + self._seconds
