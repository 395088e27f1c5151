"""What people do to a ledger, beside the model: registering, deciding, taking back, asking, forgetting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from state_machine import ENTITY, KEY, NAME, SOURCE, Ledger
from state_model import CLAIMED, DECIDED, DIFFERENT, OPEN, SAME, Decision, Pair, Task, pair, payload

from mdi_engine.errors import Conflict
from mdi_engine.ledger import counters, review
from mdi_engine.ledger.constraints import decide, undo
from mdi_engine.ledger.forgetting import forget, subject
from mdi_engine.ledger.payloads import stated
from mdi_engine.ledger.registrations import Placed, write_registered
from mdi_engine.ledger.store import reading, writing

STEWARD = st.sampled_from(["Ratna", "Bayu"])
SAYS = st.sampled_from([SAME, SAME, DIFFERENT, None])
WHICH = st.integers(0, 9)
BARRED_AT_MOST = 3  # in one run: where everybody is forgotten, nothing more can happen


class Stewards(Ledger):
    """Registrations, decisions, questions and forgetting."""

    @rule(key=KEY, name=NAME)
    def register(self, key: str, name: str) -> None:
        """One record comes and has its number at once: that of the records it belongs to, or a new one."""
        model = self.model
        if model.bars(key, name):
            if key in model.live:
                return
            with pytest.raises(Conflict, match="forgotten"):
                self._register(key, name, set())
            return
        same = model.records.get(key)
        if same and same.live and same.name == name and key in model.number:
            return  # jobs.register answers from what stands
        with reading(self.engine) as conn:
            first = counters.peek(conn, "record") + 1
        before = dict(model.number)
        model.deliver({key: name}, first)
        mates = next(set(c) for c in model.clusters() if key in c) & before.keys() - {key}
        claimed = self.claimed({key, *mates})
        self._register(key, name, mates)
        self.take_over()
        assert model.number.keys() >= {key, *mates}
        assert {model.number[mate] for mate in mates} <= {model.number[key]}
        touched = claimed | {before[k] for k in (key, *mates) if k in before}
        assert self.parted or all(model.number.get(k) == n for k, n in before.items() if n not in touched)

    def _register(self, key: str, name: str, mates: set[str]) -> None:
        known, number = self.model.records, self.model.number
        left = {k for k in number if k in number and key in number and number[k] == number[key]} - {key} - mates
        with writing(self.engine) as conn:
            write_registered(
                conn,
                entity=ENTITY,
                source=SOURCE,
                row=stated([(key, payload(name))]),
                version=1,
                keys={},
                placed=Placed(
                    frozenset(known[k].id for k in mates), frozenset(known[k].id for k in left if known[k].live)
                ),
                actor="counter",
            )

    @precondition(lambda self: len(self.model.records) > 1)
    @rule(which=st.tuples(WHICH, WHICH), says=SAYS)
    def decide(self, which: tuple[int, int], says: str | None) -> None:
        """A steward says of two records what they are, or takes back what stood."""
        if (two := self._two(which)) is not None:
            self._decide(two, says, None)

    @precondition(lambda self: self.model.decisions)
    @rule(which=WHICH, steward=STEWARD)
    def undo(self, which: int, steward: str) -> None:
        """A decision is taken back, unless a later one stands on it or it was before."""
        decision = self.model.decisions[-1 - which % len(self.model.decisions)]
        inverse = {keys: before for keys, (_, before) in decision.pairs.items()}
        allowed = decision.standing and not self.model.later(decision) and self.model.decide(inverse) is not None
        with refused(not allowed), writing(self.engine) as conn:
            undo(conn, ENTITY, decision.seq, actor=steward)
        if allowed:
            decision.standing = False
            if decision.task is not None:
                decision.task.state, decision.task.by, decision.task.answer = OPEN, None, None

    @precondition(lambda self: len(self.model.live) > 1)
    @rule(which=st.tuples(WHICH, WHICH))
    def ask(self, which: tuple[int, int]) -> None:
        """A question is opened once; not at all about records that are gone or decided."""
        if (two := self._two(which)) is None:
            return
        model, old = self.model, self.model.tasks.get(two)
        wanted = (old is None or old.state == "moot") and set(two) <= set(model.live) and not model.settled(*two)
        ids = tuple(model.records[key].id for key in two)
        with writing(self.engine) as conn:
            opened = review.open_tasks(conn, ENTITY, [review.Task("doubtful", ids, 0)])
        assert len(opened) == wanted
        if wanted:
            assert old is None or old.id == opened[0]
            model.tasks[two] = Task(opened[0], two)

    @precondition(lambda self: self.model.tasks)
    @rule(which=WHICH, steward=STEWARD, back=st.booleans())
    def claim(self, which: int, steward: str, back: bool) -> None:
        """One steward has a question, and the other does not get it until it is given back."""
        task = self._task(which)
        free = task.state in (OPEN, CLAIMED) and task.by in (None, steward)
        with refused(not free), writing(self.engine) as conn:
            (review.give_back if back else review.claim)(conn, task.id, actor=steward)
        if free:
            task.state, task.by = (OPEN, None) if back else (CLAIMED, steward)

    @precondition(lambda self: any(task.state in (OPEN, CLAIMED) for task in self.model.tasks.values()))
    @rule(which=WHICH, says=st.sampled_from([SAME, DIFFERENT, None]))
    def answer(self, which: int, says: str | None) -> None:
        """A question gets its answer; unsure binds nothing."""
        waiting = [task for task in self.model.tasks.values() if task.state in (OPEN, CLAIMED)]
        task = waiting[which % len(waiting)]
        self._decide(task.records, says, task)

    @precondition(lambda self: self.model.number and len(self.model.barred) < BARRED_AT_MOST)
    @rule(which=WHICH)
    def forget(self, which: int) -> None:
        """A person's records go for good; nobody's else."""
        model, number = self.model, self.number_at(which)
        hers = {key for key, borne in model.number.items() if borne == number}
        try:
            with writing(self.engine) as conn:
                who = subject(conn, ENTITY, number)
                forget(conn, who, actor="officer")
        except Conflict:
            assert model.waiting  # nobody knows yet whose those are
            return
        gone = {self.key_of(record) for record in who.ids}
        assert hers <= gone
        assert all(model.number.get(key) in (None, number) for key in gone)
        model.forget(gone, who.niks)
        self.take_over()

    def _decide(self, two: Pair, says: str | None, task: Task | None) -> None:
        known = self.model.records
        pairs = self.model.decide({two: says} if says or task is None else {})
        with refused(pairs is None), writing(self.engine) as conn:
            ids = [(known[two[0]].id, known[two[1]].id, says)] if says or task is None else []
            of = None if task is None else task.id
            seq = decide(conn, ENTITY, ids, answer=says or "unsure", actor="Ratna", task=of)
        if pairs is not None:
            self.model.decisions.append(Decision(seq, pairs, task))
            if task is not None:
                task.state, task.by, task.answer = DECIDED, None, says or "unsure"

    def _two(self, which: tuple[int, int]) -> Pair | None:
        keys = list(self.model.records)
        one, other = (keys[each % len(keys)] for each in which)
        return None if one == other else pair(one, other)

    def _task(self, which: int) -> Task:
        return list(self.model.tasks.values())[which % len(self.model.tasks)]

    def number_at(self, which: int) -> str:
        """One of the numbers in use, by their records: numbers themselves are shuffled by a key."""
        keys = [key for key in self.model.records if key in self.model.number]
        return self.model.number[keys[which % len(keys)]]


@contextmanager
def refused(expected: bool) -> Iterator[None]:
    """What is done within raises Conflict, if so `expected`, and nothing else."""
    if expected:
        with pytest.raises(Conflict):
            yield
    else:
        yield
