"""The stories of one language in the window, as sums of their entries' vectors, and how near two of them are."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from aggregator.group.stories.chance import Doubt, Ends, doubt_of
from aggregator.group.stories.settings import DAY, Settings
from aggregator.group.stories.vectors import UNIT, Vector
from aggregator.group.stories.vocabulary import Term

NEAR = 0.5  # of the similarity that joining takes: what came close
# A term that more clusters have, and more than one in fifty, leads to none: it counts where a rarer one has led.
_COMMON = 25
_KNOWN = 0.01  # doubt of words that makes no difference
NEWEST = 256
"""Entries of a story in which the text of a new one is looked for."""
_APART = DAY * 2 // 3
"""Seconds from which two entries of one feed may be two numbers of a series: a daily one is never out to the minute."""


def age(row: Vector) -> tuple[int, int]:
    """The order of entries in time; ties by id."""
    return row.at, row.entry_id


@dataclass(slots=True)
class Cluster:
    """A story in the window. `id` is the entry id of which its key is made."""

    id: int
    rows: dict[int, Vector] = field(default_factory=dict)  # by entry id
    sum: dict[Term, int] = field(default_factory=dict)  # of the rows' vectors; each term knows its part of it, too
    feeds: dict[int, int] = field(default_factory=dict)  # rows of each feed
    times: int = 0  # sum of the rows' times
    first: int = 0
    last: int = 0
    least: float = 0.0  # product with an entry below which they can't be near
    _newest: list[Vector] = field(default_factory=list)  # oldest first; empty until somebody asks

    def newest(self) -> Collection[Vector]:
        """The newest of its entries, at most NEWEST. An affair has thousands, and each new entry asks for these."""
        if len(self.rows) <= NEWEST:
            return self.rows.values()
        if not self._newest:
            self._newest = sorted(self.rows.values(), key=age)[-NEWEST:]
        return self._newest

    def came(self, row: Vector) -> None:
        """An entry was added."""
        if self._newest:
            insort(self._newest, row, key=age)
            del self._newest[0]

    def went(self, row: Vector) -> None:
        """An entry was taken out."""
        if self._newest and age(row) >= age(self._newest[0]):
            self._newest = []


class Extent(NamedTuple):
    """When something was told (seconds since 1970), and by which feed if it was only one."""

    first: int
    last: int
    middle: float
    feed_id: int | None

    @classmethod
    def of_row(cls, row: Vector) -> Extent:
        """Of one entry."""
        return cls(row.at, row.at, row.at, row.feed_id)

    @classmethod
    def of(cls, cluster: Cluster) -> Extent:
        """Of all entries of a story."""
        feed_id = next(iter(cluster.feeds)) if len(cluster.feeds) == 1 else None
        return cls(cluster.first, cluster.last, cluster.times / len(cluster.rows), feed_id)

    def gap(self, other: Extent) -> int:
        """Seconds from the end of the earlier to the beginning of the later; 0 where they overlap."""
        if self.first > other.last:
            return self.first - other.last
        return max(0, other.first - self.last)


class Clusters:
    """Clusters, which the terms lead to."""

    def __init__(self, settings: Settings) -> None:
        self.by_id: dict[int, Cluster] = {}
        self._settings = settings
        self._ends = Ends()

    def add(self, cluster_id: int, row: Vector) -> Cluster:
        """Put an entry into a cluster, which is made if there is none."""
        cluster = self.by_id.get(cluster_id)
        if cluster is None:
            cluster = self.by_id[cluster_id] = Cluster(cluster_id, first=row.at, last=row.at)
            self._ends.add(row.at)
        total = cluster.sum
        for term, weight in row.weighed():
            total[term] = term.add(cluster_id, weight)
        cluster.rows[row.entry_id] = row
        cluster.came(row)
        cluster.feeds[row.feed_id] = cluster.feeds.get(row.feed_id, 0) + 1
        cluster.times += row.at
        cluster.first = min(cluster.first, row.at)
        if row.at > cluster.last:
            self._ends.move(cluster.last, row.at)
            cluster.last = row.at
        cluster.least = self._least(cluster)
        return cluster

    def take(self, cluster_id: int, row: Vector) -> None:
        """Take an entry out; a cluster without entries is gone."""
        cluster = self.by_id[cluster_id]
        total = cluster.sum
        for term, weight in row.weighed():
            if left := term.take(cluster_id, weight):
                total[term] = left
            else:
                del total[term]
        del cluster.rows[row.entry_id]
        cluster.went(row)
        cluster.feeds[row.feed_id] -= 1
        if not cluster.feeds[row.feed_id]:
            del cluster.feeds[row.feed_id]
        cluster.times -= row.at
        if not cluster.rows:
            del self.by_id[cluster_id]
            self._ends.take(cluster.last)
            return
        cluster.least = self._least(cluster)
        if row.at in (cluster.first, cluster.last):
            cluster.first = min(other.at for other in cluster.rows.values())
            last = max(other.at for other in cluster.rows.values())
            self._ends.move(cluster.last, last)
            cluster.last = last

    def _least(self, cluster: Cluster) -> float:
        return NEAR * self._settings.join * UNIT * UNIT * math.pow(len(cluster.rows), self._settings.size_power)

    def doubt_at(self, entries: int, at: int) -> Doubt:
        """See chance.doubt_of, for an entry of that time; `entries` are those of the window."""
        return doubt_of(entries, self._ends.around(at), self._settings)

    def near(self, row: Vector, doubt: Doubt) -> list[tuple[float, Cluster]]:
        """Similarities of an entry to the open clusters, nearest first; ties by the smaller id.

        Only those that come half as near as joining takes, or would if all words were known: what may be the same text
        in other words, or may have to be merged.
        """
        dots, common = self._products(row)
        least = NEAR * self._settings.join
        half = least * (1 + doubt.crowd) * UNIT * UNIT / 2
        at = Extent.of_row(row)
        found = []
        for cluster_id, dot in dots.items():
            if dot < half:
                continue
            cluster = self.by_id[cluster_id]
            if 2 * dot < cluster.least:
                continue
            theirs = cluster.sum
            whole = dot + sum([weight * theirs[term] for term, weight in common if term in theirs])
            similarity = likeness(whole, len(cluster.rows), doubt.crowd, self._settings)
            if similarity < least:
                continue
            similarity *= closeness(at, Extent.of(cluster), self._settings)
            if similarity >= least and not self._follows(cluster, row):
                if doubt.words > _KNOWN:
                    strongest = max([weight * theirs[term] for term, weight in row.weighed() if term in theirs])
                    similarity *= 1 - doubt.words * strongest / whole
                found.append((similarity, cluster))
        return sorted(found, key=lambda one: (-one[0], one[1].id))

    def _products(self, row: Vector) -> tuple[dict[int, int], list[tuple[Term, int]]]:
        """The products with all clusters as far as rare terms go, and the terms that are common, with their weights."""
        dots: dict[int, int] = {}
        common: list[tuple[Term, int]] = []
        most = max(_COMMON, len(self.by_id) // 50)
        for term, weight in row.weighed():
            listed = term.stories
            if len(listed) > most:
                common.append((term, weight))
                continue
            for cluster_id, total in listed.items():
                if cluster_id in dots:
                    dots[cluster_id] += weight * total
                else:
                    dots[cluster_id] = weight * total
        return dots, common

    def similarity(self, one: Cluster, other: Cluster, doubt: Doubt) -> float:
        """How near two clusters are; not at all if one has the next number of a series that the other has."""
        if len(one.sum) > len(other.sum):
            one, other = other, one
        theirs = other.sum
        dot = sum(weight * theirs[term] for term, weight in one.sum.items() if term in theirs)
        pairs = len(one.rows) * len(other.rows)
        similarity = likeness(dot, pairs, doubt.crowd, self._settings)
        similarity *= closeness(Extent.of(one), Extent.of(other), self._settings)
        if similarity >= self._settings.join and (both := one.feeds.keys() & other.feeds.keys()):
            rows = [row for row in one.rows.values() if row.feed_id in both]
            if any(self._follows(other, row) for row in rows):
                return 0.0
        return similarity

    def _follows(self, cluster: Cluster, row: Vector) -> bool:
        """Whether a cluster has another number of an entry's series: yesterday's weather, or today's."""
        if row.feed_id not in cluster.feeds:
            return False
        return any(are_a_series(row, other, self._settings) for other in cluster.rows.values())


