from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from reader_helpers import HOSTILE, names, read

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.readers import json_stream
from mdi_engine.workbench.readers.chunks import Fault
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.reader import inspect_any

JSON, DATA, LINES = Layout("json"), Layout("json", records="data"), Layout("jsonl")
WORKER = """{"NIK": 9971060312000001, "NAMA": "SITI", "AKTIF": true, "GAJI": 3.2E+15, "BERAT": 1.10, "X": null,
 "PEKERJAAN": [{"STR": 1234567890123456789, "SIP": "503/1", "TMT": 1e3, "AKTIF": false, "X": null}]}"""


@pytest.mark.parametrize(
    ("layout", "content"),
    [(JSON, f"[{WORKER}]"), (DATA, f'{{"data": [{WORKER}]}}'), (LINES, WORKER.replace("\n", ""))],
    ids=["json", "data", "jsonl"],
)
def test_numbers_arrive_as_they_are_written_and_lists_as_json(tmp_path: Path, layout: Layout, content: str) -> None:
    wanted = ("NIK", "GAJI", "BERAT", "AKTIF", "X", "PEKERJAAN", "ABSENT")
    (row,) = read(tmp_path, content.encode(), layout, wanted, ("NIK",)).rows
    jobs = row.pop("PEKERJAAN")
    assert tuple(row.values()) == (1, "9971060312000001", "3.2E+15", "1.10", "true", None, None, '{"NAMA": "SITI"}')
    expected = {"STR": "1234567890123456789", "SIP": "503/1", "TMT": "1e3", "AKTIF": False, "X": None}
    assert json.loads(jobs) == [expected]
    with open_scratch(tmp_path / "spill") as con:
        unfolded = con.execute("SELECT json_extract_string(?, '$[*].STR')", [jobs]).fetchall()
    assert unfolded == [(["1234567890123456789"],)]


def test_rows_may_differ_in_their_columns(tmp_path: Path) -> None:
    content = b'[{"k": "1", "baru": [1]}, {"n": "a", "lain": 2.0}, {}]'
    found = read(tmp_path, content, JSON, ("k", "n"), ("k", "n"))
    assert [tuple(row.values()) for row in found.rows] == [
        (1, "1", None, '{"baru": ["1"]}'),
        (2, None, "a", '{"lain": "2.0"}'),
        (3, None, None, None),
    ]
    assert names(tmp_path, content, JSON) == ("k", "baru", "n", "lain")


def test_a_required_column_that_no_row_has_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="missing column n: no record has it") as caught:
        read(tmp_path, b'[{"k": 1}, {"k": 2}]', JSON, ("k", "n"), ("k", "n"))
    assert caught.value.facts["missing"] == ["n"]


def test_lines_that_are_no_records_are_set_aside(tmp_path: Path) -> None:
    deep = "[" * 5_000 + "]" * 5_000
    lines = [
        '{"k": "1"}',
        "",
        '{"k": ',
        "[1]",
        '{"k": 1, "k": 2}',
        '{"k": "\\ud800"}',
        '{"k": NaN}',
        '{"k": ' + deep + "}",
        '{"k": ' + "[" * 70 + "]" * 70 + "}",
        "7",
        '{"k": "\\ud83d\\ude00"}',
    ]
    found = read(tmp_path, "\n".join(lines).encode(), LINES, ("k",), ("k",))
    assert found.column("k") == ["1", "😀"]
    assert [(fault.row, fault.reason) for fault in found.faults] == [
        (2, "not JSON: Expecting value (line 3)"),
        (3, "a record is an object, with the names of columns; this is none"),
        (4, "not JSON: a name stands twice in one object (line 5)"),
        (5, "half a character: \\ud800 to \\udfff stand in pairs only"),
        (6, "not JSON: NaN is no JSON (line 7)"),
        (7, "nested more than 64 levels deep (line 8)"),
        (8, "nested more than 64 levels deep"),
        (9, "a record is an object, with the names of columns; this is none"),
    ]
    assert found.faults[0] == Fault(2, None, '{"k": \n', "not JSON: Expecting value (line 3)")


