"""The error catalogue: what a reader says about each kind of bad input, word for word.

`tests/findings/*.toml` holds the cases, a chapter a file. The test reads each one and compares
every finding; `python tests/catalogue.py > docs/error-catalogue.md` writes the page from the
same cases, so that the page cannot say what the program does not.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

HERE = Path(__file__).parent / "findings"
MAX_SHOWN = 6
HEAD = """\
# Error catalogue

Every kind of finding about data, with an input that brings it up and the words that
`supplynet validate` answers with. Made by `python tests/catalogue.py`; a test reads every case.
What the parts of a finding are: [Errors and findings](errors.md).
"""


@dataclass(frozen=True)
class Case:
    """One bad input: files by name, and all that is said about them as (level, text)."""

    chapter: str
    title: str
    files: dict[str, str] = field(default_factory=dict)
    says: list[str] = field(default_factory=list)
    sheets: dict[str, list[list[object]]] = field(default_factory=dict)
    read: str = "."
    options: dict[str, str] = field(default_factory=dict)
    remark: str = ""

    def write(self, folder: Path) -> Path:
        """Write the files and return what is to be read."""
        for name, text in self.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("hex:"):
                place.write_bytes(bytes.fromhex(text.removeprefix("hex:")))
            else:
                place.write_bytes(text.encode("utf-8"))
        if self.sheets:
            book = openpyxl.Workbook()
            book.remove(book.active)
            for name, rows in self.sheets.items():
                sheet = book.create_sheet(name)
                for row in rows:
                    sheet.append(row)
            book.save(folder / self.read)
        return folder if self.read == "." else folder / self.read


def chapters() -> list[tuple[str, str, list[Case]]]:
    """Return title, introduction and cases of each chapter, by file name."""
    found = []
    for file in sorted(HERE.glob("*.toml")):
        document = tomllib.loads(file.read_text("utf-8"))
        title = document["title"]
        cases = [Case(chapter=title, **case) for case in document["case"]]
        found.append((title, document.get("about", ""), cases))
    return found


def page() -> str:
    """Return the page of the documentation."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    for title, about, cases in chapters():
        yield f"\n## {title}\n"
        if about:
            yield f"\n{about.strip()}\n"
        for case in cases:
            yield f"\n### {case.title}\n"
            if case.remark:
                yield f"\n{case.remark.strip()}\n"
            for name, text in case.files.items():
                shown = text if text.startswith("hex:") else text.rstrip("\n")
                fence = "```" if "```" not in shown else "````"
                yield f"\n`{name}`\n\n{fence}text\n{_visible(shown)}\n{fence}\n"
            for name, rows in case.sheets.items():
                shown = "\n".join(" | ".join(map(str, row)) for row in rows)
                yield f"\n`{case.read}`, sheet `{name}`\n\n```text\n{_visible(shown)}\n```\n"
            yield f"\n{_answer(case.says)}\n"


def _answer(says: list[str]) -> str:
    if not says:
        return "Nothing is said."
    shown = [_visible(line) for line in says[:MAX_SHOWN]]
    if len(says) > MAX_SHOWN:
        shown.append(f"... and {len(says) - MAX_SHOWN} more lines")
    return "\n".join(["Says:", "", "```text", *shown, "```"])


def _visible(text: str) -> str:
    return "".join(c if c == "\n" or c.isprintable() else f"\\u{ord(c):04x}" for c in text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(page())
