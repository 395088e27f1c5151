"""A plan as text and as JSON: what a run would cost and miss, before any pair is made."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from mdi_engine.cli.output import Table, facts, show

if TYPE_CHECKING:
    from mdi_engine.linkage.candidates.plan import Plan

UNKNOWN = "unknown before the first training"


def plan_dict(plan: Plan) -> dict[str, object]:
    """Plain values, ready for JSON; unknown is null."""
    return {**asdict(plan), "pairs": plan.pairs}


def show_plan(name: str, plan: Plan) -> None:
    """Print the ways to candidates, their heaviest keys, cost and loss."""
    ways = Table(
        ("way", "pairs", "unrefined", "keys refined", "matches", "of them new"),
        [
            (
                way.label,
                way.pairs,
                way.pairs_before_refinement,
                way.refined_keys,
                *map(_whole, (way.matches, way.new_matches)),
            )
            for way in plan.ways
        ],
    )
    heaviest = Table(
        ("heaviest keys", "records", "pairs", "way"),
        [(key.text, key.records, key.pairs, way.label) for way in plan.ways for key in way.heaviest],
    )
    cost = facts(
        [
            ("records", plan.records),
            ("all pairs", plan.total_pairs),
            ("candidate pairs, at most", plan.pairs),
            ("comparisons, at most", plan.comparisons),
            ("seconds, about", UNKNOWN if plan.seconds is None else f"{plan.seconds:.1f}"),
            ("recall lost, about", UNKNOWN if plan.recall_lost is None else f"{plan.recall_lost:.2%}"),
        ],
        f"plan {name}",
    )
    show(cost, "", ways)
    if heaviest.rows:
        show("", heaviest)


def _whole(matches: float | None) -> int | None:
    return None if matches is None else round(matches)
