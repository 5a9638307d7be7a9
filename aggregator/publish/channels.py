"""Which feeds there are, and what stands at the head of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.publish import clean
from aggregator.publish.editions import edition_piece
from aggregator.publish.items import Piece, entry_piece, story_piece
from aggregator.publish.view import EntryView, FeedPaths, SiteView

EDITIONS_IN_FEED = 20  # whole mails: more would make the feed heavy

_NOTHING_YET = datetime(1990, 1, 1, tzinfo=UTC)  # `updated` of a feed that never had an entry: the clock is no source


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The head of one published feed; addresses are absolute."""

    title: str
    description: str  # may be empty
    page_url: str
    atom_url: str
    rss_url: str
    json_url: str
    stylesheet_url: str
    hub: str | None
    language: str | None
    author: str
    author_email: str | None
    author_url: str | None
    updated: datetime
    ttl: int  # minutes in which asking again is no use


@dataclass(frozen=True, slots=True)
class Published:
    """One feed to be written: where, its head, what is in it."""

    paths: FeedPaths
    channel: Channel
    pieces: tuple[Piece, ...]


STYLESHEET = "feed.css"


def published_feeds(view: SiteView, ttl: int) -> Iterator[Published]:
    """The combined feed, the feed of stories, one for each topic, and one of each digest's editions."""
    yield _of_entries(view, view.feed, "", view.entries, ttl)
    stories = tuple(story_piece(story, view.site.url) for story in view.stories)
    newest = max((story.story.updated for story in view.stories), default=_NOTHING_YET)
    yield Published(view.stories_feed, _channel(view, view.stories_feed, "", newest, ttl), stories)
    for topic in view.topics:
        yield _of_entries(view, topic.feed, topic.path, topic.entries, ttl)
    for archive in view.archives:
        editions = archive.editions[:EDITIONS_IN_FEED]
        newest = max((one.edition.created for one in editions), default=_NOTHING_YET)
        pieces = tuple(edition_piece(one, view.site) for one in editions)
        yield Published(archive.feed, _channel(view, archive.feed, archive.path, newest, ttl), pieces)


def _of_entries(view: SiteView, paths: FeedPaths, page: str, entries: tuple[EntryView, ...], ttl: int) -> Published:
    newest = max((entry.updated for entry in entries), default=_NOTHING_YET)
    pieces = tuple(entry_piece(entry, view.site.url) for entry in entries)
    return Published(paths, _channel(view, paths, page, newest, ttl), pieces)


def _channel(view: SiteView, paths: FeedPaths, page: str, updated: datetime, ttl: int) -> Channel:
    site = view.site
    title = clean.line(paths.title) or "News"
    return Channel(
        title=title,
        description=clean.line(site.description),
        page_url=view.href(page),
        atom_url=view.href(paths.atom),
        rss_url=view.href(paths.rss),
        json_url=view.href(paths.json),
        stylesheet_url=view.href(STYLESHEET),
        hub=clean.web_url(view.hub),
        language=clean.language(site.language),
        author=clean.line(site.title) or title,
        author_email=clean.email(site.contact),
        author_url=clean.web_url(site.contact),
        updated=updated.replace(microsecond=0),
        ttl=ttl,
    )
