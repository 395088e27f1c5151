"""The Python Record Linkage Toolkit: run_recordlinkage.py WORK FILE FOLDER (see peer.py).

Its guide to deduplication: pairs under blocks, compared with exact and Jaro-Winkler (.85), as 0 and 1. The guide counts
fields that agree, with a number chosen by hand; the toolkit's own way without labels is its ECM classifier, and that is
used. It gives pairs; connected components make clusters of them.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import recordlinkage as rl  # type: ignore[import-not-found]
from peer import Run, components

LIKE = 0.85
# Work → keys of its blocks, fields compared as equal, fields compared by likeness.
FEBRL: tuple[list[Any], list[str], list[str]] = (
    ["given_name", "surname", "date_of_birth", "postcode", "soc_sec_id"],
    ["date_of_birth", "suburb", "state", "soc_sec_id", "postcode"],
    ["given_name", "surname", "address_1"],
)
PATIENTS: tuple[list[Any], list[str], list[str]] = (
    ["nik", "phone", "birth_date", ["name_4", "kabkota"], ["name", "mother"]],
    ["nik", "birth_date", "sex"],
    ["name", "mother"],
)
WORKS: dict[str, tuple[list[Any], list[str], list[str]]] = {
    "fake_1000": (
        ["surname", ["first_name", "city"], "dob", "email"],
        ["dob", "city", "email"],
        ["first_name", "surname"],
    ),
    "historical_50k": (
        [
            ["first_name", "surname"],
            ["surname", "dob"],
            ["first_name", "dob"],
            ["postcode_fake", "first_name"],
            ["postcode_fake", "surname"],
            ["dob", "birth_place"],
        ],
        ["dob", "birth_place", "occupation", "gender"],
        ["first_name", "surname", "postcode_fake"],
    ),
}


def asked_of(work: str) -> tuple[list[Any], list[str], list[str]]:
    """What is asked for a work."""
    if work.startswith("patients"):
        return PATIENTS
    return FEBRL if work.startswith("febrl") else WORKS[work]


def main() -> int:
    """Link, and write what was found."""
    run = Run("recordlinkage")
    blocks, equal, like = asked_of(run.work)
    with run.stage("load"):
        frame = pd.read_parquet(run.file).drop(columns="cluster")
        ids = frame.pop("record_id")
        if "name" in frame:
            frame["name_4"] = frame["name"].str[:4]
    with run.stage("block"):
        index = rl.Index()
        for key in blocks:
            index.block(key)
        pairs = index.index(frame)
    with run.stage("compare"):
        compare = rl.Compare()
        for name in equal:
            compare.exact(name, name, label=name)
        for name in like:
            compare.string(name, name, method="jarowinkler", threshold=LIKE, label=name)
        agreement = compare.compute(pairs, frame)
    with run.stage("classify"):
        found = rl.ECMClassifier(binarize=0.5).fit_predict(agreement)
    with run.stage("cluster"):
        left, right = (found.get_level_values(side).to_numpy() for side in (0, 1))
        clusters = components(left, right, len(frame))
    run.end(ids, clusters, candidate_pairs=len(pairs), pairs_kept=len(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
