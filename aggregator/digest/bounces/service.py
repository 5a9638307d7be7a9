"""What comes back, from a mailbox or the web, to what follows from it.

    mailbox   each unread mail -> take_mail      then marked as seen, or flagged when it isn't understood
    web       a mail           -> take_mail
              a service's JSON -> take_events

    take_mail    parse, report, whose code (all pure) -> take
    take_events  whom it names, and was sent a mail   -> take
    take         one transaction: the report is kept; the delivery and the subscriber get what follows from it

Killed between the transaction and the mark, a mail is read again and changes nothing: each report counts once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from aggregator.config.models import Config
from aggregator.digest.bounces.events import Event
from aggregator.digest.bounces.imap import ImapMailbox, parse_account
from aggregator.digest.bounces.mail import header, parse
from aggregator.digest.bounces.mailbox import Mailbox, Maildir
from aggregator.digest.bounces.report import Kind, Report, read_report, sender_said
from aggregator.digest.bounces.verp import codes_in, is_genuine
from aggregator.digest.bounces.weigh import KEPT, Weight, enough, sentence, weigh
from aggregator.digest.message import ascii_domain
from aggregator.digest.outbox import without_addresses
from aggregator.digest.signup import site_secret
from aggregator.errors import DeliveryError
from aggregator.model import Delivery, DeliveryState, SubscriberState
from aggregator.store import bounces, deliveries, subscribers
from aggregator.store.bounces import NewBounce
from aggregator.store.database import Store
from aggregator.store.deliveries import Returned

SENT_WITHIN = timedelta(days=30)  # a service's event that names no mail of ours is about one of these


class Answer(StrEnum):
    """What became of a report."""

    TAKEN = "taken"
    KNOWN = "known"  # it came before
    NOTHING = "nothing"  # understood, and nothing follows from it
    LEFT = "left"  # not understood, or not about a mail of ours
    LATER = "later"  # about a mail that is just being handed over


@dataclass(frozen=True, slots=True)
class Found:
    """An answer and why, as a sentence without readers' names."""

    answer: Answer
    sentence: str
    weight: Weight = Weight.NOTHING


@dataclass(slots=True)
class Look:
    """What a look into the mailbox found. `left`: (key of the mail, why it was left alone)."""

    found: list[Found] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    trouble: str = ""  # why the mailbox can't be used


@dataclass(frozen=True, slots=True)
class _Came:
    """A report as it came. `key` is the same whenever it comes again."""

    report: Report
    key: str
    original: bytes


