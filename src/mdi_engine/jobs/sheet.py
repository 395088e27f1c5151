"""The file a person fills in: two records side by side in each row, and one empty cell for the answer.

It holds personal data, so only its owner may read it (mode 0600), and numbers of 16 digits (NIK, family card) show no
more than where the two differ. It may come back from a spreadsheet: with another separator, its dates and long numbers
rewritten. What must come back as it was is the pair's id and, letter for letter, the words.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mdi_engine.errors import InputRefused, UsageError, counted
from mdi_engine.ledger.records import SourceRecord
from mdi_engine.linkage.clerical import Answer
from mdi_engine.workbench.safe import safe_cell

_NUMBER = re.compile(r"\d{16}")
_HIDDEN, _OTHER = "#" * 16, "#" * 16 + " (another)"
_FIRST = ("pair", "answer", "remark")
ANSWERS: Mapping[str, Answer] = {
    "same": "same",
    "sama": "same",
    "different": "different",
    "beda": "different",
    "berbeda": "different",
    "unsure": "unsure",
    "ragu": "unsure",
}


@dataclass(frozen=True)
class Row:
    """A pair as it stands in the file: what both records say by column, the answer as written ("" if none)."""

    pair: str
    answer: str
    remark: str
    cells: Mapping[str, str]

    def check(self) -> str:
        """A digest of its words: their letters, small and in order. Dates and numbers are left to spreadsheets."""
        letters = {name: "".join(filter(str.isalpha, text.casefold())) for name, text in self.cells.items()}
        told = "\0".join(f"{name}={text}" for name, text in sorted(letters.items()) if text)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def answered(self, answer: Answer | None) -> Row:
        """The row with this answer, or with none."""
        return replace(self, answer=answer or "")


def telling(fields: Iterable[str]) -> list[str]:
    """The fields that tell a person something, in order: neither the source's key nor what was made of another field.

    >>> telling(["source_key", "name", "name_core", "name_sound", "score"])
    ['name', 'score']
    """
    names = list(fields)
    made = {f"{name}{end}" for name in names for end in ("_core", "_sound")} | {"source_key"}
    return [name for name in names if name not in made]


def side_by_side(pair: str, one: SourceRecord, other: SourceRecord, fields: Sequence[str]) -> Row:
    """The row of two records, not answered yet."""
    cells = {"source_a": one.source, "source_b": other.source, "key_a": one.source_key, "key_b": other.source_key}
    for field in fields:
        cells[f"{field}_a"], cells[f"{field}_b"] = hidden(one.payload.get(field), other.payload.get(field))
    return Row(pair, "", "", cells)


def hidden(one: str | None, other: str | None) -> tuple[str, str]:
    """Two values as they may be shown: numbers of 16 digits only where they differ, if in no more than two digits.

    >>> hidden("9815014107850001", "9815014107850007")
    ('###############1', '###############7')
    >>> hidden("9815014107850001", "9815014107850001"), hidden("9815014107850001", None), hidden("Siti", "Sita")
    (('################', '################'), ('################', ''), ('Siti', 'Sita'))
    """
    a, b = one or "", other or ""
    secret = [_NUMBER.fullmatch(text) is not None for text in (a, b)]
    if all(secret):
        differ = [x != y for x, y in zip(a, b, strict=True)]
        if sum(differ) > 2:
            return _HIDDEN, _OTHER
        shown = ["".join(x if d else "#" for x, d in zip(text, differ, strict=True)) for text in (a, b)]
        return shown[0], shown[1]
    a, b = (_NUMBER.sub(_HIDDEN, text) for text in (a, b))
    return a, b


def write_sheet(rows: Sequence[Row], path: Path) -> None:
    """Write the file whole or not at all, for its owner only. Cells are safe in a spreadsheet; empty columns go."""
    columns = [name for name in (rows[0].cells if rows else ()) if any(row.cells[name] for row in rows)]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*_FIRST, *columns])
    for row in rows:
        writer.writerow(map(safe_cell, (row.pair, row.answer, row.remark, *(row.cells[name] for name in columns))))
    write_private(path, out.getvalue())


def write_private(path: Path, text: str) -> None:
    """Put a text in place, readable for its owner only from its first moment. Raises `InputRefused` where it cannot."""
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError as error:
        raise InputRefused(f"{path}: cannot be written: {error.strerror or error}", path=str(path)) from error


def check_place(path: Path, *others: Path) -> None:
    """Raises `UsageError` if a file is there already: it may hold answers; or if the name does not end in .csv."""
    if path.suffix.lower() != ".csv":
        raise UsageError(f"{path}: the name of the file to fill in must end in .csv")
    for place in (path, *others):
        if place.exists():
            raise UsageError(
                f"{place} is there already, and may hold answers",
                hint=f"Go on with it: `mdi evaluate ENTITY --answers {path} --ask`, or give another name.",
            )


def read_sheet(path: Path) -> list[Row]:
    """The rows of a file that came back. Raises `InputRefused` if it is no such file; answers are not judged yet."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read: {error.strerror or error}", path=str(path)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # what spreadsheets on Windows write
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [_plain(name) for name in next(reader, [])]
        if {"pair", "answer"} - set(names) or len(set(names)) < len(names):
            raise InputRefused(
                f"{path}: this is not a file that `mdi evaluate --draw` wrote: its first row needs pair and answer",
                hint="Keep the first row as it was.",
                path=str(path),
            )
        rows = [_row(path, number, names, cells) for number, cells in enumerate(reader, 2) if any(cells)]
    except csv.Error as error:
        raise InputRefused(f"{path}: not readable as CSV: {error}", path=str(path)) from error
    return rows


def _row(path: Path, number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(names):
        raise InputRefused(f"{path}: line {number} has {counted(len(cells), 'cell')}, the first row {len(names)}")
    held = dict(zip(names, map(_plain, [*cells, *[""] * (len(names) - len(cells))]), strict=True))
    first = [held.pop(name, "").strip() for name in _FIRST]
    return Row(first[0], first[1], first[2], held)


def _plain(cell: str) -> str:
    """A cell without the mark that kept a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and safe_cell(cell[1:]) == cell else cell


def answer_of(text: str) -> Answer | None:
    """What was answered, in either language; None where it is none of the words.

    >>> answer_of(" Sama "), answer_of("different"), answer_of("maybe")
    ('same', 'different', None)
    """
    return ANSWERS.get(text.strip().casefold())


def listed(pairs: Iterable[str]) -> str:
    """Some pairs by name, the first five of them."""
    names = sorted(pairs)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
