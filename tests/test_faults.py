"""Kills, interrupts, a full disk and places not to be written: what stood there stays."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="fork and limits are POSIX")

NETWORK = "rare_earth_magnets"
TARGET = ("--target", "tomahawk")
#: What is written, and the command that writes it.
OUTPUTS = {
    "report.html": ("report", NETWORK, *TARGET, "-o"),
    "report.json": ("report", NETWORK, *TARGET, "-o"),
    "report.md": ("report", NETWORK, *TARGET, "-o"),
    "chokepoints.csv": ("chokepoints", NETWORK, *TARGET, "-o"),
    "view.html": ("view", NETWORK, *TARGET, "--force", "-o"),
    "net.xlsx": ("convert", "--force", NETWORK),
    "net.json": ("convert", "--force", NETWORK),
    "net.graphml": ("convert", "--force", NETWORK),
    "net.gexf": ("convert", "--force", NETWORK),
}


def faulty(tmp_path, name, command, **job):
    """Run a command that writes `name` over an old file, under a fault."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).write_text("old")
    for place in (tmp_path, folder):
        place.chmod(0o755)
    job |= {
        "command": [*command, str(folder / name)],
        "folder": str(folder),
        "stderr": str(tmp_path / "stderr"),
    }
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("faults.py"), json.dumps(job)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["new"]["code"] == 0, found["new"]["stderr"]
    assert found["new"]["files"][name] != "old"
    return found


def whole(found, run, name):
    """Tell whether the file is the old one or the new one, nothing between."""
    return run["files"].get(name) in ("old", found["new"]["files"][name])


@pytest.mark.parametrize("name", ["report.html", "net.xlsx"])
def test_a_kill_at_fifty_random_points_leaves_a_whole_file(tmp_path, name):
    found = faulty(tmp_path, name, OUTPUTS[name], signal="SIGKILL", times=50)
    assert all(whole(found, run, name) for run in found["runs"])
    assert {run["code"] for run in found["runs"]} <= {0, -9}
    assert sum(run["code"] == -9 for run in found["runs"]) > 25
    assert not any("Traceback" in run["stderr"] for run in found["runs"])


@pytest.mark.parametrize("name", ["report.html", "view.html", "net.json"])
def test_an_interrupt_at_random_points_leaves_nothing_else(tmp_path, name):
    found = faulty(tmp_path, name, OUTPUTS[name], signal="SIGINT", times=20)
    for run in found["runs"]:
        assert whole(found, run, name)
        assert list(run["files"]) == [name]
        assert "Traceback" not in run["stderr"]
        if run["code"] != 0:
            assert run["code"] == 130
            assert run["stderr"].endswith("supplynet: interrupted\n")
    assert 130 in {run["code"] for run in found["runs"]}


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_a_full_disk_leaves_the_old_file(tmp_path, name):
    found = faulty(tmp_path, name, OUTPUTS[name], limit=500)
    (run,) = found["runs"]
    assert run["code"] == 2
    assert run["files"] == {name: "old"}
    lines = [line for line in run["stderr"].splitlines() if not line.startswith("warning")]
    assert len(lines) == 1
    assert name in lines[0]
    assert "could not be" in lines[0]


@pytest.fixture
def shared():
    """Make a folder that any user may look into; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


needs_root = pytest.mark.skipif(
    getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can become another user"
)


@needs_root
@pytest.mark.parametrize("name", ["report.html", "net.xlsx", "view.html"])
def test_a_folder_that_others_cannot_write(shared, name):
    found = faulty(shared, name, OUTPUTS[name], user=65534)
    (run,) = found["runs"]
    assert run["code"] == 2
    assert run["files"] == {name: "old"}
    assert "permission denied" in run["stderr"]
    assert "Traceback" not in run["stderr"]


@needs_root
@pytest.mark.parametrize("name", ["report.html", "net.xlsx", "view.html"])
def test_a_folder_that_others_cannot_look_into(shared, name):
    closed = shared / "closed"
    closed.mkdir()
    found = faulty(closed, name, OUTPUTS[name], user=65534, close=str(closed))
    (run,) = found["runs"]
    assert run["code"] == 2
    assert run["files"] == {name: "old"}
    assert run["stderr"].count("\n") == 1
    assert "permission denied" in run["stderr"]
