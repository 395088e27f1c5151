from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from mdi_engine.population.writing.workbooks import Cell, write_workbook


def read(path: Path) -> list[list[object]]:
    return [list(row) for row in load_workbook(path).get_sheet_by_index(0).to_python()]


def test_text_stays_text_and_numbers_become_numbers(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", ("KODE", "HARGA"), [("0012", 12500), ("<&> ", 1.5), (None, None), ("x", 0)])
    assert read(tmp_path / "a.xlsx") == [["KODE", "HARGA"], ["0012", 12500.0], ["<&> ", 1.5], ["", ""], ["x", 0.0]]


def test_a_sheet_has_more_columns_than_letters(tmp_path: Path) -> None:
    columns = [f"C{number}" for number in range(60)]
    write_workbook(tmp_path / "a.xlsx", columns, [[str(number) for number in range(60)]])
    assert read(tmp_path / "a.xlsx") == [columns, [str(number) for number in range(60)]]


def test_the_parts_of_a_workbook_bear_no_date(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", ("A",), [])
    with ZipFile(tmp_path / "a.xlsx") as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


PLAIN = st.text(min_size=1).filter(str.isprintable)


@given(st.lists(st.tuples(PLAIN, st.one_of(st.integers(-(2**53), 2**53), PLAIN)), max_size=5))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[Cell, Cell]]) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    write_workbook(path, ("A", "B"), cells)
    assert read(path)[1:] == [[float(cell) if isinstance(cell, int) else cell for cell in row] for row in cells]
