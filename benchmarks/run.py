"""Time the engine beside peers in one run, after checking that all give the same answer.

python benchmarks/run.py [--smoke] [--only ID ...] [--trees FOLDER] [--json FILE]

Each case of registry.toml has a process of its own, so that its peak of memory is its own. What is
printed are ratios: times differ from machine to machine and from minute to minute, ratios less.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import peers
from networks import Network, Shape, cone_of, network, with_shares, with_target
from trees import random_tree

from supplynet.analysis import _kernel, planner
from supplynet.analysis._kernel.minimal import all_targets
from supplynet.analysis._kernel.sweep import losses_of, sweep

HERE = Path(__file__).parent
EVEN = Shape(needs=3, suppliers=4, back=0.05)
SKEWED = Shape(needs=3, suppliers=4, single=0.2, back=0.05, skew=3.0)
SPARSE = Shape(needs=4, suppliers=4, single=0.57, back=0.03, skew=2.0)
FAT = Shape(needs=8, suppliers=2, back=0.02, tiers=8)

Result = dict[str, Any]


def digest(answer: object) -> str:
    """Return a short mark of an answer of plain values."""
    return hashlib.sha256(repr(answer).encode()).hexdigest()[:16]


def result(answer: object, size: str, seconds: float, rows: Iterable[tuple[str, float]]) -> Result:
    """Return one line of the table: peers with how many times our seconds they take."""
    return {
        "answer": answer,
        "size": size,
        "seconds": seconds,
        "peers": [(name, other / seconds) for name, other in rows],
    }


def every_node(n: int) -> _kernel.HitArrays:
    """Return each vertex as a unit of its own."""
    empty = np.zeros(0, dtype=np.int32)
    return _kernel.HitArrays(
        np.arange(n + 1, dtype=np.int32), np.arange(n, dtype=np.int32), empty, empty
    )


def by_code(code: Any) -> _kernel.HitArrays:
    """Return vertices with a unit each, -1 for none."""
    empty = np.zeros(0, dtype=np.int32)
    start = np.concatenate(([0], np.cumsum(code >= 0))).astype(np.int32)
    return _kernel.HitArrays(start, code[code >= 0].astype(np.int32), empty, empty)


def edges_of(net: Network) -> tuple[Any, Any]:
    """Return supplier and consumer of each supply."""
    width = np.diff(net.program.edge_start)
    return net.program.source, np.repeat(net.consumer, width)


def hub_reach(net: Network) -> Callable[[], int] | None:
    """Return a call of scipy's breadth-first search from the node that supplies most others."""
    if not peers.installed("scipy"):
        return None
    supplier, consumer = edges_of(net)
    n = len(net.program.stopped)
    hub = int(np.bincount(supplier, minlength=n).argmax())
    return peers.scipy_reach(supplier, consumer, n, hub)


def beside_reach(net: Network) -> list[tuple[str, float]]:
    """Return the time of one breadth-first search, as a measure of the machine."""
    reach = hub_reach(net)
    return [] if reach is None else [("scipy, one BFS", peers.timed(reach, 5).seconds)]


# Single points


def points_or(n: int) -> Result:
    """Dominators of a network where each node needs one thing, from all sources at once."""
    net = network(n, Shape(needs=1, suppliers=3, single=0.3, back=0.05), 1)
    program = net.program
    chain = _kernel.Chain(program)
    order, _ = chain.run()
    units = every_node(n)

    def ours() -> Any:
        return _kernel.single_points_all(program, order, units, chain.uses)

    ours()
    (start, items), seconds = peers.timed(ours, 3)
    supplier, consumer = edges_of(net)
    roots = np.flatnonzero(np.diff(program.slot_start) == 0)
    edges = list(zip(supplier.tolist(), consumer.tolist(), strict=True))
    edges += [(n, int(root)) for root in roots]
    rows = []
    for name, module, call in (
        ("networkx immediate_dominators", "networkx", lambda: peers.networkx_dominators(edges, n)),
        ("igraph dominator", "igraph", lambda: peers.igraph_dominators(n + 1, edges, n)),
        (
            "rustworkx immediate_dominators",
            "rustworkx",
            lambda: peers.rustworkx_dominators(n + 1, edges, n),
        ),
    ):
        if not peers.installed(module):
            continue
        importlib.import_module(module)
        found, other = peers.timed(call)
        parent = found if isinstance(found, dict) else dict(enumerate(found))
        parent = {v: p for v, p in parent.items() if v != n and p is not None and p >= 0}
        for node, above in peers.chains(parent, n):
            mine = set(items[start[node] : start[node + 1]].tolist()) - {node}
            assert mine == set(above), f"{name} differs at {node}"
        rows.append((name, other))
    return result(digest(items.tolist()), f"{n:,} nodes", seconds, rows)


