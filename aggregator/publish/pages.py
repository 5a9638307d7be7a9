"""The site's HTML pages, rendered from the view. Pure: equal views and templates give equal bytes.

for unit in (*page_units(view, env), *edition_units(view)): for (path, body) in unit.render():
    index.html                      the front page: leading stories, then topics
    topics/<slug>/index.html        everything of a topic by day; older pages in topics/<slug>/2/ and so on
    stories/<key>/index.html        one event, every outlet's version; of a merged one, the way to where it is told now
    sources/index.html              the feeds and their health; `aggregator run` serves a live one in its place
    editions/index.html             the newest editions of each digest
    editions/<slug>/index.html      all of a digest, and each edition as it was mailed
    style.css, favicon.svg
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from jinja2 import Environment
from markupsafe import Markup

from aggregator.config.models import SiteConfig
from aggregator.model import Edition
from aggregator.publish import cards
from aggregator.publish.cards import Version, href
from aggregator.publish.source_rows import SourceRow, published_rows
from aggregator.publish.units import Unit
from aggregator.publish.view import (
    ArchiveView,
    EditionView,
    FeedPaths,
    SiteView,
    StoryView,
    TopicRef,
    TopicView,
    absolute,
)
from aggregator.templating import render, static_file
from aggregator.text.novelty import new_sentences

EDITIONS_ON_FRONT = 3
EDITIONS_ON_INDEX = 10  # of each digest
_NEWS = 3  # sentences that a story's newest version adds
_TEXT_FOR_NEWS = 10_000  # characters of a version

# Characters that HTML may not hold (HTML standard, section 3.2.5: no controls, no surrogates, no noncharacters).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_END_OF_HEAD = re.compile(r"</head\s*>", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link of the main navigation; `path` is percent-encoded and relative to the site's root."""

    title: str
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says about itself in its head. `url` is its absolute address."""

    title: str
    description: str
    url: str
    feeds: tuple[FeedPaths, ...]


@dataclass(frozen=True, slots=True)
class Chrome:
    """What all pages share."""

    site: SiteConfig
    topics: tuple[TopicRef, ...]
    feeds: tuple[FeedPaths, ...]  # the stories' and the one of all entries, in the order in which pages offer them
    opml: str
    style: str  # address of the style sheet, with its hash, so that a changed one is fetched anew
    digests: tuple[str, ...] = ()  # to which the pages offer subscriptions

    def variables(
        self,
        path: str,
        *,
        root: str | None = None,
        title: str = "",
        description: str = "",
        feeds: tuple[FeedPaths, ...] = (),
    ) -> dict[str, object]:
        """The variables of templates/base.html for the page at `path` ('topics/x/')."""
        page = Page(
            title=title or self.site.title,
            description=description or self.site.description,
            url=absolute(self.site.url, path),
            feeds=(*feeds, *self.feeds),
        )
        return {
            "site": self.site,
            "root": ("../" * path.count("/") or "./") if root is None else root,
            "style": self.style,
            "nav": self.nav(path),
            "page": page,
            "opml": self.opml,
            "digests": self.digests,
        }

    def nav(self, path: str) -> tuple[NavLink, ...]:
        """The main navigation as the page at `path` shows it."""
        targets = [("Front page", "")]
        targets += [(topic.name, topic.path) for topic in self.topics]
        targets += [("Sources", "sources/"), ("Editions", "editions/")]
        return tuple(NavLink(title, href(target), _inside(path, target)) for title, target in targets)


def _inside(path: str, target: str) -> bool:
    return path.startswith(target) if target else path == ""


def chrome_of(view: SiteView, env: Environment) -> Chrome:
    """What the pages of a view share."""
    topics = tuple(TopicRef(topic.name, topic.slug, topic.path) for topic in view.topics)
    return Chrome(view.site, topics, (view.stories_feed, view.feed), view.opml, stylesheet(env), view.digests)


def stylesheet(env: Environment) -> str:
    """'style.css?v=<hash>': the address changes with the content."""
    return f"style.css?v={hashlib.sha256(static_file(env, 'style.css')).hexdigest()[:8]}"


def page_units(view: SiteView, env: Environment) -> Iterator[Unit]:
    """Every page, to be rendered. Rendering raises ConfigError for a fault in a template.

    The keys hold for the shipped templates; one of the user's may show anything of a story, a topic and their sources.
    """
    chrome = chrome_of(view, env)
    shared = hash(chrome)
    yield Unit("pages", None, partial(_other_pages, view, chrome, env))
    for topic in view.topics:
        entries = hash(tuple(entry.fingerprint for entry in topic.entries))
        stories = hash(tuple(story.fingerprint for story in topic.stories))
        key = (shared, topic.name, topic.path, topic.feed, entries, stories)
        yield Unit(topic.path, key, partial(_topic, topic, view, chrome, env))
    for story in view.stories:
        yield Unit(story.path, (shared, story.fingerprint), partial(_story, story, chrome, env))


def edition_units(view: SiteView) -> Iterator[Unit]:
    """The page of each edition. It is the mail, so that no template of the site has a part in it."""
    for one in view.editions:
        made = one.edition
        key = (made.id, made.atom_id, made.created, one.path, view.site.title)
        yield Unit(one.path, key, partial(_edition, view.site, one))


def _edition(site: SiteConfig, one: EditionView) -> Iterator[tuple[str, bytes]]:
    yield f"{one.path}index.html", edition_page(site, replace(one.edition, html=one.html()), one.path)


def _other_pages(view: SiteView, chrome: Chrome, env: Environment) -> Iterator[tuple[str, bytes]]:
    yield "style.css", static_file(env, "style.css")
    yield "favicon.svg", static_file(env, "favicon.svg")
    yield "index.html", _front(view, chrome, env)
    yield "sources/index.html", sources_page(chrome, env, published_rows(view.sources))
    yield "editions/index.html", _editions(view, chrome, env)
    for archive in view.archives:
        yield f"{archive.path}index.html", _archive(archive, chrome, env)
    for path, story in view.moved.items():
        yield f"{path}index.html", _moved_page(view, story)


def page_bytes(env: Environment, template: str, variables: Mapping[str, object]) -> bytes:
    """A rendered template as UTF-8, without the characters that HTML can't hold."""
    return _FORBIDDEN.sub("", render(env, template, variables)).encode()


