"""AND/OR reachability on integer arrays. No names, no tables: the caller has checked.

A *program* has vertices; a vertex owns slots (AND), a slot owns edges (OR, or a threshold), an
edge has a source vertex. A vertex runs when it is not stopped and each of its slots is met by
edges that are not cut and whose source runs. Running is the least fixpoint, so failing is the
greatest::

    F(v) = stopped(v) or some slot of v whose edges all are cut or have a failing source

A *unit* is an integer; it hits vertices and edges. For a set S of units, F with S lost is
pointwise in S, so it can be computed for all S at once as a family of minimal sets. Restricting
the sets to a down-closed domain (at most k units, at most g gaps, none that holds a known cut)
commutes with union and intersection, hence the truncated families are exact, cycles included.
"""

from supplynet.analysis._kernel.hits import HitArrays, hits_of, items_of, kept_hits
from supplynet.analysis._kernel.jit import LARGE, available, filled
from supplynet.analysis._kernel.minimal import minimal_sets
from supplynet.analysis._kernel.modules import is_acyclic
from supplynet.analysis._kernel.program import (
    Chain,
    Program,
    Uses,
    arrays_of,
    cone,
    make_program,
    restrict,
    uses_of,
)
from supplynet.analysis._kernel.search import (
    Domain,
    Family,
    Hits,
    HittingTree,
    Set,
    bits,
    consumers_of,
    families,
    single_points,
)
from supplynet.analysis._kernel.singles import single_points_all, single_points_of_one
from supplynet.analysis._kernel.subsets import minimal_sets_by_subsets
from supplynet.analysis._kernel.thresholds import Expanded, expand_thresholds, expanded_hits
from supplynet.analysis._kernel.zbdd import Diagram, cut_sets_by_diagram

__all__ = [
    "LARGE",
    "Chain",
    "Diagram",
    "Domain",
    "Expanded",
    "Family",
    "HitArrays",
    "Hits",
    "HittingTree",
    "Program",
    "Set",
    "Uses",
    "arrays_of",
    "available",
    "bits",
    "cone",
    "consumers_of",
    "cut_sets_by_diagram",
    "expand_thresholds",
    "expanded_hits",
    "families",
    "filled",
    "hits_of",
    "is_acyclic",
    "items_of",
    "kept_hits",
    "make_program",
    "minimal_sets",
    "minimal_sets_by_subsets",
    "restrict",
    "single_points",
    "single_points_all",
    "single_points_of_one",
    "uses_of",
]
