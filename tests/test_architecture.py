"""Imports point one way, from `cli` down to `errors` and `settings`: a room may import what `MAY_IMPORT` says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "mdi_engine"
BASE = {"errors", "settings"}
BELOW_STORES = BASE | {"reference", "normalize", "entities", "linkage"}
# Room → rooms it may import, beside itself.
MAY_IMPORT = {
    "errors": set[str](),
    "settings": {"errors"},
    "reference": BASE,
    "normalize": BASE | {"reference"},
    "entities": BASE | {"reference", "normalize"},
    "linkage": BASE,
    "population": BASE | {"reference", "normalize"},
    "workbench": BELOW_STORES,
    "ledger": BELOW_STORES,
    # One pure function of the workbench makes text safe; templates take what the lower rooms found.
    "pages": BELOW_STORES | {"workbench"},
    "jobs": BELOW_STORES | {"workbench", "ledger", "pages"},
    "cli": BELOW_STORES | {"workbench", "ledger", "pages", "jobs", "population"},
    # `mdi_engine` itself offers the public names.
    "__init__": BELOW_STORES | {"jobs"},
}
# Libraries that belong to one room; who else names them does that room's work.
LIBRARIES = {
    "duckdb": {"workbench", "jobs"},
    "sqlalchemy": {"ledger", "jobs"},
    "alembic": {"ledger"},
    "pysqlite3": {"ledger"},
    "sqlite3": {"ledger"},
    "typer": {"cli"},
    "rich": {"cli"},
    "numba": {"linkage"},
    "jinja2": {"pages"},
    "markupsafe": {"pages"},
    "pandas": set[str](),
}
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.parts[0] if len(file.parts) > 1 else file.stem


def imported(text: str) -> Iterator[str]:
    """Full names of the modules that a file names, wherever it does: also inside functions and type checks."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            yield from (str(name.value) for name in node.args if isinstance(name, ast.Constant))


def wrong(room: str, name: str) -> bool:
    top, *rest = name.split(".")
    if top == "mdi_engine":
        # From the package itself everybody may have its version, and nothing else.
        return rest != ["__version__"] and (not rest or rest[0] not in MAY_IMPORT[room] | {room})
    return top in LIBRARIES and room not in LIBRARIES[top]


def test_there_is_something_to_walk() -> None:
    assert {room_of(file) for file in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_point_down(file: Path) -> None:
    names = imported((PACKAGE / file).read_text("utf-8"))
    assert not [name for name in names if wrong(room_of(file), name)]


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("linkage", "from mdi_engine.entities.facility import FACILITY"),
        ("linkage", "def f():\n    import pandas as pd"),
        ("jobs", "from numba import njit"),
        ("ledger", "from mdi_engine.workbench import database"),
        ("workbench", "import mdi_engine.ledger.store"),
        ("normalize", "from mdi_engine import jobs"),
        ("entities", "from mdi_engine.linkage.models.model import Model"),
        ("jobs", "import importlib\nimportlib.import_module('mdi_engine.cli.main')"),
        ("jobs", "import rich"),
        ("errors", "from mdi_engine.settings import Settings"),
    ],
)
def test_what_turns_the_direction_is_noticed(room: str, line: str) -> None:
    assert any(wrong(room, name) for name in imported(line))
