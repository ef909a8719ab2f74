"""The command line: one library call a command."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from supplynet.cli import data, questions  # noqa: F401 - their commands join the group
from supplynet.cli.shell import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_PIPE_CLOSED,
    EXIT_USAGE,
    STREAM_ERRORS,
    cli,
    mute,
    tell,
)
from supplynet.errors import SupplyNetError, ValidationError

__all__ = ["cli", "main"]


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
        tell("supplynet: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        mute(sys.stdout)
        return EXIT_PIPE_CLOSED
    except OSError as error:
        mute(sys.stdout)
        tell(f"supplynet: standard output: {error.strerror or error}.")
        return EXIT_USAGE
    return code


def _run(args: list[str]) -> int:
    try:
        with cli.make_context("supplynet", args) as ctx:
            cli.invoke(ctx)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        tell(f"supplynet: {_one_line(error)}")
        return EXIT_USAGE
    except ValidationError as error:
        for finding in error.findings:
            tell(str(finding))
        return EXIT_USAGE
    except SupplyNetError as error:
        tell(f"supplynet: {_sentence(str(error))}")
        return EXIT_USAGE
    except (BrokenPipeError, click.Abort):
        raise
    except Exception as error:  # the last floor: no traceback reaches the user
        if isinstance(error, OSError) and error.errno in STREAM_ERRORS:
            # The help text is written by click, to a full disk or a closed stream as well.
            raise
        if isinstance(error, OSError) and error.filename is not None:
            # A place that cannot even be looked at is the user's to mend.
            tell(f"supplynet: {error.filename}: {str(error.strerror).lower()}.")
            return EXIT_USAGE
        if os.environ.get("SUPPLYNET_DEBUG"):
            traceback.print_exc()
        tell(
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
