"""Every reader against anything: arbitrary bytes, and sound files with some bytes changed.

What may happen is a refusal, or rows and faults that add up; `read` proves the sum. Time is bounded by the size of the
file: an example that takes long fails by the time limit of the suite.
"""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import HOSTILE, read, workbook

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.formats import Layout

LAYOUTS = [
    Layout("csv"),
    Layout("xlsx"),
    Layout("xlsx", header_rows=2),
    Layout("html"),
    Layout("html", header_rows=2),
    Layout("json"),
    Layout("json", records="data"),
    Layout("jsonl"),
    Layout("parquet"),
]
SHARED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60
)
ROWS: list[Sequence[Any]] = [
    ("nik", "nama", "kerja"),
    ("9971060312000001", "SITI \u202e", None),
    (9971060312, "=1+1", True),
    (3.5, "", "2020-01-02"),
]


def html(rows: Sequence[Sequence[Any]]) -> bytes:
    cells = ("".join(f"<td colspan=1>{'' if cell is None else cell}</td>" for cell in row) for row in rows)
    return ("<html><!-- x --><table border=1>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>").encode()


def parquet(rows: Sequence[Sequence[Any]]) -> bytes:
    columns = [[None if cell is None else str(cell) for cell in column] for column in zip(*rows[1:], strict=True)]
    out = io.BytesIO()
    pq.write_table(pa.table({**dict(zip(rows[0], columns, strict=True)), "n": [[1], [], None]}), out)
    return out.getvalue()


OBJECTS = [{**dict(zip(ROWS[0], row, strict=True)), "n": [{"a": 1e5}]} for row in ROWS[1:]]
SOUND = {
    "csv": "\n".join(",".join(map(str, row)) for row in ROWS).encode(),
    "xlsx": workbook(ROWS),
    "html": html(ROWS),
    "json": json.dumps({"x": [1, {}], "data": OBJECTS}).encode(),
    "jsonl": "\n".join(map(json.dumps, OBJECTS)).encode(),
    "parquet": parquet(ROWS),
}
MARKS = [b"", b"PK\x03\x04", b"PAR1", b"<table><tr><td>", b"[{", b'{"data":[', b"\x1f\x8b", b"nik,nama\n", b'"']


def reads_or_refuses(folder: Path, content: bytes, layout: Layout) -> None:
    with suppress(InputRefused):
        read(folder, content, layout, ("nik", "nama"), (), ("nik",))


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@given(mark=st.sampled_from(MARKS), content=st.binary(max_size=300))
@SHARED
def test_arbitrary_bytes(tmp_path: Path, layout: Layout, mark: bytes, content: bytes) -> None:
    reads_or_refuses(tmp_path, mark + content, layout)


edits = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6)


