"""A ledger beside its model: what comes from sources and from the machine, and what must hold after each step.

The invariants are numbered as in docs/identity.md.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ledger_helpers import DELIVERY
from sqlalchemy import Connection, Engine
from state_model import Model, parts, payload, unchanged

from mdi_engine.ledger import apply, counters
from mdi_engine.ledger.apply import ApplyReport, apply_clusters
from mdi_engine.ledger.assignment import ACTIVE, MERGED
from mdi_engine.ledger.dialect import sqlite_module
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.summary import waiting
from mdi_engine.ledger.verify import verify

ENTITY, SOURCE = "patient", "simrs"
KEYS = [f"k{i:02}" for i in range(10)]
KEY, NAME = st.sampled_from(KEYS), st.sampled_from("ABCD")
ROWS = st.dictionaries(KEY, NAME, min_size=1, max_size=4)
SOME = st.lists(KEY, min_size=1, max_size=3, unique=True)


class BrokenOff(Exception):
    """What ends a run between two of its transactions, as a kill would."""


class Ledger(RuleBasedStateMachine):
    """Rows arrive and are withdrawn; runs link, some of them broken off; the state is made again from the events."""

    done: ClassVar[Counter[str]]
    empty: ClassVar[Path]  # a ledger without records
    engine: ClassVar[Engine]  # one for all runs, each of which begins with a copy of the empty ledger: quicker by half

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(self.engine.url.database or "")
        shutil.copy(self.empty, self.path)
        # Looked at past the engine: quicker, and nothing is taken from what is tested.
        self.look = sqlite_module().connect(self.path)
        self.model = Model()
        self.parted = False
        self._seen = self._steps = 0
        self._rebuilt = -9

    @rule(names=ROWS, batch=st.integers(1, 4))
    def ingest(self, names: dict[str, str], batch: int) -> None:
        """Rows arrive, so many in a transaction; those of forgotten people do not come in."""
        keys = list(names)
        for begin in range(0, len(keys), batch):
            some = {key: names[key] for key in keys[begin : begin + batch]}
            with writing(self.engine) as conn:
                first = counters.peek(conn, "record") + 1
                rows = [(key, payload(name)) for key, name in some.items()]
                got = append_versions(conn, entity=ENTITY, source=SOURCE, delivery=DELIVERY, rows=rows)
            assert (got.new, got.changed, got.unchanged) == self.model.deliver(some, first)

    @precondition(lambda self: self.model.live)
    @rule(keys=SOME)
    def withdraw(self, keys: list[str]) -> None:
        """The source has these no more; unknown ones pass by."""
        with writing(self.engine) as conn:
            got = append_versions(
                conn, entity=ENTITY, source=SOURCE, delivery=DELIVERY, rows=(), withdrawn=sorted(keys)
            )
        assert got.withdrawn == self.model.withdraw(keys)

    @precondition(lambda self: self.model.live)
    @rule(chunk=st.integers(1, 5), order=st.integers(0, 999))
    def link(self, chunk: int, order: int) -> None:
        """Everybody gets the number of their cluster, whatever the order and the size of the transactions."""
        before, clusters = dict(self.model.number), self._clusters()
        Random(order).shuffle(clusters)
        report = self._apply(clusters, chunk)
        ends, now = self.take_over(), self.model.number
        assert now.keys() == set(self.model.live)  # 1
        with reading(self.engine) as conn:
            assert waiting(conn, ENTITY) == 0
        assert parts(now) == {frozenset(cluster) for cluster in self.model.clusters()}  # 4, 6
        # An un-merge by hand gives a number to the records it had, wherever the record is that it was founded for; the
        # next run goes by that record, and numbers of sets that stay together may change places.
        assert self.parted or all(then == today for then, today in unchanged(before, now))
        self.parted = False
        assert all(ends[number] == now[key] for number, key in self.model.founder.items() if key in now)
        moved = sum(before.get(key, borne) != borne for key, borne in now.items())
        assert report.churn == moved / max(len(now), 1), (report, moved, before, now, chunk, clusters)
        again = self._apply([cluster[::-1] for cluster in reversed(clusters)], 500)
        assert (again.events_written, again.churn) == (0, 0)  # 5

    @precondition(lambda self: self.model.live)
    @rule(after=st.integers(0, 2))
    def link_broken_off(self, after: int) -> None:
        """A run ends after so many transactions; what they wrote stands, and the next run does the rest."""
        with _breaking(after), suppress(BrokenOff):
            self._apply(self._clusters(), 1)
        self.take_over()

    @precondition(lambda self: self._steps - self._rebuilt > 8)
    @rule()
    def rebuild(self) -> None:
        """Everything that follows from the events is made again from them."""
        self._rebuilt = self._steps
        with writing(self.engine) as conn:
            before = list(canonical_dump(conn))
            rebuild(conn)
            assert list(canonical_dump(conn)) == before  # 3
            assert verify(conn) == []  # 10

    @invariant()
    def agrees(self) -> None:
        """The ledger's records, numbers, decisions and questions are the model's."""
        self._steps += 1
        model, ids = self.model, {key: known.id for key, known in self.model.records.items()}
        assert set(self.rows("SELECT id, version, live FROM source_records")) == {
            (known.id, known.version, known.live) for known in model.records.values()
        }
        assert self._numbers() == model.number
        assert set(self.rows("SELECT record_l, record_r, says FROM constraints")) == {
            (*sorted((ids[one], ids[other])), says) for (one, other), says in model.says.items()
        }
        assert set(self.rows("SELECT id, state, claimed_by, answer FROM review_tasks")) == {
            (task.id, task.state, task.by, task.answer) for task in model.tasks.values()
        }

    def teardown(self) -> None:
        """Link, and prove all of it once more."""
        try:
            if self.model.live:
                self.link(500, 0)
            self.rebuild()
        finally:
            self.look.close()
            self.engine.dispose()
        self.done["runs"] += self._steps > 50

    def take_over(self) -> dict[str, str]:
        """Let the model know which numbers the ledger gave: which ones, it cannot foresee; what holds of them, it can.

        Each was never issued before; each that ever was leads, in one step at most, to one in use or retired. Gives
        where each leads.
        """
        model = self.model
        model.number = self._numbers()
        news = self.rows("SELECT seq, body FROM events WHERE seq > ? AND kind = 'masters-assigned'", self._seen)
        for seq, body in news:
            for number, founder, _, _ in json.loads(body)["founded"]:
                assert number not in model.founder  # 2
                model.founder[number] = self.key_of(founder)
            self._seen = max(self._seen, seq)
        rows = self.rows("SELECT number, status, redirect_to FROM masters")
        held = {number: (status, onward) for number, status, onward in rows}
        assert held.keys() == model.founder.keys()
        assert {number for number, (status, _) in held.items() if status == ACTIVE} == set(model.number.values())
        for status, onward in held.values():
            assert (status == MERGED) == (onward is not None)
            assert onward is None or held[onward][1] is None  # 2
        return {number: onward or number for number, (_, onward) in held.items()}

    def claimed(self, keys: set[str]) -> set[str]:
        """The numbers in use that were founded for one of these keys: they go where it goes, and others may follow."""
        ends = self.take_over()
        return {ends[number] for number, founder in self.model.founder.items() if founder in keys}

    def key_of(self, record: int) -> str:
        """The key of a record's id."""
        return next(key for key, known in self.model.records.items() if known.id == record)

    def _numbers(self) -> dict[str, str]:
        keys = {known.id: key for key, known in self.model.records.items()}
        return {keys[record]: number for record, number in self.rows("SELECT record_id, number FROM memberships")}

    def rows(self, sql: str, *values: int) -> list[tuple[Any, ...]]:
        """Rows of the ledger's file."""
        rows: list[tuple[Any, ...]] = self.look.execute(sql, values).fetchall()
        return rows

    def _clusters(self) -> list[list[int]]:
        return [[self.model.records[key].id for key in cluster] for cluster in self.model.clusters()]

    def _apply(self, clusters: Sequence[Sequence[int]], chunk: int) -> ApplyReport:
        return apply_clusters(
            self.engine, entity=ENTITY, parameters_version=1, as_of_event=0, clusters=clusters, chunk=chunk
        )


@contextmanager
def _breaking(after: int) -> Iterator[None]:
    """Let so many writing transactions of `apply` through, and end it before the next."""
    left = iter(range(after))

    @contextmanager
    def once_more(engine: object) -> Iterator[Connection]:
        if next(left, None) is None:
            raise BrokenOff
        with writing(engine) as conn:  # type: ignore[arg-type]
            yield conn

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apply, "writing", once_more)
        yield
