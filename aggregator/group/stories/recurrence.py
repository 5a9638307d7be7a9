"""On how many of the last days a word was told: what is told every day is a theme, and ties no event."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.group.stories.settings import DAY, Settings

_FREE = 1
"""Earlier days that cost a word nothing: an event may be told of on two days."""


class Recurrence:
    """The words of each of the last days (UTC).

    Only days are looked at from which no entry has left the window yet, so that reading the window back gives the same.
    """

    def __init__(self, settings: Settings) -> None:
        days = max(0, settings.idle // DAY - 1)
        self._kept = (1 << (days + 1)) - 1
        self._earlier = self._kept & ~1
        self._days: dict[str, int] = {}  # term -> a bit for each day that it was told on, the lowest for the newest day
        self._today = 0

    def turn(self, at: int) -> None:
        """Go on to the day of a time, in seconds since 1970; terms that were not told for long are forgotten."""
        day = at // DAY
        if day > self._today:
            passed = min(day - self._today, self._kept.bit_length())
            self._days = {term: days for term, told in self._days.items() if (days := (told << passed) & self._kept)}
            self._today = day

    def add(self, at: int, terms: Iterable[str]) -> None:
        """Note that terms were told at a time."""
        self.turn(at)
        bit = (1 << (self._today - at // DAY)) & self._kept
        if bit:
            days = self._days
            for term in terms:
                days[term] = days.get(term, 0) | bit

    def before(self, terms: Iterable[str]) -> list[int]:
        """On how many days before the newest each of the terms was told, beyond those that cost nothing."""
        told, earlier = self._days.get, self._earlier
        numbers = [(told(term, 0) & earlier).bit_count() for term in terms]
        return [number - _FREE if number > _FREE else 0 for number in numbers]
