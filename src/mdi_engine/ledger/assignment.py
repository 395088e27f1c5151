"""Which number each cluster bears: a pure function of what was and of the new clusters. No store, no clock.

The rule, in two questions.

*Where is a number at home?* In the cluster that holds its **anchor**: the record with its verified official number,
or, while it has none, the record it was founded for. If the anchor is in no cluster, in the one that holds most of
its records. A number that was merged counts the records of the number it redirects to, and without its anchor is at
home nowhere.

*Who bears a cluster?* Of the numbers at home there: one whose verified official number is in the cluster; else one in
use before one that was merged or retired; else one whose founding record is there; else the one with most records
there, the oldest, the smallest. The others merge into it. A cluster at which no number is at home gets a new one,
split from the number that most of its records bore.

Ties that remain go to the cluster with the smallest record id. So the outcome depends on no order, and clusters that
have not changed keep their numbers: the bearer is the only number in use that is at home there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ACTIVE, MERGED, RETIRED = "active", "merged", "retired"

Cluster = frozenset[int]


@dataclass(frozen=True, slots=True)
class Master:
    """A number ever issued. `founded` is the event that made it: the smaller, the older.

    A merged one has `merged_into` (where it went) and `redirect_to` (where that path ends: never a merged one).
    """

    number: str
    founder: int
    founded: int
    status: str = ACTIVE
    anchor: str | None = None
    merged_into: str | None = None
    redirect_to: str | None = None
    split_from: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What was: the masters by number, and the number of each record."""

    masters: Mapping[str, Master] = field(default_factory=dict)
    memberships: Mapping[int, str] = field(default_factory=dict)


