"""From a feed's URL to stored entries.

    lease      store   the feeds that are due, or those asked for; a cap per host      `round` leads through these steps
    fetch      net     -> NotModified | Fetched | FetchFailed (its reason a sentence)
    same body? stop
    parse      pure, in a worker process with a time and memory limit
    save       store   `saving`: changes, health, next poll; a batch of feeds in one transaction

Leases are short and renewed while the process lives, so a killed one holds nothing up; on SQLite whoever starts alone
drops them at once (`alone`). Failures to reach anyone wait
until somebody answers (`held`): when nobody does, it is our own network that is down, and no feed is charged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlsplit

from aggregator import clock
from aggregator.config.models import Config, FeedConfig
from aggregator.model import PollReport
from aggregator.net.client import OutboundClient
from aggregator.net.failures import challenged
from aggregator.net.hosts import MOST_RETRY_AFTER
from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest
from aggregator.net.sniff import guard_of
from aggregator.poll.alone import polling_lock
from aggregator.poll.held import HeldFailures
from aggregator.poll.manners import Introduction, learn_pauses, open_gate
from aggregator.poll.moves import gone_for_good, poll_url
from aggregator.poll.outcome import Polled, concealed, filter_key, known_move
from aggregator.poll.parse.result import ParseFailed
from aggregator.poll.rhythm import FeedHints
from aggregator.poll.round import LEASE, Round, Tools
from aggregator.poll.saving import Saver
from aggregator.poll.schedule import needs_full_answer
from aggregator.poll.tally import Progress, Tally
from aggregator.poll.timekeeping import Timekeeper
from aggregator.poll.workers import ParserPool
from aggregator.store import feeds
from aggregator.store.database import Store
from aggregator.store.feeds import LeasedFeed

T = TypeVar("T")

PER_HOST = 8  # feeds of one host leased at once
_WAITING = 4  # feeds under way for each request in flight: most wait for their host, the parser or the database


class Poller:
    """Holds what polls share: the client, the hosts' queues, the parsers. Belongs to one event loop."""

    def __init__(
        self, config: Config, client: OutboundClient, parsers: ParserPool, tools: Tools, introduction: Introduction
    ) -> None:
        self._feeds: dict[str, FeedConfig] = {feed.url: feed for feed in config.feeds}
        self._client = client
        self._parsers = parsers
        self._tools = tools
        self._introduction = introduction
        self._finishing = False

    @classmethod
    @asynccontextmanager
    async def open(cls, store: Store, config: Config) -> AsyncIterator[Poller]:
        """A poller for as long as the block lasts. Feeds in the store must be those of `config`."""
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, polling_lock(store))
            timekeeper = Timekeeper(store)
            await asyncio.to_thread(timekeeper.look)
            database = stack.enter_context(ThreadPoolExecutor(1, "poll-store"))
            gate = stack.enter_context(open_gate(store, config))
            introduction = Introduction(store, config)
            client = await stack.enter_async_context(OutboundClient(introduction.policy(), gate))
            parsers = await stack.enter_async_context(ParserPool())
            capacity = config.polling.concurrency * _WAITING
            tools = Tools(store, database, gate, Saver(store, config), HeldFailures(), timekeeper, capacity)
            yield cls(config, client, parsers, tools, introduction)

    @property
    def client(self) -> OutboundClient:
        """For other requests than polls; they take their turn before the same hosts."""
        return self._client

    @property
    def tools(self) -> Tools:
        """For saving what comes another way than by polls."""
        return self._tools

    def finish(self) -> None:
        """Take no more feeds: the round under way ends with those that it has."""
        self._finishing = True

    async def poll_due(self, progress: Progress | None = None) -> PollReport:
        """Poll feeds until none is due."""
        self._introduction.renew(self._client)
        if await self._tools.in_database(self._tools.timekeeper.look):
            self._tools.gate.end_by(clock.utc_now() + MOST_RETRY_AFTER)

        def take(limit: int) -> list[LeasedFeed]:
            if self._finishing:
                return []
            learn_pauses(self._tools.store, self._tools.gate, clock.utc_now())
            with self._tools.store.write() as conn:
                leased = feeds.lease_due(conn, clock.utc_now(), LEASE, limit=limit, per_host=PER_HOST)
            # One that another process added to the database a moment ago waits until feeds.yaml is read again here.
            return [one for one in leased if one.feed.url in self._feeds]

        return await Round(self._tools, take, self.poll_one, Tally(progress)).run()

    async def poll_all(
        self,
        urls: Sequence[str] | None = None,
        progress: Progress | None = None,
        *,
        release: bool = False,
        tell: Callable[[Polled], None] | None = None,
    ) -> PollReport:
        """Poll the named feeds, or all, once, whether they are due or not; conditionally, and in their hosts' turn.

        `release` ends a quarantine: the feed is read whole, and what it serves now is believed. `tell` gets each poll
        before it is saved.
        """

        async def poll(leased: LeasedFeed) -> Polled:
            polled = await self.poll_one(leased, release=release)
            if tell is not None:
                tell(polled)
            return polled

        with self._tools.store.read() as conn:
            waiting = feeds.pollable(conn, urls)

        def take(limit: int) -> list[LeasedFeed]:
            leased: list[LeasedFeed] = []
            while waiting and not leased:
                learn_pauses(self._tools.store, self._tools.gate, clock.utc_now())
                ids = waiting[:limit]
                del waiting[:limit]
                with self._tools.store.write() as conn:
                    leased = feeds.lease(conn, ids, clock.utc_now(), LEASE)
            return leased

        return await Round(self._tools, take, poll, Tally(progress)).run()

    async def begin(self, url: str, answer: Fetched, announce: Callable[[], T]) -> T:
        """Save what a new feed was just asked for as its first poll, so that it is asked once.

        `announce` names it in feeds.yaml: when it is called, nobody else can poll the feed any more.
        """
        tools = self._tools
        held = await tools.in_database(self._hold, url)
        try:
            announced = announce()
            for leased in held:
                polled = Polled(leased=leased, result=answer, unconditional=True, at=clock.utc_now())
                await tools.in_database(tools.saver.save, [await self.read(polled, answer)])
            return announced
        finally:
            await tools.in_database(self._let_go, held)

    def _hold(self, url: str) -> list[LeasedFeed]:
        with self._tools.store.write() as conn:
            feeds.sync(conn, list(self._feeds.values()))
            return feeds.lease(conn, feeds.pollable(conn, [url]), clock.utc_now(), LEASE)

    def _let_go(self, held: Sequence[LeasedFeed]) -> None:
        with self._tools.store.write() as conn:
            feeds.release(conn, held)

    async def poll_one(self, leased: LeasedFeed, *, release: bool = False) -> Polled:
        """Fetch and parse; nothing is saved."""
        feed, config = leased.feed, self._feeds[leased.feed.url]
        now = clock.utc_now()
        hints = FeedHints.from_json(leased.hints)
        # After an edit of keep and drop, entries that were left out are to be judged again.
        afresh = release or filter_key(config) != hints.filter
        full = afresh or needs_full_answer(leased.unconditional_at, feed.last_new_entry_at, hints, now)
        request = FetchRequest(
            url=config.url.reveal(poll_url(feed.url, known_move(leased), feed.failures, now)),
            etag=None if full else feed.etag,
            last_modified=None if full else feed.last_modified,
            validators_url=config.url.reveal(feed.final_url) if feed.final_url else None,
            headers={name: value.get_secret_value() for name, value in config.headers.items()},
            auth=config.auth.get_secret_value() if config.auth else None,
            proxy=config.proxy.get_secret_value() if config.proxy else None,
        )
        result = concealed(await self._client.fetch(request), config.url)
        if isinstance(result, FetchFailed) and result.kind is FailureKind.GONE and not gone_for_good(feed.url, result):
            result = replace(result, kind=FailureKind.NOT_FOUND)
        polled = Polled(
            leased=leased,
            result=result,
            unconditional=request.etag is None and request.last_modified is None,
            at=clock.utc_now(),
            released=release,
        )
        return await self.read(polled, result, afresh=afresh) if isinstance(result, Fetched) else polled

    async def read(self, polled: Polled, fetched: Fetched, *, afresh: bool = False) -> Polled:
        """With the body's entries, unless it is the one of last time; `afresh`: all of them in any case."""
        body_hash = sha256(fetched.body).digest()  # processors have instructions for it; blake2b takes far longer
        if body_hash == polled.leased.body_hash and not afresh:
            return polled
        parsed = await self._parsers.parse(
            fetched.body,
            content_type=fetched.content_type,
            base_url=fetched.url,
            known=polled.leased.spans,
            afresh=afresh,
        )
        # The body has told nothing that outlasts this poll; kept here, it would wait in memory for the database.
        light = replace(fetched, body=b"")
        if isinstance(parsed, ParseFailed):
            return replace(polled, result=_no_feed(fetched, parsed))
        return replace(polled, result=light, parsed=parsed, body_hash=body_hash)


def _no_feed(fetched: Fetched, parsed: ParseFailed) -> FetchFailed:
    guard, host = guard_of(fetched.body), urlsplit(fetched.url).hostname or fetched.url
    kind, reason = challenged(host, fetched.status, guard) if guard else (FailureKind.NOT_A_FEED, parsed.reason)
    return FetchFailed(
        kind=kind, reason=reason, url=fetched.url, status=fetched.status, hints=fetched.hints, hops=fetched.hops
    )
