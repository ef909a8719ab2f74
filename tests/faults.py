"""Run commands in forked children that are killed, interrupted, or run out of disk.

A script of its own, because forking needs a process without threads. It reads one job (JSON) from
its arguments and prints what became of every run.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path


def warm(args: list[str]) -> None:
    """Import what the command needs, so that a fault hits the work and not an import."""
    from supplynet.cli import main

    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        main(args)


def child(args: list[str], stderr: Path, prepare) -> int:
    """Start the command in a fork and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        handle = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        # Whoever started the tests in the background left interrupts ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        prepare()
        from supplynet.cli import main

        code = main(args)
        sys.stderr.flush()
    finally:
        os._exit(code)


def wait(pid: int) -> int:
    """Return the exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def listing(folder: Path) -> dict[str, str]:
    """Return file name to content, also of what is hidden."""
    return {
        str(file.relative_to(folder)): file.read_bytes().decode("latin-1")
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def run(
    args: list[str], folder: Path, stderr: Path, *, signals=None, limit=None, user=None, close=None
) -> dict:
    """Run the command once with one fault and say what is left."""

    def prepare() -> None:
        if limit is not None:
            # Beyond this size a write fails, as on a full disk; Python ignores the signal.
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if close is not None:
            Path(close).chmod(0o700)
        if user is not None:
            os.setuid(user)

    pid = child(args, stderr, prepare)
    if signals:
        number, delay = signals
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    code = wait(pid)
    return {"code": code, "stderr": stderr.read_text("utf-8"), "files": listing(folder)}


def main() -> None:
    """Do the job: `command` writes into `folder`, which is put back before each run."""
    job = json.loads(sys.argv[1])
    folder, stderr = Path(job["folder"]), Path(job["stderr"])
    old = listing(folder)

    def reset() -> None:
        for file in folder.rglob("*"):
            if file.is_file():
                file.unlink()
        for name, text in old.items():
            (folder / name).write_bytes(text.encode("latin-1"))

    warm(job["command"])
    reset()
    begun = time.perf_counter()
    new = run(job["command"], folder, stderr)
    length = time.perf_counter() - begun
    results = []
    draw = random.Random(job.get("seed", 0))  # noqa: S311 - no secret
    for _ in range(job.get("times", 1)):
        reset()
        fault = {}
        if "signal" in job:
            number = getattr(signal, job["signal"])
            fault["signals"] = (number, draw.uniform(0, length))
        results.append(
            run(
                job["command"],
                folder,
                stderr,
                limit=job.get("limit"),
                user=job.get("user"),
                **fault,
            )
        )
    print(json.dumps({"old": old, "new": new, "runs": results}))


if __name__ == "__main__":
    main()
