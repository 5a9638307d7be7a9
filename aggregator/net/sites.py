"""Where well-known sites keep their feeds, by the address of a page alone. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

# Paths where publishing systems put their feeds, the likeliest first.
WELL_KNOWN = ("/feed", "/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json")

_PERSON = re.compile(r"@[A-Za-z0-9_.-]+")
_LISTS = {"category", "tag", "author"}  # of a WordPress blog: each has a feed of its own


@dataclass(frozen=True, slots=True)
class _Page:
    """`host` is without www and m; `blog` is what stands before the site's own name, empty on the site itself."""

    host: str
    blog: str
    parts: tuple[str, ...]
    query: dict[str, list[str]]

    def path(self, count: int) -> str:
        return "".join(f"/{part}" for part in self.parts[:count])

    def at(self, *names: str) -> bool:
        """Whether the first part of the path is one of these, and another follows."""
        return len(self.parts) > 1 and self.parts[0] in names


def known_feeds(url: str) -> list[str]:
    """Addresses of the feeds behind a page of YouTube, Reddit, GitHub, Mastodon, WordPress, Substack and others."""
    address = urlsplit(url)
    host = (address.hostname or "").removeprefix("www.").removeprefix("m.")
    parts = tuple(filter(None, address.path.split("/")))
    for site, rule in _SITES.items():
        if host == site or host.endswith(f".{site}"):
            page = _Page(host, host.removesuffix(site).rstrip("."), parts, parse_qs(address.query))
            return [feed] if (feed := rule(page)) else []
    # Mastodon and its kin, on any host
    if parts and _PERSON.fullmatch(parts[0]):
        path = _Page(host, "", parts, {}).path
        if len(parts) == 3 and parts[1] == "tagged":
            return [f"{address.scheme}://{address.netloc}{path(3)}.rss"]
        if len(parts) == 1 or parts[1:] in (("with_replies",), ("media",)):
            return [f"{address.scheme}://{address.netloc}{path(1)}.rss"]
    return []


def podcast_lookup(url: str) -> str | None:
    """Where Apple tells the feed of a podcast from its page: its iTunes Search API, looked up by id."""
    address = urlsplit(url)
    found = re.search(r"/podcast/(?:[^/]+/)?id([0-9]{1,15})(?:$|/)", address.path)
    if address.hostname not in ("podcasts.apple.com", "itunes.apple.com") or found is None:
        return None
    return f"https://itunes.apple.com/lookup?id={found[1]}&entity=podcast"


def podcast_feed(answer: bytes) -> str | None:
    """What the look-up answers; None for anything but an address."""
    try:
        feed = json.loads(answer)["results"][0]["feedUrl"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return feed if isinstance(feed, str) and feed.startswith(("https://", "http://")) else None


def _youtube(page: _Page) -> str | None:
    base = "https://www.youtube.com/feeds/videos.xml"
    if page.at("channel") and re.fullmatch(r"UC[\w-]{22}", page.parts[1]):
        return f"{base}?channel_id={page.parts[1]}"
    if page.at("user") and re.fullmatch(r"[\w-]+", page.parts[1]):
        return f"{base}?user={page.parts[1]}"
    # Mixes (RD...), 'watch later' and 'liked' are a visitor's own, and have none.
    list_ = page.query.get("list", [""])[0]
    return f"{base}?playlist_id={list_}" if re.fullmatch(r"(?!RD|WL$|LL$|LM$)[\w-]+", list_) else None


def _reddit(page: _Page) -> str | None:
    """A subreddit, several joined by +, their orders, a post's comments, a user, a user's multireddit."""
    form = r"(?:r|u|user)/[\w+-]+(?:/(?:new|top|hot|rising|controversial|m/\w+|comments/\w+.*))?"
    found = re.match(form, "/".join(page.parts))
    return f"https://www.reddit.com/{found[0].rstrip('/')}/.rss" if found else None


def _github(page: _Page) -> str | None:
    if page.blog or not page.parts:  # gist.github.com, docs.github.com: other sites
        return None
    if len(page.parts) == 1:
        return f"https://github.com/{page.parts[0]}.atom"
    base, rest = f"https://github.com{page.path(2).removesuffix('.git')}", page.parts[2:]
    if rest[:1] == ("commits",):
        return f"{base}/{'/'.join(rest)}.atom"
    return f"{base}/{'tags' if rest[:1] == ('tags',) else 'releases'}.atom"


def _medium(page: _Page) -> str | None:
    """A writer, a publication, a tag, or what a publication has under one; or a writer's own host."""
    if page.blog:
        return f"https://{page.host}/feed"
    if page.at("tag"):
        return f"https://medium.com/feed{page.path(2)}"
    if page.parts[1:2] == ("tagged",):
        return f"https://medium.com/feed{page.path(3)}"
    return f"https://medium.com/feed{page.path(1)}" if page.parts else None


def _substack(page: _Page) -> str | None:
    """A publication's own host, its author's profile, or a letter opened in the app."""
    blog = page.blog
    if page.at("pub"):
        blog = page.parts[1].lower()
    elif page.parts and _PERSON.fullmatch(page.parts[0]):
        blog = page.parts[0][1:].lower()
    return f"https://{blog}.substack.com/feed" if blog not in ("", "open") else None


def _wordpress(page: _Page) -> str | None:
    return f"https://{page.host}{page.path(2) if page.at(*_LISTS) else ''}/feed/" if page.blog else None


def _blogspot(page: _Page) -> str | None:
    label = f"/-/{page.parts[2]}" if page.parts[:2] == ("search", "label") and len(page.parts) > 2 else ""
    return f"https://{page.host}/feeds/posts/default{label}" if page.blog else None


def _tumblr(page: _Page) -> str | None:
    """A blog has a host of its own, and is shown under www.tumblr.com as well."""
    if page.blog:
        return f"https://{page.host}{page.path(2) if page.at('tagged') else ''}/rss"
    of_site = {"blog", "dashboard", "explore", "login", "register", "search", "tagged"}
    return f"https://{page.parts[0]}.tumblr.com/rss" if page.parts and page.parts[0] not in of_site else None


def _gitlab(page: _Page) -> str | None:
    return f"https://gitlab.com{page.path(len(page.parts))}.atom" if page.parts and not page.blog else None


def _bluesky(page: _Page) -> str | None:
    return f"https://bsky.app{page.path(2)}/rss" if page.at("profile") else None


def _vimeo(page: _Page) -> str | None:
    of_site = page.path(2 if page.at("channels", "groups") else 1)
    return f"https://vimeo.com{of_site}/videos/rss" if page.parts and not page.parts[0].isdigit() else None


_SITES: dict[str, Callable[[_Page], str | None]] = {
    "youtube.com": _youtube,
    "reddit.com": _reddit,
    "github.com": _github,
    "gitlab.com": _gitlab,
    "medium.com": _medium,
    "substack.com": _substack,
    "wordpress.com": _wordpress,
    "blogspot.com": _blogspot,
    "tumblr.com": _tumblr,
    "bsky.app": _bluesky,
    "vimeo.com": _vimeo,
}
