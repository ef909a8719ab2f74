"""What all commands share: options, how an answer is written, where it goes.

Answers go to stdout, everything else to stderr. Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import errno
import functools
import os
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TextIO

import click

from supplynet import __version__
from supplynet.errors import Finding, OutputError, UnknownNameError, did_you_mean
from supplynet.text import clean_display, csv_cell

if TYPE_CHECKING:
    from datetime import date

    from supplynet.answers import Block
    from supplynet.io.read import Undirected
    from supplynet.model import SupplyNetwork

__all__ = [
    "EXIT_INTERNAL",
    "EXIT_INTERRUPTED",
    "EXIT_PIPE_CLOSED",
    "EXIT_USAGE",
    "STREAM_ERRORS",
    "Answer",
    "by_id",
    "by_option",
    "cli",
    "command",
    "coverage_option",
    "dated",
    "fail_on_option",
    "finding_values",
    "force_option",
    "keep_input",
    "later",
    "load_network",
    "max_gaps_option",
    "max_order_option",
    "mute",
    "network_argument",
    "network_path",
    "no_coverage",
    "no_measures",
    "on_option",
    "once",
    "several",
    "target_option",
    "targets_option",
    "tell",
    "undirected_option",
]

EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141

#: Counts above this are no longer exact in JSON readers that know only floats.
_EXACT = 2**53
_QUIET_SECONDS = 2.0
STREAM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
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

#: Files that make a folder one that holds somebody's network.
_NETWORK_FILES = frozenset({"network.toml", "supplies.csv", "nodes.csv", "edges.csv"})

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
    fault
        What is wrong with the answer by our own check, in one line; makes the exit code 3.
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
    fault: str = ""


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
    bold = to.path is None and is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
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
    tell(f"wrote {path}")


def is_terminal(stream: TextIO | None) -> bool:
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
        mute(sys.stdout)
        raise OutputError(f"standard output: {error.strerror or error}") from error


def tell(message: str) -> None:
    """Write a message to stderr; nobody reading it is no error."""
    with suppress(OSError):
        click.echo(clean_display(message), err=True)


def mute(stream: Any) -> None:  # noqa: ANN401 - a text stream or what stands in for it
    """Send what is left in a stream nowhere: Python would complain about it on its way out."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def _patience(command: str) -> Iterator[None]:
    """Say on a terminal that work goes on, once it takes longer than expected."""
    if not is_terminal(sys.stderr):
        yield
        return
    timer = threading.Timer(
        _QUIET_SECONDS, tell, [f"supplynet {command}: still working; Ctrl-C stops it"]
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# Options


def later(ctx: click.Context, param: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - as click calls it
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
    if option == "--coverage":
        raise click.UsageError(
            f"{option} {value} cannot be answered by this version. Leave it out: any one "
            "delivering supplier is enough. chokepoints, cutsets, whatif and explain take it.",
            ctx,
        )
    raise click.UsageError(
        f"{option} {value} cannot be answered by this version. Leave it out: measures are ignored.",
        ctx,
    )


def network_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the network, and the encoding of its text."""
    encoding = click.option(
        "--encoding", default="utf-8", show_default=True, help="Encoding of text input."
    )
    return click.argument("network", metavar="NETWORK")(encoding(command))


def once(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Refuse a second value of an option that takes one: the first would be lost in silence."""
    if len(set(value)) > 1:
        several = ", ".join(dict.fromkeys(value))
        raise click.UsageError(
            f"{param.opts[0]} is given as {several}. {ctx.info_name} takes one: ask once for each.",
            ctx,
        )
    return value[0] if value else None


target_option = click.option(
    "--target", metavar="ID", multiple=True, callback=once, help="Node that must not stop."
)
targets_option = click.option(
    "--target",
    "targets",
    metavar="ID",
    multiple=True,
    help="Node that must not stop; repeatable. Default: all of the network's targets.",
)
on_option = click.option(
    "--on",
    metavar="DATE",
    multiple=True,
    callback=once,
    help="Date, as 2026-06-29. Default: that of the data.",
)


def _unit(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str:
    by = once(ctx, param, value) or ""
    later(ctx, param, by)
    return by


by_option = click.option(
    "--by",
    default=["node"],
    multiple=True,
    metavar="UNIT",
    callback=_unit,
    help="What is lost together: node, operator, owner, country, controller, material, stage, "
    "supply, or any column of nodes. Default: node.",
)
undirected_option = click.option(
    "--undirected",
    type=click.Choice(["refuse", "as_written", "both"]),
    default="refuse",
    show_default=True,
    help="Edges of a graph file that do not say who supplies whom: as_written, the end named "
    "first is the supplier; both, a supply each way.",
)
max_order_option = click.option(
    "--max-order",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Most units lost together.",
)
max_gaps_option = click.option(
    "--max-gaps",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Most gaps that turn out badly together in a possible finding.",
)


coverage_option = click.option(
    "--coverage",
    metavar="C",
    multiple=True,
    callback=once,
    help="Part of each intake that must come, as 0.9. Default: any one supplier is enough.",
)


def no_measures(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the options of measures, which no engine of this version evaluates."""
    help_ = "Only 'ignored' in this version."
    wrapped = click.option(
        "--measures", default="ignored", metavar="ignored", callback=later, help=help_
    )(_without("measures", "end_use", "destination")(command))
    for name in ("--end-use", "--destination"):
        wrapped = click.option(name, callback=later, hidden=True)(wrapped)
    return wrapped


def no_coverage(command: Callable[..., Any]) -> Callable[..., Any]:
    """Take the option of coverage where it is not answered."""
    refused = click.option("--coverage", callback=later, hidden=True)
    return refused(_without("coverage")(command))


def _without(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a command that is not told some of its options."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def without(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as click calls it
            for name in names:
                options.pop(name)
            return command(*args, **options)

        return without

    return decorate


def fail_on_option(*levels: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Take the levels of certainty that make the exit code 1."""
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


output_option = click.option(
    "-o", "--output", metavar="FILE", help="Write here, not to the terminal; whole or not at all."
)
force_option = click.option("--force", is_flag=True, help="Overwrite even an input.")


def command(
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
                keep_input(options.get("network"), to.path, force=force)
            with _patience(name):
                answer = function(*args, **options)
                content = _render(name, answer, to)
            _write(content, to.path)
            if to.path is not None and answer.summary:
                tell(answer.summary)
            if to.form == "csv" and answer.beside:
                # An empty table must not read as safety.
                tell(f"not in the table: {answer.beside}.")
            if answer.fault:
                tell(
                    f"supplynet: internal error: {answer.fault}. This is a fault of supplynet, "
                    "not of your data. Please report it with the network."
                )
                click.get_current_context().exit(EXIT_INTERNAL)
            for finding in answer.errors:
                tell(str(finding))
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
            decorated = output_option(force_option(decorated))
        return cli.command(name)(form_option(decorated))

    return decorate


def keep_input(network: object, out: Path | None, *, force: bool) -> None:
    """Refuse to write over or into what is read."""
    if force or out is None or not isinstance(network, str):
        return
    read, written = network_path(network).resolve(), out.resolve()
    if written == read or read in written.parents:
        raise click.UsageError(
            f"{out} is part of the input {network}. Write elsewhere, or add --force."
        )
    # Its files have names such as nodes.csv: a folder of tables would replace them.
    if out.is_dir() and any(item.name.casefold() in _NETWORK_FILES for item in out.iterdir()):
        raise click.UsageError(f"{out} holds a network. Write elsewhere, or add --force.")


def network_path(network: str) -> Path:
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


def load_network(
    network: str, encoding: str, *, undirected: Undirected = "refuse"
) -> SupplyNetwork:
    """Return the network of that name or path; its first warnings are told."""
    from supplynet.io import load

    net = load(network_path(network), encoding=encoding, undirected=undirected)
    warnings = [finding for finding in net.findings if finding.level == "warning"]
    for finding in warnings[:_WARNINGS]:
        tell(f"warning: {finding}")
    if len(warnings) > _WARNINGS:
        more = len(warnings) - _WARNINGS
        tell(f"and {more:,} more; supplynet validate {shlex.quote(network)} lists all.")
    return net


def finding_values(finding: Finding) -> dict[str, str]:
    """Return a finding as JSON values."""
    return {name: getattr(finding, name) for name in ("where", "what", "fix", "level")}


@contextmanager
def by_id(net: SupplyNetwork) -> Iterator[None]:
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


# The group that the commands join


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
    epilog="NETWORK is a path (a folder of CSV files, or one .csv, .xlsx, .json, .graphml, .xml or "
    ".gexf file) or the name of a shipped network. Exit codes: 0 answered, 1 found what "
    "--fail-on names, 2 wrong usage or bad input, 3 internal error.",
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


def dated(on: date | str | None) -> dict[str, Any]:
    """Return the question object of a command that has no target."""
    from supplynet.units import Question

    blank = dict.fromkeys(Question(target="").to_dict())
    return {**blank, "on": None if on is None else str(on), "measures": "ignored"}


def several(targets: Sequence[str]) -> dict[str, Any]:
    """Return how a question object names its targets: one as such, several as a list."""
    return {"target": targets[0] if len(targets) == 1 else None, "targets": list(targets)}