def look(store: Store, config: Config, now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> Look:
    """Read every unread mail of mail.bounces.mailbox; does nothing without one. To be called every few minutes."""
    seen = Look()
    settings = config.mail.bounces
    if settings is None:
        return seen
    with store.write() as conn:
        bounces.forget(conn, now - KEPT)
    if settings.mailbox is None:
        return seen
    try:
        with closing(_open(settings.mailbox.get_secret_value())) as mailbox:
            for key, data in mailbox.unread():
                _note(mailbox, key, take_mail(store, config, data, now), seen)
                if stopping():
                    break
    except DeliveryError as error:
        seen.trouble = str(error)
    return seen


def _open(url: str) -> Mailbox:
    if url.startswith("maildir:"):
        return Maildir(Path(url.removeprefix("maildir:")))
    return ImapMailbox(parse_account(url))


def _note(mailbox: Mailbox, key: str, found: Found, seen: Look) -> None:
    if found.answer is Answer.LATER:
        return
    mailbox.mark(key, understood=found.answer is not Answer.LEFT)
    if found.answer is Answer.LEFT:
        seen.left.append((key, found.sentence))
    else:
        seen.found.append(found)


def take_mail(store: Store, config: Config, data: bytes, now: datetime) -> Found:
    """A mail that came back, or pretends to have."""
    mail = parse(data)
    if mail is None:
        return Found(Answer.LEFT, "it is built as no honest mail is, and was not read")
    report = read_report(mail)
    if report is None:
        return Found(Answer.LEFT, "it is no report that is known here")
    if report.kind is Kind.NOTHING:
        return Found(Answer.NOTHING, report.text)
    came = _Came(report, hashlib.sha256(header(mail, "Message-ID").encode() or data).hexdigest()[:32], data)
    secret = site_secret(store)
    with store.write(durable=True) as conn:
        delivery = _whose(conn, config, mail, secret)
        if delivery is None:
            return Found(Answer.LEFT, "it bears no code of a mail that is on record, or a forged one")
        return _take(conn, delivery, came, now)


def _whose(conn: Connection, config: Config, mail: Message, secret: str) -> Delivery | None:
    """The delivery whose code the mail bears. Whom the report names doesn't count: anybody can write that."""
    settings = config.mail.bounces
    if settings is None or settings.address is None:
        return None
    for id_, mac in codes_in(sender_said(mail), settings.address):
        delivery = deliveries.by_id(conn, id_)
        if delivery is not None and is_genuine(secret, id_, mac, delivery.message_id):
            return delivery
    return None


def take_events(store: Store, events: list[Event], body: bytes, now: datetime) -> list[Found]:
    """What a mail service posted; it has proved who it is. An event about an address that was sent nothing is left."""
    return [_take_event(store, event, body, now) for event in events]


def _take_event(store: Store, event: Event, body: bytes, now: datetime) -> Found:
    said = event.id or f"{event.message_id}\n{event.report.text}\n{event.report.code}"
    came = _Came(event.report, hashlib.sha256(f"event\n{said}".encode()).hexdigest()[:32], body)
    with store.write(durable=True) as conn:
        person = subscribers.by_address(conn, event.recipient)
        spellings = {event.recipient, event.recipient.lower(), ascii_domain(event.recipient)}
        spellings |= {person.address} if person else set()
        delivery = deliveries.last_sent_to(conn, sorted(spellings), event.message_id, now - SENT_WITHIN)
        if delivery is None:
            return Found(Answer.LEFT, "no mail was sent to this address within the last 30 days")
        return _take(conn, delivery, came, now)


def _take(conn: Connection, delivery: Delivery, came: _Came, now: datetime) -> Found:
    """In the caller's transaction."""
    if delivery.state in {DeliveryState.CLAIMED, DeliveryState.COMMITTING}:
        return Found(Answer.LATER, "the mail that it is about is just being handed over")
    report = came.report
    weight = weigh(report, delivery.address)
    reason = sentence(weight, report)
    new = NewBounce(
        delivery_id=delivery.id,
        key=came.key,
        weight=weight,
        code=report.code,
        reason=reason,
        original=came.original,
    )
    if not bounces.add(conn, new, now):
        return Found(Answer.KNOWN, "it came before and counts once", weight)
    stop = _must_stop(conn, delivery, weight, now)
    state = DeliveryState.SUPPRESSED if stop else DeliveryState.FAILED
    deliveries.came_back(conn, delivery.id, Returned(state, reason, report.code or weight), now)
    if stop and delivery.subscriber_id is not None:
        _end(conn, delivery.subscriber_id, weight, reason, now)
    domain = delivery.address.rpartition("@")[2]
    told = f"delivery {delivery.id} to {domain}: {reason}{'; no more mail goes there' if stop else ''}"
    return Found(Answer.TAKEN, without_addresses(told), weight)


def _must_stop(conn: Connection, delivery: Delivery, weight: Weight, now: datetime) -> bool:
    match weight:
        case Weight.GONE | Weight.COMPLAINT:
            return True
        case Weight.DISABLED:
            return deliveries.was_told(conn, delivery.address, "5.2.1", besides=delivery.id)
        case Weight.COUNTED:
            counted = bounces.times(conn, delivery.address, [Weight.COUNTED, Weight.DISABLED], now - KEPT)
            return enough(counted, now)
    return False


def _end(conn: Connection, id_: int, weight: Weight, reason: str, now: datetime) -> None:
    """Who left by himself stays unsubscribed, and can come back by himself."""
    person = subscribers.by_id(conn, id_)
    if person is not None and person.state is SubscriberState.CONFIRMED:
        left = SubscriberState.UNSUBSCRIBED if weight is Weight.COMPLAINT else SubscriberState.SUPPRESSED
        subscribers.set_state(conn, id_, left, reason, now)
