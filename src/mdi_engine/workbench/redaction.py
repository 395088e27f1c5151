"""Rows taken out of a kept extract, so that it holds nothing of whom was forgotten. All other bytes stay as they are.

A file keeps its name, which is the hash of what arrived. Only text that is a row a line can be rewritten so (CSV, JSON
lines); a file of another format is deleted, and what it said stays in the workbench and in the ledger alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from mdi_engine.errors import MdiError
from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.readers.extract import Extract, inspect, open_text, packed_text
from mdi_engine.workbench.readers.reader import read_chunks
from mdi_engine.workbench.readers.reader_csv import numbered_lines as csv_lines
from mdi_engine.workbench.readers.reader_json import numbered_lines as json_lines

Outcome = Literal["rewritten", "deleted", "untouched"]
Row = tuple[str | None, ...]
_PART = ".part"
# What stands between the digits of a NIK where somebody wrote it in groups.
_BETWEEN = re.compile(r"(?<=\d)[ .\-]{1,3}(?=\d)")


def kept_extract(folder: Path, sha256: str) -> Path | None:
    """Where the extract with this hash is kept in a source's folder; None if it is gone."""
    return next(iter(sorted(folder.glob(f"{sha256}.*"))), None)


def redact(extract: Extract, contract: Contract, rows: Collection[int]) -> Outcome:
    """Take rows, numbered from 1, out of the content of an extract."""
    if not rows:
        return "untouched"
    if extract.format not in ("csv", "jsonl"):
        extract.content.unlink()
        return "deleted"
    with open_text(extract) as text, _in_place_of(extract) as out:
        is_csv = extract.format == "csv"
        lines = csv_lines(extract, text, contract.layout) if is_csv else json_lines(text)
        out.writelines(line for row, line in lines if row not in rows)
    return "rewritten"


def redact_kept(
    path: Path,
    sha256: str,
    contract: Contract | None,
    rows: Collection[int],
    said: Collection[Row],
    niks: Collection[str],
) -> Outcome:
    """Take rows out of a kept file: by their numbers (`rows`) if it is as it arrived, with the hash `sha256`; else,
    since others were taken out before, those that say what one of `said` says (the columns of the contract in order),
    and broken ones in which one of the NIKs stands.

    What cannot be read any more, or of which not all is found, is deleted: better no extract than one that holds
    somebody who was forgotten.
    """
    try:
        if contract is None:
            raise MdiError("nobody knows how to read it")
        extract = inspect(path, contract.encoding, format=contract.layout.format)
        if extract.sha256 == sha256:
            return redact(extract, contract, rows)
        found, broken = _saying(extract, contract, set(said), niks)
        if len(found) < len(set(said)):
            raise MdiError("it does not say what the workbench has of it")
        return redact(extract, contract, found | broken)
    except MdiError:
        path.unlink(missing_ok=True)
        return "deleted"


def _saying(
    extract: Extract, contract: Contract, said: Collection[Row], niks: Collection[str]
) -> tuple[set[int], set[int]]:
    """The rows that say one of these, and the broken ones that name one of the NIKs."""
    names = list(contract.columns)
    found, broken = set[int](), set[int]()
    for chunk in read_chunks(extract, contract.layout, names, ()):
        columns = (chunk.table.column(name).to_pylist() for name in ("file_row", *names))
        found |= {row for row, *values in zip(*columns, strict=True) if tuple(values) in said}
        broken |= {fault.row for fault in chunk.faults if names_one(fault.value, niks)}
    return found, broken


def names_one(text: str | None, niks: Collection[str]) -> bool:
    """Whether one of these NIKs stands in the text, be its digits in groups or not."""
    digits = _BETWEEN.sub("", text or "")
    return any(nik in digits for nik in niks)


@contextmanager
def _in_place_of(extract: Extract) -> Iterator[TextIO]:
    """Text that takes the place of the extract's content when it is whole: encoded, marked and packed as that is."""
    path = extract.content
    part = path.with_name(path.name + _PART)
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            out = packed_text(extract, file)
            yield out
            out.flush()
            packed = out.detach()
            if extract.compressed:
                packed.close()  # which writes the end of the gzip, and leaves the file open
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
