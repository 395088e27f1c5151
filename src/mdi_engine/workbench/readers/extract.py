"""An extract file before anything is believed of it: whole, of bearable size, and in the encoding it should have.

A file of text is read once here, in pieces, so that these refusals come before a row is landed. The encoding is what a
byte-order mark says, else what an HTML page says of itself, else what the source contract states; it is never guessed.
Of a file of bytes (Excel, Parquet) only the beginning is looked at: its reader judges the rest.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast, get_args

from mdi_engine.errors import InputRefused, NotFound, UsageError
from mdi_engine.workbench.readers.formats import BINARY, GZIP, Format, refuse_another_format

Encoding = Literal["utf-8", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]

# What stands for standard input where a file is asked for.
STDIN = Path("-")

_PIECE = 1 << 20
_CODECS: dict[str, str] = {codecs.lookup(name).name: name for name in get_args(Encoding)}
# Where a page must state its charset is the first 1,024 bytes (HTML standard); exporters do not all know.
_META_BYTES = 4096
_CHARSET = re.compile(rb"""<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Limits:
    """What is bearable. Real extracts inflate 5 to 30 times; a bomb inflates 1,000 times and more."""

    inflated_bytes: int = 64 << 30
    inflation: int = 200
    inflation_spared_bytes: int = 64 << 20
    line_chars: int = 64 << 20


LIMITS = Limits()


@dataclass(frozen=True)
class Extract:
    """A file that was read to its end and found sound, as far as its format lets one say so without taking it apart.

    `encoding` is a codec name (of bytes: utf-8, the encoding of what text they hold); `mark_bytes` the BOM's length.
    `path` is what the file is called, `content` where its bytes are: the same, or a copy of our own (`receive`).
    """

    path: Path
    content: Path
    sha256: str
    size: int
    compressed: bool
    encoding: str
    mark_bytes: int
    format: Format = "csv"


def inspect(path: Path, encoding: str, limits: Limits = LIMITS, *, format: Format = "csv") -> Extract:
    """Read the file to its end and say what it is. `encoding` holds where the file itself says nothing of it.

    Raises UsageError if the encoding is not one of `Encoding`; NotFound if there is no such file; InputRefused if it
    is empty, of another format by its first bytes, a damaged or over-inflating gzip, has a line beyond the limit, or
    holds bytes that do not decode (naming line and byte offset).
    """
    codec = _codec(encoding)
    return _examined(path, path, _sha256(_pieces(path)), codec, limits, format)


def receive(path: Path, copy: Path, encoding: str, limits: Limits = LIMITS, *, format: Format = "csv") -> Extract:
    """Copy the file to `copy`, and inspect the copy: what is hashed, judged, read and kept are the same bytes. `STDIN`
    is read to its end, and called `stdin`.

    Raises as `inspect` does; the copy, readable by its owner only, is there then, whole or in part.
    """
    codec = _codec(encoding)
    pieces = _pieces(path)
    with copy.open("wb") as out:
        copy.chmod(0o600)
        digest = _sha256(_written(pieces, out))
        out.flush()
        os.fsync(out.fileno())
    return _examined(Path("stdin") if path == STDIN else path, copy, digest, codec, limits, format)


def _codec(encoding: str) -> str:
    """The encoding under the name we know it by, whichever of its names was given."""
    try:
        return _CODECS[codecs.lookup(encoding).name]
    except (LookupError, ValueError):
        accepted = get_args(Encoding)
        raise UsageError(
            f"there is no encoding {encoding!r} to read a file in; accepted are {', '.join(accepted)}.",
            hint="A byte-order mark in the file says more than this option; utf-8 is read with or without one.",
            encoding=encoding,
            accepted=accepted,
        ) from None


def _pieces(path: Path) -> Iterator[bytes]:
    """The bytes of the file as they are. What cannot be read is a refusal."""
    if path == STDIN:
        yield from iter(lambda: sys.stdin.buffer.read(_PIECE), b"")
        return
    if not path.exists():
        raise NotFound(f"{path}: there is no such file.", path=str(path))
    if not path.is_file():
        raise InputRefused(f"{path}: not a regular file.", path=str(path))
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read: {error.strerror}.", path=str(path)) from error


def _written(pieces: Iterable[bytes], out: BinaryIO) -> Iterator[bytes]:
    for piece in pieces:
        out.write(piece)
        yield piece


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _examined(path: Path, content: Path, sha256: str, stated: str, limits: Limits, format: Format) -> Extract:
    size = content.stat().st_size
    if not size:
        raise _empty(path)
    refuse_another_format(path, content, format)
    if format in BINARY:
        return Extract(path, content, sha256, size, False, "utf-8", 0, format)
    with content.open("rb") as file:
        compressed = file.read(2) == GZIP
    found = Extract(path, content, sha256, size, compressed, stated, 0, format)
    codec, mark = _encoding(found)
    extract = replace(found, encoding=codec, mark_bytes=mark)
    _read_through(extract, limits)
    return extract


@contextmanager
def open_text(extract: Extract) -> Iterator[TextIO]:
    """The text of the file, without its byte-order mark, line ends untouched."""
    with _plain(extract) as stream:
        stream.read(extract.mark_bytes)
        with io.TextIOWrapper(stream, encoding=extract.encoding, errors="strict", newline="") as text:
            yield text


