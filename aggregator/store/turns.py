"""Who asked a host when: requests of the last hour, and on PostgreSQL whose turn it is, for all machines that poll."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, cast, delete, func, select, type_coerce, update

from aggregator.store.tables import host_requests, host_turns
from aggregator.store.types import UTCTime
from aggregator.store.upsert import upsert

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


def note_requests(conn: Connection, asked: Iterable[tuple[str, datetime]], now: datetime) -> None:
    """Remember requests, (host, time) each, and forget those that are older than an hour."""
    rows = [{"host": host, "at": at} for host, at in asked]
    if rows:
        conn.execute(upsert(conn, host_requests).on_conflict_do_nothing(index_elements=["host", "at"]), rows)
        conn.execute(delete(host_requests).where(host_requests.c.at < now - _HOUR))


def forget_after(conn: Connection, moment: datetime) -> None:
    """Forget requests of the future: the clock was put back since."""
    conn.execute(delete(host_requests).where(host_requests.c.at > moment))


def requests_since(conn: Connection, since: datetime) -> list[tuple[str, datetime]]:
    """(host, time) of each request, oldest first."""
    statement = select(host_requests).where(host_requests.c.at >= since).order_by(host_requests.c.at)
    return [(row.host, row.at) for row in conn.execute(statement)]


def bound_ends(conn: Connection, host: str, per_hour: int, now: datetime) -> datetime | None:
    """When a host that was asked `per_hour` times in the last hour may be asked again; None: it may be now."""
    lately = select(host_requests.c.at).where(host_requests.c.host == host, host_requests.c.at > now - _HOUR)
    first = conn.execute(lately.order_by(host_requests.c.at.desc()).offset(per_hour - 1).limit(1)).scalar()
    return None if first is None else first + _HOUR


def take(conn: Connection, host: str, hold: timedelta) -> tuple[datetime | None, timedelta]:
    """Take a host's turn for so long at the most: (when it ends by itself, zero), or (None, how long it is another's).

    PostgreSQL only. Its clock is the one that all machines share.
    """
    hold_for = hold // _MICROSECOND
    statement = upsert(conn, host_turns).values(host=host, free_at=type_coerce(_now() + hold_for, UTCTime))
    taken = statement.on_conflict_do_update(
        index_elements=["host"],
        set_={"free_at": statement.excluded.free_at},
        where=type_coerce(host_turns.c.free_at, BigInteger)
        <= type_coerce(statement.excluded.free_at, BigInteger) - hold_for,
    )
    ends: datetime | None = conn.execute(taken.returning(host_turns.c.free_at)).scalar()
    if ends is not None:
        return ends, timedelta()
    left = select(type_coerce(host_turns.c.free_at, BigInteger) - _now()).where(host_turns.c.host == host)
    return None, max(timedelta(), _MICROSECOND * (conn.execute(left).scalar() or 0))


def give(conn: Connection, host: str, ends: datetime, pause: timedelta) -> None:
    """End a turn, by what `take` said: after the pause another may take it. One that ended by itself stays as it is."""
    statement = update(host_turns).where(host_turns.c.host == host, host_turns.c.free_at == ends)
    conn.execute(statement.values(free_at=type_coerce(_now() + pause // _MICROSECOND, UTCTime)))


def _now() -> ColumnElement[int]:
    return cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
