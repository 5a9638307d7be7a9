"""What stands in an edition and where: top stories, sections, one-liners, within the word budget. Pure.

The result is what templates see; docs/digest.md names every field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from aggregator.digest.edition import Pick, Selection
from aggregator.digest.phrases import Phrases, direction_of
from aggregator.model import Entry, Feed
from aggregator.templating import weblink
from aggregator.text.lines import cut, direction, tidy
from aggregator.text.summary import count_words, letters, shorten, summarise

TOP_STORIES = 3
TOP_WORDS = 45
SECTION_STORIES = 2
SECTION_WORDS = 25
BRIEFS = 5
ALSO = 3
HEADLINE_WORDS = 30
HEADLINE_LENGTH = 200  # characters, as is every length below
ALSO_WORDS = 14
ALSO_LENGTH = 110
OUTLET_LENGTH = 60
SUMMARY_LENGTH = 600
URL_LENGTH = 2000
FEWEST_WORDS = 1000  # below it, one-liners get their summaries
MOST_WORDS = 1300  # above it, the least important stories go
WORDS_A_STORY = 52  # of editions that are larger by configuration
WORDS_A_MINUTE = 220
TOP = "top"
OTHERS = "other"
TEXT_FOR_SUMMARY = 5000  # characters

_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f<>\"'`\\{}|^\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Also:
    """Another outlet's text on a story."""

    outlet: str
    headline: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story as it stands in the mail. Text is plain; `direction` is that of its headline, 'ltr' or 'rtl'."""

    key: str
    headline: str
    url: str
    outlet: str
    at: datetime
    time: str  # '07:05', or 'Mon 2 Mar 22:10' of another day than the edition's
    sources: int
    origins: int  # of them, texts that are no copies of another's
    summary: str  # '' for a one-liner
    also: tuple[Also, ...]
    more: int  # outlets beside those named
    update: bool
    topic: str | None
    language: str | None
    direction: str
    image_url: str | None  # https, or None

    @property
    def words(self) -> int:
        """How much of it there is to read."""
        also = sum(count_words(f"{one.outlet} {one.headline}") for one in self.also)
        return count_words(f"{self.headline} {self.outlet} {self.summary}") + also + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A topic: stories with a summary, then one-liners. `shown` counts its stories among the top ones, too."""

    name: str
    topic: str | None  # None: what no topic takes
    anchor: str  # id of its heading; that of the top stories where all of it stands there
    more_url: str | None  # the topic's page, when the edition leaves out some of it
    more_text: str
    stories: tuple[Item, ...]
    briefs: tuple[Item, ...]
    shown: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A whole edition. `sections` also lists topics all of whose stories are among the top ones."""

    top: tuple[Item, ...]
    sections: tuple[Section, ...]
    stories: int
    words: int
    minutes: int

    @property
    def items(self) -> tuple[Item, ...]:
        """Every story, in the order of reading."""
        return self.top + tuple(item for section in self.sections for item in (*section.stories, *section.briefs))


def compose(
    selection: Selection,
    feeds: Mapping[int, Feed],
    phrases: Phrases,
    site: Site,
    *,
    issued: datetime,
    keep: int | None = None,
) -> Contents:
    """Lay the selection out within the word budget. `keep` is how many stories may stay, the best ones.

    `issued`: the edition's hour, in the zone of its times.
    """
    layout = _Layout(feeds, phrases, site, selection, issued)
    budget = max(MOST_WORDS, WORDS_A_STORY * selection.brief.stories)
    count = len(selection.picks) if keep is None else min(keep, len(selection.picks))
    contents = layout.contents(count)
    while contents.words > budget and count > 1:
        count -= 1
        contents = layout.contents(count)
    return contents


@dataclass(frozen=True, slots=True)
class Site:
    """Where the site's pages are: its address without a slash at the end, and the folder names of its topics."""

    url: str
    slugs: Mapping[str, str]

    def topic(self, name: str) -> str:
        """The address of a topic's page."""
        return f"{self.url}/topics/{quote(self.slugs[name])}/"

    def story(self, key: str) -> str:
        """The address of a story's page."""
        return f"{self.url}/stories/{key}/"

    def edition(self, slug: str, local_date: str) -> str:
        """The address of an edition's copy on the web."""
        return f"{self.url}/editions/{quote(slug)}/{local_date}/"


