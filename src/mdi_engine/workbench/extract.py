"""An extract file before anything is believed of it: whole, of bearable size, and in the encoding it should have.

The whole file is read once here, in pieces, so that every refusal comes before a row is landed. The encoding is
what a byte-order mark says, else what the source contract states; it is never guessed.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast, get_args

from mdi_engine.errors import InputRefused, NotFound, UsageError

Encoding = Literal["utf-8", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]

_PIECE = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_CODECS: dict[str, str] = {codecs.lookup(name).name: name for name in get_args(Encoding)}
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
    """A file that was read to its end and found sound. `encoding` is a codec name; `mark_bytes` the BOM's length.

    `path` is what the file is called, `content` where its bytes are: the same, or a copy of our own (`receive`).
    """

    path: Path
    content: Path
    sha256: str
    size: int
    compressed: bool
    encoding: str
    mark_bytes: int


def inspect(path: Path, encoding: str, limits: Limits = LIMITS) -> Extract:
    """Read the file to its end and say what it is. `encoding` holds where the file has no byte-order mark.

    Raises UsageError if the encoding is not one of `Encoding`; NotFound if there is no such file; InputRefused if it
    is empty, a damaged or over-inflating gzip, has a line beyond the limit, or holds bytes that do not decode (naming
    line and byte offset).
    """
    codec = _codec(encoding)
    return _examined(path, path, _sha256(_pieces(path)), codec, limits)


def receive(path: Path, copy: Path, encoding: str, limits: Limits = LIMITS) -> Extract:
    """Copy the file to `copy`, and inspect the copy: what is hashed, judged, read and kept are the same bytes.

    Raises as `inspect` does; the copy, readable by its owner only, is there then, whole or in part.
    """
    codec = _codec(encoding)
    pieces = _pieces(path)
    with copy.open("wb") as out:
        copy.chmod(0o600)
        digest = _sha256(_written(pieces, out))
        out.flush()
        os.fsync(out.fileno())
    return _examined(path, copy, digest, codec, limits)


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


def _examined(path: Path, content: Path, sha256: str, stated: str, limits: Limits) -> Extract:
    with content.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    found = Extract(path, content, sha256, content.stat().st_size, compressed, stated, 0)
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
        head = stream.read(3)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec, len(mark)
    if stated == "utf-16":
        raise InputRefused(
            f"{path}: stated to be utf-16, but has no byte-order mark.",
            hint='State encoding = "utf-16-le" or "utf-16-be" in source.toml if the source writes none.',
            path=str(path),
        )
    return stated, 0


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
            stretch = _stretch(extract, text, stretch, limits)
            blank = blank and not text.strip()
            if not piece:
                break
    if blank:
        hint = "Ask the source for the extract again; an extract has a header line at least."
        raise InputRefused(f"{extract.path}: the file is empty.", hint=hint, path=str(extract.path))


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


def _check_inflation(extract: Extract, inflated: int, limits: Limits) -> None:
    """A gzip is refused as soon as it has inflated beyond the limits, before its end is reached."""
    if not extract.compressed:
        return
    bearable = min(limits.inflated_bytes, max(limits.inflation_spared_bytes, limits.inflation * extract.size))
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
