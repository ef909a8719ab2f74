"""supplynet: what, lost alone or together, stops this weapon system - and who can make it happen?"""

from __future__ import annotations

__version__ = "0.1.0"
