"""Single values that outlive a run, such as the hash of the topics that entries were matched with."""

from __future__ import annotations

from sqlalchemy import Connection, select

from aggregator.store.tables import meta
from aggregator.store.upsert import upsert

APPLIED = "config.applied"
"""Key of what the stored topics were made with (config.applied)."""

FEEDS = "feeds.version"
"""Key of a value that is another one whenever what feeds are called, how they rank or which there are has changed."""


def get(conn: Connection, key: str) -> str | None:
    """The value, None where there is none."""
    return conn.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def put(conn: Connection, key: str, value: str) -> None:
    """Set a value."""
    statement = upsert(conn, meta).values(key=key, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def get_or_put(conn: Connection, key: str, value: str) -> str:
    """The value as it is; where there is none, `value` becomes it. Two processes get the same one."""
    conn.execute(upsert(conn, meta).values(key=key, value=value).on_conflict_do_nothing(index_elements=["key"]))
    return get(conn, key) or value
