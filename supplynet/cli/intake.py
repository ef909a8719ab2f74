"""`supplynet init --from`: an analyst's own spreadsheet, shown, asked about and written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supplynet.cli.shell import Answer, is_terminal
from supplynet.errors import Finding, ValidationError, did_you_mean
from supplynet.text import clamp, clean_display, plural

if TYPE_CHECKING:
    from supplynet.answers import Block
    from supplynet.intake import Intake, Mapping, Proposal, Question

__all__ = ["from_options", "init_from", "refuse_without_from"]

#: Lines of one kind that are shown; the folder keeps all.
_SHOWN = 12
_ROUNDS = 10
_KEPT = "kept as extra"


def from_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--from` and what goes with it to a command."""
    path = click.Path(path_type=Path)
    for option in reversed(
        (
            click.option(
                "--from",
                "source",
                metavar="FILE",
                type=path,
                help="Make DIR from your own workbook (.xlsx) or .csv file: what it seems to hold "
                "is shown, and nothing is guessed.",
            ),
            click.option(
                "--sheet", "sheets", metavar="NAME", multiple=True, help="Only it; repeatable."
            ),
            click.option(
                "--yes",
                is_flag=True,
                help="Take what is sure without asking; what is not sure is left open and listed.",
            ),
            click.option(
                "--mapping",
                "mapping_file",
                metavar="FILE",
                type=path,
                help="Take the decisions of this file, such as DIR/mapping.toml after an edit.",
            ),
            click.option(
                "--write-mapping", metavar="FILE", type=path, help="Write the decisions to a file."
            ),
            click.option(
                "--decimal-comma", is_flag=True, help="0,7 is 0.7 where numbers are text."
            ),
            click.option(
                "--encoding",
                default="utf-8",
                show_default=True,
                help="Encoding of a .csv file.",
            ),
            click.option(
                "--force",
                is_flag=True,
                help="Replace what this command wrote into DIR before, and nothing else.",
            ),
        )
    ):
        function = option(function)
    return function


def refuse_without_from(options: Dict[str, object]) -> None:
    """Refuse options that say how a file is read where none is given."""
    for name, value in options.items():
        if value and value != "utf-8":
            shown = _OPTION_NAMES.get(name, f"--{name.replace('_', '-')}")
            raise click.UsageError(f"{shown} says how a file is read: give one with --from FILE.")


_OPTION_NAMES = {"sheets": "--sheet", "mapping_file": "--mapping"}


def init_from(
    source: Path,
    folder: Path,
    *,
    sheets: tuple[str, ...] = (),
    yes: bool = False,
    mapping_file: Path | None = None,
    write_mapping: Path | None = None,
    decimal_comma: bool = False,
    encoding: str = "utf-8",
    force: bool = False,
) -> Answer:
    """Return the answer of `supplynet init --from`; see the options of the command."""
    from supplynet.intake import convert, propose

    _check_folder(source, folder)
    if _is_network(source):
        raise click.UsageError(
            f"{source} is a network already: supplynet validate reads it as it is, supplynet "
            "convert writes it as a folder."
        )
    if mapping_file is not None:
        for option, value in (
            ("--sheet", sheets),
            ("--write-mapping", write_mapping),
            ("--decimal-comma", decimal_comma),
        ):
            if value:
                raise click.UsageError(f"{option}: --mapping says it already. Leave one out.")
        text = _read_mapping(mapping_file)
        from supplynet.intake import Mapping

        given = Mapping.from_toml(text, mapping_file.name)
        intake = convert(source, given, encoding=encoding)
        return _written(intake, source, folder, mapping_text=text, force=force)
    proposal = propose(source, encoding=encoding, decimal_comma=decimal_comma, sheets=sheets)
    if not yes and is_terminal(sys.stdin):
        return _talk(
            proposal, source, folder, write_mapping, decimal_comma=decimal_comma, force=force
        )
    if write_mapping is not None:
        _save_mapping(write_mapping, proposal.mapping, force=force)
    if not yes:
        wanted = Finding(
            str(source),
            "nothing is written without your word, and there is no terminal to ask at",
            "Give --yes to take what is sure, or --write-mapping FILE, edit it, and --mapping FILE",
        )
        return Answer(
            result={**proposal.to_dict(), "files": []},
            blocks=lambda: list(proposal_blocks(proposal)),
            errors=(wanted,),
        )
    if proposal.intake is None:
        return _not_enough(proposal, source, folder, write_mapping)
    return _written(proposal.intake, source, folder, proposal=proposal, force=force)


