"""Reading a newer list from a file that anybody may have made: what it is, and its cells, checked for their shape."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mdi_engine.errors import InputRefused, counted
from mdi_engine.reference.lists import ReferenceList, reference_lists

MOST_BYTES = 64 << 20
MOST_CHARS = 1000  # the name of a medicine of ten substances has more than 300
_SHOWN = 20
_ALSO = {"kode": "code", "nama": "name", "kode_bps": "bps", "bps_code": "bps", "menggantikan": "replaces"}
# Controls, marks of direction and lone surrogates have no place in a code or a name.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its number in the file; cells by column, blanks around them dropped, empty where there is nothing."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as read: the list it is one of, its lines, and the digest of its bytes."""

    kind: ReferenceList
    lines: tuple[Line, ...]
    sha256: str


def read_incoming(path: Path) -> Incoming:
    """Read a CSV file (UTF-8; comma, semicolon or tab) with a header.

    Raises InputRefused, naming the lines, for a file that is too large, not text, of unknown columns, ragged, or with
    cells that are too long or hold controls.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputRefused(f"{path} is not UTF-8 text (at byte {error.start})", path=str(path)) from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    faults: list[str] = []
    try:
        header = [_ALSO.get(cell.strip().lower(), cell.strip().lower()) for cell in next(reader, [])]
        kind = _kind(path, header)
        lines = tuple(_lines(reader, header, faults))
    except csv.Error as error:
        raise InputRefused(f"{path}: line {reader.line_num}: {error}", path=str(path)) from None
    if not lines and not faults:
        faults.append("there is no row in it")
    refuse(path, faults)
    return Incoming(kind, lines, hashlib.sha256(data).hexdigest())


def refuse(path: Path, faults: Sequence[str]) -> None:
    """Raises InputRefused if there are faults, naming the first of them."""
    if faults:
        more = [f"… and {len(faults) - _SHOWN:,} more"] if len(faults) > _SHOWN else []
        told = "\n".join(f"  - {fault}" for fault in [*faults[:_SHOWN], *more])
        raise InputRefused(
            f"{path} cannot be taken in: {counted(len(faults), 'fault')}\n{told}", path=str(path), faults=len(faults)
        )


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputRefused(f"{path} is larger than {MOST_BYTES >> 20} MiB; no list is", path=str(path))
    return data


def _kind(path: Path, header: Sequence[str]) -> ReferenceList:
    if len(set(header)) < len(header):
        raise InputRefused(f"{path}: a column stands twice in its header", path=str(path))
    for known in reference_lists().values():
        if set(known.columns) <= set(header):
            return known
    wanted = "; ".join(f"{known.name}: {', '.join(known.columns)}" for known in reference_lists().values())
    raise InputRefused(f"{path} has the columns of no list", hint=f"Lists and their columns: {wanted}.", path=str(path))


def _lines(reader: Iterator[list[str]], header: Sequence[str], faults: list[str]) -> Iterator[Line]:
    for row in reader:
        number: int = reader.line_num  # type: ignore[attr-defined]
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(header):
            faults.append(f"line {number}: {counted(len(cells), 'cell')} under {counted(len(header), 'column')}")
        elif any(len(cell) > MOST_CHARS or _ACTING.search(cell) for cell in cells):
            faults.append(f"line {number}: a cell is longer than {MOST_CHARS} characters or holds controls")
        else:
            yield Line(number, dict(zip(header, cells, strict=True)))