def packed_text(extract: Extract, out: BinaryIO) -> io.TextIOWrapper:
    """Where text can be written that stands in `out` as that of `extract` does: mark, encoding, gzip. Close it."""
    # The time of making is no fact of the file.
    file = cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=out, mtime=0)) if extract.compressed else out
    if extract.mark_bytes:
        file.write(next(mark for mark, codec in _MARKS if codec == extract.encoding))
    return io.TextIOWrapper(file, encoding=extract.encoding, errors="strict", newline="")


@contextmanager
def _plain(extract: Extract) -> Iterator[BinaryIO]:
    """The bytes of the file, inflated if it is a gzip; faults of the gzip become refusals."""
    path, content = extract.path, extract.content
    try:
        with cast(BinaryIO, gzip.open(content, "rb")) if extract.compressed else content.open("rb") as stream:
            yield stream
    except EOFError as error:
        hint = "It was probably cut off in transfer: fetch it again and compare its size."
        raise InputRefused(f"{path}: the gzip ends too early.", hint=hint, path=str(path)) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        hint = "Fetch it again; `gzip -t` tells whether a copy is sound."
        raise InputRefused(f"{path}: the gzip is damaged: {error}.", hint=hint, path=str(path)) from error


def _encoding(extract: Extract) -> tuple[str, int]:
    """The codec that holds, and the length of the byte-order mark; the extract's own is the stated one yet."""
    path, stated = extract.path, extract.encoding
    with _plain(extract) as stream:
        head = stream.read(_META_BYTES)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec, len(mark)
    if extract.format == "html" and (charset := _CHARSET.search(head)):
        return _charset(path, charset.group(1).decode("ascii")), 0
    if stated == "utf-16":
        raise InputRefused(
            f"{path}: stated to be utf-16, but has no byte-order mark.",
            hint='State encoding = "utf-16-le" or "utf-16-be" in source.toml if the source writes none.',
            path=str(path),
        )
    return stated, 0


def _charset(path: Path, name: str) -> str:
    """The codec a page means: what calls itself Latin-1 or ASCII is cp1252, as browsers take it (WHATWG Encoding)."""
    try:
        codec = _codec(name)
    except UsageError as error:
        if name.lower() in ("ascii", "us-ascii"):
            return "cp1252"
        hint = "Save it from the source as UTF-8."
        raise InputRefused(
            f"{path}: says of itself charset={name}, which is not read.", hint=hint, path=str(path)
        ) from error
    # The name was read as ASCII, so the page is not UTF-16.
    return {"latin-1": "cp1252"}.get(codec, "utf-8" if codec.startswith("utf-16") else codec)


def _read_through(extract: Extract, limits: Limits) -> None:
    """Inflate and decode the whole file, keeping nothing."""
    decoder = codecs.getincrementaldecoder(extract.encoding)("strict")
    offset, line, stretch, blank = extract.mark_bytes, 1, 0, True
    with _plain(extract) as stream:
        stream.read(extract.mark_bytes)
        while True:
            piece = stream.read(_PIECE)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                raise _undecodable(extract, error, offset - waiting, line) from error
            offset += len(piece)
            _check_inflation(extract, offset, limits)
            line += text.count("\n")
            if extract.format in ("csv", "jsonl"):
                stretch = _stretch(extract, text, stretch, limits)
            blank = blank and not text.strip()
            if not piece:
                break
    if blank:
        raise _empty(extract.path)


def _empty(path: Path) -> InputRefused:
    hint = "Ask the source for the extract again; an extract has a header line at least."
    return InputRefused(f"{path}: the file is empty.", hint=hint, path=str(path))


def _undecodable(extract: Extract, error: UnicodeDecodeError, start: int, line: int) -> InputRefused:
    good = error.object[: error.start].decode(extract.encoding, errors="ignore")
    line += good.count("\n")
    offset = start + error.start
    wrong = error.object[error.start : error.start + 1].hex()
    source = "its byte-order mark says" if extract.mark_bytes else "is stated for it"
    return InputRefused(
        f"{extract.path}: line {line}, byte offset {offset}: byte 0x{wrong} is not {extract.encoding}, which {source}.",
        hint="Export the file again in that encoding, or state the encoding it has: in source.toml, or by --encoding.",
        path=str(extract.path),
        line=line,
        offset=offset,
        encoding=extract.encoding,
    )


def bearable_bytes(size: int, limits: Limits = LIMITS) -> int:
    """What so many compressed bytes may inflate to."""
    return min(limits.inflated_bytes, max(limits.inflation_spared_bytes, limits.inflation * size))


def _check_inflation(extract: Extract, inflated: int, limits: Limits) -> None:
    """A gzip is refused as soon as it has inflated beyond the limits, before its end is reached."""
    if not extract.compressed:
        return
    bearable = bearable_bytes(extract.size, limits)
    if inflated > bearable:
        raise InputRefused(
            f"{extract.path}: {extract.size} bytes of gzip inflate to more than {bearable} bytes.",
            hint=f"Accepted: up to {limits.inflation} times its size. Inflate it yourself if you trust it.",
            path=str(extract.path),
            size=extract.size,
            limit=bearable,
        )


def _stretch(extract: Extract, text: str, before: int, limits: Limits) -> int:
    """Characters since the last line end; a line without end would have to be held in memory whole."""
    last = max(text.rfind("\n"), text.rfind("\r"))
    stretch = before + len(text) if last < 0 else len(text) - last - 1
    if stretch > limits.line_chars:
        raise InputRefused(
            f"{extract.path}: a line is longer than {limits.line_chars} characters; this is not a table.",
            hint="Accepted are lines of text with separators, ended by a line break.",
            path=str(extract.path),
            limit=limits.line_chars,
        )
    return stretch
