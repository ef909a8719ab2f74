"""The benchmarks run, and their answers are those of the registry. Nothing is said about time."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from supplynet.analysis._kernel import available

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def script(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run():
    if not available():
        pytest.skip("numba is not installed")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return script("run")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_every_case_is_registered(run):
    cases = run.registry()
    assert [case["id"] for case in cases] == list(run.CASES)
    assert all("answer" in case and "smoke_answer" in case for case in cases)


@pytest.mark.parametrize("name", [
    "points-or", "points-all", "points-all-shares", "points-one-plain", "sweep", "cascade",
    "cuts-3", "cuts-3-large", "countries-4", "countries-4-large", "denial-3", "fat-4",
    "all-targets-2", "all-targets-3", "owners-3", "trees-4",
])  # fmt: skip
def test_a_small_run_gives_the_registered_answer_and_agrees_with_peers(run, name):
    case = next(case for case in run.registry() if case["id"] == name)
    assert run.run_case(case, smoke=True)["answer"] == case["smoke_answer"]


def test_the_loader_and_its_peer_read_the_same():
    assert len(script("loading").rows(500, 1)) == 2
