"""Entries: what is known of a feed's items, saving what a poll brought, and reading them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from aggregator.model import (
    Enclosure,
    Entry,
    EntryContent,
    Person,
    SourceRef,
    Span,
    TopicMatch,
    identity_hash,
)
from aggregator.store.tables import IN_USE, entries, entry_revisions, entry_topics, feeds, pruned
from aggregator.store.upsert import upsert

_CHUNK = 500  # bound parameters in one statement; SQLite's oldest limit is 999


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A stored entry, as far as identity needs it."""

    id: int
    identity_hash: int
    url: str | None
    title: str
    content_hash: int
    revision: int
    sort_at: datetime


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to insert. `sort_at` is min(published, first seen); `content_hash` tells later edits."""

    identity: str
    identity_hash: int
    content_hash: int
    sort_at: datetime
    entry: EntryContent


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The new entries of one feed."""

    feed_id: int
    new: Sequence[NewEntry]
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class EditedEntry:
    """A stored entry whose text a reader would see changed: the old text is kept as a revision."""

    id: int
    content_hash: int
    entry: EntryContent


@dataclass(frozen=True, slots=True)
class ReissuedEntry:
    """A stored entry that the feed now names otherwise. Its guid, and so the published id, stays the first one."""

    id: int
    identity_hash: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A text that an entry had before an edit."""

    revision: int
    seen_at: datetime
    url: str | None
    title: str
    text: str


# -- what a poll needs ------------------------------------------------------------------------------------------------


def known(conn: Connection, hashes: Mapping[int, Collection[int]]) -> dict[int, list[KnownEntry]]:
    """The entries with these identities, by feed; `hashes` are asked for by feed."""
    found: dict[int, list[KnownEntry]] = {}
    wanted = {feed_id: frozenset(hashes[feed_id]) for feed_id in hashes}
    for chunk in _chunks(list(frozenset().union(*wanted.values()))):
        for feed_id, *values in conn.execute(_KNOWN_BY_NAME, {"feeds": list(wanted), "hashes": chunk}):
            one = KnownEntry(*values)
            if one.identity_hash in wanted[feed_id]:
                found.setdefault(feed_id, []).append(one)
    return found


def look_alikes(
    conn: Connection, feed_ids: Sequence[int], names: Collection[str], *, since: datetime | None = None
) -> dict[int, list[KnownEntry]]:
    """The entries with one of these addresses or titles, by feed: what a re-issue under new ids is compared with.

    Answered from an index that holds nothing but hashes; `since` bounds how much of it is read for a large feed.
    """
    found: dict[int, dict[int, KnownEntry]] = {}  # once each: address and title may be asked for in two statements
    statement = _LOOK_ALIKES if since is None else _LOOK_ALIKES.where(entries.c.first_seen >= since)
    for chunk in _chunks([identity_hash(name) for name in names]):
        for feed_id, *values in conn.execute(statement, {"feeds": feed_ids, "hashes": chunk}):
            one = KnownEntry(*values)
            found.setdefault(feed_id, {})[one.id] = one
    return {feed_id: list(by_id.values()) for feed_id, by_id in found.items()}


def pruned_among(conn: Connection, hashes: Mapping[int, Collection[int]]) -> dict[int, frozenset[int]]:
    """Those of the identities, by feed, whose entries retention has removed."""
    found: dict[int, set[int]] = {}
    for chunk in _chunks(list(frozenset[int]().union(*hashes.values()))):
        for feed_id, name in conn.execute(_PRUNED, {"feeds": list(hashes), "hashes": chunk}):
            if name in hashes[feed_id]:
                found.setdefault(feed_id, set()).add(name)
    return {feed_id: frozenset(names) for feed_id, names in found.items()}


def count_new_since(conn: Connection, feed_id: int, since: datetime) -> int:
    """How many entries the feed has brought since then: the bound on new entries per feed and day."""
    where = (entries.c.feed_id == feed_id) & (entries.c.first_seen >= since)
    return conn.execute(select(func.count()).select_from(entries).where(where)).scalar_one()


_FEEDS: BindParameter[Any] = bindparam("feeds", expanding=True)
_HASHES: BindParameter[Any] = bindparam("hashes", expanding=True)
_KNOWN: Select[Any] = select(
    *(entries.c[name] for name in ("feed_id", "id", "guid_hash", "url", "title", "content_hash", "revision", "sort_at"))
).where(entries.c.feed_id.in_(_FEEDS))
_KNOWN_BY_NAME = _KNOWN.where(entries.c.guid_hash.in_(_HASHES))
_LOOK_ALIKES = _KNOWN.where(or_(entries.c.url_hash.in_(_HASHES), entries.c.title_hash.in_(_HASHES)))
_PRUNED = select(pruned.c.feed_id, pruned.c.guid_hash).where(
    pruned.c.feed_id.in_(_FEEDS), pruned.c.guid_hash.in_(_HASHES)
)


def insert_new(conn: Connection, arrivals: Sequence[Arrivals]) -> None:
    """Insert entries; one that is there already (two processes, one feed) is left as it is."""
    rows = [
        {
            "feed_id": of_feed.feed_id,
            "guid": one.identity,
            "guid_hash": one.identity_hash,
            "first_seen": of_feed.first_seen,
            "sort_at": one.sort_at,
            "revision": 1,
            "content_hash": one.content_hash,
            **_content_values(one.entry),
        }
        for of_feed in arrivals
        for one in of_feed.new
    ]
    if rows:
        conn.execute(upsert(conn, entries).on_conflict_do_nothing(index_elements=["feed_id", "guid_hash"]), rows)


def overtaken(conn: Connection, edited: Sequence[EditedEntry]) -> frozenset[int]:
    """Ids of those that are stored in a version that calls itself newer."""
    claims = {one.id: one.entry.updated for one in edited}
    found: set[int] = set()
    for chunk in _chunks(list(claims)):
        for id_, updated in conn.execute(select(entries.c.id, entries.c.updated).where(entries.c.id.in_(chunk))):
            claim = claims[id_]
            if claim is not None and updated is not None and claim < updated:
                found.add(id_)
    return frozenset(found)


def save_edited(conn: Connection, edited: Sequence[EditedEntry], edited_at: datetime) -> None:
    """Replace texts, keeping the old ones as revisions; the entries are grouped again."""
    columns = ["entry_id", "revision", "seen_at", "url", "title", "text"]
    for one in edited:
        conn.execute(insert(entry_revisions).from_select(columns, _PRESENT_TEXT), {"row": one.id})
        values = {
            "revision": entries.c.revision + 1,
            "content_hash": one.content_hash,
            "edited_at": edited_at,
            "grouped_at": None,
            **_content_values(one.entry),
        }
        conn.execute(update(entries).where(entries.c.id == one.id).values(values))


_PRESENT_TEXT = select(
    entries.c.id,
    entries.c.revision,
    func.coalesce(entries.c.edited_at, entries.c.first_seen),
    entries.c.url,
    entries.c.title,
    entries.c.text,
).where(entries.c.id == bindparam("row"))


def save_reissued(conn: Connection, reissued: Sequence[ReissuedEntry]) -> None:
    """Find the entries under their new ids from now on."""
    if reissued:
        statement = update(entries).where(entries.c.id == bindparam("row")).values(guid_hash=bindparam("hash"))
        conn.execute(statement, [{"row": one.id, "hash": one.identity_hash} for one in reissued])


def _content_values(content: EntryContent) -> dict[str, Any]:
    return {
        "url": content.url,
        "url_hash": identity_hash(content.url) if content.url else None,
        "title": content.title,
        "title_hash": identity_hash(content.title),
        "summary": content.summary,
        "content": content.content,
        "text": content.text,
        "details": _details(content),
        "image_url": content.image_url,
        "language": content.language,
        "published": content.published,
        "updated": content.updated,
    }


def _details(content: EntryContent) -> dict[str, Any] | None:
    details: dict[str, Any] = {}
    if content.authors:
        details["authors"] = [[one.name, one.email, one.uri] for one in content.authors]
    if content.categories:
        details["categories"] = content.categories
    if content.enclosures:
        details["enclosures"] = [[one.url, one.type, one.length] for one in content.enclosures]
    if content.source:
        details["source"] = [content.source.title, content.source.url]
    if content.comments_url:
        details["comments"] = content.comments_url
    return details or None


# -- retention --------------------------------------------------------------------------------------------------------


def prune(conn: Connection, before: datetime, limit: int) -> int:
    """Remove up to `limit` of the oldest entries that were first seen before a time; how many went.

    Their identities stay in `pruned`, so that nothing comes back as new.
    """
    oldest = select(entries.c.id, entries.c.feed_id, entries.c.guid_hash, entries.c.first_seen)
    rows = [row for row in conn.execute(oldest.order_by(entries.c.id).limit(limit)) if row.first_seen < before]
    if not rows:
        return 0
    conn.execute(insert(pruned), [{"feed_id": row.feed_id, "guid_hash": row.guid_hash} for row in rows])
    for chunk in _chunks([row.id for row in rows]):
        conn.execute(delete(entry_topics).where(entry_topics.c.entry_id.in_(chunk)))
        conn.execute(delete(entry_revisions).where(entry_revisions.c.entry_id.in_(chunk)))
        conn.execute(delete(entries).where(entries.c.id.in_(chunk)))
    gone: dict[int, int] = {}
    for row in rows:
        gone[row.feed_id] = gone.get(row.feed_id, 0) + 1
    conn.execute(
        update(feeds).where(feeds.c.id == bindparam("row")).values(entries=feeds.c.entries - bindparam("gone")),
        [{"row": feed_id, "gone": number} for feed_id, number in gone.items()],
    )
    return len(rows)


# -- reading ----------------------------------------------------------------------------------------------------------

ENTRIES = select(entries, feeds.c.first_url.label("feed_url")).join(feeds, feeds.c.id == entries.c.feed_id)
"""Start of every statement that `load` reads."""


def load(conn: Connection, statement: Select[Any]) -> list[Entry]:
    """Entries with their topics, in the order of a statement that was made from ENTRIES."""
    rows = conn.execute(statement).all()
    topics = topics_of(conn, [row.id for row in rows])
    return [_entry(row, topics.get(row.id, ())) for row in rows]


def recent(
    conn: Connection, *, since: datetime | None = None, limit: int | None = None, topic: str | None = None
) -> list[Entry]:
    """Entries of the feeds in feeds.yaml, newest first; ties by id, so that the order can be repeated."""
    statement = ENTRIES.where(IN_USE)
    order = entries.c.sort_at
    if topic is not None:
        statement = statement.join(entry_topics, entry_topics.c.entry_id == entries.c.id)
        statement = statement.where(entry_topics.c.topic == topic)
        order = entry_topics.c.sort_at
    if since is not None:
        statement = statement.where(order >= since)
    return load(conn, statement.order_by(order.desc(), entries.c.id.desc()).limit(limit))


def page(
    conn: Connection,
    *,
    below: tuple[datetime, int] | None,
    since: datetime | None,
    feed_ids: Sequence[int] | None = None,
    limit: int = _CHUNK,
) -> list[Entry]:
    """The next grouped entries of a walk, newest first: those below (sort_at, id) of the last one of the page before.

    Of these feeds only, at most 500 of them; otherwise of all, those that left feeds.yaml too.
    """
    statement = ENTRIES.where(*_walked(since, feed_ids))
    if below is not None:
        at, id_ = below
        older = (entries.c.sort_at < at) | ((entries.c.sort_at == at) & (entries.c.id < id_))
        statement = statement.where(entries.c.sort_at <= at, older)
    return load(conn, statement.order_by(entries.c.sort_at.desc(), entries.c.id.desc()).limit(limit))


def count_walked(conn: Connection, *, since: datetime | None, feed_ids: Sequence[int] | None = None) -> int:
    """How many entries such a walk has before it."""
    return conn.execute(select(func.count()).select_from(entries).where(*_walked(since, feed_ids))).scalar_one()


def count_by_topic(conn: Connection, *, since: datetime | None) -> dict[str, int]:
    """How many entries of the feeds in feeds.yaml each topic has."""
    joined = entry_topics.join(entries, entries.c.id == entry_topics.c.entry_id).join(feeds)
    counts = select(entry_topics.c.topic, func.count().label("number")).select_from(joined)
    counts = counts.where(IN_USE, *_walked(since, None)).group_by(entry_topics.c.topic)
    return {row.topic: row.number for row in conn.execute(counts)}


def _walked(since: datetime | None, feed_ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [entries.c.grouped_at.is_not(None)]
    if since is not None:
        where.append(entries.c.sort_at >= since)
    if feed_ids is not None:
        where.append(entries.c.feed_id.in_(feed_ids))
    return where


def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Entry]:
    """Entries by id."""
    found: dict[int, Entry] = {}
    for chunk in _chunks(ids):
        found |= {entry.id: entry for entry in load(conn, ENTRIES.where(entries.c.id.in_(chunk)))}
    return found


def find(conn: Connection, what: str) -> list[Entry]:
    """Entries by their id, guid or address, newest first; what `aggregator why` is asked about."""
    where = [entries.c.guid_hash == identity_hash(what), entries.c.url == what]
    if what.isdecimal() and len(what) < 19:
        where.append(entries.c.id == int(what))
    return load(conn, ENTRIES.where(or_(*where)).order_by(entries.c.id.desc()).limit(20))


def titled(conn: Connection, words: str, limit: int) -> list[tuple[int, str]]:
    """Ids and titles of entries with these words in a row in their title, newest first; reads the whole table."""
    like = func.lower(entries.c.title).contains(words.lower(), autoescape=True)
    statement = select(entries.c.id, entries.c.title).where(like).order_by(entries.c.id.desc()).limit(limit)
    return [(row.id, row.title) for row in conn.execute(statement)]


def revisions(conn: Connection, entry_id: int) -> list[Revision]:
    """The texts that an entry had before its present one, oldest first."""
    table = entry_revisions.c
    statement = select(table.revision, table.seen_at, table.url, table.title, table.text)
    rows = conn.execute(statement.where(table.entry_id == entry_id).order_by(table.revision))
    return [Revision(*row) for row in rows]


def topics_of(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[TopicMatch, ...]]:
    """Topics by entry id, best first."""
    found: dict[int, list[TopicMatch]] = {}
    for chunk in _chunks(ids):
        for row in conn.execute(select(entry_topics).where(entry_topics.c.entry_id.in_(chunk))):
            found.setdefault(row.entry_id, []).append(
                TopicMatch(row.topic, row.score, tuple(Span(*span) for span in row.spans))
            )
    return {id_: tuple(sorted(found[id_], key=lambda match: (-match.score, match.topic))) for id_ in found}


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _entry(row: Row[Any], topics: tuple[TopicMatch, ...]) -> Entry:
    details = row.details or {}
    return Entry(
        id=row.id,
        feed_id=row.feed_id,
        feed_url=row.feed_url,
        guid=row.guid,
        title=row.title,
        url=row.url,
        summary=row.summary,
        content=row.content,
        text=row.text,
        authors=tuple(Person(*one) for one in details.get("authors", ())),
        categories=tuple(details.get("categories", ())),
        enclosures=tuple(Enclosure(*one) for one in details.get("enclosures", ())),
        source=SourceRef(*details["source"]) if "source" in details else None,
        comments_url=details.get("comments"),
        image_url=row.image_url,
        language=row.language,
        published=row.published,
        updated=row.updated,
        first_seen=row.first_seen,
        sort_at=row.sort_at,
        edited_at=row.edited_at,
        revision=row.revision,
        story_id=row.story_id,
        topics=topics,
    )
