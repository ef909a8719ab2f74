"""The command line: one library call a command.

Answers go to stdout, everything else to stderr. Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import errno
import functools
import os
import shlex
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TextIO

import click

from supplynet import __version__
from supplynet.errors import (
    Finding,
    OutputError,
    SupplyNetError,
    UnknownNameError,
    ValidationError,
    did_you_mean,
)
from supplynet.text import clean_display, csv_cell

if TYPE_CHECKING:
    from datetime import date

    from supplynet.answers import Block
    from supplynet.model import SupplyNetwork

__all__ = ["cli", "main"]

EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141

#: Counts above this are no longer exact in JSON readers that know only floats.
_EXACT = 2**53
_QUIET_SECONDS = 2.0
_STREAM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
#: Warnings about the data that every command repeats; `validate` lists all.
_WARNINGS = 3
_SUFFIX_FORMATS = {
    ".txt": "text",
    ".json": "json",
    ".csv": "csv",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
}

_P = ParamSpec("_P")
Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


# What a command hands over, and how it is written


@dataclass(frozen=True)
class Answer:
    """What a command found; `main` knows how to write it in any format.

    Attributes
    ----------
    result
        The ``result`` object of the JSON.
    blocks
        Makes the words for text and Markdown.
    table
        Makes columns and rows for CSV, where there is a table.
    net, question, basis
        What the JSON envelope says about them.
    documents
        Formats that the library renders itself: a text, or file name to text.
    errors
        Findings that make the exit code 2 although there is an answer.
    levels
        What ``--fail-on`` may name that was found.
    summary
        One line for the terminal when the answer itself went to a file.
    beside
        What a CSV table has no place for, in one line; told where one is written.
    """

    result: Mapping[str, Any]
    blocks: Callable[[], Sequence[Block]] = tuple
    table: Callable[[], Table] | None = None
    net: SupplyNetwork | None = None
    question: Mapping[str, Any] | None = None
    basis: Mapping[str, Any] | None = None
    documents: Mapping[str, Callable[[], str | Mapping[str, str]]] = field(default_factory=dict)
    errors: tuple[Finding, ...] = ()
    levels: frozenset[str] = frozenset()
    summary: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an answer goes, and in which format."""

    form: str
    path: Path | None = None


def _envelope(command: str, answer: Answer) -> dict[str, Any]:
    net = answer.net
    as_of = net.as_of if net is not None else None
    return {
        "supplynet": __version__,
        "schema": 1,
        "command": command,
        "network": {
            "name": net.name if net is not None else None,
            "title": net.meta.title if net is not None else None,
            "digest": net.digest if net is not None else None,
            "as_of": as_of.isoformat() if as_of is not None else None,
        },
        "question": answer.question,
        "basis": answer.basis,
        "result": answer.result,
    }


def _exact(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value in which whole numbers beyond a float's reach are text."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return str(value)
    return value


def _json(value: Mapping[str, Any]) -> str:
    import json

    return json.dumps(_exact(dict(value)), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _csv(table: Table) -> str:
    import csv
    import io

    columns, rows = table
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell(c) for c in columns])
    writer.writerows([csv_cell(v) for v in row] for row in rows)
    return text.getvalue()


def _render(command: str, answer: Answer, to: Destination) -> str | Mapping[str, str]:
    """Return the text of the answer, or file name to text where it is a folder."""
    from supplynet.answers import as_markdown, as_text

    if to.form in answer.documents:
        return answer.documents[to.form]()
    if to.form == "json":
        return _json(_envelope(command, answer))
    if to.form == "csv" and answer.table is not None:
        return _csv(answer.table())
    if to.form == "md":
        return as_markdown(answer.blocks())
    bold = to.path is None and _is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    return as_text(answer.blocks(), bold=bold)


def _write(content: str | Mapping[str, str], path: Path | None) -> None:
    if path is None:
        _print(content if isinstance(content, str) else "".join(content.values()))
        return
    from supplynet.io.files import atomic_folder, write_text

    if isinstance(content, str):
        write_text(path, content)
    else:
        with atomic_folder(path) as folder:
            for name, text in content.items():
                write_text(folder / name, text)
    _tell(f"wrote {path}")


