"""What is installed works without the checkout: wheel, editable install and checkout."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ("worked_example", "recycling_loop", "rare_earth_magnets")
PROGRAM = """
import json, pathlib, supplynet
from supplynet.examples import examples, load_example
nets = {name: load_example(name) for name in examples()}
print(json.dumps({
    "home": str(pathlib.Path(supplynet.__file__).resolve().parent),
    "digests": {name: net.digest for name, net in nets.items()},
}))
"""


def in_project(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.is_file()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--disable-pip-version-check", "--target", str(target), str(wheel)),
        ],
        check=True,
        capture_output=True,
    )
    return target


def run(code_or_args, cwd, path=None):
    """Run Python far away from the checkout, with only `path` in front."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    if path is not None:
        env["PYTHONPATH"] = str(path)
    args = ["-c", code_or_args] if isinstance(code_or_args, str) else code_or_args
    return subprocess.run(
        [sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, check=True
    ).stdout


def test_the_wheel_holds_all_data_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"supplynet"}

    graphs = {
        f"supplynet/graphs/{p.relative_to(ROOT / 'graphs').as_posix()}"
        for p in (ROOT / "graphs").rglob("*")
        if in_project(p)
    }
    package = {
        p.relative_to(ROOT).as_posix() for p in (ROOT / "supplynet").rglob("*") if in_project(p)
    }
    assert graphs
    assert graphs | package <= names
    assert {"supplynet/py.typed", "supplynet/schemas/answer.json"} <= names
    for folder in ("report", "view"):
        assert any(n.startswith(f"supplynet/{folder}/templates/") for n in names)


def test_the_wheel_says_what_pyproject_says(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    fields = Parser().parsestr(archive.read(metadata).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = {r.split(";")[0] for r in fields.get_all("Requires-Dist") if "extra" not in r}
    assert {r.replace(" ", "") for r in required} >= {"pandas>=3", "networkx>=3.4"}
    assert len(required) == len(project["dependencies"])
    assert fields["License-Expression"] == "MIT"
    (entry,) = (n for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert "supplynet = supplynet.cli:main" in archive.read(entry).decode()


def test_shipped_networks_load_from_the_wheel(installed, tmp_path):
    answer = json.loads(run(PROGRAM, tmp_path, installed))
    assert Path(answer["home"]) == (installed / "supplynet").resolve()
    assert set(NETWORKS) <= set(answer["digests"])


def test_the_editable_install_ships_the_same_networks(installed, tmp_path):
    from_wheel = json.loads(run(PROGRAM, tmp_path, installed))
    from_here = json.loads(run(PROGRAM, tmp_path))
    assert from_here["digests"] == from_wheel["digests"]


def test_the_command_runs_from_the_wheel(installed, tmp_path):
    out = run(
        ["-m", "supplynet", "chokepoints", "worked_example", "--format", "json"],
        tmp_path,
        installed,
    )
    assert json.loads(out)["network"]["name"] == "worked_example"


def test_the_command_runs_from_a_checkout(tmp_path):
    out = run([str(ROOT / "cli.py"), "examples"], tmp_path)
    assert "worked_example" in out
