"""What stewards do to masters by hand, beside the model: merging, taking a merge back, correcting."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from state_machine import ENTITY
from state_model import SAME, Decision, Known, Pair, pair
from state_people import WHICH, Stewards, refused

from mdi_engine.errors import Conflict
from mdi_engine.jobs.merging import merge, unmerge
from mdi_engine.jobs.rights import correct
from mdi_engine.ledger import counters
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings

NAMES = {"A": "Aminah", "B": "Bahrudin"}  # as a steward writes them; neither has a NIK


class Hands(Stewards):
    """Merges, un-merges and corrections, through the jobs that the commands call."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings(home=self.path.parent, ledger_url=None, actor="Ratna")
        self.stated: dict[str, str] = {}  # by number, the key of the steward's own record

    @precondition(lambda self: len(set(self.model.number.values())) > 1)
    @rule(which=st.tuples(WHICH, WHICH), back=st.booleans())
    def merge(self, which: tuple[int, int], back: bool) -> None:
        """Two masters become one, whatever was decided between them; taken back at once, all is as before."""
        model = self.model
        one, other = (self.number_at(each) for each in which)
        if one == other:
            return
        held = self._living(one) | self._living(other)
        sides = (self._living(one), self._living(other))
        tied = any(group & sides[0] and group & sides[1] for group in model.decided())  # a link run would join them
        before, said = {key: model.number[key] for key in model.live if key in model.number}, dict(model.says)
        within = {keys: SAME for keys in said if held.issuperset(keys)}
        star: Mapping[Pair, str | None] = within | {pair(min(held), key): SAME for key in held if key != min(held)}
        sound = self._living(one) and self._living(other) and model.decide(star) is not None
        model.says = said
        claimed = not {one, other}.issuperset(self.claimed(held))
        with refused(not sound):
            merge(self.settings, ENTITY, one, other, yes=True)
        if not sound:
            return
        self._hear()
        assert len({model.number[key] for key in held}) == 1
        assert (
            self.parted
            or claimed
            or {key: number for key, number in model.number.items() if key not in held}
            == {key: number for key, number in before.items() if key not in held}
            | {key: number for key, number in model.number.items() if key not in model.live}
        )
        if back and not (tied or claimed or self.parted):
            self.parted = True
            unmerge(self.settings, ENTITY, next(iter({one, other} - {model.number[min(held)]})), yes=True)
            self._hear()
            assert {key: model.number[key] for key in before} == before  # 9
            assert model.says == said  # 9

    @precondition(lambda self: self.model.number)
    @rule(which=WHICH)
    def unmerge(self, which: int) -> None:
        """The last merge into a number is taken back, or its records are parted; or there is nothing to part."""
        number, before = self.number_at(which), dict(self.model.number)
        try:
            unmerge(self.settings, ENTITY, number, yes=True)
        except Conflict:
            return  # that nothing changed, the invariant asks
        self.parted = True
        self._hear()
        parted = [key for key, borne in before.items() if borne == number and key in self.model.number]
        assert len({self.model.number[key] for key in parted}) > 1

    @precondition(lambda self: self.model.number)
    @rule(which=WHICH, name=st.sampled_from(sorted(NAMES)))
    def correct(self, which: int, name: str) -> None:
        """A steward says what is right of a master: in a record of their own, which bears its number."""
        model, number = self.model, self.number_at(which)
        live, key = self._living(number), self.stated.get(number)
        others = sorted(live - {key}, key=lambda each: model.records[each].id)
        known = model.records.get(key or "")
        # That record may have gone to another master meanwhile, and been forgotten with it.
        belongs = key is None or (key not in model.barred and model.number.get(key) in (None, number))
        if known and live and belongs and known.live and known.name == name:
            assert correct(self.settings, ENTITY, number, {"name": NAMES[name]}).event is None
            return
        with reading(self.engine) as conn:
            fresh = counters.peek(conn, "record") + 1
        key = key or f"s{fresh:02}"
        records = dict(model.records)
        model.records.setdefault(key, Known(fresh, name, version=0))
        wanted: dict[Pair, str | None] = {pair(key, others[0]): SAME} if others else {}
        said = dict(model.says)
        sound = live and belongs and model.decide(wanted) is not None
        model.says = said
        with refused(not sound):
            correct(self.settings, ENTITY, number, {"name": NAMES[name]})
        if not sound:
            model.records = records
            return
        stated = model.records[key]
        stated.name, stated.version, stated.live = name, stated.version + 1, True
        self.stated[number] = key
        self._hear()
        now = {model.number[each] for each in (key, *others)}
        assert now == {number} or ((self.parted or self.claimed({key, *others}) - {number}) and len(now) == 1)

    def _living(self, number: str) -> set[str]:
        return {key for key in self.model.live if self.model.number.get(key) == number}

    def _hear(self) -> None:
        """Take over the decision that was written last, and what became of the numbers."""
        model = self.model
        sql = "SELECT seq, kind, body FROM events WHERE kind LIKE 'decision-%' ORDER BY seq DESC LIMIT 1"
        ((seq, kind, text),) = self.rows(sql)
        body = json.loads(text)
        told = {pair(self.key_of(one), self.key_of(other)): now for one, other, now, _ in body["pairs"]}
        pairs = model.decide(told)
        assert pairs is not None  # 4
        if kind == "decision-taken":
            model.decisions.append(Decision(seq, pairs))
        else:
            next(decision for decision in model.decisions if decision.seq == body["of"]).standing = False
        self.take_over()
