"""The cells of the first table of an HTML page, read in pieces as browsers read it.

Python's html.parser takes 17 µs a cell where this takes 3, and in many versions of Python (CVE-2025-6069) is quadratic
in markup that does not end. Entities are decoded, runs of blanks are one blank, cells and rows that are never closed
end with the next.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import NamedTuple

MAX_COLSPAN, MAX_ROWSPAN = 1_000, 65_534  # HTML standard, 4.9.11
_BLANKS = re.compile(r"[ \t\n\f\r]+")
# Half a character, which no decoded text holds, stands for a line break until the blanks are folded.
_BREAK = "\ud800"
_BREAKS = frozenset({"br", "p", "div", "li"})
_RAW = frozenset({"script", "style"})
# A quote counts only after `=`. No part gives back what it took, so a tag that does not end is read once.
_ATTRIBUTES = r"""((?:[^>=]|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+)"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+){_ATTRIBUTES}>")
# A name begins behind what separates it, so one without a value is read once and not again from each of its letters.
_ATTRIBUTE = re.compile(r"""(?<![^\s=>/"'])([^\s=>/"']++)\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+)""")
# What nearly all of a table is: a cell of text alone.
_PLAIN_CELL = re.compile(r"\s*+<t[dh]>([^<&]*+)</t[dh]>", re.IGNORECASE)
# An entity may be cut off at the end of a piece; the longest name has 32 characters.
_ENTITY_CHARS = 40


