"""The folder a population is written into: never over anything else, and made anew only where it was made here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from mdi_engine.errors import Conflict

SIGN = Path("truth", "population.json")


def prepare(out: Path, replace: bool) -> frozenset[Path]:
    """Make the folder, or empty it of what was generated there before if it may be replaced; gives what stays in it.

    Raises Conflict if it holds anything else, or anything at all that may not be replaced.
    """
    if out.exists() and any(out.iterdir()):
        made = _signed(out)
        if made is None:
            raise Conflict(f"{out} is not empty", hint="Name a folder that is new or empty.", path=str(out))
        if not replace:
            hint = "Name another folder, or replace what is there with --force."
            raise Conflict(f"{out} holds a population already", hint=hint, path=str(out))
        _remove(out, made)
    out.mkdir(parents=True, exist_ok=True)
    return frozenset(_files(out))


def sign(out: Path, order: Mapping[str, object], others: frozenset[Path]) -> None:
    """Write down what was ordered, and the files it became; `others` were there before."""
    files = sorted(path.relative_to(out).as_posix() for path in _files(out) if path not in others)
    text = json.dumps({"order": order, "files": files}, indent=2)
    (out / SIGN).write_text(text + "\n", encoding="utf-8")


def _files(out: Path) -> Iterator[Path]:
    return (path for path in out.rglob("*") if path.is_file())


def _signed(out: Path) -> list[Path] | None:
    """The files that were generated here; None if none were, or if it cannot be told."""
    try:
        listed = json.loads((out / SIGN).read_text(encoding="utf-8"))["files"]
        files = [out / str(name) for name in listed]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    inside = out.resolve()
    return files if all(inside in path.resolve().parents for path in files) else None


def _remove(out: Path, files: list[Path]) -> None:
    """Remove the files, and the folders that are empty then."""
    for path in (*files, out / SIGN):
        path.unlink(missing_ok=True)
    for folder in sorted({path.parent for path in files}, key=lambda path: len(path.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
