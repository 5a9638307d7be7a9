"""The outbox: who still has to get which edition, who is sending it now (leases), and what became of it.

    pending ──claim──> claimed ──about_to_commit──> committing ──settle──> sent | deferred | failed | ...
                          │ lease over: claimed again     │ lease over: uncertain

Every change names the lease's generation, so that a sender that was frozen past its lease can't change what another
one has taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from aggregator.model import Delivery, DeliveryState
from aggregator.store import subscribers
from aggregator.store.tables import deliveries, editions
from aggregator.store.types import UTCTime

_FARTHEST = timedelta(hours=3)  # nothing waits or is leased for so long: the clock was put back since
_WAITING = (DeliveryState.PENDING, DeliveryState.DEFERRED)
_OPEN = (*_WAITING, DeliveryState.CLAIMED, DeliveryState.COMMITTING)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this sender alone may send while its lease lasts.

    `salt` is that of the subscriber, from which the mail's links are made; '' for a fixed recipient.
    """

    delivery: Delivery
    generation: int
    salt: str = ""

    @property
    def withdrawn(self) -> bool:
        """Whether the subscriber no longer wants this digest: unsubscribed, paused, erased."""
        return self.delivery.subscriber_id is not None and not self.salt


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a claimed delivery. `charged`: it counts as an attempt."""

    claimed: Claimed
    state: DeliveryState
    reason: str
    code: str = ""
    charged: bool = True
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of a mail that came back."""

    state: DeliveryState
    reason: str
    code: str


def claim(conn: Connection, now: datetime, *, limit: int, lease: timedelta, digest: str | None = None) -> list[Claimed]:
    """Lease deliveries that are due, those that were tried before first; `digest` keeps those of one digest."""
    ids: list[int] = []
    for due in reversed(_due(now)):  # one state after the other: an index gives the first ones, however many wait
        ordered = _sendable(due, now, digest).order_by(deliveries.c.next_try_at, deliveries.c.id)
        first = ordered.limit(limit - len(ids)).with_for_update(of=deliveries, skip_locked=True)
        ids += [row.id for row in conn.execute(first)]
    statement = (
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(
            state=DeliveryState.CLAIMED,
            lease_until=now + lease,
            lease_generation=deliveries.c.lease_generation + 1,
            reason="is being sent",
        )
        .returning(*deliveries.c)
    )
    rows = sorted(conn.execute(statement), key=lambda row: ids.index(row.id)) if ids else []
    salts = subscribers.salts_of_waiting(conn, ids) if any(row.subscriber_id for row in rows) else {}
    return [Claimed(_delivery(row), row.lease_generation, salts.get(row.id, "")) for row in rows]


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Waits for the first time, waits for another try, was left by a sender."""
    state = deliveries.c.state
    return (
        state == DeliveryState.PENDING,
        and_(state == DeliveryState.DEFERRED, has_come(deliveries.c.next_try_at, now)),
        and_(state == DeliveryState.CLAIMED, has_come(deliveries.c.lease_until, now)),
    )


def _sendable(due: ColumnElement[bool], now: datetime, digest: str | None) -> Select[tuple[int]]:
    found = select(deliveries.c.id).join(editions, editions.c.id == deliveries.c.edition_id)
    found = found.where(due, editions.c.deadline > now)
    return found if digest is None else found.where(editions.c.digest == digest)


def has_come(column: ColumnElement[Any], now: datetime) -> ColumnElement[bool]:
    """Whether a time is over, also when it lies so far ahead that the clock was put back since it was written."""
    return or_(column <= now, column > now + _FARTHEST)


def count_due(conn: Connection, now: datetime, *, digest: str | None = None) -> int:
    """How many deliveries could be claimed now."""
    sendable = _sendable(or_(*_due(now)), now, digest).subquery()
    return conn.execute(select(func.count()).select_from(sendable)).scalar_one()


def extend(conn: Connection, held: Iterable[Claimed], until: datetime) -> None:
    """A sign of life of the sender: its leases last until then."""
    rows = [{"row": one.delivery.id, "held": one.generation} for one in held]
    if rows:
        # No IN here: SQLAlchemy can't expand it in a statement that is run for many rows.
        active = or_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.state == DeliveryState.COMMITTING)
        statement = update(deliveries).where(*_held(), active).values(lease_until=until)
        conn.execute(statement, rows)


def _held() -> tuple[Any, ...]:
    return (deliveries.c.id == bindparam("row"), deliveries.c.lease_generation == bindparam("held"))


# Made once: a statement for each mail costs more to put together than to run.
_TO_SUBSCRIBER = (
    update(deliveries)
    .where(*_held(), deliveries.c.state == DeliveryState.CLAIMED)
    .values(
        state=DeliveryState.COMMITTING,
        lease_until=bindparam("until", type_=UTCTime()),
        reason="the server was asked to accept it; no answer yet",
    )
)
_TO_FIXED = _TO_SUBSCRIBER.where(~subscribers.has_ended())  # he may have left on the site


class Next(StrEnum):
    """What a sender who has handed over a mail's text does next."""

    DOT = "dot"  # ask the server to accept it
    WITHDRAWN = "withdrawn"  # the reader no longer wants it: never send the dot
    TAKEN_OVER = "taken over"  # the lease was lost to another sender: neither