class Founded(NamedTuple):
    """A cluster that needs a new number: its records, its founder (the smallest id), its anchor, whence it split."""

    records: Cluster
    founder: int
    anchor: str | None
    split_from: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What changes. Empty (`not assignment`) when the clusters say what the state says.

    `moved`: record → number in use before this run; records of `founded` clusters are not in it. `left`: records that
    no longer belong to a master. `masters`: new values of masters that change, redirects included. `churn`: records
    that had a number and now have another.
    """

    moved: Mapping[int, str]
    left: frozenset[int]
    founded: tuple[Founded, ...]
    masters: Mapping[str, Master]
    churn: int

    def __bool__(self) -> bool:
        return bool(self.moved or self.left or self.founded or self.masters)


def assign(state: State, clusters: Iterable[Iterable[int]], anchors: Mapping[int, str] | None = None) -> Assignment:
    """The changes that make `state` bear `clusters`.

    `clusters` are disjoint sets of live records, none empty, and must hold every live record of each master that they
    touch; a member that no cluster names has left. `anchors` gives the keyed hash of a record's verified official
    number. `state` must hold every master that `claimants` names for the clusters. The order of anything is without
    influence.
    """
    ordered = sorted((frozenset(cluster) for cluster in clusters), key=min)
    seats = _Seats(state, ordered, anchors or {})
    bearers = seats.bearers()
    founded = tuple(seats.found(index) for index in range(len(ordered)) if index not in bearers)
    now = {record: bearers[i].number for i, cluster in enumerate(ordered) if i in bearers for record in cluster}
    new = frozenset(record for cluster in founded for record in cluster.records)
    before = state.memberships
    moved = {record: number for record, number in now.items() if before.get(record) != number}
    return Assignment(
        moved=moved,
        left=frozenset(record for record in before if record not in now and record not in new),
        founded=founded,
        masters=_changed(state.masters, seats.masters_after(bearers)),
        churn=sum(record in before for record in (*moved, *new)),
    )


def resolve(masters: Mapping[str, Master], number: str) -> str:
    """Where the path of merges from `number` ends."""
    while (onward := masters[number].merged_into) is not None:
        number = onward
    return number


class _Claim(NamedTuple):
    """What ties a number to a cluster; compared by `_home_rank` and `_bearer_rank`."""

    master: Master
    cluster: int
    verified: bool
    founding: bool
    overlap: int


class _Seats:
    """The clusters of one run with the claims of old numbers on them."""

    def __init__(self, state: State, clusters: Sequence[Cluster], anchors: Mapping[int, str]) -> None:
        self.state = state
        self.clusters = clusters
        self.tokens = [frozenset(anchors[r] for r in cluster if r in anchors) for cluster in clusters]
        self.of_record = {record: index for index, cluster in enumerate(clusters) for record in cluster}
        self.of_token: dict[str, list[int]] = {}
        for index, tokens in enumerate(self.tokens):
            for token in tokens:
                self.of_token.setdefault(token, []).append(index)
        self.overlaps = _overlaps(state.memberships, self.of_record)
        self.homes = {number: home for number in state.masters if (home := self._home(number)) is not None}

    def bearers(self) -> dict[int, Master]:
        """By cluster, the number that bears it; clusters without one are absent."""
        best: dict[int, _Claim] = {}
        for claim in self.homes.values():
            rival = best.get(claim.cluster)
            if rival is None or _bearer_rank(claim) < _bearer_rank(rival):
                best[claim.cluster] = claim
        return {index: claim.master for index, claim in best.items()}

    def found(self, index: int) -> Founded:
        cluster = self.clusters[index]
        before = Counter(self.state.memberships[record] for record in cluster if record in self.state.memberships)
        ranked = sorted(before, key=lambda number: (-before[number], *_age(self.state.masters[number])))
        return Founded(cluster, min(cluster), _only(self.tokens[index]), ranked[0] if ranked else None)

    def masters_after(self, bearers: Mapping[int, Master]) -> dict[str, Master]:
        """Every master as it is after the run, apart from the new ones."""
        after = {number: self._after(master, bearers) for number, master in self.state.masters.items()}
        # A merged number whose old path no longer ends where it is at home goes straight there. That may lead astray
        # the numbers whose paths ran through it, so look again; a straight path is never changed twice.
        while astray := self._astray(after, bearers):
            after |= {number: replace(after[number], merged_into=bearer) for number, bearer in astray.items()}
        return {number: _flattened(master, after) for number, master in after.items()}

    def _after(self, master: Master, bearers: Mapping[int, Master]) -> Master:
        home = self.homes.get(master.number)
        if home is None:  # nothing of it is left; one that was merged keeps its path
            return master if master.status == MERGED else replace(master, status=RETIRED)
        bearer = bearers[home.cluster].number
        if bearer == master.number:
            anchor = master.anchor or _only(self.tokens[home.cluster])
            return replace(master, status=ACTIVE, anchor=anchor, merged_into=None)
        return master if master.status == MERGED else replace(master, status=MERGED, merged_into=bearer)

    def _astray(self, after: Mapping[str, Master], bearers: Mapping[int, Master]) -> dict[str, str]:
        """Numbers whose path does not end at the bearer of their home, with that bearer."""
        wanted = {number: bearers[home.cluster].number for number, home in self.homes.items()}
        return {number: bearer for number, bearer in wanted.items() if resolve(after, number) != bearer}

    def _home(self, number: str) -> _Claim | None:
        claims = list(self._claims(self.state.masters[number]))
        return min(claims, key=_home_rank) if claims else None

    def _claims(self, master: Master) -> Iterable[_Claim]:
        overlaps = self.overlaps.get(resolve(self.state.masters, master.number), Counter())
        verified = set(self.of_token.get(master.anchor, ())) if master.anchor else set()
        founding = {self.of_record[master.founder]} if not master.anchor and master.founder in self.of_record else set()
        # A merged number has no records of its own: where its anchor is not, it claims nothing.
        held = set(overlaps) if master.status == ACTIVE else set()
        for index in verified | founding | held:
            yield _Claim(master, index, index in verified, index in founding, overlaps.get(index, 0))


def _home_rank(claim: _Claim) -> tuple[bool, int, int]:
    return not (claim.verified or claim.founding), -claim.overlap, claim.cluster


def _bearer_rank(claim: _Claim) -> tuple[bool, bool, bool, int, int, int, str]:
    master = claim.master
    unused = master.status != ACTIVE
    return not claim.verified, unused, not claim.founding, -claim.overlap, *_age(master)


def _age(master: Master) -> tuple[int, int, str]:
    """Oldest first; numbers of one event by the record they were founded for, which no key has shuffled."""
    return master.founded, master.founder, master.number


def _overlaps(memberships: Mapping[int, str], of_record: Mapping[int, int]) -> dict[str, Counter[int]]:
    """By number, how many of its records each cluster holds."""
    overlaps: dict[str, Counter[int]] = {}
    for record, number in memberships.items():
        if record in of_record:
            overlaps.setdefault(number, Counter())[of_record[record]] += 1
    return overlaps


def _flattened(master: Master, masters: Mapping[str, Master]) -> Master:
    end = resolve(masters, master.number)
    redirect = None if end == master.number else end
    return master if master.redirect_to == redirect else replace(master, redirect_to=redirect)


def _changed(before: Mapping[str, Master], after: Mapping[str, Master]) -> dict[str, Master]:
    return {number: master for number, master in after.items() if before[number] != master}


def _only(tokens: frozenset[str]) -> str | None:
    """The one official number of a cluster; two would be a conflict for a steward, so neither becomes the anchor."""
    return next(iter(tokens)) if len(tokens) == 1 else None
