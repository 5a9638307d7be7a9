"""Sends the letters of subscriptions: to confirm an address, to greet, to find back to one's preferences.

    forget what nobody waits for any more
    open the transport          trouble -> the transport pauses, as for digests
    claim a few letters         with a lease
    each: made (`letter`) -> handed over -> noted as such, if it is still wanted -> the final dot

At most one letter reaches anybody: what was handed over is never sent again, and who got none can ask once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from aggregator.config.models import Config
from aggregator.digest.decide import RETRY_AFTER, Pause, pause_after, pause_from_text, pause_to_text
from aggregator.digest.ledger import Ledger
from aggregator.digest.letter import mail_of
from aggregator.digest.message import Message
from aggregator.digest.outbox import PAUSE_KEY, without_addresses
from aggregator.digest.replies import Result, Verdict
from aggregator.digest.signing import Key, sign
from aggregator.digest.subscriptions import CONFIRM_WITHIN
from aggregator.digest.transport import Transport
from aggregator.errors import DeliveryError
from aggregator.model import Subscriber, SubscriberState
from aggregator.store import editions, letters, limits, meta, subscribers
from aggregator.store.database import Store
from aggregator.store.letters import Letter, LetterKind

LEASE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=1)
KEPT = timedelta(days=2)  # counts of limits
_BATCH = 10


@dataclass(frozen=True, slots=True)
class Post:
    """How letters go out."""

    store: Store
    config: Config
    transport: Transport
    transport_name: str  # fingerprint of mail.smtp
    key: Key | None
    secret: str  # the site's
    now: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class Posted:
    """What became of the letters. `troubles` are sentences for the operator, without addresses."""

    sent: int = 0
    troubles: tuple[str, ...] = ()


async def send_letters(post: Post) -> Posted:
    """Send the letters that are due."""
    report = Posted()
    now = post.now()
    if not _prepare(post, now):
        return report
    async with Ledger(post.store) as ledger:
        try:
            trouble = await post.transport.open()
            while trouble is None and not post.stopping():
                batch = await ledger.write(lambda conn: letters.claim(conn, post.now(), limit=_BATCH, lease=LEASE))
                if not batch:
                    break
                for letter in batch:
                    trouble = await _send(post, ledger, letter, report) if trouble is None else trouble
        finally:
            await post.transport.close()
        if trouble is not None:
            await _pause(post, ledger, trouble, report)
    return report


def _prepare(post: Post, now: datetime) -> bool:
    """Whether there is anything to send, and nothing that forbids it."""
    with post.store.read() as conn:
        paused = pause_from_text(meta.get(conn, PAUSE_KEY))
        waiting = letters.count_due(conn, now)
    if not waiting:
        return False
    return not (paused and paused.holds(post.transport_name, now))


def tidy_up(store: Store, now: datetime) -> None:
    """Forget sign-ups that were never confirmed, their letters, and old counts."""
    with store.read() as conn:
        if not subscribers.any_unconfirmed(conn, now - CONFIRM_WITHIN) and not limits.any_before(conn, now - KEPT):
            return
    with store.write() as conn:
        letters.forget(conn, now - CONFIRM_WITHIN)
        subscribers.forget_unconfirmed(conn, now - CONFIRM_WITHIN)
        limits.forget(conn, now - KEPT)


async def _send(post: Post, ledger: Ledger, letter: Letter, report: Posted) -> Result | None:
    """Send one; the result when nothing else can be sent either."""
    if not _wanted(letter, letter.subscriber):
        await ledger.write(lambda conn: letters.remove(conn, letter))
        return None
    try:
        message = _message(post, letter)
    except DeliveryError as error:
        result = Result(Verdict.REFUSED, str(error))
    else:
        result = await post.transport.open() or await post.transport.send(message, lambda: _hand_over(ledger, letter))
    await _settle(post, ledger, letter, result)
    report.sent += result.verdict is Verdict.ACCEPTED
    return result if result.verdict in {Verdict.PAUSE, Verdict.STOP} else None


def _wanted(letter: Letter, person: Subscriber | None) -> bool:
    """Whether the letter still makes sense; nothing but a confirmation goes to somebody who is not subscribed."""
    if person is None or person.state is SubscriberState.SUPPRESSED:
        return False
    return (person.state is SubscriberState.CONFIRMED) is (letter.kind is not LetterKind.CONFIRM)


async def _hand_over(ledger: Ledger, letter: Letter) -> Result | None:
    def write(conn: Connection) -> Result | None:
        if not letters.hand_over(conn, letter):
            return Result(Verdict.FENCED, "another sender has taken it over")
        if not _wanted(letter, subscribers.by_id(conn, letter.subscriber.id)):
            return Result(Verdict.SUPPRESS, "it is not wanted any more")
        return None

    return await ledger.write(write)


def _message(post: Post, letter: Letter) -> Message:
    shown = letter.created - post.config.archive
    with post.store.read() as conn:
        last = {name: day for name in post.config.digests if (day := editions.newest_told(conn, name, shown))}
    mail = mail_of(post.config, letter, post.secret, last)
    return mail.with_data(sign(mail.data, post.key, letter.created)) if post.key else mail


async def _settle(post: Post, ledger: Ledger, letter: Letter, result: Result) -> None:
    now = post.now()
    wait = RETRY_AFTER[min(letter.attempts, len(RETRY_AFTER)) - 1]
    again = dict.fromkeys((Verdict.RETRY, Verdict.THROTTLED, Verdict.HOLD_DOMAIN), wait)
    again |= dict.fromkeys((Verdict.PAUSE, Verdict.STOP), timedelta())
    if result.verdict is Verdict.LOST or result.verdict is Verdict.FENCED:
        return
    if result.verdict in again and now + again[result.verdict] < letter.created + GIVE_UP_AFTER:
        await ledger.write(lambda conn: letters.put_off(conn, letter, now + again[result.verdict]))
    else:
        await ledger.write(lambda conn: letters.remove(conn, letter))


async def _pause(post: Post, ledger: Ledger, trouble: Result, report: Posted) -> None:
    now = post.now()

    def write(conn: Connection) -> Pause:
        last = pause_from_text(meta.get(conn, PAUSE_KEY))
        pause = pause_after(trouble, post.transport_name, now, last)
        meta.put(conn, PAUSE_KEY, pause_to_text(pause))
        return pause

    pause = await ledger.write(write)
    report.troubles = (f"no mail is sent until {pause.until:%H:%M} UTC: {without_addresses(trouble.reason)}",)
