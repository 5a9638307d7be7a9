"""The open stories of one language as sums of their entries' vectors, and how near two of them are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from aggregator.group.stories.frequencies import UNIT
from aggregator.group.stories.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in the window: all that has to be stored of it. `weights` are those of the first terms."""

    entry_id: int
    at: int  # seconds since 1970
    terms: tuple[str, ...]
    weights: tuple[int, ...]
    prints: frozenset[int] = frozenset()


@dataclass(slots=True)
class Cluster:
    """An open story. `id` is the entry id of its founder."""

    id: int
    sum: dict[str, int] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)  # by entry id
    times: int = 0  # sum of the rows' times
    last: int = 0

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def middle(self) -> float:
        return self.times / len(self.rows)


class Clusters:
    """Clusters with an index from each term to those that have it."""

    def __init__(self, settings: Settings) -> None:
        self.by_id: dict[int, Cluster] = {}
        self._settings = settings
        self._index: dict[str, dict[int, int]] = {}

    def add(self, cluster_id: int, row: Row) -> Cluster:
        """Put an entry into a cluster, which is made if there is none."""
        cluster = self.by_id.get(cluster_id)
        if cluster is None:
            cluster = self.by_id[cluster_id] = Cluster(cluster_id)
        total = cluster.sum
        for term, weight in zip(row.terms, row.weights, strict=False):
            total[term] = self._index.setdefault(term, {})[cluster_id] = total.get(term, 0) + weight
        cluster.rows[row.entry_id] = row
        cluster.times += row.at
        cluster.last = max(cluster.last, row.at)
        return cluster

    def forget(self, cluster_id: int, row: Row) -> None:
        """Take an entry out; a cluster without entries is gone."""
        cluster = self.by_id[cluster_id]
        del cluster.rows[row.entry_id]
        if not cluster.rows:
            self.remove(cluster_id)
            return
        for term, weight in zip(row.terms, row.weights, strict=False):
            left = cluster.sum[term] - weight
            if left:
                cluster.sum[term] = self._index[term][cluster_id] = left
            else:
                self._unlist(cluster, term)
        cluster.times -= row.at

    def remove(self, cluster_id: int) -> Cluster:
        """Take a whole cluster out."""
        cluster = self.by_id.pop(cluster_id)
        for term in list(cluster.sum):
            self._unlist(cluster, term)
        return cluster

    def _unlist(self, cluster: Cluster, term: str) -> None:
        del cluster.sum[term]
        listed = self._index[term]
        del listed[cluster.id]
        if not listed:
            del self._index[term]

    def near(self, row: Row, floor: float) -> list[tuple[float, int]]:
        """Similarities of an entry to the clusters, from `floor` up, nearest first; ties by the older cluster."""
        dots: dict[int, int] = {}
        for term, weight in zip(row.terms, row.weights, strict=False):
            for cluster_id, total in self._index.get(term, {}).items():
                dots[cluster_id] = dots.get(cluster_id, 0) + weight * total
        least = floor * UNIT * UNIT
        found = []
        for cluster_id, dot in dots.items():
            if dot >= least:
                cluster = self.by_id[cluster_id]
                similarity = self._similarity(dot, cluster.size, row.at - cluster.middle)
                if similarity >= floor:
                    found.append((similarity, cluster_id))
        return sorted(found, key=lambda one: (-one[0], one[1]))

    def similarity(self, one: Cluster, other: Cluster) -> float:
        """How near two clusters are."""
        if len(one.sum) > len(other.sum):
            one, other = other, one
        theirs = other.sum
        dot = sum(weight * theirs[term] for term, weight in one.sum.items() if term in theirs)
        return self._similarity(dot, one.size * other.size, one.middle - other.middle)

    def _similarity(self, dot: int, pairs: int, distance: float) -> float:
        share = dot / (UNIT * UNIT * math.pow(pairs, self._settings.size_power))
        return share * math.exp(-abs(distance) / self._settings.fade)

    def ties(self, row: Row, cluster: Cluster, most: int) -> tuple[str, ...]:
        """The terms that bring an entry nearest to a cluster."""
        shared = [
            (-weight * cluster.sum[term], term)
            for term, weight in zip(row.terms, row.weights, strict=False)
            if term in cluster.sum
        ]
        return tuple(term for _, term in sorted(shared)[:most])
