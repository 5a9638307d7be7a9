"""The counts that tell whether the program is well, on each database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from aggregator.config.models import FeedConfig
from aggregator.store import feeds, health
from aggregator.store.database import Store
from aggregator.store.tables import feeds as table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_empty_database_has_nothing_due(store: Store) -> None:
    with store.read() as conn:
        assert health.facts(conn, NOW) == health.Facts(
            feeds={},
            entries=0,
            dropped=0,
            ungrouped=0,
            due=0,
            due_since=None,
            last_poll=None,
            last_edition=None,
            deliveries={},
        )


def test_only_feeds_that_may_be_polled_now_are_due(store: Store) -> None:
    urls = [f"https://example.org/{number}" for number in range(6)]
    late, later = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    given: tuple[dict[str, Any], ...] = (
        {"next_poll_at": later, "entries": 5, "dropped": 2, "last_polled_at": later},
        {"next_poll_at": late, "entries": 7, "last_polled_at": late, "state": "failing"},
        {"next_poll_at": NOW + timedelta(hours=1)},
        {"next_poll_at": late - timedelta(days=1), "paused": True},
        {"next_poll_at": late - timedelta(days=1), "lease_until": NOW + timedelta(minutes=1)},
        {"next_poll_at": late - timedelta(days=1), "configured": False, "entries": 100},
    )
    with store.write() as conn:
        feeds.sync(conn, [FeedConfig(url=url) for url in urls])
        for url, values in zip(urls, given, strict=True):
            conn.execute(update(table).where(table.c.url == url).values(values))
    with store.read() as conn:
        found = health.facts(conn, NOW)
        assert found.due == 2
    assert found.due_since == late
    assert found.feeds == {"new": 4, "failing": 1}
    assert (found.entries, found.dropped, found.last_poll) == (12, 2, later)
