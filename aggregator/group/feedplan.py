"""Which feeds an edited feeds.yaml adds, removes, moves or changes, beside what was applied last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from aggregator.config.applied import Applied
from aggregator.config.models import Config, FeedConfig
from aggregator.model import Feed
from aggregator.text.addresses import without_credentials

_NO_FILTER: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True, slots=True)
class FeedEdit:
    """A feed that was 'added', 'removed', 'moved' or 'changed'; `entries` are stored. `details`: 'priority: 1 -> 2'.

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


def feed_edits(
    known: Iterable[tuple[Feed, bool]], config: Config, applied: Applied | None, moved: Mapping[int, str]
) -> FeedEdits:
    """Compare. `known` are all stored feeds, and whether the file that was applied last named them.

    `moved`: ids of those that stay the feeds that they are under another address of the file, and that address.
    """
    wanted = {str(feed.url): feed for feed in config.feeds}
    stored = {moved.get(feed.id, feed.url): (feed, named) for feed, named in known}
    before = {feed.id: feed for feed, named in stored.values() if named}
    after = {feed.id: _after(feed, wanted[url]) for url, (feed, _) in stored.items() if url in wanted}
    edits: list[FeedEdit] = []
    concerned: set[int] = set()
    for url, asked in wanted.items():
        feed, named = stored.get(url, (None, False))
        shown = without_credentials(url)
        if feed is None:
            edits.append(FeedEdit(shown, asked.name or shown, "added", 0))
            continue
        name = after[feed.id].name
        details = _details(feed, after[feed.id], _filters(applied, feed, asked), asked) if named else ()
        if not named:
            edits.append(FeedEdit(shown, name, "added", feed.entries, ("its stored entries come back",)))
        elif feed.url != url:
            move = f"keeps its entries; its address changes from {without_credentials(feed.url)} to {shown}"
            edits.append(FeedEdit(shown, name, "moved", feed.entries, (move, *details)))
        elif details:
            edits.append(FeedEdit(shown, name, "changed", feed.entries, details))
        if details or not named:
            concerned.add(feed.id)
    for id_, feed in before.items():
        if id_ not in after:
            edits.append(FeedEdit(without_credentials(feed.url), feed.name, "removed", feed.entries))
            concerned.add(id_)
    edited = sum(edit.kind in ("moved", "changed") for edit in edits)
    return FeedEdits(edits, before, after, frozenset(concerned), len(before.keys() & after.keys()) - edited)


def _filters(applied: Applied | None, feed: Feed, asked: FeedConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`keep:` and `drop:` as they were; where nobody knows, nothing is said of them."""
    return applied.filters.get(feed.url, _NO_FILTER) if applied else (asked.keep, asked.drop)


def _after(feed: Feed, asked: FeedConfig) -> Feed:
    """The feed as the edited file has it."""
    own = feed.title or feed.name  # without a name of the editor's, the feed's own title
    name = asked.name or own
    outlet = asked.outlet or name
    return replace(feed, url=str(asked.url), name=name, outlet=outlet, priority=asked.priority, paused=asked.paused)


def _details(
    before: Feed, after: Feed, filters: tuple[tuple[str, ...], tuple[str, ...]], asked: FeedConfig
) -> tuple[str, ...]:
    values = [(key, getattr(before, key), getattr(after, key)) for key in ("name", "outlet", "priority")]
    values.append(("paused", str(before.paused).lower(), str(after.paused).lower()))
    details = [f"{key}: {old} -> {new}" for key, old, new in values if old != new]
    for key, had, has in (("keep", filters[0], asked.keep), ("drop", filters[1], asked.drop)):
        added, gone = [one for one in has if one not in had], [one for one in had if one not in has]
        words = [f"+ {one!r}" for one in added] + [f"- {one!r}" for one in gone]
        if words:
            details.append(f"{key}: {', '.join(words)}")
    return tuple(details)
