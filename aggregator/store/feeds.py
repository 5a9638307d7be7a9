"""Feeds: what feeds.yaml names, who may poll them next (leases), and what each poll found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, func, or_, select, union_all, update

from aggregator.config.models import FeedConfig
from aggregator.model import Feed, FeedState
from aggregator.store import meta
from aggregator.store.tables import feed_spans, feeds
from aggregator.store.types import UTCTime
from aggregator.store.upsert import upsert
from aggregator.text.addresses import host_key, without_credentials

_CHUNK = 500  # bound parameters in one statement; SQLite's oldest limit is 999


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What changed in the database when feeds.yaml was read: numbers of feeds."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class LeasedFeed:
    """A feed that this process alone may poll until the lease ends. `generation` fences a late save."""

    feed: Feed
    generation: int
    body_hash: bytes | None
    unconditional_at: datetime | None
    hints: dict[str, Any]
    moved_since: datetime | None
    moved_polls: int
    unpushed_poll_at: datetime | None
    spans: bytes | None = None  # what is remembered of the items of its last body


@dataclass(slots=True, kw_only=True)
class PollOutcome:
    """A feed's row after a poll; every field is written. `spans` is written when it isn't None.

    `unpushed_poll_at`: `next_poll_at` is late because a hub pushes; without it, the poll would come then.
    """

    feed_id: int
    generation: int
    title: str | None
    site_url: str | None
    description: str | None
    language: str | None
    image_url: str | None
    state: FeedState
    state_reason: str
    state_since: datetime | None
    moved_to: str | None
    moved_since: datetime | None
    moved_polls: int
    final_url: str | None
    etag: str | None
    last_modified: str | None
    body_hash: bytes | None
    unconditional_at: datetime | None
    last_polled_at: datetime | None
    last_success_at: datetime | None
    last_new_entry_at: datetime | None
    next_poll_at: datetime | None
    next_poll_reason: str
    hints: dict[str, Any]
    failures: int
    dropped: int
    unpushed_poll_at: datetime | None = None
    spans: bytes | None = None


_UPDATED = [name for name in PollOutcome.__dataclass_fields__ if name not in {"feed_id", "generation", "spans"}]


def sync(conn: Connection, configs: Sequence[FeedConfig]) -> SyncReport:
    """Make the table name what feeds.yaml names. A feed that left keeps its entries, in case it comes back.

    One whose address was changed to where it had moved stays the feed that it is.
    """
    wanted: dict[str, dict[str, Any]] = {str(config.url): _given(config) for config in configs}
    columns = ["configured", "paused", "given_name", "given_outlet", "priority", "host"]
    stored = _by_url(conn, "id", *columns)
    for row, url in _followed(stored, wanted):
        conn.execute(update(feeds).where(feeds.c.id == row.id).values(url=url, **_NOT_MOVED))
        stored[url] = stored.pop(row.url)
    added = [{"url": url, "first_url": url, **values} for url, values in wanted.items() if url not in stored]
    changed = [
        {"row": stored[url].id, **values}
        for url, values in wanted.items()
        if url in stored and any(getattr(stored[url], name) != values[name] for name in columns)
    ]
    removed = [{"row": row.id} for url, row in stored.items() if url not in wanted and row.configured]
    if added:  # perhaps by another program, too, that started in the same moment
        new = upsert(conn, feeds).on_conflict_do_nothing(index_elements=["url"])
        conn.execute(new, [{**_FRESH, **values} for values in added])
    if changed:
        values: dict[str, Any] = {name: bindparam(name) for name in columns}
        conn.execute(update(feeds).where(feeds.c.id == bindparam("row")).values(values), changed)
    if removed:
        conn.execute(update(feeds).where(feeds.c.id == bindparam("row")).values(configured=False), removed)
    if added or changed or removed:
        note_change(conn)
    return SyncReport(len(added), len(changed), len(removed))


def followed(conn: Connection, urls: Collection[str]) -> dict[int, str]:
    """Feeds that stay the feeds that they are if feeds.yaml names these: their ids, and another address than before."""
    return {row.id: url for row, url in _followed(_by_url(conn, "id", "configured"), urls)}


def _by_url(conn: Connection, *columns: str) -> dict[str, Row[Any]]:
    """These columns of every feed, and those by which `_followed` knows where it went."""
    seen = [feeds.c[name] for name in ("url", *columns, "final_url", "moved_to", "moved_polls")]
    return {row.url: row for row in conn.execute(select(*seen))}


def _followed(stored: Mapping[str, Row[Any]], wanted: Collection[str]) -> list[tuple[Row[Any], str]]:
    """Feeds that feeds.yaml names by another address than before, and that address: where they answer, or https."""
    new = [url for url in wanted if url not in stored]
    left = [row for url, row in stored.items() if row.configured and url not in wanted] if new else []
    by_target = {_target(row): row for row in left}
    by_address = {_either_scheme(row.url): row for row in left}
    found = ((by_target.get(url) or by_address.get(_either_scheme(url)), url) for url in new)
    return list({row.id: (row, url) for row, url in found if row is not None}.values())


def _either_scheme(url: str) -> str:
    scheme, _, address = url.partition("://")
    return address if scheme in ("http", "https") else url


def _target(row: Row[Any]) -> str | None:
    """Where a feed answered last. A parked domain that it redirects to is not the feed; see `poll.moves`."""
    return None if row.moved_to == row.final_url and not row.moved_polls else row.final_url


def note_change(conn: Connection) -> None:
    """Stories take feeds' names and priorities: whoever changes one says so, and nobody has to compare them all."""
    meta.put(conn, meta.FEEDS, uuid4().hex)


