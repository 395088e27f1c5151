"""How long a link job holds the writer's lock while it applies its result.

    python benchmarks/applying.py [--records 200000] [--url postgresql+psycopg://…] [--chunk 100 …]

Records are written into a new ledger in clusters of one to four; then a run gives all of them a number, and a second
one gives the last record of every fifth cluster to the one before it. Of each transaction the time is taken from when
it has the lock until its commit is through; `cpu` is what of that the thread worked, others busy or not.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import Connection, Engine

from mdi_engine.ledger import apply
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.store import open_ledger, writing

SIZES = (1, 2, 1, 3, 1, 4)


def main() -> None:
    """Print one line per chunk and run."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--records", type=int, default=200_000)
    asked.add_argument("--url", help="of an empty PostgreSQL database; without it SQLite in a folder for the while")
    asked.add_argument("--chunk", type=int, nargs="+", default=[apply.CHUNK])
    args = asked.parse_args()
    print(
        f"{'records':>9} {'chunk':>6} {'run':>7} {'seconds':>8} {'locks':>7} {'p50 ms':>7} {'p99 ms':>7} {'max ms':>7}"
    )
    for chunk in args.chunk:
        with tempfile.TemporaryDirectory() as place:
            measure(open_ledger(args.url or Path(place) / "ledger.sqlite"), args.records, chunk)


def measure(engine: Engine, records: int, chunk: int) -> None:
    """Fill a new ledger and link it twice."""
    fill(engine, records)
    clusters = list(sized(range(1, records + 1)))
    for name, wanted in (("first", clusters), ("second", shifted(clusters))):
        held, worked = list[float](), list[float]()
        began = time.perf_counter()
        with watched(held, worked):
            apply.apply_clusters(
                engine, entity="patient", parameters_version=1, as_of_event=1, clusters=wanted, chunk=chunk
            )
        took = time.perf_counter() - began
        (half, nearly), (cpu_half, cpu_nearly) = cuts(held), cuts(worked)
        print(
            f"{records:>9} {chunk:>6} {name:>7} {took:>8.1f} {len(held):>7} {half:>7.1f} {nearly:>7.1f} "
            f"{1000 * max(held):>7.1f} {cpu_half:>8.1f} {cpu_nearly:>8.1f}",
            flush=True,
        )
    engine.dispose()


def cuts(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    found = statistics.quantiles(seconds, n=100, method="inclusive")
    return 1000 * found[49], 1000 * found[98]


def fill(engine: Engine, records: int) -> None:
    """Records of one source, with nothing but a name."""
    info = DeliveryInfo("delta", (DeliveredFile("people.csv", "0" * 64),))
    rows = ((f"K{number:07}", {"name": f"N{number}"}) for number in range(records))
    while some := list(islice(rows, 2_000)):
        with writing(engine) as conn:
            append_versions(conn, entity="patient", source="simrs", delivery=info, rows=some)


def sized(records: Sequence[int]) -> Iterator[list[int]]:
    """Clusters of these sizes, in turn."""
    place, turn = 0, 0
    while place < len(records):
        size = SIZES[turn % len(SIZES)]
        yield list(records[place : place + size])
        place, turn = place + size, turn + 1


def shifted(clusters: Sequence[list[int]]) -> list[list[int]]:
    """The clusters after every fifth gave its last record to the one before it."""
    moved = [list(cluster) for cluster in clusters]
    for place in range(5, len(moved), 5):
        moved[place - 1].append(moved[place].pop())
    return [cluster for cluster in moved if cluster]


@contextmanager
def watched(held: list[float], worked: list[float]) -> Iterator[None]:
    """Note how long each transaction of `apply` has the lock."""

    @contextmanager
    def timed(engine: Engine) -> Iterator[Connection]:
        with writing(engine) as conn:
            began, busy = time.perf_counter(), time.thread_time()
            yield conn
        held.append(time.perf_counter() - began)
        worked.append(time.thread_time() - busy)

    with patch.object(apply, "writing", timed):
        yield


if __name__ == "__main__":
    main()
