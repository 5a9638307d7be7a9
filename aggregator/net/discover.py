"""The feeds behind a page's address, for `aggregator add URL`.

discover(url)
  the address of a known site (YouTube, Reddit, GitHub, ...)  -> its feed, if it answers
  a podcast's page at Apple                                   -> the feed that Apple tells of
  fetch the page, if robots.txt lets us, wherever it redirects
    it is a feed itself                                         -> that
    rel=alternate with a feed's type, in Link headers and page  -> from the first on that is a feed
    links in the text that look like feeds, well-known paths    -> the first that is a feed, if robots.txt lets us
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from aggregator.net.client import OutboundClient
from aggregator.net.failures import printable
from aggregator.net.links import parse_links
from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest
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
_NO_FEED = (FailureKind.NOT_FOUND, FailureKind.GONE, FailureKind.REFUSED_ADDRESS)
_COMMENTS = re.compile(r"[/=_-]comments(?![a-z])", re.IGNORECASE)
_LOOKS_LIKE_FEED = re.compile(r"(?:^|[/._-])(?:rss|feed|atom)s?(?:[/._-]|$|\.xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that was found. `via` says how, for the person who chooses; `answer` is the feed, where it was asked."""

    url: str
    title: str | None
    format: str  # as `feed_format` names it
    via: str
    answer: Fetched | None = None


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
    request = FetchRequest(url=url, accept=_ACCEPT_PAGE, max_bytes=_MAX_PAGE, refusal=robots.refusal)
    page = await client.fetch(request)
    if not isinstance(page, Fetched):
        return Discovery((), page.reason if isinstance(page, FetchFailed) else "the server gave no answer to read")
    if kind := feed_format(page.body):
        return Discovery((_found(page, url, None, kind, "the address itself is a feed"),))
    return await _behind(client, robots, page)


async def _podcast(client: OutboundClient, url: str) -> list[str]:
    lookup = podcast_lookup(url)
    answer = await client.fetch(FetchRequest(url=lookup, accept="application/json")) if lookup else None
    feed = podcast_feed(answer.body) if isinstance(answer, Fetched) else None
    return [feed] if feed else []


async def _behind(client: OutboundClient, robots: Robots, page: Fetched) -> Discovery:
    declared, guessed = page_links(page.body, page.url)
    declared = _by_worth([*_linked(page), *declared])
    reason = f"no feed was found behind {without_credentials(page.url)}"
    for place, one in enumerate(declared[:_TRIED]):
        answer = await client.fetch(FetchRequest(url=one.url))
        kind = feed_format(answer.body) if isinstance(answer, Fetched) else None
        if kind is not None and isinstance(answer, Fetched):
            return Discovery((_found(answer, one.url, one.title, kind, one.via), *declared[place + 1 :]))
        if isinstance(answer, FetchFailed) and answer.kind not in _NO_FEED:
            return Discovery(tuple(declared[place:]))  # it may well be one, and just can't be told now
        why = answer.reason if isinstance(answer, FetchFailed) else "that is no feed"
        reason = f"{without_credentials(page.url)} names {without_credentials(one.url)} as its feed, but {why}"
    for guess in _distinct([*guessed, *(urljoin(page.url, path) for path in WELL_KNOWN)])[:_TRIED]:
        if await robots.refusal(guess) is None and (
            found := await _try(client, guess, "not declared by the page, but it is a feed", robots)
        ):
            return Discovery((found,))
    return Discovery((), reason)


async def _try(client: OutboundClient, url: str, via: str, robots: Robots | None = None) -> Candidate | None:
    answer = await client.fetch(FetchRequest(url=url, refusal=robots.refusal if robots else None))
    kind = feed_format(answer.body) if isinstance(answer, Fetched) else None
    return _found(answer, url, None, kind, via) if kind and isinstance(answer, Fetched) else None


def _found(answer: Fetched, asked: str, title: str | None, kind: str, via: str) -> Candidate:
    """At the address where it will be asked next time: where a redirect leads for the moment only, the old one."""
    if all(hop.permanent for hop in answer.hops):
        return Candidate(answer.url, title, kind, via, replace(answer, hops=()))
    return Candidate(parse_url(asked).url, title, kind, via, answer)


def _linked(page: Fetched) -> list[Candidate]:
    """The feeds that the answer's Link headers declare."""
    links = parse_links(page.links, page.url)
    found = (_declared(page.url, link.url, link.relations, link.type, link.title) for link in links)
    return [candidate for candidate in found if candidate]


def _by_worth(candidates: Iterable[Candidate]) -> list[Candidate]:
    """In their order, each once; feeds of comments come last."""
    return sorted(_first_of_each(candidates), key=lambda one: _COMMENTS.search(one.url) is not None)


def page_links(body: bytes, url: str) -> tuple[list[Candidate], list[str]]:
    """What a page declares as its feeds, and the links in it that look like some. Pure."""
    try:
        parser = html.HTMLParser(huge_tree=False, encoding="utf-8" if _is_utf_8(body) else None)
        page = html.document_fromstring(body, parser=parser, ensure_head_body=True)
    except (etree.LxmlError, ValueError):
        return [], []
    base = _base(page, url)
    declared = [_of_element(link, base) for link in page.iter("link")]
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


def _of_element(link: html.HtmlElement, base: str) -> Candidate | None:
    href, rel, kind, title = (str(link.get(name, "")) for name in ("href", "rel", "type", "title"))
    return _declared(base, href, rel.lower().split(), kind.lower(), title)


def _declared(base: str, href: str, relations: Sequence[str], type_: str, title: str) -> Candidate | None:
    """HTML, section 4.6.7.1: rel=alternate with a feed's type."""
    kind = _TYPES.get(type_.split(";", maxsplit=1)[0].strip())
    if kind is None or "alternate" not in relations:
        return None
    url = _absolute(base, href)
    return Candidate(url, printable(title).strip() or None, kind, "declared by the page") if url else None


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


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
