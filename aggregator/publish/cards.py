"""What the pages show of stories and entries: cards, chosen and ordered. Pure; nothing here depends on the clock.

'Now' is the newest thing in the view, so that two publishes over the same data give the same pages.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from urllib.parse import quote

from aggregator.publish import clean
from aggregator.publish.view import EntryView, FeedPaths, SiteView, SourceView, StoryView, TopicView
from aggregator.templating import domain
from aggregator.text.summary import summarise

TOP_STORIES = 3
SECTION_CARDS = 6
ALSO_OUTLETS = 3
CARDS_A_PAGE = 60
TITLE_CHARACTERS = 240  # longer ones are cut: nobody reads them, and they push everything else away
SUMMARY_WORDS = 40
FRESH = timedelta(minutes=20)  # a change this soon after the leading article is no update worth a mark

_DIRECTION_OVERRIDES = dict.fromkeys(range(0x202A, 0x202F))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One outlet's article. `url` is an http or https address, or None; `edited_at` is of its present text."""

    title: str
    url: str | None
    outlet: str
    language: str | None  # BCP 47, well-formed
    at: datetime
    edited_at: datetime | None
    summary: str
    lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A story, or an entry that is in none. `page` is the story's page, None for a single entry."""

    title: str
    url: str | None  # where the headline leads: the leading article, else the story's page
    page: str | None
    outlet: str
    language: str | None
    at: datetime
    updated: datetime | None  # of a story: its newest article, if that came well after its lead; of an entry: its edit
    summary: str
    sources: int  # outlets
    articles: int  # of all of them: one outlet's second article is worth a way to the story's page, too
    also: tuple[Version, ...]  # other outlets' versions, the newest of each, newest first
    more: int  # outlets beyond those
    sort_at: datetime  # its place among others


@dataclass(frozen=True, slots=True)
class Day:
    """The cards of one local day."""

    date: datetime  # of its newest card; shown as a day in the site's time zone
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the front page. `path` leads to all of it; None for what no topic takes."""

    title: str
    path: str | None
    feed: FeedPaths | None
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The leading stories, then the topics in the order of feeds.yaml. No story stands twice."""

    top: tuple[Card, ...]
    sections: tuple[Section, ...]


def href(path: str) -> str:
    """A path of the site as it stands in an address: percent-encoded."""
    return quote(path, safe="/")


def shown(text: str) -> str:
    """Feed text as one line that can't turn the writing direction of what follows it (Unicode UAX #9, 2.1 and 2.2).

    Empty for a text of which nothing would be seen, such as zero-width characters alone.
    """
    line = clean.line(text).translate(_DIRECTION_OVERRIDES)
    return line if any(unicodedata.category(char)[0] in "LNPS" for char in line) else ""


def outlet_name(source: SourceView) -> str:
    """Who publishes a feed; something to be seen whatever the feed says."""
    return shown(source.outlet) or shown(source.name) or domain(source.url) or "Unknown"


def headline(title: str, text: str, fallback: str) -> str:
    """A title that can stand on a page: one line, not endless; `fallback` where neither says anything."""
    line = shown(title) or shown(text[:1000])
    if len(line) > TITLE_CHARACTERS:
        cut = line[:TITLE_CHARACTERS]
        line = f"{cut.rsplit(' ', 1)[0].rstrip(' ,;:–—-')}…"
    return line or fallback


def version(one: EntryView, *, lead: bool = False) -> Version:
    """An entry as one outlet's version."""
    entry = one.entry
    outlet = outlet_name(one.source)
    title = headline(entry.title, entry.text, outlet)
    return Version(
        title=title,
        url=clean.web_url(entry.url),
        outlet=outlet,
        language=clean.language(entry.language) or clean.language(one.source.language),
        at=entry.sort_at,
        edited_at=entry.edited_at,
        summary=shown(summarise(entry.text, title, words=SUMMARY_WORDS)),
        lead=lead,
    )


def story_card(story: StoryView) -> Card:
    """A story under its lead's headline, with what other outlets carry."""
    lead = version(story.lead, lead=True)
    page = href(story.path)
    others = _other_outlets(story, lead.outlet)
    sources = len(story.story.outlets)
    # Its newest article's time, not that of our last change: a first poll brings days of stories within one second.
    newest = story.story.last_seen
    return Card(
        title=headline(story.story.title, lead.title, lead.outlet),
        url=lead.url or page,
        page=page,
        outlet=lead.outlet,
        language=clean.language(story.story.language) or lead.language,
        at=lead.at,
        updated=newest if newest - lead.at > FRESH else None,
        summary=lead.summary,
        sources=sources,
        articles=len(story.entries),
        also=others[:ALSO_OUTLETS],
        more=max(0, sources - 1 - ALSO_OUTLETS),
        sort_at=newest,
    )


