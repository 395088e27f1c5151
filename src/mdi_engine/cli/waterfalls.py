"""A waterfall in words: why a pair weighs what it weighs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from mdi_engine.cli.output import Table, facts, show

if TYPE_CHECKING:
    from mdi_engine.linkage.explaining.explain import Waterfall


def waterfall_dict(found: Waterfall) -> dict[str, object]:
    """Plain values, ready for JSON; weights in millibits."""
    return {**asdict(found), "probability": found.probability}


def show_waterfall(found: Waterfall) -> None:
    """Print each step with its numbers, then in English and Indonesian, then the sum."""
    steps = Table(
        ("comparison", found.left, found.right, "level", "m", "u", "bits"),
        [
            (step.label, step.left, step.right, step.level, share(step.m), share(step.u), bits(step.weight))
            for step in found.steps
        ],
        right=frozenset({"m", "u", "bits"}),
    )
    total = facts(
        [
            ("before comparing", f"{bits(found.prior)} bits"),
            ("all comparisons", f"{bits(found.weight - found.prior)} bits"),
            ("together", f"{bits(found.weight)} bits"),
            ("probability", _probability(found.probability)),
            ("verdict", found.verdict),
        ]
    )
    show(steps, "", "In words", *(f"  {step.english}" for step in found.steps))
    show("", "Dengan kata-kata", *(f"  {step.indonesian}" for step in found.steps), "", total)


def bits(weight: int) -> str:
    """Millibits as signed bits.

    >>> bits(8437), bits(-10200), bits(0)
    ('+8.4', '-10.2', '0.0')
    """
    return f"{weight / 1000:+.1f}" if weight else "0.0"


def share(value: float) -> str:
    """A share, 0..1, so that a small one does not read as none.

    >>> share(0.84), share(0.00002), share(1.0)
    ('0.840', '0.00002', '1.000')
    """
    if value >= 0.01 or value == 0:
        return f"{value:.3f}"
    return f"{value:.6f}".rstrip("0") if value >= 1e-6 else f"{value:.0e}"


def _probability(value: float) -> str:
    if value > 0.9999:
        return "above 0.9999"
    return "below 0.0001" if value < 0.0001 else f"{value:.4f}"
