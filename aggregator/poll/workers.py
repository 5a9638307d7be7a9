"""Parsing in worker processes: a feed that takes too long or too much memory costs its own poll and nothing else.

ParserPool.parse   waits until a worker has room; bodies that wait together travel together
                   -> a worker of a `crew` -> parse_feed, one after the other
    NotAFeed         its sentence
    too slow, too much memory
                     what befalls several bodies at once is tried again with each of them alone
    bodies wait, and go on waiting
                     one more worker is started, and ended when it has had nothing to do for a while
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from pebble import ProcessExpired

from aggregator.poll.crew import Body, Crew
from aggregator.poll.parse.result import ParsedFeed, ParseFailed

TIME_LIMIT = 10.0
"""Seconds for one body, and for several that travel together."""
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space of one worker."""
PATIENCE = 2.0
"""Seconds that bodies wait without a break before one more worker is started."""
IDLE = 60.0
"""Seconds without work after which it is ended again."""
_MOST_WORKERS = 3  # they keep up with what one process can fetch and store; each takes some 40 MB
_BYTES_TOGETHER = 600_000  # bytes of a journey's bodies; one of a feed never read before counts many times
_FIRST_READ = 15  # times what a known feed of that size takes


@dataclass(slots=True)
class _Job:
    body: Body
    parsed: asyncio.Future[ParsedFeed | ParseFailed]

    @property
    def weight(self) -> int:
        """The body's bytes, those of a first reading counted as often as it takes longer."""
        return len(self.body.body) * (_FIRST_READ if self.body.afresh or not self.body.known else 1)


class _Lasting:
    """A state that, once it has lasted for so many seconds, has something done about it."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def is_now(self, lasts: bool) -> None:
        """Tell whether it lasts."""
        if lasts and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._over)
        elif not lasts and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        self._act()


class ParserPool:
    """Worker processes that parse; an async context.

    `workers`: unless given, one for each core but that of this process, which fetches and stores; up to three. One more
    helps them while they are behind, be it for a flood of new feeds or a body that holds a worker up.
    """

    def __init__(
        self, workers: int | None = None, *, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        workers = workers or min(max((os.cpu_count() or 1) - 1, 1), _MOST_WORKERS)
        self._limits = (time_limit, memory_limit)
        self._crew = Crew(workers, *self._limits)
        self._helper: Crew | None = None
        self._waiting: deque[_Job] = deque()
        self._behind = _Lasting(PATIENCE, self._get_help)  # bodies wait
        self._idle = _Lasting(IDLE, self._let_go)  # the helper has nothing to do
        self._journeys: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Bodies that are still being parsed are given up: their feeds are polled again."""
        self._waiting.clear()
        for state in (self._behind, self._idle):
            state.is_now(False)
        for journey in self._journeys:
            journey.cancel()
        await asyncio.gather(*(crew.close() for crew in self._crews()), *self._leaving)

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
        job = _Job(Body(body, content_type, base_url, known, afresh), asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._set_out()
        try:
            return await job.parsed
        except (FutureTimeoutError, TimeoutError):
            return ParseFailed(f"Parsing took longer than {self._limits[0]:g} s and was stopped.", hostile=True)
        except ProcessExpired as error:
            return ParseFailed(f"Parsing crashed its worker process (exit code {error.exitcode}).", hostile=True)
        except BrokenProcessPool:
            return ParseFailed("The processes that parse end as soon as they are started, for lack of memory perhaps.")
        except MemoryError:
            return ParseFailed("Parsing took more memory than it may have.", hostile=True)
        except RecursionError:
            return ParseFailed("Its elements are nested too deeply.", hostile=True)

    def _crews(self) -> list[Crew]:
        return [self._crew, *([self._helper] if self._helper else [])]

    def _set_out(self) -> None:
        for crew in self._crews():
            while self._waiting and crew.has_room:
                crew.under_way += 1
                journey = asyncio.create_task(self._travel(crew, self._next()))
                self._journeys.add(journey)
                journey.add_done_callback(partial(self._arrived, crew))
        self._look_after_help()

    def _arrived(self, crew: Crew, journey: asyncio.Task[None]) -> None:
        crew.under_way -= 1
        self._journeys.discard(journey)
        if not journey.cancelled():
            self._set_out()

    def _look_after_help(self) -> None:
        self._behind.is_now(bool(self._waiting) and self._helper is None)
        self._idle.is_now(self._helper is not None and not self._helper.under_way)

    def _get_help(self) -> None:
        self._helper = Crew(1, *self._limits)
        self._set_out()

    def _let_go(self) -> None:
        assert self._helper is not None
        leaving = asyncio.create_task(self._helper.close())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        self._helper = None
        self._look_after_help()

    def _next(self) -> list[_Job]:
        jobs: list[_Job] = []
        size = 0
        while self._waiting:
            size += self._waiting[0].weight
            if jobs and size > _BYTES_TOGETHER:
                break
            jobs.append(self._waiting.popleft())
        return jobs

    async def _travel(self, crew: Crew, jobs: Sequence[_Job]) -> None:
        wanted = [job for job in jobs if not job.parsed.done()]
        try:
            results = await crew.parse([job.body for job in wanted])
        except Exception as error:
            if len(wanted) > 1:
                for job in wanted:
                    await self._travel(crew, [job])
            elif wanted and not wanted[0].parsed.done():
                wanted[0].parsed.set_exception(error)
            return
        for job, result in zip(wanted, results, strict=True):
            if not job.parsed.done():
                job.parsed.set_result(result)
