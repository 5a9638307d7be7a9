"""A round of polls: feeds are leased, polled side by side and saved in batches until there are no more.

    take    as many feeds as there is room for; again whenever there is room
    poll    each in a task of its own
    hold    failures to reach anyone, until somebody answers
    save    what is ready, up to a batch, while the next feeds are on their way
    renew   the leases of what is under way, every few seconds

Cancelled (Ctrl-C, SIGTERM), it saves what is ready and gives the other leases back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import ParamSpec, TypeVar

from aggregator import clock
from aggregator.model import PollReport
from aggregator.net.gate import HostGate
from aggregator.net.response import FailureKind, FetchFailed
from aggregator.poll.held import HeldFailures
from aggregator.poll.outcome import Polled
from aggregator.poll.saving import Saver
from aggregator.poll.tally import Tally
from aggregator.poll.timekeeping import Timekeeper
from aggregator.store import feeds
from aggregator.store.database import Store
from aggregator.store.feeds import LeasedFeed
from aggregator.text.addresses import without_credentials

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEW_EVERY = 10.0  # seconds
BATCH = 100  # feeds saved in one transaction
_GATHER = 0.1  # seconds at most that a small batch waits for more: a transaction costs as much as some ten feeds in it
_ASK_AGAIN = 1.0  # seconds between two looks for feeds that became due meanwhile

T = TypeVar("T")
P = ParamSpec("P")
Take = Callable[[int], list[LeasedFeed]]
"""Leases up to so many feeds; blocking."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every round of a poller shares. `capacity`: feeds under way at once."""

    store: Store
    database: ThreadPoolExecutor  # the one thread in which polls speak to the store
    gate: HostGate
    saver: Saver
    held: HeldFailures
    timekeeper: Timekeeper
    capacity: int

    async def in_database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in the database's thread."""
        return await asyncio.get_running_loop().run_in_executor(self.database, lambda: call(*args, **kwargs))


class Round:
    """Runs once."""

    def __init__(self, tools: Tools, take: Take, poll: Callable[[LeasedFeed], Awaitable[Polled]], tally: Tally) -> None:
        self._tools = tools
        self._take = take
        self._poll = poll
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()
        self._leased: dict[int, LeasedFeed] = {}  # under way, saved ones not among them
        self._ready: list[Polled] = []
        self._enough = asyncio.Event()  # a batch is full, or nothing more is under way

    async def run(self) -> PollReport:
        """Until nothing is left to take and everything taken is saved."""
        began = clock.monotonic()
        renewing = asyncio.create_task(self._renew())
        try:
            await self._poll_everything()
        finally:
            renewing.cancel()
            await self._stop()
        return self._tally.report(clock.monotonic() - began)

    async def _poll_everything(self) -> None:
        asked_at = float("-inf")
        while True:
            room = self._tools.capacity - len(self._tasks) - len(self._ready)
            if room >= self._tools.capacity // 4 or clock.monotonic() - asked_at > _ASK_AGAIN:
                asked_at = clock.monotonic()
                await self._take_up(room)
            if self._ready:
                if self._tasks and len(self._ready) < BATCH:
                    await self._gather()
                await self._save(self._next_batch())
            elif self._tasks:
                await asyncio.wait(self._tasks, timeout=_ASK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
            else:
                break
        judged = self._tools.held.end_of_round(clock.monotonic())
        await self._save(judged.charged)
        await self._save(judged.excused, network_down=True)
        if judged.forgiven:
            await self._tools.in_database(self._tools.saver.save, judged.forgiven, network_down=True)

    async def _take_up(self, room: int) -> None:
        taken = await self._tools.in_database(self._take, room) if room > 0 else []
        self._tally.take(len(taken))
        for leased in taken:
            self._leased[leased.feed.id] = leased
            task = asyncio.create_task(self._poll_one(leased))
            self._tasks.add(task)
            task.add_done_callback(self._left)

    async def _poll_one(self, leased: LeasedFeed) -> None:
        began = clock.monotonic()
        try:
            polled = await self._poll(leased)
        except Exception as error:
            log.exception("polling %s failed in a way that it never should", without_credentials(leased.feed.url))
            polled = _broken(leased, error)
        if polled.failed:
            log.info("%s: %s", without_credentials(leased.feed.url), polled.failed.reason)
        self._ready += self._tools.held.sort(polled, began, clock.monotonic())
        if len(self._ready) >= BATCH:
            self._enough.set()

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._enough.set()

    async def _gather(self) -> None:
        self._enough.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), _GATHER)

    def _next_batch(self) -> list[Polled]:
        batch, self._ready = self._ready[:BATCH], self._ready[BATCH:]
        return batch

    async def _save(self, batch: list[Polled], *, network_down: bool = False) -> None:
        if not batch:
            return
        news = self._tools.gate.take_news()
        saved = await self._tools.in_database(self._tools.saver.save, batch, news, network_down=network_down)
        by_url = {one.leased.feed.url: one for one in batch}
        for one in saved:
            self._tally.add(by_url[one.url], one)
        for polled in batch:
            self._leased.pop(polled.leased.feed.id, None)
        self._tally.leave(len(batch))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await self._tools.in_database(self._renew_now)

    def _renew_now(self) -> None:
        with self._tools.store.write() as conn:
            feeds.renew(conn, list(self._leased.values()), clock.utc_now() + LEASE)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._leased:
            await self._save(self._ready)
            await self._tools.in_database(self._release)

    def _release(self) -> None:
        with self._tools.store.write() as conn:
            feeds.release(conn, list(self._leased.values()))


def _broken(leased: LeasedFeed, error: Exception) -> Polled:
    """A fault of our own: it costs this feed this poll, is shown as such, and stops no other feed."""
    reason = f"this program failed to read it ({type(error).__name__}: {error}); please report this"
    result = FetchFailed(kind=FailureKind.NOT_A_FEED, reason=reason, url=leased.feed.url)
    return Polled(leased=leased, result=result, unconditional=False, at=clock.utc_now())