def _not_enough(
    proposal: Proposal, source: Path, folder: Path, write_mapping: Path | None
) -> Answer:
    """Show what is sure where it makes no network yet, and how to say the rest."""
    from supplynet.intake.conversion import convert_book

    findings: tuple[Finding, ...] = ()
    try:
        convert_book(proposal.book, proposal.mapping)
    except ValidationError as error:
        findings = error.findings
    start = f"supplynet init --from {shlex.quote(str(source))} {shlex.quote(str(folder))}"
    made = shlex.quote(str(write_mapping or "mapping.toml"))
    steps = [f"{start} --write-mapping {made}"] if write_mapping is None else []
    steps += [f"edit {made}", f"{start} --mapping {made}"]
    fix = f"Leave out --yes to be asked, or: {'; '.join(steps)}"
    enough = Finding(str(source), "what is sure is not enough, and nothing is written", fix)
    return Answer(
        result={**proposal.to_dict(), "files": []},
        blocks=lambda: list(proposal_blocks(proposal)),
        errors=(*findings, enough),
    )


def _check_folder(source: Path, folder: Path) -> None:
    """Refuse a place that is no folder of its own: what is read is never written over."""
    if folder.suffix.lower() in (".xlsx", ".xlsm", ".csv", ".json"):
        raise click.UsageError(f"{folder}: --from makes a folder of tables. Give its name.")
    if source.resolve().parent == folder.resolve():
        raise click.UsageError(f"{folder} holds {source.name} itself. Give a folder of its own.")


def _is_network(source: Path) -> bool:
    """Tell whether a workbook is one of our own: it has the sheet `network`, and is one."""
    if source.suffix.lower() not in (".xlsx", ".xlsm") or not source.is_file():
        return False
    from supplynet.io import examine

    net = examine(source).net
    # Only the sheet `network` says these.
    return net is not None and bool(net.meta.title or net.meta.as_of or net.meta.targets)


def _read_mapping(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        what = f"cannot be read: {str(reason).lower()}"
        raise ValidationError([Finding(str(path), what, "Give a mapping file")]) from error


def _save_mapping(path: Path, mapping: Mapping, *, force: bool) -> None:
    from supplynet.io.files import write_text

    if path.exists() and not force:
        raise click.UsageError(f"{path} exists. Give --write-mapping another name, or --force.")
    write_text(path, mapping.to_toml())
    click.echo(f"wrote {clean_display(path)}", err=True)


# What is shown


def proposal_blocks(proposal: Proposal) -> Iterator[Block]:
    """Yield what a file seems to hold, sheet by sheet, and what is asked."""
    from supplynet.answers import Grid, Heading, Items, Line

    for sheet in proposal.sheets:
        yield Heading(f"Sheet {sheet.name}: {sheet.table or 'set aside'} ({sheet.why})")
        if sheet.header:
            lines = " and ".join(map(str, sheet.header))
            yield Line(f"Column names in row {lines}; {plural(sheet.rows, 'row')}.")
        if sheet.columns:
            yield Grid(
                ("column", "heading", "is", "how sure", "such as"),
                tuple(
                    (
                        column.column,
                        column.heading,
                        column.role or ("?" if column.how != _KEPT else "-"),
                        column.how,
                        ", ".join(column.samples),
                    )
                    for column in sheet.columns
                ),
            )
        rows = [f"row {row}: {clamp(text, 70)} ({why})" for row, text, why in sheet.set_aside]
        if rows:
            yield Line("Rows set aside:")
            yield Items(tuple(_some(rows)))
        for hint in sheet.hints:
            yield Line(f"Look: {hint}.")
    if proposal.questions:
        yield Heading("Not sure, and left open")
        yield Items(tuple(_some([question.text for question in proposal.questions], 30)))


def _some(lines: list[str], most: int = _SHOWN) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[:most], f"and {len(lines) - most:,} more"]


