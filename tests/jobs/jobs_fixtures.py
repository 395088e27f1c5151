"""A home after the demo, made once a module, and copies of it to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mdi_engine.jobs.demo import demo
from mdi_engine.settings import Settings


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the demo; tests that use it only read."""
    settings = Settings(home=tmp_path_factory.mktemp("linked") / "home")
    demo(settings)
    return settings


@pytest.fixture
def copy(linked: Settings, tmp_path: Path) -> Settings:
    """The same home, to be changed."""
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")
