"""Whether a workbook can be borne, before a library takes it apart that would hold all of it in memory.

An .xlsx is a zip of XML. Little of it can stand for much: what inflates, a sheet with one cell in its last corner
(calamine keeps every cell between), a long text that a million cells share. So the parts are inflated here once, and
the cells of the sheet that is wanted are counted, before anything is kept.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.extract import LIMITS, Extract, bearable_bytes

# A full sheet of 32 columns: about 1 GB while it is read.
MAX_CELLS = 32 << 20
_PIECE = 1 << 16
_WORKBOOK, _SHARED = "xl/workbook.xml", "xl/sharedstrings.xml"
# Other kinds of workbook in a zip, which calamine would read too.
_OTHERS = ("xl/workbook.bin", "content.xml")
_LOCKED_FLAG = 1


class WorkbookGuard:
    """The parts of a workbook, inflated within bounds. Every method raises InputRefused at what cannot be borne."""

    def __init__(self, extract: Extract, file: BinaryIO) -> None:
        self.extract = extract
        self.file = file
        try:
            with zipfile.ZipFile(file) as archive:
                parts = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise self._refused(f"not a sound .xlsx: its zip is damaged ({error})") from error
        # calamine finds a part whatever the case of its name.
        self.parts = {part.filename.casefold(): part for part in parts}
        if len(self.parts) < len(parts):
            raise self._refused("not a sound .xlsx: two parts of its zip share a name")
        if _WORKBOOK not in self.parts or any(name in self.parts for name in _OTHERS):
            raise self._refused("a zip, but no .xlsx workbook")
        self._refuse_bomb()

    def sheets(self) -> dict[str, str]:
        """The part of each sheet by its name, in order of the workbook."""
        targets, found = {}, {}
        for attributes in self._elements("xl/_rels/workbook.xml.rels", "Relationship"):
            target = attributes.get("Target", "")
            # What begins with a slash is counted from the root of the zip, the rest from the folder of the workbook.
            path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id")] = path.casefold()
        for attributes in self._elements(_WORKBOOK, "sheet"):
            ids = [value for name, value in attributes.items() if name.rpartition(":")[2] == "id"]
            found[attributes.get("name", "")] = targets.get(ids[0], "") if ids else ""
        return found

    def refuse_large(self, part: str) -> None:
        """Count the cells of a sheet and the text in them."""
        lengths = _Lengths()
        if _SHARED in self.parts:
            self._parse(_SHARED, lengths)
        cells = _Cells(lengths.found)
        self._parse(part, cells)
        if cells.area > MAX_CELLS:
            raise self._refused(
                f"its sheet spans {cells.rows} rows and {cells.columns} columns, {cells.area} cells; accepted are "
                f"{MAX_CELLS}",
                "Delete the empty rows and columns around the table, or export it as CSV.",
            )
        limit = bearable_bytes(self.extract.size)
        if cells.text > limit:
            raise self._refused(f"the texts of its cells come to more than {limit} characters", "Export it as CSV.")

    def _refuse_bomb(self) -> None:
        limit, total = bearable_bytes(self.extract.size), 0
        if sum(part.file_size for part in self.parts.values()) > limit:
            raise self._bomb(limit)
        for part in self.parts.values():
            # What a part says of its size need not be true.
            for piece in self._inflated(part):
                total += len(piece)
                if total > limit:
                    raise self._bomb(limit)

    def _bomb(self, limit: int) -> InputRefused:
        hint = f"Accepted: up to {LIMITS.inflation} times its size. Open it yourself if you trust it, and export CSV."
        return self._refused(f"{self.extract.size} bytes of .xlsx inflate to more than {limit} bytes", hint)

    def _inflated(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        if part.flag_bits & _LOCKED_FLAG or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refused("not a sound .xlsx: a part of its zip is locked, or compressed as Excel does not")
        header = b""
        if part.header_offset >= 0:
            self.file.seek(part.header_offset)
            header = self.file.read(30)
        if not header.startswith(b"PK\x03\x04"):
            raise self._refused("not a sound .xlsx: its zip is damaged (a part is not where it should be)")
        # The lengths of the name and of what follows it, before the content.
        self.file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
        left = part.compress_size
        inflater = zlib.decompressobj(-zlib.MAX_WBITS) if part.compress_type == zipfile.ZIP_DEFLATED else None
        while left and (piece := self.file.read(min(_PIECE, left))):
            left -= len(piece)
            if inflater is None:
                yield piece
                continue
            yield from self._pieces(inflater, piece)
        if left or (inflater is not None and not inflater.eof):
            raise self._refused("not a sound .xlsx: a part of its zip ends too early")

    def _pieces(self, inflater: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
        try:
            while piece and not inflater.eof:
                yield inflater.decompress(piece, _PIECE)
                piece = inflater.unconsumed_tail
        except zlib.error as error:
            raise self._refused(f"not a sound .xlsx: its zip is damaged ({error})") from error

    def _elements(self, part: str, name: str) -> list[dict[str, str]]:
        """The attributes of all elements of that name."""
        gathered = _Attributes(name)
        self._parse(part, gathered)
        return gathered.found

    def _parse(self, name: str, target: _Target) -> None:
        part = self.parts.get(name.casefold())
        if part is None:
            raise self._refused("not a sound .xlsx: a part that it names is missing")
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = target.start
        if target.takes_text:
            parser.EndElementHandler = target.end
            parser.CharacterDataHandler = target.text_found
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        try:
            for piece in self._inflated(part):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise self._refused("not a sound .xlsx: a part of it is no sound XML") from error

    def _refuse_doctype(self, *_: object) -> None:
        raise self._refused("not a sound .xlsx: its XML has a document type, which may multiply what it says")

    def _refused(self, reason: str, hint: str = "Open it in Excel or LibreOffice, and save as .xlsx.") -> InputRefused:
        path = str(self.extract.path)
        return InputRefused(f"{path}: {reason}.", hint=hint, path=path)


class _Target:
    """What listens to a parser. Names come with a prefix or without."""

    takes_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text_found(self, text: str) -> None: ...


class _Attributes(_Target):
    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[dict[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == self.name:
            self.found.append(attributes)


class _Lengths(_Target):
    """How long each shared string is."""

    takes_text = True

    def __init__(self) -> None:
        self.found: list[int] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "si":
            self.found.append(0)

    def text_found(self, text: str) -> None:
        if self.found:
            self.found[-1] += len(text)


class _Cells(_Target):
    """The last row and column with a value, and how much text the shared strings in cells are."""

    def __init__(self, lengths: list[int]) -> None:
        self.takes_text = bool(lengths)
        self.lengths = lengths
        self.kinds = _LocalNames()
        self.numbers = _ColumnNumbers()
        self.rows = self.columns = self.text = 0
        self.row, self.column = 0, 0
        self.shared = False
        self.value: str | None = None

    @property
    def area(self) -> int:
        return self.rows * self.columns

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = self.kinds[name]
        if kind == "c":
            # A cell says where it stands, or stands right of the one before.
            if reference := attributes.get("r"):
                letters = reference.rstrip("0123456789")
                self.row, self.column = int(reference[len(letters) :]), self.numbers[letters]
            else:
                self.column += 1
            self.shared = attributes.get("t") == "s"
        elif kind in ("v", "is"):
            if self.row > self.rows:
                self.rows = self.row
            if self.column > self.columns:
                self.columns = self.column
            self.value = "" if self.shared else None
        elif kind == "row":
            self.row, self.column = int(attributes["r"]) if "r" in attributes else self.row + 1, 0

    def end(self, name: str) -> None:
        if self.value is not None and self.kinds[name] == "v":
            number = int(self.value or 0)
            self.text += self.lengths[number] if 0 <= number < len(self.lengths) else 0
            self.value = None

    def text_found(self, text: str) -> None:
        if self.value is not None:
            self.value += text


class _LocalNames(dict[str, str]):
    """`x:c` is c."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, name.rpartition(":")[2])


class _ColumnNumbers(dict[str, int]):
    """A is 1, XFD is 16,384. Raises ValueError for what names no column."""

    def __missing__(self, letters: str) -> int:
        if not (len(letters) <= 3 and letters.isascii() and letters.isalpha()):
            raise ValueError("no reference of a cell")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        return self.setdefault(letters, number)
