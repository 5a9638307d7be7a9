"""A story's entries grouped afresh, the nearest first: shows whether they still belong together."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from aggregator.group.stories.clusters import Extent, closeness, likeness
from aggregator.group.stories.settings import Settings
from aggregator.group.stories.vectors import UNIT, Row


class _Part:
    """Entries that belong together; `dots` are the products with every other part that shares a term."""

    __slots__ = ("dots", "extent", "rows", "times")

    def __init__(self, row: Row) -> None:
        self.rows = [row]
        self.dots: dict[int, int] = {}
        self.times = row.at
        self.extent = Extent.of_row(row)

    def swallow(self, other: _Part) -> None:
        self.rows += other.rows
        self.times += other.times
        one, two = self.extent, other.extent
        feed_id = one.feed_id if one.feed_id == two.feed_id else None
        first, last = min(one.first, two.first), max(one.last, two.last)
        self.extent = Extent(first, last, self.times / len(self.rows), feed_id)


def agglomerate(rows: Sequence[Row], settings: Settings, crowd: float) -> list[list[Row]]:
    """Entries in groups that are further from each other than two stories are; the largest first, then the oldest.

    `crowd` is that of the doubt of the present.
    """
    parts = dict(enumerate(map(_Part, sorted(rows, key=lambda row: (row.at, row.entry_id)))))
    _multiply(parts)

    least = settings.join * UNIT * UNIT  # what time and feeds do to a product makes it smaller

    def nearness(a: _Part, b: _Part, dot: int) -> float:
        if dot < least:
            return 0.0
        return likeness(dot, len(a.rows) * len(b.rows), crowd, settings) * closeness(a.extent, b.extent, settings)

    # Entries of the heap are stale when a part has grown since; its number of rows tells.
    heap = [
        (-near, one, other, 1, 1)
        for one, part in parts.items()
        for other, dot in part.dots.items()
        if one < other and dot >= least and (near := nearness(part, parts[other], dot)) >= settings.join
    ]
    heapq.heapify(heap)
    while heap:
        _, one, other, size, others = heapq.heappop(heap)
        if one not in parts or other not in parts or (len(parts[one].rows), len(parts[other].rows)) != (size, others):
            continue
        _unite(parts, one, other)
        for third, dot in parts[one].dots.items():
            if (near := nearness(parts[one], parts[third], dot)) >= settings.join:
                pair = (one, third) if one < third else (third, one)
                heapq.heappush(heap, (-near, *pair, len(parts[pair[0]].rows), len(parts[pair[1]].rows)))
    return sorted((part.rows for part in parts.values()), key=lambda group: (-len(group), group[0].at))


def _multiply(parts: dict[int, _Part]) -> None:
    """The products of all pairs of entries that share a term."""
    seen: dict[str, list[tuple[int, int]]] = {}
    for number, part in parts.items():
        dots = part.dots
        for term, weight in part.rows[0].weighed():
            listed = seen.setdefault(term, [])
            for other, theirs in listed:
                if other in dots:
                    dots[other] += weight * theirs
                else:
                    dots[other] = weight * theirs
            listed.append((number, weight))
        for other, dot in dots.items():
            parts[other].dots[number] = dot


def _unite(parts: dict[int, _Part], one: int, other: int) -> None:
    """Put the second part into the first."""
    kept, gone = parts[one], parts.pop(other)
    kept.swallow(gone)
    del kept.dots[other]
    for third, dot in gone.dots.items():
        if third != one:
            kept.dots[third] = parts[third].dots[one] = kept.dots.get(third, 0) + dot
            del parts[third].dots[other]