def points_all(n: int) -> Result:
    """Single points of all nodes; some are worked out again one at a time."""
    net = network(n, SPARSE, 1)
    program = net.program
    chain = _kernel.Chain(program)
    order, runs = chain.run()
    units = every_node(n)

    def ours() -> Any:
        return _kernel.single_points_all(program, order, units, chain.uses)

    if n <= 100_000:
        ours()
    else:
        small = network(1000, SPARSE, 1).program
        _kernel.single_points_all(small, _kernel.Chain(small).run()[0], every_node(1000))
    (start, items), seconds = peers.timed(ours)
    for node in np.random.default_rng(1).integers(0, n, 20).tolist():
        again = _kernel.single_points_of_one(program, order, units, node, chain.uses)
        assert items[start[node] : start[node + 1]].tolist() == again
        assert bool(again) == bool(runs[node])
    size = f"{n:,} nodes, {len(program.source):,} supplies"
    return result(digest(start.tolist()), size, seconds, beside_reach(net))


def points_all_shares(n: int) -> Result:
    """Single points of all nodes with thresholds, beside the same without."""
    net = network(n, SPARSE, 1)
    shared = with_shares(net.program, 0.5, 2)
    timings = []
    for program in (net.program, shared):
        chain = _kernel.Chain(program)
        order, _ = chain.run()
        call = (program, order, every_node(n), chain.uses)
        _kernel.single_points_all(*call)
        timings.append(peers.timed(lambda call=call: _kernel.single_points_all(*call), 3))
        forward = peers.timed(chain.run, 5)
        timings.append(forward)
    plain, plain_chain, ours, our_chain = timings
    expanded = _kernel.expand_thresholds(shared)
    assert expanded is not None
    order, _ = _kernel.Chain(expanded.program).run()
    again = _kernel.single_points_all(
        expanded.program, order, _kernel.expanded_hits(expanded, every_node(n))
    )
    assert again[0][: n + 1].tolist() == ours.answer[0].tolist()
    rows = [
        ("supplynet without shares", plain.seconds),
        ("forward pass with shares", our_chain.seconds),
        ("forward pass without", plain_chain.seconds),
    ]
    return result(digest(ours.answer[0].tolist()), f"{n:,} nodes", ours.seconds, rows)


def points_one_plain(n: int) -> Result:
    """Single points of one target in plain Python, beside losing each node in turn (a sample)."""
    net = network(n, SPARSE, 1)
    lists = _kernel.Program(*(a.tolist() for a in net.program))
    target = n - 1
    units = _kernel.HitArrays(*(a.tolist() for a in every_node(n)))

    def ours() -> Any:
        chain = _kernel.Chain(lists)
        order, _ = chain.run()
        return _kernel.single_points_of_one(lists, order, units, target, chain.uses)

    found, seconds = peers.timed(ours, 5)
    chain = _kernel.Chain(lists)
    sample = np.random.default_rng(1).choice(n, min(n, 50), replace=False).tolist()

    def in_turn() -> list[int]:
        return [v for v in sample if not chain.run([v])[1][target]]

    theirs, other = peers.timed(in_turn)
    assert set(theirs) == set(found) & set(sample)
    rows = [("lose each node in turn", other / len(sample) * n)]
    return result(digest(found), f"{n:,} nodes, {len(lists.source):,} supplies", seconds, rows)


# Sweeps


def sweep_nodes(n: int) -> Result:
    """Each node lost in turn; some again from scratch."""
    net = network(n, SPARSE, 1)
    program = net.program
    losses = losses_of(program, every_node(n), range(n))
    small = network(1000, SPARSE, 1).program
    sweep(small, losses_of(small, every_node(1000), range(1000)))
    found, seconds = peers.timed(lambda: sweep(program, losses))
    chain = _kernel.Chain(program)
    before = int(np.sum(chain.run()[1]))
    for node in np.random.default_rng(1).integers(0, n, 20).tolist():
        assert before - int(np.sum(chain.run([node])[1])) == int(found.count[node])
    size = f"{n:,} nodes, {len(program.source):,} supplies"
    return result(digest(found.count.tolist()), size, seconds, beside_reach(net))


