"""A store that holds what a publish reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.config.models import Config
from aggregator.model import Edition, EditionState, EntryContent, Person, StoryEvidence, TopicMatch, identity_hash
from aggregator.store import editions, entries, feeds, grouping
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, NewEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIG = Config.model_validate(
    {
        "site": {"title": "Ukraine Watch", "url": "https://news.example.org", "contact": "editor@example.org"},
        "feeds": [
            {"url": "https://b.example/rss", "name": "Outlet B"},
            {"url": "https://a.example/rss", "name": "Outlet A"},
        ],
        "topics": {"Air defense": {"any": ["air defense"]}, "Протиповітряна оборона": {"any": ["ппо"]}},
        "digests": {"Morning briefing": {}},
    }
)


def fill(store: Store, numbers: Sequence[int], *, feed_id: int = 1, config: Config = CONFIG, **fields: Any) -> None:
    """Entries `number`, each a minute older than the one before; odd ones are of the topic 'Air defense'."""
    with store.write() as conn:
        feeds.sync(conn, config.feeds)
        for number in numbers:
            at = NOW - timedelta(minutes=number)
            content = EntryContent(
                title=f"Patriots for Kyiv {number}",
                url=f"https://a.example/{number}",
                summary=f"<p>Summary {number}</p>",
                text=f"Summary {number}",
                authors=(Person("Ann"),),
                published=at,
            )
            identity = f"guid {number}"
            new = NewEntry(identity, identity_hash(identity), number, at, replace(content, **fields))
            entries.insert_new(conn, [Arrivals(feed_id, [new], NOW)])
        waiting = grouping.ungrouped(conn, 100_000)
        grouping.save_topics(conn, [(one, topics_of(one.title)) for one in waiting])
        grouping.save_grouped(conn, [one.id for one in waiting], NOW)


def topics_of(title: str) -> tuple[TopicMatch, ...]:
    return (TopicMatch("Air defense", 1.0),) if int(title.rsplit(maxsplit=1)[-1]) % 2 else ()


def gather(store: Store, entry_ids: Sequence[int], title: str = "Patriots arrive") -> None:
    """One story of these entries."""
    with store.write() as conn:
        made = grouping.insert_stories(
            conn,
            [
                {
                    "key": f"{entry_ids[0]:016x}",
                    "founder_id": entry_ids[0],
                    "title": title,
                    "lead_id": entry_ids[0],
                    "outlets": ["Outlet B", "Outlet A"],
                    "origins": 2,
                    "topics": ["Air defense", "a topic that left"],
                    "first_seen": NOW - timedelta(hours=1),
                    "last_seen": NOW,
                    "updated": NOW,
                    "closed": False,
                }
            ],
        )
        story = made[entry_ids[0]]
        grouping.save_placed(conn, [(id_, story, StoryEvidence(1.0)) for id_ in entry_ids], NOW)


def freeze_edition(store: Store, digest: str = "Morning briefing", state: EditionState = EditionState.FROZEN) -> None:
    with store.write() as conn:
        edition = Edition(
            id=0,
            digest=digest,
            local_date="2026-11-22",
            state=state,
            created=NOW,
            period_from=NOW - timedelta(days=1),
            period_to=NOW,
            subject="Patriots arrive",
            html="<!doctype html><p>The edition</p>",
            text="The edition",
        )
        assert editions.freeze(conn, edition, ())
