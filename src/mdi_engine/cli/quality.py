"""Precision and recall as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdi_engine.cli.output import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdi_engine.jobs.evaluate import Subgroup
    from mdi_engine.linkage.evaluate import Evaluation


def quality_table(title: str, found: Evaluation) -> Table:
    """Pairwise and B-cubed figures, each 0..1."""
    rows = [
        (name, score.precision, score.recall, score.f1)
        for name, score in (("pairwise", found.pairwise), ("b_cubed", found.b_cubed))
    ]
    return Table(("", "precision", "recall", "f1"), rows, title)


def subgroup_table(subgroups: Iterable[Subgroup]) -> Table:
    """Pairwise figures of each subgroup, over the pairs that touch it."""
    rows = [
        (found.flag, found.records, found.evaluation.true_pairs, pairs.precision, pairs.recall, pairs.f1)
        for found in subgroups
        for pairs in (found.evaluation.pairwise,)
    ]
    return Table(("subgroup", "records", "true pairs", "precision", "recall", "f1"), rows)
