"""Lists that ship with the software, and newer ones that a home has taken in.

A home keeps them under `reference/<list>/<number>/`, tables as they ship beside `manifest.json` with where they came
from. `reference/<list>/in_force` names the number that counts, and `log.jsonl` beside it who put which in force, and
when. Numbers are never used again, and nothing is deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mdi_engine.errors import InputRefused
from mdi_engine.reference.tables import NEWER, read_toml

MANIFEST = "manifest.json"
IN_FORCE = "in_force"
LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A table as it ships: as of when (empty: not known), from where, on what terms."""

    name: str
    as_of: str
    source: str
    license: str


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """A list: the columns by which a file is known for one of its kind, and the tables it is kept in."""

    name: str
    title: str
    columns: tuple[str, ...]
    tables: tuple[Shipped, ...]


@cache
def reference_lists() -> Mapping[str, ReferenceList]:
    """The lists by name, in the order in which a file is tried for one."""
    return {
        name: ReferenceList(
            name, told["title"], tuple(told["columns"]), tuple(Shipped(**table) for table in told["tables"])
        )
        for name, told in read_toml("lists").items()
    }


def list_folder(home: Path, name: str) -> Path:
    """Where a home keeps the list."""
    return home / "reference" / name


def version_folder(home: Path, name: str, number: int) -> Path:
    """Where a home keeps one version of the list."""
    return list_folder(home, name) / f"{number:04d}"


def number_in_force(home: Path, name: str) -> int:
    """The version of the list that counts in this home; 0 is the shipped one.

    Raises InputRefused if the file that names it names none: a list that silently was another would be worse.
    """
    try:
        text = (list_folder(home, name) / IN_FORCE).read_text("utf-8").strip()
    except FileNotFoundError:
        return 0
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if number < 0 or (number and not (version_folder(home, name, number) / MANIFEST).is_file()):
        raise InputRefused(
            f"{list_folder(home, name) / IN_FORCE} names no version of {name} that is there",
            hint="Write the number of one of the folders beside it into it; 0 is the list that ships.",
        )
    return number


def manifest(home: Path, name: str, number: int) -> dict[str, Any]:
    """Where a version came from: source, as_of, taken_at, actor, file, sha256, before."""
    told: dict[str, Any] = json.loads((version_folder(home, name, number) / MANIFEST).read_text("utf-8"))
    return told


def folders_in_force(home: Path) -> tuple[Path, ...]:
    """The folders of newer tables that count in this home."""
    if not (home / "reference").is_dir():
        return ()
    numbers = {name: number_in_force(home, name) for name in reference_lists()}
    return tuple(version_folder(home, name, number).resolve() for name, number in numbers.items() if number)


def use(home: Path) -> None:
    """Read this home's newer lists from now on, here and in processes that are started from here.

    Tables are read once: call it before anything is normalised. A setting of MDI_REFERENCE by hand stands.
    """
    folders = folders_in_force(home)
    if folders:
        os.environ.setdefault(NEWER, os.pathsep.join(map(str, folders)))
