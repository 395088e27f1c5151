"""m, lambda and u together: rounds of solving u and fitting m until both stand still.

Strangers are known by u. Matches are what is left, if that is one kind of pairs; where it is not (people of one region
or creed share words of their names and are nobody's match), a third kind stands between them and is dropped again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.models.parameters import Blocking
from mdi_engine.linkage.training.em import TINY, Kind, Way, fit, level_counts, maximise, posteriors
from mdi_engine.linkage.training.guess import Floats, Guess, Raw, block_log_u, solve, start
from mdi_engine.linkage.training.observe import Observed, distinct
from mdi_engine.linkage.weights.compare import Block, Ints

ROUNDS = 8
TOLD = 0.5  # from this mean posterior on, a kind of pairs is told from the rest


@dataclass(frozen=True)
class Task:
    """What stays the same through all rounds. `most` bounds lambda over the `total` pairs of `records` records."""

    model: Model
    blocking: Blocking
    shaped: tuple[Block, ...]
    raws: tuple[Raw, ...]
    seen: Observed
    records: int
    total: int
    most: float

    @property
    def classes(self) -> list[Ints]:
        """Per block, which levels compete with one another."""
        return [raw.classes for raw in self.raws]

    def solve(self, m: Sequence[Floats], share: float) -> Guess:
        """u and tables for these m and lambda."""
        return solve(self.shaped, self.raws, m, share, self.records, self.total)


def estimate(task: Task) -> Guess:
    """Matches beside strangers, and a kind between them if it outnumbers the matches: it could take their place."""
    if task.model.one_per_source is True:  # the bound on lambda does what is done here for others
        return _rounds(task, related=False).guess
    learned = _rounds(task, related=True)
    torn = learned.purity < TOLD <= learned.apart  # one population of pairs, between two kinds
    learned = _rounds(task, related=False) if torn or not learned.outnumbered else learned
    return learned.guess if learned.purity >= TOLD else _nobody(task)


@dataclass(frozen=True)
class _Learned:
    """A guess; how sure its matches are, the mean posterior of a pair drawn among them (0..1); how sure it is that
    matches and related pairs, taken together, are no strangers; and whether the related ones outnumber the matches in
    the widest way.

    A population of its own is told from the rest; one that cannot be is a slope of the rest.
    """

    guess: Guess
    purity: float
    apart: float
    outnumbered: bool


def _rounds(task: Task, *, related: bool) -> _Learned:
    """Rounds of solving u and fitting m, until m stands still; `related`: with a third kind of pairs."""
    share = min(task.most, 0.5 * task.records / task.total)
    m = tuple(start(block, raw) for block, raw in zip(task.shaped, task.raws, strict=True))
    lambdas: list[float] = []
    beside: Kind | None = None
    for _ in range(ROUNDS):
        bits = _log_u(task, task.solve(m, share))
        ways = _ways(task, bits)
        # A rule's pairs are few and rich in matches; rarity's lambda is over all pairs.
        lambdas = lambdas or [share if way.total > way.counts.sum() else 0.5 for way in ways]
        beside = beside or (_related(task, ways, m) if related else None)
        learned = fit(ways, m, task.classes, lambdas, beside=beside)
        moved = max(float(np.abs(new - old).max()) for new, old in zip(learned.m, m, strict=True))
        m, lambdas, beside = learned.m, list(learned.lambdas), learned.beside
        share, other = _settle(_whole(task, bits), _kinds(m, share, beside), task.most)
        if moved < 1e-4:
            break
    guess = task.solve(m, share)
    whole = _whole(task, _log_u(task, guess))
    found, _ = posteriors(whole, _kinds(m, share, beside, other))
    wide = max(range(len(ways)), key=lambda n: ways[n].total)
    outnumbered = beside is not None and beside.shares[wide] > lambdas[wide]
    together = np.sum(found, axis=0)
    return _Learned(guess, _purity(found[0], whole.counts), _purity(together, whole.counts), outnumbered)


def _related(task: Task, ways: Sequence[Way], m: Sequence[Floats]) -> Kind:
    """Where to begin with pairs that are alike and yet no matches (one family, one region): as the candidates of the
    widest way are on the whole, and three in ten of those of each way.
    """
    widest = max(ways, key=lambda way: way.total)
    counts = [level_counts([widest], [widest.counts], b, len(block)) for b, block in enumerate(m)]
    agrees = [maximise(each + TINY, block, kinds) for each, block, kinds in zip(counts, m, task.classes, strict=True)]
    return Kind(tuple(agrees), tuple(0.3 * float(way.counts.sum()) / max(way.total, 1.0) for way in ways))


_Kinds = list[tuple[Sequence[Floats], float]]


def _kinds(m: Sequence[Floats], share: float, beside: Kind | None, other: float | None = None) -> _Kinds:
    """Matches, and what stands beside them, over all pairs: as large as in the last way unless `other` says."""
    return [(m, share)] + ([] if beside is None else [(beside.m, beside.shares[-1] if other is None else other)])


def _purity(found: Floats, counts: Floats) -> float:
    """The mean posterior of a pair drawn among those of a kind, from the posterior of each row."""
    held = found * counts
    return float((held * found).sum()) / max(float(held.sum()), 1e-300)


def _nobody(task: Task) -> Guess:
    """What to believe where no population of matches shows: half a match in all, which agrees as `start` says."""
    m = tuple(start(block, raw) for block, raw in zip(task.shaped, task.raws, strict=True))
    return task.solve(m, min(task.most, 0.5 / task.total))


def _log_u(task: Task, guess: Guess) -> list[Ints]:
    """Per block, log2 u of every distinct value pair, in millibits."""
    blocks = zip(task.seen.caches, guess.u, guess.tables, strict=True)
    return [block_log_u(cache, u, table) for cache, u, table in blocks]


def _settle(way: Way, kinds: _Kinds, most: float) -> tuple[float, float | None]:
    """Lambda over all pairs, from all blocks, with m and u as they are; and the share of what stands beside."""
    for _ in range(50):
        found, _ = posteriors(way, kinds)
        shares = [min(max(float((each * way.counts).sum()) / way.total, 1e-12), most) for each in found]
        still = abs(shares[0] - kinds[0][1]) <= 1e-6 * kinds[0][1]
        kinds = [(m, share) for (m, _), share in zip(kinds, shares, strict=True)]
        if still:
            break
    return kinds[0][1], kinds[1][1] if len(kinds) > 1 else None


def _ways(task: Task, bits: Sequence[Ints]) -> list[Way]:
    """One way per blocking rule, without the blocks it fixes; rarity sees every block over all pairs."""
    ways = []
    covered = task.seen.covered
    for number, rule in enumerate(task.model.blocking):
        # Fields that divide heavy keys agree in nearly all of the pairs that are left.
        held: set[str | None] = {expression.field for expression in rule.expressions()}
        held.update(step.field for step in task.blocking.refinement.get(number, ()))
        fixed = frozenset(
            b for b, block in enumerate(task.shaped) if any(part.spec.field in held for part in block.parts)
        )
        which = (covered >> number) & 1 == 1
        if which.any() and len(fixed) < len(task.shaped):
            levels, counts, log_u = _rows(task.seen, bits, which, fixed)
            ways.append(Way(levels, counts, log_u, float(counts.sum()), 1.0))
    if task.model.rarity is not None:
        levels, counts, log_u = _rows(task.seen, bits, (covered >> len(task.model.blocking)) & 1 == 1, frozenset())
        ways.append(Way(levels, counts, log_u, float(task.total), task.most))
    # A model whose every rule fixes every block has nothing else to learn from than the pairs as they are.
    return ways or [_whole(task, bits)]


def _whole(task: Task, bits: Sequence[Ints]) -> Way:
    levels, counts, log_u = _rows(task.seen, bits, np.ones(len(task.seen), bool), frozenset())
    return Way(levels, counts, log_u, float(task.total), task.most)


def _rows(
    seen: Observed, bits: Sequence[Ints], which: npt.NDArray[np.bool_], left_out: frozenset[int]
) -> tuple[Ints, Floats, Floats]:
    """Distinct (levels, log2 u) rows of some pairs with their counts."""
    columns = []
    log_u = np.zeros(int(which.sum()), dtype=np.int64)
    for b, cache in enumerate(seen.caches):
        ids = seen.ids[b][which]
        if b in left_out:
            columns.append(np.full(len(ids), -1, dtype=np.int32))
            continue
        columns.append(cache.level[ids])
        log_u += bits[b][ids]
    first, inverse = distinct([*columns, log_u])
    counts = np.bincount(inverse, weights=seen.count[which]).astype(np.float64)
    return np.stack([c[first] for c in columns], axis=1).astype(np.int64), counts, log_u[first] / 1000.0
