"""How common words are in the window, and what an entry's words weigh by it.

Weights are whole numbers: sums of them are exact in any order, so a window that was read back equals one that grew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

UNIT = 1_000
"""Length of an entry's vector."""
_ADDED = 0.5  # to a word's frequency: no word's weight is infinite


class Frequencies:
    """Number of entries in the window, and in how many of them each term is."""

    def __init__(self) -> None:
        self.entries = 0
        self._of: dict[str, int] = {}

    def add(self, terms: Iterable[str]) -> None:
        """An entry comes into the window."""
        self.entries += 1
        for term in terms:
            self._of[term] = self._of.get(term, 0) + 1

    def remove(self, terms: Iterable[str]) -> None:
        """It leaves the window."""
        self.entries -= 1
        for term in terms:
            if self._of[term] == 1:
                del self._of[term]
            else:
                self._of[term] -= 1

    def vector(self, counts: Mapping[str, int], size: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """All terms, heaviest first, and the weights of the first `size`: (1 + ln tf) x idf, of length UNIT."""
        log, total, frequency = math.log, self.entries + 1, self._of
        weighed = sorted(
            (
                (-(1 + log(count)) * log(total / (frequency.get(term, 0) + _ADDED)), term)
                for term, count in counts.items()
            )
        )
        heaviest = weighed[:size]
        length = math.sqrt(sum(weight * weight for weight, _ in heaviest)) or 1
        weights = tuple(round(-weight * UNIT / length) for weight, _ in heaviest)
        return tuple(term for _, term in weighed), weights
