"""One item of RSS or Atom, element by element as feedparser's handlers take it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from feedparser.mixin import _FeedParserMixin
from lxml.etree import _Element

from aggregator.poll.parse.apart import MAX_TAGS, author_detail
from aggregator.poll.parse.quick_names import RDF, Beyond, Names, Scope, attributes_of, has_handler
from aggregator.poll.parse.quick_parts import HTML, TYPES, file_of, filled, href_of, is_page, leaf, link_of, resolved
from aggregator.poll.parse.quick_text import quick_date, repair, xhtml
from aggregator.poll.parse.raw import RawEntry, RawPerson, RawText

_QUERY_VARIABLE = re.compile("&([A-Za-z0-9_]+);")

# Elements that feedparser handles and whose results we don't read. None of them touches what we do read.
_HARMLESS = frozenset({
    "created", "dcterms:created", "dcterms:valid", "expirationdate", "rights", "copyright", "dc:rights", "generator",
    "language", "dc:language", "webmaster", "dc:publisher", "subtitle", "tagline", "itunes:subtitle", "itunes:block",
    "itunes:explicit", "itunes:owner", "cloud", "contributor", "dc:contributor", "info", "media:rating", "media:credit",
    "media:restriction", "media:license", "media:player", "cc:license", "creativecommons:license", "psc:chapters",
    "psc:chapter", "georss:point", "georss:line", "georss:polygon", "georss:box", "georss:where", "gml:point",
    "gml:pos", "gml:linestring", "gml:polygon", "gml:exterior", "gml:linearring", "gml:poslist", "itunes:name",
    "itunes:email",
})  # fmt: skip
_ITUNES = "http://www.itunes.com/"
# Parts of atom:source that are left alone.
_SOURCE_PARTS = frozenset({
    "updated", "published", "rights", "icon", "logo", "generator", "author", "contributor", "category", "subtitle",
})  # fmt: skip
_PERSON: Final = {"name": "name", "email": "email", "uri": "uri", "url": "uri", "homepage": "uri"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What feedparser makes depend on the format."""

    names: Names
    atom: bool  # text is never guessed to be HTML
    atom10: bool  # the <div> around XHTML goes


def read_item(item: _Element, scope: Scope, dialect: Dialect) -> RawEntry:
    """Raises Beyond when feedparser has to do it."""
    attributes = attributes_of(item)
    if "href" in attributes or "lastmod" in attributes:
        raise Beyond
    reader = _Item(dialect)
    reader.entry.id = item.get(f"{{{RDF}}}about") or None
    reader.children(item, scope.inside(item), 0)
    return reader.finish()


