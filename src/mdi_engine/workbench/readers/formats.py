"""What a file is: its format, and how its table lies in it."""

from __future__ import annotations

import codecs
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mdi_engine.errors import InputRefused

Format = Literal["csv", "xlsx", "html", "json", "jsonl", "parquet"]
Separator = Literal[",", ";", "\t", "|"]

# Formats of bytes: nothing in them is decoded before they are taken apart, and they are compressed in themselves.
BINARY: frozenset[Format] = frozenset({"xlsx", "parquet"})

GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
# The container of Office before 2007: an old .xls is one, and so is a workbook locked with a password.
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
SUFFIXES = (*_SUFFIXES, ".xls")


@dataclass(frozen=True)
class Layout:
    """Where the table is in a file. `separator` is of csv; `sheet` (None: the first) of xlsx; `header_rows`, 1 or 2, of
    xlsx and html; `records` of json: the dotted path to the list of records (None: the document is the list).
    """

    format: Format = "csv"
    separator: str = ","
    sheet: str | None = None
    header_rows: int = 1
    records: str | None = None


def format_of(path: Path) -> Format:
    """The format a file has by its name, `.gz` aside, or is seen to have; csv where neither says anything.

    What is called `.xls` is looked into: it may be HTML, or .xlsx. A file that is not there has the format of its name.

    >>> [format_of(Path(name)) for name in ("a.csv", "a.JSONL.gz", "a.parquet", "a.xls", "a")]
    ['csv', 'jsonl', 'parquet', 'xlsx', 'csv']
    """
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    head = _head(path) if path.is_file() else b""
    if head.startswith(_PARQUET) and head[4:5] < b" ":
        return "parquet"
    if inner.suffix.lower() == ".xls":
        return "html" if _is_markup(head) else "xlsx"
    return _SUFFIXES.get(inner.suffix.lower(), "csv")


def other_separator(names: Sequence[str]) -> tuple[str, int] | None:
    r"""Of a table with one column: the separator, in quotes as it is typed, that its name holds most, and how often.

    >>> other_separator(["nik|nama, gelar|kota"]), other_separator(["nama"]), other_separator(["nik", "a|b"])
    (("'|'", 2), None, None)
    """
    if len(names) != 1:
        return None
    most = max(get_args(Separator), key=names[0].count)
    times = names[0].count(most)
    return (f"'{most}'".replace("\t", r"\t"), times) if times else None


def refuse_another_format(path: Path, content: Path, stated: Format) -> None:
    """Raise InputRefused if the first bytes of `content` cannot be of the stated format, saying what they are."""
    head = _head(content)
    hint: str | None = None
    if head.startswith(_OLE):
        found, hint = _office(content)
    elif head.startswith(_ZIP) and stated != "xlsx":
        found, hint = "an .xlsx workbook or another zip", _named("If it is a workbook, call", "xlsx")
    elif stated not in BINARY or head.startswith(_ZIP if stated == "xlsx" else _PARQUET):
        return
    elif head.startswith(GZIP):
        found, hint = "a gzip", f"Inflate it: a {stated} file is compressed in itself."
    elif _is_markup(head):
        found, hint = "HTML or XML", _named("If it shows a table in a browser, call", "html")
    elif _is_text(head):
        found, hint = "plain text, such as CSV", _named("Call", "csv")
    else:
        found, hint = f"no {stated} file, by its first bytes", "Ask the source for the extract again."
    raise InputRefused(f"{path}: to be read as {stated}, but is {found}.", hint=hint, path=str(path), format=stated)


def _office(content: Path) -> tuple[str, str]:
    with content.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if view.find(_LOCKED) >= 0:
            return "a workbook locked with a password", "Take the password off in Excel, and save as .xlsx."
    return "an old binary .xls", "Open it in Excel or LibreOffice, and save as .xlsx."


def _named(beginning: str, format: Format) -> str:
    return f'{beginning} it .{format}; for a source, state format = "{format}" in source.toml.'


def _is_text(head: bytes) -> bool:
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "latin-1"
    text = head.decode(encoding, errors="ignore")
    return all(character >= " " or character in "\t\r\n" for character in text)


def _is_markup(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").startswith(b"<")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
