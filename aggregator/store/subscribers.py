"""Who asked for digests by mail, with which wishes, and whether they still want it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from aggregator.model import DeliveryState, Frequency, Subscriber, SubscriberState, Wishes
from aggregator.store.tables import bounces, deliveries, editions, subscribers, subscriptions

ERASED = "erased:"  # with which the address of an erased subscriber's delivery begins

_PAGE = 500
_OPEN = (DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.CLAIMED)
_WISHES = (
    subscribers.c.frequency,
    subscribers.c.topics,
    subscribers.c.language,
    subscribers.c.hour,
    subscribers.c.weekday,
    subscribers.c.timezone,
    subscribers.c.alerts,
)


def address_key(address: str) -> str:
    """The form in which addresses are compared: the case of letters doesn't matter."""
    return address.casefold()


def by_id(conn: Connection, id_: int) -> Subscriber | None:
    """The subscriber with this id."""
    return _one(conn, subscribers.c.id == id_)


def by_address(conn: Connection, address: str) -> Subscriber | None:
    """The subscriber with this address, however its letters are written."""
    return _one(conn, subscribers.c.address_key == address_key(address))


def _one(conn: Connection, where: Any) -> Subscriber | None:
    row = conn.execute(select(subscribers).where(where)).first()
    return _with_digests(conn, [row])[0] if row else None


def listing(conn: Connection, *, state: SubscriberState | None = None, digest: str | None = None) -> list[Subscriber]:
    """Everybody, in the order in which they came."""
    statement = select(subscribers).order_by(subscribers.c.id)
    if state is not None:
        statement = statement.where(subscribers.c.state == state)
    if digest is not None:
        ids = select(subscriptions.c.subscriber_id).where(subscriptions.c.digest == digest)
        statement = statement.where(subscribers.c.id.in_(ids))
    return _with_digests(conn, conn.execute(statement).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriber:
    """Somebody to be stored."""

    address: str
    state: SubscriberState
    reason: str
    digests: Sequence[str]
    origin: str
    wishes: Wishes = field(default_factory=Wishes)


def add(conn: Connection, new: NewSubscriber, now: datetime) -> Subscriber:
    """Store somebody whose address is not known yet."""
    confirmed = now if new.state is SubscriberState.CONFIRMED else None
    values = _wish_values(new.wishes) | {
        "address": new.address,
        "address_key": address_key(new.address),
        "state": new.state,
        "reason": new.reason,
        "salt": secrets.token_urlsafe(16),
        "origin": new.origin,
        "created": now,
        "changed": now,
        "confirmed": confirmed,
    }
    id_ = conn.execute(insert(subscribers).values(values).returning(subscribers.c.id)).scalar_one()
    set_digests(conn, id_, new.digests)
    found = by_id(conn, id_)
    assert found is not None
    return found


def set_digests(conn: Connection, id_: int, digests: Iterable[str]) -> None:
    """These digests and no others."""
    conn.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == id_))
    rows = [{"subscriber_id": id_, "digest": digest} for digest in dict.fromkeys(digests)]
    if rows:
        conn.execute(insert(subscriptions), rows)


def set_wishes(conn: Connection, id_: int, wishes: Wishes, digests: Iterable[str], now: datetime) -> None:
    """What somebody chose on the preferences page."""
    conn.execute(update(subscribers).where(subscribers.c.id == id_).values(**_wish_values(wishes), changed=now))
    set_digests(conn, id_, digests)


def set_state(conn: Connection, id_: int, state: SubscriberState, reason: str, now: datetime) -> bool:
    """A new state; False when that is the state already. Only `confirmed` clears the end."""
    values: dict[str, Any] = {"state": state, "reason": reason, "changed": now, "ended": now}
    if state is SubscriberState.CONFIRMED:
        values |= {"confirmed": now, "ended": None}
    where = and_(subscribers.c.id == id_, subscribers.c.state != state)
    return conn.execute(update(subscribers).where(where).values(values)).rowcount == 1


