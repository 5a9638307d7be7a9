"""What came back of the mails that were sent: each report once, with the beginning of its original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select

from aggregator.store.tables import bounces, deliveries, editions
from aggregator.store.upsert import upsert

LONGEST_ORIGINAL = 16 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBounce:
    """A report to be stored. `key` is the same whenever the same report comes again."""

    delivery_id: int
    key: str
    weight: str
    code: str
    reason: str
    original: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A stored report, and the delivery that it is about."""

    id: int
    delivery_id: int
    digest: str
    local_date: str
    address: str
    weight: str
    code: str
    reason: str
    at: datetime


def add(conn: Connection, new: NewBounce, now: datetime) -> bool:
    """Store a report; False when it is there already."""
    values = {
        "delivery_id": new.delivery_id,
        "key": new.key,
        "weight": new.weight,
        "code": new.code,
        "reason": new.reason,
        "at": now,
        "original": new.original[:LONGEST_ORIGINAL],
    }
    statement = upsert(conn, bounces).values(values).on_conflict_do_nothing(index_elements=["delivery_id", "key"])
    return conn.execute(statement.returning(bounces.c.id)).scalar() is not None


def times(conn: Connection, address: str, weights: Sequence[str], since: datetime) -> list[datetime]:
    """When reports of these weights came about mails to an address."""
    statement = (
        select(bounces.c.at)
        .join(deliveries, deliveries.c.id == bounces.c.delivery_id)
        .where(deliveries.c.address == address, bounces.c.weight.in_(weights), bounces.c.at >= since)
    )
    return list(conn.execute(statement).scalars())


def listing(conn: Connection, *, limit: int | None = None) -> list[Bounce]:
    """Reports, newest first."""
    return [_bounce(row) for row in conn.execute(_joined().order_by(bounces.c.id.desc()).limit(limit))]


def about(conn: Connection, subscriber_id: int) -> list[Bounce]:
    """Every report about mails to a subscriber, newest first."""
    statement = _joined().where(deliveries.c.subscriber_id == subscriber_id).order_by(bounces.c.id.desc())
    return [_bounce(row) for row in conn.execute(statement)]


def original(conn: Connection, id_: int) -> bytes | None:
    """The beginning of a report as it came; None where there is no such report."""
    return conn.execute(select(bounces.c.original).where(bounces.c.id == id_)).scalar()


def forget(conn: Connection, before: datetime) -> None:
    """Remove the reports that came before."""
    conn.execute(delete(bounces).where(bounces.c.at < before))


def _joined() -> Select[Any]:
    columns = (bounces.c.id, bounces.c.delivery_id, bounces.c.weight, bounces.c.code, bounces.c.reason, bounces.c.at)
    return (
        select(*columns, deliveries.c.address, editions.c.digest, editions.c.local_date)
        .join(deliveries, deliveries.c.id == bounces.c.delivery_id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
    )


def _bounce(row: Row[Any]) -> Bounce:
    return Bounce(
        id=row.id,
        delivery_id=row.delivery_id,
        digest=row.digest,
        local_date=row.local_date,
        address=row.address,
        weight=row.weight,
        code=row.code,
        reason=row.reason,
        at=row.at,
    )