def _is_terminal(stream: TextIO | None) -> bool:
    """Tell whether somebody watches; Python has no stream where the caller closed it."""
    return stream is not None and stream.isatty()


def _print(text: str) -> None:
    if sys.stdout is None:
        message = "standard output is closed. Write to a file with -o."
        raise OutputError(message)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _mute(sys.stdout)
        raise OutputError(f"standard output: {error.strerror or error}") from error


def _tell(message: str) -> None:
    """Write a message to stderr; nobody reading it is no error."""
    with suppress(OSError):
        click.echo(clean_display(message), err=True)


def _mute(stream: Any) -> None:  # noqa: ANN401 - a text stream or what stands in for it
    """Send what is left in a stream nowhere: Python would complain about it on its way out."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def _patience(command: str) -> Iterator[None]:
    """Say on a terminal that work goes on, once it takes longer than expected."""
    if not _is_terminal(sys.stderr):
        yield
        return
    timer = threading.Timer(
        _QUIET_SECONDS, _tell, [f"supplynet {command}: still working; Ctrl-C stops it"]
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# Options


def _later(ctx: click.Context, param: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - as click calls it
    """Refuse an option that only a later version can answer."""
    option = param.opts[0]
    if value is None or (option == "--measures" and value == "ignored"):
        return value
    if option == "--by":
        if "measure" not in ((value,) if isinstance(value, str) else value):
            return value
        value = "measure"
    if option == "--measures" and value != "in_force":
        raise click.BadParameter(f"{value!r} is neither 'ignored' nor 'in_force'.", ctx, param)
    raise click.UsageError(
        f"{option} {value} cannot be answered by this version. Leave it out: measures are "
        "ignored, and any one delivering supplier is enough.",
        ctx,
    )


def _network(command: Callable[..., Any]) -> Callable[..., Any]:
    encoding = click.option(
        "--encoding", default="utf-8", show_default=True, help="Encoding of text input."
    )
    return click.argument("network", metavar="NETWORK")(encoding(command))


def _once(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Refuse a second value of an option that takes one: the first would be lost in silence."""
    if len(set(value)) > 1:
        several = ", ".join(dict.fromkeys(value))
        raise click.UsageError(
            f"{param.opts[0]} is given as {several}. {ctx.info_name} takes one: ask once for each.",
            ctx,
        )
    return value[0] if value else None


_target = click.option(
    "--target", metavar="ID", multiple=True, callback=_once, help="Node that must not stop."
)
_targets = click.option(
    "--target",
    "targets",
    metavar="ID",
    multiple=True,
    help="Node that must not stop; repeatable. Default: all of the network's targets.",
)
_on = click.option(
    "--on",
    metavar="DATE",
    multiple=True,
    callback=_once,
    help="Date, as 2026-06-29. Default: that of the data.",
)


