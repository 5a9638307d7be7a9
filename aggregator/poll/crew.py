"""Worker processes that parse: a Pebble pool that another replaces should it break, and what is run in its workers.

too slow         the worker is killed, another takes its place
too much memory  MemoryError inside the worker, or its death
a worker that dies with nothing to do ends Pebble's pool: another takes its place
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import resource
import signal
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, TypeVar

from pebble import ProcessPool

from aggregator.poll.parse.result import KnownSpans, NotAFeed, ParsedFeed, ParseFailed

log = logging.getLogger(__name__)

_TASKS = 5_000
"""Journeys after which a worker is replaced, so that its memory can't creep up."""
_AHEAD = 6  # journeys for each worker, the one under way included: a worker that is done has the next at hand
_POOLS = 3  # tried for one journey
_LOOK_AFTER = 1.0  # seconds between two looks whether a pool still works

T = TypeVar("T")


class Body(NamedTuple):
    """What a worker is given."""

    body: bytes
    content_type: str | None
    base_url: str
    known: bytes | None  # KnownSpans as they are stored: the workers have the time to read them
    afresh: bool


class Crew:
    """Some workers. Belongs to one event loop; `under_way` is kept by whoever sends them journeys."""

    def __init__(self, workers: int, time_limit: float, memory_limit: int) -> None:
        self.under_way = 0
        self._workers = workers
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._pool = self._new_pool()
        self._closing: set[asyncio.Task[None]] = set()  # pools that broke

    @property
    def has_room(self) -> bool:
        """Whether another journey would be taken up soon."""
        return self.under_way < self._workers * _AHEAD

    async def parse(self, bodies: Sequence[Body]) -> list[ParsedFeed | ParseFailed]:
        """Raises what the bodies do to their worker, and BrokenProcessPool when one pool after the other breaks."""
        for _ in range(_POOLS):
            pool = self._pool
            with suppress(BrokenProcessPool):
                return await _unless_it_breaks(pool, asyncio.wrap_future(self._schedule(pool, bodies)))
            self._replace(pool)
        raise BrokenProcessPool

    async def close(self) -> None:
        """End every worker, whatever it does."""
        await asyncio.gather(asyncio.to_thread(_close, self._pool), *self._closing)

    def _schedule(self, pool: ProcessPool, bodies: Sequence[Body]) -> Future[list[ParsedFeed | ParseFailed]]:
        # Workers are born here, or in a thread that is: what is blocked here never reaches them, not even before their
        # first line. Ctrl-C is this process's to handle.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return pool.schedule(_parse_all, args=[bodies], timeout=self._time_limit)
        except RuntimeError as error:  # it broke while there was nothing to do
            raise BrokenProcessPool from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _replace(self, broken: ProcessPool) -> None:
        if self._pool is broken:  # nobody else was first
            log.warning("a process that parses was ended from outside, for lack of memory perhaps; others are started")
            self._pool = self._new_pool()
            closing = asyncio.create_task(asyncio.to_thread(_close, broken))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=_TASKS,
            initializer=_prepare,
            initargs=[self._memory_limit],
            context=multiprocessing.get_context("spawn"),
        )


async def _unless_it_breaks(pool: ProcessPool, result: asyncio.Future[T]) -> T:
    """What was scheduled while a pool broke is never heard of again."""
    while not (await asyncio.wait([result], timeout=_LOOK_AFTER))[0]:
        if not pool.active:
            result.cancel()
            raise BrokenProcessPool
    return result.result()


def _close(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare(memory_limit: int) -> None:
    """In a new worker: it ends at once when it is told to, and its memory is bounded."""
    # Pebble's handler raises SystemExit, which a worker that waits for work answers only after three seconds.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    # Here, not when the first body's time is running, and not in the parent: it brings feedparser and lxml along.
    import aggregator.poll.parse.read  # noqa: F401, PLC0415


def _parse_all(bodies: Sequence[Body]) -> list[ParsedFeed | ParseFailed]:
    return [_parse(*body) for body in bodies]


def _parse(
    body: bytes, content_type: str | None, base_url: str, known: bytes | None, afresh: bool
) -> ParsedFeed | ParseFailed:
    from aggregator.poll.parse.read import parse_feed  # noqa: PLC0415

    spans = KnownSpans.from_bytes(known) if known else None
    if spans is not None and afresh:
        spans = replace(spans, items={})
    try:
        return parse_feed(body, content_type=content_type, base_url=base_url, known=spans)
    except NotAFeed as error:
        return ParseFailed(str(error))
