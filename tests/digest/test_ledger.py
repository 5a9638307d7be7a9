"""A sender's way to the database: batches, order, and failures that reach whoever asked."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from aggregator.digest.ledger import Ledger
from aggregator.errors import StorageError
from aggregator.store import meta
from aggregator.store.database import Store


async def test_what_comes_up_at_once_shares_a_transaction(sqlite_store: Store) -> None:
    seen: list[Connection] = []

    def work(conn: Connection) -> int:
        seen.append(conn)
        return len(seen)

    async with Ledger(sqlite_store) as ledger:
        assert await asyncio.gather(*(ledger.write(work) for _ in range(5))) == [1, 2, 3, 4, 5]
    assert len(set(map(id, seen))) == 1


async def test_what_was_asked_for_before_the_end_is_written(sqlite_store: Store) -> None:
    async with Ledger(sqlite_store) as ledger:
        waiting = asyncio.create_task(ledger.write(lambda conn: meta.put(conn, "key", "value")))
        await asyncio.sleep(0)
    await waiting
    with sqlite_store.read() as conn:
        assert meta.get(conn, "key") == "value"


async def test_a_failure_reaches_its_own_work_and_no_other_of_the_batch(sqlite_store: Store) -> None:
    def fail(conn: Connection) -> None:
        raise StorageError("the disk is full")

    async with Ledger(sqlite_store) as ledger:
        jobs = [ledger.write(lambda conn: meta.put(conn, "key", "value")), ledger.write(fail)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [type(result) for result in results] == [type(None), StorageError]
        assert await ledger.write(lambda conn: meta.get(conn, "key")) == "value"


async def test_whoever_gives_up_waiting_does_not_disturb_the_others(sqlite_store: Store) -> None:
    async with Ledger(sqlite_store) as ledger:
        gone = asyncio.create_task(ledger.write(lambda conn: 1))
        other = asyncio.create_task(ledger.write(lambda conn: 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await other == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
