"""A batch of entries placed in stories: one clusterer for each language, and what the whole batch came to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aggregator.group.stories.clusterer import Clusterer, Move, Placed
from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.group.stories.vectors import Row
from aggregator.model import Entry
from aggregator.text.language import detect


@dataclass(slots=True)
class Placements:
    """What a batch came to. Stories are named by the entry id that their key is made of."""

    placed: list[tuple[Entry, str, Placed]] = field(default_factory=list)  # entry, language, its place at the time
    moves: list[tuple[str, Move]] = field(default_factory=list)  # language, in their order
    story_of: dict[int, int] = field(default_factory=dict)  # entries placed or moved -> their story in the end
    merged: dict[int, int] = field(default_factory=dict)  # stories that are gone -> the story that has their entries

    @property
    def dropped(self) -> list[int]:
        """Entries that left the window."""
        return [entry_id for _, _, placed in self.placed for entry_id in placed.dropped]

    def spoken_of(self) -> set[int]:
        """Every story that is named."""
        named = set(self.story_of.values()) | set(self.merged) | set(self.merged.values())
        named |= {move.story for _, move in self.moves}
        return named | {placed.runner_up[0] for _, _, placed in self.placed if placed.runner_up}

    def add(self, entry: Entry, language: str, placed: Placed) -> None:
        """Note an entry's place and the moves that it led to."""
        self.placed.append((entry, language, placed))
        self.story_of[entry.id] = placed.story
        for move in placed.moves:
            self.moves.append((language, move))
            self.story_of.update(dict.fromkeys(move.entries, move.to))
            self.merged.pop(move.to, None)
            if move.merged:
                self.merged[move.story] = move.to
                self.merged = {gone: move.to if to == move.story else to for gone, to in self.merged.items()}
                self.story_of = {
                    entry_id: move.to if story == move.story else story for entry_id, story in self.story_of.items()
                }


class Placing:
    """The open stories of all languages."""

    def __init__(self, settings: Settings = SHIPPED) -> None:
        self._settings = settings
        self._clusterers: dict[str, Clusterer] = {}

    def restore(self, language: str, row: Row, story: int) -> None:
        """Read back one entry of the window and its story; called for each in the order in which they were placed."""
        self._of(language).restore(row, story)

    def place(self, entries: Sequence[Entry]) -> Placements:
        """Find the stories of new entries, given in the order of time."""
        placements = Placements()
        for entry in entries:
            language = detect(entry.title, entry.text, entry.language)
            at = int(entry.sort_at.timestamp())
            placed = self._of(language).place(entry.id, entry.feed_id, at, entry.title, entry.text)
            placements.add(entry, language, placed)
        return placements

    def _of(self, language: str) -> Clusterer:
        if language not in self._clusterers:
            self._clusterers[language] = Clusterer(language, self._settings)
        return self._clusterers[language]
