"""Time `supplynet.load` beside `pandas.read_csv` on one file; both must find the same rows.

python benchmarks/loading.py [--supplies 1000000] [--seed 1]

Each reads in a process of its own, so that the peak of its memory is its own. pandas splits the
file into text and checks nothing: it is the floor, not a loader of networks.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = "supplier,consumer,material,share,start,confidence,references"
#: One reader a process: what it reads with, and how many rows and distinct ends it found.
READERS = {
    "supplynet.load": """
import supplynet
def read(folder):
    return supplynet.load(folder)
def count(net):
    table = net.table("supplies")
    return len(table), len(set(table.column("supplier")) | set(table.column("consumer")))
""",
    "pandas.read_csv": """
import pandas
def read(folder):
    return pandas.read_csv(folder + "/supplies.csv", dtype=str)
def count(frame):
    return len(frame), len(set(frame["supplier"]) | set(frame["consumer"]))
""",
}
MEASURE = """
import json, resource, sys, time
start = time.perf_counter(), time.process_time()
found = read(sys.argv[1])
took = time.perf_counter() - start[0], time.process_time() - start[1]
unit = 1024**2 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps({"seconds": took[0], "cpu": took[1], "peak": peak, "counts": count(found)}))
"""


def write(folder: Path, supplies: int, seed: int) -> None:
    """Write a random network without cycles: five supplies a node, half of them with a share."""
    chance = random.Random(seed)  # noqa: S311 - the same file for the same seed
    size = max(10, supplies // 5)
    grades = ("high", "medium", "low", "")
    with (folder / "supplies.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{HEADER}\n")
        for _ in range(supplies):
            supplier = chance.randrange(size - 1)
            consumer = chance.randrange(supplier + 1, size)
            share = f"0.0{chance.randrange(1, 10)}" if chance.random() < 0.5 else ""
            year, month = chance.randrange(2010, 2026), chance.randrange(1, 13)
            start = f"{year}-{month:02d}-01" if chance.random() < 0.5 else ""
            cited = ";".join(f"r{chance.randrange(200)}" for _ in range(2))
            file.write(
                f"n{supplier},n{consumer},m{chance.randrange(500)},{share},{start},"
                f"{chance.choice(grades)},{cited}\n"
            )


def measured(reader: str, folder: Path) -> dict[str, object]:
    """Return seconds, seconds of the processor, peak in MiB and what was counted, of one reader."""
    command = [sys.executable, "-c", READERS[reader] + MEASURE, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def rows(supplies: int, seed: int) -> list[tuple[str, float, float, float]]:
    """Return (reader, seconds, seconds of the processor, peak in MiB), the counts checked first."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), supplies, seed)
        found = {reader: measured(reader, Path(name)) for reader in READERS}
    counts = [answer["counts"] for answer in found.values()]
    assert counts[0] == counts[1], "the readers disagree"
    assert counts[0][0] == supplies, "rows are missing"
    return [(reader, a["seconds"], a["cpu"], a["peak"]) for reader, a in found.items()]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--supplies", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    print("| reader | seconds | of the processor | peak, MiB |")
    print("|---|---|---|---|")
    found = rows(asked.supplies, asked.seed)
    for reader, seconds, cpu, peak in found:
        print(f"| {reader} | {seconds:.1f} | {cpu:.1f} | {peak:.0f} |")
    ours, theirs = found
    ratios = ", ".join(f"{ours[i] / theirs[i]:.1f}" for i in (1, 2, 3))
    print(f"\nsupplynet / pandas (seconds, of the processor, peak): {ratios}")


if __name__ == "__main__":
    main()
