"""Where well-known sites keep their feeds, by the address of a page alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

Rule = Callable[[str, str, dict[str, list[str]]], list[str]]

# Paths where publishing systems put their feeds, the likeliest first.
WELL_KNOWN = ("/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json")


def known_feeds(url: str) -> list[str]:
    """Addresses of the feeds behind a page of YouTube, Reddit, GitHub, Mastodon, WordPress, Substack and others."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    path = parts.path.rstrip("/")
    for site, rule in _SITES:
        if host == site or host.endswith(f".{site}"):
            return rule(host, path, parse_qs(parts.query))
    # Mastodon and its kin, on any host
    if person := re.fullmatch(r"(/@[A-Za-z0-9_.-]+(?:/tagged/[^/]+)?)(?:/with_replies|/media)?", path):
        return [f"https://{parts.netloc}{person[1]}.rss"]
    return []


def _youtube(_: str, path: str, query: dict[str, list[str]]) -> list[str]:
    base = "https://www.youtube.com/feeds/videos.xml"
    if channel := re.match(r"/channel/(UC[\w-]{22})", path):
        return [f"{base}?channel_id={channel[1]}"]
    if user := re.match(r"/user/([\w-]+)", path):
        return [f"{base}?user={user[1]}"]
    return [f"{base}?playlist_id={name}" for name in query.get("list", [])[:1] if re.fullmatch(r"[\w-]+", name)]


def _reddit(_: str, path: str, __: dict[str, list[str]]) -> list[str]:
    found = re.match(r"/(?:r|u|user)/[\w+-]+(?:/(?:new|top|comments/\w+[^?]*))?", path)
    return [f"https://www.reddit.com{found[0].rstrip('/')}/.rss"] if found else []


def _github(_: str, path: str, __: dict[str, list[str]]) -> list[str]:
    parts = path.strip("/").split("/")
    base = f"https://github.com/{'/'.join(parts[:2])}"
    if len(parts) == 1 and parts[0]:
        return [f"{base}.atom"]
    if len(parts) < 2:
        return []
    if parts[2:3] == ["commits"]:
        return [f"{base}/{'/'.join(parts[2:])}.atom"]
    return [f"{base}/{'tags' if parts[2:3] == ['tags'] else 'releases'}.atom"]


def _substack(host: str, path: str, _: dict[str, list[str]]) -> list[str]:
    """A publication's own host, its author's profile, or a letter opened in the app."""
    if found := re.match(r"/(?:@|pub/)([A-Za-z0-9-]+)", path):
        host = f"{found[1].lower()}.substack.com"
    return [f"https://{host}/feed"] if host not in ("substack.com", "open.substack.com") else []


def _fixed(form: str) -> Rule:
    """A rule that puts the host, or the path's first part, into a pattern."""

    def rule(host: str, path: str, _: dict[str, list[str]]) -> list[str]:
        first = path.split("/")[1] if path.count("/") else ""
        return [form.format(host=host, first=first)] if first or "{first}" not in form else []

    return rule


_SITES: tuple[tuple[str, Rule], ...] = (
    ("youtube.com", _youtube),
    ("reddit.com", _reddit),
    ("github.com", _github),
    ("gitlab.com", lambda _, path, __: [f"https://gitlab.com{path}.atom"] if path else []),
    ("medium.com", lambda host, path, __: [f"https://{host}/feed{'/' + path.split('/')[1] if path else ''}"]),
    ("substack.com", _substack),
    ("wordpress.com", _fixed("https://{host}/feed/")),
    ("blogspot.com", _fixed("https://{host}/feeds/posts/default")),
    ("tumblr.com", _fixed("https://{host}/rss")),
    ("bsky.app", lambda _, path, __: [f"https://bsky.app{path}/rss"] if path.startswith("/profile/") else []),
    ("vimeo.com", _fixed("https://vimeo.com/{first}/videos/rss")),
)
