"""The peers: what else answers a comparable question, each called as its own documentation says.

A peer that is not installed is left out of the table, with its name. Answers are compared before
any time is printed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

Array = Any


class Timed(NamedTuple):
    """An answer, and the seconds that it took."""

    answer: Any
    seconds: float


def timed(what: Callable[[], Any], repeat: int = 1) -> Timed:
    """Return the answer of a call and its best time of some, in seconds of the processor.

    Other work on the machine does not count; all that is timed so runs in one thread.
    """
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        answer = what()
        best = min(best, time.process_time() - start)
    return Timed(answer, best)


def installed(*modules: str) -> bool:
    """Return whether all of these can be imported."""
    return all(find_spec(name) is not None for name in modules)


# Plain graphs: dominators and reach


def networkx_dominators(edges: list[tuple[int, int]], root: int) -> dict[int, int]:
    """Return the immediate dominator of each node that the root reaches."""
    import networkx as nx

    graph = nx.DiGraph(edges)
    return dict(nx.immediate_dominators(graph, root))


def igraph_dominators(nodes: int, edges: list[tuple[int, int]], root: int) -> list[int]:
    """Return the immediate dominator of each node; below 0 where the root does not reach it."""
    import igraph

    return list(igraph.Graph(nodes, edges, directed=True).dominator(root))


def rustworkx_dominators(nodes: int, edges: list[tuple[int, int]], root: int) -> dict[int, int]:
    """Return the immediate dominator of each node that the root reaches."""
    import rustworkx as rx

    graph = rx.PyDiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from_no_data(edges)
    return dict(rx.immediate_dominators(graph, root))


def scipy_reach(supplier: Array, consumer: Array, nodes: int, start: int) -> Callable[[], int]:
    """Return a call that counts what is downstream of a node, by breadth-first search."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    ones = np.ones(len(supplier), dtype=np.int8)
    matrix = csr_array((ones, (supplier, consumer)), shape=(nodes, nodes))

    def reach() -> int:
        found = breadth_first_order(matrix, start, return_predecessors=False)
        return len(found)

    return reach


# Fault trees


class Products(NamedTuple):
    """What SCRAM reports: products by order, seconds of its <products>, and of the process."""

    by_order: list[int]
    seconds: float
    process: float


def scram(
    tree: Path, max_order: int, *, method: str = "zbdd", limit: float = 60
) -> Products | None:
    """Return the minimal cut sets that SCRAM counts; None where it is missing or out of time."""
    program = shutil.which("scram")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        call = [program, f"--{method}", "-l", str(max_order), "-o", str(report), str(tree)]
        start = time.perf_counter()
        try:
            subprocess.run(call, check=True, capture_output=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return None
        process = time.perf_counter() - start
        seconds = counts = None
        with report.open(encoding="utf-8") as lines:
            for line in lines:
                if seconds is None and (found := re.search(r"<products>([^<]+)</products>", line)):
                    seconds = float(found[1])
                if found := re.search(r'<sum-of-products [^>]*distribution="([^"]*)"', line):
                    counts = [int(n) for n in found[1].split()]
                    break
                if re.search(r"<sum-of-products ", line):
                    counts = []
                    break
    if seconds is None or counts is None:
        message = f"no products in the report of SCRAM on {tree}"
        raise RuntimeError(message)
    return Products(counts, seconds, process)


def pfta_cut_sets(text: str, top: str) -> set[frozenset[str]]:
    """Return the minimal cut sets of a gate of a tree in the text form of pfta."""
    from pfta.core import FaultTree

    tree = FaultTree(text)
    table = tree.compile_cut_set_tables()[top]
    at = table.headings.index("cut_set") if "cut_set" in table.headings else 0
    return {frozenset(str(row[at]).split(".")) for row in table.data}


# Cut sets in order of cost


def rc2_cuts(task: Any, max_order: int, seconds: float) -> tuple[set[frozenset[int]], bool]:
    """Return the minimal cuts up to an order by MaxSAT alone, and whether it ended in time.

    The time limit is looked at between answers.
    """
    from supplynet.analysis.maxsat import cheapest_cuts

    found = set()
    ends = time.monotonic() + seconds
    for cost, cut in cheapest_cuts(*task):
        if cost > max_order:
            return found, True
        found.add(cut)
        if time.monotonic() > ends:
            return found, False
    return found, True


def chains(parent: dict[int, int], root: int) -> Iterator[tuple[int, list[int]]]:
    """Yield each node with the nodes above it in a dominator tree, the root left out."""
    for node in parent:
        above, at = [], node
        while at != root and parent.get(at, root) not in (root, at):
            at = parent[at]
            above.append(at)
        yield node, above
