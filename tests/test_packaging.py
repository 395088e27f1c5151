"""What people get: the public names, the wheel, the two commands of the Makefile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
import venv
import zipfile
from pathlib import Path

import pytest

import mdi_engine

ROOT = Path(__file__).parents[1]


def test_exported_members() -> None:
    """The list is what there is: nothing named that is not there, nothing public that is not named."""
    assert list(mdi_engine.__all__) == sorted(set(mdi_engine.__all__))
    for name in mdi_engine.__all__:
        assert getattr(mdi_engine, name) is not None
    tools = {"annotations", "import_module", "TYPE_CHECKING"}
    held = {name for name, value in vars(mdi_engine).items() if not isinstance(value, types.ModuleType)}
    assert {name for name in held if not name.startswith("_")} - tools <= set(mdi_engine.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        mdi_engine.nonsense  # noqa: B018


def test_importing_the_package_is_light() -> None:
    heavy = {"numba", "pandas", "duckdb", "sqlalchemy", "numpy", "pyarrow"}
    code = f"import sys, mdi_engine; print(*{heavy} & set(sys.modules))"
    assert _run(sys.executable, "-c", code, cwd=ROOT).stdout.strip() == ""


def test_the_version_is_said_once() -> None:
    stated = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated
    assert stated[1] == mdi_engine.__version__


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_bare_make_prints_its_targets() -> None:
    told = _run("make", cwd=ROOT).stdout
    targets = re.findall(r"^  make ([a-z-]+) +\S", told, re.MULTILINE)
    assert {"help", "run", "test", "lint", "types", "clean"} <= set(targets)
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert phony[1].split() == targets


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path) -> None:
    """From the source archive to the wheel to a demo in a folder that knows nothing of the checkout."""
    _run(sys.executable, "-m", "build", "--outdir", str(tmp_path / "dist"), cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = "mdi_engine/_shipped"
    assert {f"{shipped}/pipelines/sirs/source.toml", f"{shipped}/samples/truth/facility.csv"} <= names
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in names if ".dist-info/licenses/" in name}
    assert not [name for name in names if "test" in name.lower() or name.endswith((".pyc", ".duckdb", ".sqlite"))]

    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "--quiet", str(wheel), cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = _run(str(python.with_name("mdi")), "demo", cwd=elsewhere)
    assert "masters" in done.stdout
    assert [path.name for path in elsewhere.iterdir()] == ["mdi-home"]
    told = _run(str(python), "-c", "import mdi_engine; print(mdi_engine.__file__, mdi_engine.link)", cwd=elsewhere)
    assert told.stdout.startswith(str(tmp_path / "env"))


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # Without the settings of whoever runs the tests, and without the variables by which make talks to its children.
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MDI_", "MAKE", "PYTHON", "MFLAGS"))
    }
    done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
