"""Atom 1.0 (RFC 4287) and RSS 2.0 (rssboard.org) through feedgen."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from aggregator.model import Enclosure
from aggregator.publish import clean
from aggregator.publish.channels import Channel
from aggregator.publish.extension import Link, extended_feed
from aggregator.publish.items import Item
from aggregator.publish.parts import Parts

_GENERATOR = "aggregator"
_ATOM_ITEM = re.compile(rb"<entry[ >]")
_RSS_ITEM = re.compile(rb"<item>")
_RSS_PLAIN_TEXT = re.compile(rb"<(?:title|source)(?: [^>]*)?>[^<]*&amp;[^<]*")


def write_atom(channel: Channel, items: Sequence[Item]) -> Parts:
    """An Atom feed document."""
    feed = _feed(channel)
    feed.id(channel.atom_url)
    if channel.description:
        feed.subtitle(channel.description)
    feed.link({"href": channel.page_url, "rel": "alternate", "type": "text/html"})
    feed.link({"href": channel.atom_url, "rel": "self", "type": "application/atom+xml"})
    if channel.hub:
        feed.link({"href": channel.hub, "rel": "hub"})
    feed.author(_without_none(name=channel.author, email=channel.author_email, uri=channel.author_url))
    for item in items:
        _add_atom_entry(feed, item)
    return _parts(feed.atom_str(), _ATOM_ITEM, b"</feed>")


def write_rss(channel: Channel, items: Sequence[Item]) -> Parts:
    """An RSS document."""
    feed = _feed(channel)
    feed.link({"href": channel.rss_url, "rel": "self", "type": "application/rss+xml"})
    feed.link({"href": channel.page_url, "rel": "alternate"})  # the last one becomes <link>
    feed.more.links = (Link(channel.hub, "hub"),) if channel.hub else ()
    feed.description(channel.description or channel.title)  # required
    feed.ttl(channel.ttl)
    if channel.author_email:
        feed.managingEditor(f"{channel.author_email} ({channel.author})")
    for item in items:
        _add_rss_item(feed, item)
    parts = _parts(feed.rss_str(), _RSS_ITEM, b"</channel></rss>")
    return Parts(parts.head, tuple(_with_hexadecimal_references(item) for item in parts.items), parts.tail)


def _feed(channel: Channel) -> Any:
    feed = extended_feed()
    feed.title(channel.title)
    feed.updated(channel.updated)
    feed.generator(_GENERATOR)
    if channel.language:
        feed.language(channel.language)
    feed.more.stylesheet = channel.stylesheet_url
    return feed


def _add_atom_entry(feed: Any, item: Item) -> None:
    entry = feed.add_entry(order="append")
    entry.id(item.id)
    entry.title(item.title)
    entry.updated(item.updated)
    if item.published:
        entry.published(item.published.replace(microsecond=0))
    entry.author([_without_none(name=one.name, email=one.email, uri=one.uri) for one in item.authors])
    entry.category([{"term": topic, "scheme": item.category_scheme} for topic in item.categories])
    if item.summary:
        entry.summary(item.summary, type="html")
    if item.content or not item.url:  # RFC 4287 section 4.1.2: one of content and alternate link
        entry.content(item.content or item.summary, type="html")
    if item.url:
        entry.link(href=item.url)
    entry.more.html_title = html.escape(item.title, quote=False) if clean.looks_like_markup(item.title) else None
    entry.more.links = _links(item)
    entry.more.source = item.source
    entry.more.language = item.language
    entry.more.thumbnail = item.image_url


def _links(item: Item) -> tuple[Link, ...]:
    links = [Link(item.url)] if item.url else []
    links += [Link(url, "related", title=title) for url, title in item.related]
    links += [Link(one.url, "enclosure", one.type, length=one.length) for one in item.enclosures]
    if item.comments_url:
        links.append(Link(item.comments_url, "replies", "text/html"))
    return tuple(links)


def _add_rss_item(feed: Any, item: Item) -> None:
    entry = feed.add_entry(order="append")
    entry.guid(item.id, permalink=False)
    entry.title(_rss_text(item.title))
    if item.url:
        entry.link(href=item.url)
    if item.summary:
        entry.description(item.summary)
    if item.content:
        entry.content(item.content)
    entry.category([{"term": topic, "scheme": item.category_scheme} for topic in item.categories])
    if item.enclosures:
        entry.enclosure(**_rss_enclosure(item.enclosures[0]))
    if item.comments_url:
        entry.comments(item.comments_url)
    if item.source:
        entry.source(url=item.source.url, title=item.source.title)
    entry.more.dated = item.dated
    entry.more.authors = tuple(one.name for one in item.authors)
    entry.more.language = item.language
    entry.more.thumbnail = item.image_url


def _rss_enclosure(enclosure: Enclosure) -> dict[str, str | int]:
    """RSS knows one enclosure an item; its length is required, 0 where it is unknown."""
    return {"url": enclosure.url, "type": enclosure.type or "", "length": enclosure.length or 0}


def _rss_text(plain: str) -> str:
    """RSS leaves open whether a title is text or HTML, and readers differ: markup is escaped so that none acts."""
    return html.escape(plain, quote=False) if clean.looks_like_markup(plain) else plain


def _with_hexadecimal_references(item: bytes) -> bytes:
    """`&#x26;` for `&amp;` in plain text, as the RSS Best Practices Profile asks (section on character data)."""
    return _RSS_PLAIN_TEXT.sub(lambda match: match.group().replace(b"&amp;", b"&#x26;"), item)


def _parts(document: bytes, start: re.Pattern[bytes], tail: bytes) -> Parts:
    """Cut between items. No text can hold the marks: feedgen escapes every `<` and writes no CDATA here."""
    cuts = [match.start() for match in start.finditer(document)] + [len(document) - len(tail)]
    return Parts(document[: cuts[0]], tuple(document[a:b] for a, b in pairwise(cuts)), tail)


def _without_none(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