class _Layout:
    """Makes contents of the best so-and-so many stories of one selection; summaries are made once."""

    def __init__(
        self, feeds: Mapping[int, Feed], phrases: Phrases, site: Site, selection: Selection, issued: datetime
    ) -> None:
        self._feeds = feeds
        self._phrases = phrases
        self._site = site
        self._selection = selection
        self._issued = issued
        self._summaries: dict[tuple[int, int], str] = {}

    def contents(self, count: int) -> Contents:
        picks = self._selection.picks[:count]
        links = _LinkTexts([*self._selection.brief.topics, self._phrases.view_in_browser, self._phrases.unsubscribe])
        full = self._with_summary(picks)
        top = tuple(self._item(pick, links, TOP_WORDS, also=True) for pick in picks[:TOP_STORIES])
        sections = tuple(self._sections(picks, full, links))
        items = top + tuple(item for section in sections for item in (*section.stories, *section.briefs))
        words = sum(item.words for item in items)
        return Contents(
            top=top,
            sections=sections,
            stories=len(picks),
            words=words,
            minutes=max(1, round(words / WORDS_A_MINUTE)),
        )

    def _with_summary(self, picks: Sequence[Pick]) -> set[int]:
        """Ids of the stories below the top that get a summary: the first of each section, what is beyond the
        one-liners that a section may have, and while the edition is short more of them, up to two thirds."""
        full: set[int] = set()
        spare: set[int] = set()
        for _, members in self._by_topic(picks[TOP_STORIES:]):
            ids = [pick.story.id for pick in members]
            first = max(SECTION_STORIES, len(ids) - BRIEFS)
            full |= {*ids[:first], *(pick.story.id for pick in members if pick.news)}  # an update says what is new
            spare |= set(ids[first : max(first, len(ids) * 2 // 3)])
        words = sum(self._length(pick, TOP_WORDS) for pick in picks[:TOP_STORIES])
        words += sum(self._length(p, SECTION_WORDS if p.story.id in full else 0) for p in picks[TOP_STORIES:])
        for pick in picks[TOP_STORIES:]:
            if pick.story.id in spare and words < FEWEST_WORDS:
                full.add(pick.story.id)
                words += count_words(self._summary(pick, SECTION_WORDS))
        return full

    def _by_topic(self, picks: Sequence[Pick]) -> list[tuple[str | None, list[Pick]]]:
        order: list[str | None] = [*self._selection.brief.topics, None]
        return [(topic, [pick for pick in picks if pick.topic == topic]) for topic in order]

    def _sections(self, picks: Sequence[Pick], full: set[int], links: _LinkTexts) -> Iterable[Section]:
        below = dict(self._by_topic(picks[TOP_STORIES:]))
        for topic, members in self._by_topic(picks):
            if members:
                total = self._selection.totals[topic]
                more = topic is not None and total > len(members) and bool(below[topic])
                yield Section(
                    name=self._phrases.other_stories if topic is None else tidy(topic),
                    topic=topic,
                    anchor=f"topic-{self._site.slugs[topic]}"
                    if topic and below[topic]
                    else OTHERS
                    if below[topic]
                    else TOP,
                    more_url=self._site.topic(topic) if topic and more else None,
                    more_text=self._phrases.all_on_web.format(n=total, topic=topic),
                    stories=tuple(self._item(p, links, SECTION_WORDS) for p in below[topic] if p.story.id in full),
                    briefs=tuple(self._item(p, links, 0) for p in below[topic] if p.story.id not in full),
                    shown=len(members),
                    total=total,
                )

    def _item(self, pick: Pick, links: _LinkTexts, words: int, *, also: bool = False) -> Item:
        outlet = cut(pick.outlets[0], OUTLET_LENGTH) if pick.outlets else ""
        headline = links.unique(_headline(pick), outlet)
        others = tuple(_also(pick, self._feeds, links)) if also else ()
        language = pick.lead.language or pick.story.language
        return Item(
            key=pick.story.key,
            headline=headline,
            url=link_of(pick.lead) or self._site.story(pick.story.key),
            outlet=outlet,
            at=pick.lead.sort_at,
            time=self._phrases.moment(pick.lead.sort_at, self._issued),
            sources=len(pick.outlets),
            origins=max(1, min(len(pick.outlets), pick.story.origins)),
            summary=self._summary(pick, words),
            also=others,
            more=max(0, len(pick.outlets) - 1 - len(others)),
            update=pick.news is not None,
            topic=pick.topic,
            language=language,
            direction=direction(headline, direction_of(language)),
            image_url=_https(pick.lead.image_url or pick.story.image_url),
        )

    def _summary(self, pick: Pick, words: int) -> str:
        if not words:
            return ""
        key = (pick.story.id, words)
        if key not in self._summaries:
            text = "\n".join(pick.news) if pick.news else pick.lead.text
            self._summaries[key] = cut(summarise(text[:TEXT_FOR_SUMMARY], pick.lead.title, words=words), SUMMARY_LENGTH)
        return self._summaries[key]

    def _length(self, pick: Pick, words: int) -> int:
        return count_words(_headline(pick)) + count_words(self._summary(pick, words)) + 6


class _LinkTexts:
    """Keeps the texts of links apart, so that one that is read alone (by a screen reader) says where it leads."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {letters(text) for text in taken}

    def unique(self, text: str, outlet: str) -> str:
        candidates = [text, f"{text} ({outlet})", *(f"{text} ({outlet}, {n})" for n in range(2, 200))]
        chosen = next((one for one in candidates if letters(one) not in self._taken), candidates[-1])
        self._taken.add(letters(chosen))
        return chosen

    def claim(self, text: str) -> bool:
        """True when no link has this text yet; it is taken from then on."""
        if letters(text) in self._taken:
            return False
        self._taken.add(letters(text))
        return True


def _also(pick: Pick, feeds: Mapping[int, Feed], links: _LinkTexts) -> Iterable[Also]:
    """How other outlets put it: one text each, no copies of a headline."""
    named = set(pick.outlets[:1])
    for entry in pick.entries[1:]:
        outlet = feeds[entry.feed_id].outlet if entry.feed_id in feeds else ""
        url = link_of(entry)
        headline = cut(shorten(tidy(entry.title), ALSO_WORDS), ALSO_LENGTH)
        if outlet and outlet not in named and url and headline and links.claim(headline):
            named.add(outlet)
            yield Also(cut(outlet, OUTLET_LENGTH), headline, url)
            if len(named) > ALSO:
                return


def _headline(pick: Pick) -> str:
    title = pick.story.title if pick.lead.id == pick.story.lead_id else pick.lead.title
    line = shorten(tidy(title), HEADLINE_WORDS) or shorten(tidy(pick.lead.text[:500]), 12) or "…"
    return cut(line, HEADLINE_LENGTH)


def link_of(entry: Entry) -> str | None:
    """The entry's address if it is one for the web, without characters that would end it in a plain text."""
    url = weblink(entry.url) if len(entry.url or "") <= URL_LENGTH else None
    return _UNSAFE_IN_URL.sub(lambda found: quote(found.group()), url) if url else None


def _https(url: str | None) -> str | None:
    return url if (weblink(url) or "").startswith("https://") else None