def _written(
    intake: Intake,
    source: Path,
    folder: Path,
    *,
    proposal: Proposal | None = None,
    mapping_text: str | None = None,
    force: bool,
) -> Answer:
    """Write the folder, and return what to say about it."""
    from supplynet.intake import write

    files = [
        str(folder / name) for name in write(intake, folder, mapping_text=mapping_text, force=force)
    ]
    shown = proposal.to_dict() if proposal is not None else {"file": source.name}
    return Answer(
        result={**shown, **intake.to_dict(), "files": files},
        blocks=lambda: [
            *(proposal_blocks(proposal) if proposal is not None else ()),
            *_outcome(intake, source, folder, files),
        ],
        net=intake.net,
        errors=intake.errors,
    )


def _outcome(intake: Intake, source: Path, folder: Path, files: list[str]) -> Iterator[Block]:
    from supplynet.answers import Heading, Items, Line
    from supplynet.io.meta import META_FILE

    notes = [str(n) for n in intake.notes if n.level == "note"]
    warnings = [str(f) for f in (*intake.notes, *intake.findings) if f.level == "warning"]
    if notes:
        yield Heading("Read as")
        yield Items(tuple(_some(notes)))
    if warnings:
        yield Heading("Look at these")
        yield Items(tuple(_some(warnings)))
    if intake.errors:
        yield Heading("The tables are written, but are no network yet")
        yield Items(tuple(_some([str(error) for error in intake.errors], 30)))
    yield Heading("Written")
    tables = ", ".join(f"{len(raw.lines):,} {name}" for name, raw in intake.raws.items())
    aside = sum(not entry.column for entry in intake.set_aside)
    cells = len(intake.set_aside) - aside
    yield Line(f"{folder}: {tables}.")
    yield Line(
        f"{plural(aside, 'row')} and {plural(cells, 'cell')} are set aside; set_aside.csv lists "
        "them all, with why."
    )
    here = shlex.quote(str(folder))
    again = (
        f"supplynet init --from {shlex.quote(str(source))} {here} "
        f"--mapping {shlex.quote(str(folder / 'mapping.toml'))} --force"
    )
    yield Heading("Next")
    if any(finding.where == META_FILE for finding in intake.findings):
        yield Line("Rows are dated: every question needs a date. Write as_of in mapping.toml.")
    yield Items(
        (
            f"correct {folder / 'mapping.toml'}, and run: {again}",
            f"supplynet info {here}",
            f"supplynet report {here} -o report.html",
        )
    )


# What is asked


def _talk(
    proposal: Proposal,
    source: Path,
    folder: Path,
    write_mapping: Path | None,
    *,
    decimal_comma: bool,
    force: bool,
) -> Answer:
    """Show the proposal, ask one question after the other, and write on a yes."""
    from supplynet.answers import as_text

    # What is not sure is asked one by one.
    click.echo(as_text(proposal_blocks(replace(proposal, questions=()))), nl=False)
    intake = ask(proposal, _prompt, decimal_comma=decimal_comma)
    if intake is None:
        return Answer(result={"files": []}, blocks=lambda: [_line("Nothing was written.")])
    if write_mapping is not None:
        _save_mapping(write_mapping, intake.mapping, force=force)
    return _written(intake, source, folder, force=force)


def _line(text: str) -> Block:
    from supplynet.answers import Line

    return Line(text)


def _prompt(text: str) -> str:
    shown = "\n".join(map(clean_display, text.split("\n")))
    answer: str = click.prompt(shown, default="", show_default=False, prompt_suffix="\n> ")
    return answer.strip()


def ask(
    proposal: Proposal, prompt: Callable[[str], str], *, decimal_comma: bool = False
) -> Intake | None:
    """Return what the answers make of a file, ``None`` if nothing is to be written.

    Parameters
    ----------
    proposal
        What the file seems to hold.
    prompt
        Asks one question and returns the answer; blank leaves it open.
    decimal_comma
        As it was given for the proposal.
    """
    mapping = proposal.mapping
    open_questions = list(proposal.questions)
    asked: set[object] = set()
    while True:
        mapping = _ask_all(
            proposal, mapping, open_questions, asked, prompt, decimal_comma=decimal_comma
        )
        answer = _choice(prompt, "Write this? [y]es / [n]o / [e]dit", ("yes", "no", "edit"))
        if answer == "no":
            return None
        if answer == "edit":
            mapping = _edit(mapping, prompt)
            open_questions = []
            continue
        try:
            from supplynet.intake.conversion import convert_book

            return convert_book(proposal.book, mapping)
        except ValidationError as error:
            prompt(f"{error} Press Enter to edit.")
            mapping = _edit(mapping, prompt)


