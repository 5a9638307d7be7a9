"""A batch of entries placed in stories: one clusterer for each language, and what the whole batch came to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aggregator.group.stories.clusterer import Clusterer, Merge, Placed
from aggregator.group.stories.clusters import Row
from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.model import Entry


@dataclass(slots=True)
class Placements:
    """Where the entries of a batch went. Stories are named by their founder's entry id."""

    placed: list[tuple[Entry, str, Placed]] = field(default_factory=list)  # entry, language, its place at the time
    merges: list[Merge] = field(default_factory=list)
    _into: dict[int, int] = field(default_factory=dict)

    def add(self, entry: Entry, language: str, placed: Placed) -> None:
        """Note an entry's place and the merges that it led to."""
        self.placed.append((entry, language, placed))
        self.merges.extend(placed.merges)
        self._into.update((merge.gone, merge.into) for merge in placed.merges)

    def final(self, story: int) -> int:
        """The story that a story went into by the end of the batch; itself if it was not merged."""
        while story in self._into:
            story = self._into[story]
        return story

    def stories(self) -> set[int]:
        """Every story that is spoken of."""
        spoken = set(self._into) | set(self._into.values())
        spoken |= {placed.story for _, _, placed in self.placed}
        return spoken | {placed.runner_up[0] for _, _, placed in self.placed if placed.runner_up}

    @property
    def dropped(self) -> list[int]:
        """Entries that left the window."""
        return [entry_id for _, _, placed in self.placed for entry_id in placed.dropped]


class Placing:
    """The open stories of all languages."""

    def __init__(self, settings: Settings = SHIPPED) -> None:
        self._settings = settings
        self._clusterers: dict[str, Clusterer] = {}

    def restore(self, rows: Iterable[tuple[str, Row, int]]) -> None:
        """Read back the window: language, row and story of each entry, in the order in which they were grouped."""
        for language, row, story in rows:
            self._of(language).restore(row, story)

    def place(self, entries: Sequence[tuple[Entry, str]]) -> Placements:
        """Find the stories of new entries, given with their languages, in the order of time."""
        placements = Placements()
        for entry, language in entries:
            at = int(entry.sort_at.timestamp())
            placed = self._of(language).place(entry.id, at, entry.title, entry.text)
            placements.add(entry, language, placed)
        return placements

    def _of(self, language: str) -> Clusterer:
        if language not in self._clusterers:
            self._clusterers[language] = Clusterer(language, self._settings)
        return self._clusterers[language]