def _unit(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str:
    by = _once(ctx, param, value) or ""
    _later(ctx, param, by)
    return by


_by = click.option(
    "--by",
    default=["node"],
    multiple=True,
    metavar="UNIT",
    callback=_unit,
    help="What is lost together: node, operator, owner, country, controller, material, stage, "
    "supply, or any column of nodes. Default: node.",
)
_max_order = click.option(
    "--max-order",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Most units lost together.",
)
_max_gaps = click.option(
    "--max-gaps",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Most gaps that turn out badly together in a possible finding.",
)


def _no_measures(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the options of measures and coverage, which no engine of this version evaluates."""

    @functools.wraps(command)
    def without(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as click calls it
        for name in ("measures", "end_use", "destination", "coverage"):
            options.pop(name)
        return command(*args, **options)

    help_ = "Only 'ignored' in this version."
    wrapped = click.option(
        "--measures", default="ignored", metavar="ignored", callback=_later, help=help_
    )(without)
    for name in ("--end-use", "--destination", "--coverage"):
        wrapped = click.option(name, callback=_later, hidden=True)(wrapped)
    return wrapped


def _fail_on(*levels: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--fail-on",
        type=click.Choice(levels),
        multiple=True,
        help="Exit with 1 if there is a finding at least that sure, or the search is incomplete; "
        "repeatable."
        if "incomplete" in levels
        else "Exit with 1 if a target stops at least that surely; repeatable.",
    )


def _destination(
    formats: Sequence[str], folder: str | None, form: str | None, output: str | None
) -> Destination:
    """Return where to write and in which format, from the options and the name of the file."""
    path = None if output is None else Path(output)
    if form is None and path is not None and output is not None:
        if folder and (output.endswith(("/", os.sep)) or path.is_dir()):
            form = folder
        else:
            # An ending that is not known asks for something, and it is not the default format.
            form = _SUFFIX_FORMATS.get(path.suffix.lower(), path.suffix or None)
        if form is not None and form not in formats:
            raise click.UsageError(
                f"-o {path}: no {path.suffix} file is made here. Formats: {', '.join(formats)}; "
                "name one with --format."
            )
    form = form or formats[0]
    if form == folder and path is None:
        raise click.UsageError(f"--format {form} makes several files. Give a folder: -o DIR/")
    return Destination(form, path)


_output = click.option(
    "-o", "--output", metavar="FILE", help="Write here, not to the terminal; whole or not at all."
)
_force = click.option("--force", is_flag=True, help="Overwrite even an input.")


def _command(
    name: str, *formats: str, folder: str | None = None, to_file: bool = True
) -> Callable[[Callable[_P, Answer]], Callable[_P, None]]:
    """Make a function that returns an `Answer` a command that writes it.

    Parameters
    ----------
    formats
        Those it can be written in, the first is the default.
    folder
        The format that makes a folder of files.
    to_file
        Whether there is ``-o``; otherwise the command itself knows where to write.
    """

    def decorate(function: Callable[_P, Answer]) -> Callable[_P, None]:
        @functools.wraps(function)
        def run(*args: _P.args, **options: _P.kwargs) -> None:
            form: Any = options.pop("form")
            fail_on: Any = options.pop("fail_on", ())
            to = Destination(form or formats[0])
            if to_file:
                output: Any = options.pop("output")
                force: Any = options.pop("force")
                to = _destination(formats, folder, form, output)
                _keep_input(options.get("network"), to.path, force=force)
            with _patience(name):
                answer = function(*args, **options)
                content = _render(name, answer, to)
            _write(content, to.path)
            if to.path is not None and answer.summary:
                _tell(answer.summary)
            if to.form == "csv" and answer.beside:
                # An empty table must not read as safety.
                _tell(f"not in the table: {answer.beside}.")
            for finding in answer.errors:
                _tell(str(finding))
            if answer.errors:
                click.get_current_context().exit(EXIT_USAGE)
            if answer.levels & set(fail_on):
                click.get_current_context().exit(EXIT_FOUND)

        by_name = f"Default: by the name of the output file, else {formats[0]}."
        form_option = click.option(
            "--format", "form", type=click.Choice(formats), help=by_name if to_file else None
        )
        decorated: Callable[..., None] = run
        if to_file:
            decorated = _output(_force(decorated))
        return cli.command(name)(form_option(decorated))

    return decorate


def _keep_input(network: object, out: Path | None, *, force: bool) -> None:
    """Refuse to write over or into what is read."""
    if force or out is None or not isinstance(network, str):
        return
    read, written = _path(network).resolve(), out.resolve()
    if written == read or read in written.parents:
        raise click.UsageError(
            f"{out} is part of the input {network}. Write elsewhere, or add --force."
        )
    # Its files have names such as nodes.csv: a folder of tables would replace them.
    if out.is_dir() and any(item.name.casefold() in _NETWORK_FILES for item in out.iterdir()):
        raise click.UsageError(f"{out} holds a network. Write elsewhere, or add --force.")


def _path(network: str) -> Path:
    """Return where a network is: the path itself, or the shipped one of that name."""
    if os.path.lexists(network):
        return Path(network)
    from supplynet.examples import example_path, examples

    shipped = examples()
    if network in shipped:
        return example_path(network)
    near = did_you_mean(network, [*shipped, *_neighbours(network)])
    raise click.UsageError(
        f"{network}: no such file or folder, and no shipped network of that name.{near} "
        f"Shipped: {', '.join(shipped)}."
    )


def _load(network: str, encoding: str) -> SupplyNetwork:
    from supplynet.io import load

    net = load(_path(network), encoding=encoding)
    warnings = [finding for finding in net.findings if finding.level == "warning"]
    for finding in warnings[:_WARNINGS]:
        _tell(f"warning: {finding}")
    if len(warnings) > _WARNINGS:
        more = len(warnings) - _WARNINGS
        _tell(f"and {more:,} more; supplynet validate {shlex.quote(network)} lists all.")
    return net


@contextmanager
def _by_id(net: SupplyNetwork) -> Iterator[None]:
    """Say which id was meant where somebody gives a name: ids are what options take."""
    try:
        yield
    except UnknownNameError as error:
        from supplynet.answers import ids_of_name

        meant = ids_of_name(net, error.kind, error.name)
        if len(meant) != 1:
            raise
        raise click.UsageError(
            f"no {error.kind} {error.name!r}. Give its id: {meant[0]!r}.",
            click.get_current_context(),
        ) from error


def _neighbours(network: str) -> list[str]:
    """Return the paths beside one that does not exist."""
    parent = Path(network).parent
    with suppress(OSError, ValueError):
        return [str(p) for p in parent.iterdir()]
    return []


# The commands, in the order of a day's work


class _Commands(click.Group):
    """Lists the commands in the order they were made, and knows the nearest name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            known = list(self.commands)
            hint = did_you_mean(args[0], known) or f" Known: {', '.join(known)}."
            raise click.UsageError(f"no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="NETWORK is a path (a folder of CSV files or one CSV file) or the name of a shipped "
    "network. Exit codes: 0 answered, 1 found what --fail-on names, 2 wrong usage or bad input, "
    "3 internal error.",
)
@click.version_option(__version__, prog_name="supplynet")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Find what, lost alone or together, stops a target, and who can make it happen.

    \b
    supplynet examples
    supplynet chokepoints rare_earth_magnets --target TARGET
    supplynet report rare_earth_magnets -o report.html
    """  # noqa: D301 - \b is click's mark for lines to keep
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@_command("examples", "text", "json", "csv", "md")
def examples() -> Answer:
    """List the networks that ship with supplynet."""
    from supplynet.answers import Grid
    from supplynet.examples import examples as shipped
    from supplynet.examples import load_example

    found = [
        {
            "name": net.name,
            "title": net.meta.title,
            "nodes": len(net.table("nodes")),
            "supplies": len(net.table("supplies")),
            "targets": list(net.meta.targets),
        }
        for net in map(load_example, shipped())
    ]
    columns = ("name", "nodes", "supplies", "title")
    rows = [[str(entry[c]) for c in columns] for entry in found]
    return Answer(
        result={"examples": found},
        blocks=lambda: [Grid(columns, tuple(map(tuple, rows)))],
        table=lambda: (columns, rows),
    )


@_command("init", "text", "json", to_file=False)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(*, folder: Path) -> Answer:
    """Write a small commented network to start from."""
    from supplynet.answers import Heading, Line
    from supplynet.io import init as library_init

    files = [str(folder / name) for name in library_init(folder)]
    after = f"supplynet validate {shlex.quote(str(folder))}"
    return Answer(
        result={"files": files},
        blocks=lambda: [*map(Line, files), Heading("Next"), Line(after)],
    )


@_command("validate", "text", "json", "csv", "md")
@_network
def validate(*, network: str, encoding: str) -> Answer:
    """List every finding, and what each column was used as."""
    from supplynet.answers import validation_blocks
    from supplynet.io import examine

    found = examine(_path(network), encoding=encoding)
    return Answer(
        result={
            "findings": [_finding(f) for f in found.findings],
            "columns": [c.to_dict() for c in found.columns],
        },
        blocks=lambda: validation_blocks(network, found),
        table=lambda: (
            ("where", "what", "fix", "level"),
            [(f.where, f.what, f.fix, f.level) for f in found.findings],
        ),
        net=found.net,
        errors=found.errors,
    )


def _finding(finding: Finding) -> dict[str, str]:
    return {name: getattr(finding, name) for name in ("where", "what", "fix", "level")}


@_command("info", "text", "json", "md")
@_network
@_on
def info(*, network: str, encoding: str, on: str | None) -> Answer:
    """Say what was understood: sizes, targets, columns, gaps."""
    from supplynet.answers import describe, info_blocks

    net = _load(network, encoding)
    facts = describe(net, on=on)
    target = f" --target {shlex.quote(facts['targets'][0])}" if len(facts["targets"]) > 1 else ""
    facts["next"] = f"supplynet chokepoints {shlex.quote(network)}{target}"
    return Answer(
        result=facts,
        blocks=lambda: info_blocks(net, facts),
        net=net,
        question=_dated(facts["on"]),
    )


@_command("chokepoints", "text", "json", "csv", "md")
@_network
@_target
@_by
@_on
@_max_gaps
@_no_measures
@_fail_on("certain", "assumed", "possible", "incomplete")
def chokepoints(
    *, network: str, encoding: str, target: str | None, by: str, on: str | None, max_gaps: int
) -> Answer:
    """List what stops a target alone, ranked."""
    from supplynet.analysis.cutsets import single_points_of_failure
    from supplynet.answers import beside_the_table, chokepoint_blocks, table_of

    net = _load(network, encoding)
    with _by_id(net):
        found = single_points_of_failure(net, target, by=by, on=on, max_gaps=max_gaps)
    certainties = {c.certainty for c in (*found.chokepoints, *found.aggregates)}
    return Answer(
        result=found.to_dict(),
        blocks=lambda: chokepoint_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=found.question.to_dict(),
        basis=found.basis.to_dict(),
        levels=_levels(certainties, found.status, found.blind_spots, complete=found.complete),
        beside=beside_the_table(found, complete=found.complete),
    )


def _levels(
    certainties: set[str], status: str, blind_spots: Sequence[str], *, complete: bool
) -> frozenset[str]:
    """Return what ``--fail-on`` may name; what is certain counts as assumed and possible too."""
    found = set() if complete else {"incomplete"}
    if "certain" in certainties or status == "already_stopped":
        found |= {"certain", "assumed", "possible"}
    if "assumed" in certainties:
        found |= {"assumed", "possible"}
    if "possible" in certainties or blind_spots or status == "possibly_stopped":
        found.add("possible")
    return frozenset(found)


@_command("cutsets", "text", "json", "csv", "md")
@_network
@_target
@_by
@_on
@_max_order
@_max_gaps
@click.option(
    "--limit", type=click.IntRange(min=1), help="Most cut sets to list; a cut list says so."
)
@click.option("--count", is_flag=True, help="Count the sets, without listing them.")
@_no_measures
@_fail_on("certain", "assumed", "possible", "incomplete")
def cutsets(
    *,
    network: str,
    encoding: str,
    target: str | None,
    by: str,
    on: str | None,
    max_order: int,
    max_gaps: int,
    limit: int | None,
    count: bool,
) -> Answer:
    """List what stops a target together: minimal cut sets."""
    from supplynet.analysis.cutsets import minimal_cut_sets
    from supplynet.answers import beside_the_table, cut_set_blocks, table_of

    if count and limit is not None:
        raise click.UsageError("--limit: with --count no sets are listed. Leave one out.")
    net = _load(network, encoding)
    with _by_id(net):
        found = minimal_cut_sets(net, target, by=by, on=on, max_order=max_order, max_gaps=max_gaps)
    # What --fail-on asks does not hang on how much of the list is shown.
    certainties = {"assumed"} if found.assumed else set()
    if len(found.assumed) < len(found.cut_sets):
        certainties.add("certain")
    if found.possible:
        certainties.add("possible")
    if limit is not None and limit < found.count:
        shown = found.cut_sets[:limit]
        assumed = tuple(sorted(set(shown).intersection(found.assumed), key=shown.index))
        found = replace(found, cut_sets=shown, assumed=assumed, complete=False)
    result = found.to_dict()
    if count:
        for name in ("cut_sets", "assumed", "possible"):
            del result[name]
    return Answer(
        result=result,
        blocks=lambda: cut_set_blocks(net, found, lists=not count),
        table=(
            (lambda: (["order", "cut_sets"], list(found.by_order.items())))
            if count
            else (lambda: table_of(found.to_frame()))
        ),
        net=net,
        question=found.question.to_dict(),
        basis=found.basis.to_dict(),
        levels=_levels(certainties, found.status, found.blind_spots, complete=found.complete),
        beside=beside_the_table(found, complete=found.complete and found.possible_complete),
    )


@_command("whatif", "text", "json", "csv", "md")
@_network
@click.option(
    "--lose", "units", metavar="UNIT", multiple=True, required=True, help="Unit lost; repeatable."
)
@_targets
@_by
@_on
@_no_measures
@_fail_on("certain", "possible")
def whatif(
    *,
    network: str,
    encoding: str,
    units: tuple[str, ...],
    targets: tuple[str, ...],
    by: str,
    on: str | None,
) -> Answer:
    """Tell what goes down when units are lost together."""
    from supplynet.answers import loss_blocks, table_of
    from supplynet.scenarios import lose

    net = _load(network, encoding)
    with _by_id(net):
        loss = lose(net, targets or None, units, by=by, on=on)
    statuses = {t.status for t in loss.targets}
    certainties = {"certain"} if "stopped" in statuses else set()
    status = next((s for s in ("already_stopped", "possibly_stopped") if s in statuses), "runs")
    return Answer(
        result=loss.to_dict(),
        blocks=lambda: loss_blocks(net, loss),
        table=lambda: table_of(loss.to_frame()),
        net=net,
        question={
            **loss.questions[0].to_dict(),
            **_several([q.target for q in loss.questions]),
        },
        levels=_levels(certainties, status, (), complete=True),
    )


def _several(targets: Sequence[str]) -> dict[str, Any]:
    """Return how a question object names its targets: one as such, several as a list."""
    return {"target": targets[0] if len(targets) == 1 else None, "targets": list(targets)}


@_command("explain", "text", "json", "csv", "md")
@_network
@click.option("--lose", "units", metavar="UNIT", multiple=True, help="Unit lost; repeatable.")
@_target
@_by
@_on
@_no_measures
def explain(
    *,
    network: str,
    encoding: str,
    units: tuple[str, ...],
    target: str | None,
    by: str,
    on: str | None,
) -> Answer:
    """Print why a target stops, or what it runs on."""
    from supplynet.analysis.explain import explain as library_explain
    from supplynet.answers import explanation_blocks, table_of

    net = _load(network, encoding)
    with _by_id(net):
        found = library_explain(net, target, units, by=by, on=on)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: explanation_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=found.question.to_dict(),
    )


@_command("centrality", "text", "json", "csv", "md")
@_network
@click.option(
    "--measure",
    default="betweenness",
    show_default=True,
    metavar="NAME",
    help="betweenness, pagerank, degree, in_degree, out_degree, dominators, minimum_vertex_cut "
    "or articulation_points.",
)
@click.option(
    "--target",
    metavar="ID",
    multiple=True,
    callback=_once,
    help="For dominators and minimum_vertex_cut.",
)
@_on
def centrality(
    *, network: str, encoding: str, measure: str, target: str | None, on: str | None
) -> Answer:
    """Rank nodes on the plain graph: a view, not criticality."""
    from supplynet.analysis import centrality as views
    from supplynet.answers import centrality_blocks, graph_view_blocks, table_of

    of_target = {"dominators": views.dominators, "minimum_vertex_cut": views.minimum_vertex_cut}
    known = (*views.MEASURES, *of_target, "articulation_points")
    if measure not in known:
        hint = did_you_mean(measure, known) or f" Known: {', '.join(known)}."
        raise click.UsageError(f"no measure {measure!r}.{hint}")
    if target is not None and measure not in of_target:
        raise click.UsageError(f"--target: {measure} looks at the whole graph. Leave it out.")
    net = _load(network, encoding)
    if measure in views.MEASURES:
        ranking = views.centrality(net, measure, on=on)
        return Answer(
            result=ranking.to_dict(),
            blocks=lambda: centrality_blocks(net, ranking),
            table=lambda: table_of(ranking.to_frame()),
            net=net,
            question=_dated(ranking.on),
        )
    if measure in of_target:
        with _by_id(net):
            found = of_target[measure](net, target, on=on)
    else:
        found = views.articulation_points(net, on=on)
    return Answer(
        result={"measure": measure, **found.to_dict()},
        blocks=lambda: graph_view_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question={**_dated(found.on), "target": found.target},
    )


@_command("control", "text", "json", "csv", "md")
@_network
@_on
def control(*, network: str, encoding: str, on: str | None) -> Answer:
    """List operator, owner, controller and levers of each node."""
    from supplynet.answers import control_blocks, table_of
    from supplynet.ownership import controllers

    net = _load(network, encoding)
    found = controllers(net, on=on)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: control_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=_dated(found.on),
    )


def _dated(on: date | str | None) -> dict[str, Any]:
    """Return the question object of a command that has no target."""
    from supplynet.units import Question

    blank = dict.fromkeys(Question(target="").to_dict())
    return {**blank, "on": None if on is None else str(on), "measures": "ignored"}


@_command("concentration", "text", "json", "csv", "md")
@_network
@_on
def concentration(*, network: str, encoding: str, on: str | None) -> Answer:
    """Measure how concentrated each stage is."""
    from supplynet.analysis.concentration import concentration as library_concentration
    from supplynet.answers import concentration_blocks, table_of

    net = _load(network, encoding)
    found = library_concentration(net, on=on)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: concentration_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=_dated(found.on),
    )


@_command("report", "md", "html", "json", "csv", folder="csv")
@_network
@_targets
@_on
@_max_order
@_max_gaps
@_no_measures
def report(
    *,
    network: str,
    encoding: str,
    targets: tuple[str, ...],
    on: str | None,
    max_order: int,
    max_gaps: int,
) -> Answer:
    """Write the chokepoint report: HTML, Markdown, JSON or CSVs."""
    from supplynet.report import chokepoint_report

    net = _load(network, encoding)
    with _by_id(net):
        found = chokepoint_report(
            net, targets or None, on=on, max_order=max_order, max_gaps=max_gaps
        )
    return Answer(
        result=found.to_dict(),
        documents={"md": found.to_markdown, "html": found.to_html, "csv": found.to_csvs},
        net=net,
        question={
            **_dated(found.question["on"]),
            **_several(list(found.question["targets"])),
            "max_order": max_order,
            "max_gaps": max_gaps,
        },
        summary=found.answer,
    )


@_command("view", "text", "json", to_file=False)
@_network
@_targets
@click.option(
    "--by",
    "units",
    metavar="UNIT",
    multiple=True,
    callback=_later,
    help="Unit whose loss can be switched on; repeatable. Default: node, country, controller.",
)
@_on
@_max_order
@click.option(
    "--redact",
    metavar="FIELD",
    multiple=True,
    help="Leave out facts, levers, note, operator, owner, references or share; repeatable.",
)
@click.option("--full", is_flag=True, help="Draw every node of a very large network.")
@click.option("-o", "--output", metavar="FILE", required=True, help="The HTML file to write.")
@click.option("--force", is_flag=True, help="Overwrite a file that is no view, even an input.")
@_no_measures
def view(
    *,
    network: str,
    encoding: str,
    targets: tuple[str, ...],
    units: tuple[str, ...],
    on: str | None,
    max_order: int,
    redact: tuple[str, ...],
    full: bool,
    output: str,
    force: bool,
) -> Answer:
    """Write the interactive view: one HTML file that works offline."""
    from supplynet.answers import Line
    from supplynet.view import UNITS
    from supplynet.view import view as library_view

    ending = Path(output).suffix.lower()
    if ending not in ("", ".html", ".htm"):
        raise click.UsageError(f"-o {output}: a view is an HTML file. Write it to a .html file.")
    _keep_input(network, Path(output), force=force)
    net = _load(network, encoding)
    with _by_id(net):
        written = library_view(
            net,
            output,
            targets=targets or None,
            on=on,
            by=units or UNITS,
            max_order=max_order,
            redact=redact,
            full=full,
            force=force,
        )
    return Answer(result={"file": str(written)}, blocks=lambda: [Line(f"wrote {written}")], net=net)


@_command("convert", "text", "json", to_file=False)
@_network
@click.argument("destination", metavar="DESTINATION", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Choice(["folder", "graphml", "gephi"]),
    help="Default: graphml for a .graphml file, else a folder of CSV files.",
)
@_on
@_force
def convert(
    *,
    network: str,
    encoding: str,
    destination: Path,
    to: str | None,
    on: str | None,
    force: bool,
) -> Answer:
    """Write a network as a CSV folder, GraphML or for Gephi."""
    from supplynet.answers import conversion_blocks, left_out

    if to is None:
        to = _conversion(destination)
    _keep_input(network, destination, force=force)
    net = _load(network, encoding)
    dropped: list[str] = []
    if to == "folder":
        from supplynet.io import save

        if on is not None:
            raise click.UsageError("--on: a folder keeps the rows of all dates. Leave it out.")
        save(net, destination, force=force)
    else:
        from supplynet.graph import graph

        G = graph(net, on=on)  # noqa: N806 - as networkx calls it
        dropped = left_out(net, G)
        if to == "graphml":
            from supplynet.io.graphml import write_graphml

            write_graphml(G, destination)
        else:
            from supplynet.io.gephi import write_gephi

            write_gephi(G, destination)
    return Answer(
        result={"to": to, "file": str(destination), "dropped": dropped},
        blocks=lambda: conversion_blocks(str(destination), to, dropped),
        net=net,
    )


#: Files that make a folder one that holds somebody's network.
_NETWORK_FILES = frozenset({"network.toml", "supplies.csv", "nodes.csv", "edges.csv"})
_FILE_ENDINGS = frozenset(
    {".csv", ".db", ".dot", ".gexf", ".gml", ".gv", ".gz", ".htm", ".html", ".json", ".jsonl"}
    | {".md", ".net", ".ods", ".parquet", ".pdf", ".svg", ".toml", ".tsv", ".txt", ".xls"}
    | {".xlsx", ".xml", ".yaml", ".yml", ".zip"}
)


def _conversion(destination: Path) -> str:
    """Return what to write, by the name of what is written; a folder may have any other name."""
    ending = destination.suffix.lower()
    if ending == ".graphml":
        return "graphml"
    if ending in _FILE_ENDINGS and not destination.is_dir():
        raise click.UsageError(
            f"{destination}: no {ending} file is made here. Give a folder for CSV files or a "
            ".graphml file, or say what to write with --to."
        )
    return "folder"


# Running


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; no traceback reaches the user.

    Parameters
    ----------
    args
        The arguments; ``None``: those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # JSON is UTF-8 whatever the locale, and the same bytes on every system.
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        code = _run(sys.argv[1:] if args is None else list(args))
        if sys.stdout is not None:
            sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        _tell("supplynet: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _mute(sys.stdout)
        return EXIT_PIPE_CLOSED
    except OSError as error:
        _mute(sys.stdout)
        _tell(f"supplynet: standard output: {error.strerror or error}.")
        return EXIT_USAGE
    return code


def _run(args: list[str]) -> int:
    try:
        with cli.make_context("supplynet", args) as ctx:
            cli.invoke(ctx)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _tell(f"supplynet: {_one_line(error)}")
        return EXIT_USAGE
    except ValidationError as error:
        for finding in error.findings:
            _tell(str(finding))
        return EXIT_USAGE
    except SupplyNetError as error:
        _tell(f"supplynet: {_sentence(str(error))}")
        return EXIT_USAGE
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:  # the last floor: no traceback reaches the user
        if isinstance(error, OSError) and error.errno in _STREAM_ERRORS:
            # The help text is written by click, to a full disk or a closed stream as well.
            raise
        if os.environ.get("SUPPLYNET_DEBUG"):
            traceback.print_exc()
        _tell(
            f"supplynet: internal error: {type(error).__name__}: {error}. This is a fault of "
            "supplynet, not of your data. Please report it with what SUPPLYNET_DEBUG=1 shows."
        )
        return EXIT_INTERNAL
    return 0


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."


def _one_line(error: click.ClickException) -> str:
    """Return a usage error as one sentence with the way to help."""
    message = _sentence(" ".join(error.format_message().split()))
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else None
    return f"{message} See {command} --help." if command else message
