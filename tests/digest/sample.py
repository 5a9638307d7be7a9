"""Editions to test with: outlets, entries and stories as the other stages would have stored them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from aggregator.config.models import Config
from aggregator.digest.edition import Brief, Candidate, brief_for
from aggregator.model import Edition, Entry, Feed, Story
from aggregator.store import editions, tables
from aggregator.store.database import Store

NOW = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)  # a Tuesday, 07:00 in Kyiv
OUTLETS = (
    "The Courier",
    "Radio Nord",
    "Dnipro Post",
    "La Gazette",
    "Südblatt",
    "Al-Manar Daily",
    "Wire One",
    "Inselbote",
)
FEEDS = {
    n: Feed(id=n, url=f"https://outlet{n}.example/feed", name=name, outlet=name, priority=2 if n == 1 else 1)
    for n, name in enumerate(OUTLETS, start=1)
}


def every_edition(conn: Connection) -> list[Edition]:
    """Those of digests, variants and alerts, the newest first."""
    ids = conn.execute(select(tables.editions.c.id).order_by(tables.editions.c.id.desc())).scalars().all()
    return [one for id_ in ids if (one := editions.by_id(conn, id_))]


def config(**changes: Any) -> Config:
    """A feeds.yaml with two topics and one daily digest."""
    values: dict[str, Any] = {
        "site": {
            "title": "Ukraine Watch",
            "url": "https://news.example.org",
            "timezone": "Europe/Kyiv",
            "contact": "editor@example.org",
        },
        "feeds": [{"url": feed.url, "name": feed.name} for feed in FEEDS.values()],
        "topics": {"Air defense": {"any": ["air defense"]}, "Aid pledges": {"any": ["aid pledges"], "weight": 1.5}},
        "digests": {"Morning briefing": {"at": "07:00", "to": ["team@example.org"]}},
        "mail": {"from": "Ukraine Watch <digest@example.org>", "smtp": "file:outbox/"},
    }
    return Config.model_validate(values | changes)


def entry(number: int, title: str, text: str = "", *, feed: int = 1, hours: float = 3, **changes: Any) -> Entry:
    """An entry that its feed published and we saw `hours` before NOW."""
    at = NOW - timedelta(hours=hours)
    made = Entry(
        id=number,
        feed_id=feed,
        feed_url=FEEDS[feed].url,
        guid=f"guid-{number}",
        url=f"https://outlet{feed}.example/{number}",
        title=title,
        text=text,
        published=at,
        first_seen=at,
        sort_at=at,
        language="en",
    )
    return replace(made, **changes)


def story(number: int, entries: Sequence[Entry], *topics: str, **changes: Any) -> Candidate:
    """The story of these entries, led by the first."""
    lead = entries[0]
    ordered = tuple(sorted(entries, key=lambda one: (one.sort_at, one.id)))
    made = Story(
        id=number,
        key=f"{number:016x}",
        title=lead.title,
        lead_id=lead.id,
        entry_ids=tuple(one.id for one in ordered),
        outlets=tuple(dict.fromkeys(FEEDS[one.feed_id].outlet for one in entries)),
        origins=len({one.feed_id for one in entries}),
        topics=topics,
        first_seen=ordered[0].first_seen,
        last_seen=ordered[-1].first_seen,
        updated=ordered[-1].first_seen,
        language=lead.language,
    )
    return Candidate(replace(made, **changes), ordered)


def brief(made: Config | None = None, *, shown: Iterable[int] = (), hours: float = 24, to: datetime = NOW) -> Brief:
    """The brief of the sample's digest for the last `hours`."""
    made = made or config()
    digest = made.digests["Morning briefing"]
    return brief_for(made, digest, period_from=to - timedelta(hours=hours), period_to=to, shown=shown)


@dataclass(frozen=True)
class _Told:
    title: str
    text: str
    outlets: int
    topics: tuple[str, ...]
    language: str = "en"