def mutated(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Some places overwritten, some taken out, some put in, and sometimes the rest cut off."""
    for at, kind, piece in changes:
        place = at % (len(content) + 1)
        cut = {0: len(piece), 1: 0, 2: 3, 3: len(content) if at % 7 == 0 else 1}[kind]
        content = content[:place] + piece + content[place + cut :]
    return content


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@given(changes=edits)
@SHARED
def test_mutated_files(tmp_path: Path, layout: Layout, changes: list[tuple[int, int, bytes]]) -> None:
    reads_or_refuses(tmp_path, mutated(SOUND[layout.format], changes), layout)


MARKUP = """<table> </table> <tr> </tr> <td> </td> <th#rowspan=3> <td#colspan=0> <td#rowspan=0> <td#colspan=99999> <!--
--> <![if#x]> <![x <!doctype <script> </script> < & &# &#xD800; &nbsp; &lt <td#a=' x <br> <p> </ <? <a/>"""
markup = st.lists(
    st.sampled_from([*(word.replace("#", " ") for word in MARKUP.split()), "\0", "\u202e", "\n"]), max_size=60
).map("".join)


@given(page=markup, rows=st.sampled_from([1, 2]))
@settings(SHARED, max_examples=300)
def test_any_markup(tmp_path: Path, page: str, rows: int) -> None:
    reads_or_refuses(tmp_path, ("<table>" + page).encode(), Layout("html", header_rows=rows))


ATTRIBUTES = ["span", "span ", "span=", "span='", 'span="', "rowspan = ", "span\t\t\t", "=span", "/span", "span\"'"]


@pytest.mark.parametrize("piece", ATTRIBUTES)
def test_long_attributes_take_time_in_proportion(tmp_path: Path, piece: str) -> None:
    """Four times the text takes about four times as long, not sixteen times; and a million characters hardly any."""

    def seconds(length: int) -> float:
        page = f"<table><tr><td>nik<td>nama</tr><tr><td {piece * (length // len(piece))}>1<td>x</table>".encode()
        started = time.perf_counter()
        reads_or_refuses(tmp_path, page, Layout("html"))
        return time.perf_counter() - started

    short = min(seconds(12_500) for _ in range(3))
    assert min(seconds(50_000) for _ in range(3)) < 10 * max(short, 0.01)
    assert seconds(1_000_000) < 20


TOKENS = r"""{ } [ ] , : "a" "data" "nik" 1 1e - 0.5E+3 null true NaN "\u "\ud800" "\ /* ' {"nik":1} {"nik":[[]]},"""
tokens = st.lists(st.sampled_from([*TOKENS.split(), "\n", " ", "\x00"]), max_size=40).map("".join)


@pytest.mark.parametrize("layout", [Layout("json"), Layout("json", records="data"), Layout("jsonl")], ids=str)
@given(text=tokens)
@settings(SHARED, max_examples=200)
def test_any_json(tmp_path: Path, layout: Layout, text: str) -> None:
    reads_or_refuses(tmp_path, ('{"data": [' if layout.records else "[").encode() + text.encode(), layout)


texts = st.one_of(
    st.sampled_from([*HOSTILE, "\x00", "a\tb"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)


@given(rows=st.lists(st.tuples(texts, texts), max_size=12), zipped=st.booleans())
@SHARED
def test_json_lines_read_back_any_text(tmp_path: Path, rows: list[tuple[str, str]], zipped: bool) -> None:
    lines = "".join(json.dumps({"k": k, "n": n}, ensure_ascii="é" in k) + "\n" for k, n in rows)
    # JSON escapes controls but these, at which no line of ours may end.
    content = lines.encode()
    found = read(
        tmp_path, gzip.compress(content) if zipped and rows else content or b"\n{}", Layout("jsonl"), ("k", "n")
    )
    assert not found.faults
    assert not rows or [(row["k"], row["n"]) for row in found.rows] == rows


@given(rows=st.lists(st.tuples(texts, texts), max_size=12))
@SHARED
def test_json_reads_back_any_text(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    document = {"meta": {"n": 1}, "d": {"l": [{"k": k, "n": n} for k, n in rows]}, "end": [None]}
    found = read(tmp_path, json.dumps(document).encode(), Layout("json", records="d.l"), ("k", "n"))
    assert [(row["k"], row["n"]) for row in found.rows] == rows


@given(rows=st.lists(st.tuples(texts | st.none(), texts), min_size=1, max_size=12))
@SHARED
def test_parquet_reads_back_any_text(tmp_path: Path, rows: list[tuple[str | None, str]]) -> None:
    out = io.BytesIO()
    pq.write_table(
        pa.table(
            {"k": [k for k, _ in rows], "n": [n for _, n in rows]},
            schema=pa.schema([("k", pa.string()), ("n", pa.string())]),
        ),
        out,
    )
    found = read(tmp_path, out.getvalue(), Layout("parquet"), ("k", "n"))
    assert [(row["k"], row["n"]) for row in found.rows] == rows


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff_"), max_size=9)


@given(rows=st.lists(st.tuples(printable, printable | st.sampled_from(HOSTILE[:2] + HOSTILE[3:])), max_size=8))
@SHARED
def test_workbooks_read_back_any_text(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    content = workbook([("k", "n"), *((("'" + k), n) for k, n in rows)])
    found = read(tmp_path, content, Layout("xlsx"), ("k", "n"))
    assert found.column("k") == ["'" + k for k, _ in rows]
    # A formula that nobody computed is empty; calamine takes a text of blanks for none.
    assert found.column("n") == [None if n.startswith("=") or not n.strip(" \n") else n for _, n in rows]
