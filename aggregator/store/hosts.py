"""Hosts that asked for a pause: their states outlive a restart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from aggregator.model import HostState
from aggregator.store.tables import hosts
from aggregator.store.upsert import upsert


def load(conn: Connection) -> dict[str, HostState]:
    """States by host."""
    columns = (hosts.c.host, hosts.c.not_before, hosts.c.reason, hosts.c.failures)
    return {row.host: HostState(*row) for row in conn.execute(select(*columns))}


def closed(conn: Connection, now: datetime) -> dict[str, HostState]:
    """Those that want no request yet."""
    columns = (hosts.c.host, hosts.c.not_before, hosts.c.reason, hosts.c.failures)
    return {row.host: HostState(*row) for row in conn.execute(select(*columns).where(hosts.c.not_before > now))}


def load_one(conn: Connection, host: str) -> HostState | None:
    """The state of one; None where nothing was ever learnt about it."""
    columns = (hosts.c.host, hosts.c.not_before, hosts.c.reason, hosts.c.failures)
    row = conn.execute(select(*columns).where(hosts.c.host == host)).one_or_none()
    return None if row is None else HostState(*row)


def end_by(conn: Connection, latest: datetime) -> None:
    """Let no pause last longer: none is asked for that long, so the clock was put back since."""
    conn.execute(update(hosts).where(hosts.c.not_before > latest).values(not_before=latest))


def save(conn: Connection, states: Mapping[str, HostState]) -> None:
    """Insert or replace states."""
    if not states:
        return
    statement = upsert(conn, hosts)
    columns = ("not_before", "reason", "failures")
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["host"], set_={name: statement.excluded[name] for name in columns}
        ),
        [{"host": host, **{name: getattr(state, name) for name in columns}} for host, state in states.items()],
    )
