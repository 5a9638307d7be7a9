"""How a long command shows that it is getting on: a bar on a terminal, a plain line now and then otherwise."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from aggregator.cli.output import stderr
from aggregator.clock import monotonic

_LINE_EVERY = 10.0  # seconds, where there is no terminal


class _Progress:
    """Writes to stderr only. `doing` and `what` make the line: 'Polling', 'feeds polled'."""

    def __init__(self, doing: str, what: str) -> None:
        self._what = what
        self._bar: Progress | None = None
        self._last_line = monotonic()
        if stderr.is_terminal:
            self._bar = Progress(
                TextColumn(doing),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
                console=stderr,
                transient=True,
            )
            self._task = self._bar.add_task(doing, total=None, note="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def _show(self, done: int, total: int, note: str = "") -> None:
        if self._bar:
            self._bar.update(self._task, completed=done, total=total, note=note)
        elif monotonic() - self._last_line > _LINE_EVERY:
            self._last_line = monotonic()
            sys.stderr.write(f"{done} of {total} {self._what}{note and f', {note}'}\n")


class PollProgress(_Progress):
    """Called with (feeds done, feeds known to be polled, failures so far)."""

    def __init__(self) -> None:
        super().__init__("Polling", "feeds polled")

    def __call__(self, done: int, total: int, failed: int) -> None:
        self._show(done, total, f"{failed} failed")


class ReadProgress(_Progress):
    """Called with (entries read, entries to read)."""

    def __init__(self, doing: str = "Reading", what: str = "entries read") -> None:
        super().__init__(doing, what)

    def __call__(self, done: int, total: int) -> None:
        self._show(done, total)
