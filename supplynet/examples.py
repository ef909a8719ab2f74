"""The networks that ship with supplynet."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from supplynet.errors import UnknownNameError
from supplynet.io import load
from supplynet.model import SupplyNetwork

__all__ = ["example_path", "examples", "load_example"]


def _folder() -> Path | None:
    """Return the folder of the networks: in the installed package, else of the checkout."""
    package = Path(str(files("supplynet")))
    for folder in (package / "graphs", package.parent / "graphs"):
        if folder.is_dir():
            return folder
    return None


def examples() -> tuple[str, ...]:
    """Return the names of the shipped networks, sorted.

    Examples
    --------
    >>> "rare_earth_magnets" in examples()
    True
    """
    folder = _folder()
    if folder is None:
        return ()
    return tuple(sorted(item.parent.name for item in folder.glob("*/supplies.csv")))


def example_path(name: str) -> Path:
    """Return the folder of a shipped network.

    Raises
    ------
    UnknownNameError
        If there is no network of that name.
    """
    folder = _folder()
    # The name is looked up, never joined to a path unseen: it may come from a command line.
    if folder is None or name not in examples():
        kind = "example network"
        raise UnknownNameError(kind, name, examples())
    return folder / name


def load_example(name: str) -> SupplyNetwork:
    """Return a shipped network.

    Parameters
    ----------
    name
        One of :func:`examples`.

    Raises
    ------
    UnknownNameError
        If there is no network of that name.

    Examples
    --------
    >>> load_example("worked_example").name
    'worked_example'
    """
    return load(example_path(name))
