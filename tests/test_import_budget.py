"""Asking for help, or importing the package, loads nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = ("pandas", "networkx", "numpy", "pyvis", "jinja2", "IPython")

LOADED = f"""
import sys
{{code}}
print(*sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def loaded_by(code: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()[-1].split() if run.stdout.strip() else []


@pytest.mark.parametrize(
    "code",
    [
        "import supplynet",
        "import supplynet.cli",
        "from supplynet.cli import main; main(['--help'])",
        "from supplynet.cli import main; main(['cutsets', '--help'])",
        "from supplynet.cli import main; main(['--version'])",
        "from supplynet.cli import main; main(['chokepoint'])",
    ],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded_by(code) == []


def test_the_check_sees_what_is_loaded():
    assert loaded_by("import networkx") == ["networkx"]
