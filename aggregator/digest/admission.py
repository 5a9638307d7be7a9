"""People whom the operator brings: added on his word, or asked first. Nobody who has left comes back without asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from aggregator.digest.roster import Row
from aggregator.model import Subscriber, SubscriberState
from aggregator.store import letters, subscribers
from aggregator.store.database import Store
from aggregator.store.letters import LetterKind
from aggregator.store.subscribers import NewSubscriber

_ENDED = (SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How people are admitted. `ask`: each is sent a letter to confirm first."""

    digests: Sequence[str]  # of those whose row names none
    also: Sequence[str]  # to which those who are subscribed already are added, too
    ask: bool
    origin: str  # 'added' or 'imported'


@dataclass(slots=True)
class Admission:
    """What became of them."""

    added: int = 0
    known: int = 0
    ended: int = 0  # stored as somebody who gets no mail, as the table says
    left: list[str] = field(default_factory=list)  # who had left or can't be reached here, and stays so
    unasked: list[str] = field(default_factory=list)  # who has not confirmed, the table says; only asking helps


def admit(store: Store, rows: Sequence[Row], terms: Terms, now: datetime) -> Admission:
    """Add people, all or none."""
    done = Admission()
    with store.write(durable=True) as conn:
        for row in rows:
            person = subscribers.by_address(conn, row.address)
            if person is None:
                _new(conn, row, terms, now, done)
            else:
                _known(conn, person, row, terms, now=now, done=done)
    return done


def _new(conn: Connection, row: Row, terms: Terms, now: datetime, done: Admission) -> None:
    state, reason = SubscriberState.CONFIRMED, f"{terms.origin} by the operator"
    if row.state in _ENDED:
        state, reason = row.state, f"{terms.origin} by the operator, as {row.state}"
    elif terms.ask:
        state, reason = SubscriberState.UNCONFIRMED, f"{reason}; has not confirmed yet"
    elif row.state is SubscriberState.UNCONFIRMED:
        done.unasked.append(row.address)
        return
    new = NewSubscriber(
        address=row.address,
        state=state,
        reason=reason,
        digests=row.digests or terms.digests,
        origin=terms.origin,
        wishes=row.wishes,
    )
    person = subscribers.add(conn, new, now)
    done.added += state not in _ENDED
    done.ended += state in _ENDED
    if state is SubscriberState.UNCONFIRMED:
        letters.add(conn, person.id, LetterKind.CONFIRM, now)


def _known(conn: Connection, person: Subscriber, row: Row, terms: Terms, *, now: datetime, done: Admission) -> None:
    """His state and his choices stay, but for digests that the operator names."""
    if person.state is SubscriberState.SUPPRESSED or (person.state is SubscriberState.UNSUBSCRIBED and not terms.ask):
        done.left.append(person.address)
        return
    if more := [name for name in terms.also if name not in person.digests]:
        subscribers.set_wishes(conn, person.id, person.wishes, (*person.digests, *more), now)
    if person.state is SubscriberState.CONFIRMED:
        done.known += 1
    elif terms.ask:
        done.added += 1
        letters.add(conn, person.id, LetterKind.CONFIRM, now)
    elif row.state in (None, SubscriberState.CONFIRMED):
        done.added += 1
        subscribers.set_state(conn, person.id, SubscriberState.CONFIRMED, f"{terms.origin} by the operator", now)
    else:
        done.unasked.append(person.address)