def cascade(n: int) -> Result:
    """One full pass of forward chaining with one node in fifty lost."""
    net = network(n, SPARSE, 1)
    chain = _kernel.Chain(net.program)
    lost = np.random.default_rng(3).choice(n, n // 50, replace=False).tolist()
    chain.run(lost)
    (order, _), seconds = peers.timed(lambda: chain.run(lost), 5)
    rate = len(net.program.source) / seconds / 1e6
    size = f"{n:,} nodes, {len(net.program.source):,} supplies, {rate:.0f} million a second"
    return result(len(order), size, seconds, beside_reach(net))


# Cut sets


def search(
    program: _kernel.Program,
    target: int,
    hits: _kernel.HitArrays,
    units: int,
    max_order: int,
    *,
    peer_seconds: float = 30,
) -> Result:
    """Return the answer of the planner, beside MaxSAT alone where it is quick enough to compare."""

    def task() -> planner.Task:
        return planner.Task(program, target, hits, units, units)

    def ours() -> planner.Found:
        return planner.find(task(), max_order=max_order, max_gaps=0)

    ours()
    found, seconds = peers.timed(ours)
    assert found.complete_to == max_order, "the search was cut short"
    rows = []
    if peers.installed("pysat") and peer_seconds:
        asked = task()
        runs = np.zeros(len(program.stopped), dtype=bool)
        runs[asked.order] = True
        formula = (program, runs, hits, target, [1] * units)
        (cuts, ended), other = peers.timed(lambda: peers.rc2_cuts(formula, max_order, peer_seconds))
        assert cuts <= found.sets, "MaxSAT found another cut set"
        assert not ended or cuts == found.sets, "MaxSAT found fewer cut sets"
        rows.append(("RC2" if ended else f"RC2, given up at {len(cuts):,} cut sets", other))
    orders = sorted(len(s) for s in found.sets)
    size = (
        f"{len(program.stopped):,} nodes upstream, {len(program.source):,} supplies, "
        f"{len(found.sets):,} cut sets"
    )
    answer = [orders.count(k) for k in range(max_order + 1)]
    return result(answer, size, seconds, rows) | {"method": found.methods[-1]}


def target_cone(n: int, shape: Shape, suppliers: int) -> tuple[_kernel.Program, int]:
    """Return what is upstream of a target that needs that many suppliers, in pairs."""
    program, target = with_target(network(n, shape, 1).program, suppliers, 1)
    part, there, _ = cone_of(program, target)
    return part, there


def but_target(n: int, target: int) -> _kernel.HitArrays:
    """Return each vertex as a unit, without the target."""
    code = np.arange(n, dtype=np.int32)
    code[target] = -1
    return by_code(code)


def cuts(n: int, shape: Shape, seconds: float) -> Result:
    """Cut sets of order <= 3 by node."""
    program, target = target_cone(n, shape, 6)
    size = len(program.stopped)
    return search(program, target, but_target(size, target), size, 3, peer_seconds=seconds)


def drawn(n: int, target: int, units: int, seed: int) -> Any:
    """Return a random unit for each vertex but the target."""
    code = np.random.default_rng(seed).integers(0, units, n).astype(np.int32)
    code[target] = -1
    return code


def countries(n: int, shape: Shape) -> Result:
    """Cut sets of order <= 4 among 30 countries, of which each mine has one: none."""
    program, target = target_cone(n, shape, 6)
    code = drawn(len(program.stopped), target, 30, 2)
    # Only mines have a country: with all nodes placed at random, many cuts are trivial.
    code[np.diff(program.slot_start) > 0] = -1
    return search(program, target, by_code(code), 30, 4, peer_seconds=0 if n > 1000 else 5)


def denial(n: int) -> Result:
    """Units 0-29: the nodes of a country; 30-59: what a government denies to nodes of others."""
    program, target = target_cone(n, SKEWED, 6)
    size = len(program.stopped)
    place = drawn(size, target, 30, 2)
    owner = drawn(size, target, 30, 3)
    consumer = np.repeat(
        np.repeat(np.arange(size), np.diff(program.slot_start)), np.diff(program.edge_start)
    )
    source = program.source
    denied = (owner[source] >= 0) & (owner[source] != owner[consumer])
    edge = np.where(denied, owner[source] + 30, -1)
    at_edges = by_code(edge)
    hits = _kernel.HitArrays(*by_code(place)[:2], *at_edges[:2])
    return search(program, target, hits, 60, 3, peer_seconds=0 if n > 1000 else 5)


def fat(n: int) -> Result:
    """Every node has up to eight needs with two suppliers each: families of sets grow fast."""
    program, target = target_cone(n, FAT, 16)
    code = drawn(len(program.stopped), target, 30, 2)
    code[np.diff(program.slot_start) > 0] = -1
    return search(program, target, by_code(code), 30, 4, peer_seconds=0 if n > 1000 else 5)


def owners(n: int) -> Result:
    """Firms of heavy-tailed size that own several nodes each, and many sole suppliers."""
    program, target = target_cone(n, Shape(3, 3, 0.57, 0.03, 2.0, tiers=6), 4)
    size = len(program.stopped)
    chance = np.random.default_rng(2)
    code = (size / 2 * chance.random(size) ** 1.3).astype(np.int32)
    code[target] = -1
    return search(
        program, target, by_code(code), size // 2 + 1, 3, peer_seconds=10 if n > 1000 else 5
    )


def all_targets_to(n: int, order: int) -> Result:
    """Cut sets of all nodes at once; some again one at a time."""
    program = network(n, EVEN, 1).program
    chain = _kernel.Chain(program)
    running, _ = chain.run()

    def ours() -> Any:
        return all_targets(
            program,
            running,
            every_node(n),
            max_units=order,
            first_gap=n,
            work_limit=10**10,
            uses=chain.uses,
        )

    if n > 1000:
        all_targets_to(1000, order)
    found, seconds = peers.timed(ours)
    assert found is not None
    total = 0
    for node in range(n):
        total += len(found.of(node))
    for node in np.random.default_rng(1).choice(running, 5).tolist():
        part, target, vertices = cone_of(program, node)
        size = len(vertices)
        task = planner.Task(part, target, every_node(size), size, size)
        one = planner.find(task, max_order=order, max_gaps=0)
        again = {frozenset(int(vertices[i]) for i in s) for s in one.sets}
        assert set(found.of(node)) == again, f"cut sets of {node} differ"
    return result(total, f"{n:,} nodes, {total:,} cut sets", seconds, [])


# Fault trees


def trees(gates: int, folder: Path | None = None) -> Result:
    """Count cut sets of random trees, or of those in a folder, beside SCRAM."""
    import tempfile

    ours_all, ratios, counted = 0.0, [], []
    with tempfile.TemporaryDirectory() as made:
        files = sorted(folder.glob("*.xml")) if folder else []
        for seed in range(0 if folder else 10):
            file = Path(made) / f"random_{gates}_{seed}.xml"
            file.write_text(random_tree(gates, seed), encoding="utf-8")
            files.append(file)
        for file in files:
            row = one_tree(file)
            if row is None:
                continue
            seconds, counts, theirs = row
            ours_all += seconds
            counted.append(counts)
            if theirs is not None:
                padded = [*theirs.by_order, *([0] * 4)][:4]
                assert padded == counts, f"SCRAM counts {padded} on {file.name}, we {counts}"
                ratios.append(seconds / theirs.seconds)
                print(
                    f"  {file.stem}: {sum(counts):,} sets, {seconds:.4f} s, SCRAM "
                    f"{theirs.seconds:.4f} s, ratio {ratios[-1]:.1f}",
                    file=sys.stderr,
                )
    rows = []
    if ratios:
        rows.append((f"SCRAM --zbdd, median of {len(ratios)}", ours_all / float(np.median(ratios))))
    return result(counted, f"{len(counted)} trees", ours_all, rows)


def one_tree(file: Path) -> tuple[float, list[int], peers.Products | None] | None:
    """Return our seconds and counts by order up to 4, and SCRAM's; None for what is refused."""
    from supplynet import SupplyNetError, load
    from supplynet.analysis.cutsets import _Search
    from supplynet.analysis.reading import ILLUSTRATIVE
    from supplynet.units import ask, target_ids

    try:
        net = load(file)
    except SupplyNetError as error:
        print(f"  {file.stem}: {str(error).splitlines()[0]}", file=sys.stderr)
        return None
    task = _Search(net, ask(net, target_ids(net)[0])).task(ILLUSTRATIVE).compiled

    def ours() -> Any:
        return _kernel.cut_sets_by_diagram(task.program, task.hits, target=task.target, max_order=4)

    ours()
    found, seconds = peers.timed(lambda: ours().counts(), 5)
    counts = [*found, *([0] * 5)][1:5]
    return seconds, counts, peers.scram(file, 4)


CASES: dict[str, Callable[[int], Result]] = {
    "points-or": points_or,
    "points-all": points_all,
    "points-all-shares": points_all_shares,
    "points-one-plain": points_one_plain,
    "sweep": sweep_nodes,
    "cascade": cascade,
    "cuts-3": lambda n: cuts(n, SKEWED, 60),
    "cuts-3-large": lambda n: cuts(n, EVEN, 60),
    "countries-4": lambda n: countries(n, SKEWED),
    "countries-4-large": lambda n: countries(n, EVEN),
    "denial-3": denial,
    "fat-4": fat,
    "all-targets-2": lambda n: all_targets_to(n, 2),
    "all-targets-3": lambda n: all_targets_to(n, 3),
    "owners-3": owners,
    "trees-4": trees,
}


def registry() -> list[dict[str, Any]]:
    """Return the cases."""
    with (HERE / "registry.toml").open("rb") as file:
        cases: list[dict[str, Any]] = tomllib.load(file)["case"]
    return cases


def run_case(case: dict[str, Any], *, smoke: bool) -> Result:
    """Run a case here and compare its answer with the registry's."""
    name = case["id"]
    found = CASES[name](case["smoke"] if smoke else case["nodes"])
    kept = case.get("smoke_answer" if smoke else "answer")
    if kept is not None:
        assert found["answer"] == kept, f"{name}: the answer is {found['answer']}, not {kept}"
    found["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def apart(case: dict[str, Any], *, smoke: bool) -> Result:
    """Run a case in a process of its own."""
    call = [sys.executable, str(Path(__file__)), "--case", case["id"]]
    done = subprocess.run(
        [*call, "--smoke"] if smoke else call, check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        message = f"{case['id']} failed"
        raise SystemExit(message)
    found: Result = json.loads(done.stdout)
    return found


def cold_start() -> list[tuple[str, float]]:
    """Return the seconds to a first answer: plain, with compiled code kept, and compiling anew."""
    import tempfile

    code = """
import sys
sys.path.insert(0, sys.argv[1])
from run import EVEN, _kernel, by_code, network, planner
import numpy as np
program, n = network(1000, EVEN, 1).program, 1000
code = np.arange(n)
code[n - 1] = -1
hits = by_code(code)
if sys.argv[2] == "plain":
    program = _kernel.Program(*(a.tolist() for a in program))
    hits = _kernel.HitArrays(*(a.tolist() for a in hits))
planner.find(planner.Task(program, n - 1, hits, n, n), max_order=2, max_gaps=0)
"""

    def call(kind: str, cache: str) -> float:
        settings = {
            **os.environ,
            "NUMBA_CACHE_DIR": cache,
            "SUPPLYNET_PLAIN": str(int(kind == "plain")),
        }
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(HERE), kind], check=True, env=settings)
        return time.perf_counter() - begin

    with tempfile.TemporaryDirectory() as cache:
        plain = call("plain", cache)
        anew = call("fast", cache)
        kept = call("fast", cache)
    return [("plain Python", plain), ("compiled code kept on disk", kept), ("compiling", anew)]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smoke", action="store_true", help="small sizes, all checks")
    options.add_argument("--only", nargs="*", default=[], help="ids of cases")
    options.add_argument("--trees", type=Path, help="count the fault trees of a folder instead")
    options.add_argument("--cold", action="store_true", help="time to a first answer instead")
    options.add_argument("--case", help=argparse.SUPPRESS)
    asked = options.parse_args()
    cases = registry()
    if asked.case:
        case = next(c for c in cases if c["id"] == asked.case)
        print(json.dumps(run_case(case, smoke=asked.smoke)))
        return
    if asked.cold:
        for name, seconds in cold_start():
            print(f"{name}: {seconds:.1f} s")
        return
    if asked.trees:
        print_rows([("cut sets of order <= 4, counted", trees(0, asked.trees))])
        return
    chosen = [c for c in cases if not asked.only or c["id"] in asked.only]
    print_rows((c["question"], apart(c, smoke=asked.smoke)) for c in chosen)


def print_rows(rows: Iterable[tuple[str, Result]]) -> None:
    """Print a table, row by row as they come."""
    print("| question | size | seconds | peak MB | peer, same run | peer / supplynet |")
    print("|---|---|---|---|---|---|")
    for question, row in rows:
        for name, ratio in row["peers"] or [("none answers this", None)]:
            shown = "" if ratio is None else f"{ratio:,.3g}"
            megabytes = f"{row['megabytes']:,.0f}" if "megabytes" in row else ""
            print(
                f"| {question} | {row['size']} | {row['seconds']:.3g} | {megabytes} | {name} | "
                f"{shown} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
