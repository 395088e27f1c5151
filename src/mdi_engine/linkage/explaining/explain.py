"""Why a pair weighs what it weighs: a waterfall, in words, in English and Indonesian.

It is read off the same functions that score, so its steps always add up to the pair's weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np

from mdi_engine.linkage.explaining.sentences import MISSING, Said, level_words, sentence
from mdi_engine.linkage.models.parameters import BlockParameters, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Block, PairCache, Part, blocks, evidence


@dataclass(frozen=True)
class Step:
    """One block of the waterfall. `m` and `u` are the shares used (u per value where there is a table), 0..1.

    `weight` is in millibits; a missing value has m = u = 1 and weighs 0.
    """

    label: str
    left: str | None
    right: str | None
    level: str
    m: float
    u: float
    weight: int
    english: str
    indonesian: str


@dataclass(frozen=True)
class Waterfall:
    """A pair's weight, step by step: `prior` plus the steps' weights is `weight` (millibits)."""

    left: str
    right: str
    prior: int
    steps: tuple[Step, ...]
    weight: int
    verdict: str

    @property
    def probability(self) -> float:
        """The chance that the two are one, 0..1, as the parameters see it."""
        return 1.0 / (1.0 + math.exp2(min(-self.weight / 1000.0, 1000.0)))

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentence and the bits of each step, and the sum."""
        rows = [("before comparing", self.prior), *((step.english, step.weight) for step in self.steps)]
        told = [*rows, (f"{self.left} and {self.right}: {self.verdict}", self.weight)]
        lines = (f"<tr><td>{escape(words)}</td><td>{weight / 1000:+.1f}</td></tr>" for words, weight in told)
        return f"<table>{''.join(lines)}</table>"


Shown = Callable[[str, str], str]


def explain(
    records: Records, left: int, right: int, parameters: Parameters, shown: Shown = lambda field, value: value
) -> Waterfall:
    """The waterfall of two rows. `shown(field, value)` says how a value may be shown; what it weighs stays the same."""
    shaped = blocks(records, parameters.model)
    steps = tuple(
        _step(block, learned, left, right, shown) for block, learned in zip(shaped, parameters.blocks, strict=True)
    )
    weight = parameters.prior + sum(step.weight for step in steps)
    verdict = "match" if weight >= parameters.match else "review" if weight >= parameters.review else "non-match"
    return Waterfall(records.name(left), records.name(right), parameters.prior, steps, weight, verdict)


def _step(block: Block, learned: BlockParameters, left: int, right: int, shown: Shown) -> Step:
    cache = PairCache(block)
    where = cache.intern(np.array([left]), np.array([right]))
    level = int(cache.level[where][0])
    bits = int(evidence(cache, learned.table)[where][0]) if learned.table is not None else 0
    per_value = learned.per_value[level]
    weight = learned.weight[level] - bits
    m = learned.m[level]
    u = math.exp2(bits / 1000.0) if per_value else learned.u[level]
    if level == 0:
        m, u, weight = 1.0, 1.0, learned.weight[0]
    told = [("", MISSING, "")] if level == 0 else _told(block, level, left, right, shown)
    return Step(
        learned.label,
        _text(block, left, shown),
        _text(block, right, shown),
        learned.level_names[level],
        m,
        u,
        weight,
        *sentence(learned.label, told, weight, u),
    )


def _told(block: Block, level: int, left: int, right: int, shown: Shown) -> list[tuple[str, Said, str]]:
    """Per part of a block: its label, what its level says, and its two values."""
    told = []
    for part in block.parts:
        level, number = divmod(level, part.size)
        codes = dict.fromkeys((int(part.codes[left]), int(part.codes[right])))  # alike in codes, told once
        values = " | ".join(f"“{_value(part, code, shown)}”" for code in codes)
        told.append((part.spec.label if len(block.parts) > 1 else "", level_words(part.levels, number), values))
    return told


def _text(block: Block, row: int, shown: Shown) -> str | None:
    code = int(block.codes[row])
    if code < 0:
        return None
    members = [int(member[code]) for member in block.members]
    return " + ".join(_value(part, k, shown) for part, k in zip(block.parts, members, strict=True))


def _value(part: Part, code: int, shown: Shown) -> str:
    return shown(part.spec.field, part.values[code]) if code >= 0 else "∅"
