"""The command line: one command a use case.

    stages    run, poll, group, publish, digest, demo
    init      init
    sources   check, add, import, export-opml, sources, schema
    look      entries, stories, why
    edit      plan, suggest
    outbox    deliveries, deliveries retry, deliveries resolve
    bounces   bounces, bounces read, bounces show
    subscribers    list, add, import, remove, export

Exit codes: 0 done, 1 something failed (and was said), 2 usage or configuration, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from traceback import extract_tb

from aggregator.cli.context import app
from aggregator.errors import AggregatorError

__all__ = ["app", "main"]

INTERRUPTED = 130  # Typer's exit code for Ctrl-C
DEBUG = "AGGREGATOR_DEBUG"  # set in the environment, it shows where in the program a fault arose


def main() -> None:
    """Run a command; what goes wrong becomes a sentence and an exit code."""
    _open_streams()
    from aggregator.cli.output import complain, nobody_reads

    try:
        _run()
    except AggregatorError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        nobody_reads()
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            complain("Stopped. What was finished is kept; run the command again to go on.")
        raise
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        if isinstance(error, OSError):
            nobody_reads()  # the disk that is full may be the one behind stdout
        complain(_failed(error) if isinstance(error, OSError) else _at_fault(error))
        sys.exit(1)


def _run() -> None:
    from aggregator.cli import (  # noqa: F401 - registers the commands
        bounces,
        init,
        look,
        outbox,
        plan,
        sources,
        stages,
        subscribers,
        suggest,
        why,
    )

    app()


def _open_streams() -> None:
    """Let a terminal that lacks a script's letters show their numbers; a stream that was closed (>&-) leads nowhere."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _failed(error: OSError) -> str:
    """A full disk or a missing right where no command has a better sentence for it."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}; make room or give this user the right, and run the command again"


def _at_fault(error: Exception) -> str:
    """With the place in our own code, since what can't be repeated can't be asked again with DEBUG."""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    program = Path(__file__).parent.parent
    ours = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(program)]
    where = f", in {ours[-1].name} ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return (
        f"The program itself is at fault ({what}{where}). What was finished is kept. Please report this, with what the "
        f"same command says when {DEBUG}=1 is set in the environment"
    )
