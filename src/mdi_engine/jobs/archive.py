"""The file that a backup is: a tar of the ledger and of what lies beside it, and at its end a manifest of their hashes.

ledger.sqlite       one state of the ledger, whatever kind of ledger the home has
pipelines/ models/ parameters/ reference/ extracts/
manifest.json       the last member: without it the file is not whole
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import mkstemp
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from mdi_engine.errors import InputRefused, NotFound

LEDGER = "ledger.sqlite"
KEPT = ("pipelines", "models", "parameters", "reference", "extracts")
_MANIFEST = "manifest.json"
_MOST = 256 << 20  # bytes of a manifest
_PIECE = 1 << 20


class Entry(BaseModel):
    """What a member of the archive holds: the sha256 (hex) of its bytes, and how many they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    size: int


class Manifest(BaseModel):
    """What an archive holds and when it was made (UTC): schema and newest event of its ledger, and its members."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    made_at: str
    made_by: str
    ledger_schema: str
    events: int
    head: str
    accesses: int
    files: dict[str, Entry]


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A new file that gets the name `path` once it is whole and on disk, readable by its owner only; else it goes."""
    handle, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make names in a folder last; a file system that cannot is left to itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def add(tar: tarfile.TarFile, name: str, path: Path) -> Entry:
    """Append a file to the archive as it is now. Raises OSError if it is gone or shrinks meanwhile."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        hashing = _Hashing(file)
        tar.addfile(info, hashing)
    return Entry(sha256=hashing.digest.hexdigest(), size=info.size)


def add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    """Append the manifest, with which the archive is whole."""
    text = manifest.model_dump_json(indent=1).encode()
    info = tarfile.TarInfo(_MANIFEST)
    info.size, info.mode = len(text), 0o600
    tar.addfile(info, io.BytesIO(text))


def unpack(path: Path, folder: Path) -> Manifest:
    """Write the archive's members into `folder`, each compared with its hash; nothing gets a name outside of it.

    Raises NotFound, or InputRefused for a file that is no backup, not whole, or not what was written.
    """
    if not path.exists():
        raise NotFound(f"{path}: there is no such file.", path=str(path))
    try:
        with tarfile.open(path, "r:") as tar:
            members = {member.name: member for member in tar.getmembers()}
            manifest = _manifest(path, tar, members)
            for name, entry in manifest.files.items():
                _extract(path, tar, members.get(name), folder / name, entry)
    except (tarfile.TarError, EOFError, IsADirectoryError) as error:
        raise _refused(path, "it is not a backup, or not all of one") from error
    return manifest


def _manifest(path: Path, tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> Manifest:
    member = members.get(_MANIFEST)
    if member is None or not member.isfile() or member.size > _MOST:
        raise _refused(path, "it has no manifest, so it is not a backup, or not all of one")
    held = tar.extractfile(member)
    try:
        manifest = Manifest.model_validate_json(held.read() if held else b"")
    except ValidationError as error:
        raise _refused(path, "its manifest is not one that this mdi-engine knows") from error
    strange = [name for name in manifest.files if not _placed(name)]
    if strange or LEDGER not in manifest.files:
        raise _refused(path, "its manifest names what no backup holds")
    return manifest


def _placed(name: str) -> bool:
    """Whether a member has a place in a home."""
    parts = PurePosixPath(name).parts
    inside = len(parts) > 1 and parts[0] in KEPT and ".." not in parts and "\0" not in name and "\\" not in name
    return name == LEDGER or (inside and str(PurePosixPath(name)) == name)


def _extract(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None, to: Path, entry: Entry) -> None:
    held = tar.extractfile(member) if member is not None and member.isfile() else None
    if held is None:
        raise _refused(path, f"{to.name} is missing in it")
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashing = _Hashing(held)
    with os.fdopen(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        while piece := hashing.read(_PIECE):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if hashing.digest.hexdigest() != entry.sha256:
        raise _refused(path, f"{to.name} in it is not what was written")


def _refused(path: Path, reason: str) -> InputRefused:
    return InputRefused(
        f"{path} cannot be restored: {reason}.",
        hint="Nothing was changed. Use another backup; `mdi backup` writes one.",
        path=str(path),
    )


class _Hashing:
    """A file that is read, and the hash of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest: Any = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece
