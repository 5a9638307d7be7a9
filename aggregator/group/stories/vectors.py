"""What an entry's words weigh.

A word is common when it is in many stories, not in many entries: the name that three hundred entries about one event
share is what ties them, and must not lose its weight because they are many.

Weights are whole numbers: sums of them are exact in any order, so that a window that was read back from the store
equals the one that grew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.group.stories.prints import NOTHING, Prints

UNIT = 1_000
"""Length of an entry's vector."""
_ADDED = 0.5  # to a word's frequency: no word's weight is infinite


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in the window: all that has to be stored of it. `weights` are those of the first terms."""

    entry_id: int
    at: int  # seconds since 1970
    terms: tuple[str, ...]
    weights: tuple[int, ...]
    prints: Prints = NOTHING


def weigh(
    counts: Mapping[str, int], stories_with: Mapping[str, int], stories: int, size: int
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """All terms, heaviest first, and the weights of the first `size`: (1 + ln tf) x idf, of length UNIT.

    `stories_with` tells how many of the stories have a term; the entry counts as one more.
    """
    log, total = math.log, stories + 2
    weighed = sorted(
        (-(1 + log(count)) * log(total / (stories_with.get(term, 0) + 1 + _ADDED)), term)
        for term, count in counts.items()
    )
    length = math.sqrt(sum(weight * weight for weight, _ in weighed[:size])) or 1
    weights = tuple(round(-weight * UNIT / length) for weight, _ in weighed[:size])
    return tuple(term for _, term in weighed), weights
