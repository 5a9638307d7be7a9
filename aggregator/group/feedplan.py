"""Which feeds an edited feeds.yaml adds, removes or changes, beside what was applied last. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aggregator.config.applied import Applied
from aggregator.config.models import Config, FeedConfig
from aggregator.model import Feed
from aggregator.text.addresses import without_credentials

_NO_FILTER: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True, slots=True)
class FeedEdit:
    """A feed that was 'added', 'removed' or 'changed'; `entries` are stored of it. `details`: 'priority: 1 -> 2'.

    `url` is for people to read: without credentials.
    """

    url: str
    name: str
    kind: str
    entries: int
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedEdits:
    """Stored feeds by id as they were and as they would be. Of those `concerned`, entries have to be looked at."""

    edits: list[FeedEdit]
    before: dict[int, Feed]
    after: dict[int, Feed]
    concerned: frozenset[int]
    unchanged: int

    @property
    def renamed(self) -> bool:
        """Whether a feed has another name, by which topics may name it."""
        return any(self.before[id_].name != feed.name for id_, feed in self.after.items() if id_ in self.before)


def feed_edits(known: Iterable[tuple[Feed, bool]], config: Config, applied: Applied | None) -> FeedEdits:
    """Compare. `known` are all stored feeds, and whether the file that was applied last named them."""
    wanted = {str(feed.url): feed for feed in config.feeds}
    stored = {feed.url: (feed, named) for feed, named in known}
    before = {feed.id: feed for feed, named in stored.values() if named}
    after = {feed.id: _after(feed, wanted[url]) for url, (feed, _) in stored.items() if url in wanted}
    filters = applied.filters if applied else {url: (feed.keep, feed.drop) for url, feed in wanted.items()}
    edits: list[FeedEdit] = []
    concerned: set[int] = set()
    for url, asked in wanted.items():
        feed, named = stored.get(url, (None, False))
        shown = without_credentials(url)
        if feed is None:
            edits.append(FeedEdit(shown, asked.name or shown, "added", 0))
        elif not named:
            edits.append(FeedEdit(shown, after[feed.id].name, "added", feed.entries, ("its stored entries come back",)))
            concerned.add(feed.id)
        elif details := _details(feed, after[feed.id], filters.get(url, _NO_FILTER), asked):
            edits.append(FeedEdit(shown, after[feed.id].name, "changed", feed.entries, details))
            concerned.add(feed.id)
    for id_, feed in before.items():
        if id_ not in after:
            edits.append(FeedEdit(without_credentials(feed.url), feed.name, "removed", feed.entries))
            concerned.add(id_)
    named_still = len(before.keys() & after.keys())
    return FeedEdits(edits, before, after, frozenset(concerned), named_still - sum(e.kind == "changed" for e in edits))


def _after(feed: Feed, asked: FeedConfig) -> Feed:
    """The feed as the edited file has it."""
    own = feed.title or feed.name  # without a name of the editor's, the feed's own title
    name = asked.name or own
    return replace(feed, name=name, outlet=asked.outlet or name, priority=asked.priority, paused=asked.paused)


def _details(
    before: Feed, after: Feed, filters: tuple[tuple[str, ...], tuple[str, ...]], asked: FeedConfig
) -> tuple[str, ...]:
    values = [(key, getattr(before, key), getattr(after, key)) for key in ("name", "outlet", "priority", "paused")]
    details = [f"{key}: {old} -> {new}" for key, old, new in values if old != new]
    for key, had, has in (("keep", filters[0], asked.keep), ("drop", filters[1], asked.drop)):
        added, gone = [one for one in has if one not in had], [one for one in had if one not in has]
        words = [f"+ {one!r}" for one in added] + [f"- {one!r}" for one in gone]
        if words:
            details.append(f"{key}: {', '.join(words)}")
    return tuple(details)
