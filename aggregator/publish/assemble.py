"""What was read from the store as the view that is published. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aggregator.config.models import Config
from aggregator.model import Edition, Entry, Feed, Story
from aggregator.publish.view import (
    ArchiveView,
    EditionView,
    EntryView,
    FeedPaths,
    SiteView,
    SourceView,
    StoryView,
    TopicRef,
    TopicView,
)
from aggregator.text.slug import unique_slugs


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a publish reads: entries newest first, stories by their newest entry, newest first."""

    feeds: Sequence[Feed]
    entries: Sequence[Entry]
    topic_entries: Mapping[str, Sequence[Entry]]
    stories: Sequence[Story]
    story_entries: Mapping[int, Sequence[Entry]]  # by story id, oldest first
    merged: Mapping[str, int]  # keys of stories that went into these -> story id
    editions: Sequence[Edition]  # newest first, without their HTML
    edition_html: Callable[[int], str]  # by id


def assemble(config: Config, stored: Stored) -> SiteView:
    """The site as it is published."""
    made = _Assembly(config, stored)
    site = config.site
    entries = made.entries(stored.entries)
    stories = tuple(made.stories.values())
    archives = _archives(config, stored)
    places = {one.edition.id: one for archive in archives for one in archive.editions}
    changes = [entry.updated for entry in entries] + [story.story.updated for story in stories]
    return SiteView(
        site=site,
        feed=_paths(site.title, ""),
        stories_feed=FeedPaths(
            title=f"{site.title}: stories", atom="stories.atom", rss="stories.rss", json="stories.json"
        ),
        opml="sources.opml",
        hub=config.publish.hub,
        updated=max(changes, default=None),
        topics=tuple(made.topic(name) for name in config.topics),
        stories=stories,
        moved={f"stories/{key}/": made.stories[id_] for key, id_ in stored.merged.items() if id_ in made.stories},
        entries=entries,
        sources=tuple(made.sources.values()),
        editions=tuple(places[one.id] for one in stored.editions),
        archives=archives,
        digests=tuple(config.digests) if config.takes_subscribers else (),
    )


class _Assembly:
    """The parts of a view, each made once."""

    def __init__(self, config: Config, stored: Stored) -> None:
        order: dict[str, int] = {feed.url: place for place, feed in enumerate(config.feeds)}
        feeds = sorted(stored.feeds, key=lambda feed: (order.get(feed.url, len(order)), feed.id))
        slugs = unique_slugs(config.topics)
        self._config = config
        self._stored = stored
        self.sources = {feed.id: source_view(feed) for feed in feeds}
        self._topics = {name: TopicRef(name, slug, f"topics/{slug}/") for name, slug in slugs.items()}
        self._story_paths = {
            story.id: f"stories/{story.key}/" for story in stored.stories if stored.story_entries.get(story.id)
        }
        self._views: dict[int, EntryView] = {}
        self.stories = {story.id: self._story(story) for story in stored.stories if story.id in self._story_paths}

    def entries(self, entries: Sequence[Entry]) -> tuple[EntryView, ...]:
        """Views of those entries whose feed is known."""
        return tuple(self._entry(entry) for entry in entries if entry.feed_id in self.sources)

    def topic(self, name: str) -> TopicView:
        """A topic with its entries and stories."""
        topic = self._topics[name]
        return TopicView(
            name=name,
            slug=topic.slug,
            path=topic.path,
            feed=_paths(f"{self._config.site.title}: {name}", topic.path),
            stories=tuple(story for story in self.stories.values() if topic in story.topics),
            entries=self.entries(self._stored.topic_entries.get(name, ())),
        )

    def _entry(self, entry: Entry) -> EntryView:
        if entry.id not in self._views:
            taken = {match.topic for match in entry.topics}
            self._views[entry.id] = EntryView(
                entry=entry,
                source=self.sources[entry.feed_id],
                topics=tuple(topic for name, topic in self._topics.items() if name in taken),
                story_path=self._story_paths.get(entry.story_id or 0),
            )
        return self._views[entry.id]

    def _story(self, story: Story) -> StoryView:
        entries = self.entries(self._stored.story_entries[story.id])
        lead = next((entry for entry in entries if entry.entry.id == story.lead_id), entries[0])
        return StoryView(
            story=story,
            path=self._story_paths[story.id],
            lead=lead,
            entries=entries,
            topics=tuple(self._topics[name] for name in story.topics if name in self._topics),
        )


def _paths(title: str, folder: str) -> FeedPaths:
    return FeedPaths(title=title, atom=f"{folder}feed.atom", rss=f"{folder}feed.rss", json=f"{folder}feed.json")


def source_view(feed: Feed) -> SourceView:
    """A feed as readers see it."""
    return SourceView(
        id=feed.id,
        url=feed.url,
        name=feed.name,
        outlet=feed.outlet,
        title=feed.title,
        site_url=feed.site_url,
        description=feed.description,
        language=feed.language,
        image_url=feed.image_url,
        state=feed.state,
        state_reason=feed.state_reason,
        state_since=feed.state_since,
        last_new_entry_at=feed.last_new_entry_at,
        entries=feed.entries,
    )


def _archives(config: Config, stored: Stored) -> tuple[ArchiveView, ...]:
    left = {edition.digest for edition in stored.editions} - set(config.digests)
    slugs = unique_slugs([*config.digests, *sorted(left)])
    return tuple(
        ArchiveView(
            digest=digest,
            path=f"editions/{slug}/",
            feed=_paths(f"{config.site.title}: {digest}", f"editions/{slug}/"),
            editions=tuple(
                EditionView(
                    edition=one,
                    html=partial(stored.edition_html, one.id),
                    slug=slug,
                    path=f"editions/{slug}/{one.local_date}/",
                )
                for one in stored.editions
                if one.digest == digest
            ),
        )
        for digest, slug in slugs.items()
    )
