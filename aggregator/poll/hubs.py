"""WebSub as a subscriber: asking hubs, answering them, taking what they push. Decisions are `websub`'s.

tick         store     rows turned to what feeds.yaml and site.url want; polls brought forward where pushes ended
             store     those whose hub is to be asked, noted as asked before anything is sent
             net       POST to the hub: subscribe, renew before the lease ends, unsubscribe
answer       the hub asks back: the challenge for what we asked lately, nothing for anything else
             it says no: the next hub that the feed names
receive      signature  wrong: acknowledged and ignored
             lease, parse, save   as a poll does
             not the topic, no feed: the feed itself is polled soon
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum

from aggregator import clock
from aggregator.config.models import Config
from aggregator.net.client import OutboundClient
from aggregator.net.response import Fetched, FetchFailed
from aggregator.poll.outcome import Polled
from aggregator.poll.poller import Poller
from aggregator.poll.round import LEASE
from aggregator.poll.websub import (
    DENIED,
    LEAVE_ATTEMPTS,
    Question,
    awaits,
    granted_lease,
    hub_request,
    is_open,
    is_public,
    is_refusal,
    is_silent,
    is_topic,
    renew_after,
    retry_at,
    signed,
)
from aggregator.store import feeds, websub
from aggregator.store.database import Store
from aggregator.store.feeds import LeasedFeed
from aggregator.store.websub import Mode, Subscription

log = logging.getLogger(__name__)

_BATCH = 50  # hubs asked in one tick
_LEASE_TRIES = 10  # for the lease of a feed that is just being polled
_LEASE_PAUSE = 0.5  # seconds between two


class Receipt(Enum):
    """What becomes of a push."""

    ACKNOWLEDGED = "acknowledged"  # taken, or ignored; the hub need not know which
    BUSY = "busy"  # the hub may try again


class Hubs:
    """Belongs to one event loop. `poller` gives the one that works at present, None while there is none."""

    def __init__(self, store: Store, config: Callable[[], Config], poller: Callable[[], Poller | None]) -> None:
        self._store = store
        self._config = config
        self._poller = poller
        self._started = False
        self._pushes: set[asyncio.Task[object]] = set()

    async def tick(self) -> None:
        """Ask the hubs that are to be asked."""
        poller, site = self._poller(), self._config().site.url
        if poller is None:
            return
        due = await asyncio.to_thread(self._take_due, site if is_public(site) else None, clock.utc_now())
        await asyncio.gather(*(self._ask(poller.client, one) for one in due))

    def _take_due(self, site: str | None, now: datetime) -> list[tuple[Subscription, str]]:
        """Each with the site under which the hub knows, or will know, our callback."""
        asking: list[tuple[Subscription, str]] = []
        with self._store.write() as conn:
            websub.follow_feeds(conn, site, now)
            websub.return_to_rhythm(conn, now, after_start=not self._started)
            for one in websub.due(conn, site, now, _BATCH):
                under = one.site if one.mode is Mode.UNSUBSCRIBE else site
                over = one.lease_until is None or one.lease_until <= now or one.attempts >= LEAVE_ATTEMPTS
                if under is None or (one.mode is Mode.UNSUBSCRIBE and over):
                    websub.end(conn, one, now)
                    continue
                if is_silent(one, now) and websub.take_reserve(conn, one, now):
                    continue
                websub.asked(conn, one, under, now, retry_at(one.attempts + 1, now))
                asking.append((one, under))
        self._started = True
        return asking

    async def _ask(self, client: OutboundClient, asking: tuple[Subscription, str]) -> None:
        one, site = asking
        result = await client.fetch(hub_request(one, site))
        if isinstance(result, FetchFailed):
            log.info("%s: can't %s at its hub %s: %s", one.feed_url, one.mode, one.hub, result.reason)
            await asyncio.to_thread(self._explain, one, result)

    def _explain(self, one: Subscription, failed: FetchFailed) -> None:
        with self._store.write() as conn:
            websub.explain(conn, one, f"can't {one.mode}: {failed.reason}")
            if one.mode is Mode.SUBSCRIBE and is_refusal(failed) and not is_open(one, clock.utc_now()):
                websub.take_reserve(conn, one, clock.utc_now() + DENIED)

    async def answer(self, token: str, question: Question) -> str | None:
        """What to echo to a hub that asks back; None: we did not ask for that."""
        return await asyncio.to_thread(self._answer, token, question, clock.utc_now())

    def _answer(self, token: str, question: Question, now: datetime) -> str | None:
        with self._store.write() as conn:
            one = websub.by_token(conn, token)
            if one is None:
                return None
            if question.mode == "denied" and question.topic == one.topic:
                log.info("%s: its hub %s refuses to push: %s", one.feed_url, one.hub, question.reason)
                reason = f"its hub refuses to push: {question.reason or 'no reason given'}"
                websub.refused(conn, one, reason, now + DENIED)
                websub.take_reserve(conn, one, now + DENIED)
                return ""
            if not question.challenge or not awaits(one, question.mode, question.topic, now):
                return None
            if one.mode is Mode.UNSUBSCRIBE:
                websub.end(conn, one, now)
            else:
                lease = granted_lease(question.lease_seconds)
                websub.confirmed(conn, one, now + lease, now + renew_after(lease))
            return question.challenge

    async def find(self, token: str) -> Subscription | None:
        """The open subscription to whose callback a hub pushes."""
        return await asyncio.to_thread(self._find, token, clock.utc_now())

    def _find(self, token: str, now: datetime) -> Subscription | None:
        with self._store.read() as conn:
            one = websub.by_token(conn, token)
        return one if one is not None and is_open(one, now) else None

    async def receive(
        self, one: Subscription, body: bytes, *, content_type: str | None, signature: str | None
    ) -> Receipt:
        """Take a push."""
        if not signed(one.secret, signature, body):
            log.info("%s: ignored a push whose signature does not fit", one.feed_url)
            return Receipt.ACKNOWLEDGED
        poller = self._poller()
        if poller is None:
            return Receipt.BUSY
        task = asyncio.current_task()
        assert task is not None
        self._pushes.add(task)
        try:
            return await self._take(poller, one, body, content_type)
        finally:
            self._pushes.discard(task)

    async def idle(self) -> None:
        """Wait for the pushes under way; for whoever takes the poller away."""
        while self._pushes:
            await asyncio.wait(self._pushes)

    async def _take(self, poller: Poller, one: Subscription, body: bytes, content_type: str | None) -> Receipt:
        leased = await self._lease(poller, one.feed_id)
        if leased is None:
            return Receipt.BUSY
        try:
            fetched = Fetched(url=leased.feed.final_url or one.topic, status=200, body=body, content_type=content_type)
            polled = Polled(leased=leased, result=fetched, unconditional=False, at=clock.utc_now(), push=one)
            polled = await poller.read(polled, fetched, afresh=True)
            if polled.parsed is None or not is_topic(one, polled.parsed.meta):
                await poller.tools.in_database(self._poll_soon, leased)
                return Receipt.ACKNOWLEDGED
            for saved in await poller.tools.in_database(poller.tools.saver.save, [polled]):
                log.info("%s: its hub pushed %d new entries, %d edited", saved.url, saved.new, saved.edited)
            return Receipt.ACKNOWLEDGED
        finally:
            await poller.tools.in_database(self._release, leased)

    async def _lease(self, poller: Poller, feed_id: int) -> LeasedFeed | None:
        """The feed's lease, after the poll that may be under way."""
        for _ in range(_LEASE_TRIES):
            leased = await poller.tools.in_database(self._lease_now, feed_id)
            if leased:
                return leased[0]
            await asyncio.sleep(_LEASE_PAUSE)
        return None

    def _lease_now(self, feed_id: int) -> list[LeasedFeed]:
        with self._store.write() as conn:
            return feeds.lease(conn, [feed_id], clock.utc_now(), LEASE)

    def _release(self, leased: LeasedFeed) -> None:
        with self._store.write() as conn:
            feeds.release(conn, [leased])

    def _poll_soon(self, leased: LeasedFeed) -> None:
        """What the hub says can't be used as it is: ask the topic itself, no sooner than the floor allows."""
        now = clock.utc_now()
        earliest = (leased.feed.last_polled_at or now) + self._config().polling.floor
        with self._store.write() as conn:
            feeds.poll_by(conn, leased.feed.id, max(now, earliest), "its hub says that there is something new")
