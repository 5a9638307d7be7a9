"""What feedgen 1.0.0 can't write, as its registered extension `more`.

feedgen builds Atom elements without a namespace (`xmlns` is a plain attribute of its root), so these do too.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.publish.items import Source

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Link:
    """atom:link, RFC 4287 section 4.2.7. `length` in bytes."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    title: str | None = None
    length: int | None = None

    def attributes(self) -> dict[str, str]:
        """As XML attributes, in this order."""
        given: Mapping[str, object] = {
            "rel": self.rel,
            "type": self.type,
            "href": self.href,
            "title": self.title,
            "length": self.length,
        }
        return {name: str(value) for name, value in given.items() if value is not None}


class MoreForFeeds(BaseExtension):  # type: ignore[misc]
    """Of a feed: links other than self in RSS, and an xml-stylesheet line for browsers."""

    def __init__(self) -> None:
        self.links: tuple[Link, ...] = ()
        self.stylesheet: str | None = None

    def extend_ns(self) -> dict[str, str]:
        return {"media": MEDIA, "dc": DC}

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        for link in self.links:
            etree.SubElement(feed[0], f"{{{ATOM}}}link", link.attributes())
        self._add_stylesheet(feed)
        return feed

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        self._add_stylesheet(feed)
        return feed

    def _add_stylesheet(self, feed: etree._Element) -> None:
        if self.stylesheet:
            line = f'type="text/css" href="{html.escape(self.stylesheet)}"'
            feed.addprevious(etree.ProcessingInstruction("xml-stylesheet", line))


class MoreForEntries(BaseEntryExtension):  # type: ignore[misc]
    """Of an entry: links with all attributes, the full atom:source, xml:lang, titles that look like HTML, RSS dates."""

    def __init__(self) -> None:
        self.links: tuple[Link, ...] = ()
        self.source: Source | None = None
        self.language: str | None = None
        self.dated: datetime | None = None
        self.html_title: str | None = None
        self.authors: tuple[str, ...] = ()
        self.thumbnail: str | None = None

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        if self.language:
            entry.set(_LANG, self.language)
        title = entry.find("title")
        if title is not None and self.html_title:
            title.set("type", "html")
            title.text = self.html_title
        for bare in entry.findall("link"):  # feedgen drops every attribute but href
            entry.remove(bare)
        for link in self.links:
            etree.SubElement(entry, "link", link.attributes())
        if self.source:
            _append_source(entry, self.source)
        self._add_thumbnail(entry)
        return entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        if self.dated:  # feedgen's own date changes the process's locale for each item
            _append(item, "pubDate", format_datetime(self.dated))
        for name in self.authors:  # <author> must be a mail address
            _append(item, f"{{{DC}}}creator", name)
        if self.language:
            _append(item, f"{{{DC}}}language", self.language)
        self._add_thumbnail(item)
        return item

    def _add_thumbnail(self, element: etree._Element) -> None:
        if self.thumbnail:
            etree.SubElement(element, f"{{{MEDIA}}}thumbnail", {"url": self.thumbnail})


def extended_feed() -> Any:
    """A feedgen FeedGenerator whose `more`, and that of its entries, are the extensions above."""
    feed = FeedGenerator()
    feed.register_extension("more", MoreForFeeds, MoreForEntries)
    return feed


def _append_source(entry: etree._Element, source: Source) -> None:
    element = etree.SubElement(entry, "source")
    _append(element, "id", source.id)
    _append(element, "title", source.title)
    _append(element, "updated", source.updated.isoformat())
    etree.SubElement(element, "link", Link(source.url, rel="self").attributes())
    if source.site_url:
        etree.SubElement(element, "link", Link(source.site_url, type="text/html").attributes())


def _append(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text
