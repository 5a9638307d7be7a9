"""What the group stage reads and writes: entries without a story, the window, and one batch's results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from aggregator.model import Entry, StoryEvidence, TopicMatch
from aggregator.store.entries import load
from aggregator.store.tables import IN_USE, entries, entry_topics, feeds, meta, stories, story_window
from aggregator.store.upsert import upsert

_CHUNK = 500  # bound parameters in one statement; SQLite's oldest limit is 999
_GENERATION = "grouping.generation"
# Entries are grouped by their plain text: the HTML of a batch may be ten times as large.
_UNREAD = frozenset(("summary", "content", "evidence"))
_ENTRIES = select(
    *(literal("").label(column.name) if column.name in _UNREAD else column for column in entries.c),
    feeds.c.first_url.label("feed_url"),
).join(feeds, feeds.c.id == entries.c.feed_id)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """An entry that new ones are compared with."""

    entry_id: int
    feed_id: int
    language: str
    at: datetime
    terms: tuple[str, ...]
    weights: bytes
    prints: bytes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an entry of the window is among: the window's entries in its language, and the stories of its time."""

    entries: int
    stories: int


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An entry of a story, without its text."""

    story_id: int
    id: int
    feed_id: int
    title: str
    image_url: str | None
    text_length: int
    sort_at: datetime
    changed_at: datetime
    copy_of: int | None
    topics: tuple[tuple[str, float], ...]


# -- reading ----------------------------------------------------------------------------------------------------------


def count_ungrouped(conn: Connection) -> int:
    """How many entries wait for their topics and story."""
    return conn.execute(select(func.count()).select_from(entries).where(entries.c.grouped_at.is_(None))).scalar_one()


def oldest_ungrouped(conn: Connection) -> datetime | None:
    """When the entry was first seen that waits longest for its topics and story; None when none waits."""
    return conn.execute(select(func.min(entries.c.first_seen)).where(entries.c.grouped_at.is_(None))).scalar()


def ungrouped(conn: Connection, limit: int) -> list[Entry]:
    """The next entries that wait, without their HTML, in the order of time (ties by id): a run can be repeated."""
    statement = _ENTRIES.where(entries.c.grouped_at.is_(None))
    return load(conn, statement.order_by(entries.c.sort_at, entries.c.id).limit(limit))


def older_than(conn: Connection, entry_id: int, limit: int) -> list[Entry]:
    """Grouped entries with smaller ids, the newest first: a walk through the archive; without their HTML."""
    statement = _ENTRIES.where(entries.c.id < entry_id, entries.c.grouped_at.is_not(None))
    return load(conn, statement.order_by(entries.c.id.desc()).limit(limit))


def count_older_than(conn: Connection, entry_id: int) -> int:
    """How many entries such a walk has before it."""
    return conn.execute(select(func.count()).select_from(entries).where(entries.c.id < entry_id)).scalar_one()


def newest_id(conn: Connection) -> int:
    """Id of the newest entry, 0 where there is none."""
    return conn.execute(select(func.max(entries.c.id))).scalar() or 0


def newest_story_id(conn: Connection) -> int:
    """Id of the newest story, 0 where there is none."""
    return conn.execute(select(func.max(stories.c.id))).scalar() or 0


def stories_below(conn: Connection, story_id: int, limit: int) -> list[int]:
    """Ids of stories with smaller ids, the newest first, without those that were merged."""
    statement = select(stories.c.id).where(stories.c.id < story_id, stories.c.merged_into.is_(None))
    return list(conn.execute(statement.order_by(stories.c.id.desc()).limit(limit)).scalars())


def window(conn: Connection, entry_ids: Sequence[int] | None = None) -> Iterable[tuple[WindowRow, int]]:
    """The entries that new ones are compared with, or these of them, in the order in which they were grouped.

    Each with the entry that its story's key is made of.
    """
    statement = (
        select(story_window, entries.c.feed_id, stories.c.founder_id)
        .join(entries, entries.c.id == story_window.c.entry_id)
        .join(stories, stories.c.id == entries.c.story_id)
        .order_by(story_window.c.seq)
    )
    if entry_ids is not None:
        statement = statement.where(story_window.c.entry_id.in_(entry_ids))
    for row in conn.execute(statement):
        terms = tuple(row.terms.split(" ")) if row.terms else ()
        found = WindowRow(row.entry_id, row.feed_id, row.language, row.at, terms, row.weights, row.prints)
        yield found, row.founder_id


def surroundings(conn: Connection, language: str, at: datetime, span: timedelta) -> Surroundings:
    """How many stories of a language have their last entry near a time."""
    told = select(func.max(story_window.c.at).label("last")).join(entries, entries.c.id == story_window.c.entry_id)
    ends = told.where(story_window.c.language == language).group_by(entries.c.story_id).subquery()
    near = ends.c.last.between(at - span, at + span)
    stories_near = conn.execute(select(func.count()).select_from(ends).where(near)).scalar_one()
    kept = select(func.count()).select_from(story_window).where(story_window.c.language == language)
    return Surroundings(conn.execute(kept).scalar_one(), stories_near)


def stories_founded_by(conn: Connection, founder_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Story id and key by founding entry."""
    return {
        row.founder_id: (row.id, row.key)
        for chunk in _chunks(sorted(set(founder_ids)))
        for row in conn.execute(
            select(stories.c.id, stories.c.key, stories.c.founder_id).where(stories.c.founder_id.in_(chunk))
        )
    }


def members(conn: Connection, story_ids: Iterable[int]) -> dict[int, list[StoryMember]]:
    """The entries of stories that are of feeds in feeds.yaml, by story."""
    found: dict[int, list[StoryMember]] = {}
    # In the order of StoryMember. The engine picks what is wanted of the evidence: there are many more of these rows
    # than new entries.
    statement = select(
        *(entries.c[name] for name in ("story_id", "id", "feed_id", "title", "image_url")),
        func.length(entries.c.text),
        entries.c.sort_at,
        func.coalesce(entries.c.edited_at, entries.c.first_seen, type_=entries.c.first_seen.type),
        cast(entries.c.evidence["copy_of"].as_string(), BigInteger),
    )
    statement = statement.join(feeds, feeds.c.id == entries.c.feed_id).where(IN_USE)
    for chunk in _chunks(sorted(set(story_ids))):
        topics = _topics_of_stories(conn, chunk)
        for story_id, entry_id, *values in conn.execute(statement.where(entries.c.story_id.in_(chunk))):
            values.append(tuple(topics.get(entry_id, ())))
            found.setdefault(story_id, []).append(StoryMember(story_id, entry_id, *values))
    return found


def _topics_of_stories(conn: Connection, story_ids: Sequence[int]) -> dict[int, list[tuple[str, float]]]:
    found: dict[int, list[tuple[str, float]]] = {}
    statement = select(entry_topics.c.entry_id, entry_topics.c.topic, entry_topics.c.score)
    joined = statement.join(entries, entries.c.id == entry_topics.c.entry_id)
    for row in conn.execute(joined.where(entries.c.story_id.in_(story_ids))):
        found.setdefault(row.entry_id, []).append((row.topic, row.score))
    return found


# -- one batch --------------------------------------------------------------------------------------------------------


def prepare(conn: Connection) -> None:
    """Make the row that `generation` locks."""
    conn.execute(upsert(conn, meta).values(key=_GENERATION, value="0").on_conflict_do_nothing())


def generation(conn: Connection, *, lock: bool = False) -> int:
    """Number of batches saved so far: whoever holds the window in memory sees by it that another process went on.

    `lock` (in a write transaction) keeps it to its end, so that batches are saved one after the other.
    """
    statement = select(meta.c.value).where(meta.c.key == _GENERATION)
    return int(conn.execute(statement.with_for_update() if lock else statement).scalar_one())


def save_generation(conn: Connection, number: int) -> None:
    """Count a batch."""
    conn.execute(update(meta).where(meta.c.key == _GENERATION).values(value=str(number)))


