"""Which keywords are worth a look: those of which one way to write them has all its words in an entry.

Ways are kept by their rarest word, so that few are asked for their other words: all of them at once. 'Rarest' is a
guess: the word that the fewest keywords have, the longest of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

Way = frozenset[int]
"""Numbers of words that must all be there."""
_AT_ONCE = 3  # words of a way that are asked for in all ways at once: few have more
_SIGNS = 2  # numbers below zero, which count from the end of an array, so that they need places of their own there


class Triggers:
    """Ways to write keywords, by the words that they need."""

    def __init__(self, ways: Sequence[Way], forms: Sequence[str]) -> None:
        """`forms`: the words by number."""
        uses = Counter(number for way in ways for number in way)
        ordered = [sorted(way, key=lambda number: (uses[number], -len(forms[number]), number)) for way in ways]
        always = len(forms)  # a word more, which is in every entry: it fills short ways up
        numbers = len(forms) + 1 + _SIGNS
        by_rarest = sorted(range(len(ways)), key=lambda at: ordered[at][0])
        words = [[*ordered[at], *[always] * _AT_ONCE][:_AT_ONCE] for at in by_rarest]
        self._ways = np.array(by_rarest, np.intp)
        rarest, self._next, self._third = np.array(words, np.intp).reshape(-1, _AT_ONCE).T.copy()
        self._count = np.bincount(rarest, minlength=numbers)  # of the ways of which a word is the rarest
        self._first = self._count.cumsum() - self._count  # of them
        self._longer = {at: words[_AT_ONCE:] for at, words in enumerate(ordered) if len(words) > _AT_ONCE}
        self._present = np.zeros(numbers, np.bool_)
        self._present[always] = True

    def met(self, numbers: Collection[int]) -> list[int]:
        """The ways all of whose words are among those of an entry, by their place in `ways`, in order.

        `numbers`: each once.
        """
        words, present = np.fromiter(numbers, np.intp, len(numbers)), self._present
        present[words] = True
        count = self._count[words]
        begun = (self._first[words] - count.cumsum() + count).repeat(count)
        begun += np.arange(len(begun))
        begun = begun[present[self._next[begun]]]
        ways = self._ways[begun[present[self._third[begun]]]]
        ways.sort()
        found: list[int] = ways.tolist()
        if self._longer:
            found = [at for at in found if at not in self._longer or present[self._longer[at]].all()]
        present[words] = False
        return found
