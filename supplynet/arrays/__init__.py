"""Large networks as the arrays of the kernel, straight from tables: no object per node or supply.

`compile_network` names every need, which a million nodes have no room for. Here the same needs,
gaps and units are made of whole columns at once.
"""

from __future__ import annotations

from supplynet.arrays.compiler import NOT_UNITS, rank_of, text_of
from supplynet.arrays.network import (
    CONFIDENCES,
    MATERIAL,
    STRUCTURE,
    SUPPLIERS,
    SUPPLY,
    UNNAMED,
    UPSTREAM,
    GapArrays,
    NeedArrays,
    NetworkArrays,
    UnitArrays,
)
from supplynet.arrays.reading import arrays_of_network, load_arrays

__all__ = [
    "CONFIDENCES",
    "MATERIAL",
    "NOT_UNITS",
    "STRUCTURE",
    "SUPPLIERS",
    "SUPPLY",
    "UNNAMED",
    "UPSTREAM",
    "GapArrays",
    "NeedArrays",
    "NetworkArrays",
    "UnitArrays",
    "arrays_of_network",
    "load_arrays",
    "rank_of",
    "text_of",
]
