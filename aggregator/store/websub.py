"""WebSub subscriptions: which hub each feed names, what it was asked, until when it pushes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, not_, or_, select, update

from aggregator.store.tables import feeds, websub


class Mode(StrEnum):
    """What a hub is asked for, in the protocol's words."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Offer:
    """A hub that pushes what is new in the topic, the feed's address in its own words."""

    hub: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed at one hub. `lease_until` None: not subscribed. `site` None: the hub was never asked."""

    id: int
    feed_id: int
    feed_url: str
    hub: str
    topic: str
    place: int | None  # among the hubs that the feed names at present; None: it names others
    offered: bool  # the one of them that is used; the others are in reserve
    mode: Mode
    site: str | None
    token: str
    secret: str
    asked_at: datetime | None
    attempts: int
    next_try_at: datetime
    lease_until: datetime | None
    pushed_at: datetime | None
    reason: str


_COLUMNS = (*websub.c, feeds.c.url)
_JOINED = websub.join(feeds, feeds.c.id == websub.c.feed_id)


def of_feeds(conn: Connection, feed_ids: Sequence[int]) -> dict[int, list[Subscription]]:
    """By feed; feeds without a hub are left out."""
    found: dict[int, list[Subscription]] = {}
    statement = select(*_COLUMNS).select_from(_JOINED).where(websub.c.feed_id.in_(feed_ids)).order_by(websub.c.id)
    for row in conn.execute(statement):
        found.setdefault(row.feed_id, []).append(_subscription(row))
    return found


def by_token(conn: Connection, token: str) -> Subscription | None:
    """The one whose callback holds this token."""
    row = conn.execute(select(*_COLUMNS).select_from(_JOINED).where(websub.c.token == token)).one_or_none()
    return None if row is None else _subscription(row)


def set_offers(
    conn: Connection, feed_id: int, known: Sequence[Subscription], offers: Sequence[Offer], now: datetime
) -> None:
    """Remember which hubs the feed names now, the first one first; the one that is used stays so while it is named.

    `known`: all of the feed's rows, as `of_feeds` gave them.
    """
    places = {offer: place for place, offer in enumerate(dict.fromkeys(offers))}
    kept = next((one for one in known if one.offered and Offer(one.hub, one.topic) in places), None)
    used = Offer(kept.hub, kept.topic) if kept else next(iter(offers), None)
    for one in known:
        offer = Offer(one.hub, one.topic)
        place = places.pop(offer, None)
        if (place, offer == used) != (one.place, one.offered):
            _change(conn, one.id, place=place, offered=offer == used)
    fresh = {"feed_id": feed_id, "mode": Mode.SUBSCRIBE, "attempts": 0, "next_try_at": now, "reason": "not asked yet"}
    for offer, place in places.items():
        own = {"token": secrets.token_urlsafe(24), "secret": secrets.token_urlsafe(32), "offered": offer == used}
        conn.execute(insert(websub).values(hub=offer.hub, topic=offer.topic, place=place, **own, **fresh))


def take_reserve(conn: Connection, one: Subscription, before: datetime) -> bool:
    """Use the feed's next hub instead of this one, which says no or nothing; False where none may be asked `before`."""
    mine = and_(websub.c.feed_id == one.feed_id, websub.c.id != one.id)
    others = select(websub.c.id).where(mine, websub.c.place.is_not(None), websub.c.next_try_at <= before)
    later = func.coalesce(websub.c.place < one.place, True)  # after the last one comes the first
    row = conn.execute(others.order_by(later, websub.c.place).limit(1)).scalar()
    if row is None:
        return False
    _change(conn, one.id, offered=False, site=None, asked_at=None)
    _change(conn, row, offered=True, attempts=0)
    return True


@dataclass(frozen=True, slots=True)
class HubState:
    """How a feed stands with its hub, for people. `subscribed`: the hub has confirmed and the lease lasts."""

    hub: str
    subscribed: bool
    pushed_at: datetime | None
    reason: str


def states(conn: Connection, now: datetime) -> dict[int, HubState]:
    """By feed id, of those hubs that were asked."""
    statement = select(websub).where(websub.c.offered, websub.c.site.is_not(None))
    return {
        row.feed_id: HubState(row.hub, row.lease_until is not None and row.lease_until > now, row.pushed_at, row.reason)
        for row in conn.execute(statement)
    }


