"""feedparser, the parser of record, with what it lacks for a reader.

Its HTML sanitising and its resolving of links inside HTML are off: half of its time, and quadratic on hostile input.
Where it differs from `feedparser.parse` on purpose is written at each method of `apart.Apart` and in docs/parsing.md.
"""

from __future__ import annotations

import io
import re
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import feedparser.api
from feedparser.sanitizer import replace_doctype

from aggregator.poll.parse.apart import Loose, Strict
from aggregator.poll.parse.raw import RawEntry, RawFeed, RawFile, RawPerson, RawText
from aggregator.poll.parse.result import NotAFeed

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_CDATA = re.compile(r"<([\w:.-]++)[^<>]*+>\s*+<!\[CDATA\[|\]\]>|\]\](?=</([\w:.-]++)\s*+>)")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml"})


def read(data: bytes, base_url: str) -> RawFeed:
    """A whole XML document in UTF-8. Ill-formed ones go through feedparser's lenient parser.

    Raises NotAFeed where feedparser fails.
    """
    version, data, entities = replace_doctype(_DECLARATION + data)
    try:
        strict = _strict(data, base_url)
        parser = strict or _loose(data, base_url, entities)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # a bug of feedparser's that this body has found
        raise NotAFeed(f"feedparser can't read it: {type(error).__name__}: {error}.") from error
    feed = _feed(parser.feeddata, parser.entries, version or parser.version)
    feed.well_formed = strict is not None
    return feed


def _strict(data: bytes, base_url: str) -> Any | None:
    """feedparser's handlers behind expat, as `feedparser.parse` sets them up; None when the document is ill-formed."""
    parser = Strict(base_url, None, "utf-8")
    parser.resolve_relative_uris = parser.sanitize_html = False
    sax = xml.sax.make_parser()  # noqa: S317 - no external entities, no nested ones, and in a bounded process
    sax.setFeature(xml.sax.handler.feature_namespaces, 1)
    sax.setFeature(xml.sax.handler.feature_external_ges, 0)
    sax.setContentHandler(parser)
    sax.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    try:
        sax.parse(source)
    except xml.sax.SAXException:
        return None
    return parser


def _loose(data: bytes, base_url: str, entities: dict[str, str]) -> Any:
    parser = Loose(base_url, None, "utf-8", entities)
    parser.resolve_relative_uris = parser.sanitize_html = False
    parser.feed(_with_cdata_closed(data.decode("utf-8", "replace")))
    return parser


def _with_cdata_closed(text: str) -> str:
    """A CDATA section that lacks the > of its end, as in `]]</description>`, would reach to the next one's end."""
    pieces: list[str] = []
    done, element = 0, None  # the element that is all CDATA and open
    for found in _CDATA.finditer(text):
        if element is None:
            element = found[1]
        elif found[0] == "]]>":
            element = None
        elif found[2] == element:
            pieces += (text[done : found.end()], ">")
            done, element = found.end(), None
    return "".join([*pieces, text[done:]])


def _feed(feed: Mapping[str, Any], entries: list[Mapping[str, Any]], version: str) -> RawFeed:
    links = feed.get("links") or []
    image = feed.get("image")
    return RawFeed(
        format=feedparser.api.SUPPORTED_VERSIONS.get(version, "") if version else "",
        version=version,
        entries=[_entry(entry) for entry in entries],
        title=_text(feed, "title"),
        description=_text(feed, "subtitle"),
        link=_string(feed, "link"),
        language=_string(feed, "language"),
        image=(_string(image, "href") if isinstance(image, Mapping) else None)
        or _string(feed, "logo")
        or _string(feed, "icon"),
        generator=_string(feed, "generator"),
        self_url=next((link.get("href") for link in links if link.get("rel") == "self"), None),
        hubs=[link["href"] for link in links if link.get("rel") == "hub" and link.get("href")],
        ttl=_string(feed, "ttl"),
        update_period=_string(feed, "sy_updateperiod"),
        update_frequency=_string(feed, "sy_updatefrequency"),
        skip_hours=_texts(feed.get("hours")),
        skip_days=_texts(feed.get("days")),
    )


def _entry(entry: Mapping[str, Any]) -> RawEntry:
    links = entry.get("links") or []
    image = entry.get("image")
    source = entry.get("source")
    source = source if isinstance(source, Mapping) else {}
    title = entry.get("title_detail") or {}
    return RawEntry(
        id=_string(entry, "id"),
        link=_string(entry, "link"),
        links=[link["href"] for link in links if link.get("rel") == "alternate" and link.get("href")],
        title=_text(entry, "title"),
        summary=_text(entry, "summary") if "summary_detail" in entry else None,  # else a copy of the content
        contents=[_construct(content) for content in entry.get("content") or () if content.get("value")],
        caption=_text(entry, "media_description"),
        authors=[RawPerson(a.get("name"), a.get("email"), a.get("href")) for a in entry.get("authors") or () if a],
        categories=[t["term"] for t in entry.get("tags") or () if t.get("term") and not _is_kind(t)],
        enclosures=[_file(link) for link in links if link.get("rel") == "enclosure" and link.get("href")],
        media=[_file(media) for media in entry.get("media_content") or () if media.get("url")],
        thumbnails=[_file(media) for media in entry.get("media_thumbnail") or () if media.get("url")],
        image=image.get("href") if isinstance(image, Mapping) else None,
        comments=_string(entry, "comments"),
        language=title.get("language") or (entry.get("summary_detail") or {}).get("language"),
        source_title=_text(source, "title"),
        source_url=source.get("link")
        or (None if "authors" in source or "contributors" in source else source.get("href")),
        published=_date(entry, "published_parsed"),
        updated=_date(entry, "updated_parsed"),
    )


def _string(context: Mapping[str, Any], key: str) -> str | None:
    """A text that may be missing, or a mapping where the element has attributes that nobody expects."""
    value = context.get(key)
    return value if isinstance(value, str) else None


def _is_kind(tag: Mapping[str, Any]) -> bool:
    """Blogger marks each entry with a category that only says: this is a post."""
    return str(tag.get("scheme") or "").endswith("#kind")


def _texts(values: Sequence[str | None] | None) -> list[str]:
    """feedparser gives None for an empty element."""
    return [value for value in values or () if value]


def _text(context: Mapping[str, Any], key: str) -> RawText | None:
    value = context.get(key)
    if not value or not isinstance(value, str):
        return None
    detail = context.get(f"{key}_detail")
    return _construct(detail, value) if isinstance(detail, Mapping) else RawText(value, "text", "")


def _construct(detail: Mapping[str, Any], value: str | None = None) -> RawText:
    kind = str(detail.get("type") or "text/plain").lower()
    text = detail.get("value") if value is None else value
    return RawText(str(text or ""), "html" if kind in _HTML_TYPES else "text", detail.get("base") or "")


def _file(media: Mapping[str, Any]) -> RawFile:
    return RawFile(
        media.get("href") or media.get("url") or "",
        media.get("type") or None,
        media.get("length") or media.get("filesize"),
        media.get("medium"),
        media.get("width"),
    )


def _date(entry: Mapping[str, Any], key: str) -> datetime | None:
    """`entry.get` would give `published` for `updated`."""
    return entry[key] if dict.__contains__(entry, key) else None
