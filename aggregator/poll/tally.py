"""Counting what a round of polls did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aggregator.model import PollReport
from aggregator.net.response import FailureKind, FetchFailed, NotModified
from aggregator.poll.outcome import Polled
from aggregator.poll.saving import Saved

Progress = Callable[[int, int, int], None]
"""Called with feeds done, feeds taken up, failures so far."""


@dataclass(slots=True)
class Tally:
    """Adds up; a feed that was put off counts as taken up, and not as polled."""

    progress: Progress | None = None
    taken: int = 0
    done: int = 0
    fetched: int = 0
    not_modified: int = 0
    unchanged: int = 0
    postponed: int = 0
    new: int = 0
    edited: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def take(self, feeds: int) -> None:
        """Feeds that were just leased."""
        self.taken += feeds
        self._show()

    def add(self, polled: Polled, saved: Saved) -> None:
        """A feed whose poll is saved."""
        self.new += saved.new
        self.edited += saved.edited
        if saved.failed is not None:
            self.failures.append((saved.url, saved.failed))
        elif isinstance(polled.result, NotModified):
            self.not_modified += 1
        elif polled.parsed is not None:
            self.fetched += 1
        elif isinstance(polled.result, FetchFailed) and polled.result.kind is FailureKind.POSTPONED:
            self.postponed += 1
        else:
            self.unchanged += 1

    def leave(self, feeds: int) -> None:
        """Feeds that are out of the way, whatever became of them."""
        self.done += feeds
        self._show()

    def report(self, seconds: float) -> PollReport:
        """The sums."""
        return PollReport(
            feeds=self.fetched + self.not_modified + self.unchanged + len(self.failures),
            fetched=self.fetched,
            not_modified=self.not_modified,
            unchanged=self.unchanged,
            failed=len(self.failures),
            postponed=self.postponed,
            entries_new=self.new,
            entries_edited=self.edited,
            seconds=round(seconds, 3),
            failures=tuple(self.failures),
        )

    def _show(self) -> None:
        if self.progress is not None:
            self.progress(self.done, self.taken, len(self.failures))
