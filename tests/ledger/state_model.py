"""What a ledger must hold, in plain Python: no store, no numbers of its own, no rule taken from the engine.

Records go by their source key. The machine that links is a toy: it puts records of one name together, unless people
decided otherwise. Whose name is in `NIKS` says a NIK, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

SAME, DIFFERENT = "same", "different"
OPEN, CLAIMED, DECIDED, MOOT = "open", "claimed", "decided", "moot"
NIKS = {"C": "9901014107850003", "D": "9901014107850004"}
Pair = tuple[str, str]


def pair(one: str, other: str) -> Pair:
    """Two keys in one order."""
    return (one, other) if one < other else (other, one)


def payload(name: str) -> dict[str, str | None]:
    """What a row of this name says."""
    return {"name": name, "nik": NIKS.get(name)}


@dataclass
class Known:
    """A record: the name that its newest version says, which version that is, whether its source still has it."""

    id: int
    name: str
    version: int = 1
    live: bool = True


@dataclass
class Task:
    """A question about two records: its state, who claims it, the last answer."""

    id: int
    records: Pair
    state: str = OPEN
    by: str | None = None
    answer: str | None = None


@dataclass
class Decision:
    """What people decided in one event: by pair, what it says now and what it said before; `standing` until undone."""

    seq: int
    pairs: dict[Pair, tuple[str | None, str | None]]
    task: Task | None = None
    standing: bool = True


@dataclass
class Model:
    """The whole truth about one entity.

    `number`: what each record bears; `founder`: for whom each number was founded; `says`: what stands between two;
    `barred`: keys and NIKs of people who were forgotten.
    """

    records: dict[str, Known] = field(default_factory=dict)
    number: dict[str, str] = field(default_factory=dict)
    founder: dict[str, str] = field(default_factory=dict)
    says: dict[Pair, str] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    tasks: dict[Pair, Task] = field(default_factory=dict)
    barred: set[str] = field(default_factory=set)

    @property
    def live(self) -> list[str]:
        """The keys that a link run must place."""
        return sorted(key for key, known in self.records.items() if known.live)

    @property
    def waiting(self) -> set[str]:
        """Live keys without a number."""
        return set(self.live) - self.number.keys()

    def bars(self, key: str, name: str) -> bool:
        """Whether a row may not come in, since its person was forgotten."""
        return not self.barred.isdisjoint({key, NIKS.get(name, key)})

    def deliver(self, names: Mapping[str, str], first_id: int) -> tuple[int, int, int]:
        """Take rows in; new keys get ids from `first_id` in their order. Counts what was new, changed, unchanged."""
        taken = {key: name for key, name in names.items() if not self.bars(key, name)}
        fresh = [key for key in taken if key not in self.records]
        for offset, key in enumerate(fresh):
            self.records[key] = Known(first_id + offset, taken[key])
        new, changed = len(fresh), 0
        for key in taken.keys() - set(fresh):
            known = self.records[key]
            if known.live and known.name == taken[key]:
                continue
            new, changed = new + (not known.live), changed + known.live
            known.name, known.version, known.live = taken[key], known.version + 1, True
        return new, changed, len(taken) - new - changed

    def withdraw(self, keys: Iterable[str]) -> int:
        """Of these, how many were live."""
        gone = [key for key in set(keys) if key in self.records and self.records[key].live]
        for key in gone:
            self.records[key].live = False
        return len(gone)

    def forget(self, keys: Iterable[str], niks: Iterable[str]) -> None:
        """Nothing of these records comes back, nor anything of these NIKs; questions about them need no answer."""
        for key in keys:
            self.records[key].live = False
            self.number.pop(key, None)
            self.barred.add(key)
        self.barred.update(niks)
        self.close_moot()

    def close_moot(self) -> None:
        """Questions that wait and that nobody needs to answer."""
        live = set(self.live)
        for keys, task in self.tasks.items():
            if task.state in (OPEN, CLAIMED) and (not live.issuperset(keys) or self.settled(*keys)):
                task.state, task.by = MOOT, None

    def clusters(self) -> list[list[str]]:
        """The live keys as they belong together: decided ones, then those of one name that no decision parts."""
        live = set(self.live)
        groups = [group & live for group in self.decided() if group & live]
        for one, other in combinations(sorted(live), 2):
            if self.records[one].name == self.records[other].name:
                together = joined(groups, one, other)
                if not any(self._parted(group) for group in together):
                    groups = together
        return [sorted(group) for group in groups]

    def decided(self) -> list[set[str]]:
        """All keys, in the groups of those that people decided to be the same."""
        groups = [{key} for key in self.records]
        for one, other in (keys for keys, word in self.says.items() if word == SAME):
            groups = joined(groups, one, other)
        return groups

    def settled(self, one: str, other: str) -> bool:
        """Whether it is decided, by way of others too, that these two are the same or differ."""
        groups = self.decided()
        mine, theirs = _group(groups, one), _group(groups, other)
        return mine is theirs or self._parted(mine | theirs)

    def sensible(self) -> bool:
        """Whether no two records are decided to be the same and to differ."""
        return not any(self._parted(group) for group in self.decided())

    def decide(self, wanted: Mapping[Pair, str | None]) -> dict[Pair, tuple[str | None, str | None]] | None:
        """Take a decision: by pair, what it says now and said before. None, and nothing done, if it contradicts."""
        before = dict(self.says)
        pairs = {keys: (word, before.get(keys)) for keys, word in wanted.items()}
        self.says = {**before, **{keys: word for keys, word in wanted.items() if word is not None}}
        for keys in (keys for keys, word in wanted.items() if word is None):
            self.says.pop(keys, None)
        if self.sensible():
            return pairs
        self.says = before
        return None

    def later(self, decision: Decision) -> bool:
        """Whether a decision that came later stands on one of its pairs."""
        others = (other for other in self.decisions if other.seq > decision.seq and other.standing)
        return any(not decision.pairs.keys().isdisjoint(other.pairs) for other in others)

    def _parted(self, group: set[str]) -> bool:
        """Whether two of the group, or of those that are the same as two of it, are decided to differ."""
        apart = [keys for keys, word in self.says.items() if word == DIFFERENT]
        whole = set().union(*(same for same in self.decided() if same & group)) if apart else group
        return any(whole.issuperset(keys) for keys in apart)


def parts(number: Mapping[str, str]) -> set[frozenset[str]]:
    """The keys that bear one number, for each number."""
    held: dict[str, set[str]] = {}
    for key, borne in number.items():
        held.setdefault(borne, set()).add(key)
    return {frozenset(keys) for keys in held.values()}


def unchanged(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The numbers, then and now, of each set of keys that is together in both."""
    of_before = {frozenset(k for k in before if before[k] == n): n for n in before.values()}
    for keys in parts(after):
        if keys in of_before:
            yield of_before[keys], after[min(keys)]


def joined(groups: list[set[str]], one: str, other: str) -> list[set[str]]:
    """The groups, with those of two keys made one."""
    mine, theirs = _group(groups, one), _group(groups, other)
    return groups if mine is theirs else [*(g for g in groups if g is not mine and g is not theirs), mine | theirs]


def _group(groups: list[set[str]], key: str) -> set[str]:
    return next(group for group in groups if key in group)
