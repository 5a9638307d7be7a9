"""feedparser, the parser of record, with what it lacks for a reader.

Its HTML sanitising and its resolving of links inside HTML are off: half of its time, and quadratic on hostile input.
Where it differs from `feedparser.parse` on purpose is written at each method of `_Apart` and in docs/parsing.md.
"""

from __future__ import annotations

import calendar
import contextlib
import io
import re
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import feedparser.api
import feedparser.mixin
from feedparser.datetimes import _parse_date
from feedparser.sanitizer import replace_doctype

from aggregator.poll.parse.dates import loose_date
from aggregator.poll.parse.raw import RawEntry, RawFeed, RawFile, RawPerson, RawText
from aggregator.poll.parse.result import NotAFeed
from aggregator.text.addresses import with_scheme

MAX_TAGS = 200
"""Categories of an entry: feedparser compares each with every other."""
MAX_AUTHOR = 1000
"""Characters of an author that are looked at."""
_EMAIL = re.compile(r"([A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?:\?subject=\S+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
# Elements without a handler that are read here.
_KEPT = frozenset({"ttl", "sy_updateperiod", "sy_updatefrequency", "icon", "logo", "comments"})
# What a channel's <image> has, and what is not to be lost wherever it stands.
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height", "item", "entry"})
_CDATA = re.compile(r"<([\w:.-]++)[^<>]*+>\s*+<!\[CDATA\[|\]\]>|\]\](?=</([\w:.-]++)\s*+>)")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml"})


def parse_date(text: str | None) -> datetime | None:
    """Any date that we or feedparser understand; None for the others and for years beyond 9999 or before 1."""
    if not text:
        return None
    if found := loose_date(text):
        return found
    try:
        parsed = _parse_date(text)
        return _EPOCH + timedelta(seconds=calendar.timegm(parsed)) if parsed else None
    except (OverflowError, ValueError):
        return None


def author_detail(author: str) -> tuple[str | None, str | None]:
    """Name and e-mail address of an author such as 'jane@example.org (Jane Doe)' or 'Jane Doe <jane@example.org>'."""
    author = author[:MAX_AUTHOR]
    found = _EMAIL.search(author) if "@" in author else None
    if found is None:
        return author or None, None
    name = author.replace(found[0], "").replace("()", "").replace("<>", "").strip()
    return name.removeprefix("(").removesuffix(")").strip() or None, found[1]


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
    parser = _Strict(base_url, None, "utf-8")
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
    parser = _Loose(base_url, None, "utf-8", entities)
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


class _Apart:
    """What feedparser mixes, kept apart; a base of both its parsers, whose names and stack it uses."""

    def unknown_starttag(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        super().unknown_starttag(self._apart(tag), attributes)  # type: ignore[misc]

    def unknown_endtag(self, tag: str) -> None:
        super().unknown_endtag(self._apart(tag))  # type: ignore[misc]

    def _apart(self, tag: str) -> str:
        """feedparser keeps elements that it doesn't know under their own names, where <authors> or <links> replace
        the lists that it makes. Here they have names that nothing else has."""
        return tag if self.incontent or self._knows(tag) else f"-:{tag}"  # type: ignore[attr-defined]

    def _knows(self, tag: str) -> bool:
        prefix, _, name = tag.rpartition(":")
        prefix = self.namespacemap.get(prefix, prefix)  # type: ignore[attr-defined]
        name = f"{prefix}_{name}" if prefix else name
        return name in _KEPT or hasattr(self, f"_start_{name}") or hasattr(self, f"_end_{name}")

    def resolve_uri(self, uri: str) -> str:
        """An address that lacks its scheme is no relative one."""
        return str(super().resolve_uri(with_scheme(uri)))  # type: ignore[misc]

    def _start_media_description(self, attributes: dict[str, str]) -> None:
        """A picture's caption is not the entry's text: feedparser lets it stand in for the summary or push that out."""
        self.push_content("media_description", attributes, "text/plain", 1)  # type: ignore[attr-defined]

    def _end_media_description(self) -> None:
        self.pop_content("media_description")  # type: ignore[attr-defined]

    def _start_link(self, attributes: dict[str, str]) -> None:
        """Of an enclosure without a type nothing is known; feedparser calls it text/html."""
        if attributes.get("rel") == "enclosure":
            attributes.setdefault("type", "")
        super()._start_link(attributes)  # type: ignore[misc]

    def _start_author(self, attributes: dict[str, str]) -> None:
        """Each author for itself: feedparser gives the first one's e-mail address to a second who has none."""
        self._get_context().pop("author", None)  # type: ignore[attr-defined]
        super()._start_author(attributes)  # type: ignore[misc]

    _start_dc_author = _start_dc_creator = _start_itunes_author = _start_managingeditor = _start_author

    def _start_textinput(self, attributes: dict[str, str]) -> None:
        """feedparser fails on one that stands in an item."""
        self.feeddata.setdefault("textinput", feedparser.FeedParserDict())  # type: ignore[attr-defined]
        super()._start_textinput(attributes)  # type: ignore[misc]

    def _start_item(self, attributes: dict[str, str]) -> None:
        """A channel that has two descriptions must not change how its first item is read."""
        self.hasContent = 0
        super()._start_item(attributes)  # type: ignore[misc]

    _start_entry = _start_item

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if len(self._get_context().get("tags") or ()) < MAX_TAGS:  # type: ignore[attr-defined]
            super()._add_tag(term, scheme, label)  # type: ignore[misc]

    def _end_hour(self) -> None:
        """feedparser keeps the last <hour> and <day> alone."""
        self._collect("hour")

    def _end_day(self) -> None:
        self._collect("day")

    def _collect(self, element: str) -> None:
        value = self.pop(element)  # type: ignore[attr-defined]
        self.feeddata.setdefault(f"{element}s", []).append(value)  # type: ignore[attr-defined]

    def _sync_author_detail(self, key: str = "author") -> None:
        """feedparser's own search for an address is quadratic, and cuts top-level domains after four letters."""
        people = self._get_context().get("authors")  # type: ignore[attr-defined]
        text = self._get_context().get("author")  # type: ignore[attr-defined]
        if key == "author" and people and not people[-1] and isinstance(text, str):
            name, email = author_detail(text)
            people[-1].update({"name": name} if name else {}, **({"email": email} if email else {}))

    def _nothing(self) -> None:
        """Of no use to us, and fails on odd values: where an entry is on the map, chapters of a film."""
        self.pop("geometry")  # type: ignore[attr-defined]

    _end_georss_point = _end_georss_line = _end_georss_polygon = _end_georss_box = _nothing
    _end_gml_pos = _end_gml_poslist = _nothing

    def _parse_srs_attrs(self, attributes: dict[str, str]) -> None:
        pass

    def _start_psc_chapter(self, attributes: dict[str, str]) -> None:
        pass

    @staticmethod
    def strattrs(attributes: list[tuple[str, str]]) -> str:
        """The attributes of an XHTML tag, with the language as HTML names it."""
        named = [("lang" if name == "xml:lang" else name, value) for name, value in attributes]
        return str(feedparser.mixin._FeedParserMixin.strattrs(named))

    def handle_charref(self, ref: str) -> None:
        """A reference to a character that doesn't exist is nothing, in an ill-formed document too."""
        with contextlib.suppress(ValueError, OverflowError):
            super().handle_charref(ref)  # type: ignore[misc]

    def _end_published(self) -> None:
        self._save("published_parsed", parse_date(self.pop("published")), overwrite=True)  # type: ignore[attr-defined]

    def _end_updated(self) -> None:
        self._save("updated_parsed", parse_date(self.pop("updated")), overwrite=True)  # type: ignore[attr-defined]

    _end_issued = _end_pubdate = _end_published
    _end_modified = _end_lastbuilddate = _end_updated

    def _save(self, key: str, value: Any, overwrite: bool = False) -> None:
        """A second <pubDate> that can't be read must not undo the first."""
        if overwrite and value is None and key.endswith("_parsed"):
            return
        super()._save(key, value, overwrite)  # type: ignore[misc]


class _Strict(_Apart, feedparser.api.StrictFeedParser):  # type: ignore[misc]
    """What stands inside an unknown element of another vocabulary is not the item's: related articles, captions, goods.

    feedparser takes their links and titles for the item's. Those without a prefix may be lists: <categories>. (In an
    ill-formed document such an element may never end.)
    """

    _within = 0  # depth inside such an element

    def unknown_starttag(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        if self._within or self._is_foreign(tag):
            self._within += 1
        if self._within < 2:
            super().unknown_starttag(tag, attributes)

    def unknown_endtag(self, tag: str) -> None:
        if self._within < 2:
            super().unknown_endtag(tag)
        self._within -= self._within > 0

    def _is_foreign(self, tag: str) -> bool:
        if self.incontent:
            return False
        if self.inimage and not self.inentry:
            return tag not in _IN_IMAGE
        return ":" in tag and bool(self.inentry) and not self._knows(tag)

    def _apart(self, tag: str) -> str:
        """After an element that no <image> has, feedparser takes the image's title and link for the channel's."""
        return f"-:{tag}" if self._within else super()._apart(tag)


class _Loose(_Apart, feedparser.api.LooseFeedParser):  # type: ignore[misc]
    pass


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
