"""Whose turn it is to ask a host, among all processes that poll one database.

    SQLite        a lock on a file beside the database: all are on this machine
    PostgreSQL    a row for each host, by the database's own clock: they may be anywhere

A turn lasts for a request and the pause after it. Where an answer asked for a longer pause, that is saved before the
next process has its turn, and read by a process that had to wait for another or comes within its pause.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from aggregator import clock
from aggregator.config.models import PollingConfig
from aggregator.errors import AggregatorError
from aggregator.model import HostState
from aggregator.net.gate import PER_HOUR, Turn, Turns
from aggregator.net.hosts import in_words
from aggregator.net.turnstile import Turnstile
from aggregator.poll.alone import beside_database
from aggregator.store import hosts, turns
from aggregator.store.database import Store

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

_LOOK_AT_FILE = 0.05  # seconds until another process is looked at again
_LOOK_AT_ROW = 0.25
_TIMERS = 0.002  # by so much an event loop's sleep may be too short
_AFTER_FAULT = 5.0  # of the database
_THREADS = 4  # for waiting for PostgreSQL


@contextmanager
def open_turns(store: Store, polling: PollingConfig) -> Iterator[Turns | None]:
    """None where nobody waits for anybody: with no gap between requests, or a database in memory."""
    gap = polling.host_gap
    path = beside_database(store, "hosts")
    if not gap or (path is None and store.is_sqlite):
        yield None
    elif path is not None:
        with Turnstile(path) as turnstile, ThreadPoolExecutor(1, "host-turns") as database:
            yield FileTurns(turnstile, store, database, gap.total_seconds())
    else:
        with ThreadPoolExecutor(_THREADS, "host-turns") as database:
            yield RowTurns(store, database, 2 * polling.timeout + gap)


class FileTurns:
    """Among the processes of one machine. A turn ends with its process."""

    def __init__(self, turnstile: Turnstile, store: Store, database: ThreadPoolExecutor, gap: float) -> None:
        self._turnstile = turnstile
        self._store = store
        self._database = database
        self._gap = gap
        self._waited: set[str] = set()

    async def take(self, host: str) -> Turn:
        if not self._turnstile.take(host):
            self._waited.add(host)
            return Turn(_LOOK_AT_FILE, _is_busy(host))
        learnt = None
        try:
            rest = self._gap - self._turnstile.since(host)  # another may have ended with its request
            if rest > _TIMERS or host in self._waited:
                await asyncio.sleep(rest)
                learning = _submit(self._database, self._learn, host)
                learnt = await asyncio.wrap_future(learning) if learning else None
        except BaseException:
            self._let_others(host)
            raise
        self._waited.discard(host)
        self._turnstile.stamp(host)
        return Turn(learnt=learnt)

    def give(self, host: str, pause: float, learnt: HostState | None) -> None:
        saved = _submit(self._database, _save, self._store, learnt) if learnt is not None else None
        if pause:
            self._turnstile.stamp(host)
        asyncio.get_running_loop().call_later(pause, self._let_others, host, saved)

    def _let_others(self, host: str, saved: Future[None] | None = None) -> None:
        if saved is not None and not saved.done():
            asyncio.get_running_loop().call_later(_LOOK_AT_FILE, self._let_others, host, saved)
            return
        self._turnstile.give(host)

    def _learn(self, host: str) -> HostState | None:
        try:
            with self._store.read() as conn:
                return hosts.load_one(conn, host)
        except AggregatorError as error:
            log.info("can't look up what others were told of %s: %s", host, error)
            return None


class RowTurns:
    """Among machines. `hold`: after so long a turn ends by itself, because its process was killed or is cut off."""

    def __init__(self, store: Store, database: ThreadPoolExecutor, hold: timedelta) -> None:
        self._store = store
        self._database = database
        self._hold = hold
        self._mine: dict[str, datetime] = {}  # when each ends by itself

    async def take(self, host: str) -> Turn:
        taking = _submit(self._database, self._take, host)
        if taking is None:
            return Turn()
        try:
            return await asyncio.wrap_future(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(lambda _: self._give(host, timedelta(), None))
            raise

    def give(self, host: str, pause: float, learnt: HostState | None) -> None:
        _submit(self._database, self._give, host, timedelta(seconds=pause), learnt)

    def _take(self, host: str) -> Turn:
        now = clock.utc_now()
        try:
            with self._store.write() as conn:
                bound = turns.bound_ends(conn, host, PER_HOUR, now)
                if bound is not None:
                    wait = bound - now
                    return Turn(wait.total_seconds(), f"many feeds wait for {host}; its turn comes in {in_words(wait)}")
                ends, wait = turns.take(conn, host, self._hold)
                if ends is None:
                    return Turn(min(max(wait.total_seconds(), 0.001), _LOOK_AT_ROW), _is_busy(host))
                learnt = hosts.load_one(conn, host)
        except AggregatorError as error:
            return Turn(_AFTER_FAULT, f"whose turn it is to ask {host} can't be told: {error}")
        self._mine[host] = ends
        return Turn(learnt=learnt)

    def _give(self, host: str, pause: timedelta, learnt: HostState | None) -> None:
        ends = self._mine.pop(host, None)
        if ends is None:
            return
        try:
            with self._store.write() as conn:
                if learnt is not None:
                    hosts.save(conn, {host: learnt})
                turns.give(conn, host, ends, pause)
        except AggregatorError as error:
            log.info("the turn to ask %s ends by itself in %s: %s", host, in_words(self._hold), error)


def _submit(database: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T] | None:
    """None after the end, when the client is closed and sends nothing any more."""
    with suppress(RuntimeError):
        return database.submit(call, *args, **kwargs)
    return None


def _save(store: Store, state: HostState) -> None:
    """As soon as it is learnt; it is saved once more with the feed's poll, should that fail."""
    try:
        with store.write() as conn:
            hosts.save(conn, {state.host: state})
    except AggregatorError as error:
        log.info("can't tell others of the pause of %s yet: %s", state.host, error)


def _is_busy(host: str) -> str:
    return f"another process is asking {host}"
