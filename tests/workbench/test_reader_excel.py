from __future__ import annotations

import datetime
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from reader_helpers import HOSTILE, names, read, rezipped, saved, workbook

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers import xlsx_guard
from mdi_engine.workbench.readers.chunks import Fault
from mdi_engine.workbench.readers.formats import Layout

XLSX = Layout("xlsx")
NIK = "9971060312000001"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"


def with_sheet(data: str, **parts: str) -> bytes:
    """A workbook whose sheet is this XML of rows; `parts` replaces others by their stem."""
    changed = {f"xl/{stem}.xml": text.encode() for stem, text in parts.items()}
    changed[SHEET] = f"<worksheet {MAIN}><sheetData>{data}</sheetData></worksheet>".encode()
    return rezipped(workbook([("k",)]), changed)


def test_cells_are_text_as_they_are_shown(tmp_path: Path) -> None:
    rows = [
        ("k", "n"),
        (NIK, "text"),
        (81234567890, "a phone typed as a number"),
        (3.5, "a fraction"),
        (-0.0, "nothing"),
        (True, "true"),
        (datetime.date(1990, 5, 15), "a date"),
        (datetime.datetime(1990, 5, 15, 7, 30), "a moment"),  # noqa: DTZ001 as in a workbook
        (datetime.time(7, 30), "a time"),
        (None, "an empty cell"),
        ("#N/A", "an error"),
        (9971060312000001, "no code, so it is taken"),
    ]
    found = read(tmp_path, workbook(rows), XLSX, ("k", "n"))
    assert found.column("k") == [
        NIK,
        "81234567890",
        "3.5",
        "0",
        "true",
        "1990-05-15",
        "1990-05-15T07:30:00",
        "07:30:00",
        None,
        None,
        "9971060312000000.0",
    ]
    assert not found.faults


def test_a_number_that_is_a_code_is_taken_only_whole_and_with_all_its_digits(tmp_path: Path) -> None:
    rows = [("k", "n"), (NIK, 1), (int(NIK), 2), (999_999_999_999_999, 3), (10**15, 4), (3.5, 5), (None, 6), (7, 3.5)]
    found = read(tmp_path, workbook(rows), XLSX, ("k", "n"), ("k",), ("k",))
    assert found.column("k") == [NIK, None, "999999999999999", None, None, None, "7"]
    assert found.column("n") == ["1", "2", "3", "4", "5", "6", "3.5"]
    lost = "a number of 16 digits lost its last digits in the spreadsheet; export this column as text"
    assert found.faults == [
        Fault(2, "k", "9971060312000000.0", lost),
        Fault(4, "k", "1000000000000000.0", lost),
        Fault(5, "k", "3.5", "a number that is not whole is no code; export this column as text"),
    ]


def test_empty_rows_are_no_rows_and_columns_are_found_by_name(tmp_path: Path) -> None:
    rows = [(), (None, None), (None, "n ", "baru", "k"), (None, "a", 1, "x"), (), (None, None, None, "y")]
    found = read(tmp_path, workbook(rows), XLSX, ("k", "n", "absent"), ("k",))
    assert [tuple(row.values()) for row in found.rows] == [
        (1, "x", "a", None, '{"baru": "1"}'),
        (2, "y", None, None, '{"baru": null}'),
    ]


def test_what_stands_right_of_the_header_makes_a_row_too_wide(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([("k", "n"), ("1", "a"), ("2", "b", None, "stray")]), XLSX, ("k", "n"))
    assert found.column("k") == ["1"]
    assert found.faults == [Fault(2, None, "2\tb\t\tstray", "4 fields where the header has 2")]


def test_two_header_rows_join_group_and_name(tmp_path: Path) -> None:
    rows = [("No", "STR", None, "Kontak", "x"), (None, "nomor", "tanggal", "hp", None), (1, "a", "b", "c", "d")]
    content = workbook([(), *rows], merged=["A2:A3", "B2:C2"])
    two = Layout("xlsx", header_rows=2)
    assert names(tmp_path, content, two) == ("No", "STR nomor", "STR tanggal", "Kontak hp", "x")
    assert read(tmp_path, content, two, ("STR tanggal",)).column("STR tanggal") == ["b"]


def test_the_sheet_is_the_first_or_the_named_one(tmp_path: Path) -> None:
    content = workbook([("k",), ("1",)], Data=[("k",), ("2",)], Empty=[])
    assert read(tmp_path, content, XLSX, ("k",)).column("k") == ["1"]
    assert read(tmp_path, content, Layout("xlsx", sheet="Data"), ("k",)).column("k") == ["2"]
    with pytest.raises(InputRefused, match="there is no sheet 'data' among its 3 sheets"):
        read(tmp_path, content, Layout("xlsx", sheet="data"), ("k",))
    with pytest.raises(InputRefused, match="the sheet 'Empty' has no header"):
        read(tmp_path, content, Layout("xlsx", sheet="Empty"), ("k",))


def test_hostile_text_survives(tmp_path: Path) -> None:
    texts = [text for text in HOSTILE if text.strip() and "\x1b" not in text and text[0] != "="]
    assert read(tmp_path, workbook([("k",), *((text,) for text in texts)]), XLSX, ("k",)).column("k") == texts


