"""On how many of the last days a word was told: what is told every day is a theme, and ties no event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aggregator.group.stories.settings import DAY, Settings
from aggregator.group.stories.vocabulary import Term

_FREE = 1
"""Earlier days that cost a word nothing: an event may be told of on two days."""


class Recurrence:
    """The last days (UTC), and the terms that were told on each: a ring of bits in each term, one for each day.

    Only days are looked at from which no entry has left the window yet, so that reading the window back gives the same.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept = max(1, settings.idle // DAY)
        self._today = 0
        self._told: dict[int, list[Term]] = {}  # by day
        self.divisors: Mapping[int, float] = _Divisors(settings, self._bit(0))
        """What the weight of a term is divided by, by its `days`."""

    def turn(self, at: int) -> None:
        """Go on to the day of a time, in seconds since 1970; what was told long before is forgotten."""
        day = at // DAY
        if day <= self._today:
            return
        self._today = day
        for past in [past for past in self._told if past <= day - self._kept]:
            left = ~self._bit(past)
            for term in self._told.pop(past):
                term.days &= left
        self.divisors = _Divisors(self._settings, self._bit(day))

    def add(self, at: int, terms: Iterable[Term]) -> None:
        """Note that terms were told at a time."""
        self.turn(at)
        day = at // DAY
        if self._today - day >= self._kept:
            return
        told, bit = self._told.setdefault(day, []), self._bit(day)
        for term in terms:
            if not term.days & bit:
                term.days |= bit
                told.append(term)

    def _bit(self, day: int) -> int:
        return 1 << day % self._kept


class _Divisors(dict[int, float]):
    """Worked out when they are first asked for: 1, and more for each earlier day beyond those that cost nothing."""

    def __init__(self, settings: Settings, today: int) -> None:
        super().__init__()
        self._recurring = settings.recurring
        self._earlier = ~today

    def __missing__(self, days: int) -> float:
        before = (days & self._earlier).bit_count()
        found = self[days] = 1 + self._recurring * max(0, before - _FREE)
        return found
