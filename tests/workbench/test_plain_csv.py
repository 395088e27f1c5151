"""Arrow reads only what Python's csv module would read in the same way: rows, faults and their line numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers import reader_csv
from mdi_engine.workbench.readers.chunks import Fault, Header
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.plain_csv import plain_table

VALUES = st.one_of(
    st.text(alphabet='a1 ,;"\n\r\t\0é\ufeff\u2028', max_size=4),
    st.sampled_from(
        ["", "a", "NULL", "nan", "1.5", "2024-01-01", '"a"', '"a,b"', '"a""b"', '""', '"a\nb"', '"', "true"]
    ),
)
LINES = st.lists(st.lists(VALUES, min_size=2, max_size=4).map(",".join), max_size=8)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@dataclass
class Found:
    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refused: str = ""


def found(path: Path) -> Found:
    seen = Found()
    try:
        for chunk in reader_csv.read_chunks(inspect(path, "utf-8"), Layout(), ("k", "n"), ("k",), ()):
            assert chunk.read == chunk.table.num_rows + len(chunk.faults)
            seen.rows += chunk.table.to_pylist()
            seen.faults += chunk.faults
    except InputRefused as error:
        seen.refused = error.message
    return seen


@settings(max_examples=400, deadline=None)
@given(LINES, ENDS, st.sampled_from(["k,n", "k,n,v", "k"]), st.integers(1, 40), st.booleans())
def test_what_is_read_fast_is_what_is_read_slowly(
    lines: list[str], end: str, header: str, stretch: int, ended: bool
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.csv"
        path.write_text(end.join([header, *lines]) + end * ended, encoding="utf-8", newline="")
        patch.setattr(reader_csv, "_STRETCH", stretch)
        fast = found(path)
        patch.setattr(reader_csv, "plain_table", lambda *_: None)
        assert fast == found(path)


def test_a_plain_stretch_is_read_fast_and_a_doubtful_one_is_not() -> None:
    header = Header(("k", "n", "v"), (("n", 1), ("absent", None)))
    table = plain_table('1,"a, ""b""",\r\n2,NULL,é\r\n', header, ",", 10)
    assert table is not None
    assert table.to_pylist() == [
        {"file_row": 11, "n": 'a, "b"', "absent": None, "other": '{"k": "1", "v": ""}'},
        {"file_row": 12, "n": "NULL", "absent": None, "other": '{"k": "2", "v": "é"}'},
    ]
    doubtful = ['1,a"b,\n', '1,"a"b,\n', '1,"a\nb",\n', "1,a,\n\n2,b,\n", "1,a\n", "1,a,\r2,b,\n", '1,"a,\n', "1,\0,\n"]
    assert [plain_table(text, header, ",", 0) for text in doubtful] == [None] * len(doubtful)