def _other_outlets(story: StoryView, lead_outlet: str) -> tuple[Version, ...]:
    newest: dict[str, EntryView] = {}
    for one in reversed(story.entries):
        newest.setdefault(outlet_name(one.source), one)
    newest.pop(lead_outlet, None)
    return tuple(version(one) for one in newest.values())


def entry_card(one: EntryView) -> Card:
    """An entry that stands alone."""
    made = version(one)
    return Card(
        title=made.title,
        url=made.url,
        page=None,
        outlet=made.outlet,
        language=made.language,
        at=made.at,
        updated=made.edited_at,
        summary=made.summary,
        sources=1,
        articles=1,
        also=(),
        more=0,
        sort_at=made.at,
    )


def weight(story: StoryView, now: datetime) -> float:
    """How much a story matters on the front page: independent outlets, halved every 12 hours after its newest."""
    voices = min(len(story.story.outlets), story.story.origins)
    age = max(timedelta(), now - story.story.last_seen) / timedelta(hours=12)
    return math.log2(1 + max(1, voices)) * math.pow(0.5, age)


def front_page(view: SiteView) -> FrontPage:
    """Choose the front page: up to three stories of several outlets on top, then each topic's weightiest."""
    if view.updated is None:
        return FrontPage((), ())
    now = view.updated
    ranked = sorted(view.stories, key=lambda one: (-weight(one, now), one.story.id))
    top = [one for one in ranked if len(one.story.outlets) > 1][:TOP_STORIES]
    rest = [one for one in ranked if one not in top]
    sections = [_topic_section(topic, rest) for topic in view.topics]
    sections.append(_other_section(view, rest))
    return FrontPage(tuple(story_card(one) for one in top), tuple(one for one in sections if one.cards))


def _topic_section(topic: TopicView, ranked: Sequence[StoryView]) -> Section:
    stories = [one for one in ranked if one.topics and one.topics[0].path == topic.path]
    alone = [one for one in topic.entries if one.story_path is None and one.topics[0].path == topic.path]
    return Section(title=topic.name, path=href(topic.path), feed=topic.feed, cards=_section_cards(stories, alone))


def _other_section(view: SiteView, ranked: Sequence[StoryView]) -> Section:
    stories = [one for one in ranked if not one.topics]
    alone = [one for one in view.entries if one.story_path is None and not one.topics]
    title = "More news" if view.topics else "Latest"
    return Section(title=title, path=None, feed=None, cards=_section_cards(stories, alone))


def _section_cards(stories: Sequence[StoryView], alone: Iterable[EntryView]) -> tuple[Card, ...]:
    cards = [story_card(one) for one in stories[:SECTION_CARDS]]
    cards += [entry_card(one) for one, _ in zip(alone, range(SECTION_CARDS - len(cards)), strict=False)]
    return tuple(cards)


def topic_cards(topic: TopicView) -> tuple[Card, ...]:
    """All of a topic, newest first: its stories, and the entries that are in none of them."""
    shown = {story.path for story in topic.stories}
    cards = [story_card(story) for story in topic.stories]
    cards += [entry_card(one) for one in topic.entries if one.story_path not in shown]
    return tuple(sorted(cards, key=lambda card: (card.sort_at, card.title), reverse=True))


def by_day(cards: Iterable[Card], zone: tzinfo) -> tuple[Day, ...]:
    """Cards, newest first, under the local day of their newest article."""

    def local_day(card: Card) -> date:
        return card.sort_at.astimezone(zone).date()

    grouped = (tuple(group) for _, group in groupby(cards, key=local_day))
    return tuple(Day(group[0].sort_at, group) for group in grouped)


def paged(cards: Sequence[Card], size: int = CARDS_A_PAGE) -> list[Sequence[Card]]:
    """Cards in pages of `size`; a remainder of less than a quarter page stays with the page before it."""
    pages = [cards[start : start + size] for start in range(0, len(cards), size)] or [cards]
    if len(pages) > 1 and len(pages[-1]) * 4 < size:
        pages[-2:] = [[*pages[-2], *pages[-1]]]
    return pages