def follow_feeds(conn: Connection, site: str | None, now: datetime) -> None:
    """Turn each row to what is wanted now: subscribe where a polled feed names the hub, else leave.

    `site` None: no hub could reach us, so nothing is wanted.
    """
    wanted_feed = (
        select(feeds.c.id).where(feeds.c.id == websub.c.feed_id, feeds.c.configured, not_(feeds.c.paused)).exists()
    )
    wanted = and_(websub.c.offered, wanted_feed) if site else websub.c.id.is_(None)
    anew = {"attempts": 0, "asked_at": None, "next_try_at": now}
    conn.execute(
        update(websub)
        .where(wanted, websub.c.mode == Mode.UNSUBSCRIBE)
        .values(mode=Mode.SUBSCRIBE, reason="asked again", **anew)
    )
    conn.execute(
        update(websub)
        .where(not_(wanted), websub.c.mode == Mode.SUBSCRIBE, websub.c.site.is_not(None))
        .values(mode=Mode.UNSUBSCRIBE, pushed_at=None, reason="not wanted any more", **anew)
    )
    if site:
        # A hub knows a subscription by its callback: under another site.url it is another one.
        moved = and_(websub.c.mode == Mode.SUBSCRIBE, websub.c.site.is_not(None), websub.c.site != site)
        conn.execute(update(websub).where(moved).values(site=None, lease_until=None, pushed_at=None, **anew))


def due(conn: Connection, site: str | None, now: datetime, limit: int) -> list[Subscription]:
    """Those whose hub is to be asked now; their rows stay locked until the transaction ends."""
    wanted = and_(websub.c.offered, feeds.c.configured, not_(feeds.c.paused))
    leaving = websub.c.mode == Mode.UNSUBSCRIBE
    askable = or_(wanted, leaving) if site else leaving
    statement = (
        select(*_COLUMNS)
        .select_from(_JOINED)
        .where(websub.c.next_try_at <= now, askable)
        .order_by(websub.c.next_try_at, websub.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=websub)
    )
    return [_subscription(row) for row in conn.execute(statement)]


def asked(conn: Connection, one: Subscription, site: str, now: datetime, next_try_at: datetime) -> None:
    """Before the request leaves: the hub may ask back before it answers."""
    reason = "asked its hub, which has not confirmed yet"
    _change(conn, one.id, site=site, asked_at=now, attempts=one.attempts + 1, next_try_at=next_try_at, reason=reason)


def confirmed(conn: Connection, one: Subscription, lease_until: datetime, renew_at: datetime) -> None:
    """The hub has asked back, and we meant it."""
    _change(conn, one.id, lease_until=lease_until, attempts=0, next_try_at=renew_at, reason="subscribed")


def refused(conn: Connection, one: Subscription, reason: str, next_try_at: datetime) -> None:
    """The hub says no, also in the middle of a lease."""
    _change(conn, one.id, lease_until=None, pushed_at=None, asked_at=None, next_try_at=next_try_at, reason=reason)


def explain(conn: Connection, one: Subscription, reason: str) -> None:
    """Why the last request came to nothing."""
    _change(conn, one.id, reason=reason)


def pushed(conn: Connection, one: Subscription, at: datetime | None) -> None:
    """A push arrived, or (None) one did not that should have."""
    _change(conn, one.id, pushed_at=at)


def end(conn: Connection, one: Subscription, now: datetime) -> None:
    """The subscription is over. What the feed offers is kept: it may be wanted again."""
    if one.place is None:
        conn.execute(delete(websub).where(websub.c.id == one.id))
        return
    nothing = {"site": None, "asked_at": None, "lease_until": None, "pushed_at": None, "attempts": 0}
    _change(conn, one.id, mode=Mode.SUBSCRIBE, next_try_at=now, reason="ended", **nothing)


def ask_again(conn: Connection, now: datetime, slack: timedelta) -> None:
    """Ask hubs at once that were asked in the future: the clock was put back since, and leases end by true time."""
    conn.execute(update(websub).where(websub.c.asked_at > now + slack).values(asked_at=now, next_try_at=now))


def return_to_rhythm(conn: Connection, now: datetime, *, after_start: bool = False) -> int:
    """Bring polls forward that were put off because a hub pushes, where none does any more; gives how many.

    `after_start`: all of them, since nobody took the pushes while the program was down.
    """
    pushes = and_(
        websub.c.offered,
        websub.c.mode == Mode.SUBSCRIBE,
        websub.c.pushed_at.is_not(None),
        func.coalesce(websub.c.lease_until > now, False),
    )
    named = select(websub.c.feed_id)
    statement = update(feeds).where(feeds.c.id.in_(named), feeds.c.unpushed_poll_at.is_not(None))
    if not after_start:
        statement = statement.where(feeds.c.id.not_in(named.where(pushes)))
    reason = "what its hub pushed may have been missed" if after_start else "its hub pushes no more"
    values = {"next_poll_at": feeds.c.unpushed_poll_at, "unpushed_poll_at": None, "next_poll_reason": reason}
    return conn.execute(statement.values(values)).rowcount


def _change(conn: Connection, row: int, **values: Any) -> None:
    conn.execute(update(websub).where(websub.c.id == row).values(**values))


def _subscription(row: Row[Any]) -> Subscription:
    given = {name: getattr(row, name) for name in Subscription.__dataclass_fields__ if name not in {"feed_url", "mode"}}
    return Subscription(feed_url=row.url, mode=Mode(row.mode), **given)
