"""How a poll shows that it is getting on: a bar on a terminal, a plain line now and then otherwise."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from aggregator.cli.output import stderr
from aggregator.clock import monotonic

_LINE_EVERY = 10.0  # seconds, where there is no terminal


class PollProgress:
    """Called with (feeds done, feeds known to be polled, failures so far). Writes to stderr only."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._last_line = monotonic()
        if stderr.is_terminal:
            self._bar = Progress(
                TextColumn("Polling"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[failed]} failed"),
                TimeElapsedColumn(),
                console=stderr,
                transient=True,
            )
            self._task = self._bar.add_task("poll", total=None, failed=0)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, done: int, total: int, failed: int) -> None:
        if self._bar:
            self._bar.update(self._task, completed=done, total=total, failed=failed)
        elif monotonic() - self._last_line > _LINE_EVERY:
            self._last_line = monotonic()
            sys.stderr.write(f"{done} of {total} feeds polled, {failed} failed\n")
