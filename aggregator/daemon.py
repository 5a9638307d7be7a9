"""`aggregator run`: one process that ticks the stages, serves the pages and follows feeds.yaml.

    every few seconds   poll what is due                      in the event loop
                        group what is new, then publish       in a thread
    every half minute   make and send the digests that are due; read what came back; ask hubs to push (WebSub)
    at a sign-up        send the letter that it is answered with
    every second        read feeds.yaml again if it changed
    every hour          remove what is older than storage.keep and storage.keep_mails

APScheduler only ticks. What is due, leased or sent stands in the database, so a killed process loses nothing and a late
tick does what the missed ones would have done.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol

import uvloop
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection

from aggregator import clock, memory
from aggregator.config.load import load
from aggregator.config.models import Config
from aggregator.digest.bounces.lookout import Lookout
from aggregator.digest.service import send_due, send_letters_due
from aggregator.errors import AggregatorError, ConfigError, DatabaseGone
from aggregator.group.grouper import Grouper
from aggregator.poll.hubs import Hubs
from aggregator.poll.poller import Poller
from aggregator.publish.fragments import Fragments
from aggregator.publish.publisher import publish
from aggregator.store import deliveries, editions, entries, feeds, stories
from aggregator.store.database import Store
from aggregator.text.counts import plural
from aggregator.web.app import create_app
from aggregator.web.server import serve

log = logging.getLogger(__name__)

POLL_TICK = 5  # seconds
GROUP_TICK = 5
WALK_FOR = 20  # seconds of matching stored entries again before what it changed is published
PUBLISH_AFTER = 300.0  # seconds; though nothing is new: entries age out, feeds change their health
PUBLISH_AGAIN = 20.0  # seconds after one that failed
DIGEST_TICK = 30
BOUNCES_TICK = 30
WEBSUB_TICK = 30
CONFIG_TICK = 1
PRUNE_TICK = 3600
THREADS = 40  # each may wait half a minute for a locked database or a server of mails, and no page may wait for it
STOP_WITHIN = 6.0  # seconds for what is under way when the program is told to stop
EXIT_WITHIN = 9.0  # seconds after which it stops whatever is under way
_PRUNE_BATCH = 1000


def run(config_path: Path, config: Config, out: Path, store: Store, announce: Callable[[str], None]) -> None:
    """Run until SIGTERM or Ctrl-C; `announce` gets the address of the pages. The store has the feeds of `config`.

    Raises DatabaseGone when the file of the database is taken away.
    """
    memory.share_one_heap()
    # It warns of every tick that it leaves out while the one before is still at work, which is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # A thread that waits for a locked database can't be told to stop. What it does is undone, as after a kill.
    deadline = threading.Timer(EXIT_WITHIN, os._exit, [0])
    deadline.daemon = True
    try:
        uvloop.run(_run(Daemon(config_path, config, out, store), announce, deadline))
    finally:
        deadline.cancel()


async def _run(daemon: Daemon, announce: Callable[[str], None], deadline: threading.Timer) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))  # by itself, asyncio has six on a small machine
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stopping.set)
    web = daemon.config.web
    try:
        async with daemon.polling(), serve(daemon.app, web.host, web.port) as address:
            announce(address)
            await daemon.tick_until_stopped(deadline)
        if daemon.ended_by is not None:
            raise daemon.ended_by
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class Stage(Protocol):
    """What a tick does; its name is that of its job."""

    __name__: str

    def __call__(self) -> Awaitable[None]: ...


class Stopped(Exception):  # noqa: N818 - no error: the program was told to stop
    """Ends a stage between two of its batches."""


class Daemon:
    """What the ticks share. `config` is replaced whole when feeds.yaml changes."""

    def __init__(self, config_path: Path, config: Config, out: Path, store: Store) -> None:
        self.config = config
        self.stopping = asyncio.Event()
        self.ended_by: DatabaseGone | None = None  # what no tick can mend
        self._lookout = Lookout(store, lambda: self.config, self.stopping.is_set)
        self._hubs = Hubs(store, lambda: self.config, lambda: self._poller)
        self.app = create_app(
            store, lambda: self.config, out, self._warnings, self._hubs, letter_waits=self._letter_waits
        )
        self._config_path = config_path
        self._seen: tuple[int, int] | None = None  # version of feeds.yaml at the last look
        self._read: tuple[int, int] | None = None  # that was read; it may have been edited while the program started
        self._config_faults: tuple[str, ...] = ()
        self._troubles: dict[str, tuple[str, ...]] = {}  # of the last time that each thing was done
        self._out = out
        self._store = store
        self._poller: Poller | None = None
        self._poller_life = AsyncExitStack()
        self._polls = asyncio.Lock()
        self._stages = asyncio.Lock()  # group and publish take turns
        self._fragments = Fragments()
        self._grouper = Grouper(store)
        self._publish_at = clock.monotonic()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()

    def polling(self) -> AsyncExitStack:
        """Closes the poller in the end."""
        return self._poller_life

    def _warnings(self) -> list[str]:
        troubles = chain(self._config_faults, *self._troubles.values(), filter(None, [self._lookout.trouble]))
        return list(dict.fromkeys(troubles))

    def _note(self, doing: str, troubles: Iterable[str]) -> None:
        """Keep what is wrong for /healthz until it is done without; log what was not wrong the last time."""
        known, now = set(chain(*self._troubles.values())), tuple(troubles)
        self._troubles[doing] = now
        for trouble in now:
            if trouble not in known:
                log.error("%s", trouble)

    async def tick_until_stopped(self, deadline: threading.Timer) -> None:
        """Tick every stage; when told to stop, wait a little for what is under way. `deadline` runs from then on."""
        ticks: tuple[tuple[Stage, int], ...] = (
            (self.poll, POLL_TICK),
            (self.group_and_publish, GROUP_TICK),
            (self.send_digests, DIGEST_TICK),
            (self.send_letters, DIGEST_TICK),
            (self._lookout.read_bounces, BOUNCES_TICK),
            (self._hubs.tick, WEBSUB_TICK),
            (self.reload, CONFIG_TICK),
            (self.prune, PRUNE_TICK),
        )
        for stage, seconds in ticks:
            self._scheduler.add_job(
                self._guarded,
                "interval",
                id=stage.__name__,
                args=[stage],
                seconds=seconds,
                next_run_time=clock.utc_now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()
        await self.stopping.wait()
        log.info("stopping")
        deadline.start()
        self._scheduler.pause()  # its shutdown would cancel what is under way
        self._finish_polls()
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=STOP_WITHIN / 2)
            for task in late:
                task.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*late, return_exceptions=True), STOP_WITHIN / 2)
        self._scheduler.shutdown(wait=False)

    async def _guarded(self, stage: Stage) -> None:
        """One tick; a stage that fails is logged and ticks again."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        name = stage.__name__
        try:
            await stage()
            self._note(name, ())
        except Stopped:
            pass
        except asyncio.CancelledError:
            if not self.stopping.is_set():
                raise
        except DatabaseGone as error:
            self.ended_by = error
            self.stopping.set()
        except AggregatorError as error:
            self._note(name, [str(error)])
        except Exception as error:
            self._troubles[name] = (f"{name} failed in a way that it never should ({error!r}); the log says where",)
            log.exception("%s failed in a way that it never should", name)
        finally:
            self._under_way.discard(task)

    async def poll(self) -> None:
        """Poll until nothing is due."""
        async with self._polls:
            if self._poller is None:
                self._poller = await self._poller_life.enter_async_context(Poller.open(self._store, self.config))
            report = await self._poller.poll_due()
        if report.entries_new or report.entries_edited:
            self._soon(self.group_and_publish)
        if report.feeds:
            await asyncio.to_thread(memory.give_back)
            log.info(
                "polled %s in %.1f s: %d failed, %s, %d edited",
                plural(report.feeds, "feed", "feeds"),
                report.seconds,
                report.failed,
                plural(report.entries_new, "new entry", "new entries"),
                report.entries_edited,
            )

    async def group_and_publish(self) -> None:
        """Group what is new; publish when something may look different."""
        async with self._stages:
            now = clock.utc_now()
            run, stop = self._grouper.run, self._stop_between_batches
            grouped = await asyncio.to_thread(run, self.config, now, stop, walk_for=WALK_FOR)
            if grouped.entries or grouped.rematched or clock.monotonic() >= self._publish_at:
                await self._publish()
        if grouped.entries and any(topic.alert for topic in self.config.topics.values()):
            self._soon(self.send_digests)
        if grouped.left:
            left = plural(grouped.left, "stored entry is", "stored entries are")
            log.info("topics were edited: %s still to be matched again", left)

    def _stop_between_batches(self, _done: int, _total: int) -> None:
        if self.stopping.is_set():
            raise Stopped

    async def _publish(self) -> None:
        now, began = clock.utc_now(), clock.monotonic()
        self._publish_at = began + PUBLISH_AGAIN
        try:
            report = await asyncio.to_thread(publish, self._store, self.config, self._out, now, self._fragments)
        except AggregatorError as error:
            self._note("publish", [str(error)])  # ticks that publish nothing come before the next try
            raise
        self._publish_at = began + PUBLISH_AFTER
        await asyncio.to_thread(memory.give_back)
        self._note("publish", [reason for _, reason in report.refused])
        if report.written or report.removed:
            log.info("published: %d of %s changed", report.written, plural(report.files, "file", "files"))

    async def send_digests(self) -> None:
        """Make the editions that are due, send what waits, and publish the editions' pages."""
        now = clock.utc_now()
        report = await asyncio.to_thread(send_due, self._store, self.config, now, stopping=self.stopping.is_set)
        self._note("digests", report.troubles)
        if report.made:
            made = ", ".join(one.digest for one in report.made)
            log.info("made %s; %s sent", made, plural(report.sent, "mail", "mails"))
        if any(not one.variant for one in report.made):  # those of subscribers' own wishes are not published
            async with self._stages:
                await self._publish()

    async def send_letters(self) -> None:
        """Send the letters of subscriptions, beside whatever digest is just going out."""
        now = clock.utc_now()
        report = await asyncio.to_thread(send_letters_due, self._store, self.config, now, stopping=self.stopping.is_set)
        self._note("letters", report.troubles)

    def _letter_waits(self) -> None:
        self._soon(self.send_letters)

    async def reload(self) -> None:
        """Make an edited feeds.yaml the active one; a faulty one is reported and changes nothing.

        One that is just being written waits for the next look: half of a file can be a good one without most topics.
        """
        version = _version(self._config_path)
        seen, self._seen = self._seen, version
        if version == self._read or version != seen:
            return
        try:
            config = await asyncio.to_thread(load, self._config_path)
        except ConfigError as error:
            self._read = version
            self._config_faults = tuple(str(fault) for fault in error.faults)
            log.error("%s is faulty; the last good one stays active:\n%s", self._config_path, error)  # noqa: TRY400
            return
        if config != self.config:
            await self._activate(config)
        elif self._config_faults:
            log.info("%s is good again, and as it was before", self._config_path)
        self._config_faults = ()
        self._read = version

    async def _activate(self, config: Config) -> None:
        """A new poller with the new settings takes over once the feeds under way are done."""
        self._finish_polls()
        async with self._polls, self._stages:
            report = await asyncio.to_thread(self._sync, config)
            self._poller = None
            await self._hubs.idle()
            await self._poller_life.aclose()
            old, self.config = self.config, config
            self._publish_at = clock.monotonic()
        self._soon(self.poll)
        self._soon(self.group_and_publish)
        if (old.web, old.storage.database) != (config.web, config.storage.database):
            log.warning("web and storage.database are read at the start alone; start the program again to change them")
        edited = [key for key in Config.model_fields if getattr(old, key) != getattr(config, key)]
        log.info(
            "%s was read again: %s edited; %s added, %d removed",
            self._config_path,
            ", ".join(edited),
            plural(report.added, "feed", "feeds"),
            report.removed,
        )

    def _soon(self, stage: Stage) -> None:
        """Tick a stage at once instead of in some seconds."""
        if self._scheduler.running:
            self._scheduler.modify_job(stage.__name__, next_run_time=clock.utc_now())

    def _finish_polls(self) -> None:
        if self._poller is not None:
            self._poller.finish()

    def _sync(self, config: Config) -> feeds.SyncReport:
        with self._store.write() as conn:
            return feeds.sync(conn, config.feeds)

    async def prune(self) -> None:
        """Remove what is old and the stories it leaves, little in each transaction, so that polls are never held up."""
        now, keep = clock.utc_now(), self.config.storage
        await self._prune_all(entries.prune, now - keep.keep)
        await asyncio.to_thread(self._prune_stories, now - keep.keep)
        await self._prune_all(deliveries.prune, now - keep.keep_mails)
        prune_editions = partial(editions.prune, archive=now - self.config.archive)
        await self._prune_all(prune_editions, now - keep.keep_mails)

    async def _prune_all(self, prune: Callable[[Connection, datetime, int], int], before: datetime) -> None:
        removed = _PRUNE_BATCH
        while removed and not self.stopping.is_set():
            removed = await asyncio.to_thread(self._prune, prune, before)

    def _prune(self, prune: Callable[[Connection, datetime, int], int], before: datetime) -> int:
        with self._store.write() as conn:
            return prune(conn, before, _PRUNE_BATCH)

    def _prune_stories(self, before: datetime) -> None:
        with self._store.write() as conn:
            stories.prune(conn, before)


def _version(path: Path) -> tuple[int, int]:
    """Changes whenever the file is written; a file that is gone has a version too."""
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return (stat.st_mtime_ns, stat.st_size)
