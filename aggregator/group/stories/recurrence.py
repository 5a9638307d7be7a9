"""On how many of the last days a word was told: what is told every day is a theme, and ties no event."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.group.stories.settings import DAY
from aggregator.group.stories.vectors import Row

_DAYS = 6
"""Earlier days that are looked at."""
_FREE = 1
"""Of them, days that cost nothing: an event may be told of on two days."""


class Recurrence:
    """The words of each day (UTC) in the window."""

    def __init__(self) -> None:
        self._days: dict[int, dict[str, int]] = {}  # day -> term -> entries with it

    def add(self, row: Row) -> None:
        """Count an entry's terms."""
        told = self._days.setdefault(row.at // DAY, {})
        for term in row.terms:
            told[term] = told.get(term, 0) + 1

    def take(self, row: Row) -> None:
        """Count an entry's terms no more."""
        day = row.at // DAY
        told = self._days[day]
        for term in row.terms:
            if told[term] > 1:
                told[term] -= 1
            else:
                del told[term]
        if not told:
            del self._days[day]

    def before(self, at: int) -> Callable[[str], int]:
        """A function that tells on how many days before the one of `at` a term was told, of those that cost."""
        today = at // DAY
        past = [self._days[day] for day in range(today - _DAYS, today) if day in self._days]
        if len(past) <= _FREE:
            return lambda term: 0
        return lambda term: max(0, sum(term in told for told in past) - _FREE)
