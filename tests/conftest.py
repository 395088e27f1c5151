from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Machines are shared: a slow example is no fault. Speed is measured in benchmarks/.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The public lists, or a skip that says why."""
    folder = Path(os.environ.get("MDI_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the public lists are not at {folder}; set MDI_REAL_DATA")
    return folder
