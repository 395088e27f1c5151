"""How long after a read its access is on disk: reads in threads, grouped by one writer, while another process writes.

    .venv/bin/python benchmarks/accesses.py [--reads N] [--rate N]    # prints, writes benchmarks/results/accesses.json

Each read is stamped when `AccessWriter.note` lets it go on to be answered; it counts as on disk when another connection
sees it committed (SQLite, `synchronous = FULL`), looked at every 5 ms. `beside` is a thread of another process that
appends records all the while, 500 to a transaction.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import Engine, func, select

from mdi_engine.ledger.accesses import Access, AccessWriter
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import accesses
from mdi_engine.ledger.store import open_ledger, reading, writing
from measure import keep, machine

THREADS = 8
PROMISED = 1.0  # second


def main() -> None:
    """Measure with and without a process that writes beside."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--reads", type=int, default=10_000)
    asked.add_argument("--rate", type=int, default=500, help="reads a second, all threads together")
    args = asked.parse_args()
    found = {}
    for beside in (False, True):
        with tempfile.TemporaryDirectory() as place:
            lags = sorted(measured(Path(place) / "ledger.sqlite", args.reads, args.rate, beside=beside))
        late = sum(lag > PROMISED for lag in lags)
        told = {"reads": len(lags), "p50": cut(lags, 0.5), "p99": cut(lags, 0.99), "max": lags[-1], "late": late}
        found["beside" if beside else "alone"] = told
        print(f"{'beside' if beside else 'alone':>7}  " + "  ".join(f"{name} {value}" for name, value in told.items()))
    keep("accesses", {"machine": machine(), "rate": args.rate, "seconds": found})


def cut(lags: list[float], share: float) -> float:
    """The lag that this share of reads stays below, in seconds."""
    return lags[min(len(lags) - 1, int(share * len(lags)))]


def measured(path: Path, reads: int, rate: int, *, beside: bool) -> list[float]:
    """Seconds from each read to its access on disk."""
    engine = open_ledger(path)
    noted: list[float] = []
    turn = threading.Lock()
    other = multiprocessing.get_context("spawn").Process(target=append_on, args=(path,), daemon=True)
    if beside:
        other.start()
    with AccessWriter(engine) as writer:

        def ask() -> None:
            for place in range(reads // THREADS):
                with turn:  # so that the order of the stamps is that of the chain
                    writer.note(Access("desk", "care", "lookup", "patient", (f"P{place}",), None, "found"))
                    noted.append(round(time.monotonic(), 4))
                time.sleep(THREADS / rate)

        threads = [threading.Thread(target=ask) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        lags = watch(engine, noted, reads // THREADS * THREADS)
        for thread in threads:
            thread.join()
    if beside:
        other.terminate()
    engine.dispose()
    return lags


def watch(engine: Engine, noted: list[float], reads: int) -> list[float]:
    """The lag of each read, as another connection sees them come."""
    lags: list[float] = []
    while len(lags) < reads:
        with reading(engine) as conn:
            there = conn.execute(select(func.max(accesses.c.seq))).scalar() or 0
        now = time.monotonic()
        lags += [round(now - stamp, 3) for stamp in noted[len(lags) : there]]
        time.sleep(0.005)
    return lags


def append_on(path: Path) -> None:
    """Append records without end."""
    engine = open_ledger(path)
    delivery = DeliveryInfo("delta", (DeliveredFile("a.csv", "0" * 64),))
    number = 0
    while True:
        rows = [(str(number + place), {"name": f"name {number + place}"}) for place in range(500)]
        number += 500
        with writing(engine) as conn:
            append_versions(conn, entity="patient", source="beside", delivery=delivery, rows=rows)


if __name__ == "__main__":
    main()
