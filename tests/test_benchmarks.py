"""The benchmark runs, and its answers agree with its peers'. Nothing is said about time."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_answers_agree_with_the_peers():
    bench = script("run")
    for seed in range(3):
        assert len(bench.rows(120, seed)) == 3


def test_the_loader_and_its_peer_read_the_same():
    assert len(script("loading").rows(500, 1)) == 2
