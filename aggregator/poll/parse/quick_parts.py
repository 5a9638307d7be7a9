"""Parts of items that several elements share: plain values, addresses, links, files."""

from __future__ import annotations

from lxml.etree import _Element

from aggregator.poll.parse.quick_names import Beyond, Scope, attributes_of
from aggregator.poll.parse.raw import RawFile, RawText

HTML = frozenset({"text/html", "application/xhtml+xml"})
TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
    "xhtml": "application/xhtml+xml",
    "application/xhtml+xml": "application/xhtml+xml",
}


def filled(text: RawText | None) -> RawText | None:
    return text if text and text.value else None


def leaf(element: _Element) -> str:
    if len(element):
        raise Beyond
    return (element.text or "").strip()


def resolved(element: _Element, scope: Scope) -> str:
    value = leaf(element)
    return scope.inside(element).resolve(value) if value else value


def href_of(attributes: dict[str, str]) -> str | None:
    return attributes.get("url", attributes.get("uri", attributes.get("href"))) or attributes.get("href")


def link_of(element: _Element, scope: Scope) -> tuple[dict[str, str], str | None]:
    """A link's attributes and absolute address; no address where it is the element's text."""
    attributes = attributes_of(element)
    href = href_of(attributes)
    if href is None:
        return attributes, None
    if len(element):
        raise Beyond
    return attributes, scope.inside(element).resolve(href)


def is_page(attributes: dict[str, str]) -> bool:
    kind = attributes.get("type", "text/html")
    return attributes.get("rel", "alternate") == "alternate" and TYPES.get(kind, kind) in HTML


def file_of(attributes: dict[str, str], url: str) -> RawFile:
    return RawFile(
        url,
        attributes.get("type") or None,
        attributes.get("length") or attributes.get("filesize"),
        attributes.get("medium"),
        attributes.get("width"),
    )
