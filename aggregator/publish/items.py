"""An entry or a story as one item of a feed: every value clean, ready for any of the three formats."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.model import Enclosure, Person, SourceRef
from aggregator.publish import clean
from aggregator.publish.view import EntryView, SourceView, StoryView, absolute
from aggregator.templating import domain
from aggregator.text.html import sanitise, to_text
from aggregator.text.summary import summarise


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The feed that an item was copied from (atom:source, RFC 4287 section 4.2.11)."""

    id: str  # a canonical URI
    title: str
    url: str  # the feed's address
    site_url: str | None
    updated: datetime  # of the feed, as of the copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What the writers write. Texts are clean, addresses absolute, HTML sanitised."""

    id: str
    title: str  # plain text, never empty
    url: str | None
    summary: str  # HTML
    content: str  # HTML; summary and content are not both empty
    authors: tuple[Person, ...]
    categories: tuple[str, ...]  # topics
    category_scheme: str
    enclosures: tuple[Enclosure, ...]
    related: tuple[tuple[str, str], ...]  # (URL, title)
    source: Source | None
    published: datetime | None
    dated: datetime  # published, else first seen: for formats with one date
    updated: datetime
    language: str | None
    image_url: str | None
    comments_url: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that becomes an item: `key` differs whenever the item would."""

    key: Hashable
    build: Callable[[], Item]


def entry_piece(view: EntryView, site_url: str) -> Piece:
    """An entry as a piece of a feed."""
    return Piece(("entry", view.fingerprint, site_url), lambda: entry_item(view, site_url))


def story_piece(view: StoryView, site_url: str) -> Piece:
    """A story as a piece of a feed."""
    return Piece(("story", view.fingerprint, site_url), lambda: story_item(view, site_url))


def entry_item(view: EntryView, site_url: str) -> Item:
    """An entry with its source. Where the feed says that it took the entry from elsewhere, that source is kept."""
    entry = view.entry
    base = clean.web_url(entry.url) or clean.feed_url(view.source.url) or f"{site_url}/"
    summary, content = final(entry.summary, base), final(entry.content, base)
    title = _title(view)
    published = clean.moment(entry.published)
    return Item(
        id=entry.atom_id,
        title=title,
        url=clean.web_url(entry.url),
        summary=summary if summary or content else html.escape(title, quote=False),
        content=content,
        authors=_people(entry.authors) or (Person(_outlet(view)),),
        categories=tuple(topic.name for topic in view.topics),
        category_scheme=absolute(site_url, "topics/"),
        enclosures=_enclosures(entry.enclosures),
        related=(),
        source=_source(view.source, entry.source, entry.changed_at),
        published=_second(min(published, entry.first_seen)) if published else None,
        dated=_second(clean.moment(entry.sort_at) or entry.first_seen),
        updated=distinct(view.updated, entry.id),
        language=clean.language(entry.language),
        image_url=clean.web_url(entry.image_url),
        comments_url=clean.web_url(entry.comments_url),
    )


def story_item(view: StoryView, site_url: str) -> Item:
    """A story: the lead's summary, then every version with its outlet and link."""
    story = view.story
    lead = entry_item(view.lead, site_url)
    summary = summarise(to_text(lead.summary or lead.content))
    outlets = " · ".join(html.escape(clean.line(outlet)) for outlet in story.outlets)
    head = f"<p>{html.escape(summary)}</p><p>{outlets}</p>"
    versions = tuple((_outlet(one), _title(one), clean.web_url(one.entry.url)) for one in view.entries)
    listed = "".join(f"<li>{_version(*version)}</li>" for version in versions)
    page = absolute(site_url, view.path)
    began = _second(clean.moment(story.first_seen) or story.updated)
    return replace(
        lead,
        id=story.atom_id,
        title=clean.line(story.title) or lead.title,
        url=page,
        summary=final(head, page),
        content=final(f"{head}<ul>{listed}</ul>", page),
        authors=_people(tuple(Person(outlet) for outlet in story.outlets)) or lead.authors,
        categories=tuple(topic.name for topic in view.topics),
        enclosures=(),
        related=tuple((url, clean.plain(f"{outlet}: {title}")) for outlet, title, url in versions if url),
        source=None,
        published=began,
        dated=began,
        updated=distinct(story.updated, story.id),
        language=clean.language(story.language),
        image_url=clean.web_url(story.image_url),
        comments_url=None,
    )


def final(fragment: str, base: str) -> str:
    """Stored HTML was sanitised when it came in; once more at the end, so that nothing rests on who wrote the row."""
    return clean.text(sanitise(clean.text(fragment), base)).strip() if fragment else ""


def _title(view: EntryView) -> str:
    """The title, else the beginning of the text, else the address: a feed's item can't go without."""
    entry = view.entry
    return clean.line(entry.title) or clean.line(entry.text)[:80] or clean.web_url(entry.url) or entry.atom_id


def _version(outlet: str, title: str, url: str | None) -> str:
    shown = html.escape(title)
    return f"{html.escape(outlet)}: " + (f'<a href="{html.escape(url)}">{shown}</a>' if url else shown)


def _outlet(view: EntryView) -> str:
    return clean.plain(view.source.outlet) or _source_name(view.source)


def _source_name(source: SourceView) -> str:
    return clean.plain(source.name) or domain(source.url) or "unknown"


def _people(authors: tuple[Person, ...]) -> tuple[Person, ...]:
    cleaned: dict[str, Person] = {}
    for one in authors:
        if name := clean.plain(one.name):
            cleaned.setdefault(name, Person(name, clean.email(one.email), clean.web_url(one.uri)))
    return tuple(cleaned.values())


def _enclosures(enclosures: tuple[Enclosure, ...]) -> tuple[Enclosure, ...]:
    cleaned: dict[str, Enclosure] = {}
    for one in enclosures:
        if (url := clean.web_url(one.url)) and clean.public_host(url):
            length = one.length if one.length is not None and one.length >= 0 else None
            cleaned.setdefault(url, Enclosure(url, clean.media_type(one.type, url), length))
    return tuple(cleaned.values())


def _source(feed: SourceView, claimed: SourceRef | None, copied: datetime) -> Source | None:
    """None for a feed without a public address (file:, a secret in it) that claims no other source."""
    claimed_url = clean.web_url(claimed.url) if claimed else None
    address = claimed_url or clean.feed_url(feed.url)
    identifier = clean.canonical_url(address) if address else None
    if address is None or identifier is None:
        return None
    title = clean.plain(claimed.title or "") if claimed and claimed_url else ""
    return Source(
        id=identifier,
        title=title or _source_name(feed),
        url=address,
        site_url=None if claimed_url else clean.web_url(feed.site_url),
        updated=_second(copied),
    )


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def distinct(moment: datetime, number: int) -> datetime:
    """The second, and a fraction made of the id: entries seen by one poll keep an order for readers that sort by date.

    (The W3C validator warns where two entries have one `updated`.)
    """
    return moment.replace(microsecond=number % 1_000_000)
