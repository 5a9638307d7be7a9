"""Which entries can't raise an alert any more: their story was mailed, or was known when its topic or feed began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, or_, select

from aggregator.store.tables import alerted, entries, entry_topics, pruned
from aggregator.store.upsert import upsert

_CHUNK = 400  # two bound parameters each in one statement; SQLite's oldest limit is 999


def waiting(conn: Connection, began: Mapping[str, datetime], *, since: datetime) -> dict[str, list[int]]:
    """Ids of stories by topic, with an entry of the topic that nobody has judged yet.

    Only entries whose `sort_at` is after `since`, and that were first seen after their topic began.
    """
    if not began:
        return {}
    done = exists(
        select(alerted.c.entry_id).where(alerted.c.entry_id == entries.c.id, alerted.c.topic == entry_topics.c.topic)
    )
    statement = (
        select(entry_topics.c.topic, entries.c.story_id)
        .join(entries, entries.c.id == entry_topics.c.entry_id)
        .where(
            or_(*(and_(entry_topics.c.topic == topic, entries.c.first_seen > at) for topic, at in began.items())),
            entry_topics.c.sort_at > since,
            entries.c.story_id.is_not(None),
            ~done,
        )
        .distinct()
        .order_by(entries.c.story_id)
    )
    found: dict[str, list[int]] = {}
    for row in conn.execute(statement):
        found.setdefault(row.topic, []).append(row.story_id)
    return found


def judged(conn: Connection, entry_ids: Iterable[int], topic: str) -> frozenset[int]:
    """Those of the entries that are done with."""
    found: set[int] = set()
    for chunk in _chunks(sorted(set(entry_ids))):
        where = (alerted.c.entry_id.in_(chunk), alerted.c.topic == topic)
        found.update(conn.execute(select(alerted.c.entry_id).where(*where)).scalars())
    return frozenset(found)


def judge(conn: Connection, entry_ids: Iterable[int], topic: str) -> bool:
    """Be done with these entries. False when another process was with one of them: then it is that one's alert."""
    ids = sorted(set(entry_ids))
    made = 0
    for chunk in _chunks(ids):
        rows = [{"entry_id": id_, "topic": topic} for id_ in chunk]
        statement = upsert(conn, alerted).values(rows).on_conflict_do_nothing(index_elements=["entry_id", "topic"])
        made += len(conn.execute(statement.returning(alerted.c.entry_id)).all())
    return made == len(ids)


def first_polls(conn: Connection, feed_ids: Iterable[int]) -> dict[int, datetime]:
    """By feed, when its very first entries were seen; without feeds of which retention has removed entries since."""
    found: dict[int, datetime] = {}
    for chunk in _chunks(sorted(set(feed_ids))):
        gone = exists(select(pruned.c.feed_id).where(pruned.c.feed_id == entries.c.feed_id))
        statement = select(entries.c.feed_id, func.min(entries.c.first_seen).label("at"))
        rows = conn.execute(statement.where(entries.c.feed_id.in_(chunk), ~gone).group_by(entries.c.feed_id))
        found |= {row.feed_id: row.at for row in rows}
    return found


def _chunks(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
