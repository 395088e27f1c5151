"""A JSON document taken apart value by value, so that it need not fit into memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TextIO

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.extract import LIMITS, Extract

_PIECE = 1 << 20
# Of a number cut off, so many characters may not yet be taken for part of it: `1e+` is read as 1.
_NUMBER_TAIL = 4
# The longest word that is no string is -Infinity; a fault so near the end may be one of what is yet to come.
_WORD = 16
_BLANKS = re.compile(r"[ \t\n\r]*")

Decode = Callable[[str, int], tuple[Any, int]]


class Stream:
    """The text of a document from a place on. `decode` is `JSONDecoder.raw_decode`."""

    def __init__(self, extract: Extract, text: TextIO, decode: Decode) -> None:
        self.extract = extract
        self.text = text
        self.decode = decode
        self.buffer = ""
        self.place = 0
        self.line = 1  # at the beginning of the buffer
        self.ended = False

    def peek(self) -> str:
        """The next character that is not blank, or "" at the end."""
        while True:
            blanks = _BLANKS.match(self.buffer, self.place)
            self.place = blanks.end() if blanks else self.place
            if self.place < len(self.buffer):
                return self.buffer[self.place]
            if not self._more():
                return ""

    def take(self, accepted: str) -> str:
        """The next character that is not blank, which must be one of `accepted`."""
        found = self.peek()
        if not found or found not in accepted:
            self.refuse(f"{' or '.join(accepted)} expected")
        self.place += 1
        return found

    def value(self) -> tuple[str, Any]:
        """The next value whole: its text, and what it is. Raises InputRefused if it is none."""
        if not self.peek():
            self.refuse("a value expected")
        while True:
            try:
                value, end = self.decode(self.buffer, self.place)
            except json.JSONDecodeError as error:
                if self._is_cut_off(error) and self._more():
                    continue
                self.refuse(error.msg, error.pos)
            except RecursionError:
                self.refuse("nested too deep")
            except ValueError as error:
                self.refuse(str(error))
            source = self.buffer[self.place : end]
            if end + _NUMBER_TAIL <= len(self.buffer) or not self._more():
                self.place += len(source)
                return source, value

    def members(self) -> Iterator[str]:
        """The names of the object that begins here. The value of each must be taken before the next is asked for."""
        self.take("{")
        if self.peek() == "}":
            self.place += 1
            return
        while True:
            if self.peek() != '"':
                self.refuse("a name in double quotes expected")
            name = self.value()[1]
            self.take(":")
            yield name
            if self.take(",}") == "}":
                return

    def elements(self) -> Iterator[tuple[str, Any]]:
        """The values of the list that begins here, each with its text."""
        self.take("[")
        if self.peek() == "]":
            self.place += 1
            return
        while True:
            yield self.value()
            if self.take(",]") == "]":
                return

    def refuse(self, reason: str, place: int | None = None) -> NoReturn:
        """Raise InputRefused, naming the line."""
        line = self.line + self.buffer.count("\n", 0, self.place if place is None else place)
        path = str(self.extract.path)
        raise InputRefused(
            f"{path}: line {line}: not JSON: {reason}.",
            hint="The file was cut off, or is of another format. Fetch it again, or correct source.toml.",
            path=path,
            line=line,
        )

    def _is_cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether more text may mend it: a string that does not end, or a fault among the last characters read."""
        return "Unterminated string" in error.msg or error.pos >= len(self.buffer) - _WORD

    def _more(self) -> bool:
        """Read on, as much again as there is; False at the end."""
        waiting = len(self.buffer) - self.place
        if waiting > LIMITS.line_chars:
            self.refuse(f"a value is longer than {LIMITS.line_chars} characters")
        piece = self.text.read(max(_PIECE, waiting))
        self.line += self.buffer.count("\n", 0, self.place)
        self.buffer, self.place = self.buffer[self.place :] + piece, 0
        return bool(piece)


def list_items(stream: Stream, path: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The elements of the list at the path, each with its text; then the document is read to its end.

    Raises InputRefused if the document is not JSON, or has no list there.
    """
    yield from _descend(stream, path, 0)
    if stream.peek():
        stream.refuse("text after the end of the document")


def _descend(stream: Stream, path: Sequence[str], depth: int) -> Iterator[tuple[str, Any]]:
    if depth == len(path):
        if stream.peek() != "[":
            raise _no_list(stream, path)
        yield from stream.elements()
        return
    if stream.peek() != "{":
        raise _no_list(stream, path)
    seen = 0
    for name in stream.members():
        if name == path[depth]:
            seen += 1
            yield from _descend(stream, path, depth + 1)
        else:
            stream.value()
    if seen != 1:
        raise _no_list(stream, path)


def _no_list(stream: Stream, path: Sequence[str]) -> InputRefused:
    where = f"at {'.'.join(path)}" if path else "as the document"
    name = str(stream.extract.path)
    return InputRefused(
        f"{name}: one list of records was expected {where}, and is not there.",
        hint='State where it is in source.toml, for example records = "data" for {"data": [ … ]}; '
        "without `records` the document itself is the list.",
        path=name,
    )
