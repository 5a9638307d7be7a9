"""Mails about a subscription itself that wait to be sent: to confirm an address, to greet, to lead to preferences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.model import Subscriber
from aggregator.store import subscribers
from aggregator.store.deliveries import has_come
from aggregator.store.tables import letters


class LetterKind(StrEnum):
    """What a letter is for; also the name of its template."""

    CONFIRM = "confirm"
    WELCOME = "welcome"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that this sender may send now."""

    id: int
    kind: LetterKind
    created: datetime
    attempts: int
    subscriber: Subscriber


def add(conn: Connection, subscriber_id: int, kind: LetterKind, now: datetime) -> None:
    """A letter to be sent; one that waits already is replaced."""
    conn.execute(delete(letters).where(letters.c.subscriber_id == subscriber_id))
    values = {"subscriber_id": subscriber_id, "kind": kind, "created": now, "attempts": 0, "next_try_at": now}
    conn.execute(insert(letters).values(values))


def claim(conn: Connection, now: datetime, *, limit: int, lease: timedelta) -> list[Letter]:
    """Letters that are due; nobody else gets them while the lease lasts."""
    due = select(letters).where(has_come(letters.c.next_try_at, now)).order_by(letters.c.next_try_at, letters.c.id)
    rows = conn.execute(due.limit(limit).with_for_update(skip_locked=True)).all()
    ids = [row.id for row in rows]
    conn.execute(
        update(letters).where(letters.c.id.in_(ids)).values(next_try_at=now + lease, attempts=letters.c.attempts + 1)
    )
    people = {row.id: subscribers.by_id(conn, row.subscriber_id) for row in rows}
    return [
        Letter(row.id, LetterKind(row.kind), row.created, row.attempts + 1, person)
        for row in rows
        if (person := people[row.id]) is not None
    ]


def count_due(conn: Connection, now: datetime) -> int:
    """How many could be claimed now."""
    return conn.execute(select(func.count()).where(has_come(letters.c.next_try_at, now))).scalar_one()


def hand_over(conn: Connection, letter: Letter) -> bool:
    """Note that the server is about to accept it: it is not sent again. False when it is gone or was handed over.

    Whom it goes to is kept as he is until the transaction ends.
    """
    subscribers.hold(conn, letter.subscriber.address)
    where = (letters.c.id == letter.id, letters.c.next_try_at.is_not(None), letters.c.attempts == letter.attempts)
    return conn.execute(update(letters).where(*where).values(next_try_at=None)).rowcount == 1


def put_off(conn: Connection, letter: Letter, until: datetime) -> None:
    """Try it again then."""
    conn.execute(update(letters).where(letters.c.id == letter.id).values(next_try_at=until))


def remove(conn: Connection, letter: Letter) -> None:
    """It is sent, or nobody waits for it any more."""
    conn.execute(delete(letters).where(letters.c.id == letter.id))


def forget(conn: Connection, before: datetime) -> None:
    """Remove those that were asked for before: whatever happened to them, their links are of no use any more."""
    conn.execute(delete(letters).where(letters.c.created < before))