def insert_stories(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Insert stories; their ids by founding entry."""
    if not rows:
        return {}
    statement = insert(stories).returning(stories.c.id, stories.c.founder_id)
    return {row.founder_id: row.id for row in conn.execute(statement, list(rows))}


def differing(conn: Connection, values: Mapping[int, Mapping[str, Any]]) -> dict[int, frozenset[str]]:
    """Which columns of stories are stored otherwise, by id; those of which none is are missing."""
    names = next(iter(values.values()), {})
    found: dict[int, frozenset[str]] = {}
    for chunk in _chunks(sorted(values)):
        statement = select(stories.c.id, *(stories.c[name] for name in names)).where(stories.c.id.in_(chunk))
        for story_id, *stored in conn.execute(statement):
            wanted = values[story_id]
            other = [name for name, old in zip(names, stored, strict=True) if old != _as_read(wanted[name])]
            if other:
                found[story_id] = frozenset(other)
    return found


def _as_read(value: object) -> object:
    """A value as the database gives it back: JSON has no tuples."""
    return list(value) if isinstance(value, tuple) else value


def update_stories(conn: Connection, values: Mapping[int, Mapping[str, Any]]) -> None:
    """Write columns of stories, by id; each has the same columns."""
    if values:
        names = next(iter(values.values()))
        statement = update(stories).where(stories.c.id == bindparam("row"))
        conn.execute(
            statement.values({name: bindparam(name) for name in names}),
            [{"row": story_id, **columns} for story_id, columns in values.items()],
        )


def merge_story(conn: Connection, gone: int, into: int) -> None:
    """Move the entries of a story to another, and let its key lead there."""
    conn.execute(update(entries).where(entries.c.story_id == gone).values(story_id=into))
    conn.execute(update(stories).where(stories.c.id == gone).values(merged_into=into, closed=True))


def has_idle(conn: Connection, before: datetime) -> bool:
    """Whether there is an open story whose newest entry is older."""
    return conn.execute(select(stories.c.id).where(_idle(before)).limit(1)).first() is not None


def close_idle(conn: Connection, before: datetime) -> None:
    """Close the open stories whose newest entry is older."""
    conn.execute(update(stories).where(_idle(before)).values(closed=True))


def _idle(before: datetime) -> ColumnElement[bool]:
    return stories.c.closed.is_(False) & (stories.c.last_seen < before)


def save_grouped(conn: Connection, entry_ids: Iterable[int], now: datetime) -> None:
    """Mark entries as grouped."""
    for chunk in _chunks(sorted(entry_ids)):
        conn.execute(update(entries).where(entries.c.id.in_(chunk)).values(grouped_at=now))


def save_placed(conn: Connection, placed: Sequence[tuple[int, int, StoryEvidence]], now: datetime) -> None:
    """Write entries' stories and evidence: (entry id, story id, evidence), and mark the entries as grouped."""
    if placed:
        statement = update(entries).where(entries.c.id == bindparam("row"))
        conn.execute(
            statement.values(story_id=bindparam("story"), evidence=bindparam("why"), grouped_at=now),
            [{"row": row, "story": story, "why": _stored(evidence)} for row, story, evidence in placed],
        )


def save_moved(conn: Connection, moved: Sequence[tuple[int, int, StoryEvidence]]) -> None:
    """Write the stories and evidence of entries that changed theirs: (entry id, story id, evidence).

    An entry that moved twice is written twice, in that order. What it is a copy of stays known.
    """
    kept: dict[int, Any] = {}
    for chunk in _chunks(sorted({entry_id for entry_id, _, _ in moved})):
        statement = select(entries.c.id, entries.c.evidence).where(entries.c.id.in_(chunk))
        kept |= {row.id: row.evidence.get("copy_of") for row in conn.execute(statement) if row.evidence}
    rows = [(id_, story, replace(why, copy_of=kept.get(id_))) for id_, story, why in moved]
    if rows:
        write = update(entries).where(entries.c.id == bindparam("row"))
        conn.execute(
            write.values(story_id=bindparam("story"), evidence=bindparam("why")),
            [{"row": row, "story": story, "why": _stored(evidence)} for row, story, evidence in rows],
        )


def save_topics(conn: Connection, matched: Sequence[tuple[Entry, tuple[TopicMatch, ...]]]) -> None:
    """Replace the topics of entries."""
    stale = [entry.id for entry, _ in matched if entry.topics]
    for chunk in _chunks(stale):
        conn.execute(delete(entry_topics).where(entry_topics.c.entry_id.in_(chunk)))
    rows = [
        {
            "entry_id": entry.id,
            "topic": match.topic,
            "score": match.score,
            "spans": [[span.field, span.start, span.end, span.keyword] for span in match.spans],
            "sort_at": entry.sort_at,
        }
        for entry, matches in matched
        for match in matches
    ]
    if rows:
        conn.execute(insert(entry_topics), rows)


def save_window(conn: Connection, rows: Sequence[WindowRow], dropped: Iterable[int]) -> None:
    """Add entries to the window, and take out those that are too old to compare with."""
    for chunk in _chunks(sorted(dropped)):
        conn.execute(delete(story_window).where(story_window.c.entry_id.in_(chunk)))
    if rows:
        conn.execute(
            insert(story_window),
            [
                {
                    "entry_id": row.entry_id,
                    "language": row.language,
                    "at": row.at,
                    "terms": " ".join(row.terms),
                    "weights": row.weights,
                    "prints": row.prints,
                }
                for row in rows
            ],
        )


def _stored(evidence: StoryEvidence) -> dict[str, Any]:
    stored: dict[str, Any] = {"similarity": evidence.similarity}
    if evidence.terms:
        stored["terms"] = evidence.terms
    if evidence.runner_up:
        stored["runner_up"] = evidence.runner_up
    if evidence.copy_of is not None:
        stored["copy_of"] = evidence.copy_of
    if evidence.moved_from:
        stored["moved_from"] = evidence.moved_from
    return stored


def _chunks(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
