"""Reading OPML 1.0 and 2.0, the lists of feeds that other readers export. The file is hostile input.

http://opml.org/spec2.opml; real exports write attributes in any case and forget to escape `&`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from aggregator.config.references import same_feed
from aggregator.config.values import check_language, check_web_url, shown
from aggregator.errors import UsageError

MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """A feed of the list. `folders` are the outlines around it, outermost first."""

    url: str
    name: str | None = None
    site_url: str | None = None
    language: str | None = None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkippedOutline:
    """An outline that is no usable feed, and why, as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opml:
    """What the file lists, in its order."""

    feeds: tuple[OpmlFeed, ...]
    skipped: tuple[SkippedOutline, ...]


def read_opml(data: bytes) -> Opml:
    """Raises UsageError when the file is no OPML."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"the file has {len(data):,} bytes, more than {MAX_BYTES:,}; is it an OPML file?")
    root = _parse(data)
    if _name(root) != "opml":
        raise UsageError(f"this is no OPML file: its first element is {shown(_name(root))}; export your feeds as OPML")
    feeds: dict[str, OpmlFeed] = {}
    skipped: list[SkippedOutline] = []
    for outline, folders in _outlines(root):
        found = _feed(outline, folders)
        if isinstance(found, OpmlFeed) and same_feed(found.url) in feeds:
            found = SkippedOutline(found.name or found.url, "the file lists this feed twice")
        if isinstance(found, OpmlFeed):
            feeds[same_feed(found.url)] = found
        elif found is not None:
            skipped.append(found)
    return Opml(tuple(feeds.values()), tuple(skipped))


def _parse(data: bytes) -> etree._Element:
    """Strictly at first; then with bare `&` escaped and other slips forgiven."""
    escaped = re.sub(rb"&(?!#?\w{1,32};)", b"&amp;", data)
    for body, forgiving in ((data, False), (escaped, True)):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=forgiving)
        try:
            root = etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None:
            return _without_entities(root)
    raise UsageError("this is no OPML file: it is not even XML; export your feeds as OPML")


def _without_entities(root: etree._Element) -> etree._Element:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise UsageError("this OPML file defines XML entities, which no reader exports; it is not read")
    return root


def _outlines(root: etree._Element) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    """Every outline's attributes, names in small letters, with the folders around it; depth first without recursion."""
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, folders = waiting.pop()
        inner = folders
        if _name(element) == "outline":
            attributes = {_local(key).lower(): value.strip() for key, value in element.attrib.items()}
            if attributes.get("iscomment", "").lower() == "true":
                continue
            yield attributes, folders
            inner = (*folders, _title(attributes) or "")
        waiting.extend((child, inner) for child in reversed(element) if isinstance(child.tag, str))


def _feed(attributes: dict[str, str], folders: tuple[str, ...]) -> OpmlFeed | SkippedOutline | None:
    """None for a folder."""
    title = _title(attributes)
    if "+" in attributes.get("type", ""):  # FreshRSS: HTML+XPath, JSON+DotNotation …
        return SkippedOutline(title or "an outline without a name", "its reader makes this feed from a page by itself")
    url = attributes.get("xmlurl") or (attributes.get("url") if attributes.get("type") in {"rss", "atom"} else None)
    if not url:
        if attributes.get("type") in {"rss", "atom", "include", "link"} or attributes.get("htmlurl"):
            return SkippedOutline(title or "an outline without a name", "it has no address of a feed (xmlUrl)")
        return None
    try:
        return OpmlFeed(
            url=check_web_url(re.sub(r"\Afeed:(//)?(?=https?:)", "", url)),
            name=title,
            site_url=_web_url(attributes.get("htmlurl")),
            language=_language(attributes.get("language")),
            folders=tuple(folder for folder in folders if folder),
        )
    except ValueError as error:
        return SkippedOutline(title or shown(url), str(error))


def _title(attributes: dict[str, str]) -> str | None:
    return " ".join((attributes.get("title") or attributes.get("text") or "").split()) or None


def _web_url(value: str | None) -> str | None:
    try:
        return check_web_url(value) if value else None
    except ValueError:
        return None


def _language(value: str | None) -> str | None:
    """None also for the 'unknown' that some readers write."""
    try:
        return check_language(value) if value else None
    except ValueError:
        return None


def _name(element: etree._Element) -> str:
    return _local(str(element.tag)).lower()


def _local(name: str) -> str:
    return name.rpartition("}")[2]
