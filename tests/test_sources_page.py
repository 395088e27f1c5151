"""docs/sources.md followed to the letter: its blocks become files where it says so, and its commands are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from mdi_engine.settings import shipped
from mdi_engine.workbench.contract import Column, _Source, load_contract
from test_docs import ROOT, blocks, check, stage, steps

PAGE = ROOT / "docs" / "sources.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page was followed."""
    place = stage(tmp_path_factory.mktemp("page") / "mdi-engine")
    written = write_files(PAGE.read_text("utf-8"), place)
    assert written == [
        "klinik.jsonl",
        *(f"mdi-home/pipelines/klinik/{name}" for name in ("source.toml", "mapping.sql", "README.md")),
    ]
    for block in blocks(PAGE.read_text("utf-8")):
        if block.language == "console":
            for step in steps(block):
                check(step, place)
    return place


def write_files(text: str, place: Path) -> list[str]:
    """A block under a line with nothing but a path in backticks is the content of that file."""
    lines, written = text.splitlines(), []
    for block in blocks(text):
        above = next((line for line in reversed(lines[: block.line - 1]) if line.strip()), "")
        if path := re.fullmatch(r"`([\w./-]+)`", above.strip()):
            (place / path[1]).parent.mkdir(parents=True, exist_ok=True)
            (place / path[1]).write_text("\n".join(block.lines) + "\n", "utf-8")
            written.append(path[1])
    return written


def query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(folder / "mdi-home" / "workbench.duckdb", read_only=True) as con:
        return con.execute(sql).fetchall()


def test_the_page_builds_a_source_that_is_taken_in(folder: Path) -> None:
    found = query(
        folder, "SELECT source_key, name, province, kabkota, kode, owner, beds FROM canonical_facility ORDER BY 1"
    )
    assert found == [
        ("K-001", "Klinik Pratama Melati", "35", "3578", "1230458", None, "5"),
        ("K-002", "Klinik Utama Kenanga II", "35", "3515", None, None, None),
        ("K-004", "Klinik Anggrek", None, None, None, "Yayasan", None),
    ]


def test_what_the_page_says_is_set_aside_is_set_aside(folder: Path) -> None:
    found = query(folder, "SELECT file_row, column_name, value, reason FROM rejects ORDER BY file_row, reason")
    assert found == [
        (3, "id", "3.2E+15", r"does not match K-\d{3}"),
        (3, "id", "3.2E+15", "written as a number with an exponent: its digits are lost"),
        (5, None, '{"id": "K-005", "nama": "Klinik\n', "not JSON: Unterminated string starting at (line 5)"),
    ]


def test_lists_arrive_as_json_with_numbers_as_strings(folder: Path) -> None:
    (first, *_) = query(folder, "SELECT nomor FROM raw_klinik ORDER BY row_id")
    assert json.loads(str(first[0])) == [
        {"jenis": "izin", "nilai": "503/001/2023"},
        {"jenis": "sarana", "nilai": "1230458"},
    ]


def test_the_page_names_every_option() -> None:
    text = PAGE.read_text("utf-8")
    options = [*_Source.model_fields, *Column.model_fields]
    assert [option for option in options if f"| `{option}` |" not in text] == []


def test_the_contract_of_the_page_is_whole(folder: Path) -> None:
    contract = load_contract([folder / "mdi-home" / "pipelines", shipped("pipelines")], "klinik")
    assert (contract.layout.format, contract.columns["id"].code) == ("jsonl", True)
