"""Precision and recall as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdi_engine.cli.output import Table

if TYPE_CHECKING:
    from mdi_engine.linkage.evaluate import Evaluation


def quality_table(title: str, found: Evaluation) -> Table:
    """Pairwise and B-cubed figures, each 0..1."""
    rows = [
        (name, score.precision, score.recall, score.f1)
        for name, score in (("pairwise", found.pairwise), ("b_cubed", found.b_cubed))
    ]
    return Table(("", "precision", "recall", "f1"), rows, title)
