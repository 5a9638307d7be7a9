"""Which keywords are worth a look: those of which one way to write them has all its words in an entry.

Ways of several words are tried all at once: each is asked for its rarest word first, so that few are left to be asked
for the next one. 'Rarest' is a guess: the word that the fewest keywords have, the longest of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import numpy as np

Way = frozenset[int]
"""Numbers of words that must all be there."""
_PAIR = 2
_SIGNS = 2  # numbers below zero, which count from the end of an array, so that they need places of their own there


class Triggers:
    """Ways to write keywords, by the words that they need."""

    def __init__(self, ways: Sequence[Way], forms: Sequence[str]) -> None:
        """`forms`: the words by number."""
        uses = Counter(number for way in ways for number in way)
        self._ways = ways
        self._alone: dict[int, list[int]] = {}
        for at, way in enumerate(ways):
            if len(way) == 1:
                self._alone.setdefault(next(iter(way)), []).append(at)
        self._single = frozenset(self._alone)
        self._several = [at for at, way in enumerate(ways) if len(way) > 1]
        ordered = [
            sorted(ways[at], key=lambda number: (uses[number], -len(forms[number]), number)) for at in self._several
        ]
        self._rarest = np.array([numbers[0] for numbers in ordered], np.intp)
        self._next = np.array([numbers[1] for numbers in ordered], np.intp)
        self._present = np.zeros(len(forms) + _SIGNS, np.bool_)

    def met(self, numbers: Set[int]) -> list[int]:
        """The ways all of whose words are among those of an entry, by their place in `ways`, in order."""
        found = [at for number in self._single & numbers for at in self._alone[number]]
        words = np.fromiter(numbers, np.intp, len(numbers))
        present = self._present
        present[words] = True
        begun = present[self._rarest].nonzero()[0]
        for pair in begun[present[self._next[begun]]].tolist():
            at = self._several[pair]
            if len(self._ways[at]) == _PAIR or self._ways[at] <= numbers:
                found.append(at)
        present[words] = False
        return sorted(found)