def erase(conn: Connection, id_: int) -> None:
    """Forget somebody: what still waited for him is not sent, and what was sent no longer says to whom."""
    mine = deliveries.c.subscriber_id == id_
    nobody = {"address": literal(ERASED) + cast(deliveries.c.id, Text), "subscriber_id": None}
    stopped = nobody | {
        "state": DeliveryState.SUPPRESSED,
        "reason": "the subscriber was erased",
        "code": "",
        "lease_until": None,
    }
    address = select(subscribers.c.address).where(subscribers.c.id == id_).scalar_subquery()
    known = mine | (deliveries.c.address == address)
    conn.execute(delete(bounces).where(bounces.c.delivery_id.in_(select(deliveries.c.id).where(known))))
    conn.execute(update(deliveries).where(mine, deliveries.c.state.in_(_OPEN)).values(stopped))
    conn.execute(update(deliveries).where(known).values(nobody | {"reason": "the subscriber was erased"}))
    conn.execute(delete(subscribers).where(subscribers.c.id == id_))


def any_unconfirmed(conn: Connection, before: datetime) -> bool:
    """Whether there is anybody who never confirmed, and asked last before then."""
    return conn.execute(select(subscribers.c.id).where(_never_confirmed(before)).limit(1)).first() is not None


def forget_unconfirmed(conn: Connection, before: datetime) -> None:
    """Remove them."""
    conn.execute(delete(subscribers).where(_never_confirmed(before)))


def _never_confirmed(before: datetime) -> Any:
    return and_(subscribers.c.state == SubscriberState.UNCONFIRMED, subscribers.c.changed < before)


def wishes_of(conn: Connection, digest: str) -> list[Wishes]:
    """Every set of wishes that confirmed subscribers of a digest have, each once."""
    return [_wishes(row) for row in conn.execute(_getting(digest, *_WISHES).distinct())]


