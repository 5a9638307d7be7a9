"""How often something may be asked for in a span of time, over restarts and several processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from aggregator.store.tables import limits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in each `span`. `key` is a keyed hash: who asked can't be read from it."""

    key: str
    most: int
    span: timedelta


def take(conn: Connection, wanted: Iterable[Limit], now: datetime) -> bool:
    """Count one against each limit; False, and nothing is counted, when one of them is used up."""
    starts = [(limit, _start(limit, now)) for limit in wanted]
    for limit, since in starts:
        where = (limits.c.key == limit.key, limits.c.since == since)
        used = conn.execute(select(limits.c.count).where(*where)).scalar() or 0
        if used >= limit.most:
            return False
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    for limit, since in starts:
        statement = dialect.insert(limits).values(key=limit.key, since=since, count=1)
        conn.execute(
            statement.on_conflict_do_update(index_elements=["key", "since"], set_={"count": limits.c.count + 1})
        )
    return True


def _start(limit: Limit, now: datetime) -> datetime:
    return now - (now - _EPOCH) % limit.span


def forget(conn: Connection, before: datetime) -> None:
    """Remove the counts of spans that began before."""
    conn.execute(delete(limits).where(limits.c.since < before))
