"""Fixtures for the test files beside it, which name this module in `pytest_plugins`.

Not a conftest.py: mypy takes one module of that name only, and tests/ledger has it. The collection of doctests may
import this file first, hence PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Shell

from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.train import train_entity
from mdi_engine.settings import Settings


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty folder."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the home of one demo. Not to be changed: `demo` gives a copy."""
    folder = tmp_path_factory.mktemp("demo")
    first = Shell(folder).mdi("demo")
    assert first.returncode == 0, first.stderr
    return folder


@pytest.fixture
def demo(demo_home: Path, tmp_path: Path) -> Shell:
    """A folder with a demo home of its own."""
    shutil.copytree(demo_home, tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def facilities_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home of linked facilities, some in doubt. Not to be changed: `facilities` gives a copy."""
    folder = tmp_path_factory.mktemp("facilities")
    settings = Settings(home=folder / "mdi-home", actor="mdi")
    for source in ("simada_sites", "sirs", "pusdatin"):
        ingest(settings, source, sorted((SAMPLES / source).iterdir()))
    train_entity(settings, "facility")
    link_entity(settings, "facility")
    return folder


@pytest.fixture
def facilities(facilities_home: Path, tmp_path: Path) -> Shell:
    """A folder with a home of linked facilities of its own."""
    shutil.copytree(facilities_home, tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


@pytest.fixture
def sirs(shell: Shell) -> Callable[..., Path]:
    """Write a SIRS extract of the given names and say where it is."""

    def write(*names: str) -> Path:
        path = shell.folder / "sirs.csv"
        rows = [f'{3578001 + n},"{name}",JAWA TIMUR,RSU,C,Pemkab,10' for n, name in enumerate(names)]
        path.write_text("\n".join(["kode_rs,nama_rs,nama_prop,jenis_rs,kelas,pemilik,total_tt", *rows, ""]), "utf-8")
        return path

    return write