def about_to_commit(conn: Connection, claimed: Claimed, until: datetime) -> Next:
    """Note that the final dot comes next, unless the lease was lost or the reader has changed his mind since."""
    delivery = claimed.delivery
    subscribers.hold(conn, delivery.address)
    if delivery.subscriber_id is not None and not subscribers.salts_of_waiting(conn, [delivery.id]):
        return Next.WITHDRAWN
    known = subscribers.address_key(delivery.address)
    values = {"row": delivery.id, "held": claimed.generation, "until": until, "known": known}
    if conn.execute(_TO_FIXED if delivery.subscriber_id is None else _TO_SUBSCRIBER, values).rowcount == 1:
        return Next.DOT
    left = conn.execute(select(subscribers.has_ended()), {"known": known}).scalar_one()
    return Next.WITHDRAWN if left else Next.TAKEN_OVER


def being_accepted(conn: Connection, subscriber_id: int, address: str, now: datetime) -> bool:
    """Whether a server is just being asked to accept a mail to a subscriber, by a sender that is alive."""
    his = or_(deliveries.c.subscriber_id == subscriber_id, deliveries.c.address == address)
    asked = and_(his, deliveries.c.state == DeliveryState.COMMITTING, deliveries.c.lease_until > now)
    return conn.execute(select(deliveries.c.id).where(asked).limit(1)).first() is not None


def settle(conn: Connection, outcome: Outcome) -> bool:
    """Write what became of a delivery and end its lease. False when another sender has it by now.

    An answer that comes late, after the delivery was already called uncertain, is still the truth and is written.
    """
    open_states = [DeliveryState.CLAIMED, DeliveryState.COMMITTING]
    if outcome.state is DeliveryState.SENT:
        open_states.append(DeliveryState.UNCERTAIN)
    statement = (
        update(deliveries)
        .where(*_held(), deliveries.c.state.in_(open_states))
        .values(
            state=outcome.state,
            reason=outcome.reason,
            code=outcome.code,
            attempts=deliveries.c.attempts + (1 if outcome.charged else 0),
            next_try_at=outcome.next_try_at,
            sent_at=outcome.sent_at,
            compact=outcome.compact or deliveries.c.compact,
            lease_until=None,
        )
    )
    held = {"row": outcome.claimed.delivery.id, "held": outcome.claimed.generation}
    return conn.execute(statement, held).rowcount == 1


def expire(conn: Connection, now: datetime) -> int:
    """Close what nobody waits for any more: past the edition's deadline, or abandoned while the server had it.

    Returns how many became uncertain.
    """
    late = select(editions.c.id).where(editions.c.deadline <= now)
    lapsed = and_(deliveries.c.state == DeliveryState.CLAIMED, has_come(deliveries.c.lease_until, now))
    conn.execute(
        update(deliveries)
        .where(or_(deliveries.c.state.in_(_WAITING), lapsed), deliveries.c.edition_id.in_(late))
        .values(
            state=DeliveryState.EXPIRED,
            reason="the edition's deadline passed; last: " + deliveries.c.reason,
            lease_until=None,
        )
    )
    lost = and_(deliveries.c.state == DeliveryState.COMMITTING, has_come(deliveries.c.lease_until, now))
    values = {
        "state": DeliveryState.UNCERTAIN,
        "reason": "the sender stopped while the server was accepting the mail: it may have arrived; you decide",
        "lease_until": None,
    }
    return conn.execute(update(deliveries).where(lost).values(values)).rowcount


def retry(conn: Connection, ids: Sequence[int], now: datetime, deadline: datetime) -> list[int]:
    """A person wants these to be sent again, from `now` until `deadline`; returns those that ended without a mail.

    One that is uncertain is not among them: `resolve` says what became of it first.
    """
    states = (DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED)
    return _reopen(conn, and_(deliveries.c.id.in_(ids), deliveries.c.state.in_(states)), now, deadline)


def resolve(conn: Connection, id_: int, now: datetime, *, arrived: bool, deadline: datetime) -> bool:
    """A person says whether an uncertain mail arrived; if not, it is sent again. False when it isn't uncertain."""
    uncertain = and_(deliveries.c.id == id_, deliveries.c.state == DeliveryState.UNCERTAIN)
    if not arrived:
        return bool(_reopen(conn, uncertain, now, deadline))
    values = {"state": DeliveryState.SENT, "reason": "somebody found that it had arrived", "sent_at": now}
    return conn.execute(update(deliveries).where(uncertain).values(values)).rowcount == 1


def _reopen(conn: Connection, where: ColumnElement[bool], now: datetime, deadline: datetime) -> list[int]:
    statement = (
        update(deliveries)
        .where(where)
        .values(
            state=DeliveryState.PENDING,
            reason="waits to be sent, as somebody asked",
            code="",
            attempts=0,
            next_try_at=now,
            sent_at=None,
            lease_until=None,
            lease_generation=deliveries.c.lease_generation + 1,
        )
        .returning(deliveries.c.id, deliveries.c.edition_id)
    )
    rows = conn.execute(statement).all()
    late = and_(editions.c.id.in_({row.edition_id for row in rows}), editions.c.deadline < deadline)
    conn.execute(update(editions).where(late).values(deadline=deadline))
    return sorted(row.id for row in rows)


