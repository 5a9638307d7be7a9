"""One entry after the other: it joins the nearest open story or founds one; a story that it ties to another is merged.

A pure function of the rows in the window, in the order in which they came: what was read back from the store goes on
exactly as if the process had never ended.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from aggregator.group.stories.clusters import Cluster, Clusters, Row
from aggregator.group.stories.frequencies import Frequencies
from aggregator.group.stories.prints import prints_of, same_text
from aggregator.group.stories.settings import DAY, SHIPPED, Settings
from aggregator.group.stories.terms import Terms

_LATE = DAY
_TIES = 6  # terms named as evidence


@dataclass(frozen=True, slots=True)
class Merge:
    """Two stories turned out to be one. Both are named by their founder's entry id."""

    gone: int
    into: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry went, and why. Stories are named by their founder's entry id; `story` is that after the merges."""

    row: Row
    story: int
    similarity: float
    terms: tuple[str, ...] = ()
    runner_up: tuple[int, float] | None = None
    copy_of: int | None = None
    merges: tuple[Merge, ...] = ()
    dropped: tuple[int, ...] = ()  # entry ids that left the window


class Clusterer:
    """The open stories of one language."""

    def __init__(self, language: str, settings: Settings = SHIPPED) -> None:
        self.language = language
        self._settings = settings
        self._terms = Terms(language, settings)
        self._frequencies = Frequencies()
        self._clusters = Clusters(settings)
        self._window: deque[Row] = deque()
        self._story_of: dict[int, int] = {}
        self._now = 0  # time of the newest entry

    def restore(self, row: Row, story: int) -> None:
        """Read back one entry of the window and its story; called for each in the order in which they were placed."""
        self._keep(row, story)

    def place(self, entry_id: int, at: int, title: str, text: str) -> Placed:
        """Find the story of a new entry."""
        self._now = max(self._now, at)
        dropped = self._drop_old()
        document = self._terms.read(title, text)
        self._frequencies.add(document.counts)
        terms, weights = self._frequencies.vector(document.counts, self._settings.terms)
        row = Row(entry_id, at, terms, weights, prints_of(title, text))
        near = [
            (similarity, story)
            for similarity, story in self._clusters.near(row, self._settings.join / 2)
            if abs(at - self._clusters.by_id[story].last) <= self._settings.idle
        ]
        joined = bool(near) and near[0][0] >= self._settings.join
        story = near[0][1] if joined else entry_id
        ties: tuple[str, ...] = ()
        copy_of = None
        if joined:
            cluster = self._clusters.by_id[story]
            ties = tuple(document.words[term] for term in self._clusters.ties(row, cluster, _TIES))
            copy_of = _copied(row, cluster)
        self._frequencies.remove(document.counts)
        cluster = self._keep(row, story)
        merges = self._merge(cluster, [other for _, other in near if other != story]) if at > self._now - _LATE else ()
        other = near[1:2] if joined else near[:1]
        return Placed(
            row=row,
            story=self._story_of[entry_id],
            similarity=near[0][0] if joined else 1.0,
            terms=ties,
            runner_up=(other[0][1], other[0][0]) if other else None,
            copy_of=copy_of,
            merges=merges,
            dropped=dropped,
        )

    def _keep(self, row: Row, story: int) -> Cluster:
        self._now = max(self._now, row.at)
        self._frequencies.add(row.terms)
        self._window.append(row)
        self._story_of[row.entry_id] = story
        return self._clusters.add(story, row)

    def _drop_old(self) -> tuple[int, ...]:
        """Entries that are neither recent nor among the last few thousand leave the window."""
        dropped = []
        while len(self._window) > self._settings.window and self._window[0].at < self._now - self._settings.idle:
            row = self._window.popleft()
            self._frequencies.remove(row.terms)
            self._clusters.forget(self._story_of.pop(row.entry_id), row)
            dropped.append(row.entry_id)
        return tuple(dropped)

    def _merge(self, cluster: Cluster, others: list[int]) -> tuple[Merge, ...]:
        """Merge the stories that the new entry came near to, as long as they are near enough to each other."""
        merges = []
        while others:
            ranked = sorted(
                (-self._clusters.similarity(cluster, self._clusters.by_id[other]), other) for other in others
            )
            similarity, other = -ranked[0][0], ranked[0][1]
            if similarity < self._settings.join:
                break
            others = [one for one in others if one != other]
            gone, into = self._by_weight(cluster, self._clusters.by_id[other])
            for row in self._clusters.remove(gone.id).rows.values():
                self._clusters.add(into.id, row)
                self._story_of[row.entry_id] = into.id
            cluster = into
            merges.append(Merge(gone.id, into.id, similarity))
        return tuple(merges)

    @staticmethod
    def _by_weight(one: Cluster, other: Cluster) -> tuple[Cluster, Cluster]:
        """The story with fewer entries goes into the one with more; of two equal ones the younger into the older."""
        first, second = sorted((one, other), key=lambda cluster: (cluster.size, -cluster.id))
        return first, second


def _copied(row: Row, cluster: Cluster) -> int | None:
    """The entry of the story whose text this one copies or rewrites."""
    for other in cluster.rows.values():
        if same_text(row.prints, other.prints):
            return other.entry_id
    return None
