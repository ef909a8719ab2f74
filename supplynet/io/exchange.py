"""A network in the form of another tool: the files, and what that form cannot hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supplynet.errors import OutputError
from supplynet.io.files import atomic_folder, write_bytes

__all__ = ["Export", "write_export"]


@dataclass(frozen=True)
class Export:
    """What is written for another tool.

    Attributes
    ----------
    files
        Content by file name; a form that is one file has the single name ``""``.
    dropped
        What the form does not hold, a line each.
    """

    files: Mapping[str, bytes]
    dropped: tuple[str, ...] = ()


def write_export(export: Export, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write an export, whole or not at all.

    Parameters
    ----------
    export
        The files.
    path
        The file, or the folder where the export has several files.
    force
        Replace a file, or files of these names in a folder, that are already there.

    Raises
    ------
    OutputError
        If something is there and `force` is not given, or it cannot be written.
    """
    target = Path(path)
    if set(export.files) == {""}:
        if target.is_file() and not force:
            raise OutputError(_there(f"{target}: the file exists"))
        write_bytes(target, export.files[""])
        return
    there = sorted(name for name in export.files if os.path.lexists(target / name))
    if there and not force:
        raise OutputError(_there(f"{target}: the folder already holds {', '.join(there)}"))
    with atomic_folder(target) as folder:
        for name, data in export.files.items():
            (folder / name).write_bytes(data)


def _there(what: str) -> str:
    return f"{what}. Choose another name, or give --force (force=True)."