class Cell(NamedTuple):
    """The text of a cell, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1


class TableParser:
    """Takes a page piece by piece; `rows` gathers those of the first table, and `ended` says that it is over.

    `waiting` is what was fed and not yet understood, since its end is still to come; `chars` counts the row's text.
    """

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.ended = False
        self.waiting = ""
        self.chars = 0
        self._row: list[Cell] = []
        self._parts: list[str] | None = None  # of the cell, if one is open
        self._spans = (1, 1)
        self._depth = 0  # of tables
        self._raw: str | None = None  # script or style, whose text is no markup

    def feed(self, piece: str) -> None:
        """Understand as much as can be understood."""
        text, place = self.waiting + piece, 0
        while not self.ended and (place_after := self._next(text, place)) is not None:
            place = place_after
        self.waiting = "" if self.ended else text[place:]

    @property
    def whole_tags(self) -> bool:
        """Whether no tag, comment or script is open."""
        return self._raw is None and not self.waiting.startswith("<")

    def close(self) -> bool:
        """The page is over. False if the table is not, or markup is open, so that rows may be missing."""
        return self.ended or (self.whole_tags and not self._depth)

    def _next(self, text: str, place: int) -> int | None:
        """Understand what stands at the place, and say where it ends; None if its end is still to come."""
        if self._raw is not None:
            return self._skip_raw(text, place)
        if self._depth == 1 and (after := self._plain_cells(text, place)) > place:
            return after
        start = text.find("<", place)
        if start == place:
            return self._markup(text, place)
        end = start if start >= 0 else _safe_end(text, place)
        self._text(text[place:end])
        return end if end > place else None

    def _plain_cells(self, text: str, place: int) -> int:
        """Take the cells of text alone that begin here; says where they end."""
        first, match = place, _PLAIN_CELL.match
        while plain := match(text, place):
            if place == first:
                self._end_cell()
            self._row.append(Cell(_folded(plain.group(1))))
            place = plain.end()
        self.chars += place - first
        return place

    def _markup(self, text: str, place: int) -> int | None:
        after = text[place + 1 : place + 3]
        if tag := _TAG.match(text, place):
            self._tag(*tag.groups())
            return tag.end()
        if len(after) < 2:
            return None
        if text.startswith("<!--", place):
            return _after(text, "-->", place + 2)
        if after[0] in "!?" or (after[0] == "/" and not _is_letter(after[1])):
            return _after(text, ">", place + 2)
        if after[0] == "/" or _is_letter(after[0]):
            return None
        self._text("<")
        return place + 1

    def _skip_raw(self, text: str, place: int) -> int | None:
        end = re.compile(rf"</{self._raw}", re.IGNORECASE).search(text, place)
        if end is None:
            # All but the beginning of what may be the end.
            return max(len(text) - 8, place) if len(text) - 8 > place else None
        self._raw = None
        return end.start()

    def _tag(self, slash: str, name: str, attributes: str) -> None:
        name = name.lower()
        if slash:
            self._end_tag(name)
        elif name in _RAW:
            self._raw = name
        elif name == "table":
            self._start_table()
        elif name in _BREAKS:
            self._add(_BREAK)
        elif self._depth > 1:
            self._add(" ")
        elif self._depth and name in ("td", "th"):
            self._end_cell()
            self._parts, self._spans = [], _spans(attributes)
        elif self._depth and name in ("tr", "thead", "tbody", "tfoot"):
            self._end_row()

    def _end_tag(self, name: str) -> None:
        if self._depth and name in ("body", "html"):  # whole, though its table was never closed
            self._end_table()
            return
        if name == "table" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._end_table()
        elif self._depth == 1 and name in ("td", "th"):
            self._end_cell()
        elif self._depth == 1 and name == "tr":
            self._end_row()

    def _start_table(self) -> None:
        if self._depth and self._parts is None:
            self._end_table()  # it was never closed, and another one begins
        else:
            self._depth += 1

    def _text(self, text: str) -> None:
        self._add(html.unescape(text) if "&" in text else text)

    def _add(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)
            self.chars += len(text)

    def _end_cell(self) -> None:
        if self._parts is not None:
            lines = map(_folded, "".join(self._parts).split(_BREAK))
            self._row.append(Cell("\n".join(filter(None, lines)), *self._spans))
            self._parts = None
            self.chars += 1

    def _end_row(self) -> None:
        self._end_cell()
        if self._row:
            self.rows.append(self._row)
        self._row, self.chars = [], 0

    def _end_table(self) -> None:
        self._end_row()
        self._depth, self.ended = 0, True


def _folded(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


def _after(text: str, mark: str, place: int) -> int | None:
    found = text.find(mark, place)
    return found + len(mark) if found >= 0 else None


def _safe_end(text: str, place: int) -> int:
    """How far a text without markup can be taken: before an entity that may be cut off."""
    entity = text.rfind("&", max(place, len(text) - _ENTITY_CHARS))
    return entity if entity >= 0 else len(text)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _spans(attributes: str) -> tuple[int, int]:
    """Columns and rows that a cell spans.

    >>> _spans(' class="a > b" COLSPAN=3 rowspan="2"'), _spans(" rowspan=0"), _spans("")
    ((3, 2), (1, 65534), (1, 1))
    """
    if "span" not in attributes.lower():
        return 1, 1
    named = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(attributes)}
    return _span(named.get("colspan", ""), MAX_COLSPAN), _span(named.get("rowspan", ""), MAX_ROWSPAN)


def _span(text: str, most: int) -> int:
    """A number from 1 to `most`: 1 where nothing sound is said; 0 means to the end.

    >>> [_span(text, 1000) for text in ("", "3", "0", "2x", "99999999999", "-1", "٣")]
    [1, 3, 1000, 2, 1000, 1, 1]
    """
    digits = re.match(r"\s*([0-9]{1,9})", text)
    found = int(digits.group(1)) if digits else 1
    return min(found, most) or most


def joined(top: Sequence[str], bottom: Sequence[str], both: Collection[int]) -> list[str]:
    """Names under two header rows: `group name`, and the one text of a cell that spans both, in the places `both`.

    >>> joined(["No", "STR", "STR"], ["No", "nomor", "tanggal"], {0})
    ['No', 'STR nomor', 'STR tanggal']
    """
    pairs = enumerate(zip_longest(top, bottom, fillvalue=""))
    return [a if place in both else " ".join(filter(None, (a, b))) for place, (a, b) in pairs]
