"""Worker processes: one hostile body never stops another, and nothing is left behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.poll.parse.result import ParsedFeed, ParseFailed
from aggregator.poll.workers import ParserPool
from tests.conftest import shared_path
from tests.poll.kit import until

GOOD = b"<rss version='2.0'><channel><title>T</title><item><title>A</title><guid>1</guid></item></channel></rss>"
# Ill-formed, and each reference starts a search to the end: nothing but the clock stops it.
SLOW = b"<rss><channel><item><description>" + b"<a b='" * 2_000_000


@pytest.fixture(autouse=True)
def forked_workers() -> None:
    """Here they are spawned, as the program's are."""


@pytest.fixture
async def pool() -> AsyncIterator[ParserPool]:
    async with ParserPool(workers=2, time_limit=2, memory_limit=700 * 1024 * 1024) as opened:
        yield opened


async def parse(pool: ParserPool, body: bytes) -> ParsedFeed | ParseFailed:
    return await pool.parse(body, content_type="application/xml", base_url="http://a.example/feed")


def workers() -> set[int]:
    """Ids of the worker processes that are children of this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"spawn_main" in command:
            found.add(int(stat.parent.name))
    return found


async def test_body_is_parsed_in_another_process(pool: ParserPool) -> None:
    first = await parse(pool, GOOD)
    assert isinstance(first, ParsedFeed)
    assert [entry.title for entry in first.entries] == ["A"]


async def test_items_that_are_known_are_read_again_where_that_is_wanted(pool: ParserPool) -> None:
    first = await parse(pool, GOOD)
    assert isinstance(first, ParsedFeed)
    known = first.spans.to_bytes()
    again = await pool.parse(GOOD, content_type=None, base_url="http://a.example/feed", known=known)
    afresh = await pool.parse(GOOD, content_type=None, base_url="http://a.example/feed", known=known, afresh=True)

    assert isinstance(again, ParsedFeed)
    assert isinstance(afresh, ParsedFeed)
    assert not again.entries
    assert afresh.entries == first.entries


async def test_body_that_is_no_feed_is_a_sentence(pool: ParserPool) -> None:
    assert await parse(pool, b"<html><title>Hello</title>") == ParseFailed(
        "Got an HTML page titled “Hello” instead of a feed."
    )


async def test_body_that_takes_too_long_costs_itself_alone(pool: ParserPool) -> None:
    await parse(pool, GOOD)
    slow = asyncio.create_task(parse(pool, SLOW))
    others = await asyncio.gather(*(parse(pool, GOOD) for _ in range(20)))
    assert all(isinstance(one, ParsedFeed) for one in others)
    assert await slow == ParseFailed("Parsing took longer than 2 s and was stopped.", hostile=True)
    assert isinstance(await parse(pool, GOOD), ParsedFeed)


async def test_body_that_takes_too_much_memory_costs_itself_alone() -> None:
    big = b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"[]," * 4_000_000 + b"[]]}"
    async with ParserPool(workers=1, memory_limit=230 * 1024 * 1024) as pool:
        assert isinstance(await parse(pool, GOOD), ParsedFeed)
        failed = await parse(pool, big)
        assert isinstance(failed, ParseFailed)
        assert failed.hostile
        assert isinstance(await parse(pool, GOOD), ParsedFeed)


async def test_worker_that_is_killed_costs_one_body(pool: ParserPool) -> None:
    await asyncio.gather(*(parse(pool, GOOD) for _ in range(4)))
    slow = [asyncio.create_task(parse(pool, SLOW)) for _ in range(2)]
    await asyncio.sleep(0.3)
    for worker in workers():
        os.kill(worker, signal.SIGKILL)
    failed = await asyncio.gather(*slow)
    assert all(isinstance(one, ParseFailed) and one.hostile for one in failed)
    assert isinstance(await parse(pool, GOOD), ParsedFeed)


async def test_workers_that_are_killed_while_they_wait_are_replaced(pool: ParserPool) -> None:
    await asyncio.gather(*(parse(pool, GOOD) for _ in range(4)))
    idle = workers()
    for worker in idle:
        os.kill(worker, signal.SIGKILL)
    await until(lambda: not workers() & idle)
    await asyncio.sleep(0.3)  # the pool looks after its workers every tenth of a second

    assert isinstance(await asyncio.wait_for(parse(pool, GOOD), 20), ParsedFeed)


async def test_feed_is_told_when_no_worker_lives() -> None:
    python = sys.executable
    multiprocessing.set_executable("/bin/false")
    try:
        async with ParserPool(workers=1) as pool:
            failed = await asyncio.wait_for(parse(pool, GOOD), 60)
    finally:
        multiprocessing.set_executable(python)
    assert failed == ParseFailed(
        "The processes that parse end as soon as they are started, for lack of memory perhaps."
    )


async def test_closing_ends_every_worker_at_once_whatever_it_does() -> None:
    async with ParserPool(workers=2, time_limit=30) as pool:
        await parse(pool, GOOD)
        slow = asyncio.create_task(parse(pool, SLOW))
        await asyncio.sleep(0.3)
        started = workers()
        assert started
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not workers() & started
    slow.cancel()


async def test_workers_ignore_ctrl_c(pool: ParserPool) -> None:
    await asyncio.gather(*(parse(pool, GOOD) for _ in range(4)))
    for worker in workers():
        os.kill(worker, signal.SIGINT)
    assert all(isinstance(one, ParsedFeed) for one in await asyncio.gather(*(parse(pool, GOOD) for _ in range(4))))


async def test_workers_ignore_ctrl_c_while_they_start(pool: ParserPool, capfd: pytest.CaptureFixture[str]) -> None:
    before = workers()
    parsing = asyncio.create_task(parse(pool, GOOD))
    for _ in range(20):
        for worker in workers() - before:
            os.kill(worker, signal.SIGINT)
        await asyncio.sleep(0.02)
    assert isinstance(await parsing, ParsedFeed)
    assert capfd.readouterr().err == ""


async def test_odd_feeds_end_no_worker(pool: ParserPool) -> None:
    await asyncio.gather(*(parse(pool, GOOD) for _ in range(4)))
    before = workers()
    files = [path for path in sorted(shared_path("corpus/edge").rglob("*")) if path.is_file()][::10]
    results = await asyncio.gather(*(parse(pool, path.read_bytes()) for path in files))
    assert not [one for one in results if isinstance(one, ParseFailed) and one.hostile]
    assert workers() == before


async def test_bodies_that_wait_together_are_each_parsed(pool: ParserPool) -> None:
    bodies = [GOOD.replace(b"<title>A", f"<title>A {number}".encode()) for number in range(60)]
    bodies[30] = b"<html><title>Hello</title>"
    parsed = await asyncio.gather(*(parse(pool, body) for body in bodies))
    titles = [one.entries[0].title if isinstance(one, ParsedFeed) else one.reason for one in parsed]
    expected = [f"A {number}" for number in range(60)]
    expected[30] = "Got an HTML page titled “Hello” instead of a feed."
    assert titles == expected


async def test_body_that_holds_the_only_worker_up_soon_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.poll.workers.PATIENCE", 0.1)
    async with ParserPool(workers=1, time_limit=60) as pool:
        await parse(pool, GOOD)
        slow = asyncio.create_task(parse(pool, SLOW))
        await asyncio.sleep(0.1)
        others = [asyncio.create_task(parse(pool, GOOD)) for _ in range(20)]
        for parsed in asyncio.as_completed(others):
            assert isinstance(await parsed, ParsedFeed)
            break
        assert not slow.done()


async def test_worker_that_helps_out_ends_when_it_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.poll.workers.PATIENCE", 0.0)
    monkeypatch.setattr("aggregator.poll.workers.IDLE", 0.5)
    async with ParserPool(workers=1) as pool:
        before = workers()
        await asyncio.gather(*(parse(pool, GOOD) for _ in range(50)))
        await until(lambda: len(workers() - before) == 1)
        assert isinstance(await parse(pool, GOOD), ParsedFeed)
