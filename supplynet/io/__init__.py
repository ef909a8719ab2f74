"""Networks read, checked and written: CSV folders, single CSV files, frames, graphs."""

from __future__ import annotations

from supplynet.io.frames import from_frames, from_networkx
from supplynet.io.read import check, load
from supplynet.io.template import init
from supplynet.io.write import save

__all__ = ["check", "from_frames", "from_networkx", "init", "load", "save"]
