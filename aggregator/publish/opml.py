"""OPML 2.0 (opml.org): the list of sources, for feed readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lxml import etree

from aggregator.publish import clean
from aggregator.publish.view import SourceView

# `text` may hold HTML, and not every reader decodes it; this reads the same either way. `title` has the name as it is.
_HARMLESS_IN_HTML = str.maketrans({"<": " ", ">": " ", "&": " & "})


def render_opml(title: str, sources: Iterable[SourceView]) -> bytes:
    """One outline a source, in the order given: its name and the address that is polled, if there is one."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = clean.line(title)
    body = etree.SubElement(root, "body")
    for source in sources:
        etree.SubElement(body, "outline", _outline(source))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def public_sources(sources: Iterable[SourceView]) -> list[SourceView]:
    """For others: without addresses that let in whoever knows them, and without addresses of local files."""
    return [replace(source, url=clean.feed_url(source.url) or "") for source in sources]


def _outline(source: SourceView) -> dict[str, str]:
    name = clean.line(source.name) or clean.text(source.url) or "unnamed"
    text = clean.line(clean.plain(name).translate(_HARMLESS_IN_HTML)) or "unnamed"
    if not source.url:
        return {"text": text}
    given = {
        "type": "rss",
        "text": text,
        "title": name,
        "xmlUrl": clean.text(source.url),
        "htmlUrl": clean.web_url(source.site_url),
        "language": clean.language(source.language),
        "description": clean.line(source.description or ""),
    }
    return {key: value for key, value in given.items() if value}