def test_records_of_a_document_that_are_none_are_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, b'[{"k": 1}, 7, [], {"k": "\\udc00"}, {"k": 1.5}]', JSON, ("k",))
    assert found.column("k") == ["1", "1.5"]
    assert [(fault.row, fault.value) for fault in found.faults] == [(2, "7"), (3, "[]"), (4, '{"k": "\\udc00"}')]


@pytest.mark.parametrize(
    ("layout", "content", "says"),
    [
        (JSON, '[{"k": 1},\n{"k" 2}]', "line 2: not JSON: Expecting ':' delimiter"),
        (JSON, '[{"k": 1},\n\n{"k": 2}', "line 3: not JSON: , or ] expected"),
        (JSON, '[{"k": 1}]\n]', "line 2: not JSON: text after the end of the document"),
        (JSON, '[{"k": 1, "k": 2}]', "line 1: not JSON: a name stands twice"),
        (JSON, "[" * 100_000, "line 1: not JSON: nested too deep"),
        (JSON, '[{"k": NaN}]', "NaN is no JSON"),
        (JSON, '{"data": []}', "one list of records was expected as the document"),
        (JSON, "<html>", "one list of records was expected as the document"),
        (DATA, "[]", "one list of records was expected at data"),
        (DATA, '{"datum": []}', "one list of records was expected at data"),
        (DATA, '{"data": {}}', "one list of records was expected at data"),
        (DATA, '{"data": [], "data": []}', "one list of records was expected at data"),
        (DATA, '{"x": "' + "y" * 100, "Unterminated string"),
        (JSON, "PK\x03\x04", "is an .xlsx workbook or another zip"),
    ],
)
def test_what_is_no_document_with_a_list_is_refused(tmp_path: Path, layout: Layout, content: str, says: str) -> None:
    with pytest.raises(InputRefused, match=says) as caught:
        read(tmp_path, content.encode(), layout, ("k",))
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("size", [1, 2, 5, 17])
def test_where_the_pieces_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    rows = [
        {"k": text, "n": number} for text in [*HOSTILE, "\\", "é\u2028"] for number in (1, -1.5e10, [True, {}], None)
    ]
    content = json.dumps({"a": {"x": [1.5, None], "data": rows}, "z": 12}, ensure_ascii=False).encode()
    layout = Layout("json", records="a.data")
    whole = read(tmp_path, content, layout, ("k", "n"))
    monkeypatch.setattr(json_stream, "_PIECE", size)
    assert read(tmp_path, content, layout, ("k", "n")) == whole
    assert whole.column("k")[::4] == [*HOSTILE, "\\", "é\u2028"]


def test_gzip_and_byte_order_marks(tmp_path: Path) -> None:
    for content in (gzip.compress(b'[{"k": 1}]'), '[{"k": 1}]'.encode("utf-8-sig"), '[{"k": 1}]'.encode("utf-16")):
        assert read(tmp_path, content, JSON, ("k",)).column("k") == ["1"]
    assert read(tmp_path, gzip.compress(b'{"k": 1}\n'), LINES, ("k",)).column("k") == ["1"]


def test_a_document_in_one_line_may_be_longer_than_a_line_of_csv(tmp_path: Path) -> None:
    row = json.dumps({"k": "x" * 1_000_000})
    path = tmp_path / "a.json"
    path.write_text("[" + ",".join([row] * 70) + "]")
    assert inspect(path, "utf-8", format="json").size > 64 << 20
    assert read(tmp_path, path.read_bytes(), JSON, ("k",)).read == 70


@pytest.mark.parametrize(
    ("content", "path"),
    [('[{"k": 1}]', None), ('{"n": 1, "meta": {"x": {}}, "d": {"l": [{"k": 1}]}}', "d.l"), ('{"a.b": [1]}', None)],
)
def test_a_file_without_a_contract_is_read_from_its_first_list(tmp_path: Path, content: str, path: str | None) -> None:
    file = tmp_path / "a.json"
    file.write_text(content)
    assert inspect_any(file)[1] == Layout("json", records=path)