class _Item:
    """feedparser's state while it reads one item."""

    def __init__(self, dialect: Dialect) -> None:
        self.entry = RawEntry()
        self._dialect = dialect
        self._tags: list[list[str | None]] = []
        self._depths: dict[str, int] = {}
        self._title_depth = -1
        self._title_language: str | None = None
        self._summary_language: str | None = None
        self._has_content = False

    def children(self, parent: _Element, scope: Scope, depth: int) -> None:
        for element in parent:
            name = self._dialect.names.of(element)
            handler = _HANDLERS.get(name)
            if handler is not None:
                handler(self, element, scope, depth)
            else:
                self._ignore(element, name)

    def finish(self) -> RawEntry:
        entry = self.entry
        entry.categories = [term for term, scheme, _ in self._tags if term and not (scheme or "").endswith("#kind")]
        entry.contents = [content for content in entry.contents if content.value]
        entry.title = filled(entry.title)
        entry.summary = filled(entry.summary)
        entry.caption = filled(entry.caption)
        entry.language = self._title_language or self._summary_language
        return entry

    def _ignore(self, element: _Element, name: str) -> None:
        known = has_handler(name)
        if known and name not in _HARMLESS:
            raise Beyond
        if ":" in name and not known:  # what stands inside an element of another vocabulary is not the item's
            return
        for child in element:
            child_name = self._dialect.names.of(child)
            if name in {"contributor", "itunes:owner"} and child_name in _PERSON:
                continue
            self._ignore(child, child_name)

    def _shallowest(self, key: str, depth: int) -> bool:
        """feedparser's rule for a value that occurs twice: the less deeply nested wins, then the later."""
        if depth > self._depths.get(key, depth):
            return False
        self._depths[key] = depth
        return True

    # Text

    def _title(self, element: _Element, scope: Scope, depth: int) -> None:
        if self._read_title(element, scope, depth):
            self._title_depth = depth

    def _media_title(self, element: _Element, scope: Scope, depth: int) -> None:
        self._read_title(element, scope, depth)

    def _read_title(self, element: _Element, scope: Scope, depth: int) -> bool:
        text, language = self._construct(element, scope, "text/plain")
        if not -1 < self._title_depth <= depth and self._shallowest("title", depth):
            self.entry.title, self._title_language = text, language
        return bool(text.value)

    def _description(self, element: _Element, scope: Scope, depth: int) -> None:
        self._body(element, scope, depth, "text/html")

    def _summary(self, element: _Element, scope: Scope, depth: int) -> None:
        self._body(element, scope, depth, "text/plain")

    def _body(self, element: _Element, scope: Scope, depth: int, default: str) -> None:
        """A second summary counts as content, unless there is content."""
        if self.entry.summary is not None and not self._has_content:
            self._content(element, scope, depth)
            return
        text, language = self._construct(element, scope, default)
        if self._shallowest("summary", depth):
            self.entry.summary, self._summary_language = text, language

    def _content(self, element: _Element, scope: Scope, _depth: int, default: str = "text/plain") -> None:
        self._has_content = True
        self.entry.contents.append(self._construct(element, scope, default)[0])

    def _encoded(self, element: _Element, scope: Scope, depth: int) -> None:
        self._content(element, scope, depth, "text/html")

    def _caption(self, element: _Element, scope: Scope, depth: int) -> None:
        text, _ = self._construct(element, scope, "text/plain")
        if self._shallowest("media_description", depth):
            self.entry.caption = text

    def _construct(self, element: _Element, scope: Scope, default: str) -> tuple[RawText, str | None]:
        attributes = attributes_of(element)
        kind = TYPES.get(attributes.get("type", default))
        if kind is None or attributes.get("mode") == "base64" or "src" in attributes:
            raise Beyond
        inner = scope.inside(element)
        if kind == "application/xhtml+xml":
            value = xhtml(element, self._dialect.names, without_div=self._dialect.atom10)
        else:
            value = leaf(element)
            if kind == "text/plain" and not self._dialect.atom and ("</" in value or "&" in value):
                kind = "text/html" if _FeedParserMixin.looks_like_html(value) else kind
        return RawText(repair(value), "html" if kind in HTML else "text", inner.base), inner.language

    # Names and addresses

    def _guid(self, element: _Element, scope: Scope, depth: int) -> None:
        is_link = attributes_of(element).get("ispermalink", "true") == "true"
        value = leaf(element)
        if is_link and value:
            value = scope.inside(element).resolve(value)
        value = repair(value)
        if self._shallowest("id", depth):
            self.entry.id = value
        if is_link and self.entry.link is None:
            self.entry.link = value

    def _link(self, element: _Element, scope: Scope, _depth: int) -> None:
        attributes, href = link_of(element, scope)
        rel = attributes.get("rel", "alternate")
        if href is None:
            href = self.entry.link = _QUERY_VARIABLE.sub(
                r"&\g<1>", repair(resolved(element, scope)).replace("&amp;", "&")
            )
        elif is_page(attributes):
            self.entry.link = href
        if href and rel == "alternate":
            self.entry.links.append(href)
        elif href and rel == "enclosure":
            self.entry.enclosures.append(file_of(attributes, href))

    def _comments(self, element: _Element, scope: Scope, depth: int) -> None:
        if attributes_of(element):
            raise Beyond
        value = repair(resolved(element, scope))
        if self._shallowest("comments", depth):
            self.entry.comments = value

    def _source(self, element: _Element, scope: Scope, depth: int) -> None:
        self._title_depth = -1
        attributes, inner = attributes_of(element), scope.inside(element)
        title, link = None, None
        for child in element:
            name = self._dialect.names.of(child)
            if (child.tail or "").strip():
                raise Beyond
            if name == "title" and title is None:
                title, _ = self._construct(child, inner, "text/plain")
                self._title_depth = depth + 1 if title.value else -1
            elif name == "link":
                of_link, href = link_of(child, inner)
                if href is None:
                    raise Beyond
                link = href if is_page(of_link) else link
            elif name == "id" and "isPermaLink" not in child.attrib:
                link = link if link is not None else repair(resolved(child, inner))
            elif name in _SOURCE_PARTS:
                self._ignore_person(child)
            else:
                raise Beyond
        text = repair((element.text or "").strip())
        self.entry.source_title = RawText(text, title.kind if title else "text", "") if text else title
        self.entry.source_url = link or attributes.get("url")

    def _ignore_person(self, element: _Element) -> None:
        for child in element:
            if self._dialect.names.of(child) not in _PERSON or len(child):
                raise Beyond

    # People and categories

    def _author(self, element: _Element, scope: Scope, _depth: int) -> None:
        person = RawPerson()
        inner = scope.inside(element)
        for child in element:
            name = self._dialect.names.of(child)
            field = _PERSON.get(name)
            if field is None:
                self._ignore(child, name)
                if (child.text or "").strip():
                    raise Beyond
            elif field == "uri":
                person.uri = repair(resolved(child, inner))
            else:
                setattr(person, field, leaf(child))
        if person == RawPerson():
            text = "".join([element.text or "", *(child.tail or "" for child in element)])
            person.name, person.email = author_detail(repair(text.strip()))
        if person != RawPerson():
            self.entry.authors.append(person)

    def _category(self, element: _Element, _scope: Scope, _depth: int, scheme: str | None = None) -> None:
        attributes = attributes_of(element)
        self._tag(
            attributes.get("term"),
            attributes.get("scheme", scheme or attributes.get("domain")),
            attributes.get("label"),
        )
        self._end_category(repair(leaf(element)))

    def _media_category(self, element: _Element, scope: Scope, depth: int) -> None:
        self._category(element, scope, depth, "http://search.yahoo.com/mrss/category_schema")

    def _itunes_category(self, element: _Element, scope: Scope, depth: int) -> None:
        self._tag(attributes_of(element).get("text"), _ITUNES, None)
        for child in element:
            if self._dialect.names.of(child) != "itunes:category":
                raise Beyond
            self._itunes_category(child, scope, depth)
        self._end_category(repair((element.text or "").strip()))

    def _end_category(self, value: str) -> None:
        if not value:
            return
        if self._tags and not self._tags[-1][0]:
            self._tags[-1][0] = value
        else:
            self._tag(value, None, None)

    def _keywords(self, element: _Element, _scope: Scope, _depth: int, scheme: str | None = None) -> None:
        if element.attrib:
            raise Beyond
        for term in repair(leaf(element)).split(","):
            if term.strip():
                self._tag(term.strip(), scheme, None)

    def _itunes_keywords(self, element: _Element, scope: Scope, depth: int) -> None:
        self._keywords(element, scope, depth, _ITUNES)

    def _tag(self, *tag: str | None) -> None:
        if any(tag) and len(self._tags) < MAX_TAGS and list(tag) not in self._tags:
            self._tags.append(list(tag))

    # Dates

    def _published(self, element: _Element, _scope: Scope, _depth: int) -> None:
        self.entry.published = quick_date(leaf(element)) or self.entry.published

    def _updated(self, element: _Element, _scope: Scope, _depth: int) -> None:
        self.entry.updated = quick_date(leaf(element)) or self.entry.updated

    # Files and pictures

    def _enclosure(self, element: _Element, _scope: Scope, _depth: int) -> None:
        attributes = attributes_of(element)
        href = href_of(attributes)
        if len(element):
            raise Beyond
        if href:
            self.entry.enclosures.append(file_of(attributes, href))

    def _media_content(self, element: _Element, scope: Scope, depth: int) -> None:
        attributes = attributes_of(element)
        if attributes.get("url"):
            self.entry.media.append(file_of(attributes, attributes.get("href") or attributes["url"]))
        self.children(element, scope.inside(element), depth + 1)

    def _media_group(self, element: _Element, scope: Scope, depth: int) -> None:
        self.children(element, scope.inside(element), depth + 1)

    def _thumbnail(self, element: _Element, _scope: Scope, _depth: int) -> None:
        attributes = attributes_of(element)
        text = leaf(element)
        if text and "url" not in attributes:
            attributes["url"] = repair(text)
        if attributes.get("url"):
            self.entry.thumbnails.append(file_of(attributes, attributes.get("href") or attributes["url"]))

    def _image(self, element: _Element, _scope: Scope, _depth: int) -> None:
        attributes = attributes_of(element)
        if len(element):
            raise Beyond
        self.entry.image = attributes.get("href") or attributes.get("url") or self.entry.image


