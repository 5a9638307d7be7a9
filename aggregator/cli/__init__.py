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

import sys
from io import TextIOWrapper

from aggregator.cli.context import app
from aggregator.errors import AggregatorError

__all__ = ["app", "main"]

INTERRUPTED = 130  # Typer's exit code for Ctrl-C


def main() -> None:
    """Run a command; an error of the program's own becomes its sentence and its exit code."""
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
    from aggregator.cli.output import complain

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that lacks a script's letters shows their numbers.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except AggregatorError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            complain("Stopped. What was finished is kept; run the command again to go on.")
        raise
