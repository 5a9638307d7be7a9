"""What is published, as values: the one model from which feeds, OPML and pages are rendered.

Nothing in it depends on the clock or on polls that brought nothing new, so that equal data gives equal bytes.
Paths are relative to the output folder and to `site.url`, without a slash in front; a page's path ends with a
slash (its file is `index.html` in that folder). `SiteView.href` makes an absolute, percent-encoded URL of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

from aggregator.config.models import SiteConfig
from aggregator.model import Edition, Entry, FeedState, Story
from aggregator.publish.clean import FIRST_PLAUSIBLE


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPaths:
    """The three forms of one published feed."""

    title: str
    atom: str  # 'feed.atom', 'topics/<slug>/feed.atom'
    rss: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A feed that is polled, as readers see it; the live health page shows more."""

    id: int
    url: str
    name: str
    outlet: str
    title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    image_url: str | None = None
    state: FeedState
    state_reason: str  # a sentence
    state_since: datetime | None = None
    last_new_entry_at: datetime | None = None
    entries: int = 0  # stored


@dataclass(frozen=True, slots=True)
class TopicRef:
    """A topic where another thing mentions it."""

    name: str
    slug: str
    path: str  # 'topics/<slug>/'


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """An entry with the feed it came from."""

    entry: Entry
    source: SourceView
    topics: tuple[TopicRef, ...] = ()  # in the order of feeds.yaml
    story_path: str | None = None  # of the story that it belongs to, if that is published

    @property
    def updated(self) -> datetime:
        """When the text last changed (RFC 4287 section 4.2.15): as claimed, but never after we saw it."""
        entry = self.entry
        claims = [claim for claim in (entry.published, entry.updated) if claim and claim >= FIRST_PLAUSIBLE]
        return min(max(claims), entry.first_seen) if claims and not entry.edited_at else entry.changed_at

    @cached_property
    def fingerprint(self) -> Hashable:
        """Differs, within one process, whenever the entry would look different in a feed or on a page as shipped.

        What polls change of its source (number of entries, state) is left out: it is shown on the sources page only.
        """
        feed = self.source
        shown = (feed.name, feed.outlet, feed.url, feed.site_url, feed.language)
        # The hash covers every field; with the id beside it a collision is out of the question.
        return (self.entry.id, hash(self.entry), shown, self.topics, self.story_path)


@dataclass(frozen=True, kw_only=True)
class StoryView:
    """A story with its versions."""

    story: Story  # title, outlets, origins, first_seen, last_seen, updated, image_url, language, closed
    path: str  # 'stories/<key>/'
    lead: EntryView
    entries: tuple[EntryView, ...]  # every version, the lead among them, in order of sort_at, id
    topics: tuple[TopicRef, ...] = ()  # best first

    @cached_property
    def fingerprint(self) -> Hashable:
        """As of an entry."""
        versions = tuple(hash(entry.fingerprint) for entry in self.entries)
        return (self.story.id, hash(self.story), self.path, self.lead.entry.id, versions, self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """A topic with what was published under it."""

    name: str
    slug: str
    path: str  # 'topics/<slug>/'
    feed: FeedPaths
    stories: tuple[StoryView, ...]  # by their newest entry, newest first
    entries: tuple[EntryView, ...]  # newest first (sort_at, id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """A frozen edition of a digest. `edition` is without its HTML, which is read when it is rendered."""

    edition: Edition
    html: Callable[[], str]
    slug: str
    path: str  # 'editions/<slug>/<local date>/'


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveView:
    """The editions of one digest."""

    digest: str
    path: str  # 'editions/<slug>/'
    feed: FeedPaths
    editions: tuple[EditionView, ...]  # newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """Everything that is published."""

    site: SiteConfig  # title, description, url, language, timezone, contact
    feed: FeedPaths  # all entries
    stories_feed: FeedPaths
    opml: str  # 'sources.opml'
    hub: str | None
    updated: datetime | None  # of the newest thing in it; None while there is nothing
    topics: tuple[TopicView, ...]  # in the order of feeds.yaml
    stories: tuple[StoryView, ...]  # by their newest entry, newest first
    entries: tuple[EntryView, ...]  # newest first
    sources: tuple[SourceView, ...]  # in the order of feeds.yaml
    editions: tuple[EditionView, ...]  # newest first
    moved: Mapping[str, StoryView] = field(default_factory=dict)  # paths of merged stories -> the one they went into
    archives: tuple[ArchiveView, ...] = ()  # of the digests in the order of feeds.yaml, then of those that were there
    digests: tuple[str, ...] = ()  # to which the pages offer subscriptions

    def href(self, path: str = "") -> str:
        """The absolute URL of a path, plain ASCII (RFC 3986): 'topics/ppo/' -> 'https://news.example.org/topics/ppo/'."""
        return absolute(self.site.url, path)


def absolute(site_url: str, path: str) -> str:
    """`path` under `site_url`, percent-encoded."""
    return f"{site_url.rstrip('/')}/{quote(path, safe='/')}"
