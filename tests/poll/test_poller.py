"""Whole polls over HTTP and a real database: what they store, and whom a fault costs."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from aggregator import clock
from aggregator.config.models import Config
from aggregator.errors import DatabaseBusy
from aggregator.model import EntryContent, FeedState
from aggregator.net.response import Fetched, FetchRequest
from aggregator.poll.outcome import Polled
from aggregator.poll.poller import Poller
from aggregator.poll.trial import Verdict, verdict
from aggregator.store import entries, feeds
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals
from aggregator.store.feeds import LeasedFeed
from aggregator.text.filters import EntryFilters
from tests.feedserver import FeedServer, Reply
from tests.poll.kit import Time, config, rss, started, stored, until


def titles(store: Store) -> list[str]:
    with store.read() as conn:
        return sorted(entry.title for entry in entries.recent(conn, limit=1000))


def leases(store: Store) -> list[object]:
    with store.read() as conn:
        return list(conn.execute(text("SELECT lease_until FROM feeds ORDER BY id")).scalars())


def edited(url: str, **changes: object) -> Config:
    base = config(url)
    return Config.model_validate({"feeds": [{"url": url, **changes}], "polling": base.polling.model_dump()})


# What a poll stores


async def test_new_and_edited_entries_are_stored_and_counted(store: Store, feed_server: FeedServer) -> None:
    longer = rss(1, 2).replace(b"Item 1", b"Item one")
    url = feed_server.script("/feed", Reply(body=rss(1)), Reply(body=longer), Reply(body=longer))
    async with started(store, config(url)) as poller:
        first, second, third = [await poller.poll_all() for _ in range(3)]

    assert (first.fetched, first.entries_new, first.entries_edited) == (1, 1, 0)
    assert (second.fetched, second.entries_new, second.entries_edited) == (1, 1, 1)
    assert (third.unchanged, third.entries_new, third.entries_edited) == (1, 0, 0)
    assert titles(store) == ["Item 2", "Item one"]


def permalinks(items: dict[str, str], path: str) -> bytes:
    """A feed of titles by id; the links lie under `path`."""
    parts = [
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid.rstrip('*')}</guid>"
        f"<link>https://a.example/{path}/{n}</link><description>Text of {title}.</description></item>"
        for n, (guid, title) in enumerate(items.items())
    ]
    return f"<rss version='2.0'><channel><title>Feed</title>{''.join(parts)}</channel></rss>".encode()


async def test_feed_that_once_shared_an_id_moves_its_pages_and_edits_its_titles_without_a_new_entry(
    store: Store, feed_server: FeedServer
) -> None:
    first = {f"id-{n}": f"Item {n}" for n in range(20)}
    shared = {**first, "id-3*": "Another item of the third one's id"}
    moved = {guid: f"{n}: all is said anew" for n, guid in enumerate(first)}
    bodies = [permalinks(first, "old"), permalinks(shared, "old"), permalinks(moved, "new")]
    url = feed_server.script("/feed", *(Reply(body=body) for body in bodies))
    async with started(store, config(url)) as poller:
        counts = [(one.entries_new, one.entries_edited) for one in [await poller.poll_all() for _ in bodies]]
    assert counts == [(20, 0), (1, 0), (1, 19)]  # of the twins that are told apart by links, one is new to us


async def test_only_named_feeds_are_polled(sqlite_store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.feed(f"/{number}", rss(number)) for number in range(3)]
    async with started(sqlite_store, config(*urls)) as poller:
        report = await poller.poll_all(urls[1:2])
    assert report.feeds == 1
    assert [sent.path for sent in feed_server.requests] == ["/1"]


async def test_each_poll_is_told_as_it_comes(sqlite_store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.feed("/good", rss(1)), feed_server.script("/gone", Reply(410))]
    said: dict[str, Verdict] = {}
    async with started(sqlite_store, config(*urls)) as poller:
        await poller.poll_all(tell=lambda polled: said.update({polled.leased.feed.url: verdict(polled)}))

    assert (said[urls[0]].ok, said[urls[0]].sentence) == (True, "RSS 2.0, 1 entries")
    assert (said[urls[1]].ok, "feeds.yaml" in said[urls[1]].advice) == (False, True)


async def test_trial_says_where_a_feed_has_moved_for_good(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    with FeedServer() as new:
        target = new.feed("/feed", rss(1))
        url = feed_server.script("/feed", Reply(body=rss(1)), Reply(301, headers={"Location": target}))
        async with started(sqlite_store, config(url)) as poller:
            advice: list[str] = []
            for _ in range(6):
                await poller.poll_all(tell=lambda polled: advice.append(verdict(polled).advice))
                time.pass_by(timedelta(hours=25))

    assert advice[0] == ""
    assert advice[1] == f"it says that it has moved for good: change its url to {target}"
    assert advice[-1] == f"it has moved for good to {target}; change its url in feeds.yaml"
    assert stored(sqlite_store)[0].state_reason == f"answers; {advice[-1]}"


async def test_feed_that_was_just_fetched_is_taken_without_asking_again(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    url = feed_server.feed("/feed", rss(1, 2), etag='"1"')
    held: list[object] = []
    async with started(sqlite_store, config(url)) as poller:
        answer = await poller.client.fetch(FetchRequest(url=url))
        assert isinstance(answer, Fetched)
        await poller.begin(url, answer, lambda: held.extend(leases(sqlite_store)))
        await poller.poll_due()
        await poller.poll_all()

    assert len(titles(sqlite_store)) == 2
    assert held != [None]  # until it is saved, nobody else may poll it
    assert leases(sqlite_store) == [None]
    assert [sent.header("If-None-Match") for sent in feed_server.requests] == [None, '"1"']


# keep and drop


async def test_feed_whose_newest_entry_is_years_old_is_quiet_from_the_start(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    old = "<item><title>Old</title><guid>1</guid><pubDate>Mon, 06 Jan 2020 10:00:00 GMT</pubDate></item>"
    url = feed_server.feed("/feed", rss(extra=old), etag='"1"')
    async with started(sqlite_store, config(url)) as poller:
        for _ in range(2):
            await poller.poll_all()
            (feed,) = stored(sqlite_store)
            assert (feed.state, feed.state_reason[:54]) == (
                FeedState.QUIET,
                "answers, but has had nothing new since 2020-01-06",
            )
            assert feed.next_poll_reason.startswith("nothing new for")


async def test_entries_left_out_are_judged_again_after_an_edit_of_keep_or_drop(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    url = feed_server.feed("/feed", rss(1, 2, 3), etag='"1"')
    for settings, wanted, conditional in (
        ({"drop": ['"item 2"']}, ["Item 1", "Item 3"], False),
        ({"drop": ['"item 2"']}, ["Item 1", "Item 3"], True),
        ({"drop": ['"item 3"']}, ["Item 1", "Item 2", "Item 3"], False),
        ({"keep": ['"item 1"']}, ["Item 1", "Item 2", "Item 3"], False),
        ({}, ["Item 1", "Item 2", "Item 3"], False),
        ({}, ["Item 1", "Item 2", "Item 3"], True),
    ):
        async with started(sqlite_store, edited(url, **settings)) as poller:
            await poller.poll_all()
        assert titles(sqlite_store) == wanted
        assert (feed_server.requests[-1].header("If-None-Match") is not None) is conditional


async def test_others_can_write_while_entries_are_judged_by_keep_and_drop(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words are read and dictionaries loaded meanwhile, which may take seconds."""
    judge = EntryFilters.accepts
    written: list[str] = []

    def accepts(filters: EntryFilters, feed: str, entry: EntryContent) -> tuple[bool, str]:
        with closing(sqlite3.connect(sqlite_store.engine.url.database or "", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            written.append(entry.title)
        return judge(filters, feed, entry)

    monkeypatch.setattr(EntryFilters, "accepts", accepts)
    async with started(sqlite_store, edited(feed_server.feed("/feed", rss(1, 2)), drop=['"item 2"'])) as poller:
        await poller.poll_all()

    assert written == ["Item 1", "Item 2"]
    assert titles(sqlite_store) == ["Item 1"]


# Quarantine


async def test_quarantined_feed_is_released_by_its_editor(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    url = feed_server.feed("/feed", rss(1, 2), etag='"1"')
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()
        time.pass_by(timedelta(days=100))
        feed_server.feed("/feed", rss(11, 12, 13), etag='"2"')
        await poller.poll_all()
        (held,) = stored(sqlite_store)
        await poller.poll_all()
        (still,) = stored(sqlite_store)
        assert titles(sqlite_store) == ["Item 1", "Item 2"]
        report = await poller.poll_all([url], release=True)

    assert (held.state, still.state) == (FeedState.QUARANTINED, FeedState.QUARANTINED)
    assert held.state_reason.startswith("After 100 days of silence")
    assert f"`aggregator poll {url} --release`" in held.state_reason
    assert (still.state_reason, still.state_since) == (held.state_reason, held.state_since)
    assert report.entries_new == 3
    assert feed_server.requests[-1].header("If-None-Match") is None
    (free,) = stored(sqlite_store)
    assert (free.state, free.state_reason, free.entries) == (FeedState.OK, "answers", 5)


async def test_feed_that_fails_while_it_is_released_stays_held_back(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    url = feed_server.feed("/feed", rss(1, 2))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()
        time.pass_by(timedelta(days=100))
        feed_server.script("/feed", Reply(body=rss(11, 12)), Reply(500), Reply(body=rss(11, 12)))
        await poller.poll_all()
        await poller.poll_all([url], release=True)
        await poller.poll_all()
    assert titles(sqlite_store) == ["Item 1", "Item 2"]
    assert stored(sqlite_store)[0].state is FeedState.QUARANTINED


# Faults


async def test_broken_feeds_never_stop_another(sqlite_store: Store, feed_server: FeedServer) -> None:
    bad = [
        Reply(body=b"\x00\xff" * 100),
        Reply(body=b"<html>"),
        Reply(reset=True),
        Reply(raw=b"not http at all"),
        Reply(500),
        Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip"),
    ]
    urls = [feed_server.script(f"/bad{number}", reply) for number, reply in enumerate(bad)]
    urls.append(feed_server.feed("/good", rss(1)))
    async with started(sqlite_store, config(*urls)) as poller:
        report = await poller.poll_due()

    assert (report.feeds, report.failed, report.fetched) == (7, 6, 1)
    assert all(reason for _, reason in report.failures)
    assert [feed.state for feed in stored(sqlite_store)] == [FeedState.FAILING] * 6 + [FeedState.OK]


async def test_fault_of_our_own_is_reported_as_that_feeds_failure(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [feed_server.feed("/odd", rss(1)), feed_server.feed("/good", rss(2))]
    real = Poller.poll_one

    async def poll_one(self: Poller, leased: LeasedFeed, *, release: bool = False) -> Polled:
        if leased.feed.url == urls[0]:
            raise ZeroDivisionError("nobody thought of this")
        return await real(self, leased, release=release)

    monkeypatch.setattr(Poller, "poll_one", poll_one)
    async with started(sqlite_store, config(*urls)) as poller:
        report = await poller.poll_all()

    ((url, reason),) = report.failures
    assert url == urls[0]
    assert reason == ("this program failed to read it (ZeroDivisionError: nobody thought of this); please report this")
    assert titles(sqlite_store) == ["Item 2"]


async def test_entries_that_the_database_refuses_cost_only_their_feed(store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.feed(f"/{number}", rss(number), etag='"1"') for number in (1, 2, 3)]
    with store.write() as conn:
        for statement in _REFUSE_ITEM_2["sqlite" if store.is_sqlite else "postgresql"]:
            conn.exec_driver_sql(statement)
    async with started(store, config(*urls)) as poller:
        report = await poller.poll_all()

    assert titles(store) == ["Item 1", "Item 3"]
    ((url, reason),) = report.failures
    assert url == urls[1]
    assert reason.startswith("its entries can't be stored: ")
    assert "not item 2" in reason
    failed = stored(store)[1]
    assert (failed.state, failed.etag, failed.failures) == (FeedState.FAILING, None, 1)
    assert leases(store) == [None] * 3


_REFUSE_ITEM_2 = {
    "sqlite": [
        "CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN NEW.title = 'Item 2' "
        "BEGIN SELECT RAISE(ABORT, 'not item 2'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.title = 'Item 2' THEN RAISE EXCEPTION 'not item 2' USING ERRCODE = '54000'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}


async def test_fault_of_our_own_in_storing_costs_only_its_feed(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = entries.insert_new

    def insert_new(conn: Connection, arrivals: Sequence[Arrivals]) -> None:
        if any(of_feed.feed_id == 2 for of_feed in arrivals):
            raise ValueError("nobody thought of this")
        real(conn, arrivals)

    monkeypatch.setattr(entries, "insert_new", insert_new)
    urls = [feed_server.feed(f"/{number}", rss(number)) for number in (1, 2, 3)]
    async with started(sqlite_store, config(*urls)) as poller:
        report = await poller.poll_all()

    assert report.failures == ((urls[1], "this program failed to store it (ValueError); please report this"),)
    assert titles(sqlite_store) == ["Item 1", "Item 3"]


async def test_feed_that_calls_itself_otherwise_changes_the_feeds_version(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    def version() -> str:
        with sqlite_store.read() as conn:
            return feeds.version(conn)

    bodies = [rss(1), rss(1, 2), rss(1, 2, 3).replace(b"<title>", b"<title>The new ", 1)]
    url = feed_server.script("/feed", *(Reply(body=body) for body in bodies))
    seen = [version()]
    async with started(sqlite_store, config(url)) as poller:
        for _ in bodies:
            await poller.poll_all()
            seen.append(version())

    assert [late != early for early, late in pairwise(seen)] == [True, False, True]


async def test_database_that_is_held_by_another_process_is_no_feeds_fault(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(sqlite_store, config(feed_server.feed("/1", rss(1)))) as poller:

        def busy(*_: object, **__: object) -> None:
            raise DatabaseBusy("locked")

        with monkeypatch.context() as patched:
            patched.setattr(entries, "insert_new", busy)
            with pytest.raises(DatabaseBusy):
                await poller.poll_all()
        assert leases(sqlite_store) == [None]
        assert (await poller.poll_all()).entries_new == 1
    assert stored(sqlite_store)[0].failures == 0


async def test_cancelled_round_gives_its_leases_back_and_keeps_what_was_ready(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    urls = [feed_server.feed("/quick", rss(1)), feed_server.script("/slow", Reply(body=rss(2), delay=30))]
    async with started(sqlite_store, config(*urls, timeout="60s")) as poller:
        polling = asyncio.create_task(poller.poll_due())
        await until(lambda: titles(sqlite_store) == ["Item 1"])
        assert leases(sqlite_store)[1] is not None
        polling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await polling

    assert leases(sqlite_store) == [None, None]
    quick, slow = stored(sqlite_store)
    assert (quick.state, slow.state, slow.failures, slow.next_poll_at) == (FeedState.OK, FeedState.NEW, 0, None)


async def test_lease_that_somebody_else_took_over_keeps_a_late_poll_from_being_saved(
    store: Store, feed_server: FeedServer
) -> None:
    def taken_over(_: object) -> Reply:
        with store.write() as conn:
            feeds.lease(conn, [1], clock.utc_now() + timedelta(minutes=5), timedelta(seconds=30))
        return Reply(body=rss(1))

    url = feed_server.script("/feed", taken_over)
    async with started(store, config(url)) as poller:
        report = await poller.poll_all()

    assert (report.feeds, report.entries_new) == (0, 0)
    assert titles(store) == []
    assert leases(store) != [None]


async def test_feed_that_left_feeds_yaml_during_its_poll_is_left_out(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    urls = [feed_server.feed("/1", rss(1)), feed_server.feed("/2", rss(2))]
    async with started(sqlite_store, config(*urls)) as poller:
        (leased,) = poller_lease(sqlite_store, 2)
        polled = await poller.poll_one(leased)
    async with started(sqlite_store, config(urls[0])) as poller:
        assert poller.tools.saver.save([polled]) == []
    assert titles(sqlite_store) == []


def poller_lease(store: Store, feed_id: int) -> list[LeasedFeed]:
    with store.write() as conn:
        return feeds.lease(conn, [feed_id], clock.utc_now(), timedelta(seconds=30))


async def test_hosts_that_fail_together_are_asked_again_soon_and_charged_only_when_others_answer(
    sqlite_store: Store, time: Time
) -> None:
    with FeedServer() as one, FeedServer() as two:
        urls = [one.feed("/feed", rss(1)), two.feed("/feed", rss(2))]
        async with started(sqlite_store, config(*urls)) as poller:
            await poller.poll_all()
    async with started(sqlite_store, config(*urls)) as poller:
        await poller.poll_all()
        for feed in stored(sqlite_store):
            assert feed.next_poll_at is not None
            assert timedelta() < feed.next_poll_at - clock.utc_now() < timedelta(seconds=30)
            assert feed.failures == 0
        assert leases(sqlite_store) == [None, None]


# Leases of killed processes

_HANG = """
import asyncio, sys
from aggregator import clock
from aggregator.config.load import load
from aggregator.poll.poller import Poller
from aggregator.store import feeds
from aggregator.store.database import Store

async def main():
    config = load(__import__("pathlib").Path(sys.argv[2]))
    store = Store.open(sys.argv[1])
    with store.write() as conn:
        feeds.sync(conn, config.feeds)
    async with Poller.open(store, config) as poller:
        await poller.poll_due()

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_killed_process_leaves_no_lease_that_the_next_one_has_to_wait_for(
    sqlite_store: Store, feed_server: FeedServer, tmp_path: Path
) -> None:
    url = feed_server.script("/feed", Reply(body=rss(1), delay=60), Reply(body=rss(1)))
    (tmp_path / "hang.py").write_text(_HANG)
    (tmp_path / "feeds.yaml").write_text(
        f"feeds:\n  - url: {url}\npolling:\n  allow_networks: [127.0.0.0/8]\n  timeout: 2m\n"
    )
    script = [sys.executable, str(tmp_path / "hang.py"), str(sqlite_store.engine.url), str(tmp_path / "feeds.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.to_thread(subprocess.Popen, script, env=environment, start_new_session=True)
    try:
        await until(lambda: bool(feed_server.requests))
        with sqlite_store.read() as conn:
            assert conn.execute(text("SELECT count(*) FROM feeds WHERE lease_until IS NOT NULL")).scalar() == 1
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.wait)

    async with started(sqlite_store, config(url)) as poller:
        report = await poller.poll_due()
    assert report.fetched == 1


async def test_poller_that_starts_beside_another_leaves_its_leases_alone(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    urls = [feed_server.feed("/1", rss(1)), feed_server.feed("/2", rss(2))]
    async with started(sqlite_store, config(*urls)) as first:
        poller_lease(sqlite_store, 1)
        async with started(sqlite_store, config(*urls)) as second:
            report = await second.poll_due()
        assert report.feeds == 1
        assert leases(sqlite_store)[0] is not None
        del first
    async with started(sqlite_store, config(*urls)) as third:
        assert (await third.poll_due()).feeds == 1


async def test_poller_starts_without_a_lock_where_files_cannot_be_locked(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    async with started(sqlite_store, config(feed_server.feed("/1", rss(1)))) as poller:
        assert (await poller.poll_due()).fetched == 1


async def test_locked_database_is_waited_for(sqlite_store: Store, feed_server: FeedServer) -> None:
    url = feed_server.feed("/feed", rss(1))
    async with started(sqlite_store, config(url)) as poller:
        other = sqlite3.connect(sqlite_store.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        polling = asyncio.create_task(poller.poll_due())
        await asyncio.sleep(0.3)
        other.execute("COMMIT")
        other.close()
        assert (await polling).fetched == 1
