"""Telling a feed from a page by its first bytes. Pure."""

from __future__ import annotations

import re

_START = 8192
_MARKUP_BEFORE_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>)", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"\s*<(?:[A-Za-z_][\w.-]*:)?(rss|feed|RDF)[\s>/]", re.IGNORECASE)
_JSON_VERSION = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/', re.IGNORECASE)
_FORMATS = {"rss": "RSS", "feed": "Atom", "rdf": "RSS 1.0"}


def feed_format(body: bytes) -> str | None:
    """'RSS', 'RSS 1.0', 'Atom' or 'JSON Feed'; None for anything else, such as a web page."""
    text = _decode(body[:_START])
    if text.lstrip().startswith("{"):
        return "JSON Feed" if _JSON_VERSION.search(_decode(body)) else None
    at = 0
    while (skipped := _MARKUP_BEFORE_ROOT.match(text, at)) is not None:
        at = skipped.end()
    root = _ROOT.match(text, at)
    return _FORMATS[root[1].lower()] if root else None


def _decode(body: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    return body.decode("utf-8", "replace")
