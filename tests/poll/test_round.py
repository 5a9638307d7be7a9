"""A round by itself: taking, renewing, saving in batches. Whole polls are in test_poller."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from aggregator import clock
from aggregator.config.models import FeedConfig
from aggregator.poll import round as rounds
from aggregator.store import feeds
from aggregator.store.database import Store
from tests.feedserver import FeedServer, Reply
from tests.poll.kit import config, rss, started, stored, until


async def test_leases_of_slow_polls_are_renewed(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "RENEW_EVERY", 0.05)
    monkeypatch.setattr("aggregator.poll.poller.LEASE", timedelta(seconds=1))
    url = feed_server.script("/slow", Reply(body=rss(1), delay=1.6))
    async with started(sqlite_store, config(url)) as poller:
        polling = asyncio.create_task(poller.poll_due())
        await until(lambda: bool(feed_server.requests))
        await asyncio.sleep(1.2)  # longer than a lease
        with sqlite_store.write() as conn:
            assert feeds.lease_due(conn, clock.utc_now(), timedelta(seconds=9), limit=9, per_host=9) == []
        assert (await polling).fetched == 1
    assert len(feed_server.requests) == 1


async def test_more_feeds_than_there_is_room_for_are_all_polled(sqlite_store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.feed(f"/{number}", rss(number)) for number in range(45)]
    shown: list[tuple[int, int, int]] = []
    async with started(sqlite_store, config(*urls, concurrency=2)) as poller:
        report = await poller.poll_due(lambda *state: shown.append(state))
    assert (report.fetched, report.entries_new) == (45, 45)
    assert shown[-1] == (45, 45, 0)
    assert feed_server.most_in_flight <= 2


async def test_feeds_that_become_due_meanwhile_are_polled_in_the_same_round(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_ASK_AGAIN", 0.05)
    urls = [feed_server.script("/slow", Reply(body=rss(1), delay=0.6)), feed_server.feed("/late", rss(2))]
    async with started(sqlite_store, config(*urls)) as poller:
        with sqlite_store.write() as conn:
            conn.execute(text("UPDATE feeds SET next_poll_at = 9000000000000000 WHERE id = 2"))
        polling = asyncio.create_task(poller.poll_due())
        await until(lambda: bool(feed_server.requests))
        with sqlite_store.write() as conn:
            conn.execute(text("UPDATE feeds SET next_poll_at = 0 WHERE id = 2"))
        assert (await polling).feeds == 2


async def test_small_batch_waits_no_longer_than_for_what_is_under_way(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_GATHER", 60.0)
    urls = [feed_server.feed("/fast", rss(1)), feed_server.script("/slow", Reply(body=rss(2), delay=0.1))]
    async with asyncio.timeout(30), started(sqlite_store, config(*urls)) as poller:
        assert (await poller.poll_due()).fetched == 2


async def test_full_batch_does_not_wait_for_slow_feeds(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_GATHER", 60.0)
    monkeypatch.setattr(rounds, "BATCH", 2)
    slow = feed_server.script("/slow", Reply(body=rss(1), delay=1.0))
    fast = [feed_server.feed(f"/{number}", rss(number)) for number in range(2)]
    async with started(sqlite_store, config(slow, *fast)) as poller:
        polling = asyncio.create_task(poller.poll_due())
        await until(lambda: sum(feed.last_polled_at is not None for feed in stored(sqlite_store)) == 2)
        assert not polling.done()
        assert (await polling).fetched == 3


async def test_round_without_feeds_ends(sqlite_store: Store) -> None:
    async with started(sqlite_store, config("http://127.0.0.1:9/")) as poller:
        with sqlite_store.write() as conn:
            feeds.sync(conn, [FeedConfig(url="http://127.0.0.1:9/", paused=True)])
        assert (await poller.poll_due()).feeds == 0
        assert (await poller.poll_all()).feeds == 0
    assert stored(sqlite_store)[0].last_polled_at is None
