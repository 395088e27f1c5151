"""JSON: a document that holds a list of objects, or one object per line (JSON lines).

A number is never made one: it arrives as the text it is written in. A list or object arrives as JSON text, in which
numbers stand as strings for the same reason. What a row does not have, and null, is NULL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NoReturn, TextIO

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.chunks import MAX_COLUMNS, Broken, Chunk, Chunker, Header, Record
from mdi_engine.workbench.readers.extract import Extract, open_text
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.json_stream import Stream, list_items

# Levels of lists and objects in one another, in one record. Real ones have 3.
MAX_DEPTH = 64
# `\ud800` and so on: half a character, which no text can hold.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """All names in the records, in order of appearance. Raises InputRefused if there are more than a table can have."""
    names: dict[str, None] = {}
    for item in _items(extract, layout, [0]):
        if isinstance(item, dict):
            names.update(dict.fromkeys(item))
        if len(names) > MAX_COLUMNS:
            raise InputRefused(
                f"{extract.path}: more than {MAX_COLUMNS} names; its records are no rows of a table.",
                hint="A record is an object whose names are the columns, the same ones in each record.",
                path=str(extract.path),
            )
    return tuple(names)


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """A line that is not JSON, or a record that is no object, is a fault. Raises InputRefused if the document is not
    JSON, has no list where the layout says, or at the end if a required column stood in none of the rows.
    """
    chars, absent, some = [0], set(required), False
    header = Header((*wanted, "other"), tuple((name, place) for place, name in enumerate(wanted)), len(wanted))
    names = frozenset(wanted)

    def records() -> Iterator[Record]:
        nonlocal some
        for item in _items(extract, layout, chars):
            if isinstance(item, Broken):
                yield item
                continue
            some = True
            absent.difference_update(item)
            others = {name: value for name, value in item.items() if name not in names}
            yield [*(_text(item.get(name)) for name in wanted), _text(others) if others else None]

    chunker, rows = Chunker(header, (), "\t"), records()
    while chunk := chunker.next_chunk(rows, lambda: chars[0]):
        yield chunk
    if some and absent:
        missing = [name for name in required if name in absent]
        raise InputRefused(
            f"{extract.path}: missing column {', '.join(missing)}: no record has it.",
            hint="Check that the source is the right one, or correct source.toml.",
            path=str(extract.path),
            missing=missing,
        )


def numbered_lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """The lines of JSON lines, each with the number of its row as `read_chunks` counts them; 0 for a blank one."""
    row = 0
    for line in text:
        blank = line.isspace()
        row += not blank
        yield 0 if blank else row, line


def first_list(extract: Extract) -> str | None:
    """The dotted path of the first list in a JSON document; None if the document is one, or none is found."""
    with open_text(extract) as text:
        stream = Stream(extract, text, decode)
        path = _search(stream, MAX_DEPTH) if stream.peek() == "{" else None
    # A name with a dot, or without letters, cannot be said in a layout.
    return ".".join(path) if path and all(name and "." not in name for name in path) else None


def _search(stream: Stream, depth: int) -> list[str] | None:
    for name in stream.members():
        if stream.peek() == "[":
            return [name]
        if stream.peek() != "{" or not depth:
            stream.value()
        elif inner := _search(stream, depth - 1):
            return [name, *inner]
    return None


def _items(extract: Extract, layout: Layout, chars: list[int]) -> Iterator[dict[str, Any] | Broken]:
    """The records, objects without fault, or why they are not. `chars[0]` counts what was read."""
    with open_text(extract) as text:
        if layout.format == "jsonl":
            for number, line in enumerate(text, start=1):
                chars[0] += len(line)
                if not line.isspace():
                    yield _line(number, line)
            return
        path = layout.records.split(".") if layout.records else []
        for source, value in list_items(Stream(extract, text, decode), path):
            chars[0] += len(source)
            yield _record(source, value)


def _line(number: int, line: str) -> dict[str, Any] | Broken:
    try:
        return _record(line, _DECODER.decode(line))
    except ValueError as error:
        # What JSONDecodeError adds to its message counts lines from this one; the value it does not quote.
        reason = getattr(error, "msg", str(error))
        return Broken(line, f"not JSON: {reason} (line {number})")
    except RecursionError:
        return Broken(line, f"nested more than {MAX_DEPTH} levels deep (line {number})")


def _record(source: str, value: object) -> dict[str, Any] | Broken:
    if not isinstance(value, dict):
        return Broken(source, "a record is an object, with the names of columns; this is none")
    if _too_deep(value):
        return Broken(source, f"nested more than {MAX_DEPTH} levels deep")
    if _HALF.search(source) and not _encodable(value):
        return Broken(source, "half a character: \\ud800 to \\udfff stand in pairs only")
    return value


def _too_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [value for values in inner for value in values if isinstance(value, list | dict)]
        if not level:
            return False
    return True


def _encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


class _Doubled(ValueError):
    """A name stands twice in one object, so that one of its values would be lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Doubled("a name stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


class _Decoder(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__(
            parse_int=str, parse_float=str, parse_constant=_no_number, object_pairs_hook=_object, strict=False
        )


_DECODER = _Decoder()
decode: Callable[[str, int], tuple[Any, int]] = _DECODER.raw_decode
