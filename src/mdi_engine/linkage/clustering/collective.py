"""Who belongs to whom, judged all at once: each fragment chooses among all it may belong to.

Two records alone must be weighed against the whole population. A fragment is better off: it has a few plausible
partners, and what it is unlikely to be is *none of them*. So the smaller of two fragments chooses: its evidence for
the one, against that for every other one and against the learned chance that a fragment of its size is complete
already. Round after round, best first, each fragment at most once a round, until nobody moves.

A component ends where no pair reaches the review threshold; what goes on in another one changes nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.clustering.decisions import Decision, Forbidden, Members
from mdi_engine.linkage.clustering.logs import log_sums, stretches
from mdi_engine.linkage.clustering.profiles import Profiles
from mdi_engine.linkage.clustering.stewards import Apart
from mdi_engine.linkage.models.parameters import Completeness, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges

MERGED = "profiles"
COMPLETE = "complete already"
RIVAL = "another is as likely"


@dataclass(frozen=True)
class Choices:
    """What each fragment that has a choice would do: `partner` is the best it could join.

    `weight`: odds of that partner against all else, in millibits; `none`: odds that none of them is it.
    `rival`: whether another partner, not completeness, is the strongest thing against it.
    """

    chooser: Ints
    partner: Ints
    weight: Ints
    none: Ints
    rival: Ints


def choose(chooser: Ints, partner: Ints, evidence: Ints, size: Ints, learned: Completeness) -> Choices:
    """The choices of fragments (numbered as in `size`) among their partners; `evidence` is without any prior."""
    place = np.minimum(size, len(learned.done)) - 1
    done, open_ = np.array(learned.done)[place], np.array(learned.open)[place]
    value = evidence - learned.clusters + open_[chooser]
    order = np.lexsort((partner, -value, chooser))
    chooser, partner, value = chooser[order], partner[order], value[order]
    best = stretches(chooser)
    who = chooser[best]
    left = np.ones(len(chooser), dtype=bool)
    left[best] = False
    # Everything that speaks against the best: all others, and being complete.
    others = np.concatenate([chooser[left], who])
    against = np.concatenate([value[left], done[who]])
    order = np.argsort(others, kind="stable")
    others, against = others[order], against[order]
    second = np.maximum.reduceat(against, stretches(others)) if len(others) else value[best]
    return Choices(
        who,
        partner[best],
        value[best] - log_sums(against, stretches(others)),
        done[who] - log_sums(value, best),
        second > done[who],
    )


class Rounds:
    """Fragments and their pairs, as they stand between two rounds.

    `label[row]` names each row's fragment by its first row. `left`, `right` (first rows) are the pairs of fragments
    with an edge between them that reaches the review threshold, `evidence` what their profiles say.
    """

    def __init__(
        self, records: Records, edges: Edges, parameters: Parameters, label: Ints, apart: Apart | None = None
    ) -> None:
        near = edges.weight >= parameters.review
        self.label = label.copy()
        self._rank = records.rank
        self._row_of = np.argsort(records.rank)
        self._profiles = Profiles(records, parameters)
        self._forbidden = Forbidden(records, parameters.model, apart)
        self._least = parameters.match
        low, high = self._sorted(label[edges.left[near]], label[edges.right[near]])
        self._active = np.isin(label, np.unique(np.concatenate([low, high])))
        self._known = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self._take(low, high)

    @property
    def count(self) -> int:
        """How many fragments there are."""
        return int((self.label == np.arange(len(self.label))).sum())

    def choices(self, learned: Completeness) -> Choices:
        """What each fragment would do, by its number among `members`. What is forbidden is no choice."""
        free = np.flatnonzero(self.reasons == None)  # noqa: E711 - element by element
        a, b, evidence = self.left[free], self.right[free], self.evidence[free]
        both = np.concatenate([a, b]), np.concatenate([b, a])
        return choose(*both, np.concatenate([evidence, evidence]), self.members.size, learned)

    def merge(self, choices: Choices) -> list[Decision]:
        """One round: best first, each fragment at most once, the smaller one into the one it chose."""
        size, first = self.members.size, self.members.first
        willing = (choices.weight > self._least) & (size[choices.chooser] <= size[choices.partner])
        a, b, weight = choices.chooser[willing], choices.partner[willing], choices.weight[willing]
        order = np.lexsort((b, a, -weight))
        used: set[int] = set()
        into = np.arange(len(size))
        decisions = []
        for x, y, bits in zip(a[order].tolist(), b[order].tolist(), weight[order].tolist(), strict=True):
            if x not in used and y not in used:
                used.update((x, y))
                low, high = min(x, y), max(x, y)
                into[high] = low
                decisions.append(Decision(int(first[low]), int(first[high]), bits, True, MERGED))
        self._join(into)
        return decisions

    def refusals(self, learned: Completeness) -> list[Decision]:
        """Why those who stay apart do so: forbidden though likely, or the odds against the smaller's best choice."""
        first, size = self.members.first, self.members.size
        choices = self.choices(learned)
        found: dict[tuple[int, int], Decision] = {}
        for k in np.flatnonzero(size[choices.chooser] <= size[choices.partner]).tolist():
            x, y = sorted((int(choices.chooser[k]), int(choices.partner[k])))
            bits, reason = int(choices.weight[k]), RIVAL if choices.rival[k] else COMPLETE
            if (x, y) not in found or found[x, y].weight < bits:
                found[x, y] = Decision(int(first[x]), int(first[y]), bits, False, reason)
        smaller = np.minimum(size[self.left], size[self.right])
        place = np.minimum(smaller, len(learned.done)) - 1
        alone = self.evidence - learned.clusters + np.array(learned.open)[place] - np.array(learned.done)[place]
        for k in np.flatnonzero((self.reasons != None) & (alone > self._least)).tolist():  # noqa: E711
            x, y = int(self.left[k]), int(self.right[k])
            found[x, y] = Decision(int(first[x]), int(first[y]), int(alone[k]), False, self.reasons[k])
        return [found[pair] for pair in sorted(found)]

    def _sorted(self, a: Ints, b: Ints) -> tuple[Ints, Ints]:
        """Pairs of first rows, each once, the one of lower rank first, in rank order; a pair of one is none."""
        a, b = self._rank[a], self._rank[b]
        low, high = np.minimum(a, b), np.maximum(a, b)
        keys = np.unique((low * len(self._rank) + high)[low != high])
        low, high = np.divmod(keys, max(len(self._rank), 1))
        return self._row_of[low], self._row_of[high]

    def _join(self, into: Ints) -> None:
        first = self.members.first
        target = np.arange(len(self.label))
        target[first] = first[into]
        moved = np.flatnonzero(into != np.arange(len(into)))
        changed = np.union1d(moved, into[moved])
        kept = ~(np.isin(self.left, changed) | np.isin(self.right, changed))
        keys = self._key(first[self.left[kept]], first[self.right[kept]])
        self._known = keys, self.evidence[kept]
        self.label = target[self.label]
        self._take(*self._sorted(target[first[self.left]], target[first[self.right]]))

    def _key(self, low: Ints, high: Ints) -> Ints:
        return self._rank[low] * len(self._rank) + self._rank[high]

    def _take(self, low: Ints, high: Ints) -> None:
        """Set members and pairs; evidence that is known already is not gathered again."""
        rows = np.flatnonzero(self._active)
        rows = rows[np.lexsort((self._rank[rows], self._rank[self.label[rows]]))]
        start = stretches(self.label[rows])
        self.members = Members(rows, np.append(start, len(rows)))
        number = np.full(len(self.label), -1, dtype=np.int64)
        number[self.members.first] = np.arange(len(start))
        self.left, self.right = number[low], number[high]
        keys, known = self._known
        wanted = self._key(low, high)
        place = np.searchsorted(keys, wanted)
        old = place < len(keys)
        old[old] = keys[place[old]] == wanted[old]
        self.evidence = np.empty(len(wanted), dtype=np.int64)
        self.evidence[old] = known[place[old]]
        self.evidence[~old] = self._profiles.scores(self.members, self.left[~old], self.right[~old])
        self.reasons = self._forbidden.reasons(self.members, self.left, self.right)


