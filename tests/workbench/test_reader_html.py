from __future__ import annotations

import gzip
import html
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import HOSTILE, names, read

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers import reader_html
from mdi_engine.workbench.readers.chunks import Fault
from mdi_engine.workbench.readers.formats import Layout

HTML, TWO = Layout("html"), Layout("html", header_rows=2)
HEAD = "<tr><th>k</th><th>n</th></tr>"
STAFF = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8">
<style>td { mso-number-format: "\\@" }</style><!--[if gte mso 9]><xml><x:Name>a</x:Name></xml><![endif]--></head><body>
<h3>Daftar pegawai</h3>
<table border="1" title="a > b">
  <thead><tr><th rowspan="2">No</th><th colspan="2">Izin</th><th rowspan=2>No. HP</th></tr>
  <tr><th>no_str</th><th>berlaku</th></tr></thead>
  <tbody>
  <tr><td>1</td><td>'31.1.1.100.2.14.123456</td><td>Seumur&nbsp;Hidup</td><td>0812&amp;3</td></tr>
  <tr><td>2</td><td></td><td>A<br>B</td><td class="x">  a
     b </td></tr>
</table><table><tr><td>another</td></tr></table>"""


def table(rows: str) -> bytes:
    return f"<table>{HEAD}{rows}</table>".encode()


def test_the_xls_of_a_register_is_read(tmp_path: Path) -> None:
    assert names(tmp_path, STAFF.encode(), TWO) == ("No", "Izin no_str", "Izin berlaku", "No. HP")
    found = read(tmp_path, STAFF.encode(), TWO, ("No", "Izin no_str", "Izin berlaku", "No. HP"), ("No",), ("No. HP",))
    assert [tuple(row.values()) for row in found.rows] == [
        (1, "1", "'31.1.1.100.2.14.123456", "Seumur\u00a0Hidup", "0812&3", None),
        (2, "2", "", "A\nB", "a b", None),
    ]
    assert (found.read, found.faults) == (2, [])


@given(rows=st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=8)] * 2), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_any_text_is_read_back_with_its_blanks_folded(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    body = "".join(f"<tr><td>{html.escape(k)}</td><td>x{html.escape(n)}x</tr>\n" for k, n in rows)
    found = read(tmp_path, table(body), HTML, ("k", "n"))
    blanks = str.maketrans("\t\n\f\r", "    ")
    assert found.column("n") == [" ".join(filter(None, f"x{n}x".translate(blanks).split(" "))) for _, n in rows]
    assert not found.faults


@pytest.mark.parametrize("rest", ["", "\n", "<tr>", "<tr><td>2"])
def test_a_page_cut_off_at_the_end_of_a_row_is_refused(tmp_path: Path, rest: str) -> None:
    cut = f"<html><body><table>{HEAD}<tr><td>1</td><td>a</td></tr>{rest}".encode()
    with pytest.raises(InputRefused, match="ends inside its table"):
        read(tmp_path, cut, HTML, ("k", "n"))


@pytest.mark.parametrize("end", ["</table>", "</td></TABLE >", "</body></html>", "</html>"])
def test_a_page_that_ends_without_all_its_tags_is_whole(tmp_path: Path, end: str) -> None:
    page = f"<html><body><table>{HEAD}<tr><td>1</td><td>a{end}".encode()
    assert read(tmp_path, page, HTML, ("k", "n")).column("n") == ["a"]


def test_hostile_text_survives(tmp_path: Path) -> None:
    texts = [*(text for text in HOSTILE if text.strip() and "\n" not in text), "\x00a", "\ufeff"]
    body = "".join(f"<tr><td>{html.escape(text)}<td>x" for text in texts)
    assert read(tmp_path, table(body), HTML, ("k",)).column("k") == texts


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("<tr><td>1<td>a<tr><td>2<td>b", [("1", "a"), ("2", "b")]),
        ("<td>1<td>a</tr><td>2<td>b", [("1", "a"), ("2", "b")]),
        ("<TR><TD>1</TD><TD>a</TD></TR>", [("1", "a")]),
        ("<tr><td><b>1</b><td><font color='>'>a</font>", [("1", "a")]),
        ("<tr><td>1<td><table><tr><td>x<td>y</table></td></tr><tr><td>2<td>b", [("1", "x y"), ("2", "b")]),
        ("<tr><td>1<td><script>'</td><td>'</script>a", [("1", "a")]),
        ("<tr><td>1<td>a < b <> c</3>", [("1", "a < b <> c")]),
        ("<tr><td>1<td><!-- </td> -->a<!>b<![endif]>c<?php ?>", [("1", "abc")]),
        ("<tr><td>1<td>&lt;&#65;&#xD800;&nosuch;&amp", [("1", "<A\ufffd&nosuch;&")]),
        ("<tr><td rowspan=2>1<td>a<tr><td>b", [("1", "a"), ("1", "b")]),
        ("<tr><td colspan=2>both", [("both", "both")]),
        ("<tr><td>1<td rowspan=9>a<tr><td>2", [("1", "a"), ("2", "a")]),
        ("<tr></tr><tr><td><td> </tr><tr><td>1<td>a", [("1", "a")]),
        ("<tr><td>1<td>a<table><tr><td>x", [("1", "a x")]),
        ("<tr><td>1</td><td>a</td></tr><table><tr><td>x", [("1", "a")]),
        ('<tr><td a=b">1<td>a', [("1", "a")]),
    ],
)
def test_what_browsers_make_of_it_is_made_of_it(tmp_path: Path, rows: str, expected: list[tuple[str, str]]) -> None:
    found = read(tmp_path, f"<table>{HEAD}{rows}</html>".encode(), HTML, ("k", "n"))
    assert [(row["k"], row["n"]) for row in found.rows] == expected
    assert not found.faults


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_where_the_pieces_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    wanted = ("No", "Izin no_str", "Izin berlaku", "No. HP")
    whole = read(tmp_path, STAFF.encode(), TWO, wanted)
    monkeypatch.setattr(reader_html, "_PIECE", size)
    assert read(tmp_path, STAFF.encode(), TWO, wanted) == whole


def test_rows_of_the_wrong_width_are_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, table("<tr><td>1<tr><td>2<td>b<tr><td>3<td>c<td>d<tr><td colspan=99999>4" * 1), HTML, ("k",))
    assert found.column("k") == ["2"]
    assert [fault.reason for fault in found.faults[:2]] == [
        "1 field where the header has 2",
        "3 fields where the header has 2",
    ]
    assert found.faults[0] == Fault(1, None, "1", "1 field where the header has 2")
    assert found.faults[2].reason == "1000 fields where the header has 2"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ('<meta charset="windows-1252"><table><tr><td>k<tr><td>\u00e9\u2019</table>'.encode("cp1252"), "utf-8"),
        (
            "<META http-equiv=x content='text/html; charset=iso-8859-1'><table><td>k<tr><td>é’</table>".encode(
                "cp1252"
            ),
            "utf-8",
        ),
        ("<meta charset=utf-8><table><td>k<tr><td>é’</table>".encode(), "cp1252"),
        ("<table><td>k<tr><td>é’</table>".encode("cp1252"), "cp1252"),
        ("<table><td>k<tr><td>é’</table>".encode("utf-16"), "utf-8"),
        (gzip.compress("<table><td>k<tr><td>é’</table>".encode(), mtime=0), "utf-8"),
    ],
)
def test_a_page_may_state_its_charset(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert read(tmp_path, content, HTML, ("k",), encoding=encoding).column("k") == ["é’"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><body>Session expired</body></html>", "has no HTML table with a header"),
        (b"kode,nama\n1,a\n", "has no HTML table with a header"),
        (b"<table></table>", "has no HTML table with a header"),
        (b"PK\x03\x04", "is an .xlsx workbook or another zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old binary .xls"),
        (table("<tr><td>1<td>a<!-- "), "ends inside a tag, comment or script"),
        (table("<tr><td>1<td>a<script> "), "ends inside a tag, comment or script"),
        (f"<table>{HEAD}<tr><td>1<td a='".encode(), "ends inside a tag, comment or script"),
        (b"<table><td>k<td>k</table>", "the header names 'k' more than once"),
        (b"<table><td>x</table>", "missing column k; its one column is not known"),
        (b"<meta charset=klingon><table><td>k", "says of itself charset=klingon"),
        (b"<table><td>k<tr><td>\xff", "byte 0xff is not utf-8"),
        (b"<table><!--" + b"x" * (2 << 20), "a tag or comment is longer"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_is_no_page_with_a_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InputRefused, match=says):
        read(tmp_path, content, HTML, ("k",), ("k",))


def test_spans_may_not_multiply_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_html, "_COPIED_SPARED", 1 << 20)
    bomb = f"<table>{HEAD}<tr>" + "<td colspan=1000 rowspan=0>x" * 16 + "<tr><td>" * 20_000
    with pytest.raises(InputRefused, match="colspan and rowspan copy its cells more than 50 times"):
        read(tmp_path, bomb.encode(), HTML, ("k",))


@pytest.mark.parametrize("piece", ["<td", "<!", "<!--", "</", "<a '", '<a ="', "&", "<script><", "<td a=", "<"])
def test_markup_that_does_not_end_takes_no_time(tmp_path: Path, piece: str) -> None:
    content = ("<table><tr><td>k<tr><td>" + piece * (2_000_000 // len(piece))).encode()
    started = time.monotonic()
    with suppress(InputRefused):
        read(tmp_path, content, HTML, ("k",))
    assert time.monotonic() - started < 20
