"""docs/normalisers.md names every normaliser, with an example that holds and the first line of its docstring."""

import json
import re
from pathlib import Path

import pytest

from mdi_engine.normalize.registry import NORMALIZERS

PAGE = Path(__file__).parents[2] / "docs" / "normalisers.md"
ROW = re.compile(r"\| `(?P<name>\w+)` \| `(?P<given>\".*?\")` \| (?:`(?P<found>\".*?\")`|NULL) \| (?P<words>.*) \|")
ROWS = [found for line in PAGE.read_text(encoding="utf-8").splitlines() if (found := ROW.fullmatch(line))]


def first_line(name: str) -> str:
    return (NORMALIZERS[name].__doc__ or "").splitlines()[0]


def test_every_normaliser_has_one_row_and_every_row_a_normaliser() -> None:
    missing = [
        f'| `{name}` | `"an example"` | `"what it gives"` | {first_line(name)} |'
        for name in sorted(set(NORMALIZERS) - {row["name"] for row in ROWS})
    ]
    assert not missing, f"write into {PAGE.name}:\n" + "\n".join(missing)
    assert sorted(row["name"] for row in ROWS) == sorted(NORMALIZERS)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_example_holds_and_the_words_are_those_of_the_code(row: re.Match[str]) -> None:
    found = NORMALIZERS[row["name"]](json.loads(row["given"]))
    assert found == (None if row["found"] is None else json.loads(row["found"]))
    assert row["words"] == first_line(row["name"])
