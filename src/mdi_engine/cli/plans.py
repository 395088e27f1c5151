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
    return {**asdict(plan), "pairs": plan.pairs, "distinct": plan.distinct, "distinct_error": plan.distinct_error}


def show_plan(name: str, plan: Plan) -> None:
    """Print the ways to candidates, their heaviest keys, cost and loss."""
    show(_cost(name, plan), "", _ways(plan), "", _found(plan))
    heaviest = [(key.text, key.records, key.pairs, way.label) for way in plan.ways for key in way.heaviest]
    if heaviest:
        show("", Table(("heaviest keys", "records", "pairs", "way"), heaviest))
    if plan.notes:
        show("", *plan.notes)


def _cost(name: str, plan: Plan) -> Table:
    lost = f"{UNKNOWN}; by assumed rates of error {1 - plan.recall_assumed:.1%}"
    return facts(
        [
            ("records", plan.records),
            ("all pairs", plan.total_pairs),
            ("candidate pairs, at most", plan.pairs),
            ("distinct among them, about", _give_or_take(plan.distinct, plan.distinct_error)),
            ("comparisons, at most", plan.comparisons),
            ("seconds to weigh them, about", UNKNOWN if plan.seconds is None else f"{plan.seconds:.1f}"),
            ("memory beside the records, about", f"{plan.memory / 1e6:,.1f} MB"),
            ("recall lost, about", lost if plan.recall_lost is None else f"{plan.recall_lost:.2%}"),
        ],
        f"plan {name}",
    )


def _ways(plan: Plan) -> Table:
    """What each way makes, and what becomes of its heavy keys."""
    return Table(
        ("way", "pairs", "distinct", "unrefined", "keys refined", "by", "rows left out"),
        [
            (
                way.label,
                way.pairs,
                _give_or_take(way.distinct, way.distinct_error),
                way.pairs_before_refinement,
                way.refined_keys,
                ", ".join(way.refined_by) or None,
                way.left_out,
            )
            for way in plan.ways
        ],
        right=frozenset(("distinct",)),
    )


def _found(plan: Plan) -> Table:
    """What each way finds and misses."""
    share = "finds, assumed" if all(way.matches is None for way in plan.ways) else "finds"
    return Table(
        ("way", share, "matches", "of them new", "missed"),
        [
            (
                way.label,
                f"{way.finds:.1%}",
                *map(_whole, (way.matches, way.new_matches)),
                None if way.missed is None else _give_or_take(way.missed, way.missed_error or 0.0),
            )
            for way in plan.ways
        ],
        right=frozenset((share, "missed")),
    )


def _give_or_take(number: float, error: float) -> str:
    """A number with its standard error, where it has one."""
    return f"{number:,.0f}" + (f" ± {error:,.0f}" if round(error) else "")


def _whole(matches: float | None) -> int | None:
    return None if matches is None else round(matches)
