"""How often something may be asked for in a span of time, over restarts and several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from aggregator.store.tables import limits
from aggregator.store.upsert import upsert

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = 24  # counts kept for a span: so finely does it move on


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in any `span`. `key` is a keyed hash: who asked can't be read from it."""

    key: str
    most: int
    span: timedelta


def take(conn: Connection, wanted: Sequence[Limit], now: datetime) -> bool:
    """Count one against each limit; False, and nothing is counted, when one of them is used up."""
    if any(_used(conn, limit, now) >= limit.most for limit in wanted):
        return False
    for limit in wanted:
        _count(conn, limit, 1, now)
    return True


def grant(conn: Connection, limit: Limit, wanted: int, now: datetime) -> int:
    """How many of `wanted` the limit allows now; they are counted. Two processes share what there is."""
    _count(conn, limit, 0, now)  # on PostgreSQL, whoever asks at the same time waits here
    given = max(0, min(wanted, limit.most - _used(conn, limit, now)))
    _count(conn, limit, given, now)
    return given


def release(conn: Connection, limit: Limit) -> None:
    """Forget what was counted against a limit."""
    conn.execute(delete(limits).where(limits.c.key == limit.key))


def _count(conn: Connection, limit: Limit, number: int, now: datetime) -> None:
    since = now - (now - _EPOCH) % (limit.span / _STEPS)
    statement = upsert(conn, limits).values(key=limit.key, since=since, count=number)
    more = {"count": limits.c.count + number}
    conn.execute(statement.on_conflict_do_update(index_elements=["key", "since"], set_=more))


def _used(conn: Connection, limit: Limit, now: datetime) -> int:
    oldest = now - limit.span - limit.span / _STEPS  # a step that may reach into the span counts whole
    used = select(func.sum(limits.c.count)).where(limits.c.key == limit.key, limits.c.since > oldest)
    return conn.execute(used).scalar() or 0


def any_before(conn: Connection, before: datetime) -> bool:
    """Whether there are counts that began before."""
    return conn.execute(select(limits.c.key).where(limits.c.since < before).limit(1)).first() is not None


def forget(conn: Connection, before: datetime) -> None:
    """Remove the counts that began before."""
    conn.execute(delete(limits).where(limits.c.since < before))
