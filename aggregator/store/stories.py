"""Stories as readers see them: the newest, one by its key, the entries of some. A merged one leads to the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, cast, delete, exists, select

from aggregator.model import Entry, Story, StoryEvidence
from aggregator.store.entries import ENTRIES, load
from aggregator.store.tables import IN_USE, entries, feeds, stories

_CHUNK = 500  # bound parameters in one statement; SQLite's oldest limit is 999
_MERGES = 32  # a chain of merges longer than this is a circle


def recent(
    conn: Connection, *, since: datetime | None = None, limit: int | None = None, topic: str | None = None
) -> list[Story]:
    """Stories by their newest entry, newest first; ties by id, so that the order can be repeated.

    Only those with entries of feeds that are in feeds.yaml. `since` keeps those in which a reader would have noticed
    something from then on (an entry published before it but seen after it counts); `topic` those that the topic takes.
    """
    statement = select(stories).where(stories.c.merged_into.is_(None), _has_entries())
    if since is not None:
        statement = statement.where(stories.c.updated >= since)
    if topic is not None:
        statement = statement.where(_takes(topic))
    return _load(conn, statement.order_by(stories.c.last_seen.desc(), stories.c.id.desc()).limit(limit))


def any_since(conn: Connection, since: datetime) -> bool:
    """Whether a reader would have noticed something from then on, in any story."""
    return conn.execute(select(stories.c.id).where(stories.c.updated > since).limit(1)).first() is not None


def untaken(conn: Connection, *, since: datetime | None, limit: int) -> list[Story]:
    """Stories of several texts that no topic takes, with news since `since`, those of the most texts first."""
    statement = select(stories).where(stories.c.merged_into.is_(None), stories.c.origins > 1, _has_entries())
    statement = statement.where(cast(stories.c.topics, Text) == "[]")
    if since is not None:
        statement = statement.where(stories.c.last_seen >= since)
    ordered = statement.order_by(stories.c.origins.desc(), stories.c.last_seen.desc(), stories.c.id.desc())
    return _load(conn, ordered.limit(limit))


def get(conn: Connection, key: str) -> Story | None:
    """The story under a key; when it was merged, the one that it went into."""
    row = conn.execute(select(stories.c.id, stories.c.merged_into).where(stories.c.key == key)).first()
    for _ in range(_MERGES):
        if row is None or row.merged_into is None:
            break
        row = conn.execute(select(stories.c.id, stories.c.merged_into).where(stories.c.id == row.merged_into)).first()
    return None if row is None else by_ids(conn, [row.id]).get(row.id)


def by_ids(conn: Connection, ids: Iterable[int]) -> dict[int, Story]:
    """Stories by id, merged ones as they are."""
    return {
        story.id: story
        for chunk in _chunks(sorted(set(ids)))
        for story in _load(conn, select(stories).where(stories.c.id.in_(chunk)))
    }


def keys(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Keys by story id."""
    return {
        row.id: row.key
        for chunk in _chunks(sorted(set(ids)))
        for row in conn.execute(select(stories.c.id, stories.c.key).where(stories.c.id.in_(chunk)))
    }


def merged(conn: Connection, into: Iterable[int]) -> dict[str, int]:
    """Keys of the stories that went into these, by whatever way, with the latter's ids: addresses that redirect."""
    found: dict[str, int] = {}
    ends = {story_id: story_id for story_id in into}
    for _ in range(_MERGES):
        gone = [
            row
            for chunk in _chunks(sorted(ends))
            for row in conn.execute(
                select(stories.c.id, stories.c.key, stories.c.merged_into).where(stories.c.merged_into.in_(chunk))
            )
        ]
        found |= {row.key: ends[row.merged_into] for row in gone}
        ends = {row.id: ends[row.merged_into] for row in gone}
        if not ends:
            break
    return found


def entries_of(conn: Connection, story_ids: Iterable[int]) -> dict[int, list[Entry]]:
    """Entries by story id, oldest first, of the feeds that are in feeds.yaml."""
    found: dict[int, list[Entry]] = {}
    for chunk in _chunks(sorted(set(story_ids))):
        statement = ENTRIES.where(entries.c.story_id.in_(chunk), IN_USE)
        for entry in load(conn, statement.order_by(entries.c.sort_at, entries.c.id)):
            found.setdefault(entry.story_id or 0, []).append(entry)
    return found


def evidence_of(conn: Connection, entry_ids: Iterable[int]) -> dict[int, StoryEvidence]:
    """Why entries are in their stories, by entry id; those that founded theirs have a similarity of 1."""
    found: dict[int, StoryEvidence] = {}
    for chunk in _chunks(sorted(set(entry_ids))):
        statement = select(entries.c.id, entries.c.evidence)
        rows = conn.execute(statement.where(entries.c.id.in_(chunk), entries.c.evidence.is_not(None)))
        found |= {row.id: evidence_from(row.evidence) for row in rows}
    return found


def evidence_from(stored: dict[str, Any]) -> StoryEvidence:
    """Read back what `grouping` wrote."""
    runner_up = stored.get("runner_up")
    return StoryEvidence(
        similarity=stored["similarity"],
        terms=tuple(stored.get("terms", ())),
        runner_up=(runner_up[0], runner_up[1]) if runner_up else None,
        copy_of=stored.get("copy_of"),
        moved_from=stored.get("moved_from"),
    )


def prune(conn: Connection, before: datetime) -> int:
    """Remove stories whose last entry is older than a time and was removed by retention; how many went."""
    kept = exists(select(entries.c.id).where(entries.c.story_id == stories.c.id))
    leads_on = stories.alias()
    led_to = exists(select(leads_on.c.id).where(leads_on.c.merged_into == stories.c.id))
    return conn.execute(delete(stories).where(stories.c.last_seen < before, ~kept, ~led_to)).rowcount


def _has_entries() -> ColumnElement[bool]:
    shown = select(entries.c.id).join(feeds, feeds.c.id == entries.c.feed_id)
    return exists(shown.where(entries.c.story_id == stories.c.id, IN_USE))


def _takes(topic: str) -> ColumnElement[bool]:
    # The list is stored as JSON text on both engines, so a name in its quotes can be looked for as it is.
    return cast(stories.c.topics, Text).contains(json.dumps(topic), autoescape=True)


def _load(conn: Connection, statement: Select[Any]) -> list[Story]:
    rows = conn.execute(statement).all()
    members: dict[int, list[int]] = {}
    for chunk in _chunks([row.id for row in rows]):
        found = select(entries.c.story_id, entries.c.id).join(feeds, feeds.c.id == entries.c.feed_id)
        found = found.where(entries.c.story_id.in_(chunk), IN_USE)
        for member in conn.execute(found.order_by(entries.c.sort_at, entries.c.id)):
            members.setdefault(member.story_id, []).append(member.id)
    return [_story(row, tuple(members.get(row.id, ()))) for row in rows]


def _story(row: Row[Any], entry_ids: tuple[int, ...]) -> Story:
    return Story(
        id=row.id,
        key=row.key,
        title=row.title,
        # Retention may have taken the lead away.
        lead_id=row.lead_id if row.lead_id in entry_ids or not entry_ids else entry_ids[0],
        entry_ids=entry_ids,
        outlets=tuple(row.outlets),
        origins=row.origins,
        topics=tuple(row.topics),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        updated=row.updated,
        growth=(row.growth[0], row.growth[1]) if row.growth else None,
        image_url=row.image_url,
        language=row.language,
        closed=row.closed,
        merged_into=row.merged_into,
    )


def _chunks(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