_HANDLERS: dict[str, Callable[[_Item, _Element, Scope, int], None]] = {
    "title": _Item._title,
    "dc:title": _Item._title,
    "media:title": _Item._media_title,
    "description": _Item._description,
    "dc:description": _Item._description,
    "summary": _Item._summary,
    "itunes:summary": _Item._summary,
    "content": _Item._content,
    "content:encoded": _Item._encoded,
    "fullitem": _Item._encoded,
    "media:description": _Item._caption,
    "guid": _Item._guid,
    "id": _Item._guid,
    "link": _Item._link,
    "comments": _Item._comments,
    "source": _Item._source,
    "author": _Item._author,
    "managingeditor": _Item._author,
    "dc:author": _Item._author,
    "dc:creator": _Item._author,
    "itunes:author": _Item._author,
    "category": _Item._category,
    "keywords": _Item._category,
    "dc:subject": _Item._category,
    "media:category": _Item._media_category,
    "itunes:category": _Item._itunes_category,
    "media:keywords": _Item._keywords,
    "itunes:keywords": _Item._itunes_keywords,
    "pubdate": _Item._published,
    "published": _Item._published,
    "issued": _Item._published,
    "dcterms:issued": _Item._published,
    "updated": _Item._updated,
    "modified": _Item._updated,
    "lastbuilddate": _Item._updated,
    "dc:date": _Item._updated,
    "dcterms:modified": _Item._updated,
    "enclosure": _Item._enclosure,
    "media:content": _Item._media_content,
    "media:group": _Item._media_group,
    "media:thumbnail": _Item._thumbnail,
    "itunes:image": _Item._image,
    "itunes:link": _Item._image,
}