AIR, AID = "Air defense", "Aid pledges"
_TOLD = (
    _Told(
        "Two Patriot batteries reach Kyiv ahead of schedule",
        "Two Patriot batteries arrived in Kyiv on Monday, three weeks before they were due. The air force said crews "
        "trained abroad would put the first one to work within days. Officials did not say where they will stand.",
        6,
        (AIR,),
    ),
    _Told(
        "Nordic states pledge €1.4 bn for shells and drones",
        "Denmark, Sweden, Norway and Finland promised 1.4 billion euros on Monday for artillery shells and drones. "
        "Half of the money goes straight to factories in Ukraine. It is the largest joint pledge of the four so far.",
        5,
        (AID,),
    ),
    _Told(
        "Grid operator restores power to 400,000 after overnight strikes",
        "Repair crews brought electricity back to about 400,000 households by noon. Two substations were hit. "
        "Planned outages stay in force until Thursday.",
        4,
        (),
    ),
    _Told(
        "Німеччина передає ще одну систему IRIS-T",
        "Німеччина передала Україні ще одну систему IRIS-T, повідомило міністерство оборони. "
        "Це вже шоста така система. Екіпаж пройшов підготовку навесні.",
        3,
        (AIR,),
        "uk",
    ),
    _Told(
        "Berlin stellt Flugabwehr für weitere zwei Jahre sicher",
        "Die Bundesregierung hat am Montag Verträge über 800 Mio. Euro geschlossen. Damit ist die Lieferung von z.B. "
        "Lenkflugkörpern bis 2028 gesichert.",
        3,
        (AIR,),
        "de",
    ),
    _Told(
        "الدفاع الجوي يسقط 34 طائرة مسيرة فوق أوديسا",
        "أسقطت الدفاعات الجوية أربعا وثلاثين طائرة مسيرة فوق أوديسا ليل الأحد. "
        "وقال المحافظ إن الحطام ألحق أضرارا بمستودع في الميناء.",
        2,
        (AIR,),
        "ar",
    ),
    _Told(
        "Parliament in The Hague backs a third tranche of aid 🇳🇱🇺🇦",
        "Lawmakers voted 112 to 31 for a third tranche. The money is meant for winter equipment and generators.",
        3,
        (AID,),
    ),
    _Told(
        "Paris promet des radars supplémentaires d’ici l’été",
        "La France livrera quatre radars supplémentaires d’ici l’été, a annoncé le ministre. "
        "Leur portée dépasse cent kilomètres.",
        2,
        (AIR, AID),
        "fr",
    ),
)
_SUBJECTS = (
    "Interceptor order",
    "Radar crews",
    "Launcher repair",
    "Drone wall",
    "Shell fund",
    "Generator convoy",
    "Training plan",
)
_EVENTS = (
    "moves to its second stage after a week of tests",
    "is held up at the border for a third day",
    "gets a new head and a larger budget",
    "draws criticism from auditors over missing papers",
    "wins support in parliament by a single vote",
)


def edition_of(stories: int = 25) -> list[Candidate]:
    """So many stories: written ones first, then made ones, all of the last day."""
    made: list[Candidate] = []
    numbers = itertools.count(1)
    for place, told in enumerate(_TOLD[:stories], start=1):
        entries = [
            entry(
                next(numbers),
                told.title if n == 0 else f"{told.title.split()[0]}: {OUTLETS[n]} on what comes next ({place})",
                told.text,
                feed=n + 1,
                hours=2 + place * 0.7 + n * 0.2,
                language=told.language,
            )
            for n in range(told.outlets)
        ]
        made.append(story(place, entries, *told.topics))
    pairs = itertools.cycle(itertools.product(_EVENTS, _SUBJECTS))
    for place in range(len(made) + 1, stories + 1):
        event, subject = next(pairs)
        title = f"{subject} {event}" if place <= 35 + len(_TOLD) else f"{subject} {event} ({place})"
        text = (
            f"The {subject.lower()} {event}, officials said on Monday. They named no date for the next step. "
            "Residents were told to expect an answer by the end of the week."
        )
        entries = [
            entry(next(numbers), title, text, feed=1 + (place + n) % 8, hours=3 + place * 0.5 + n)
            for n in range(1 + place % 3)
        ]
        made.append(story(place, entries, *((AIR,), (AID,), ())[place % 3]))
    return made


def stock(store: Store, candidates: Iterable[Candidate]) -> None:
    """Store feeds, entries and stories as polling and grouping would have; those that are stored already stay."""
    candidates = list(candidates)
    with store.write() as conn:
        _add(conn, tables.feeds, [_feed_row(feed) for feed in FEEDS.values()])
        _add(conn, tables.stories, [_story_row(one) for one in candidates])
        _add(conn, tables.entries, [_entry_row(e, one.story.id) for one in candidates for e in one.entries])


def _add(conn: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    present = set(conn.execute(select(table.c.id)).scalars())
    fresh = [row for row in rows if row["id"] not in present]
    if fresh:
        conn.execute(insert(table), fresh)


def _feed_row(feed: Feed) -> dict[str, Any]:
    return {
        "id": feed.id,
        "url": feed.url,
        "host": f"outlet{feed.id}.example",
        "first_url": feed.url,
        "configured": True,
        "paused": False,
        "given_name": feed.name,
        "given_outlet": feed.outlet,
        "priority": feed.priority,
        "state": "ok",
        "state_reason": "answers",
    }


def _story_row(candidate: Candidate) -> dict[str, Any]:
    one = candidate.story
    names = ("id", "key", "title", "lead_id", "origins", "language", "image_url", "first_seen", "last_seen", "updated")
    lists = {"outlets": list(one.outlets), "topics": list(one.topics)}
    return {name: getattr(one, name) for name in names} | lists | {"founder_id": one.lead_id, "closed": False}


def _entry_row(one: Entry, story_id: int) -> dict[str, Any]:
    names = ("id", "feed_id", "guid", "url", "title", "summary", "content", "text", "image_url", "language")
    times = ("published", "updated", "first_seen", "sort_at", "edited_at", "revision")
    hashed = {"guid_hash": one.id, "content_hash": one.id, "title_hash": one.id}
    return {name: getattr(one, name) for name in names + times} | hashed | {"story_id": story_id, "grouped_at": NOW}
