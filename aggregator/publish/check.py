"""Rendered feeds read back: what a specification or the W3C feed validator would object to, as sentences.

Whatever is not in order here is a fault of this program, every value having been cleaned; the last good file stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

_ATOM = "{http://www.w3.org/2005/Atom}"
_ABSOLUTE = re.compile(r"(?:https?://[^\s/?#]+|mailto:|urn:)[!-~]*")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd-\uffff]")
_ADDRESS_TEXTS = (f"{_ATOM}id", f"{_ATOM}uri", "link", "comments", "docs")
_ADDRESS_ATTRIBUTES = {
    f"{_ATOM}link": "href",
    f"{_ATOM}category": "scheme",
    "category": "domain",
    "enclosure": "url",
    "source": "url",
    "{http://search.yahoo.com/mrss/}thumbnail": "url",
}
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def faults(path: str, body: bytes, url: str) -> list[str]:
    """What is wrong with a feed that will be found under `url`; its format is known by the end of `path`."""
    try:
        unfit = _UNFIT.search(body.decode())
        found = list(_CHECKS[path.rpartition(".")[2]](body, url))
    except (etree.XMLSyntaxError, ValueError) as error:
        return [f"it can't be read back: {error}"]
    return [*found, f"it holds the control character {unfit.group()!r}"] if unfit else found


def is_feed(path: str) -> bool:
    """Whether a file is checked at all."""
    return path.rpartition(".")[2] in _CHECKS


def count_items(path: str, body: bytes) -> int:
    """How many items a feed has; 0 for what can't be read."""
    try:
        if path.endswith(".json"):
            return len(json.loads(body)["items"])
        return len(_items(_parse(body)))
    except (etree.XMLSyntaxError, ValueError, LookupError, TypeError):
        return 0


def _parse(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _items(root: etree._Element) -> list[etree._Element]:
    return root.findall(f"{_ATOM}entry") or root.findall("channel/item")


def _atom(body: bytes, url: str) -> Iterator[str]:
    root = _parse(body)
    if root.tag != f"{_ATOM}feed":
        yield f"its root is {root.tag!r}"
    yield from _once(root, f"{_ATOM}id", f"{_ATOM}title", f"{_ATOM}updated")
    yield from _self_link(root, url)
    entries = _items(root)
    for entry in entries:
        yield from _once(entry, f"{_ATOM}id", f"{_ATOM}title", f"{_ATOM}updated")
        if not entry.findtext(f"{_ATOM}author/{_ATOM}name"):
            yield "an entry has no author"
        kinds = [(link.get("type"), link.get("hreflang")) for link in _links(entry, "alternate")]
        if len(kinds) > len(set(kinds)):
            yield "an entry has two alternate links of one type"
        if not kinds and entry.find(f"{_ATOM}content") is None:
            yield "an entry has neither content nor an alternate link"
    yield from _unique("id", [entry.findtext(f"{_ATOM}id") for entry in entries])
    yield from _unique("updated", [entry.findtext(f"{_ATOM}updated") for entry in entries])
    yield from _dates(root, (f"{_ATOM}updated", f"{_ATOM}published"), _is_rfc_3339)
    yield from _addresses(root)


def _rss(body: bytes, url: str) -> Iterator[str]:
    root = _parse(body)
    channel = root.find("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or channel is None:
        yield "it is not RSS 2.0"
        return
    yield from _once(channel, "title", "link", "description")
    yield from _self_link(channel, url)
    items = _items(root)
    for item in items:
        yield from _once(item, "guid", "pubDate")
        if not item.findtext("title") and not item.findtext("description"):
            yield "an item has neither title nor description"
        if item.find("author") is not None:
            yield "an item has an author, which would have to be a mail address"
        if len(item.findall("enclosure")) > 1:
            yield "an item has more than one enclosure"
    yield from _unique("guid", [item.findtext("guid") for item in items])
    yield from _dates(root, ("pubDate", "lastBuildDate"), _is_rfc_822)
    yield from _addresses(root)


def _json(body: bytes, url: str) -> Iterator[str]:
    feed = json.loads(body)
    if not isinstance(feed, dict) or feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield "it is not JSON Feed 1.1"
        return
    if not feed.get("title") or not isinstance(feed.get("items"), list):
        yield "it has no title or no items"
        return
    if feed.get("feed_url") != url:
        yield f"feed_url is {feed.get('feed_url')!r}, not {url}"
    for item in feed["items"]:
        yield from _json_item(item)
    yield from _unique("id", [item.get("id") for item in feed["items"]])


def _json_item(item: dict[str, Any]) -> Iterator[str]:
    if not isinstance(item.get("id"), str) or not item["id"]:
        yield "an item has no id"
    if not item.get("content_html") and not item.get("content_text"):
        yield "an item has no content"
    for name in ("date_published", "date_modified"):
        if name in item and not _is_rfc_3339(item[name]):
            yield f"{item[name]!r} is no date of RFC 3339"
    attached = [attachment.get("url", "") for attachment in item.get("attachments", ())]
    for address in (item.get("url", "https://-"), item.get("image", "https://-"), *attached):
        if not _ABSOLUTE.fullmatch(address):
            yield f"{address!r} is no absolute address"


def _once(parent: etree._Element, *tags: str) -> Iterator[str]:
    for tag in tags:
        found = parent.findall(tag)
        if len(found) != 1 or not (found[0].text or "").strip():
            yield f"{etree.QName(parent).localname} needs one {etree.QName(tag).localname}, and has {len(found)}"


def _links(parent: etree._Element, rel: str) -> list[etree._Element]:
    return [link for link in parent.findall(f"{_ATOM}link") if link.get("rel", "alternate") == rel]


def _self_link(parent: etree._Element, url: str) -> Iterator[str]:
    found = [link.get("href") for link in _links(parent, "self")]
    if found != [url]:
        yield f"the self link is {found}, not {url}"


def _unique(name: str, values: list[Any]) -> Iterator[str]:
    if len(set(values)) < len(values):
        yield f"two items have the same {name}"


def _dates(root: etree._Element, tags: tuple[str, ...], is_date: Callable[[str], bool]) -> Iterator[str]:
    for element in root.iter(*tags):
        if not is_date(element.text or ""):
            yield f"{element.text!r} in {etree.QName(element).localname} is no date"


def _addresses(root: etree._Element) -> Iterator[str]:
    """Every address absolute and in ASCII."""
    for element in root.iter(*_ADDRESS_TEXTS, *_ADDRESS_ATTRIBUTES):
        attribute = _ADDRESS_ATTRIBUTES.get(str(element.tag))
        address = element.get(attribute) if attribute else element.text
        if address is not None and not _ABSOLUTE.fullmatch(address):
            yield f"{address!r} in {etree.QName(element).localname} is no absolute address"


def _is_rfc_3339(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(_RFC_3339.fullmatch(value) and datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_rfc_822(value: str) -> bool:
    try:
        return bool(parsedate_to_datetime(value))
    except ValueError:
        return False


_CHECKS: dict[str, Callable[[bytes, str], Iterator[str]]] = {"atom": _atom, "rss": _rss, "json": _json}
