"""Compare the engine with its slow twin on many more random networks than the tests draw.

`make fuzz`, or `python tests/fuzz_engine.py [KIND ...] [CASES]`. Each kind draws networks with
cycles, 10,000 by default, and forces in turn each method of the search; `scram` writes a thousand
networks without cycles as fault trees and compares with what SCRAM counts, where it is installed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import test_oracle
from strategies import Seeded, build
from test_planner import cheapest_differences

from supplynet.analysis import planner

CASES = 10_000
TREES = 1_000
FIRST = 5_000_000
OVERLAP = ("country", "controller", "owner", "material", "operator", "stage")


@contextmanager
def forced(seed: int) -> Iterator[None]:
    """Let one method in five go on where the others give up at once, in plain Python or compiled."""
    methods = [{}, *test_oracle.HANDED_OVER.values()]
    plain = {"SUPPLYNET_PLAIN": str(seed // len(methods) % 2)}
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, plain))
        for name, value in methods[seed % len(methods)].items():
            stack.enter_context(mock.patch.object(planner, name, value))
        yield


def ask(seed: int, by: tuple[str, ...], *, gaps: int = 1, coverage: str | None = None) -> list[str]:
    """Return what engine and twin say differently of one network."""
    c = Seeded(seed)
    likely = c.pick(test_oracle.SHARED) if coverage else ()
    net, target = build(c, likely=likely)
    asked = {"max_order": c.pick((1, 2, 2, 3)), "max_gaps": gaps, "coverage": coverage}
    with forced(seed):
        return test_oracle.differences(net, target, c.pick(by), **asked)


def covered(seed: int) -> list[str]:
    """Return the differences under a coverage."""
    share = test_oracle.COVERAGES[seed % len(test_oracle.COVERAGES)]
    return ask(seed, ("node", "supply", *OVERLAP), coverage=share)


KINDS: dict[str, Callable[[int], list[str]]] = {
    "nodes": lambda seed: ask(seed, ("node",)),
    "edges": lambda seed: ask(seed, ("supply",)),
    "overlap": lambda seed: ask(seed, OVERLAP),
    "gaps": lambda seed: ask(seed, ("node", "country", "controller"), gaps=2),
    "weights": cheapest_differences,
    "coverage": covered,
}


def scram(cases: int) -> list[str] | None:
    """Return the differences from SCRAM on networks without cycles; None where it is missing."""
    import test_openpsa

    if test_openpsa.SCRAM is None:
        return None
    found = []
    for seed in range(FIRST, FIRST + cases):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test_openpsa.test_random_networks_in_scram(Path(folder), seed)
            except AssertionError as error:
                found.append(f"seed {seed}: {error}")
    return found


def run(kind: str, cases: int) -> bool:
    """Compare one kind and tell whether all agreed."""
    if kind == "scram":
        wrong = scram(cases)
        if wrong is None:
            print("scram: not installed, left out")
            return True
    else:
        seeds = range(FIRST, FIRST + cases)
        differ = ((seed, KINDS[kind](seed)) for seed in seeds)
        wrong = [f"seed {seed}: {'; '.join(lines)}" for seed, lines in differ if lines]
    for line in wrong[:10]:
        print(line, file=sys.stderr)
    print(f"{kind}: {cases} networks, {len(wrong) or 'none'} different")
    return not wrong


def main(args: list[str]) -> int:
    """Compare the kinds named, or all one after another; return 1 if one differs."""
    known = (*KINDS, "scram")
    names = [name for name in args if not name.isdigit()] or known
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no kind {unknown[0]!r}. Kinds: {', '.join(known)}", file=sys.stderr)
        return 2
    given = next((int(name) for name in args if name.isdigit()), None)
    cases = {name: given or (TREES if name == "scram" else CASES) for name in names}
    agreed = [run(name, cases[name]) for name in names]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main(sys.argv[1:]))
