from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.workbench.readers.chunks import Chunk, Fault
from mdi_engine.workbench.readers.extract import Extract, inspect
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.reader import read_chunks, read_names

HOSTILE = ['"', "'", "\x00", "\x1b[2J", "\u202eRS", "=1+1", "a,b", "a\nb", "a\r\nb", "", " ", "'; DROP TABLE raw; --"]

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))


def extract_of(tmp_path: Path, content: str) -> Extract:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return inspect(path, "utf-8")


def chunks_of(extract: Extract, columns: tuple[str, ...] = ("k", "n", "v")) -> list[Chunk]:
    return list(read_chunks(extract, Layout(), columns, columns))


def rows_of(chunks: list[Chunk]) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for chunk in chunks for row in chunk.table.to_pylist()]


def faults_of(chunks: list[Chunk]) -> list[Fault]:
    return [fault for chunk in chunks for fault in chunk.faults]


@given(
    rows=st.lists(st.tuples(texts, texts, texts), max_size=12),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_text_is_read_back_verbatim_and_in_order(
    tmp_path: Path, rows: list[tuple[str, str, str]], line_end: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows([("k", "n", "v"), *rows])
    chunks = chunks_of(extract_of(tmp_path, out.getvalue()))
    assert rows_of(chunks) == [(number, *row, None) for number, row in enumerate(rows, start=1)]
    assert not faults_of(chunks)


@given(widths=st.lists(st.integers(1, 5), max_size=30))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_rows_of_the_wrong_width_are_set_aside_and_the_counts_add_up(tmp_path: Path, widths: list[int]) -> None:
    lines = [",".join(["x"] * width) for width in widths]
    chunks = chunks_of(extract_of(tmp_path, "\n".join(["k,n,v", *lines, ""])))
    assert [fault.row for fault in faults_of(chunks)] == [n for n, width in enumerate(widths, 1) if width != 3]
    assert [row[0] for row in rows_of(chunks)] == [n for n, width in enumerate(widths, 1) if width == 3]
    assert sum(chunk.read for chunk in chunks) == len(widths)


def test_faults_keep_the_text_and_say_why(tmp_path: Path) -> None:
    chunks = chunks_of(extract_of(tmp_path, 'k,n,v\n1,few\n2,"RS" Umum,x\n3,a"b,x\n4,too,many,x\n'))
    assert faults_of(chunks) == [
        Fault(1, None, "1,few", "2 fields where the header has 3"),
        Fault(2, None, '2,"RS" Umum,x\n', "quotes: ',' expected after '\"' (line 3)"),
        Fault(4, None, "4,too,many,x", "4 fields where the header has 3"),
    ]
    assert rows_of(chunks) == [(3, "3", 'a"b', "x", None)]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    chunks = chunks_of(extract_of(tmp_path, "\nk,n,v\n\n1,a,b\n\n\n2,c,d\n\n"))
    assert [row[0] for row in rows_of(chunks)] == [1, 2]


def test_blank_lines_of_a_file_of_one_column_are_rows(tmp_path: Path) -> None:
    chunks = chunks_of(extract_of(tmp_path, '\nk\n1\n\n""\n4,x\n\n6\n'), ("k",))
    assert rows_of(chunks) == [(1, "1", None), (2, "", None), (3, "", None), (5, "", None), (6, "6", None)]
    assert [fault.row for fault in faults_of(chunks)] == [4]


def test_columns_are_found_by_name_and_strangers_are_kept(tmp_path: Path) -> None:
    extract = extract_of(tmp_path, 'baru,v, k\n"é""",1,2\n')
    (chunk,) = read_chunks(extract, Layout(), ("k", "n", "v"), ("k",))
    row = chunk.table.to_pylist()[0]
    assert json.loads(row.pop("other")) == {"baru": 'é"'}
    assert row == {"file_row": 1, "k": "2", "n": None, "v": "1"}


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    extract = extract_of(tmp_path, separator.join(["k", "n"]) + "\n" + separator.join(["1", "a,b"]) + "\n")
    (chunk,) = read_chunks(extract, Layout(separator=separator), ("k", "n"), ("k", "n"))
    assert chunk.table.column("n").to_pylist() == ["a,b"]


@pytest.mark.parametrize("separator", [";;", "", "\n", '"', "a"])
def test_a_separator_that_is_none_names_those_accepted(tmp_path: Path, separator: str) -> None:
    with pytest.raises(UsageError, match="accepted are a comma, a semicolon, a tab and"):
        read_names(extract_of(tmp_path, "k,n\n"), Layout(separator=separator))


def test_a_field_of_ten_megabytes_is_kept_whole(tmp_path: Path) -> None:
    long = "x\x00" * 5_000_000
    chunks = chunks_of(extract_of(tmp_path, f'k,n,v\n1,"{long}",b\n2,a,b\n'))
    assert [row[2] for row in rows_of(chunks)] == [long, "a"]


def test_long_files_come_in_chunks_that_number_on(tmp_path: Path) -> None:
    chunks = chunks_of(extract_of(tmp_path, "k,n,v\n" + "".join(f"{i},a,b\n" for i in range(1, 12_002))))
    assert [chunk.read for chunk in chunks] == [5_000, 5_000, 2_001]
    assert [row[0] for row in rows_of(chunks)] == list(range(1, 12_002))


def test_missing_columns_are_named_together(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="missing column n, v; of its 2 columns, known are k") as caught:
        chunks_of(extract_of(tmp_path, "k,x\n1,2\n"))
    assert caught.value.facts["missing"] == ["n", "v"]
    assert caught.value.facts["found"] == ["k"]


@pytest.mark.parametrize("first", ["3171234567890123,SITI", "3171234567890123,SITI,SITI", "k,k,3171234567890123"])
def test_a_first_line_that_is_data_is_quoted_nowhere(tmp_path: Path, first: str) -> None:
    extract = extract_of(tmp_path, first + "\n1,2,3\n")
    with pytest.raises(InputRefused) as caught:
        chunks_of(extract)
    told = f"{caught.value} {caught.value.facts}"
    assert f"{len(first.split(','))} columns" in told
    assert ("looks like data" in told) == ("k" not in first)
    assert "3171234567890123" not in told
    assert "SITI" not in told


def test_a_doubled_header_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="the header names 'k' more than once"):
        chunks_of(extract_of(tmp_path, "k,n,v, k\n1,2,3,4\n"))


@pytest.mark.parametrize("body", ['1,"a,b\n2,c,d\n', '1,a,"', 'x"\n1,"a'])
def test_a_quote_that_is_never_closed_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(InputRefused, match="is never closed"):
        chunks_of(extract_of(tmp_path, "k,n,v\n" + body))


def test_names_of_a_file(tmp_path: Path) -> None:
    assert read_names(extract_of(tmp_path, "k, n ,\x00\n"), Layout()) == ("k", "n", "\x00")
