"""Networks read, checked and written: CSV folders, single CSV files, frames, graphs."""

from __future__ import annotations

from supplynet.io.frames import from_frames, from_networkx
from supplynet.io.read import Examination, check, examine, load
from supplynet.io.template import init
from supplynet.io.write import save

__all__ = [
    "Examination",
    "check",
    "examine",
    "from_frames",
    "from_networkx",
    "init",
    "load",
    "save",
]
