"""Why a pair weighs what it weighs: a waterfall, in words, in English and Indonesian.

It is read off the same functions that score, so its steps always add up to the pair's weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.compare import Block, Ints, PairCache, blocks, evidence
from mdi_engine.linkage.parameters import BlockParameters, Parameters
from mdi_engine.linkage.records import Records

_LEVELS = {
    "missing": ("missing on one side or both", "kosong pada salah satu atau kedua sisi"),
    "else": ("different", "berbeda"),
    "exact": ("exactly the same", "sama persis"),
    "same": ("the same words", "kata-katanya sama"),
    "similar": ("the same words but for typing errors", "kata-katanya sama, kecuali salah ketik"),
    "subset": (
        "all words of the shorter one are in the longer",
        "semua kata yang lebih pendek ada di yang lebih panjang",
    ),
    "overlap": ("some words are the same", "sebagian kata sama"),
    "swapped": ("day and month exchanged", "hari dan bulan tertukar"),
    "one_digit": ("one digit differs", "satu angka berbeda"),
    "same_year": ("the same year", "tahun sama"),
    "same_day": ("the same day and month", "hari dan bulan sama"),
}


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


def explain(records: Records, left: int, right: int, parameters: Parameters) -> Waterfall:
    """The waterfall of two rows."""
    shaped = blocks(records, parameters.model)
    steps = tuple(_step(block, learned, left, right) for block, learned in zip(shaped, parameters.blocks, strict=True))
    weight = parameters.prior + sum(step.weight for step in steps)
    verdict = "match" if weight >= parameters.match else "review" if weight >= parameters.review else "non-match"
    return Waterfall(records.name(left), records.name(right), parameters.prior, steps, weight, verdict)


def _step(block: Block, learned: BlockParameters, left: int, right: int) -> Step:
    cache = PairCache(block)
    where: Ints = cache.intern(np.array([left]), np.array([right]))
    level = int(cache.level[where][0])
    bits = int(evidence(cache, learned.table)[where][0]) if learned.table is not None else 0
    per_value = learned.per_value[level]
    weight = learned.weight[level] - bits
    m = learned.m[level]
    u = math.exp2(bits / 1000.0) if per_value else learned.u[level]
    if level == 0:
        m, u, weight = 1.0, 1.0, learned.weight[0]
    a, b = _text(block, left), _text(block, right)
    name = learned.level_names[level]
    return Step(learned.label, a, b, name, m, u, weight, *_sentences(learned.label, name, a, b, weight, u))


def _text(block: Block, row: int) -> str | None:
    code = int(block.codes[row])
    if code < 0:
        return None
    members = [int(member[code]) for member in block.members]
    texts = [part.values[k] if k >= 0 else "∅" for part, k in zip(block.parts, members, strict=True)]
    return " + ".join(texts)


def _sentences(label: str, level: str, left: str | None, right: str | None, weight: int, u: float) -> tuple[str, str]:
    english, indonesian = _LEVELS.get(level, (level, level))
    bits = f"{weight / 1000:+.1f}"
    values = f"“{left or '∅'}”" if left == right else f"“{left or '∅'}” | “{right or '∅'}”"
    if weight == 0:
        return f"{label}: {english}, says nothing", f"{label}: {indonesian}, tidak menambah bukti"
    rare = round(1 / u) if u > 0 and not math.isclose(u, 1) else 1
    often = f", 1 in {rare:,} by chance" if weight > 0 and rare > 1 else ""
    often_id = f", kebetulan 1 dari {rare:,}".replace(",", ".").replace(".", ",", 1) if weight > 0 and rare > 1 else ""
    return (
        f"{label}: {english} {values}{often}: {bits} bits",
        f"{label}: {indonesian} {values}{often_id}: {bits.replace('.', ',')} bit",
    )
