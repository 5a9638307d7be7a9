"""How alike two entries may be by mere chance: the more stories are told at a time, and the fewer are known, the more.

In a village paper's day two texts about a fire are about one fire; among a thousand stories of the day some two are
alike that have nothing to do with each other. And a window of a few entries doesn't know which words are common: any
two headlines with 'opens' look alike to it. A story's many entries, though, are not all like those of another by
chance: what is asked for falls with their number.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from aggregator.group.stories.settings import DAY, Settings

SPAN = DAY * 3 // 2
"""Seconds from an entry within which the last entry of a story lies that it might belong to by its time."""
_STEP = DAY // 4
_FEW = 50
"""Stories at a time that hardly disturb each other."""
_SOME = 20
"""Stories at a time from which ignorance of common words does harm: two are soon told apart."""
_LEARNT = 300
"""Entries by which a window has learnt two thirds of what it has to know about words."""


class Doubt(NamedTuple):
    """Why a likeness may mean less than it seems to.

    `crowd` is added to the similarity that two entries need, as a share of it. `words` is 1 where nothing is known of
    which words are common, 0 where all is: so much of what the strongest common word gives is left out, since a word
    alone ties only if it is known to be rare.
    """

    crowd: float
    words: float


class Ends:
    """How many stories had their last entry when, to a quarter of a day."""

    def __init__(self) -> None:
        self._ended: dict[int, int] = {}

    def add(self, at: int) -> None:
        """A story ends there now; in seconds since 1970."""
        step = at // _STEP
        self._ended[step] = self._ended.get(step, 0) + 1

    def take(self, at: int) -> None:
        """A story that ended there ends elsewhere, or is gone."""
        step = at // _STEP
        self._ended[step] -= 1
        if not self._ended[step]:
            del self._ended[step]

    def move(self, before: int, after: int) -> None:
        """A story's end is another now."""
        if before // _STEP != after // _STEP:
            self.take(before)
            self.add(after)

    def around(self, at: int) -> int:
        """Stories whose last entry is near enough in time."""
        ended = self._ended.get
        return sum([ended(step, 0) for step in range((at - SPAN) // _STEP, (at + SPAN) // _STEP + 1)])


def doubt_of(entries: int, stories: int, settings: Settings) -> Doubt:
    """By the entries of the window and the stories of about the same time."""
    words = math.exp(-entries / _LEARNT)
    young = settings.ignorance * words * (1 - math.exp(-stories / _SOME))
    return Doubt(settings.crowd * math.log1p(stories / _FEW) + young, words)