def are_a_series(one: Vector, other: Vector, settings: Settings) -> bool:
    """Whether a feed told in much the same words again a day later.

    So it tells something else: the next forecast, results, briefing; or the next day of an affair.
    """
    if one.feed_id != other.feed_id or abs(one.at - other.at) < _APART:
        return False
    return one.times(other) >= settings.series * UNIT * UNIT


def likeness(dot: int, pairs: int, crowd: float, settings: Settings) -> float:
    """How alike two sums of vectors are by their product and the pairs of entries in it; `crowd` is a doubt's."""
    needed = 1 + crowd / math.pow(pairs, settings.chance_power)
    return dot / (UNIT * UNIT * math.pow(pairs, settings.size_power) * needed)


def closeness(one: Extent, other: Extent, settings: Settings) -> float:
    """What is left of a likeness for the distance in time and, where both are of one feed, for that.

    Half of the distance is that of the nearest entries, half that of the middles: a story that goes on for days stays
    open, and the thing that is told again a week later is another one.
    """
    gap = one.gap(other)
    if gap > settings.idle:
        return 0.0
    distance = (gap + abs(one.middle - other.middle)) / 2
    left = math.exp(-distance / settings.fade)
    return left * settings.same_feed if one.feed_id is not None and one.feed_id == other.feed_id else left


def ties(one: Iterable[tuple[Term, int]], other: Mapping[Term, int], most: int) -> tuple[str, ...]:
    """The terms that bring two vectors or sums nearest to each other; of the first, its terms and weights."""
    shared = sorted([(-weight * other[term], term.text) for term, weight in one if term in other])
    return tuple([text for _, text in shared[:most]])
