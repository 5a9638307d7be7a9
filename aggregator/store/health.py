"""What tells whether the program is well: counts that are cheap with any number of feeds and entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from aggregator.store.tables import deliveries, editions, entries, feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The database at one moment. Feeds are those that feeds.yaml names."""

    feeds: Mapping[str, int]  # by state; paused ones count under their state
    entries: int  # stored by those feeds
    dropped: int  # entries that a cap dropped so far
    ungrouped: int  # entries that wait for their topics and story
    due: int  # feeds that wait to be polled
    due_since: datetime | None  # of the one that waits longest; None when none waits or it was never polled
    last_poll: datetime | None
    last_edition: datetime | None
    deliveries: Mapping[str, int]  # by state


def facts(conn: Connection, now: datetime) -> Facts:
    """Read them all in the caller's transaction."""
    configured = select(
        func.coalesce(func.sum(feeds.c.entries), 0),
        func.coalesce(func.sum(feeds.c.dropped), 0),
        func.max(feeds.c.last_polled_at),
    ).where(feeds.c.configured)
    stored, dropped, last_poll = conn.execute(configured).one()
    waiting = select(func.count(), func.min(feeds.c.next_poll_at)).where(
        feeds.c.configured,
        ~feeds.c.paused,
        or_(feeds.c.next_poll_at.is_(None), feeds.c.next_poll_at <= now),
        or_(feeds.c.lease_until.is_(None), feeds.c.lease_until < now),
    )
    due, due_since = conn.execute(waiting).one()
    by_state = select(feeds.c.state, func.count().label("number")).where(feeds.c.configured).group_by(feeds.c.state)
    sent = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
    ungrouped = select(func.count()).select_from(entries).where(entries.c.grouped_at.is_(None))
    return Facts(
        feeds={row.state: row.number for row in conn.execute(by_state)},
        entries=int(stored),
        dropped=int(dropped),
        ungrouped=conn.execute(ungrouped).scalar_one(),
        due=due,
        due_since=due_since,
        last_poll=last_poll,
        last_edition=conn.execute(select(func.max(editions.c.created))).scalar(),
        deliveries={row.state: row.number for row in conn.execute(sent)},
    )