def _ask_all(
    proposal: Proposal,
    mapping: Mapping,
    questions: Iterable[Question],
    asked: set[object],
    prompt: Callable[[str], str],
    *,
    decimal_comma: bool,
) -> Mapping:
    """Ask until no answer brings up a new question."""
    from supplynet.intake import answered
    from supplynet.intake.conversion import convert_book
    from supplynet.intake.proposal import as_table, follow_up

    waiting = list(questions)
    for _ in range(_ROUNDS):
        more: list[Question] = []
        # Which table a sheet is comes first: it decides what its columns can be.
        for question in sorted(waiting, key=lambda q: _ORDER.index(q.kind)):
            key = (question.kind, question.sheet, question.column, question.about)
            if key in asked:
                continue
            asked.add(key)
            answer = _answer(question, prompt)
            if question.kind == "table" and answer:
                sheet, columns = as_table(
                    proposal.book, question.sheet, answer, decimal_comma=decimal_comma
                )
                mapping = mapping.with_sheet(sheet)
                more += columns
            elif answer:
                mapping = answered(mapping, question, answer)
        try:
            intake = convert_book(proposal.book, mapping)
        except ValidationError:
            return mapping
        mapping, found = follow_up(proposal.book, mapping, intake.facts)
        waiting = [*more, *found]
        if all((q.kind, q.sheet, q.column, q.about) in asked for q in waiting):
            break
    return mapping


_ORDER = (
    "table", "column", "fixed", "fill_down", "decimal_comma", "numbers", "value", "merge",
    "decide", "targets", "as_of",
)  # fmt: skip


def _answer(question: Question, prompt: Callable[[str], str]) -> str:
    """Return the answer to one question, asked again until it is one."""
    from datetime import date

    if not question.choices:
        while True:
            answer = prompt(f"{question.text} [Enter: not known]")
            if question.kind == "as_of" and answer:
                try:
                    date.fromisoformat(answer)
                except ValueError:
                    prompt(f"{answer!r} is no date: write it as 2026-01-31. Press Enter.")
                    continue
            return answer
    options = [value for value, _ in question.choices if value]
    left = next((label for value, label in question.choices if not value), "leave it open")
    listed = "; ".join(
        f"{number}: {value} ({label})" if label != value else f"{number}: {value}"
        for number, (value, label) in enumerate(
            [(v, meaning) for v, meaning in question.choices if v], start=1
        )
    )
    text = f"{question.text}\n  {listed}; Enter: {left}"
    while True:
        answer = prompt(text)
        if not answer or answer in options:
            return answer
        if answer.isdecimal() and 0 < int(answer) <= len(options):
            return options[int(answer) - 1]
        starting = [value for value in options if value.startswith(answer)]
        if len(starting) == 1:
            return starting[0]
        text = f"{answer!r} is none of them.\n  {listed}; Enter: {left}"


def _choice(prompt: Callable[[str], str], text: str, words: tuple[str, ...]) -> str:
    while True:
        answer = prompt(text).casefold()
        for word in words:
            if answer and word.startswith(answer):
                return word


def _edit(mapping: Mapping, prompt: Callable[[str], str]) -> Mapping:
    """Change what one column is, as often as wanted."""
    from supplynet.intake.headings import roles

    while True:
        names = [sheet.name for sheet in mapping.sheets if sheet.table]
        name = names[0] if len(names) == 1 else ""
        while name not in names:
            name = prompt(f"Sheet ({', '.join(names)}; Enter: done)")
            if not name:
                return mapping
        sheet = mapping.sheet(name)
        if sheet is None:
            return mapping
        letters = prompt(f"{name}: column letters (Enter: done)").upper()
        if not letters:
            return mapping
        column = next((c for c in sheet.columns if c.column == letters), None)
        if column is None:
            prompt(f"no column {letters}. Press Enter.")
            continue
        role = prompt(f"Column {letters} {column.heading!r} is which field? (Enter: an extra)")
        if role and role not in roles(sheet.table):
            prompt(f"no field {role!r}.{did_you_mean(role, roles(sheet.table))} Press Enter.")
            continue
        columns = tuple(
            replace(c, role=role)
            if c.column == letters
            # A field is one column: the one that had it becomes an extra.
            else (replace(c, role="") if role and c.role == role else c)
            for c in sheet.columns
        )
        mapping = mapping.with_sheet(replace(sheet, columns=columns))
