"""Time and memory of other processes, and how figures are kept. Imports nothing heavy: a child's peak would hold it.

`ru_maxrss` of a child counts what its parent held when it was started, so whoever measures stays small.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SECONDS_MOST, MEGABYTES_MOST = 1800, 20_000
QUIET = 0.15  # cores that others may keep busy before a timing is called noisy
_WATCHED_EVERY = 0.2


@dataclass(frozen=True)
class Ran:
    """What a process cost. `peak_mb` with its children; `others` is how many cores were busy with something else
    meanwhile, None where that is not told (no /proc); `stopped` says why it did not end well.
    """

    seconds: float
    peak_mb: int
    others: float | None
    stopped: str | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"seconds": self.seconds, "peak_mb": self.peak_mb, "others": self.others, "stopped": self.stopped}


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    seconds: float = SECONDS_MOST,
    megabytes: int = MEGABYTES_MOST,
    log: Path | None = None,
) -> Ran:
    """Run a command in a fresh process; end it where it takes longer or holds more. What it prints goes to `log`."""
    with open(log or os.devnull, "wb") as out:
        busy, began = _busy(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,  # a group of its own, so that its children end with it
        )
        watch = _Watch(process.pid, began + seconds, megabytes)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
    others = None if busy is None else max(0.0, (_busy() or 0.0) - busy - used.ru_utime - used.ru_stime) / took
    return Ran(
        seconds=round(took, 3),
        peak_mb=max(used.ru_maxrss // 1024, watch.peak_mb),
        others=None if others is None else round(others, 2),
        stopped=_why(process.returncode, watch, seconds, megabytes, log),
    )


class _Watch:
    """Looks at a group of processes from a thread until it is told that they ended."""

    def __init__(self, group: int, until: float, megabytes: int) -> None:
        self.peak_mb = 0
        self.late = self.fat = False
        self._group, self._until, self._most = group, until, megabytes
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(_WATCHED_EVERY):
            self.peak_mb = max(self.peak_mb, _held(self._group))
            self.late, self.fat = time.perf_counter() > self._until, self.peak_mb > self._most
            if self.late or self.fat:
                os.killpg(self._group, signal.SIGKILL)
                return

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def _held(group: int) -> int:
    """Megabytes of the processes of a group; what several share is counted once. 0 where /proc is not there."""
    members = [pid for pid in os.listdir("/proc") if pid.isdigit() and _group(pid) == group] if _PROC else []
    try:
        if len(members) == 1:  # cheaper, and exact where nothing is shared
            return int(Path(f"/proc/{members[0]}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in members]
    except (OSError, IndexError):  # it ended under our eyes
        return 0
    return sum(int(text.partition("\nPss:")[2].split()[0]) for text in texts if "\nPss:" in text) // 1024


def _group(pid: str) -> int | None:
    try:
        return os.getpgid(int(pid))
    except OSError:
        return None


def _busy() -> float | None:
    """Seconds that all cores together have worked since the machine started."""
    if not _PROC:
        return None
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


_PROC = Path("/proc/stat").exists()


def _why(code: int, watch: _Watch, seconds: float, megabytes: int, log: Path | None) -> str | None:
    if watch.late:
        return f"not done within {seconds:,.0f} s"
    if watch.fat:
        return f"more than {megabytes:,} MB"
    if code == 0:
        return None
    said = log.read_text("utf-8", "replace").strip().splitlines() if log else []
    return f"failed with {code}: {said[-1][:200] if said else 'it said nothing'}"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median and greatest."""
    return {"min": min(values), "median": round(statistics.median(values), 4), "max": max(values)}


def quiet(runs: Sequence[Ran]) -> bool | None:
    """Whether nothing else kept the machine busy during any of the runs; None where that is not told."""
    told = [ran.others for ran in runs if ran.others is not None]
    return max(told) <= QUIET if told else None


def machine() -> dict[str, Any]:
    """Where the figures were taken."""
    return {
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def keep(name: str, result: Mapping[str, Any]) -> None:
    """Write benchmarks/results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
