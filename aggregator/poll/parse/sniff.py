"""What a body is when it is no feed, in words for the editor."""

from __future__ import annotations

import re

from aggregator.poll.parse.result import NotAFeed
from aggregator.text.html import to_text

_LOOK_AT = 64 * 1024
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_FEED_START = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF|(?:\w{1,20}:)feed|channel)[\s>]", re.IGNORECASE)
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TITLE = re.compile(rb"<title[^>]{0,200}>(.{0,500}?)</title", re.IGNORECASE | re.DOTALL)
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
    """The XML document from its root on, without what a broken server wrote before it.

    `data` is UTF-8. Raises NotAFeed when there is no feed in it.
    """
    head = data[:_LOOK_AT]
    root = _ROOT.search(_ASIDE.sub(b"", head))
    if root and root[2].lower() in _ROOTS:
        return data
    start = _FEED_START.search(head)
    if start and (root is None or root[2].lower() != b"html"):
        declaration = head.rfind(b"<!DOCTYPE", 0, start.start())
        return data[declaration if declaration >= 0 else start.start() :]
    raise NotAFeed(describe(head, root))


def describe(head: bytes, root: re.Match[bytes] | None) -> str:
    """A sentence about a body that is no feed."""
    name = root[2].lower() if root else b""
    title = _TITLE.search(head)
    if name in {b"html", b"head", b"body", b"script", b"div", b"p", b"br", b"center", b"title", b"meta"}:
        words = " ".join(to_text(title[1].decode("utf-8", "replace")).split())[:100] if title else ""
        return (
            f"Got an HTML page titled “{words}” instead of a feed." if words else "Got an HTML page instead of a feed."
        )
    if name in _KINDS:
        return f"Got {_KINDS[name]}."
    if root and head.lstrip().startswith(b"<"):
        return f"Got XML whose root is <{name.decode('ascii', 'replace')[:50]}> instead of a feed."
    words = " ".join(head[:200].decode("utf-8", "replace").split())[:80]
    return f"Got text that is no feed: “{words}”."
