"""Builders of views for tests of publishing; everything has a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.config.models import SiteConfig
from aggregator.model import Enclosure, Entry, FeedState, Person, Story
from aggregator.publish.channels import published_feeds
from aggregator.publish.feeds import render
from aggregator.publish.fragments import Fragments
from aggregator.publish.view import EntryView, FeedPaths, SiteView, SourceView, StoryView, TopicRef, TopicView

NOW = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
SITE = SiteConfig(title="Ukraine Watch", url="https://news.example.org", contact="editor@example.org")
SOURCE = SourceView(
    id=1,
    url="https://outlet.example/feed.xml",
    name="Outlet & Sons",
    outlet="Outlet",
    site_url="https://outlet.example/",
    language="en",
    state=FeedState.OK,
    state_reason="answers",
)
AIR = TopicRef("Air defense", "air-defense", "topics/air-defense/")
AID = TopicRef("Aid pledges", "aid-pledges", "topics/aid-pledges/")


def entry(number: int = 1, **fields: Any) -> Entry:
    """An entry that has everything."""
    given: dict[str, Any] = {
        "id": number,
        "feed_id": SOURCE.id,
        "feed_url": SOURCE.url,
        "guid": f"guid {number}",
        "title": f"Patriots for Kyiv {number}",
        "url": f"https://outlet.example/{number}?a=1&b=2",
        "summary": "<p>Short</p>",
        "content": '<p>Long, with a <a href="https://else.example/">link</a>.</p>',
        "text": "Long, with a link.",
        "authors": (Person("Ann Author", "ann@outlet.example", "https://outlet.example/ann"),),
        "categories": ("War",),
        "enclosures": (Enclosure("https://outlet.example/talk.mp3", "audio/mpeg", 4711),),
        "image_url": "https://outlet.example/picture.jpg",
        "comments_url": "https://outlet.example/1/comments",
        "language": "en-GB",
        "published": NOW - timedelta(hours=2, minutes=number),
        "first_seen": NOW - timedelta(hours=1),
        "sort_at": NOW - timedelta(hours=2, minutes=number),
    }
    return Entry(**(given | fields))


def entry_view(
    number: int = 1, source: SourceView = SOURCE, topics: Sequence[TopicRef] = (AIR,), **fields: Any
) -> EntryView:
    """The view of such an entry."""
    return EntryView(entry=entry(number, **fields), source=source, topics=tuple(topics))


def story_view(entries: Sequence[EntryView], number: int = 1, **fields: Any) -> StoryView:
    """A story of these entries, led by the first."""
    given: dict[str, Any] = {
        "id": number,
        "key": f"{number:016x}",
        "title": entries[0].entry.title,
        "lead_id": entries[0].entry.id,
        "entry_ids": tuple(one.entry.id for one in entries),
        "outlets": tuple(dict.fromkeys(one.source.outlet for one in entries)),
        "origins": len(entries),
        "topics": (AIR.name,),
        "first_seen": NOW - timedelta(hours=2),
        "last_seen": NOW - timedelta(hours=1),
        "updated": NOW - timedelta(hours=1),
    }
    story = Story(**(given | fields))
    return StoryView(story=story, path=f"stories/{story.key}/", lead=entries[0], entries=tuple(entries), topics=(AIR,))


def paths(folder: str = "", title: str = "Ukraine Watch") -> FeedPaths:
    return FeedPaths(title=title, atom=f"{folder}feed.atom", rss=f"{folder}feed.rss", json=f"{folder}feed.json")


def site_view(
    entries: Sequence[EntryView] = (),
    stories: Sequence[StoryView] = (),
    site: SiteConfig = SITE,
    hub: str | None = None,
) -> SiteView:
    """A site with one topic that holds everything."""
    topic = TopicView(
        name=AIR.name,
        slug=AIR.slug,
        path=AIR.path,
        feed=paths(AIR.path, f"{site.title}: {AIR.name}"),
        stories=tuple(stories),
        entries=tuple(entries),
    )
    return SiteView(
        site=site,
        feed=paths(title=site.title),
        stories_feed=replace(paths(), atom="stories.atom", rss="stories.rss", json="stories.json"),
        opml="sources.opml",
        hub=hub,
        updated=max((one.updated for one in entries), default=None),
        topics=(topic,),
        stories=tuple(stories),
        entries=tuple(entries),
        sources=(SOURCE,),
        editions=(),
    )


def rendered(view: SiteView, fragments: Fragments | None = None) -> dict[str, bytes]:
    """Every feed of a site by path."""
    kept = fragments or Fragments()
    return {path: body for feed in published_feeds(view, ttl=10) for path, body in render(feed, kept)}
