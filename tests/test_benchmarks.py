"""The benchmark runs, and its answers agree with its peers'. Nothing is said about time."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_answers_agree_with_the_peers():
    spec = importlib.util.spec_from_file_location("bench", ROOT / "benchmarks" / "run.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    for seed in range(3):
        assert len(bench.rows(120, seed)) == 3
