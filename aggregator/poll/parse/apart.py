"""feedparser's two parsers, with handlers of our own where its are wrong for a reader, slow on hostile input, or fail.

They are overridden by subclassing, never patched: `feedparser.parse` stays what it is.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import feedparser
import feedparser.api
import feedparser.mixin

from aggregator.poll.parse.dates import parse_date
from aggregator.text.addresses import with_scheme

MAX_TAGS = 200
"""Categories of an entry: feedparser compares each with every other."""
MAX_AUTHOR = 1000
"""Characters of an author that are looked at."""
_EMAIL = re.compile(r"([A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?:\?subject=\S+)?")
# Elements without a handler that are read here.
_KEPT = frozenset({"ttl", "sy_updateperiod", "sy_updatefrequency", "icon", "logo", "comments"})
# What a channel's <image> has, and what is not to be lost wherever it stands.
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height", "item", "entry"})


def author_detail(author: str) -> tuple[str | None, str | None]:
    """Name and e-mail address of an author such as 'jane@example.org (Jane Doe)' or 'Jane Doe <jane@example.org>'."""
    author = author[:MAX_AUTHOR]
    found = _EMAIL.search(author) if "@" in author else None
    if found is None:
        return author or None, None
    name = author.replace(found[0], "").replace("()", "").replace("<>", "").strip()
    return name.removeprefix("(").removesuffix(")").strip() or None, found[1]


class Apart:
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


class Strict(Apart, feedparser.api.StrictFeedParser):  # type: ignore[misc]
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


class Loose(Apart, feedparser.api.LooseFeedParser):  # type: ignore[misc]
    pass
