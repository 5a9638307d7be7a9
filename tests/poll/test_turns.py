"""One request to a host at a time over processes and machines (P15), and what they tell each other of it (P11)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator import clock
from aggregator.config.models import PollingConfig
from aggregator.model import HostState
from aggregator.net import gate as gate_module
from aggregator.net.gate import PER_HOUR, HostGate, Postponed
from aggregator.net.hints import CacheHints
from aggregator.poll import turns as turns_module
from aggregator.poll.turns import open_turns
from aggregator.store import hosts, turns
from aggregator.store.database import Store
from tests.feedserver import FeedServer, Reply
from tests.poll.kit import config, rss, started, with_gap

HOST = "a.example"
GAP = timedelta(milliseconds=40)


@asynccontextmanager
async def gate(store: Store, gap: timedelta = GAP) -> AsyncIterator[HostGate]:
    """As another process has it."""
    polling = PollingConfig(host_gap=gap, timeout=timedelta(seconds=1))
    with open_turns(store, polling) as theirs:
        yield HostGate(gap=gap, turns=theirs)


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Store:
    return Store.open(postgresql_url)


async def test_p15_processes_share_a_host(store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.script(f"/{number}", Reply(body=rss(number), delay=0.02)) for number in range(6)]
    settings = with_gap(config(*urls), GAP)
    async with started(store, settings) as one, started(store, settings) as other:
        await asyncio.gather(one.poll_all(urls[:3]), other.poll_all(urls[3:]))

    assert len(feed_server.requests) == 6
    assert feed_server.most_in_flight == 1
    times = [sent.at for sent in feed_server.requests]
    assert all(late - early >= GAP.total_seconds() for early, late in pairwise(times))


def test_p15_programs_that_share_postgresql_share_a_host(
    postgresql_url: str, feed_server: FeedServer, tmp_path: Path
) -> None:
    urls = [feed_server.script(f"/{number}", Reply(body=rss(number), delay=0.1)) for number in range(3)]
    (tmp_path / "feeds.yaml").write_text(
        f"storage: {{database: '{postgresql_url}'}}\n"
        "polling: {allow_networks: [127.0.0.0/8], host_gap: 1s}\n"
        f"feeds: [{', '.join(f'{{url: {url!r}}}' for url in urls)}]\n"
    )
    files = ["--config", str(tmp_path / "feeds.yaml"), "--data", str(tmp_path)]
    command = [sys.executable, "-m", "aggregator", *files, "poll"]

    programs = [subprocess.Popen([*command, *mine], stdout=subprocess.PIPE) for mine in (urls[:1], urls[1:])]

    assert [b"1 fetched" in programs[0].communicate()[0], b"2 fetched" in programs[1].communicate()[0]] == [True, True]
    assert len(feed_server.requests) == 3
    assert feed_server.most_in_flight == 1
    times = [sent.at for sent in feed_server.requests]
    assert all(late - early >= 1.1 for early, late in pairwise(times))


async def test_p15_pause_outlasts_the_process_that_asked(store: Store) -> None:
    gap = timedelta(seconds=0.3)
    async with gate(store, gap) as second:
        async with gate(store, gap) as first:
            assert await first.enter(HOST) is None
            ended = clock.monotonic()
            first.leave(HOST)
        assert await second.enter(HOST) is None
        assert clock.monotonic() - ended >= 0.3
        second.leave(HOST)


async def test_p11_process_that_waited_keeps_the_pause_that_another_was_told_of(store: Store) -> None:
    async with gate(store) as first, gate(store) as second:
        assert await first.enter(HOST) is None
        waiting = asyncio.create_task(second.enter(HOST))
        await asyncio.sleep(0.1)
        first.note(HOST, 429, CacheHints(retry_after=timedelta(hours=1)))
        first.leave(HOST)

        postponed = await waiting

    assert isinstance(postponed, Postponed)
    assert postponed.reason == f"{HOST} asked for a pause of 1 h (Retry-After)"


async def test_turn_of_a_process_that_was_killed_ends_by_itself(
    postgresql_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gate(postgresql_store) as living:
        with postgresql_store.write() as conn:
            ends, _ = turns.take(conn, HOST, timedelta(seconds=0.5))
        began = clock.monotonic()
        assert await living.enter(HOST) is None
        assert clock.monotonic() - began >= 0.4
        living.leave(HOST)
        with postgresql_store.write() as conn:  # thawed, it takes nothing from the one whose turn it is
            assert ends
            turns.give(conn, HOST, ends, timedelta())
            assert turns.take(conn, HOST, timedelta(seconds=1))[0] is None


async def test_turn_is_given_back_by_one_who_stops_waiting(store: Store) -> None:
    async with gate(store) as first, gate(store) as second, gate(store) as third:
        assert await first.enter(HOST) is None
        given_up = asyncio.create_task(second.enter(HOST))
        await asyncio.sleep(0.1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        first.leave(HOST)

        assert await asyncio.wait_for(third.enter(HOST), 5) is None
        third.leave(HOST)


async def test_request_that_outlives_the_poller_ends_without_a_fault(store: Store) -> None:
    async with gate(store) as late:
        assert await late.enter(HOST) is None
    late.note(HOST, 429, CacheHints(retry_after=timedelta(hours=1)))
    late.leave(HOST)
    async with gate(store) as closed:
        pass

    assert await closed.enter("b.example") is None
    closed.leave("b.example")


async def test_process_that_never_ends_its_request_is_not_waited_for_without_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "_OTHERS_PATIENCE", 0.1)
    async with gate(store) as hanging, gate(store) as other:
        assert await hanging.enter(HOST) is None

        postponed = await other.enter(HOST)
        hanging.leave(HOST)
    assert isinstance(postponed, Postponed)
    assert postponed.reason == f"another process is asking {HOST}"


async def test_p15_hourly_bound_counts_the_requests_of_every_machine(postgresql_store: Store) -> None:
    half_an_hour_ago = clock.utc_now() - timedelta(minutes=30)
    async with gate(postgresql_store) as other:
        with postgresql_store.write() as conn:
            asked = [(HOST, half_an_hour_ago + timedelta(microseconds=number)) for number in range(PER_HOUR)]
            turns.note_requests(conn, asked, clock.utc_now())

        postponed = await other.enter(HOST)

    assert isinstance(postponed, Postponed)
    assert timedelta(minutes=29) < postponed.until - clock.utc_now() <= timedelta(minutes=30)
    assert f"many feeds wait for {HOST}" in postponed.reason


async def test_database_that_is_gone_is_a_sentence_and_no_request(
    postgresql_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "_OTHERS_PATIENCE", 0.1)
    monkeypatch.setattr(turns_module, "_AFTER_FAULT", 0.1)
    nowhere = Store(postgresql_store.engine)
    async with gate(nowhere) as alone:
        nowhere.engine = Store.open_to_read(str(postgresql_store.engine.url.render_as_string(False))).engine

        postponed = await alone.enter(HOST)

    assert isinstance(postponed, Postponed)
    assert "whose turn it is to ask a.example can't be told" in postponed.reason


def test_requests_older_than_an_hour_are_forgotten(store: Store) -> None:
    now = clock.utc_now()
    ages = [timedelta(minutes=61), timedelta(minutes=59)]
    with store.write() as conn:
        turns.note_requests(conn, [(HOST, now - age) for age in ages], now)

        assert turns.requests_since(conn, now - timedelta(days=1)) == [(HOST, now - ages[1])]


def test_state_of_one_host_is_the_one_that_was_saved(store: Store) -> None:
    state = HostState(HOST, clock.utc_now(), "asked for a pause", 2)
    with store.write() as conn:
        hosts.save(conn, {HOST: state})

        assert hosts.load_one(conn, HOST) == state
        assert hosts.load_one(conn, "b.example") is None


def test_what_was_learnt_by_a_clock_that_was_put_back_since_is_cut(store: Store) -> None:
    now = clock.utc_now()
    with store.write() as conn:
        hosts.save(conn, {HOST: HostState(HOST, now + timedelta(days=400), "asked for a pause")})
        turns.note_requests(conn, [(HOST, now), (HOST, now + timedelta(days=400))], now)
        hosts.end_by(conn, now + timedelta(days=7))
        turns.forget_after(conn, now)

        assert hosts.closed(conn, now)[HOST].not_before == now + timedelta(days=7)
        assert turns.requests_since(conn, now) == [(HOST, now)]
