"""Same data, same bytes: over hash seeds, working folders and the order of rows."""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from supplynet.examples import example_path
from supplynet.io.exchange import FORMATS

NETWORK = "rare_earth_magnets"
TARGET = ("--target", "tomahawk")
ANSWERS = [
    ("info",),
    ("chokepoints", *TARGET),
    ("chokepoints", *TARGET, "--by", "controller"),
    ("cutsets", *TARGET, "--by", "country"),
    ("explain", *TARGET),
    ("control",),
    ("concentration",),
]

# Runs every command in one process, in a folder of its own, and prints a digest of each output.
SCRIPT = """
import contextlib, hashlib, io, json, pathlib, re, sys
from supplynet.cli import main

net, jobs, mask = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] == "mask"
digests = {}

def digest(data):
    if mask:
        data = re.sub(rb"([.]csv):[0-9]+", rb"\\1", data)
    return hashlib.sha256(data).hexdigest()

for args in jobs:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([args[0], net, *args[1:]])
    assert code == 0, (args, err.getvalue())
    digests[" ".join(args)] = digest(out.getvalue().encode())
for file in sorted(pathlib.Path().rglob("*")):
    if file.is_file() and not file.is_relative_to(net):
        digests[str(file)] = digest(file.read_bytes())
print(json.dumps(digests))
"""


def jobs():
    answers = [[*args, "--format", form] for args in ANSWERS for form in ("json", "text")]
    files = [["report", *TARGET, "-o", f"report.{ending}"] for ending in ("html", "md", "json")]
    files.append(["report", *TARGET, "--format", "csv", "-o", "tables/"])
    files.append(["view", *TARGET, "-o", "view.html"])
    files += [
        ["convert", f"as_{name}{form.endings[0] if form.endings else ''}", "--to", name]
        for name, form in FORMATS.items()
        if name != "open-psa"  # the network has a loop; see test_openpsa.py
    ]
    return answers + files


def outputs(folder, seed, source, rows=None, *, mask=False):
    """Run everything in `folder` and return output to digest; `rows` shuffles the tables."""
    folder.mkdir(parents=True)
    shutil.copytree(source, folder / NETWORK)
    if rows is not None:
        for table in (folder / NETWORK).glob("*.csv"):
            with table.open(encoding="utf-8", newline="") as file:
                head, *lines = csv.reader(file)
            random.Random(rows).shuffle(lines)  # noqa: S311 - no secret
            with table.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([head, *lines])
    done = subprocess.run(
        # The line of a row in its file is told, and is another one where rows are shuffled.
        [sys.executable, "-c", SCRIPT, NETWORK, json.dumps(jobs()), "mask" if mask else ""],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return outputs(tmp_path_factory.mktemp("first") / "a", 0, example_path(NETWORK))


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    return outputs(tmp_path_factory.mktemp("masked") / "a", 0, example_path(NETWORK), mask=True)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_hash_seeds_and_folders(first, tmp_path, seed):
    place = tmp_path / "another folder" / "ä"
    assert outputs(place, seed, example_path(NETWORK)) == first


@pytest.mark.parametrize("rows", [1, 2])
def test_the_order_of_rows(masked, tmp_path, rows):
    shuffled = outputs(tmp_path / "a", 5, example_path(NETWORK), rows, mask=True)
    assert {name for name in masked if masked[name] != shuffled[name]} == set()


def test_every_kind_of_output_is_compared(first):
    endings = {Path(name).suffix for name in first}
    assert {".html", ".md", ".json", ".csv", ".xlsx", ".graphml", ".gexf"} <= endings
