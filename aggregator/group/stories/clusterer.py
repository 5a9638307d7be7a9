"""One entry after the other: it joins the nearest open story or founds one, and the stories it touches are revised.

    place    join the story that is near enough or has the same text in other words, else found one
    merge    a story that the entry came near to, too, is one with its own if the two are near enough to each other
    split    when a story has grown to 4, 8, 16 ... entries, they are grouped afresh; what falls apart is told apart

A pure function of the window's rows in the order in which they came: what was read back from the store goes on exactly
as if the process had never ended. A late entry (a day older than the newest) is placed but revises nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aggregator.group.stories.agglomerate import agglomerate
from aggregator.group.stories.chance import Doubt
from aggregator.group.stories.clusters import NEAR, Cluster, Clusters, age, ties
from aggregator.group.stories.prints import Prints, from_list, listed, prints_of, same_text
from aggregator.group.stories.recurrence import Recurrence
from aggregator.group.stories.settings import DAY, SHIPPED, Settings
from aggregator.group.stories.terms import Terms
from aggregator.group.stories.vectors import Known, Row, Vector, weigh
from aggregator.group.stories.vocabulary import Term, Vocabulary

_LATE = DAY
_TIES = 6  # terms named as evidence
_COPIED = 3  # nearest stories in which the same text is looked for
_SPLIT_FROM, _SPLIT_TO = 4, 512  # entries; the work grows with their square


@dataclass(frozen=True, slots=True)
class Move:
    """A story's entries went to another story: all of them (it was merged) or a part (it was split).

    Stories are named by the entry id that their key is made of.
    """

    entries: tuple[int, ...]
    story: int
    to: int
    merged: bool
    similarity: float  # of the two stories when they were merged, or still had when they were split
    terms: tuple[str, ...]  # that tie the entries together


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an entry went, and why; `moves` came after that."""

    row: Row
    story: int
    similarity: float
    terms: tuple[str, ...] = ()
    runner_up: tuple[int, float] | None = None
    copy_of: int | None = None
    moves: tuple[Move, ...] = ()
    dropped: tuple[int, ...] = ()  # entry ids that left the window


@dataclass(slots=True)
class _Window:
    """Rows in the order in which they came, and their stories."""

    rows: deque[Vector] = field(default_factory=deque)
    story_of: dict[int, int] = field(default_factory=dict)
    now: int = 0  # time of the newest entry ever