def unite(
    records: Records, edges: Edges, parameters: Parameters, label: Ints, apart: Apart | None = None
) -> tuple[Ints, list[Decision]]:
    """Unite fragments (`label[row]` is the first row of each) to fixpoint; new labels, and what was decided."""
    rounds = Rounds(records, edges, parameters, label, apart)
    decisions: list[Decision] = []
    while made := rounds.merge(rounds.choices(parameters.completeness)):
        decisions += made
    return rounds.label, decisions + rounds.refusals(parameters.completeness)


@dataclass(frozen=True)
class Judgement:
    """What one record may be: the number of the master it belongs to (None: a new one), and why.

    `weight`: odds of the best master against all else, in millibits; None if there is none it may join. `evidence[k]`
    is what master k's profile says, None where something forbids it.
    """

    master: int | None
    weight: int | None
    reason: str
    evidence: tuple[int | None, ...]


def judge(records: Records, parameters: Parameters, row: int, masters: Sequence[Ints]) -> Judgement:
    """Which of these masters, given by their rows, a record belongs to: the formula of `unite`, for one record."""
    groups = [np.array([row], dtype=np.int64), *(rows[np.argsort(records.rank[rows])] for rows in masters)]
    members = Members(np.concatenate(groups), np.cumsum([0, *map(len, groups)], dtype=np.int64))
    right = np.arange(1, len(groups), dtype=np.int64)
    left = np.zeros(len(right), dtype=np.int64)
    evidence = Profiles(records, parameters).scores(members, left, right)
    reasons = Forbidden(records, parameters.model).reasons(members, left, right)
    free = np.flatnonzero(reasons == None)  # noqa: E711
    said = tuple(None if why is not None else int(bits) for why, bits in zip(reasons, evidence, strict=True))
    if not len(free):
        reason = str(reasons[int(evidence.argmax())]) if len(evidence) else COMPLETE
        return Judgement(None, None, reason, said)
    chosen = choose(left[free], right[free], evidence[free], members.size, parameters.completeness)
    weight, best = int(chosen.weight[0]), int(chosen.partner[0]) - 1
    if weight > parameters.match:
        return Judgement(best, weight, MERGED, said)
    return Judgement(None, weight, RIVAL if chosen.rival[0] else COMPLETE, said)