def listing(
    conn: Connection,
    *,
    edition_ids: Sequence[int] | None = None,
    state: DeliveryState | None = None,
    address: str | None = None,
    limit: int | None = None,
) -> list[Delivery]:
    """Deliveries, newest first; of these editions, in this state, to this address however its letters are written."""
    statement = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
    if edition_ids is not None:
        statement = statement.where(deliveries.c.edition_id.in_(edition_ids))
    if state is not None:
        statement = statement.where(deliveries.c.state == state)
    if address is not None:
        statement = statement.where(func.lower(deliveries.c.address) == address.lower())
    return [_delivery(row) for row in conn.execute(statement)]


def already(conn: Connection, edition_ids: Sequence[int], addresses: Iterable[str]) -> frozenset[str]:
    """Those of the addresses, in small letters, to which one of these editions goes or went."""
    small = func.lower(deliveries.c.address)
    where = (deliveries.c.edition_id.in_(edition_ids), small.in_([address.lower() for address in addresses]))
    return frozenset(conn.execute(select(small).where(*where)).scalars())


def last_of_each(conn: Connection, addresses: Sequence[str]) -> dict[str, Delivery]:
    """The newest delivery that each address was tried with or suppressed for.

    One that was accepted and came back for good counts before newer ones, which may come back yet.
    """
    tried = select(func.max(deliveries.c.id)).where(
        deliveries.c.address == bindparam("address"), deliveries.c.code != ""
    )
    returned = tried.where(deliveries.c.state == DeliveryState.SUPPRESSED, deliveries.c.sent_at.is_not(None))
    newest = func.coalesce(returned.scalar_subquery(), tried.scalar_subquery())
    found = {}
    for address in addresses:
        row = conn.execute(select(deliveries).where(deliveries.c.id == newest), {"address": address}).first()
        if row is not None:
            found[address] = _delivery(row)
    return found


def by_id(conn: Connection, id_: int) -> Delivery | None:
    """The delivery with this id."""
    row = conn.execute(select(deliveries).where(deliveries.c.id == id_)).first()
    return _delivery(row) if row else None


def last_sent_to(conn: Connection, spellings: Sequence[str], message_id: str, since: datetime) -> Delivery | None:
    """The delivery with this Message-ID to an address, in one of its spellings; else the newest one that a server
    accepted since then."""
    same = deliveries.c.message_id == message_id
    found = select(deliveries).where(deliveries.c.address.in_(spellings), or_(same, deliveries.c.sent_at >= since))
    row = conn.execute(found.order_by(same.desc(), deliveries.c.id.desc()).limit(1)).first()
    return _delivery(row) if row else None


def came_back(conn: Connection, id_: int, made: Returned, now: datetime) -> None:
    """A mail that a server had accepted, or may have, was not delivered after all."""
    accepted = deliveries.c.state.in_([DeliveryState.SENT, DeliveryState.UNCERTAIN])
    sent_at = func.coalesce(deliveries.c.sent_at, literal(now, UTCTime()))
    values = {"state": made.state, "reason": made.reason, "code": made.code, "sent_at": sent_at}
    conn.execute(update(deliveries).where(deliveries.c.id == id_, accepted).values(values))


def was_told(conn: Connection, address: str, code: str, *, besides: int) -> bool:
    """Whether a server answered another delivery to this address with this code."""
    where = (deliveries.c.address == address, deliveries.c.code == code, deliveries.c.id != besides)
    return conn.execute(select(deliveries.c.id).where(*where).limit(1)).first() is not None


def prune(conn: Connection, before: datetime, limit: int) -> int:
    """Remove up to `limit` deliveries of editions that were made before a time; how many went.

    What is still open stays, and of each fixed recipient the last word that there is no such address: `last_of_each`
    keeps him out of later editions by it.
    """
    later = deliveries.alias()
    said_later = exists().where(
        later.c.address == deliveries.c.address,
        later.c.id > deliveries.c.id,
        later.c.state == DeliveryState.SUPPRESSED,
        later.c.code != "",
    )
    last_word = and_(
        deliveries.c.subscriber_id.is_(None),
        deliveries.c.state == DeliveryState.SUPPRESSED,
        deliveries.c.code != "",
        ~deliveries.c.address.startswith(subscribers.ERASED),
        ~said_later,
    )
    old = (
        select(deliveries.c.id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(editions.c.created < before, deliveries.c.state.not_in(_OPEN), ~last_word)
        .limit(limit)
    )
    return conn.execute(delete(deliveries).where(deliveries.c.id.in_(old))).rowcount


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        edition_id=row.edition_id,
        address=row.address,
        subscriber_id=row.subscriber_id,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        reason=row.reason,
        code=row.code,
        compact=row.compact,
        message_id=row.message_id,
        sent_at=row.sent_at,
    )
