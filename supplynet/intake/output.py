"""The clean folder: tables, what was set aside, and the mapping that repeats it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from supplynet.errors import OutputError
from supplynet.intake.conversion import MAPPING_FILE, Intake
from supplynet.io.files import atomic_folder
from supplynet.io.meta import META_FILE, meta_text
from supplynet.io.write import csv_line, network_files
from supplynet.text import csv_cell

__all__ = ["ASIDE_FILE", "write"]

ASIDE_FILE = "set_aside.csv"
#: What was written, by digest: cells filled in by hand must not go at the next run.
_WRITTEN = ".init_from.json"
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def write(
    intake: Intake,
    folder: str | os.PathLike[str],
    *,
    mapping_text: str | None = None,
    force: bool = False,
) -> tuple[str, ...]:
    """Write the clean tables, what was set aside and the mapping, and return the file names.

    Parameters
    ----------
    intake
        What :func:`convert` made.
    folder
        A folder that does not exist yet or is empty.
    mapping_text
        The mapping file to keep; default: the mapping as it was used.
    force
        Replace the network that this wrote into the folder before; files of other names stay.

    Raises
    ------
    OutputError
        If the folder is not empty and `force` is not given, if a table in it is not as it was
        written here, or if it cannot be written.
    """
    target = Path(folder)
    files = {f"{name}.csv": _csv(raw.header, raw.columns) for name, raw in intake.raws.items()}
    files[META_FILE] = meta_text(intake.meta)
    asides = [aside.to_dict() for aside in intake.set_aside]
    header = ("sheet", "row", "column", "text", "why")
    files[ASIDE_FILE] = _csv(header, [[str(a[name]) for a in asides] for name in header])
    files[MAPPING_FILE] = mapping_text or intake.mapping.to_toml()
    here = network_files(target)
    if here and not force:
        message = (
            f"{target}: holds a network already ({here[0].name}). Choose a new folder, or give "
            "--force (force=True) to replace it."
        )
        raise OutputError(message)
    changed = _changed_by_hand(target, here, files)
    if changed:
        message = (
            f"{target}: {', '.join(changed)} changed since it was written here, or came from "
            "elsewhere, and would be lost. Move it away, or write to another folder and join the "
            "two with supplynet merge."
        )
        raise OutputError(message)
    written = {name: _digest(text.encode()) for name, text in files.items()}
    files[_WRITTEN] = json.dumps(written, indent=1, sort_keys=True) + "\n"
    with atomic_folder(target, keep=force) as made:
        for name, text in files.items():
            (made / name).write_bytes(text.encode())
    for stale in here:
        if stale.name not in files:
            # A table that the file no longer gives would become part of the network.
            stale.unlink()
    return tuple(sorted(name for name in files if name != _WRITTEN))


def _changed_by_hand(target: Path, here: Sequence[Path], files: Mapping[str, str]) -> list[str]:
    """Return the files that are neither as they were written here nor as they will be."""
    known: dict[str, str] = {}
    with suppress(OSError, ValueError):
        known = dict(json.loads((target / _WRITTEN).read_text("utf-8")))
    mapping = target / MAPPING_FILE
    found = []
    for file in [*here, *([mapping] if mapping.is_file() else [])]:
        data = file.read_bytes()
        if known.get(file.name) != _digest(data) and files.get(file.name, "").encode() != data:
            found.append(file.name)
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _csv(header: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    lines = [csv_line([csv_cell(name) for name in header])]
    lines += [csv_line([_cell(cell) for cell in row]) for row in zip(*columns, strict=True)]
    return "".join(lines)


def _cell(text: str) -> str:
    # A negative number is no formula.
    return text if _PLAIN_NUMBER.fullmatch(text) else csv_cell(text)
