"""The documentation is run: every Python and console block, every link, every make target.

Console blocks hold ``$ command`` lines and what a terminal then shows. The blocks of a page run in
order, in one folder of their own. A line of three dots stands for any lines, three dots within a
line for any text. A command that does not exit with 0 is followed by ``$ echo $?``. What cannot
run here (cloning, installing) stands in an ``sh`` block and is listed below.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

#: What may stand in an ``sh`` block: it is shown, not run.
NOT_RUN = (
    re.compile(r"make (?P<target>[a-z]+)"),
    re.compile(r"git clone \S+"),
    re.compile(r"cd supplynet"),
    re.compile(r"python3 -m venv \.venv"),
    re.compile(r"\. \.venv/bin/activate"),
    re.compile(r"pip install (-e )?\."),
    re.compile(r"apt-get install scram"),
    re.compile(r"scram --bdd --limit-order \d+ tree\.xml -o answer\.xml"),
)
#: Blocks that show a file or a piece of an answer.
SHOWN = frozenset({"", "csv", "json", "toml", "text"})


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page: its language, its text and the line it starts on."""

    language: str
    text: str
    line: int


def fences(text: str) -> list[Fence]:
    found = []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
        else:
            body = "\n".join(lines[start + 1 : number])
            found.append(Fence(lines[start][3:].strip(), body, start + 1))
            start = None
    assert start is None, f"line {(start or 0) + 1}: a block is not closed"
    return found


def commands(block: str) -> list[tuple[str, str]]:
    """Return each command of a console block with the output that is promised."""
    found: list[tuple[str, list[str]]] = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = f"{command[:-1]}{next(lines).strip()}"
            found.append((command, []))
        else:
            assert found, f"output before the first command: {line!r}"
            found[-1][1].append(line)
    return [(command, "\n".join(output)) for command, output in found]


def agrees(promised: str, got: str) -> bool:
    """Return whether an output is as promised, dots standing for what is left out."""
    pattern = ""
    for line in promised.rstrip().splitlines():
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("..."))
            pattern += "\n"
    shown = "".join(f"{line.rstrip()}\n" for line in got.rstrip().splitlines())
    return re.fullmatch(pattern, shown) is not None


class Page:
    """Runs the blocks of one page in one folder, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        tools = folder / "bin"
        tools.mkdir()
        command = tools / "supplynet"
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m supplynet "$@"\n')
        command.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
        }
        self.names: dict[str, object] = {}

    def console(self, block: str) -> None:
        last = 0
        steps = commands(block)
        for (command, promised), (following, _) in pairwise([*steps, ("", "")]):
            if command == "echo $?":
                assert promised.strip() == str(last), f"exit code is {last}, not {promised}"
                continue
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=300,
                check=False,
            )
            last = done.returncode
            assert agrees(promised, done.stdout), (
                f"$ {command}\n--- promised\n{promised}\n--- got\n{done.stdout}"
            )
            assert last == 0 or following == "echo $?", f"$ {command}\nexit code {last} unsaid"

    def python(self, block: str, name: str) -> None:
        if ">>>" not in block:
            exec(compile(block, name, "exec"), self.names)  # noqa: S102 - our own pages
            return
        test = doctest.DocTestParser().get_doctest(f"{block}\n", self.names, name, name, 0)
        told: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=told.append, clear_globs=False)
        self.names.update(test.globs)
        assert not runner.failures, "".join(told)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Page(tmp_path)
    monkeypatch.chdir(runner.folder)
    text = page.read_text(encoding="utf-8")
    for example in re.findall(r"\]\((examples/[^)\s]+)\)", text):
        # What a page offers to take, its reader has taken.
        shutil.copy(page.parent / example, runner.folder)
    for fence in fences(text):
        where = f"{page_name(page)}:{fence.line}"
        try:
            if fence.language == "console":
                runner.console(fence.text)
            elif fence.language == "python":
                runner.python(fence.text, where)
        except AssertionError as error:
            pytest.fail(f"{where}: {error}", pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_what_does_not_run_is_known(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for fence in fences(page.read_text(encoding="utf-8")):
        where = f"{page_name(page)}:{fence.line}"
        assert fence.language in {"python", "console", "sh", *SHOWN}, f"{where}: {fence.language}"
        if fence.language != "sh":
            continue
        for line in fence.text.splitlines():
            command = line.partition("#")[0].strip()
            known = [m for m in (p.fullmatch(command) for p in NOT_RUN) if m]
            assert known, f"{where}: {command!r} is neither run nor listed"
            target = known[0].groupdict().get("target")
            assert target is None or target in targets, f"{where}: no make target {target}"


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ (.+)$", plain, re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(kept.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        goal = page if not path else (page.parent / path)
        assert goal.exists(), f"{page_name(page)}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(goal.read_text(encoding="utf-8")), f"{page_name(page)}: {link}"


def test_every_command_is_on_the_page_of_commands() -> None:
    from supplynet.cli import cli

    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        section = re.search(rf"^### `{name}`$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, f"docs/command-line.md has no section on {name}"
        for param in command.params:
            option = max(param.opts, key=len)
            if option.startswith("--") and not getattr(param, "hidden", False):
                assert f"`{option}" in text, f"{option} of {name} is not described"


def test_every_shipped_network_is_on_the_page_of_networks() -> None:
    import supplynet

    text = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^## `(\w+)`$", text, re.MULTILINE))
    assert described == set(supplynet.examples())


@pytest.mark.parametrize(
    ("promised", "got", "expected"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a", "a\nb\n", False),
        ("a\nb", "a\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nb\n", False),
        ("a ... d", "a b c d\n", True),
        ("a ... d", "a b\nc d\n", False),
        ("...\nd", "d\n", True),
        ("", "", True),
        ("", "said anyway\n", False),
        ("a.b", "axb\n", False),
    ],
)
def test_outputs_are_compared(promised: str, got: str, expected: bool) -> None:
    assert agrees(promised, got) is expected


@pytest.mark.parametrize(
    "block",
    ["$ echo one\ntwo", "$ false", "$ false\n$ echo $?\n0", "$ supplynet --version\nnothing"],
)
def test_a_wrong_console_block_fails(block: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Page(tmp_path).console(block)


def test_a_wrong_python_block_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Page(tmp_path).python(">>> 1 + 1\n3", "page.md:1")


def test_console_blocks_run_in_order(tmp_path: Path) -> None:
    page = Page(tmp_path)
    page.console("$ echo one > note\n$ cat note\none\n$ false\n$ echo $?\n1")
    page.python(">>> x = 2", "page.md:1")
    page.python(">>> x + 1\n3", "page.md:2")
