"""The lists that a home goes by: what is in force and from where, taking in a newer one, and the way back."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.jobs.archive import sync_folder, written_whole
from mdi_engine.reference.change import Change, ListUpdate, Tables
from mdi_engine.reference.incoming import Incoming, read_incoming, refuse
from mdi_engine.reference.lists import (
    IN_FORCE,
    LOG,
    MANIFEST,
    ReferenceList,
    list_folder,
    manifest,
    number_in_force,
    reference_lists,
    version_folder,
)
from mdi_engine.reference.plain_update import update_replacements, update_types
from mdi_engine.reference.region_update import update_regions
from mdi_engine.reference.tables import Row, shipped_csv
from mdi_engine.settings import Settings

# A newer list that lacks more than this share of a table is one that was cut off, unless somebody states its counts.
MOST_GONE = 0.05
_COUNTED = {"regions": ("provinces", "kabkota", "kecamatan", "villages")}
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class TableInForce:
    """A table: rows, as of when, from where, and the version of its list that is in force (0: the shipped one)."""

    list: str
    table: str
    rows: int
    as_of: str | None
    version: int
    source: str
    license: str | None


@dataclass(frozen=True)
class Updated:
    """What a file would change, or did (`taken`): rows of each table before and after, and the changes one by one.

    `version` is the number in force afterwards if it was taken in, else the one in force still.
    """

    list: str
    file: str
    sha256: str
    taken: bool
    version: int
    counts: dict[str, tuple[int, int]]
    changes: dict[str, Change]
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return any(change.added or change.gone or change.renamed for change in self.changes.values())

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "changed": self.changed}


def tables_in_force(settings: Settings) -> list[TableInForce]:
    """Every table of every list, with where it comes from."""
    found = []
    for kind in reference_lists().values():
        number = number_in_force(settings.home, kind.name)
        told = manifest(settings.home, kind.name, number) if number else {}
        tables = _tables(settings.home, kind, number)
        for table in kind.tables:
            source, as_of = (told["source"], told["as_of"]) if number else (table.source, table.as_of)
            terms = None if number else table.license
            rows = len(tables[table.name])
            found.append(TableInForce(kind.name, table.name, rows, as_of or None, number, source, terms or None))
    return found


def update_reference(
    settings: Settings,
    path: Path,
    *,
    source: str | None = None,
    as_of: str | None = None,
    counts: Sequence[int] | None = None,
    take: bool = False,
) -> Updated:
    """Compare a newer list with the one in force, and with `take` put it in its place in this home.

    `source` says where it comes from (needed to take it in), `as_of` when it was valid (begins with a year), `counts`
    how many rows each level must have. Raises InputRefused with what is wrong with the file, UsageError without a
    source, Conflict if somebody else took one in meanwhile.
    """
    if take and not (source or "").strip():
        raise UsageError("a list is taken in with where it comes from: --source TEXT")
    if as_of is not None and not _YEAR.match(as_of):
        raise UsageError("--as-of is a date, or begins with a year of four digits")
    incoming = read_incoming(path)
    before = number_in_force(settings.home, incoming.kind.name)
    old = _tables(settings.home, incoming.kind, before)
    made = _made(settings, path, incoming, old, before, counts)
    version = before
    if take:
        facts = {"source": str(source).strip(), "as_of": as_of, "file": path.name, "sha256": incoming.sha256}
        version = _take(settings, incoming.kind.name, made.tables, before, facts)
    sizes = {name: (len(old[name]), len(rows)) for name, rows in made.tables.items()}
    return Updated(incoming.kind.name, path.name, incoming.sha256, take, version, sizes, made.changes, made.notes)


def undo_reference(settings: Settings, name: str) -> tuple[int, int]:
    """Put the list in force that was so before the present one; gives both numbers, then and now.

    Nothing is deleted. Raises NotFound where the shipped list is in force, or there is no such list.
    """
    if name not in reference_lists():
        raise NotFound(f"{name!r} is no list; there is {', '.join(reference_lists())}")
    number = number_in_force(settings.home, name)
    if not number:
        raise NotFound(f"{name}: the list that ships is in force; there is nothing before it")
    before = int(manifest(settings.home, name, number)["before"])
    _put_in_force(settings, name, before)
    return number, before


def _made(
    settings: Settings, path: Path, incoming: Incoming, old: Tables, before: int, counts: Sequence[int] | None
) -> ListUpdate:
    """The tables that the file makes. Raises InputRefused with its faults."""
    faults: list[str] = []
    kind = incoming.kind.name
    if kind == "regions":
        year = _last_seen(settings, before)
        made = update_regions(old, incoming.lines, faults, year)
    else:
        make = update_types if kind == "facility_types" else update_replacements
        made = make(old, incoming.lines, faults)
    if not made.tables:
        refuse(path, faults)
    names = _COUNTED.get(kind, (kind,))
    wrong = _miscounted({name: len(made.tables[name]) for name in names}, counts)
    refuse(path, [*wrong, *(_cut_off(old, made.changes) if counts is None else ()), *faults])
    return made


def _last_seen(settings: Settings, number: int) -> int:
    """The year up to which the regions in force were published."""
    if not number:
        return max(int(table.as_of[:4]) for table in reference_lists()["regions"].tables if table.name == "kabkota")
    told = manifest(settings.home, "regions", number)
    return int((told["as_of"] or told["taken_at"])[:4])


def _miscounted(found: Mapping[str, int], counts: Sequence[int] | None) -> list[str]:
    if counts is None:
        return []
    if len(counts) > len(found):
        return [f"{len(counts)} counts are stated, and the list has {len(found)}"]
    pairs = zip(found.items(), counts, strict=False)
    return [f"{name}: {number:,} rows, not {wanted:,}" for (name, number), wanted in pairs if number != wanted]


def _cut_off(old: Tables, changes: Mapping[str, Change]) -> list[str]:
    return [
        f"{name}: {len(change.gone):,} of {len(old[name]):,} are missing; if the list is whole, state its --counts"
        for name, change in changes.items()
        if len(change.gone) > MOST_GONE * len(old[name])
    ]


def _tables(home: Path, kind: ReferenceList, number: int) -> Tables:
    folder = version_folder(home, kind.name, number) if number else None
    return {table.name: list(_rows(table.name, folder)) for table in kind.tables}


def _rows(name: str, folder: Path | None) -> list[Row]:
    text = (folder / f"{name}.csv").read_text("utf-8") if folder else shipped_csv(name)
    return [{column: value or None for column, value in row.items()} for row in csv.DictReader(io.StringIO(text))]


def _take(settings: Settings, name: str, tables: Tables, before: int, facts: Mapping[str, object]) -> int:
    """Write the tables as a version of their own, whole or not at all, then put it in force. Gives its number."""
    folder = list_folder(settings.home, name)
    folder.mkdir(parents=True, exist_ok=True)
    number = max((int(path.name) for path in folder.iterdir() if path.name.isdecimal()), default=0) + 1
    arriving = Path(mkdtemp(prefix=".arriving-", dir=folder))
    try:
        for table, rows in tables.items():
            _write(arriving / f"{table}.csv", _csv(rows, _columns(table)))
        told = {**facts, "before": before, "taken_at": _now(), "actor": settings.actor}
        _write(arriving / MANIFEST, json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        arriving.rename(version_folder(settings.home, name, number))
    except OSError as error:
        if version_folder(settings.home, name, number).exists():
            raise Conflict(
                f"{name}: somebody else took in a list meanwhile", hint="Look at it, then try again."
            ) from error
        raise
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    sync_folder(folder)
    _put_in_force(settings, name, number)
    return number


def _columns(table: str) -> list[str]:
    return next(csv.reader(io.StringIO(shipped_csv(table))))


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    out = io.StringIO()
    more = [column for column in (rows[0] if rows else {}) if column not in columns]
    writer = csv.DictWriter(out, [*columns, *more], lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: value or "" for column, value in row.items()} for row in rows)
    return out.getvalue()


def _write(path: Path, text: str) -> None:
    with written_whole(path) as file:
        file.write(text.encode())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _put_in_force(settings: Settings, name: str, number: int) -> None:
    """Who puts which version in force, and when, stands in the log."""
    folder = list_folder(settings.home, name)
    told = json.dumps({"at": _now(), "actor": settings.actor, "version": number}, ensure_ascii=False)
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(told + "\n")
    _write(folder / IN_FORCE, f"{number}\n")