def getting(conn: Connection, digest: str, wishes: Iterable[Wishes], *, before: datetime) -> Iterator[Subscriber]:
    """Confirmed subscribers of a digest who have one of these wishes and changed nothing after `before`.

    They are read in pages, so that memory doesn't grow with their number.
    """
    wanted = set(wishes)
    last = 0
    while True:
        page = _getting(digest, *subscribers.c).where(subscribers.c.id > last, subscribers.c.changed <= before)
        rows = conn.execute(page.order_by(subscribers.c.id).limit(_PAGE)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from (_subscriber(row, (digest,)) for row in rows if _wishes(row) in wanted)


def _getting(digest: str, *columns: Any) -> Any:
    joined = subscribers.join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    return (
        select(*columns)
        .select_from(joined)
        .where(
            subscriptions.c.digest == digest,
            subscribers.c.state == SubscriberState.CONFIRMED,
            subscribers.c.frequency != Frequency.PAUSED,
        )
    )


def count_readers(conn: Connection, fixed: Iterable[str]) -> int:
    """Confirmed subscribers, and those fixed recipients who are none."""
    confirmed = subscribers.c.state == SubscriberState.CONFIRMED
    keys = {address_key(address) for address in fixed}
    known = conn.execute(select(subscribers.c.address_key).where(confirmed, subscribers.c.address_key.in_(keys)))
    return conn.execute(select(func.count()).where(confirmed)).scalar_one() + len(keys - set(known.scalars()))


def subscribed(conn: Connection, digest: str, addresses: Iterable[str]) -> frozenset[str]:
    """Of these addresses, the keys of confirmed subscribers of the digest, paused ones too: their wishes count."""
    joined = subscribers.join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    statement = select(subscribers.c.address_key).select_from(joined)
    where = (
        subscribers.c.address_key.in_([address_key(address) for address in addresses]),
        subscribers.c.state == SubscriberState.CONFIRMED,
        subscriptions.c.digest == digest,
    )
    return frozenset(conn.execute(statement.where(*where)).scalars())


def not_wanting(conn: Connection, addresses: Iterable[str]) -> frozenset[str]:
    """Of these addresses, the keys of those that said no or don't exist: whoever lists them, they get no mail."""
    keys = [address_key(address) for address in addresses]
    ended = (SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED)
    where = (subscribers.c.address_key.in_(keys), subscribers.c.state.in_(ended))
    return frozenset(conn.execute(select(subscribers.c.address_key).where(*where)).scalars())


def salts_of_waiting(conn: Connection, delivery_ids: Sequence[int]) -> dict[int, str]:
    """The salts of those who still want the edition of a delivery, by the delivery's id."""
    joined = (
        deliveries.join(editions, editions.c.id == deliveries.c.edition_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .join(
            subscriptions,
            and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.digest == editions.c.digest),
        )
    )
    statement = (
        select(deliveries.c.id, subscribers.c.salt)
        .select_from(joined)
        .where(
            deliveries.c.id.in_(delivery_ids),
            subscribers.c.state == SubscriberState.CONFIRMED,
            subscribers.c.frequency != Frequency.PAUSED,
        )
    )
    return {row.id: row.salt for row in conn.execute(statement)}


def hold(conn: Connection, address: str, *, alone: bool = False) -> None:
    """Keep others from changing whoever has this address until the transaction ends; `alone`, from holding him too.

    SQLite has one writer anyway.
    """
    if conn.dialect.name != "sqlite":
        held = select(subscribers.c.id).where(subscribers.c.address_key == address_key(address))
        conn.execute(held.with_for_update(read=not alone))


def has_ended() -> ColumnElement[bool]:
    """A condition: whoever has the address of which `known` is the key said no, or doesn't exist."""
    ended = (SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED)
    return exists().where(subscribers.c.address_key == bindparam("known"), subscribers.c.state.in_(ended))


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that somebody got or was to get, for the export of his data."""

    digest: str
    local_date: str
    state: str
    sent_at: datetime | None


def received(conn: Connection, id_: int) -> list[Received]:
    """Every delivery to somebody, newest first."""
    joined = deliveries.join(editions, editions.c.id == deliveries.c.edition_id)
    statement = (
        select(editions.c.digest, editions.c.local_date, deliveries.c.state, deliveries.c.sent_at)
        .select_from(joined)
        .where(deliveries.c.subscriber_id == id_)
        .order_by(deliveries.c.id.desc())
    )
    return [Received(*row) for row in conn.execute(statement)]


def _wish_values(wishes: Wishes) -> dict[str, Any]:
    return {
        "frequency": wishes.frequency,
        "topics": "\n".join(wishes.topics),
        "language": wishes.language,
        "hour": wishes.hour,
        "weekday": wishes.weekday,
        "timezone": wishes.timezone,
        "alerts": wishes.alerts,
    }


def _wishes(row: Row[Any]) -> Wishes:
    return Wishes(
        frequency=Frequency(row.frequency),
        topics=tuple(row.topics.split("\n")) if row.topics else (),
        language=row.language,
        hour=row.hour,
        weekday=row.weekday,
        timezone=row.timezone,
        alerts=row.alerts,
    )


def _with_digests(conn: Connection, rows: Sequence[Row[Any]]) -> list[Subscriber]:
    found: dict[int, list[str]] = {}
    statement = select(subscriptions).order_by(subscriptions.c.digest)
    if len(rows) == 1:
        statement = statement.where(subscriptions.c.subscriber_id == rows[0].id)
    for row in conn.execute(statement):
        found.setdefault(row.subscriber_id, []).append(row.digest)
    return [_subscriber(row, tuple(found.get(row.id, ()))) for row in rows]


def _subscriber(row: Row[Any], digests: tuple[str, ...]) -> Subscriber:
    return Subscriber(
        id=row.id,
        address=row.address,
        state=SubscriberState(row.state),
        reason=row.reason,
        digests=digests,
        wishes=_wishes(row),
        salt=row.salt,
        origin=row.origin,
        created=row.created,
        changed=row.changed,
        confirmed=row.confirmed,
        ended=row.ended,
    )
