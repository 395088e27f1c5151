"""A disk that is full, a folder that cannot be written, half a file: it is said clearly, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_helpers import MDI, Run, Shell, environment
from cli_homes import HOME, LEDGER, WORKBENCH, done, dump, failed, findings

pytest_plugins = ["cli_homes"]

MEGABYTE = 1 << 20


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, of that size, where the tester may mount one; else the test is skipped."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("the tester may not mount a small disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, left: int) -> None:
    """Take all the room of a disk but `left` bytes."""
    room = os.statvfs(folder)
    with (folder / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - left)


def limited(shell: Shell, kilobytes: int, *arguments: str) -> Run:
    """Run mdi where no file may become larger than that: to a program the same as a disk that is full."""
    return subprocess.run(
        ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash", MDI, *arguments],
        cwd=shell.folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name.startswith(".") or ".part" in path.name)


@pytest.fixture
def more(home: Shell) -> str:
    """A delivery of 20,000 new rows."""
    lines = (home.folder / "first.csv").read_text("utf-8").splitlines()
    rows = [f'{9000000 + n},"Klinik Utama Melati {n}",JAWA TIMUR,RSU,C,Pemkab,10' for n in range(20_000)]
    (home.folder / "more.csv").write_text("\n".join([*lines, *rows, ""]), "utf-8")
    return "more.csv"


@pytest.mark.parametrize("kilobytes", [700, 3_000, 6_000])
def test_no_room_while_a_delivery_arrives_loses_nothing(home: Shell, more: str, kilobytes: int) -> None:
    failed(limited(home, kilobytes, "ingest", "sirs", more), 1)
    assert left_over(home.folder / HOME) == []
    assert not [found for found in findings(home) if "ingest again" not in found]
    done(home.mdi("ingest", "sirs", more))
    assert findings(home) == []


def test_a_full_disk_is_named_and_what_was_committed_stands(home: Shell, more: str, tmp_path: Path) -> None:
    with disk(tmp_path / "small", 64) as small:
        shutil.copytree(home.folder / HOME, small / "home")
        before = dump(small / "home" / "ledger.sqlite")
        fill(small, 200_000)
        failed(home.mdi("ingest", "sirs", more, "--home", small / "home"), 1)
        failed(home.mdi("backup", small / "b.tar", "--home", small / "home"), 1, "full")
        failed(home.mdi("restore", "b.tar", "--home", small / "other"), 1)
        assert left_over(small) == []
        assert not (small / "other").exists()
        assert not (small / "b.tar").exists()
        (small / "ballast").unlink()
        assert dump(small / "home" / "ledger.sqlite") == before
        assert findings(home, str(small / "home")) == []
        done(home.mdi("ingest", "sirs", more, "--home", small / "home"))


def test_no_room_for_a_rebuild_leaves_the_workbench_there_was(home: Shell) -> None:
    before = (home.folder / WORKBENCH).read_bytes()
    failed(limited(home, 800, "rebuild", "--workbench"), 1)
    assert left_over(home.folder / HOME) == []
    assert (home.folder / WORKBENCH).read_bytes() == before
    assert findings(home) == []


@pytest.mark.parametrize("kilobytes", [100, 700])
def test_no_room_for_a_restore_leaves_the_home_as_it_was(home: Shell, kilobytes: int) -> None:
    before = dump(home.folder / LEDGER)
    failed(limited(home, kilobytes, "restore", "b.tar"), 1)
    assert left_over(home.folder / HOME) == []
    assert dump(home.folder / LEDGER) == before
    assert findings(home) == []
    done(home.mdi("restore", "b.tar"))


def test_what_cannot_be_written_is_named_and_left_alone(home: Shell, more: str, tmp_path: Path) -> None:
    with disk(tmp_path / "fixed", 24) as fixed:
        shutil.copytree(home.folder / HOME, fixed / "home")
        before = {path: path.read_bytes() for path in sorted(fixed.rglob("*")) if path.is_file()}
        subprocess.run(["mount", "-o", "remount,ro", fixed], check=True)
        for arguments in (
            ("ingest", "sirs", more),
            ("link", "facility"),
            ("rebuild",),
            ("restore", "b.tar"),
            ("verify",),
        ):
            run = home.mdi(*arguments, "--home", fixed / "home")
            failed(run, 1)
            assert "ead-only" in run.stderr or "cannot be" in run.stderr, run.stderr
        failed(home.mdi("backup", fixed / "b.tar"), 1, "Read-only")
        assert {path: path.read_bytes() for path in sorted(fixed.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("command", [("verify",), ("link", "facility"), ("rebuild",), ("backup", "c.tar")])
def test_half_a_ledger_is_named_and_left_as_it_is(home: Shell, command: tuple[str, ...]) -> None:
    path = home.folder / LEDGER
    path.write_bytes(path.read_bytes()[:60_000])
    half = path.read_bytes()
    run = home.mdi(*command)
    failed(run, 1)
    assert "restore" in run.stderr or "malformed" in run.stderr, run.stderr
    assert path.read_bytes() == half
    assert not (home.folder / "c.tar").exists()
