"""A site with all that a real one has: outlets in eight languages, stories of many versions, hostile and odd titles."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.config.models import SiteConfig
from aggregator.model import Edition, EditionState, Entry, FeedState, Story
from aggregator.publish.view import (
    ArchiveView,
    EditionView,
    EntryView,
    FeedPaths,
    SiteView,
    SourceView,
    StoryView,
    TopicRef,
    TopicView,
)
from aggregator.text.slug import unique_slugs

NOW = datetime(2026, 11, 22, 13, 40, tzinfo=UTC)
SITE = SiteConfig(
    title="Ukraine Watch",
    description="What fourteen newsrooms report on the war and the aid, gathered by event.",
    url="https://news.example.org",
    language="en",
    timezone=ZoneInfo("Europe/Kyiv"),
    contact="editor@example.org",
)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)> {{ 7 * 7 }} &lt;b&gt; "quoted" \'too\''
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhersteller" * 3

TOPICS = ("Air defense", "Aid pledges", "Energy grid", "Diplomacy")
SLUGS = unique_slugs(TOPICS)

_SOURCES = (
    ("Meridian Wire", "Meridian Wire", "en", FeedState.OK, "answers every 15 minutes"),
    ("The Harbour Post", "The Harbour Post", "en", FeedState.OK, "answers every 30 minutes"),
    ("Дніпровський вісник", "Дніпровський вісник", "uk", FeedState.OK, "answers every 10 minutes"),
    ("Kanal Nord – Nachrichten", "Kanal Nord", "de", FeedState.OK, "answers every 20 minutes"),
    ("Courrier du Levant", "Courrier du Levant", "fr", FeedState.OK, "answers every hour"),
    ("Gazeta Wiślana", "Gazeta Wiślana", "pl", FeedState.OK, "answers every 15 minutes"),
    ("صحيفة المنارة", "صحيفة المنارة", "ar", FeedState.OK, "answers every hour"),
    ("El Faro del Sur", "El Faro del Sur", "es", FeedState.OK, "answers every hour"),
    ("Baltic Monitor: world", "Baltic Monitor", "en", FeedState.OK, "answers every 15 minutes"),
    (
        "Fjord Defence Review",
        "Fjord Defence Review",
        "en",
        FeedState.QUIET,
        "answers, but its last new entry is 41 days old, and it used to bring one every 2 days",
    ),
    (
        "Northgate Dispatch",
        "Northgate Dispatch",
        "en",
        FeedState.FAILING,
        "the server did not answer within 30 seconds, 4 times in a row",
    ),
    (
        "潮報 World",
        "潮報",
        "ja",
        FeedState.BLOCKED,
        "the server refuses us: 403 Forbidden, with a challenge page for browsers",
    ),
    ("Old Mill Gazette", "Old Mill Gazette", "en", FeedState.GONE, "410 Gone: the publisher has closed this feed"),
    (HOSTILE, HOSTILE, "en", FeedState.NEW, "not polled yet"),
)


def _sources() -> tuple[SourceView, ...]:
    made = []
    for number, (name, outlet, language, state, reason) in enumerate(_SOURCES, start=1):
        made.append(
            SourceView(
                id=number,
                url=f"https://feeds{number}.example.net/news.xml",
                name=name,
                outlet=outlet,
                site_url=f"https://www.outlet{number}.example.net/",
                language=language,
                state=state,
                state_reason=reason,
                last_new_entry_at=None if state is FeedState.NEW else NOW - timedelta(minutes=11 * number),
                entries=0 if state is FeedState.NEW else 41 * number,
            )
        )
    return tuple(made)


SOURCES = _sources()
_BY_LANGUAGE = {source.language: source for source in SOURCES[:9] if source.language != "en"}
_ENGLISH = [source for source in SOURCES[:9] if source.language == "en"]


def topic_ref(name: str) -> TopicRef:
    return TopicRef(name, SLUGS[name], f"topics/{SLUGS[name]}/")


_next_id = iter(range(1, 100_000))


def entry(title: str, text: str, *, hours: float, source: SourceView, topics: tuple[str, ...] = ()) -> EntryView:
    """An entry seen `hours` before NOW."""
    number = next(_next_id)
    at = NOW - timedelta(hours=hours)
    return EntryView(
        entry=Entry(
            id=number,
            feed_id=source.id,
            feed_url=source.url,
            guid=f"guid-{number}",
            title=title,
            text=text,
            summary=f"<p>{text}</p>",
            url=f"{source.site_url}{at:%Y/%m/%d}/article-{number}.html",
            language=source.language,
            published=at,
            first_seen=at + timedelta(minutes=4),
            sort_at=at,
        ),
        source=source,
        topics=tuple(topic_ref(name) for name in topics),
    )


Version = tuple[str, str, str, float]  # language, title, text, hours before NOW


def story(topics: tuple[str, ...], versions: tuple[Version, ...], *, origins: int) -> StoryView:
    """A story whose first version leads. English versions take the English outlets in turn."""
    english = iter(_ENGLISH * 3)
    made = [
        entry(title, text, hours=hours, topics=topics, source=_BY_LANGUAGE.get(language) or next(english))
        for language, title, text, hours in versions
    ]
    lead = made[0]
    key = hashlib.sha256(lead.entry.title.encode()).hexdigest()[:16]
    made = [replace(one, story_path=f"stories/{key}/") for one in made]
    ordered = tuple(sorted(made, key=lambda one: (one.entry.sort_at, one.entry.id)))
    return StoryView(
        story=Story(
            id=lead.entry.id,
            key=key,
            title=lead.entry.title,
            lead_id=lead.entry.id,
            entry_ids=tuple(one.entry.id for one in ordered),
            outlets=tuple(dict.fromkeys(one.source.outlet for one in made)),
            origins=origins,
            topics=topics,
            first_seen=ordered[0].entry.first_seen,
            last_seen=ordered[-1].entry.first_seen,
            updated=ordered[-1].entry.first_seen,
            language=lead.entry.language,
        ),
        path=f"stories/{key}/",
        lead=made[0],
        entries=ordered,
        topics=tuple(topic_ref(name) for name in topics),
    )


def _stories() -> tuple[StoryView, ...]:
    """The stories of sample_stories.txt."""
    made: list[StoryView] = []
    blocks = Path(__file__).with_name("sample_stories.txt").read_text(encoding="utf-8").split("\n= ")[1:]
    for block in blocks:
        head, *lines = block.strip().splitlines()
        topics, _, origins = head.partition("/")
        names = tuple(name.strip() for name in topics.split(",") if name.strip())
        made.append(story(names, tuple(_version(line) for line in lines), origins=int(origins)))
    return tuple(sorted(made, key=lambda one: one.story.updated, reverse=True))


def _version(line: str) -> Version:
    hours, language, rest = line.split(" ", 2)
    title, _, text = rest.partition(" | ")
    return language, title, text, float(hours)


def _singles() -> tuple[EntryView, ...]:
    air, aid, grid, talks = TOPICS
    english = _ENGLISH
    made = [
        entry(
            "Why interceptors are scarce: five factories, one seeker head",
            "The seeker is made in a single hall in Alabama. A second line is to start in 2028.",
            hours=6.2,
            source=SOURCES[8],
            topics=(air,),
        ),
        entry(
            "La Haye ouvre un registre des dommages au réseau électrique",
            "Les communes peuvent y inscrire leurs pertes dès lundi.",
            hours=11.0,
            source=_BY_LANGUAGE["fr"],
            topics=(grid, aid),
        ),
        entry(
            "Ministers meet in Vilnius on Tuesday",
            "On the agenda: customs, grain and rail gauges.",
            hours=18.0,
            source=english[2],
            topics=(talks,),
        ),
        entry(HOSTILE, f"{HOSTILE} and an end.", hours=16.0, source=SOURCES[13], topics=(air,)),
        entry(LONG, LONG, hours=19.0, source=_BY_LANGUAGE["de"], topics=(grid,)),
        entry("\u202eRight to left, forced\u202c and \u200bzero\u200bwidth", "Text.", hours=40.0, source=english[0]),
        entry("Chess: a draw in round six", "Both players were short of time.", hours=22.0, source=english[1]),
    ]
    made += [
        entry(
            f"Daily update {number}: positions, weather, outages",
            "Little has changed since the last update.",
            hours=24 + number * 5,
            source=english[number % 3],
            topics=(grid,),
        )
        for number in range(1, 90)
    ]
    return tuple(made)


def feed_paths(title: str, stem: str) -> FeedPaths:
    return FeedPaths(title=title, atom=f"{stem}.atom", rss=f"{stem}.rss", json=f"{stem}.json")


def _edition(number: int) -> EditionView:
    day = NOW - timedelta(days=number)
    html = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Morning briefing</title></head>"
        f"<body><h1>Morning briefing</h1><p>{day:%A}: eighteen stories.</p></body></html>"
    )
    return EditionView(
        edition=Edition(
            id=number,
            digest="Morning briefing",
            local_date=f"{day:%Y-%m-%d}",
            state=EditionState.FROZEN,
            created=day,
            period_from=day - timedelta(days=1),
            period_to=day,
            subject=f"Three more batteries for Kyiv · {day.day} {day:%b}",
            preheader="Odesa has light again · 18 stories, 4 minutes",
        ),
        html=lambda: html,
        slug="morning-briefing",
        path=f"editions/morning-briefing/{day:%Y-%m-%d}/",
    )


EDITIONS = tuple(_edition(number) for number in range(12))


def _archive(editions: tuple[EditionView, ...]) -> ArchiveView:
    return ArchiveView(
        digest="Morning briefing",
        path="editions/morning-briefing/",
        feed=feed_paths(f"{SITE.title}: Morning briefing", "editions/morning-briefing/feed"),
        editions=editions,
    )


def sample() -> SiteView:
    """The whole site, as of NOW."""
    stories, singles = _stories(), _singles()
    every = [one for made in stories for one in made.entries] + list(singles)
    entries = tuple(sorted(every, key=lambda one: (one.entry.sort_at, one.entry.id), reverse=True))
    topics = tuple(
        TopicView(
            name=name,
            slug=SLUGS[name],
            path=f"topics/{SLUGS[name]}/",
            feed=feed_paths(f"{SITE.title}: {name}", f"topics/{SLUGS[name]}/feed"),
            stories=tuple(made for made in stories if topic_ref(name) in made.topics),
            entries=tuple(one for one in entries if topic_ref(name) in one.topics),
        )
        for name in TOPICS
    )
    return SiteView(
        site=SITE,
        feed=feed_paths(SITE.title, "feed"),
        stories_feed=feed_paths(f"{SITE.title}: stories", "stories"),
        opml="sources.opml",
        hub=None,
        updated=NOW,
        topics=topics,
        stories=stories,
        entries=entries,
        sources=SOURCES,
        editions=EDITIONS,
        archives=(_archive(EDITIONS),),
    )


def empty() -> SiteView:
    """A site before anything was polled: its feeds and topics are known, nothing else."""
    full = sample()
    topics = tuple(replace(topic, stories=(), entries=()) for topic in full.topics)
    return replace(full, updated=None, topics=topics, stories=(), entries=(), editions=(), archives=(_archive(()),))
