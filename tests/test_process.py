"""The command as a process: interrupts, closed pipes, full disks, places not to be written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "supplynet")

needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals and /dev are POSIX")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")


@pytest.fixture
def network(tmp_path):
    """Write ten layers of five nodes, each needing any of the layer before: many cut sets."""
    path = tmp_path / "layers.csv"
    rows = ["supplier,consumer,material"]
    for layer in range(10):
        for a in range(5):
            rows += [f"n{layer}_{a},n{layer + 1}_{b},m{layer}" for b in range(5)]
    rows += [f"n10_{a},target,m10" for a in range(5)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(*args, **options):
    options.setdefault("timeout", 60)
    return subprocess.run([*COMMAND, *map(str, args)], capture_output=True, check=False, **options)


# The child loads all that the command needs, says so, and then computes until it is stopped.
SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs
import supplynet.analysis.cutsets as engine, supplynet.io.files, supplynet.answers
import pandas
from supplynet.cli import main

def forever(*args, **options):
    print("ready", file=sys.stderr, flush=True)
    while True:
        time.sleep(0.01)

engine.single_points_of_failure = forever
sys.exit(main())
"""


@needs_posix
def test_interrupt_gives_130_and_leaves_the_old_file(network, tmp_path):
    out = tmp_path / "out" / "old.json"
    out.parent.mkdir()
    out.write_text("old", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "chokepoints", network, "-o", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stdout == ""
    assert stderr == "supplynet: interrupted\n"
    assert out.read_text("utf-8") == "old"
    assert [p.name for p in out.parent.iterdir()] == ["old.json"]


@needs_posix
def test_a_closed_pipe_gives_141_in_silence(network):
    process = subprocess.Popen(
        [*COMMAND, "chokepoints", network, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert stderr == b""


@needs_posix
def test_a_closed_pipe_under_help_gives_141_in_silence():
    process = subprocess.Popen([*COMMAND, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert stderr == b""


@needs_full
@pytest.mark.parametrize("args", [("chokepoints",), ("cutsets", "--format", "json")])
def test_a_full_disk_under_stdout_is_one_line(network, args):
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [*COMMAND, args[0], network, *args[1:]],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert process.returncode == 2
    assert process.stderr == b"supplynet: standard output: No space left on device.\n"


@needs_full
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_full_disk_under_help_is_one_line(option):
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [*COMMAND, option], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert process.returncode == 2
    assert process.stderr == b"supplynet: standard output: No space left on device.\n"


@needs_posix
def test_a_closed_stdout_is_one_line(network, tmp_path):
    def closed(*args):
        line = 'exec "$@" >&-'
        return subprocess.run(
            ["sh", "-c", line, "sh", *COMMAND, *map(str, args)],
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )

    done = closed("chokepoints", network)
    assert done.returncode == 2
    assert done.stderr == b"supplynet: standard output is closed. Write to a file with -o.\n"
    out = tmp_path / "a.json"
    done = closed("chokepoints", network, "-o", out)
    assert done.returncode == 0
    assert out.exists()


@needs_posix
def test_a_closed_stderr_changes_no_answer(network):
    line = 'exec "$@" 2>&-'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND, "chokepoints", network],
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, run("chokepoints", network).stdout)


@needs_full
def test_a_full_disk_as_output_file_is_one_line(network):
    done = run("chokepoints", network, "-o", "/dev/full")
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"/dev/full" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert Path("/dev/full").exists()


@needs_posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_line(network, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    try:
        done = run("chokepoints", network, "-o", locked / "x.json")
    finally:
        locked.chmod(0o700)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert list(locked.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
def test_a_place_where_nobody_may_write_is_one_line(network):
    done = run("chokepoints", network, "-o", "/proc/supplynet.json")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"supplynet: /proc/supplynet.json: ")
    assert done.stderr.count(b"\n") == 1


def test_a_missing_folder_is_one_line(network, tmp_path):
    done = run("chokepoints", network, "-o", tmp_path / "nowhere" / "x.json")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert b"nowhere" in done.stderr


def test_output_is_utf_8_whatever_the_locale(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("supplier,consumer,material\n磁铁厂,ziel,magnet\n", encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = run("chokepoints", path, "--format", "json", env=env)
    assert done.returncode == 0
    assert "磁铁厂" in done.stdout.decode("utf-8")


def test_python_m_and_the_script_are_the_same(network):
    script = Path(sys.executable).parent / "supplynet"
    if not script.exists():
        pytest.skip("the package is not installed")
    by_script = subprocess.run(
        [script, "cutsets", network, "--format", "json"], capture_output=True, check=True
    )
    by_module = run("cutsets", network, "--format", "json")
    assert by_script.stdout == by_module.stdout


@pytest.mark.parametrize(
    "args",
    [
        ("chokepoints", "--target", "f35", "--by", "controller", "--format", "json"),
        ("cutsets", "--target", "f35", "--format", "json"),
        ("control", "--format", "json"),
        ("centrality", "--measure", "pagerank", "--format", "json"),
        ("report", "--format", "json"),
    ],
)
def test_the_order_of_sets_does_not_show(args):
    outputs = set()
    for seed in ("0", "1"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = run(args[0], "rare_earth_magnets", *args[1:], env=env)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1
