"""The decorator of every kernel: compiled once, without the GIL, and kept in a folder that can be written to.

numba keeps what it compiled per function and looks at that function's own file only. Kernels call one another across
files, so here a changed byte in any of them makes all of them anew.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
_HERE = Path(__file__).parent


# A kernel makes no arrays, so numba need not count who holds which: counting costs more than most kernels do.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: F) -> F:
    """Compile a function: nogil, cached, whole numbers wrap as the machine's do, no array may be made."""
    made = numba.njit(**_OPTIONS)(function)
    made._cache = _Kept(function)
    return cast(F, made)


def inlined(function: F) -> F:
    """A small kernel that is always made part of its callers: a call would cost more than its work."""
    return cast(F, numba.njit(**_OPTIONS, forceinline=True)(function))


def folders() -> Iterator[Path]:
    """Where compiled kernels may be kept, best first: as the environment says, beside the source, the user's, temp."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"]) / "mdi-engine"
    yield _HERE / "__pycache__"
    with contextlib.suppress(RuntimeError):  # nobody knows where this user's home is
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mdi-engine" / _source()[:16]
    user = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    yield Path(tempfile.gettempdir()) / f"mdi-engine-kernels-{user}" / _source()[:16]


@functools.cache
def folder() -> Path | None:
    """The first of `folders` that can be written to; None if there is none: then every process compiles for itself."""
    return next((path for path in folders() if _usable(path)), None)


def _usable(path: Path) -> bool:
    """Whether we may write there and nobody else may: what lies in it is run."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
        found = path.stat()
    except OSError:
        return False
    owner = found.st_uid == os.getuid() if hasattr(os, "getuid") else True
    return owner and not found.st_mode & stat.S_IWOTH


@functools.cache
def _source() -> str:
    """A digest of all kernels as they are written."""
    state = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        state.update(path.name.encode() + b"\x00" + path.read_bytes())
    return state.hexdigest()


class _Folder(_CacheLocator):
    """Tells numba where to keep a kernel, and what makes it stale."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Folder:
        return cls()

    def get_cache_path(self) -> str:
        return str(folder() or tempfile.gettempdir())

    def get_source_stamp(self) -> str:
        return _source()

    def get_disambiguator(self) -> str:
        return "mdi"


class _Impl(CompileResultCacheImpl):
    _locator_classes = [_Folder]  # type: ignore[list-item]  # noqa: RUF012


class _Kept(FunctionCache):
    """A cache that is only ever a help: with nowhere to write, or a full disk, kernels are compiled and not kept."""

    _impl_class = _Impl

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)  # type: ignore[no-untyped-call]
        if folder() is None:
            self.disable()  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def _ones(typing: Any, number: Any) -> Any:
    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), make


def _lowest(typing: Any, number: Any) -> Any:
    def make(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))  # 0: zero has an answer, too

    return types.int64(types.uint64), make


# How many bits of a uint64 are set; the place of its lowest set bit, 64 if none is.
ones = cast("Callable[[Any], int]", intrinsic(_ones))
lowest = cast("Callable[[Any], int]", intrinsic(_lowest))
# What a kernel reads from an array as a number to count with: numba takes a mix of signed and unsigned for a float.
whole = cast("Callable[[Any], int]", np.int64)
