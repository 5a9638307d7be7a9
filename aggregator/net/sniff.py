"""Telling a feed from a page by its first bytes, and a page that keeps programs out from others. Pure."""

from __future__ import annotations

import re

_START = 8192
_MARKUP_BEFORE_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>)", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"\s*<(?:[A-Za-z_][\w.-]*:)?(rss|feed|RDF)[\s>/]", re.IGNORECASE)
_JSON_VERSION = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/', re.IGNORECASE)
# What stands in the pages of those who guard a site, answered with 200 as often as not, and in no feed.
_GUARDS = {
    b"anubis_challenge": "Anubis",
    b"/.within.website/x/": "Anubis",
    b"making sure you&#39;re not a bot": "Anubis",
    b"_cf_chl_opt": "Cloudflare",
    b"window.gokuprops": "AWS WAF",
    b"incapsula incident id": "Imperva",
    b"captcha-delivery.com": "DataDome",
    b"/.well-known/sgcaptcha/": "SiteGround",
    b"px-captcha": "PerimeterX",
    b"ddos-guard": "DDoS-Guard",
}
_GUARD_WITHIN = 64 * 1024
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


def guard_of(page: bytes) -> str | None:
    """Who wants a person to solve a challenge, of a body that is no feed; None where nobody is known to."""
    start = page[:_GUARD_WITHIN].lower()
    return next((guard for mark, guard in _GUARDS.items() if mark in start), None) if b"<html" in start else None


def _decode(body: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    return body.decode("utf-8", "replace")
