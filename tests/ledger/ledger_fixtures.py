"""Fixtures of the ledger's tests. A plugin, since mypy takes a second conftest.py for a second module of one name.

PYTEST_DONT_REWRITE: it asserts nothing, and the second test file that names it would be warned of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mdi_engine.ledger.store import open_ledger


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_ledger(tmp_path / "ledger.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without records, to be copied where a test needs many."""
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(path).dispose()
    return path
