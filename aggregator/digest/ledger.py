"""A sender's way to the database: one thread, and one durable transaction for all that came up meanwhile.

Ten connections that each want a mark on the disk before their final dot then share the wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from aggregator.store.database import Store

T = TypeVar("T")
_Work = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Ledger:
    """An async context manager; `write` runs a function in a transaction and returns when it is on the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was asked for before is still written."""
        self._queue.put_nowait(None)
        if self._task is not None:
            await self._task

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a durable transaction. It must not depend on how it is batched with others.

        Where the transaction fails, nothing of it was stored, and each work is run again in one of its own.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, done))
        return await done

    async def _run(self) -> None:
        open_ = True
        while open_:
            batch: list[_Work] = []
            item = await self._queue.get()
            while item is not None:
                batch.append(item)
                if self._queue.empty():
                    break
                item = self._queue.get_nowait()
            open_ = item is not None
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: list[_Work]) -> None:
        try:
            results = await asyncio.to_thread(self._apply, [work for work, _ in batch])
        except Exception as error:
            if len(batch) > 1:  # whose fault it was fails alone, and no other mail's mark with it
                for one in batch:
                    await self._commit([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)

    def _apply(self, works: list[Callable[[Connection], Any]]) -> list[Any]:
        with self._store.write(durable=True) as conn:
            return [work(conn) for work in works]