def test_of_a_formula_the_computed_value_is_taken(tmp_path: Path) -> None:
    data = "<row><c t='inlineStr'><is><t>k</t></is></c></row><row><c><f>1+1</f><v>2</v></c></row>"
    assert read(tmp_path, with_sheet(data), XLSX, ("k",)).column("k") == ["2"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"kode,nama\n1,a\n", "is plain text, such as CSV"),
        ("kode;nama\n1;é\n".encode("utf-16"), "is plain text, such as CSV"),
        (b"\x01\x02kode", "is no xlsx file, by its first bytes"),
        (b"<html><table>", "is HTML or XML"),
        (b"PK\x03\x04" + bytes(40), "its zip is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old binary .xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (b"\x1f\x8b\x08\x00", "is a gzip"),
        (b"", "the file is empty"),
        (workbook([("k", "k")]), "the header names 'k' more than once"),
        (workbook([("x", "y")]), "missing column k; none of its 2 columns is known"),
        (workbook([]), "has no header"),
        (workbook([("k",)])[:-30], "its zip is damaged"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_is_no_workbook_with_a_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InputRefused, match=says):
        read(tmp_path, content, XLSX, ("k",), ("k",))


@pytest.mark.parametrize(
    ("parts", "left_out", "says"),
    [
        ({SHEET: b"<worksheet>"}, (), "no sound XML"),
        ({SHEET: b"<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet>&a;</worksheet>"}, (), "document type"),
        ({}, (SHEET,), "a part that it names is missing"),
        ({}, ("xl/workbook.xml",), "a zip, but no .xlsx workbook"),
        ({"content.xml": b"<x/>"}, (), "a zip, but no .xlsx workbook"),
        ({"XL/Workbook.xml": b"<x/>"}, (), "two parts of its zip share a name"),
        ({"xl/workbook.xml": b"<workbook><sheets/></workbook>"}, (), "it has no sheet"),
        (
            {SHEET: b"<worksheet><sheetData><row><c r='1A'><v>1</v></c></row></sheetData></worksheet>"},
            (),
            "no sound XML",
        ),
    ],
)
def test_a_workbook_with_a_broken_part_is_refused(
    tmp_path: Path, parts: dict[str, bytes], left_out: tuple[str, ...], says: str
) -> None:
    with pytest.raises(InputRefused, match=says):
        read(tmp_path, rezipped(workbook([("k",), ("1",)]), parts, left_out), XLSX, ("k",))


def test_a_zip_that_inflates_beyond_measure_is_refused(tmp_path: Path) -> None:
    content = rezipped(workbook([("k",)]), {"xl/media/a.png": bytes(80 << 20)})
    with pytest.raises(InputRefused, match=r"bytes of \.xlsx inflate to more than 67108864 bytes"):
        read(tmp_path, content, XLSX, ("k",))


def test_a_zip_that_lies_about_its_size_is_measured(tmp_path: Path) -> None:
    content = rezipped(workbook([("k",)]), {"xl/media/a.png": bytes(80 << 20)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo("xl/media/a.png").file_size == 80 << 20
    lied = content.replace(struct.pack("<I", 80 << 20), struct.pack("<I", 10))
    with zipfile.ZipFile(io.BytesIO(lied)) as archive:
        assert archive.getinfo("xl/media/a.png").file_size == 10
    with pytest.raises(InputRefused, match="inflate to more than"):
        read(tmp_path, lied, XLSX, ("k",))


@pytest.mark.parametrize(
    "data",
    [
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'>" + "<c><v>1</v></c>" * 40 + "</row>",
        "<row/>" * 1_048_575 + "<row>" + "<c><v>1</v></c>" * 40 + "</row>",
    ],
    ids=["a corner", "a row", "rows without numbers"],
)
def test_a_sheet_that_spans_too_much_is_refused_before_it_is_held(tmp_path: Path, data: str) -> None:
    with pytest.raises(InputRefused, match="its sheet spans 1048576 rows"):
        read(tmp_path, with_sheet(data), XLSX, ("k",))


def test_cells_that_are_formatted_and_empty_do_not_count(tmp_path: Path) -> None:
    data = "<row><c t='inlineStr'><is><t>k</t></is></c></row><row r='1048576'><c r='XFD1048576' s='0'/></row>"
    assert read(tmp_path, with_sheet(data), XLSX, ("k",)).rows == []


def shared_text(cells: int, text: str) -> bytes:
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{relation}/worksheet" Target="/{SHEET}"/>'
        f'<Relationship Id="rId2" Type="{relation}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    strings = f"<sst {MAIN}><si><t>k</t></si><si><r><t>{text}</t></r></si></sst>"
    data = "<row><c t='s'><v>0</v></c></row>" + "<row><c t='s'><v>1</v></c></row>" * cells
    content = with_sheet(data, sharedStrings=strings)
    return rezipped(content, {"[Content_Types].xml": types.encode(), "xl/_rels/workbook.xml.rels": rels.encode()})


def test_a_text_that_many_cells_share_is_counted_as_often(tmp_path: Path) -> None:
    assert read(tmp_path, shared_text(3, "abc"), XLSX, ("k",)).column("k") == ["abc"] * 3
    with pytest.raises(InputRefused, match="the texts of its cells come to more than"):
        read(tmp_path, shared_text(3_000, "x" * 30_000), XLSX, ("k",))


def test_dates_counted_from_1904_are_the_same_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime.datetime(1904, 1, 1)  # noqa: DTZ001 as openpyxl has it
    assert book.active is not None
    for row in (["k"], [datetime.date(1990, 5, 15)]):
        book.active.append(row)
    assert read(tmp_path, saved(book), XLSX, ("k",)).column("k") == ["1990-05-15"]


def test_the_guard_knows_the_columns_of_excel() -> None:
    numbers = xlsx_guard._ColumnNumbers()
    assert [numbers[letters] for letters in ("A", "Z", "AA", "XFD")] == [1, 26, 27, 16_384]
