"""A story's entries grouped afresh, the nearest first: shows whether they still belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, count
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aggregator.group.stories.clusters import age
from aggregator.group.stories.settings import Settings
from aggregator.group.stories.vectors import UNIT, Vector
from aggregator.group.stories.vocabulary import Term

_Numbers: TypeAlias = NDArray[np.float64]


def agglomerate(rows: Sequence[Vector], settings: Settings, crowd: float) -> list[list[Vector]]:
    """Entries in groups that are further from each other than two stories are; the largest first, then the oldest.

    `crowd` is that of the doubt of the present.
    """
    rows = sorted(rows, key=age)
    parts = _Parts(rows, settings, crowd)
    groups = {number: [row] for number, row in enumerate(rows)}
    while len(groups) > 1 and (pair := parts.nearest()) is not None:
        kept, gone = pair
        parts.unite(kept, gone)
        groups[kept] += groups.pop(gone)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].at))


class _Parts:
    """Entries that belong together, each part numbered by its first one, and how near every two of them are.

    Nearness is clusters.likeness times clusters.closeness, worked out between a part and all others at once.
    """

    def __init__(self, rows: Sequence[Vector], settings: Settings, crowd: float) -> None:
        self._settings = settings
        self._sizes = np.ones(len(rows), np.intp)
        self._first = np.array([row.at for row in rows], np.float64)
        self._last, self._times, self._middle = self._first.copy(), self._first.copy(), self._first.copy()
        self._feeds = np.array([row.feed_id for row in rows], np.float64)  # no number where there are several
        self._series = len({row.feed_id for row in rows}) < len(rows)
        self._long = rows[-1].at - rows[0].at > settings.idle
        shrinking, growing = _powers(len(rows), settings)
        self._full = growing * (1 + crowd * shrinking)  # the product that is a likeness of 1, by pairs
        self._dots = _products(rows)
        # In single precision: what machines work out otherwise in the last places of a double decides nothing.
        self._near = self._nearness(slice(None), (slice(None), None)).astype(np.float32)
        np.fill_diagonal(self._near, 0)
        self._grown: int | None = None

    def nearest(self) -> tuple[int, int] | None:
        """The two parts that are nearest to each other, the smaller number first; None if none are near enough."""
        if (grown := self._grown) is not None:
            self._near[grown] = self._near[:, grown] = self._nearness(grown, grown)
            self._near[grown, grown] = 0
        one, other = divmod(int(self._near.argmax()), len(self._near))
        return (one, other) if self._near[one, other] >= self._settings.join else None

    def unite(self, kept: int, gone: int) -> None:
        """Put one part into another."""
        self._first[kept] = min(self._first[kept], self._first[gone])
        self._last[kept] = max(self._last[kept], self._last[gone])
        self._times[kept] += self._times[gone]
        self._sizes[kept] += self._sizes[gone]
        self._middle[kept] = self._times[kept] / self._sizes[kept]
        if self._feeds[kept] != self._feeds[gone]:
            self._feeds[kept] = np.nan
        self._dots[kept] += self._dots[gone]
        self._dots[:, kept] = self._dots[kept]
        self._sizes[gone] = 0  # is near to none
        self._near[gone] = self._near[:, gone] = 0
        self._grown = kept

    def _nearness(self, one: int | slice, of: int | tuple[slice, None]) -> _Numbers:
        """How near one part is to each of all, or each of all is; to itself it means nothing."""
        settings = self._settings
        gap = np.maximum(self._first - self._last[of], self._first[of] - self._last)
        np.maximum(gap, 0, out=gap)
        near: _Numbers = self._dots[one] / self._full[self._sizes * self._sizes[of]]
        near *= np.exp((gap + np.abs(self._middle - self._middle[of])) / (-2 * settings.fade))
        if self._long:
            near[gap > settings.idle] = 0
        if self._series:
            near[self._feeds == self._feeds[of]] *= settings.same_feed
        return near


@lru_cache(8)
def _powers(entries: int, settings: Settings) -> tuple[_Numbers, _Numbers]:
    """For each number of pairs that so many entries have, what a doubt loses by it, and what a product gains."""
    pairs = np.arange(1, entries**2 + 1, dtype=np.float64)
    shrinking, growing = pairs**-settings.chance_power, UNIT * UNIT * pairs**settings.size_power
    return np.concatenate(([0], shrinking)), np.concatenate(([np.inf], growing))


def _products(rows: Sequence[Vector]) -> _Numbers:
    """The products of every two entries' vectors."""
    numbers: defaultdict[Term, int] = defaultdict(count().__next__)
    terms = np.array(list(map(numbers.__getitem__, chain.from_iterable([row.terms for row in rows]))), np.intp)
    shared = np.bincount(terms) > 1  # the others lead nowhere, and are most
    counted = shared[terms]
    which = np.repeat(np.arange(len(rows)), [len(row.terms) for row in rows])
    weights = np.frombuffer(b"".join([row.weights for row in rows]), np.ushort)
    # Whole numbers up to UNIT squared: exact, as single precision is below 2 to the power of 24.
    vectors = np.zeros((len(rows), np.count_nonzero(shared)), np.float32)
    vectors[which[counted], (np.cumsum(shared) - 1)[terms[counted]]] = weights[counted]
    # Not by @, which wakes a thread on each processor for what one does in the time.
    products: _Numbers = np.einsum("ik,jk->ij", vectors, vectors).astype(np.float64)
    return products
