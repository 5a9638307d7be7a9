"""Parsing in worker processes: a feed that takes too long or too much memory costs its own poll and nothing else.

ParserPool.parse   waits until a worker has room; bodies that wait together travel together
                   -> a worker of a Pebble pool -> parse_feed, one after the other
    too slow         the worker is killed, another takes its place
    too much memory  MemoryError inside the worker, or its death
    NotAFeed         its sentence
                   what befalls several bodies at once is tried again with each of them alone
                   a worker that dies with nothing to do ends Pebble's pool: another takes its place
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import resource
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.poll.parse.result import KnownSpans, NotAFeed, ParsedFeed, ParseFailed

log = logging.getLogger(__name__)

TIME_LIMIT = 10.0
"""Seconds for one body, and for several that travel together."""
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space of one worker."""
_TASKS = 5_000
"""Journeys after which a worker is replaced, so that its memory can't creep up."""
_MOST_WORKERS = 3  # they keep up with what one process can fetch and store; each takes some 40 MB
_AHEAD = 6  # journeys for each worker, the one under way included: a worker that is done has the next at hand
_BYTES_TOGETHER = 600_000  # bytes of a journey's bodies; one of a feed never read before counts many times
_FIRST_READ = 15  # times what a known feed of that size takes
_POOLS = 3  # tried for one journey
_LOOK_AFTER = 1.0  # seconds between two looks whether a pool still works

T = TypeVar("T")


class _Body(NamedTuple):
    """What a worker is given."""

    body: bytes
    content_type: str | None
    base_url: str
    known: bytes | None  # KnownSpans as they are stored: the workers have the time to read them
    afresh: bool

    @property
    def weight(self) -> int:
        """Its bytes, those of a first reading counted as often as it takes longer."""
        return len(self.body) * (_FIRST_READ if self.afresh or not self.known else 1)


@dataclass(slots=True)
class _Job:
    body: _Body
    parsed: asyncio.Future[ParsedFeed | ParseFailed]


class ParserPool:
    """Worker processes that parse; an async context.

    `workers`: unless given, one for each core but that of this process, which fetches and stores; up to three.
    """

    def __init__(
        self, workers: int | None = None, *, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        workers = workers or min(max((os.cpu_count() or 1) - 1, 1), _MOST_WORKERS)
        self._time_limit = time_limit
        self._room = workers * _AHEAD
        self._waiting: deque[_Job] = deque()
        self._journeys: set[asyncio.Task[None]] = set()
        self._workers = workers
        self._memory_limit = memory_limit
        self._pool = self._new_pool()
        self._closing: set[asyncio.Task[None]] = set()  # pools that broke

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Bodies that are still being parsed are given up: their feeds are polled again."""
        for journey in self._journeys:
            journey.cancel()
        await asyncio.gather(asyncio.to_thread(_close, self._pool), *self._closing)

    async def parse(
        self,
        body: bytes,
        *,
        content_type: str | None,
        base_url: str,
        known: bytes | None = None,
        afresh: bool = False,
    ) -> ParsedFeed | ParseFailed:
        """Parse a body in a worker; see `parse_feed`. Never raises for what the body does.

        `known`: what `KnownSpans.to_bytes` gave last time. `afresh`: read its items again all the same.
        """
        job = _Job(_Body(body, content_type, base_url, known, afresh), asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._set_out()
        try:
            return await job.parsed
        except (FutureTimeoutError, TimeoutError):
            return ParseFailed(f"Parsing took longer than {self._time_limit:g} s and was stopped.", hostile=True)
        except ProcessExpired as error:
            return ParseFailed(f"Parsing crashed its worker process (exit code {error.exitcode}).", hostile=True)
        except BrokenProcessPool:
            return ParseFailed("The processes that parse end as soon as they are started, for lack of memory perhaps.")
        except MemoryError:
            return ParseFailed("Parsing took more memory than it may have.", hostile=True)
        except RecursionError:
            return ParseFailed("Its elements are nested too deeply.", hostile=True)

    def _set_out(self) -> None:
        while self._waiting and len(self._journeys) < self._room:
            journey = asyncio.create_task(self._travel(self._next()))
            self._journeys.add(journey)
            journey.add_done_callback(self._arrived)

    def _arrived(self, journey: asyncio.Task[None]) -> None:
        self._journeys.discard(journey)
        if not journey.cancelled():
            self._set_out()

    def _next(self) -> list[_Job]:
        jobs: list[_Job] = []
        size = 0
        while self._waiting:
            size += self._waiting[0].body.weight
            if jobs and size > _BYTES_TOGETHER:
                break
            jobs.append(self._waiting.popleft())
        return jobs

    async def _travel(self, jobs: Sequence[_Job]) -> None:
        wanted = [job for job in jobs if not job.parsed.done()]
        try:
            results = await self._parse_all([job.body for job in wanted])
        except Exception as error:
            if len(wanted) > 1:
                for job in wanted:
                    await self._travel([job])
            elif wanted and not wanted[0].parsed.done():
                wanted[0].parsed.set_exception(error)
            return
        for job, result in zip(wanted, results, strict=True):
            if not job.parsed.done():
                job.parsed.set_result(result)

    async def _parse_all(self, bodies: Sequence[_Body]) -> list[ParsedFeed | ParseFailed]:
        """Raises BrokenProcessPool when one pool after the other breaks."""
        for _ in range(_POOLS):
            pool = self._pool
            with suppress(BrokenProcessPool):
                return await _unless_it_breaks(pool, asyncio.wrap_future(self._schedule(pool, bodies)))
            self._replace(pool)
        raise BrokenProcessPool

    def _schedule(self, pool: ProcessPool, bodies: Sequence[_Body]) -> Future[list[ParsedFeed | ParseFailed]]:
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


def _parse_all(bodies: Sequence[_Body]) -> list[ParsedFeed | ParseFailed]:
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
