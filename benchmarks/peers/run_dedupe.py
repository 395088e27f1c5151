"""dedupe: run_dedupe.py WORK FILE FOLDER (see peer.py). It needs labels, and gets them from the truth.

Its authors' benchmarks make the labels with `training_data_dedupe` from the truth of the file itself; so here, with
about 5,000 pairs, as there. So its rows are not without labels as all others are.
"""

from __future__ import annotations

import random
from typing import Any

import dedupe  # type: ignore[import-not-found]
import numpy as np
import pyarrow.parquet as pq
from dedupe import variables
from peer import Run

LABELLED_PAIRS = 5_000
FUZZY, EXACT = variables.String, variables.Exact
PATIENTS = {
    "nik": FUZZY,
    "phone": EXACT,
    "birth_date": FUZZY,
    "sex": EXACT,
    "name": FUZZY,
    "mother": FUZZY,
    "kabkota": EXACT,
}
FEBRL = {
    "given_name": FUZZY,
    "surname": FUZZY,
    "street_number": EXACT,
    "address_1": FUZZY,
    "suburb": FUZZY,
    "postcode": FUZZY,
    "state": EXACT,
    "date_of_birth": FUZZY,
    "soc_sec_id": FUZZY,
}
WORKS: dict[str, dict[str, Any]] = {
    "fake_1000": dict.fromkeys(("first_name", "surname", "dob", "city", "email"), FUZZY),
    "historical_50k": dict.fromkeys(
        ("first_name", "surname", "full_name", "dob", "birth_place", "postcode_fake", "occupation"), FUZZY
    ),
}


def fields_of(work: str) -> dict[str, Any]:
    """The fields that are compared, and how."""
    if work.startswith("patients"):
        return PATIENTS
    return FEBRL if work.startswith("febrl") else WORKS[work]


def main() -> int:
    """Learn from labels, link, and write what was found."""
    run = Run("dedupe")
    random.seed(1)
    np.random.seed(1)  # what dedupe itself draws from
    fields = fields_of(run.work)
    with run.stage("load"):
        rows = pq.read_table(run.file, columns=["record_id", "cluster", *fields]).to_pylist()
        data = {row["record_id"]: row for row in rows}
    with run.stage("train"):
        deduper = dedupe.Dedupe([kind(name, has_missing=True) for name, kind in fields.items()])
        labels = dedupe.training_data_dedupe(data, "cluster", LABELLED_PAIRS)
        for kind in labels:
            labels[kind] = random.sample(labels[kind], min(len(labels[kind]), LABELLED_PAIRS // 2))
        deduper.prepare_training(data)
        deduper.mark_pairs(labels)
        deduper.train(index_predicates=True)
    with run.stage("link"):
        found = deduper.partition(data, threshold=0.5)
    members = [(name, number) for number, (names, _) in enumerate(found) for name in names]
    run.end((name for name, _ in members), (number for _, number in members), labelled_pairs=LABELLED_PAIRS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