def _front(view: SiteView, chrome: Chrome, env: Environment) -> bytes:
    variables = chrome.variables("") | {
        "front": cards.front_page(view),
        "editions": view.editions[:EDITIONS_ON_FRONT],
        "updated": view.updated,
    }
    return page_bytes(env, "index.html", variables)


def _topic(topic: TopicView, view: SiteView, chrome: Chrome, env: Environment) -> Iterator[tuple[str, bytes]]:
    pages = cards.paged(cards.topic_cards(topic))
    for number, shown in enumerate(pages, start=1):
        path = topic.path if number == 1 else f"{topic.path}{number}/"
        title = topic.name if number == 1 else f"{topic.name}, page {number}"
        variables = chrome.variables(
            path,
            title=f"{title} – {view.site.title}",
            description=f"{topic.name}: stories and articles, newest first.",
            feeds=(topic.feed,),
        ) | {
            "topic": topic,
            "days": cards.by_day(shown, view.site.timezone),
            "number": number,
            "pages": len(pages),
            "newer": _page_path(topic, number - 1) if number > 1 else None,
            "older": _page_path(topic, number + 1) if number < len(pages) else None,
        }
        yield f"{path}index.html", page_bytes(env, "topic.html", variables)


def _page_path(topic: TopicView, number: int) -> str:
    return href(topic.path if number == 1 else f"{topic.path}{number}/")


def _story(story: StoryView, chrome: Chrome, env: Environment) -> Iterator[tuple[str, bytes]]:
    card = cards.story_card(story)
    versions = tuple(cards.version(one, lead=one is story.lead) for one in reversed(story.entries))
    variables = chrome.variables(story.path, title=f"{card.title} – {chrome.site.title}", description=card.summary) | {
        "story": story.story,
        "card": card,
        "versions": versions,
        "outlets": tuple(filter(None, map(cards.shown, story.story.outlets))),
        "news": _news(story),
        "topics": story.topics,
    }
    yield f"{story.path}index.html", page_bytes(env, "story.html", variables)


