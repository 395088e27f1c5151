"""The contract of a source: what its files must look like (source.toml) and what its rows become (mapping.sql).

Every fault of the two files is reported at once, each with its place. The mapping's SQL itself is tried out
in `staging`, on an empty table, before any file is read.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mdi_engine.entities import ENTITIES, Entity
from mdi_engine.entities.survivorship import STEWARD
from mdi_engine.errors import ModelError, NotFound
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench.readers.extract import Encoding
from mdi_engine.workbench.readers.formats import Format, Layout, Separator

# Names become file names and parts of table names, so they are kept plain.
PlainName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


# What says how to read a file, and the formats it means something to.
_OPTIONS: dict[str, tuple[Format, ...]] = {
    "encoding": ("csv", "html"),
    "separator": ("csv",),
    "sheet": ("xlsx",),
    "header_rows": ("xlsx", "html"),
    "records": ("json",),
}

# Columns the workbench adds to a raw row; a source may not use these names.
RESERVED = ("delivery", "row_id", "file_no", "file_row", "other")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """One column of a source file. `pattern` is RE2, must match the whole cleaned value, and spares placeholders.

    `code` says that its digits name something, and so may not have passed through a number that rounds.
    `check` names a normaliser that says what is wrong with a value (NULL: nothing), in words of its own; a profile
    counts its answers.
    """

    meaning: str
    required: bool = False
    pattern: str | None = None
    personal: bool = False
    code: bool = False
    check: str | None = None


class _Source(_Strict):
    name: PlainName
    entity: str
    title: str
    delivery: Literal["full", "delta"]
    key: str
    encoding: Encoding = "utf-8"
    format: Format = "csv"
    separator: Separator = ","
    sheet: Annotated[str, StringConstraints(min_length=1)] | None = None
    header_rows: Literal[1, 2] = 1
    records: Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$")] | None = None
    max_withdrawn_share: Annotated[float, Field(ge=0, le=1)] = 0.1


class _File(_Strict):
    source: _Source
    columns: dict[str, Column]


@dataclass(frozen=True)
class Contract:
    """A source contract without faults. `digest` is the SHA-256 (hex) of both files."""

    name: str
    title: str
    entity: Entity
    full: bool
    key: str
    encoding: str
    layout: Layout
    max_withdrawn_share: float
    columns: Mapping[str, Column]
    mapping: str
    mapping_path: Path
    digest: str


def load_contract(folders: Sequence[Path], source: str) -> Contract:
    """Read `<folder>/<source>/source.toml` and `mapping.sql` from the first folder that has the source.

    Raises NotFound if none has it, ModelError with every fault otherwise.
    """
    home = next((folder / source for folder in folders if (folder / source / "source.toml").is_file()), None)
    if home is None:
        known = sources(folders)
        raise NotFound(
            f"there is no source {source!r}; known are: {', '.join(known) or 'none'}.",
            hint="A source is a folder with source.toml and mapping.sql under pipelines/.",
            source=source,
            known=known,
        )
    return _read(home, source)


def sources(folders: Sequence[Path]) -> tuple[str, ...]:
    """Names of all sources in the folders, sorted."""
    return tuple(sorted({path.parent.name for folder in folders for path in folder.glob("*/source.toml")}))


def _read(home: Path, source: str) -> Contract:
    path, mapping_path = home / "source.toml", home / "mapping.sql"
    text, mapping = _text(path), _text(mapping_path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(str(path), [f"not TOML: {error}"]) from error
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise ModelError(str(path), [_fault(text, each["loc"], each["msg"]) for each in error.errors()]) from None
    faults = [*_source_faults(text, file, source), *_column_faults(text, file), *_mapping_faults(mapping)]
    if faults:
        raise ModelError(str(path), faults)
    stated = file.source
    return Contract(
        name=stated.name,
        title=stated.title,
        entity=ENTITIES[stated.entity],
        full=stated.delivery == "full",
        key=stated.key,
        encoding=stated.encoding,
        layout=Layout(stated.format, stated.separator, stated.sheet, stated.header_rows, stated.records),
        max_withdrawn_share=stated.max_withdrawn_share,
        columns=file.columns,
        mapping=mapping,
        mapping_path=mapping_path,
        digest=hashlib.sha256(f"{text}\0{mapping}".encode()).hexdigest(),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelError(str(path), ["the file is missing"]) from error
    except UnicodeDecodeError as error:
        raise ModelError(str(path), [f"not UTF-8 at byte {error.start}"]) from error


def _source_faults(text: str, file: _File, folder: str) -> list[str]:
    stated, faults = file.source, []
    if stated.name != folder:
        faults.append(_fault(text, ("source", "name"), f"{stated.name!r} stands in the folder {folder!r}; same name"))
    if stated.name == STEWARD:
        taken = f"{STEWARD!r} is the source of stewards' corrections, which come before all else; take another name"
        faults.append(_fault(text, ("source", "name"), taken))
    if stated.entity not in ENTITIES:
        accepted = ", ".join(ENTITIES)
        faults.append(_fault(text, ("source", "entity"), f"no entity {stated.entity!r}; accepted: {accepted}"))
    if stated.key not in file.columns:
        accepted = ", ".join(file.columns)
        faults.append(_fault(text, ("source", "key"), f"no column {stated.key!r}; columns are: {accepted}"))
    elif not file.columns[stated.key].required:
        faults.append(_fault(text, ("columns", stated.key), "the key column must say required = true"))
    for option, formats in _OPTIONS.items():
        if option in stated.model_fields_set and stated.format not in formats:
            wrong = f"an option of format {' and '.join(formats)}; this source is {stated.format}"
            faults.append(_fault(text, ("source", option), wrong))
    return faults


def _column_faults(text: str, file: _File) -> list[str]:
    faults = []
    taken: dict[str, str] = {}
    for name, column in file.columns.items():
        folded = name.casefold()
        if folded in RESERVED or name != name.strip() or not name:
            faults.append(_fault(text, ("columns", name), f"not a column name; {', '.join(RESERVED)} are ours"))
        elif folded in taken:
            # DuckDB names are equal without regard to case.
            faults.append(_fault(text, ("columns", name), f"differs from {taken[folded]!r} only in case"))
        taken.setdefault(folded, name)
        for option, wrong in (("pattern", _pattern_fault(column.pattern)), ("check", _check_fault(column.check))):
            if wrong:
                faults.append(_fault(text, ("columns", name, option), wrong))
    return faults


def _pattern_fault(pattern: str | None) -> str | None:
    """RE2 runs in linear time whatever the value; what it does not accept (back references, look-around) is a fault."""
    if pattern is None:
        return None
    with duckdb.connect() as con:
        try:
            con.execute("SELECT regexp_full_match('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            return f"not an RE2 expression: {error}"
    return None


def _check_fault(check: str | None) -> str | None:
    """What a check answers is shown of personal columns too, so it may not be one that gives the value back."""
    checks = [name for name in NORMALIZERS if name.endswith(("_fault", "_warning"))]
    return None if check is None or check in checks else f"no check {check!r}; accepted: {', '.join(sorted(checks))}"


def _mapping_faults(mapping: str) -> list[str]:
    try:
        statements = duckdb.extract_statements(mapping)
    except duckdb.Error as error:
        return [f"mapping.sql: {error}"]
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        found = ", ".join(statement.type.name for statement in statements) or "nothing"
        return [f"mapping.sql: it holds {found}; accepted is one query that reads raw"]
    return []


def _fault(text: str, place: Sequence[str | int], message: str) -> str:
    """`source.key (line 4): message`; the line is the nearest one found for the place."""
    dotted = ".".join(str(step) for step in place)
    line = _line(text, [str(step) for step in place])
    return f"{dotted} (line {line}): {message}" if line else f"{dotted}: {message}"


def _line(text: str, place: Sequence[str]) -> int | None:
    """1-based line of a key, or of the closest table above it that the file has; None if there is none."""
    for depth in range(len(place), 0, -1):
        table, inside, path = ".".join(place[: depth - 1]), depth == 1, ".".join(place[:depth])
        for number, line in enumerate(text.splitlines(), start=1):
            header = re.match(r"\s*\[+([^\]]*)\]", line)
            if header:
                name = header.group(1).replace('"', "").replace(" ", "")
                if name == path:
                    return number
                inside = name == table
            elif inside and re.match(rf"\s*\"?{re.escape(place[depth - 1])}\"?\s*=", line):
                return number
    return None
