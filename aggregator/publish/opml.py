"""OPML 2.0 (opml.org): the list of sources, for feed readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lxml import etree

from aggregator.publish import clean
from aggregator.publish.view import SourceView


def render_opml(title: str, sources: Iterable[SourceView]) -> bytes:
    """One outline a source, in the order given, with the address that is polled."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = clean.line(title)
    body = etree.SubElement(root, "body")
    for source in sources:
        etree.SubElement(body, "outline", _outline(source))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def public_sources(sources: Iterable[SourceView]) -> list[SourceView]:
    """Those that others can read, without the user and password that an address may hold."""
    addresses = ((source, clean.web_url(source.url)) for source in sources)
    return [replace(source, url=address) for source, address in addresses if address]


def _outline(source: SourceView) -> dict[str, str]:
    name = clean.line(source.name) or clean.text(source.url)
    given = {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": clean.text(source.url),
        "htmlUrl": clean.web_url(source.site_url),
        "language": clean.language(source.language),
        "description": clean.line(source.description or ""),
    }
    return {key: value for key, value in given.items() if value}