def _news(story: StoryView) -> tuple[Version, tuple[str, ...]] | None:
    """The newest version that came an hour or more after the first, and its first sentences that no other one says."""
    *others, newest = story.entries
    if newest.entry.sort_at < story.story.first_seen + timedelta(hours=1):
        return None
    known = (f"{one.entry.title} {one.entry.text[:_TEXT_FOR_NEWS]}" for one in others)
    said = new_sentences(known, newest.entry.text[:_TEXT_FOR_NEWS])
    sentences = tuple(filter(None, map(cards.shown, said[:_NEWS])))
    return (cards.version(newest), sentences) if sentences else None


def _moved_page(view: SiteView, story: StoryView) -> bytes:
    """At a merged story's address: the way to the story that it went into, for hosts that can't redirect."""
    target = href(story.path.removeprefix("stories/"))
    page = Markup(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{0}</title>\n'
        '<link rel="canonical" href="{1}">\n<meta http-equiv="refresh" content="0; url=../{2}">\n'
        '<p>This story is now part of <a href="../{2}">{0}</a>.</p>\n'
    ).format(cards.story_card(story).title, view.href(story.path), target)
    return _FORBIDDEN.sub("", page).encode()


def sources_page(
    chrome: Chrome, env: Environment, rows: Sequence[SourceRow], *, checked_at: datetime | None = None
) -> bytes:
    """The sources page; `checked_at` is the time of a live one, whose rows hold the polls too."""
    variables = chrome.variables(
        "sources/",
        title=f"Sources – {chrome.site.title}",
        description=f"The feeds that {chrome.site.title} reads, and how each of them is.",
    ) | {
        "rows": rows,
        "attention": sum(row.health == "attention" for row in rows),
        "checked_at": checked_at,
    }
    return page_bytes(env, "sources.html", variables)


def edition_page(site: SiteConfig, edition: Edition, path: str) -> bytes:
    """The mail as it was frozen, with a way to the site on top, and the address of the digest's feed."""
    root = "../" * path.count("/")
    archive = href("/".join(path.split("/")[:2]))
    feed = Markup('<link rel="alternate" type="application/atom+xml" title="{0}: {1}" href="{2}/feed.atom">\n')
    feed = feed.format(site.title, edition.digest, f"{root}{archive}")
    way = Markup(
        '<nav style="padding:12px;font:14px/1.4 sans-serif;text-align:center">'
        '<a style="color:inherit" href="{0}"><bdi>{1}</bdi></a> · '
        '<a style="color:inherit" href="{0}editions/">All editions</a></nav>'
    ).format(root, site.title)
    text = _END_OF_HEAD.sub(lambda match: f"{feed}{match[0]}", edition.html, count=1)
    return _FORBIDDEN.sub("", _BODY.sub(lambda match: f"{match[0]}{way}", text, count=1)).encode()


def _editions(view: SiteView, chrome: Chrome, env: Environment) -> bytes:
    """The newest editions of each digest."""
    return _archive_page("editions/", "Editions", view.archives, chrome, env, shown=EDITIONS_ON_INDEX)


def _archive(archive: ArchiveView, chrome: Chrome, env: Environment) -> bytes:
    """All editions of one digest."""
    return _archive_page(archive.path, archive.digest, (archive,), chrome, env, shown=len(archive.editions))


def _archive_page(
    path: str, title: str, archives: Sequence[ArchiveView], chrome: Chrome, env: Environment, *, shown: int
) -> bytes:
    variables = chrome.variables(
        path,
        title=f"{title} – {chrome.site.title}",
        description=f"{title}: every edition as it was mailed, newest first.",
        feeds=tuple(archive.feed for archive in archives),
    ) | {"heading": title, "archives": archives, "shown": shown}
    return page_bytes(env, "editions.html", variables)
