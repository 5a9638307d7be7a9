"""Which keywords are worth a look: those of which one way to write them has all its words in an entry.

Ways of several words are tried all at once: each is asked for its rarest word first, so that few are left to be asked
for the next one. 'Rarest' is a guess: the word that the fewest keywords have, the longest of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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
        self._single = np.array([at for at, words in enumerate(ordered) if len(words) == 1], np.intp)
        self._word = np.array([words[0] for words in ordered if len(words) == 1], np.intp)
        several = [(at, words) for at, words in enumerate(ordered) if len(words) > 1]
        self._several = np.array([at for at, _ in several], np.intp)
        first = [[words[min(nth, len(words) - 1)] for nth in range(_AT_ONCE)] for _, words in several]
        self._rarest, self._next, self._third = np.array(first, np.intp).reshape(-1, _AT_ONCE).T.copy()
        self._longer = {at: words[_AT_ONCE:] for at, words in several if len(words) > _AT_ONCE}
        self._present = np.zeros(len(forms) + _SIGNS, np.bool_)

    def met(self, numbers: Iterable[int]) -> list[int]:
        """The ways all of whose words are among those of an entry, by their place in `ways`, in order."""
        words, present = np.fromiter(numbers, np.intp), self._present
        present[words] = True
        begun = present[self._rarest].nonzero()[0]
        begun = begun[present[self._next[begun]]]
        several = self._several[begun[present[self._third[begun]]]]
        single = self._single[present[self._word].nonzero()[0]]
        found: list[int] = np.sort(np.concatenate((single, several))).tolist()
        if self._longer:
            found = [at for at in found if at not in self._longer or present[self._longer[at]].all()]
        present[words] = False
        return found
