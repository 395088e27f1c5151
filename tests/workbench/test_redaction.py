"""Rows taken out of a kept extract: what remains reads as before, and is byte for byte what it was."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.settings import shipped
from mdi_engine.workbench.contract import Contract, load_contract
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.readers.reader import read_chunks
from mdi_engine.workbench.redaction import kept_extract, redact, redact_kept

HEADER = "kode_rs,no_rm,nama_pasien,nik\n"
CELLS = st.text(st.sampled_from('ab,"\n\r é0'), max_size=6)
NIK = "9901014107850001"


def contract(source: str = "simrs") -> Contract:
    return load_contract([shipped("pipelines")], source)


@dataclass(frozen=True)
class Kept:
    """A kept file of a hospital's list, with what it holds."""

    path: Path
    sha256: str

    def rows(self, source: str = "simrs") -> list[tuple[str | None, ...]]:
        spec = contract(source)
        extract = inspect(self.path, spec.encoding, format=spec.layout.format)
        chunks = read_chunks(extract, spec.layout, list(spec.columns), ())
        return [tuple(row.values())[1:-1] for chunk in chunks for row in chunk.table.to_pylist()]

    def without(self, rows: set[int], source: str = "simrs") -> str:
        spec = contract(source)
        return redact(inspect(self.path, spec.encoding, format=spec.layout.format), spec, rows)


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., Kept]:
    def write(content: bytes, ending: str = "csv") -> Kept:
        digest = hashlib.sha256(content).hexdigest()
        path = tmp_path / f"{digest}.{ending}"
        path.write_bytes(content)
        return Kept(path, digest)

    return write


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8), data=st.data())
def test_what_is_left_is_what_was_there(
    rows: list[tuple[str, ...]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in the cells: line ends, quotes, separators."""
    lines = [",".join(map(quoted, row)) + "\n" for row in rows]
    out = data.draw(st.sets(st.integers(1, len(rows))))
    path = tmp_path_factory.mktemp("kept") / "a.csv"
    path.write_bytes((HEADER + "".join(lines)).encode())
    kept = Kept(path, "")
    before = kept.rows()
    kept.without(out)
    left = [line for number, line in enumerate(lines, 1) if number not in out]
    assert path.read_bytes() == (HEADER + "".join(left)).encode()
    assert kept.rows() == [row for number, row in enumerate(before, 1) if number not in out]


PLAIN = HEADER + "1,a,Ani,1\n\n1,b,Budi,2\n1,c,too,many,fields\n1,d,Dewi,3\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_encoding_mark_and_packing_stay(encoding: str, packed: bool, keep: Callable[..., Kept]) -> None:
    """A row with too many fields and a blank line count as reading counts them."""
    content = PLAIN.encode(encoding)
    kept = keep(gzip.compress(content, mtime=0) if packed else content, "csv.gz" if packed else "csv")
    assert kept.without({2, 3}) == "rewritten"
    now = kept.path.read_bytes()
    now = gzip.decompress(now) if packed else now
    assert now.decode(encoding) == HEADER + "1,a,Ani,1\n1,d,Dewi,3\n"
    assert now[:2] == content[:2]
    assert kept.path.stat().st_mode & 0o777 == 0o600


def test_json_lines_lose_lines_and_a_workbook_goes_whole(keep: Callable[..., Kept]) -> None:
    lines = ['{"nik": "1"}\n', "\n", '{"nik": "2"}\n', "not json\n"]
    kept = keep("".join(lines).encode(), "jsonl")
    assert kept.without({1, 3}, "sisdmk") == "rewritten"
    assert kept.path.read_text() == '\n{"nik": "2"}\n'
    page = keep(b"<table><tr><td>1</td></tr></table>", "html")
    assert page.without({1}, "sirs_staff") == "deleted"
    assert not page.path.exists()


def test_nothing_to_take_out_touches_nothing(keep: Callable[..., Kept]) -> None:
    kept = keep(PLAIN.encode())
    assert kept.without(set()) == "untouched"
    assert kept.path.read_bytes() == PLAIN.encode()


def test_a_second_person_is_found_by_what_the_rows_say(keep: Callable[..., Kept]) -> None:
    """Once a row was taken out, the others have other numbers than those with which they landed."""
    kept = keep(PLAIN.encode())
    said = dict(enumerate(kept.rows(), 1))  # without the broken row: 1 Ani, 2 Budi, 3 Dewi
    assert redact_kept(kept.path, kept.sha256, contract(), {1}, {said[1]}, ()) == "rewritten"
    assert redact_kept(kept.path, kept.sha256, contract(), {4}, {said[3]}, ()) == "rewritten"
    assert kept.path.read_text() == HEADER + "\n1,b,Budi,2\n1,c,too,many,fields\n"


def test_a_broken_row_is_found_by_a_nik_in_it(keep: Callable[..., Kept]) -> None:
    kept = keep((PLAIN + f"1,e,Eka,{NIK[:6]} {NIK[6:12]} {NIK[12:]},x,y\n").encode())
    said = dict(enumerate(kept.rows(), 1))
    assert redact_kept(kept.path, kept.sha256, contract(), {1}, {said[1]}, ()) == "rewritten"
    assert redact_kept(kept.path, kept.sha256, contract(), {5}, set(), {NIK}) == "rewritten"
    assert "Eka" not in kept.path.read_text()


@pytest.mark.parametrize("known", [True, False], ids=["another file", "no contract"])
def test_what_cannot_be_made_sure_of_is_deleted(known: bool, keep: Callable[..., Kept]) -> None:
    kept = keep(PLAIN.encode())
    row = ("1", "z", "Nobody", "9", *[None] * (len(contract().columns) - 4))
    assert redact_kept(kept.path, "0" * 64, contract() if known else None, {1}, {row}, ()) == "deleted"
    assert not kept.path.exists()
    assert kept_extract(kept.path.parent, kept.sha256) is None