class Clusterer:
    """The open stories of one language."""

    def __init__(self, language: str, settings: Settings = SHIPPED) -> None:
        self._settings = settings
        self._vocabulary = Vocabulary()
        self._terms = Terms(language, self._vocabulary, settings)
        self._clusters = Clusters(settings)
        self._recurrence = Recurrence(settings)
        self._window = _Window()

    def restore(self, row: Row, story: int) -> None:
        """Read back one entry of the window and its story; called for each in the order in which they were placed."""
        self._keep(Vector.of(row, self._vocabulary), story)

    def story_of(self, entry_id: int) -> int:
        """The story in which an entry of the window is now."""
        return self._window.story_of[entry_id]

    def place(self, entry_id: int, feed_id: int, at: int, title: str, text: str) -> Placed:
        """Find the story of a new entry. `at` is in seconds since 1970."""
        late = at < self._window.now - _LATE
        self._window.now = max(self._window.now, at)
        dropped = self._drop_old()
        document = self._terms.read(title, text)
        clusters = self._clusters
        self._recurrence.turn(at)
        known = Known(len(clusters.by_id), len(self._window.rows), self._recurrence.divisors)
        terms, weights = weigh(document.counts, document.titled, known, self._settings)
        prints = prints_of(document.sentences)
        row = Vector(entry_id, feed_id, at, terms, weights, listed(prints))
        doubt = clusters.doubt_at(len(self._window.rows), at)
        near = clusters.near(row, doubt)
        similarity, joined, copy_of = self._choose(near, prints)
        tying = ties(row.weighed(), joined.sum, _TIES) if joined else ()
        others = [(other.id, nearness) for nearness, other in near if other is not joined]
        cluster = self._keep(row, joined.id if joined else entry_id)
        return Placed(
            row=row.row(),
            story=cluster.id,
            similarity=similarity,
            terms=document.printed(tying),
            runner_up=others[0] if others else None,
            copy_of=copy_of,
            moves=() if late else self._revise(cluster, self._close(others), doubt),
            dropped=dropped,
        )

    def _choose(
        self, near: Sequence[tuple[float, Cluster]], prints: Prints
    ) -> tuple[float, Cluster | None, int | None]:
        """Similarity and story to join, and the entry that the new one copies.

        The nearest story if it is near enough; else one of the nearest that has the same text in other words.
        """
        for place, (similarity, cluster) in enumerate(near[:_COPIED]):
            copy_of = self._copied(prints, cluster.newest())
            if copy_of is not None or (place == 0 and similarity >= self._settings.join):
                return similarity, cluster, copy_of
        return 1.0, None, None

    def _copied(self, prints: Prints, rows: Iterable[Vector]) -> int | None:
        """The oldest of the entries whose text this one copies or rewrites."""
        copied = [other for other in rows if same_text(prints, other.prints)]
        return min(copied, key=age).entry_id if copied else None

    def _keep(self, row: Vector, story: int) -> Cluster:
        self._window.now = max(self._window.now, row.at)
        self._window.rows.append(row)
        self._window.story_of[row.entry_id] = story
        self._recurrence.add(row.at, row.terms)
        return self._clusters.add(story, row)

    def _drop_old(self) -> tuple[int, ...]:
        """Entries that are neither recent nor among the last few thousand leave the window."""
        window, dropped = self._window, []
        while len(window.rows) > self._settings.window and window.rows[0].at < window.now - self._settings.idle:
            row = window.rows.popleft()
            self._clusters.take(window.story_of.pop(row.entry_id), row)
            dropped.append(row.entry_id)
        return tuple(dropped)

    # -- revision -----------------------------------------------------------------------------------------------------

    def _close(self, others: Iterable[tuple[int, float]]) -> list[Cluster]:
        """Those of other stories that the entry came near to."""
        return [self._clusters.by_id[other] for other, nearness in others if nearness >= NEAR * self._settings.join]

    def _revise(self, cluster: Cluster, others: list[Cluster], doubt: Doubt) -> tuple[Move, ...]:
        moves = []
        while others:
            ranked = sorted((-self._clusters.similarity(cluster, other, doubt), other.id) for other in others)
            similarity, nearest = -ranked[0][0], self._clusters.by_id[ranked[0][1]]
            if similarity < self._settings.join:
                break
            others = [other for other in others if other is not nearest]
            gone, cluster = _by_weight(cluster, nearest)
            rows = sorted(gone.rows.values(), key=age)  # they came in another order if some have moved before
            moves.append(self._move(gone, cluster.id, rows, doubt, merged_by=similarity))
        return tuple(moves + self._split(cluster, doubt))

    def _split(self, cluster: Cluster, doubt: Doubt) -> list[Move]:
        """Group the entries afresh when their number has doubled. The largest part stays what the story was."""
        size = len(cluster.rows)
        if size & (size - 1) or not _SPLIT_FROM <= size <= _SPLIT_TO:
            return []
        moves = []
        largest, *parts = agglomerate(list(cluster.rows.values()), self._settings, doubt.crowd)
        for found in parts:
            # A text in other words stays with the one that it copies, however far apart their words are.
            part = [row for row in found if self._copied(from_list(row.prints), largest) is None]
            # Not after an entry that an open story bears the name of, be it this one: it would go there.
            name = min((row for row in part if row.entry_id not in self._clusters.by_id), key=age, default=None)
            if name is not None:
                moves.append(self._move(cluster, name.entry_id, part, doubt))
        return moves

    def _move(
        self, source: Cluster, to: int, rows: Sequence[Vector], doubt: Doubt, merged_by: float | None = None
    ) -> Move:
        moving = _sum(rows)
        # Merged, it is tied by what the other has without it; told apart, by what its entries have in common.
        tied = ties(moving.items(), moving if merged_by is None else self._clusters.by_id[to].sum, _TIES)
        for row in rows:
            self._clusters.take(source.id, row)
            target = self._clusters.add(to, row)
            self._window.story_of[row.entry_id] = to
        return Move(
            entries=tuple(row.entry_id for row in rows),
            story=source.id,
            to=to,
            merged=merged_by is not None,
            similarity=self._clusters.similarity(source, target, doubt) if merged_by is None else merged_by,
            terms=tied,
        )


def _by_weight(one: Cluster, other: Cluster) -> tuple[Cluster, Cluster]:
    """The story with fewer entries goes into the one with more; of two equal ones the younger into the older."""
    first, second = sorted((one, other), key=lambda cluster: (len(cluster.rows), -cluster.first, -cluster.id))
    return first, second


def _sum(rows: Iterable[Vector]) -> dict[Term, int]:
    total: dict[Term, int] = {}
    for row in rows:
        for term, weight in row.weighed():
            total[term] = total.get(term, 0) + weight
    return total
