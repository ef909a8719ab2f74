"""Time the engine beside a peer in one run, after checking that both give the same answer.

python benchmarks/run.py [--nodes 1000] [--seed 1]

Prints ratios: times differ from machine to machine and from minute to minute, ratios much less.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import networkx as nx

from supplynet import all_single_points, from_frames, minimal_cut_sets
from supplynet.analysis.reading import LOW, Reading
from supplynet.model import SupplyNetwork
from supplynet.units import compile_network


def network(size: int, seed: int, *, needs: int, single: float) -> SupplyNetwork:
    """Return a random network in six tiers: some needs have one supplier, some supplies run back.

    The last node is the target. A tenth of the nodes are mines; nothing about them is unknown.
    """
    import pandas as pd

    chance = random.Random(seed)  # noqa: S311 - the same network for the same seed
    tiers = [range(i * size // 6, (i + 1) * size // 6) for i in range(6)]
    rows = []
    for tier, members in enumerate(tiers[1:], start=1):
        for node, need in itertools.product(members, range(needs)):
            pool = tiers[tier - 1] if chance.random() > 0.05 else range(size)
            count = 1 if chance.random() < single else chance.choice((2, 2, 3))
            for supplier in chance.sample(list(pool), min(count, len(pool))):
                if supplier != node:
                    rows.append((f"n{supplier}", f"n{node}", f"m{need}"))
    rows += [
        (f"n{node}", "target", f"m{i % (15 if needs > 1 else 1)}")
        for i, node in enumerate(tiers[5][:30])
    ]
    supplies = pd.DataFrame(sorted(set(rows)), columns=["supplier", "consumer", "material"])
    ids = [f"n{i}" for i in range(size)]
    nodes = pd.DataFrame(
        {
            "id": [*ids, "target"],
            "upstream": ["none" if i in tiers[0] else "recorded" for i in range(size)]
            + ["recorded"],
        }
    )
    return from_frames(supplies, nodes)


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    answer = what()
    return answer, time.perf_counter() - start


def one_by_one(net: SupplyNetwork, order: int) -> set[tuple[str, ...]]:
    """Return the cut sets of an order, the obvious way: lose every set of nodes in turn."""
    compiled = compile_network(net, None)
    reading = Reading(compiled, LOW, "target")
    inside = [v for v in reading.vertices if compiled.nodes[compiled.vertex_node[v]] != "target"]
    numbers = [reading.vertex_number[v] for v in inside if compiled.vertex_node[v] >= 0]
    found: set[tuple[str, ...]] = set()
    for chosen in itertools.combinations(numbers, order):
        names = tuple(
            sorted(compiled.nodes[compiled.vertex_node[reading.vertices[c]]] for c in chosen)
        )
        known = any(set(part) <= set(names) for part in found)
        if not known and not reading.forward.run(chosen)[1][reading.target]:
            found.add(names)
    return found


def dominators(net: SupplyNetwork) -> dict[str, set[str]]:
    """Return, with networkx, the nodes on every path from a source to each node."""
    table = net.table("supplies")
    graph = nx.DiGraph(zip(table.column("supplier"), table.column("consumer"), strict=True))
    graph.add_edges_from(("", node) for node, degree in list(graph.in_degree) if degree == 0)
    parent = nx.immediate_dominators(graph, "")
    found = {}
    for node in parent:
        chain, at = set(), node
        while at != "" and parent.get(at, "") != "":
            at = parent[at]
            chain.add(at)
        found[node] = chain
    return found


def rows(size: int, seed: int) -> list[tuple[str, str, float, float]]:
    """Return (question, peer, seconds, seconds of the peer), each answer checked first."""
    found = []

    either = network(size, seed, needs=1, single=0.3)
    ours, took = timed(lambda: all_single_points(either).certain)
    theirs, peer = timed(lambda: dominators(either))
    assert all(set(ours[node]) == theirs.get(node, set()) for node in ours), "dominators differ"
    question = f"single points of all {size} nodes, one need each"
    found.append((question, "networkx immediate_dominators", took, peer))

    both = network(size, seed, needs=2, single=0.2)
    ours, took = timed(lambda: minimal_cut_sets(both, "target", max_order=1).cut_sets)
    theirs, peer = timed(lambda: one_by_one(both, 1))
    assert set(ours) == theirs, "single points differ"
    found.append((f"single points of one target, {size} nodes", "lose each in turn", took, peer))

    small = network(max(12, size // 10), seed, needs=2, single=0.2)
    ours, took = timed(lambda: minimal_cut_sets(small, "target", max_order=2).cut_sets)
    theirs, peer = timed(lambda: one_by_one(small, 1) | one_by_one(small, 2))
    singles = {s for s in theirs if len(s) == 1}
    theirs = {s for s in theirs if len(s) == 1 or not any(set(o) < set(s) for o in singles)}
    assert set(ours) == theirs, "cut sets differ"
    question = f"cut sets of order <= 2, {max(12, size // 10)} nodes"
    found.append((question, "lose each pair in turn", took, peer))
    return found


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    print("| question | peer, same run | peer / supplynet | seconds |")
    print("|---|---|---|---|")
    for question, peer, ours, theirs in rows(asked.nodes, asked.seed):
        print(f"| {question} | {peer} | {theirs / ours:.1f} | {ours:.3f} |")
    net = network(asked.nodes, asked.seed, needs=2, single=0.2)
    compile_network(net, None)
    tracemalloc.start()
    answer, took = timed(lambda: minimal_cut_sets(net, "target", max_order=2))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(f"\n{answer}: {took:.1f} s and {peak:.0f} MB at the peak, both with memory traced.")


if __name__ == "__main__":
    main()
