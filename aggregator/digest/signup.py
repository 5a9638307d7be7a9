"""A subscription's life, each step one transaction:

sign_up      limits -> subscriber unconfirmed -> letter waits in the outbox (`letters` sends it)
confirm      -> confirmed, and a letter of welcome waits
save         -> wishes and digests
unsubscribe  -> unsubscribed; what waits for him is not sent any more
erase        -> gone
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from time import sleep
from typing import Any

from sqlalchemy import Connection

from aggregator.clock import monotonic
from aggregator.config.models import Config
from aggregator.digest.subscriptions import as_data, chosen_digests, client_limits, mailbox_limit, read_address
from aggregator.digest.tokens import Holder, Purpose, is_genuine, subscriber_of
from aggregator.model import Frequency, Subscriber, SubscriberState, Wishes
from aggregator.store import bounces, deliveries, letters, limits, meta, subscribers
from aggregator.store.database import Store
from aggregator.store.letters import LetterKind
from aggregator.store.subscribers import NewSubscriber

LONGEST_WAIT = timedelta(seconds=5)  # for a server that is deciding about a mail, while somebody leaves
_LOOK_AGAIN = 0.05  # seconds
_META_KEY = "site.secret"


class Answer(StrEnum):
    """What a sign-up is told. ACCEPTED says nothing about the address: known or not, it looks the same."""

    ACCEPTED = "accepted"
    NO_ADDRESS = "no address"
    NO_DIGEST = "no digest"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up form. `client`: the IP address that it came from."""

    address: str
    digests: Sequence[str]
    client: str


def site_secret(store: Store) -> str:
    """The key of every token, made when it is first needed."""
    with store.read() as conn:
        secret = meta.get(conn, _META_KEY)
    if secret is None:
        with store.write(durable=True) as conn:
            secret = meta.get_or_put(conn, _META_KEY, secrets.token_urlsafe(32))
    return secret


def sign_up(store: Store, config: Config, asked: SignUp, now: datetime) -> Answer:
    """Take a sign-up. Who is new, or had left, gets a letter to confirm; a subscriber the link to his preferences."""
    address = read_address(asked.address)
    digests = chosen_digests(config, asked.digests)
    if address is None:
        return Answer.NO_ADDRESS
    if not digests:
        return Answer.NO_DIGEST
    secret = site_secret(store)
    with store.write(durable=True) as conn:
        if not limits.take(conn, client_limits(secret, asked.client), now):
            return Answer.TOO_MANY
        if limits.take(conn, [mailbox_limit(secret, address)], now):
            _write_to(conn, address, digests, now)
    return Answer.ACCEPTED


def _write_to(conn: Connection, address: str, digests: tuple[str, ...], now: datetime) -> None:
    person = subscribers.by_address(conn, address)
    if person is None:
        reason = "asked for it on the site; has not confirmed yet"
        new = NewSubscriber(
            address=address, state=SubscriberState.UNCONFIRMED, reason=reason, digests=digests, origin="form"
        )
        person = subscribers.add(conn, new, now)
    elif person.state in {SubscriberState.UNCONFIRMED, SubscriberState.UNSUBSCRIBED}:
        paused = person.wishes.frequency is Frequency.PAUSED
        wishes = replace(person.wishes, frequency=Frequency.DAILY) if paused else person.wishes
        subscribers.set_wishes(conn, person.id, wishes, digests, now)
    if person.state is SubscriberState.CONFIRMED:
        letters.add(conn, person.id, LetterKind.MANAGE, now)
    elif person.state is not SubscriberState.SUPPRESSED:
        letters.add(conn, person.id, LetterKind.CONFIRM, now)


def find(store: Store, purpose: Purpose, token: str, now: datetime) -> Subscriber | None:
    """Whose token it is; None for a forged, foreign or expired one."""
    id_ = subscriber_of(token)
    if id_ is None:
        return None
    with store.read() as conn:
        person = subscribers.by_id(conn, id_)
    if person is None:
        return None
    return person if is_genuine(site_secret(store), purpose, token, Holder(person.id, person.salt), now) else None


def confirm(store: Store, config: Config, person: Subscriber, now: datetime) -> Subscriber:
    """The address said yes. An address that servers refuse stays suppressed.

    Who answers his letter may ask for the next one at once: only he reads that mailbox.
    """
    secret = site_secret(store)
    greeting = any(name in config.digests and config.digests[name].welcome for name in person.digests)
    with store.write(durable=True) as conn:
        if person.state is not SubscriberState.SUPPRESSED:
            said = "confirmed by a link in a mail"
            if subscribers.set_state(conn, person.id, SubscriberState.CONFIRMED, said, now):
                limits.release(conn, mailbox_limit(secret, person.address))
                if greeting:
                    letters.add(conn, person.id, LetterKind.WELCOME, now)
        return subscribers.by_id(conn, person.id) or person


def unsubscribe(store: Store, person: Subscriber, now: datetime) -> bool:
    """No mail from here on, not even one that waits in the outbox. True when one may still come (`_between_mails`)."""

    def leave(conn: Connection) -> None:
        if person.state is not SubscriberState.SUPPRESSED:
            subscribers.set_state(conn, person.id, SubscriberState.UNSUBSCRIBED, "unsubscribed by a link", now)

    return _between_mails(store, person, now, leave)


def _between_mails(store: Store, person: Subscriber, now: datetime, change: Callable[[Connection], None]) -> bool:
    """Make a change while no server is deciding about a mail to this person: that mail came before the change.

    A server that takes longer than LONGEST_WAIT is not waited for; then the answer is True: its mail may still arrive.
    """
    started = monotonic()
    while True:
        waited = timedelta(seconds=monotonic() - started)
        with store.write(durable=True) as conn:
            subscribers.hold(conn, person.address, alone=True)  # no sender takes his next step meanwhile
            asked = deliveries.being_accepted(conn, person.id, person.address, now + waited)
            if not asked or waited >= LONGEST_WAIT:
                change(conn)
                return asked
        sleep(_LOOK_AGAIN)


def resume(store: Store, person: Subscriber, now: datetime) -> None:
    """Take an unsubscribe back; only for somebody who had confirmed."""
    with store.write(durable=True) as conn:
        if person.state is SubscriberState.UNSUBSCRIBED and person.confirmed is not None:
            subscribers.set_state(conn, person.id, SubscriberState.CONFIRMED, "took the unsubscribe back", now)


def save(store: Store, person: Subscriber, wishes: Wishes, digests: Sequence[str], now: datetime) -> None:
    """What was chosen on the preferences page."""
    with store.write(durable=True) as conn:
        subscribers.set_wishes(conn, person.id, wishes, digests, now)


def export(store: Store, person: Subscriber) -> dict[str, Any]:
    """Everything that is stored about somebody."""
    with store.read() as conn:
        return as_data(person, subscribers.received(conn, person.id), bounces.about(conn, person.id))


def erase(store: Store, person: Subscriber, now: datetime) -> bool:
    """Forget somebody, without a trace of the address. True as for `unsubscribe`."""
    return _between_mails(store, person, now, lambda conn: subscribers.erase(conn, person.id))
