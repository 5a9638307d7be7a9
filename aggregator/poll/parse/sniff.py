"""What a body is when it is no feed, in words for the editor."""

from __future__ import annotations

import re

from aggregator.poll.parse.result import NotAFeed
from aggregator.text.html import to_text

_LOOK_AT = 64 * 1024
_NAME = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_FEED_START = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF|\w{1,20}:feed|channel)[\s>]", re.IGNORECASE)
# Some sites lay out their feed as one of their pages.
_FEED_IN_PAGE = re.compile(
    rb"<(?:rss\s[^<>]*\bversion\s*=|feed\s[^<>]*\bxmlns\s*=\s*[\"']http://(?:www\.w3\.org/2005/Atom|purl\.org/atom/))"
)
_LONG_SPACE = re.compile(rb"\s{100,}")
_TITLE = re.compile(rb"<title[^>]{0,200}>(.{0,500}?)</title", re.IGNORECASE | re.DOTALL)
_ASIDES = ((b"<!--", b"-->"), (b"<?", b"?>"), (b"<!", b">"))
_ROOTS = frozenset({b"rss", b"feed", b"rdf", b"channel"})
_KINDS = {
    b"opml": "an OPML list of feeds; import it instead",
    b"urlset": "a sitemap",
    b"sitemapindex": "a sitemap index",
    b"svg": "an SVG picture",
    b"wml": "a WAP page",
}
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed data that was not announced as such"),
)


def refuse_other_bodies(body: bytes) -> None:
    """Raises NotAFeed for bodies whose first bytes tell what they are: nothing, pictures, archives."""
    if not body.strip(b" \t\r\n\0"):
        raise NotAFeed("Got an empty body instead of a feed.")
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            raise NotAFeed(f"Got {kind} instead of a feed.")


def from_root(data: bytes) -> bytes:
    """The XML document from its DOCTYPE or root on, without what stands before it.

    `data` is UTF-8. Raises NotAFeed when there is no feed in it.
    """
    head = data[:_LOOK_AT]
    root, start = _root(head)
    if root not in _ROOTS:
        # A broken server may have written warnings before the document.
        feed = (_FEED_IN_PAGE if root == b"html" else _FEED_START).search(head)
        if feed is None:
            raise NotAFeed(describe(head, root))
        start = feed.start()
    doctype = head.rfind(b"<!DOCTYPE", 0, start)
    if doctype < 0 or root == b"html":
        return data[start:]
    # feedparser looks for declarations at the beginnings of lines, in a time that grows with the square of white space.
    return _LONG_SPACE.sub(b"\n", data[doctype:start]) + data[start:]


def _root(head: bytes) -> tuple[bytes, int]:
    """Name of the first element, in lower case and without prefix, and where it starts; nothing when there is none."""
    position = head.find(b"<")
    while position >= 0:
        if found := _NAME.match(head, position):
            return found[1].lower(), position
        closing = next((end for start, end in _ASIDES if head.startswith(start, position)), b"<")
        end = head.find(closing, position + 1)
        position = head.find(b"<", end) if end >= 0 else -1
    return b"", 0


def describe(head: bytes, name: bytes) -> str:
    """A sentence about a body that is no feed and whose first element has this name."""
    title = _TITLE.search(head)
    if name in {b"html", b"head", b"body", b"script", b"div", b"p", b"br", b"center", b"title", b"meta"}:
        words = " ".join(to_text(title[1].decode("utf-8", "replace")).split())[:100] if title else ""
        return (
            f"Got an HTML page titled “{words}” instead of a feed." if words else "Got an HTML page instead of a feed."
        )
    if name in _KINDS:
        return f"Got {_KINDS[name]}."
    if name and head.lstrip().startswith(b"<"):
        return f"Got XML whose root is <{name.decode('ascii', 'replace')[:50]}> instead of a feed."
    words = " ".join(head[:200].decode("utf-8", "replace").split())[:80]
    return f"Got text that is no feed: “{words}”."
