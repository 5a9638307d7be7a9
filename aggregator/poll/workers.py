"""Parsing in worker processes: a feed that takes too long or too much memory costs its own poll and nothing else.

ParserPool.parse   -> a worker of a Pebble pool -> parse_feed
    too slow         the worker is killed, another takes its place
    too much memory  MemoryError inside the worker, or its death
    NotAFeed         its sentence
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, Self

from pebble import ProcessExpired, ProcessPool

from aggregator.poll.parse import KnownSpans, NotAFeed, ParsedFeed, ParseFailed, parse_feed

TIME_LIMIT = 10.0
"""Seconds for one body."""
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space of one worker."""
_TASKS = 5_000
"""Bodies after which a worker is replaced, so that its memory can't creep up."""


class ParserPool:
    """Worker processes that parse; an async context manager. `workers` is the number of cores unless given."""

    def __init__(
        self, workers: int | None = None, *, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        self._time_limit = time_limit
        self._pool = ProcessPool(
            max_workers=workers or os.cpu_count() or 1,
            max_tasks=_TASKS,
            initializer=_prepare,
            initargs=[memory_limit],
            context=multiprocessing.get_context("spawn"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Bodies that are still being parsed are given up: their feeds are polled again."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(self._pool.join)

    async def parse(
        self, body: bytes, *, content_type: str | None, base_url: str, known: KnownSpans | None = None
    ) -> ParsedFeed | ParseFailed:
        """Parse a body in a worker; see `parse_feed`. Never raises for what the body does."""
        future = self._pool.schedule(_parse, args=[body, content_type, base_url, known], timeout=self._time_limit)
        try:
            return await asyncio.wrap_future(future)
        except (FutureTimeoutError, TimeoutError):
            return ParseFailed(f"Parsing took longer than {self._time_limit:g} s and was stopped.", hostile=True)
        except ProcessExpired as error:
            return ParseFailed(f"Parsing crashed its worker process (exit code {error.exitcode}).", hostile=True)
        except MemoryError:
            return ParseFailed("Parsing took more memory than it may have.", hostile=True)
        except RecursionError:
            return ParseFailed("Its elements are nested too deeply.", hostile=True)


def _prepare(memory_limit: int) -> None:
    """In a new worker: Ctrl-C is the parent's to handle, and memory is bounded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Pebble's handler raises SystemExit, which a worker that waits for work answers only after three seconds.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))


def _parse(body: bytes, content_type: str | None, base_url: str, known: KnownSpans | None) -> Any:
    try:
        return parse_feed(body, content_type=content_type, base_url=base_url, known=known)
    except NotAFeed as error:
        return ParseFailed(str(error))
