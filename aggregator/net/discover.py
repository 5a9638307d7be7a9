"""The feeds behind a page's address, for `aggregator add URL`.

discover(url)
  the address of a known site (YouTube, Reddit, GitHub, ...)  -> its feed, if it answers
  a podcast's page at Apple                                   -> the feed that Apple tells of
  fetch the page, if robots.txt lets us
    it is a feed itself                                         -> that
    <link rel=alternate type=...>, in the page's order          -> those
    links in the text that look like feeds, well-known paths    -> the first that is a feed
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from aggregator.net.client import OutboundClient
from aggregator.net.failures import printable
from aggregator.net.response import Fetched, FetchFailed, FetchRequest
from aggregator.net.robots import Robots
from aggregator.net.sites import WELL_KNOWN, known_feeds, podcast_feed, podcast_lookup
from aggregator.net.sniff import feed_format
from aggregator.net.urls import BadUrl, parse_url
from aggregator.text.addresses import without_credentials

_MAX_PAGE = 4 * 1024 * 1024
_MAX_CANDIDATES = 20
_TRIED = 8
_ACCEPT_PAGE = "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, */*;q=0.5"
_TYPES = {
    "application/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/feed+json": "JSON Feed",
    "application/json": "JSON Feed",
    "application/rdf+xml": "RSS 1.0",
    "text/xml": "RSS",
    "application/xml": "RSS",
}
_LOOKS_LIKE_FEED = re.compile(r"(?:^|[/._-])(?:rss|feed|atom)s?(?:[/._-]|$|\.xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that was found. `via` says how, for the person who chooses."""

    url: str
    title: str | None
    format: str  # as `feed_format` names it
    via: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """The feeds, best first; where there are none, `reason` says why."""

    candidates: tuple[Candidate, ...]
    reason: str = ""


async def discover(client: OutboundClient, robots: Robots, address: str) -> Discovery:
    """Finds the feeds behind an address as a person types it; 'example.org' means https://example.org."""
    url = address.strip() if "://" in address or address.startswith("file:") else f"https://{address.strip()}"
    if not url.startswith("file:"):
        try:
            parse_url(url)
        except BadUrl as error:
            return Discovery((), printable(str(error)))
        for known in [*known_feeds(url), *await _podcast(client, url)]:
            if found := await _try(client, known, "where this site keeps its feeds"):
                return Discovery((found,))
        if refusal := await robots.refusal(url):
            return Discovery((), f"{refusal}. If the address is a feed, write it into feeds.yaml yourself")
    page = await client.fetch(FetchRequest(url=url, accept=_ACCEPT_PAGE, max_bytes=_MAX_PAGE))
    if not isinstance(page, Fetched):
        return Discovery((), page.reason if isinstance(page, FetchFailed) else "the server gave no answer to read")
    return await _behind(client, page)


async def _podcast(client: OutboundClient, url: str) -> list[str]:
    lookup = podcast_lookup(url)
    answer = await client.fetch(FetchRequest(url=lookup, accept="application/json")) if lookup else None
    feed = podcast_feed(answer.body) if isinstance(answer, Fetched) else None
    return [feed] if feed else []


async def _behind(client: OutboundClient, page: Fetched) -> Discovery:
    if kind := feed_format(page.body):
        return Discovery((Candidate(page.url, None, kind, "the address itself is a feed"),))
    declared, guessed = page_links(page.body, page.url)
    if declared:
        return Discovery(tuple(declared))
    for guess in _distinct([*guessed, *(urljoin(page.url, path) for path in WELL_KNOWN)])[:_TRIED]:
        if found := await _try(client, guess, "not declared by the page, but it is a feed"):
            return Discovery((found,))
    return Discovery((), f"no feed was found behind {without_credentials(page.url)}")


async def _try(client: OutboundClient, url: str, via: str) -> Candidate | None:
    answer = await client.fetch(FetchRequest(url=url))
    kind = feed_format(answer.body) if isinstance(answer, Fetched) else None
    return Candidate(answer.url, None, kind, via) if kind else None


def page_links(body: bytes, url: str) -> tuple[list[Candidate], list[str]]:
    """What a page declares as its feeds, and the links in it that look like some. Pure."""
    try:
        page = html.document_fromstring(body, parser=html.HTMLParser(huge_tree=False), ensure_head_body=True)
    except (etree.LxmlError, ValueError):
        return [], []
    base = _base(page, url)
    declared = [_declared(link, base) for link in page.iter("link")]
    links = (str(link.get("href", "")) for link in page.iter("a"))
    guessed = [absolute for href in links if _LOOKS_LIKE_FEED.search(href) and (absolute := _absolute(base, href))]
    guessed = _distinct([*_by_its_own_address(page, base), *_of_wordpress(page, url), *guessed])
    return _first_of_each(candidate for candidate in declared if candidate), guessed


def _by_its_own_address(page: html.HtmlElement, base: str) -> list[str]:
    """What a well-known site's rule makes of the address that the page gives itself: a YouTube handle's channel."""
    canonical = (link for link in page.iter("link") if "canonical" in str(link.get("rel", "")).lower().split())
    own = next((_absolute(base, str(link.get("href", ""))) for link in canonical), None)
    return known_feeds(own) if own else []


def _of_wordpress(page: html.HtmlElement, url: str) -> list[str]:
    """WordPress has a feed below each category, author and tag."""
    made_by = (str(meta.get("content", "")) for meta in page.iter("meta") if meta.get("name") == "generator")
    path = urlsplit(url).path.rstrip("/")
    return [urljoin(url, f"{path}/feed/")] if any(by.startswith("WordPress") for by in made_by) else []


def _base(page: html.HtmlElement, url: str) -> str:
    found = next(page.iter("base"), None)
    return (_absolute(url, str(found.get("href", ""))) if found is not None else None) or url


def _declared(link: html.HtmlElement, base: str) -> Candidate | None:
    """HTML, section 4.6.7.1: rel=alternate with a feed's type."""
    kind = _TYPES.get(str(link.get("type", "")).split(";")[0].strip().lower())
    if kind is None or "alternate" not in str(link.get("rel", "")).lower().split():
        return None
    url = _absolute(base, str(link.get("href", "")))
    title = printable(str(link.get("title", ""))).strip() or None
    return Candidate(url, title, kind, "declared by the page") if url else None


def _absolute(base: str, href: str) -> str | None:
    """As written where it is absolute; None for what we would never fetch."""
    try:
        url = urljoin(base, href.strip())
        parse_url(url)
    except (BadUrl, ValueError):
        return None
    return url


def _first_of_each(candidates: Iterable[Candidate]) -> list[Candidate]:
    by_url: dict[str, Candidate] = {}
    for candidate in candidates:
        by_url.setdefault(candidate.url, candidate)
    return list(by_url.values())[:_MAX_CANDIDATES]


def _distinct(urls: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(urls))[:_MAX_CANDIDATES]
