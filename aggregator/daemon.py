"""`aggregator run`: one process that ticks the stages, serves the pages and follows feeds.yaml.

    every few seconds   poll what is due                      in the event loop
                        group what is new, then publish       in a thread
    every half minute   make and send the digests that are due; ask hubs to push (WebSub)
    every second        read feeds.yaml again if it changed
    every hour          remove what is older than storage.keep

APScheduler only ticks. What is due, leased or sent stands in the database, so a killed process loses nothing and a late
tick does what the missed ones would have done.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import clock
from aggregator.config.load import load
from aggregator.config.models import Config
from aggregator.digest.service import send_due
from aggregator.errors import AggregatorError, ConfigError
from aggregator.group.grouper import group
from aggregator.poll.hubs import Hubs
from aggregator.poll.poller import Poller
from aggregator.publish.fragments import Fragments
from aggregator.publish.publisher import publish
from aggregator.store import entries, feeds
from aggregator.store.database import Store
from aggregator.web.app import create_app
from aggregator.web.server import serve

log = logging.getLogger(__name__)

POLL_TICK = 5  # seconds
GROUP_TICK = 5
PUBLISH_AFTER = timedelta(minutes=5)  # though nothing is new: entries age out, feeds change their health
DIGEST_TICK = 30
WEBSUB_TICK = 30
CONFIG_TICK = 1
PRUNE_TICK = 3600
STOP_WITHIN = 6.0  # seconds for what is under way when the program is told to stop
_PRUNE_BATCH = 1000


async def run(config_path: Path, config: Config, out: Path, store: Store, announce: Callable[[str], None]) -> None:
    """Run until SIGTERM or Ctrl-C; `announce` gets the address of the pages. The store has the feeds of `config`."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    daemon = Daemon(config_path, config, out, store, stopping)
    try:
        async with daemon.polling(), serve(daemon.app, config.web.host, config.web.port) as address:
            announce(address)
            await daemon.tick_until_stopped()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class Daemon:
    """What the ticks share. `config` is replaced whole when feeds.yaml changes."""

    def __init__(self, config_path: Path, config: Config, out: Path, store: Store, stopping: asyncio.Event) -> None:
        self.config = config
        self._hubs = Hubs(store, lambda: self.config, lambda: self._poller)
        self.app = create_app(store, lambda: self.config, out, lambda: self._config_faults, self._hubs)
        self._config_path = config_path
        self._read_at = _version(config_path)
        self._config_faults: tuple[str, ...] = ()
        self._out = out
        self._store = store
        self._stopping = stopping
        self._poller: Poller | None = None
        self._poller_life = AsyncExitStack()
        self._polls = asyncio.Lock()
        self._stages = asyncio.Lock()  # group, publish and digest take turns
        self._fragments = Fragments()
        self._publish_at = clock.utc_now()
        self._under_way: set[asyncio.Task[None]] = set()

    def polling(self) -> AsyncExitStack:
        """Closes the poller in the end."""
        return self._poller_life

    async def tick_until_stopped(self) -> None:
        """Tick every stage; when told to stop, wait a little for what is under way."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        ticks: tuple[tuple[Callable[[], Awaitable[None]], int], ...] = (
            (self.poll, POLL_TICK),
            (self.group_and_publish, GROUP_TICK),
            (self.send_digests, DIGEST_TICK),
            (self._hubs.tick, WEBSUB_TICK),
            (self.reload, CONFIG_TICK),
            (self.prune, PRUNE_TICK),
        )
        for stage, seconds in ticks:
            scheduler.add_job(
                self._guarded,
                "interval",
                args=[stage],
                seconds=seconds,
                next_run_time=clock.utc_now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        await self._stopping.wait()
        log.info("stopping")
        scheduler.shutdown(wait=False)
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=STOP_WITHIN / 2)
            for task in late:
                task.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*late, return_exceptions=True), STOP_WITHIN / 2)

    async def _guarded(self, stage: Callable[[], Awaitable[None]]) -> None:
        """One tick; a stage that fails is logged and ticks again."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            await stage()
        except AggregatorError as error:
            log.error("%s", error)  # noqa: TRY400 - its text says it all
        except Exception:
            log.exception("a stage failed in a way that it never should")
        finally:
            self._under_way.discard(task)

    async def poll(self) -> None:
        """Poll until nothing is due."""
        async with self._polls:
            if self._poller is None:
                self._poller = await self._poller_life.enter_async_context(Poller.open(self._store, self.config))
            report = await self._poller.poll_due()
        if report.feeds:
            log.info(
                "polled %d feeds in %.1f s: %d failed, %d new entries, %d edited",
                report.feeds,
                report.seconds,
                report.failed,
                report.entries_new,
                report.entries_edited,
            )

    async def group_and_publish(self) -> None:
        """Group what is new; publish when something may look different."""
        async with self._stages:
            now = clock.utc_now()
            grouped = await asyncio.to_thread(group, self._store, self.config, now)
            if grouped.entries or grouped.rematched or now >= self._publish_at:
                await self._publish()

    async def _publish(self) -> None:
        now = clock.utc_now()
        report = await asyncio.to_thread(publish, self._store, self.config, self._out, now, self._fragments)
        self._publish_at = now + PUBLISH_AFTER
        for _, reason in report.refused:
            log.error("%s", reason)
        if report.written or report.removed:
            log.info("published: %d of %d files changed", report.written, report.files)

    async def send_digests(self) -> None:
        """Make the editions that are due, send what waits, and publish the editions' pages."""
        async with self._stages:
            now = clock.utc_now()
            report = await asyncio.to_thread(send_due, self._store, self.config, now, stopping=self._stopping.is_set)
            for trouble in report.troubles:
                log.error("%s", trouble)
            if report.made:
                log.info("made %s; %d mails sent", ", ".join(one.digest for one in report.made), report.sent)
                await self._publish()

    async def reload(self) -> None:
        """Make an edited feeds.yaml the active one; a faulty one is reported and changes nothing."""
        version = _version(self._config_path)
        if version == self._read_at:
            return
        self._read_at = version
        try:
            config = await asyncio.to_thread(load, self._config_path)
        except ConfigError as error:
            self._config_faults = tuple(str(fault) for fault in error.faults)
            log.error("feeds.yaml is faulty; the last good one stays active:\n%s", error)  # noqa: TRY400
            return
        self._config_faults = ()
        if config != self.config:
            await self._activate(config)

    async def _activate(self, config: Config) -> None:
        """A new poller with the new settings takes over once the present round is done."""
        async with self._polls, self._stages:
            report = await asyncio.to_thread(self._sync, config)
            self._poller = None
            await self._hubs.idle()
            await self._poller_life.aclose()
            self.config = config
            self._publish_at = clock.utc_now()
        log.info(
            "feeds.yaml was read again: %d feeds added, %d changed, %d removed",
            report.added,
            report.changed,
            report.removed,
        )

    def _sync(self, config: Config) -> feeds.SyncReport:
        with self._store.write() as conn:
            return feeds.sync(conn, config.feeds)

    async def prune(self) -> None:
        """Remove old entries, few in each transaction, so that polls are never held up."""
        before = clock.utc_now() - self.config.storage.keep
        removed = _PRUNE_BATCH
        while removed and not self._stopping.is_set():
            removed = await asyncio.to_thread(self._prune, before)

    def _prune(self, before: datetime) -> int:
        with self._store.write() as conn:
            return entries.prune(conn, before, _PRUNE_BATCH)


def _version(path: Path) -> tuple[int, int]:
    """Changes whenever the file is written; a file that is gone has a version too."""
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return (stat.st_mtime_ns, stat.st_size)