def version(conn: Connection) -> str:
    """Another one after each `note_change`."""
    return meta.get(conn, meta.FEEDS) or "0"


def _given(config: FeedConfig) -> dict[str, Any]:
    return {
        "configured": True,
        "paused": config.paused,
        "given_name": config.name,
        "given_outlet": config.outlet,
        "priority": config.priority,
        "host": host_key(config.url.reveal(config.url)),
    }


_NOT_MOVED = {"moved_to": None, "moved_since": None, "moved_polls": 0}
_FRESH = {
    "state": FeedState.NEW,
    "state_reason": "not polled yet",
    "next_poll_reason": "never polled",
    "moved_polls": 0,
    "failures": 0,
    "entries": 0,
    "dropped": 0,
    "lease_generation": 0,
}


def list_all(conn: Connection) -> list[Feed]:
    """Every feed that feeds.yaml names, in the order in which it first did."""
    return [_feed(row) for row in conn.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.id))]


def by_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Feed]:
    """Feeds by id, those that left feeds.yaml too."""
    found: dict[int, Feed] = {}
    for start in range(0, len(ids), _CHUNK):
        statement = select(feeds).where(feeds.c.id.in_(ids[start : start + _CHUNK]))
        found |= {row.id: _feed(row) for row in conn.execute(statement)}
    return found


def known(conn: Connection) -> list[tuple[Feed, bool]]:
    """Every feed that was ever polled or named, and whether feeds.yaml named it when it was applied last."""
    return [(_feed(row), row.configured) for row in conn.execute(select(feeds).order_by(feeds.c.id))]


def polled_after(conn: Connection, moment: datetime) -> bool:
    """Whether a feed was polled in the future: the clock was put back since."""
    return bool(conn.execute(select(feeds.c.id).where(feeds.c.last_polled_at > moment).limit(1)).scalar())


def follow_clock(conn: Connection, now: datetime, slack: timedelta) -> int:
    """Plan the polls of feeds that were polled in the future as far from now as they were from then; how many."""
    ahead = feeds.c.last_polled_at - bindparam("now", now, UTCTime)
    shifted: dict[str, Any] = {
        name: feeds.c[name] - ahead for name in ("next_poll_at", "unpushed_poll_at", "unconditional_at", "moved_since")
    }
    statement = update(feeds).where(feeds.c.last_polled_at > now + slack)
    return conn.execute(statement.values(**shifted, last_polled_at=now, lease_until=None)).rowcount


def leased_until(conn: Connection, feed_id: int) -> datetime | None:
    """Until when a process may be polling the feed; None when none is."""
    return conn.execute(select(feeds.c.lease_until).where(feeds.c.id == feed_id)).scalar()


def next_due(conn: Connection) -> datetime | None:
    """When the next feed is due; None when a feed was never polled or there is none."""
    statement = select(func.min(func.coalesce(feeds.c.next_poll_at, 0))).where(feeds.c.configured, ~feeds.c.paused)
    found: datetime | None = conn.execute(statement).scalar()
    return found if found is not None and found.year > 1970 else None


def lease_due(conn: Connection, now: datetime, length: timedelta, *, limit: int, per_host: int) -> list[LeasedFeed]:
    """Lease up to `limit` due feeds, the longest due first, at most `per_host` of one host.

    The hosts' cap keeps a thousand feeds on one slow host from holding up every other feed.
    """
    wanted = select(feeds.c.id, feeds.c.host, feeds.c.next_poll_at).where(
        feeds.c.configured, ~feeds.c.paused, _free(now)
    )
    order = (feeds.c.next_poll_at, feeds.c.id)
    # Two ranges of one index, so that feeds that are not due cost nothing.
    never = wanted.where(feeds.c.next_poll_at.is_(None)).order_by(*order).limit(limit * 8).subquery()
    since = wanted.where(feeds.c.next_poll_at <= now).order_by(*order).limit(limit * 8).subquery()
    due = union_all(select(never), select(since)).subquery()
    place = func.row_number().over(partition_by=due.c.host, order_by=(due.c.next_poll_at.asc().nulls_first(), due.c.id))
    ranked = select(due, place.label("place")).subquery()
    chosen = (
        select(ranked.c.id)
        .where((ranked.c.place <= per_host) | (ranked.c.host == ""))
        .order_by(ranked.c.next_poll_at.asc().nulls_first(), ranked.c.id)
        .limit(limit)
    )
    return lease(conn, list(conn.execute(chosen).scalars()), now, length)


def pollable(conn: Connection, urls: Sequence[str] | None) -> list[int]:
    """Ids of the named feeds, or of all, due or not; hosts take turns, so that none holds up the others."""
    statement = select(feeds.c.id, feeds.c.host, feeds.c.url).where(feeds.c.configured, ~feeds.c.paused)
    place: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    wanted = None if urls is None else set(urls)
    for row in conn.execute(statement.order_by(feeds.c.id)):
        if wanted is None or row.url in wanted:
            place[row.host] += 1
            turns.append((place[row.host], row.id))
    return [id_ for _, id_ in sorted(turns)]


def lease(conn: Connection, ids: Sequence[int], now: datetime, length: timedelta) -> list[LeasedFeed]:
    """Lease those of the feeds that nobody else holds, in the given order."""
    leased: list[LeasedFeed] = []
    for start in range(0, len(ids), _CHUNK):
        free = select(feeds.c.id).where(feeds.c.id.in_(ids[start : start + _CHUNK]), _free(now))
        statement = (
            update(feeds)
            .where(feeds.c.id.in_(free.with_for_update(skip_locked=True)))
            .values(lease_until=now + length, lease_generation=feeds.c.lease_generation + 1)
            .returning(*feeds.c, _SPANS.label("spans"))
        )
        leased += [_leased(row) for row in conn.execute(statement).all()]
    place = {id_: place for place, id_ in enumerate(ids)}
    return sorted(leased, key=lambda one: place[one.feed.id])


def renew(conn: Connection, leased: Sequence[LeasedFeed], until: datetime) -> None:
    """Hold leases for longer: a process that lives renews them, one that was killed soon loses them."""
    statement = _HELD.values(lease_until=until)
    if leased:
        conn.execute(statement, [{"row": one.feed.id, "held": one.generation} for one in leased])


def release(conn: Connection, leased: Sequence[LeasedFeed]) -> None:
    """Give leases back unused, as on Ctrl-C: the feeds are as due as before."""
    statement = _HELD.values(lease_until=None)
    if leased:
        conn.execute(statement, [{"row": one.feed.id, "held": one.generation} for one in leased])


