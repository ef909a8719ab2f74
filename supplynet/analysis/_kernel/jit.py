"""One source per kernel: plain Python on lists, the same function compiled by numba on arrays.

A kernel is a function over integer arrays that it only indexes; whoever calls it makes the
arrays. Given lists it runs as it stands, without waiting for anything; given numpy arrays it is
compiled by numba first (extra ``speed``), once per machine: the machine code is kept on disk.
Kernels call each other by name; they hold no recursion, which numba's disk cache does not survive.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import tempfile
import types
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["LARGE", "Kernel", "available", "filled", "kernel"]

#: Edges up to which plain Python answers sooner than a compiled kernel is loaded.
LARGE = 100_000

Array = Any  # a list of integers, or a numpy array of them


class Kernel:
    """A function over integer arrays: called with lists it is plain Python, with arrays numba's."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.plain = function

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 - whatever the kernel takes
        if type(arguments[0]) is list:
            return self.plain(*arguments)
        return self.compiled(*arguments)

    @functools.cached_property
    def compiled(self) -> Callable[..., Any]:
        """The function as numba compiles it, for this machine, kept on disk."""
        _set_cache_folder()
        import numba

        plain = self.plain
        names = {
            name: value.compiled if isinstance(value, Kernel) else value
            for name, value in plain.__globals__.items()
            if name in plain.__code__.co_names
        }
        same = types.FunctionType(plain.__code__, {**names, "__name__": plain.__module__})
        same.__qualname__ = plain.__qualname__
        same.__module__ = plain.__module__
        compiled: Callable[..., Any] = numba.njit(same, cache=True, nogil=True)
        return compiled


def kernel(function: Callable[..., Any]) -> Kernel:
    """Mark a function as a kernel."""
    return Kernel(function)


def available() -> bool:
    """Return whether kernels can be compiled here: numba is installed and not switched off."""
    return os.environ.get("SUPPLYNET_PLAIN") != "1" and find_spec("numba") is not None


def filled(length: int, value: int, kind: str, *, fast: bool) -> Array:
    """Return a list, or where `fast` a numpy array of a kind such as ``int32``, of one value."""
    if not fast:
        return [value] * length
    import numpy as np

    # The system hands out zeros page by page as they are touched.
    return np.full(length, value, dtype=kind) if value else np.zeros(length, dtype=kind)


@functools.cache
def _set_cache_folder() -> None:
    """Keep machine code where this user may write, apart for each version of the kernels.

    numba looks only at the file of the function itself, not at the kernels that it calls.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    folder = _user_cache() / "supplynet" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="supplynet-"))
    from numba import config

    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
