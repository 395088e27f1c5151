"""What a linkage of tables gives, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mdi_engine.errors import NotFound
from mdi_engine.linkage.candidates.skew import skews
from mdi_engine.linkage.clustering.cluster import Clusters, in_doubt
from mdi_engine.linkage.evaluate import Evaluation, cluster_sizes
from mdi_engine.linkage.explaining.explain import Waterfall, explain
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.doubts import doubts
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges


@dataclass(frozen=True, repr=False)
class Linked:
    """What a linkage of tables gives.

    `seconds` per stage; `truth` (the field), `evaluation` and `candidate_recall` only where a truth was given.
    """

    records: Records
    parameters: Parameters
    edges: Edges
    clusters: Clusters
    seconds: Mapping[str, float]
    evaluation: Evaluation | None = None
    candidate_recall: float | None = None
    truth: str | None = None

    def __repr__(self) -> str:
        return f"<Linked {', '.join(f'{name} {value}' for name, value in self._told())}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the figures of the run in a small table."""
        rows = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self._told())
        return f"<table>{''.join(rows)}</table>"

    def _told(self) -> list[tuple[str, str]]:
        counts: list[tuple[str, float]] = [
            ("records", len(self.records)),
            ("clusters", sum(cluster_sizes(self.clusters.label).values())),
            ("candidate pairs", self.edges.candidate_pairs),
            ("pairs to review", self.pairs_to_review),
        ]
        told = [("model", self.parameters.model.name), *((name, f"{count:,}") for name, count in counts)]
        return told if self.evaluation is None else [*told, ("f1", f"{self.evaluation.pairwise.f1:.3f}")]

    def clusters_table(self) -> pa.Table:
        """One row per record, in the order given: `source`, `record_id`, `cluster_id` (its first record's name)."""
        records, label = self.records, self.clusters.label.tolist()
        names = {row: records.name(row) for row in set(label)}
        return pa.table(
            {
                "source": [records.sources[code] for code in records.source.tolist()],
                "record_id": list(records.keys),
                "cluster_id": [names[row] for row in label],
            }
        )

    def pairs_table(self) -> pa.Table:
        """Scored pairs from the review threshold up: `source_l`, `record_id_l`, the same for `_r`, `match_weight`.

        `match_weight` is in bits, prior included: 0 is even odds, +10 is about 1,000 to 1 for a match.
        """
        return _pairs_table(self.records, self.edges.left, self.edges.right, self.edges.weight)

    def doubtful_table(self) -> pa.Table:
        """The pairs that want a person, those nearest to even odds first; columns as in `pairs_table`."""
        edges, rows = self.edges, len(self.records)
        left, right = in_doubt(self.records, edges, self.clusters, self.parameters)
        some = np.flatnonzero(np.isin(edges.left * rows + edges.right, left * rows + right))
        some = some[np.argsort(abs(edges.weight[some]), kind="stable")]
        return _pairs_table(self.records, edges.left[some], edges.right[some], edges.weight[some])

    def explain(self, left: str, right: str) -> Waterfall:
        """Why two records (`source:record_id`) weigh what they weigh. Raises `NotFound` if there is no such record."""
        return explain(self.records, row_of(self.records, left), row_of(self.records, right), self.parameters)

    def report(self, path: Path | str, *, show_values: bool = False) -> None:
        """Write the linkage as one HTML page of pictures that opens offline.

        Values that could tell a person are masked unless `show_values`. Raises `UsageError` if the name does not end in
        .html, `MdiError` if the place cannot be written.
        """
        from mdi_engine.jobs.report import write_linked

        write_linked(self, Path(path), show_values=show_values)

    def to_dict(self) -> dict[str, object]:
        """The figures of the run, ready for JSON."""
        sizes = cluster_sizes(self.clusters.label)
        found = self.evaluation
        return {
            "records": len(self.records),
            "clusters": sum(sizes.values()),
            "cluster_sizes": {str(size): count for size, count in sizes.items()},
            "candidate_pairs": self.edges.candidate_pairs,
            "pairs_to_review": self.pairs_to_review,
            "expected_matches": round(self.parameters.found.matches, 1),
            "doubts": list(doubts(self.parameters)),
            "notes": list(self.notes),
            **({} if found is None else {"pairwise": found.pairwise.to_dict(), "b_cubed": found.b_cubed.to_dict()}),
            "candidate_recall": self.candidate_recall,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "parameters": self.parameters.digest(),
        }

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is uneven in the records, and what was done about it, in sentences; no value is quoted."""
        return skews(self.records, self.parameters.model, self.parameters.blocking)

    @property
    def pairs_to_review(self) -> int:
        """Pairs in doubt: between the two thresholds, not joined, and not ruled out by a better partner."""
        return len(in_doubt(self.records, self.edges, self.clusters, self.parameters)[0])


def row_of(records: Records, name: str) -> int:
    """The row called `source:record_id`, or `NotFound`."""
    row = records.find(name)
    if row is None:
        raise NotFound(
            f"there is no record {name!r}; sources are {', '.join(records.sources)}",
            hint="A record is called source:record_id; without a key, record_id is its data row, from 1.",
        )
    return row


def _pairs_table(records: Records, left: Ints, right: Ints, weight: Ints) -> pa.Table:
    columns: dict[str, Any] = {}
    for side, rows in (("l", left.tolist()), ("r", right.tolist())):
        columns[f"source_{side}"] = [records.sources[records.source[row]] for row in rows]
        columns[f"record_id_{side}"] = [records.keys[row] for row in rows]
    return pa.table({**columns, "match_weight": pa.array(weight / 1000.0)})