_HELD = update(feeds).where(feeds.c.id == bindparam("row"), feeds.c.lease_generation == bindparam("held"))


def _free(now: datetime) -> Any:
    return or_(feeds.c.lease_until.is_(None), feeds.c.lease_until < now)


def release_all(conn: Connection) -> None:
    """Drop every lease: for the one process on an SQLite database, whose predecessor may have been killed."""
    conn.execute(update(feeds).where(feeds.c.lease_until.is_not(None)).values(lease_until=None))


def still_held(conn: Connection, held: Mapping[int, int]) -> set[int]:
    """Those of the feeds (id -> lease generation) whose lease is still the caller's; their rows stay locked."""
    statement = select(feeds.c.id, feeds.c.lease_generation).where(feeds.c.id.in_(held)).with_for_update()
    return {id_ for id_, generation in conn.execute(statement).all() if generation == held[id_]}


def save_outcomes(conn: Connection, outcomes: Sequence[PollOutcome], new_entries: dict[int, int]) -> None:
    """Write the rows of polled feeds and end their leases. `new_entries`: feed id -> entries just inserted."""
    if not outcomes:
        return
    values: dict[str, Any] = {name: bindparam(name) for name in _UPDATED}
    statement = (
        update(feeds)
        .where(feeds.c.id == bindparam("row"))
        .values(**values, lease_until=None, entries=feeds.c.entries + bindparam("inserted"))
    )
    rows = [
        {name: getattr(outcome, name) for name in _UPDATED}
        | {"row": outcome.feed_id, "inserted": new_entries.get(outcome.feed_id, 0)}
        for outcome in outcomes
    ]
    conn.execute(statement, rows)
    spans = [{"feed_id": one.feed_id, "spans": one.spans} for one in outcomes if one.spans is not None]
    if spans:
        inserted = upsert(conn, feed_spans)
        changed = {"spans": inserted.excluded.spans}
        conn.execute(inserted.on_conflict_do_update(index_elements=["feed_id"], set_=changed), spans)


def poll_by(conn: Connection, feed_id: int, at: datetime, reason: str) -> None:
    """Poll a feed at this time if it would be later."""
    statement = update(feeds).where(feeds.c.id == feed_id, feeds.c.next_poll_at > at)
    conn.execute(statement.values(next_poll_at=at, next_poll_reason=reason, unpushed_poll_at=None))


_SPANS = select(feed_spans.c.spans).where(feed_spans.c.feed_id == feeds.c.id).scalar_subquery()


def _leased(row: Row[Any]) -> LeasedFeed:
    return LeasedFeed(
        feed=_feed(row),
        generation=row.lease_generation,
        body_hash=row.body_hash,
        unconditional_at=row.unconditional_at,
        hints=row.hints or {},
        moved_since=row.moved_since,
        moved_polls=row.moved_polls,
        unpushed_poll_at=row.unpushed_poll_at,
        spans=row.spans,
    )


def _feed(row: Row[Any]) -> Feed:
    name = row.given_name or row.title or row.host.rpartition(":")[0] or row.host or without_credentials(row.url)
    return Feed(
        id=row.id,
        url=row.url,
        name=name,
        outlet=row.given_outlet or name,
        priority=row.priority,
        title=row.title,
        site_url=row.site_url,
        description=row.description,
        language=row.language,
        image_url=row.image_url,
        state=FeedState(row.state),
        state_reason=row.state_reason,
        state_since=row.state_since,
        moved_to=row.moved_to,
        final_url=row.final_url,
        etag=row.etag,
        last_modified=row.last_modified,
        last_polled_at=row.last_polled_at,
        last_success_at=row.last_success_at,
        last_new_entry_at=row.last_new_entry_at,
        next_poll_at=row.next_poll_at,
        next_poll_reason=row.next_poll_reason,
        failures=row.failures,
        paused=row.paused,
        entries=row.entries,
        dropped=row.dropped,
    )
