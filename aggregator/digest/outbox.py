"""Sends what waits in the outbox. Every step is committed before the next one, so a kill at any moment is safe:

    expire what is too late
    each of some connections:
        open the transport          trouble -> the transport pauses, nobody is charged
        claim a few deliveries      with a lease that a heartbeat extends
        each: message -> body handed over -> 'committing' on the disk -> the final dot -> what became of it

Killed before 'committing', the lease lapses and the mail is sent again: no server has it. Killed after it, the mail may
have arrived: it becomes 'uncertain', is shown, and never sent again by itself.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from aggregator.digest.decide import Pause, outcome, pause_after, pause_from_text, pause_to_text
from aggregator.digest.ledger import Ledger
from aggregator.digest.message import MessageMaker
from aggregator.digest.replies import Result, Verdict
from aggregator.digest.signing import Key, sign
from aggregator.digest.tokens import PersonalLinks
from aggregator.digest.transport import Transport
from aggregator.errors import AggregatorError, DeliveryError, StorageError
from aggregator.model import Delivery, DeliveryState, Edition, SubscriberState
from aggregator.store import deliveries, editions, limits, meta, subscribers
from aggregator.store.database import Store
from aggregator.store.deliveries import Claimed, Next
from aggregator.store.limits import Limit
from aggregator.text.counts import plural

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
HEARTBEAT = 6.0  # seconds
CONNECTIONS = 10  # at most; one for every BATCH mails
BATCH = 5  # deliveries that one connection claims at a time
PAUSE_KEY = "mail.pause"
THROTTLED_IN_A_ROW = 10  # mails put off by policy, none accepted between: the server means us, not some recipients
LIMIT_STEP = 1.0  # seconds between two looks whether more may go out
WITHDRAWN = Result(Verdict.SUPPRESS, "no longer a recipient of this digest")
_ADDRESS = re.compile(r"[^\s<>:;,\"'()]+@(?=[\w.-])")


@dataclass
class Sending:
    """What one run of the outbox needs, and what it finds out."""

    store: Store
    new_transport: Callable[[], Transport]
    transport_name: str  # fingerprint of mail.smtp
    key: Key | None
    now: Callable[[], datetime]
    wanted: Callable[[str, str], bool]  # (digest, address): still a fixed recipient?
    envelope: Callable[[Delivery], str | None] = lambda _: None  # its own sender, by which a bounce is known
    per_minute: int | None = None  # mails, over all processes
    connections: int = CONNECTIONS
    links: Callable[[Claimed], PersonalLinks | None] = lambda _: None  # a subscriber's own
    stopping: Callable[[], bool] = lambda: False
    states: Counter[DeliveryState] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)


async def send_all(sending: Sending, *, digest: str | None = None, by_hand: bool = False) -> None:
    """Send every delivery that is due; `digest` keeps those of one digest.

    What `per_minute` does not allow now is left to a later run. `by_hand`: a person waits until all of it is sent, and
    has looked into what made the transport pause.
    """
    async with Ledger(sending.store) as ledger:
        await _Run(sending, ledger, digest, by_hand).start()


class _Run:
    """One run over the outbox."""

    def __init__(self, sending: Sending, ledger: Ledger, digest: str | None, by_hand: bool) -> None:
        self._sending = sending
        self._ledger = ledger
        self._digest = digest
        self._by_hand = by_hand
        self._makers: dict[int, tuple[Edition, MessageMaker]] = {}
        self._held: dict[int, Claimed] = {}
        self._held_domains: dict[str, Result] = {}
        self._throttled = 0  # in a row
        self._halted: Result | None = None  # PAUSE or STOP: nobody goes on
        self._working: set[Transport] = set()  # connections that the server has let in
        self._begun = asyncio.Event()  # the first one is in, or was refused: the others needn't wait any more

    async def start(self) -> None:
        now = self._sending.now()
        uncertain = await self._ledger.write(lambda conn: deliveries.expire(conn, now))
        if uncertain:
            mails = plural(uncertain, "mail", "mails")
            self._tell(f"{mails} may or may not have arrived: the sender died while sending; state 'uncertain'")
        with self._sending.store.read() as conn:
            paused = pause_from_text(meta.get(conn, PAUSE_KEY))
            waiting = deliveries.count_due(conn, now, digest=self._digest)
        if not waiting:
            return
        if paused and paused.holds(self._sending.transport_name, now) and not self._by_hand:
            self._tell(f"no mail is sent until {paused.until:%H:%M} UTC: {paused.reason}")
            return
        workers = min(self._sending.connections, -(-waiting // BATCH))
        heartbeat = asyncio.create_task(self._heartbeat())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._connection())
                await self._begun.wait()
                for _ in range(workers - 1):
                    group.create_task(self._connection())
        except ExceptionGroup as group:  # from `except*`, the first Python 3.11 raised a group again
            ours, others = group.split(AggregatorError)
            if ours is None or others is not None:
                raise
            raise ours.exceptions[0] from None
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat
        if self._halted is None and paused is not None and self._sending.states[DeliveryState.SENT]:
            await self._ledger.write(lambda conn: meta.put(conn, PAUSE_KEY, ""))

    async def _heartbeat(self) -> None:
        """Extend the leases of what is under way. Without it they lapse, and another sender takes over: no harm."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                await self._ledger.write(self._extend)
            except StorageError as error:
                log.warning("leases of mails could not be extended: %s", error)

    def _extend(self, conn: Connection) -> None:
        deliveries.extend(conn, list(self._held.values()), self._sending.now() + LEASE)

    async def _connection(self) -> None:
        """One transport's work, until nothing is due or everything has to stop."""
        transport = self._sending.new_transport()
        try:
            while not self._stopped():
                if trouble := await transport.open():
                    if trouble.verdict is Verdict.STOP or not self._working:
                        await self._halt(trouble)
                    return  # the server takes fewer connections than we offered: the others do the work
                self._working.add(transport)
                self._begun.set()
                batch = await self._claim()
                if not batch:
                    return
                for claimed in batch:
                    await self._deliver(transport, claimed)
        finally:
            self._begun.set()
            self._working.discard(transport)
            await transport.close()

    def _stopped(self) -> bool:
        return self._halted is not None or self._sending.stopping()

    async def _claim(self) -> list[Claimed]:
        """Some that are due; none when there are none, or when no more may go out within this minute."""
        batch = await self._ledger.write(self._claimed)
        while batch is None and self._by_hand and not self._stopped():
            await asyncio.sleep(LIMIT_STEP)
            batch = await self._ledger.write(self._claimed)
        self._held |= {one.delivery.id: one for one in batch or ()}
        return batch or []

    def _claimed(self, conn: Connection) -> list[Claimed] | None:
        """None: the limit is used up."""
        now, most, number = self._sending.now(), self._sending.per_minute, BATCH
        if most is not None:
            if not deliveries.count_due(conn, now, digest=self._digest):
                return []
            limit = Limit(f"mail.{self._sending.transport_name}", most, timedelta(minutes=1))
            number = limits.grant(conn, limit, BATCH, now)
        return deliveries.claim(conn, now, limit=number, lease=LEASE, digest=self._digest) if number else None

    async def _deliver(self, transport: Transport, claimed: Claimed) -> None:
        try:
            result = await self._try(transport, claimed)
            await self._settle(claimed, result)
        finally:
            self._held.pop(claimed.delivery.id, None)
        if result.verdict in {Verdict.PAUSE, Verdict.STOP} and not self._sending.stopping():
            await self._halt(result)
        if result.verdict in {Verdict.ACCEPTED, Verdict.THROTTLED}:
            self._throttled = self._throttled + 1 if result.verdict is Verdict.THROTTLED else 0
        if self._throttled >= THROTTLED_IN_A_ROW:
            await self._halt(replace(result, verdict=Verdict.PAUSE))
        if result.verdict is Verdict.HOLD_DOMAIN and _domain(claimed) not in self._held_domains:
            self._held_domains[_domain(claimed)] = result
            self._tell(f"{_domain(claimed)} refuses our mail: {result.reason}")

    async def _try(self, transport: Transport, claimed: Claimed) -> Result:
        """The result of sending it, or the reason why it isn't even tried."""
        delivery = claimed.delivery
        edition, maker = self._maker(delivery.edition_id)
        reason = self._reason_not_to(edition, claimed) or await transport.open()
        if reason is not None:
            return reason
        try:
            links = self._sending.links(claimed)
            message = maker.make(delivery.address, delivery.message_id, compact=delivery.compact, links=links)
            if own := self._sending.envelope(delivery):
                message = message.with_sender(own)
            if self._sending.key is not None:
                message = message.with_data(sign(message.data, self._sending.key, edition.created))
        except DeliveryError as error:
            return Result(Verdict.REFUSED, str(error))
        return await transport.send(message, lambda: self._commit_point(claimed))

    def _reason_not_to(self, edition: Edition, claimed: Claimed) -> Result | None:
        if self._halted is not None:
            return self._halted
        if self._sending.stopping():
            return Result(Verdict.PAUSE, "the program stopped before its turn came")
        fixed = claimed.delivery.subscriber_id is None
        if claimed.withdrawn or (fixed and not self._sending.wanted(edition.digest, claimed.delivery.address)):
            return WITHDRAWN
        return self._held_domains.get(_domain(claimed))

    def _maker(self, edition_id: int) -> tuple[Edition, MessageMaker]:
        if edition_id not in self._makers:
            with self._sending.store.read() as conn:
                edition = editions.by_id(conn, edition_id)
            assert edition is not None, "deliveries go with their edition"
            self._makers[edition_id] = edition, MessageMaker(edition)
        return self._makers[edition_id]

    async def _commit_point(self, claimed: Claimed) -> Result | None:
        until = self._sending.now() + LEASE
        match await self._ledger.write(lambda conn: deliveries.about_to_commit(conn, claimed, until)):
            case Next.WITHDRAWN:
                return WITHDRAWN
            case Next.TAKEN_OVER:
                return Result(Verdict.FENCED, "another sender has taken it over")
        return None

    async def _settle(self, claimed: Claimed, result: Result) -> None:
        now = self._sending.now()

        def write(conn: Connection) -> DeliveryState | None:
            before = None
            if result.verdict is Verdict.SUPPRESS_SECOND:
                before = deliveries.last_of_each(conn, [claimed.delivery.address]).get(claimed.delivery.address)
            made = outcome(claimed, result, now, before=before)
            if made is None or not deliveries.settle(conn, made):
                return None
            person = claimed.delivery.subscriber_id
            if made.state is DeliveryState.SUPPRESSED and made.code and person is not None:
                subscribers.set_state(conn, person, SubscriberState.SUPPRESSED, made.reason, now)
            return made.state

        state = await self._ledger.write(write)
        if state is None:
            log.warning("delivery %d was taken over by another sender", claimed.delivery.id)
        else:
            self._sending.states[state] += 1
            log.info("delivery %d is %s: %s", claimed.delivery.id, state, without_addresses(result.reason))

    async def _halt(self, result: Result) -> None:
        """Stop every connection, and remember until when; the first reason counts."""
        if self._halted is not None:
            return
        self._halted = result
        now = self._sending.now()

        def write(conn: Connection) -> Pause:
            last = pause_from_text(meta.get(conn, PAUSE_KEY))
            pause = pause_after(result, self._sending.transport_name, now, last)
            meta.put(conn, PAUSE_KEY, pause_to_text(pause))
            return pause

        pause = await self._ledger.write(write)
        self._tell(f"no mail is sent until {pause.until:%H:%M} UTC: {result.reason}")

    def _tell(self, sentence: str) -> None:
        """For the operator; it may end up in a log."""
        self._sending.troubles.append(without_addresses(sentence))


def _domain(claimed: Claimed) -> str:
    return claimed.delivery.address.rpartition("@")[2].casefold()


def without_addresses(text: str) -> str:
    """The sentence without readers' names: 'anna@example.org' becomes '…@example.org'. For logs."""
    return _ADDRESS.sub("…@", text)
