"""Files written whole: what stood there before stays until the new content is complete."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supplynet.errors import OutputError

__all__ = ["atomic_folder", "write_bytes", "write_text"]


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; line ends are written as they are.

    Parameters
    ----------
    path
        The file. A pipe or device is written directly; a link is followed.
    text
        The content.

    Raises
    ------
    OutputError
        If the file cannot be written; what stood there before is intact.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a binary file, whole or not at all; see :func:`write_text`."""
    with _output_errors(path):
        target = Path(os.path.realpath(path))
        if _is_special(target):
            # A pipe or a device has no old content to keep, and must not become a file.
            target.write_bytes(data)
            return
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder, give a file name in it")
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:50]}-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_mode_for(target))
            Path(name).replace(target)
        except BaseException:
            # An interrupt must leave no half file beside the old one.
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


@contextmanager
def atomic_folder(path: str | os.PathLike[str], *, keep: bool = True) -> Iterator[Path]:
    """Fill a folder that comes into place whole when the block ends without an error.

    A new folder is filled beside its place and renamed. Where the folder exists, the files are
    moved into it one by one, each whole; other files in it stay.

    Parameters
    ----------
    path
        The folder; its parent must exist.
    keep
        Whether an existing folder may be added to; otherwise it must be empty or new.

    Yields
    ------
    Path
        A temporary folder to write the files to.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    with _output_errors(path):
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(None, "it exists and is not a folder")
        if not keep and target.is_dir() and any(target.iterdir()):
            raise FileExistsError(None, "the folder exists and is not empty, choose a new name")
        made = Path(tempfile.mkdtemp(prefix=f".{target.name[:50]}-", dir=target.parent))
        try:
            yield made
            _move_into_place(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        _sync_folder(target.parent)


def _move_into_place(made: Path, target: Path) -> None:
    for file in sorted(made.rglob("*")):
        if file.is_file():
            file.chmod(_mode_for(target / file.relative_to(made)))
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())
        else:
            file.chmod(0o777 & ~_umask())
    if not target.exists():
        made.chmod(0o777 & ~_umask())
        made.replace(target)
        return
    for file in sorted(made.rglob("*")):
        place = target / file.relative_to(made)
        if file.is_dir():
            place.mkdir(exist_ok=True)
        else:
            file.replace(place)


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _mode_for(target: Path) -> int:
    """Return the permissions of the file that is replaced, or those a new file would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return 0o666 & ~_umask()


def _umask() -> int:
    # The mask can be read only by setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system can (Windows opens no folders)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _output_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    if "\0" in os.fspath(path):
        raise OutputError(f"{os.fspath(path)!r}: no file can have this name.")
    try:
        yield
    except OutputError:
        raise
    except FileNotFoundError as error:
        parent = Path(path).parent
        if not parent.is_dir():
            message = f"{os.fspath(path)}: there is no folder {str(parent)!r}. Make it first."
            raise OutputError(message) from error
        raise OutputError(_message(path, error)) from error
    except OSError as error:
        raise OutputError(_message(path, error)) from error


def _message(path: str | os.PathLike[str], error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{os.fspath(path)}: could not be written: {reason[:1].lower()}{reason[1:]}."
