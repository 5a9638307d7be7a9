"""Why a digest, an edition, a delivery or a reader's mail is as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aggregator.cli.output import ago, iso, minute, span
from aggregator.cli.why_feed import Told
from aggregator.model import DeliveryState, EditionState, Frequency, SubscriberState
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.config.models import Config
    from aggregator.model import Delivery, Edition, Subscriber

_LAST = 5  # editions and deliveries shown
_DATED = re.compile(r"(?P<name>.+?)\s+(?P<date>\d{4}-\d\d-\d\d)")


def digests_called(conn: Connection, config: Config, name: str, now: datetime) -> Iterator[Told]:
    """A digest, or one of its editions: 'Morning briefing', 'Morning briefing 2026-11-22'."""
    dated = _DATED.fullmatch(name)
    wanted = (dated["name"] if dated else name).casefold()
    found = next((one for one in config.digests if one.casefold() == wanted), None)
    if found is not None:
        yield _edition_of(conn, config, found, dated["date"], now) if dated else _digest(conn, config, found, now)


def _digest(conn: Connection, config: Config, name: str, now: datetime) -> Told:
    from aggregator.digest.schedule import Schedule, due, next_edition_at
    from aggregator.store import editions, subscribers

    digest = config.digests[name]
    schedule = Schedule.of(digest, config.site)
    following = next_edition_at(schedule, now)
    is_due = due(schedule, now, editions.newest_date(conn, name)) is not None
    made = editions.recent(conn, digest=name)[:_LAST]
    people = [one for one in subscribers.listing(conn, digest=name) if one.state is SubscriberState.CONFIRMED]
    subscribed = plural(len(people), "confirmed subscriber", "confirmed subscribers")
    lines = [
        f"Digest {name}",
        f"  at {digest.at:%H:%M} {schedule.zone.key} {_days(digest.days)}",
        f"  next edition {_local(following, schedule.zone)}"
        + ("; one is due now: `aggregator run` makes and sends it" if is_due else ""),
        f"  recipients: {len(digest.to)} in feeds.yaml, {subscribed}",
        f"  topics: {', '.join(digest.topics) or 'all'}; at most {digest.stories} stories",
    ]
    lines += [f"  {one.local_date}: {_made(one)}" for one in made] or ["  no edition was made yet"]
    document = {
        "kind": "digest",
        "name": name,
        "next": iso(following),
        "due": is_due,
        "fixed": len(digest.to),
        "subscribers": len(people),
        "editions": [{"date": one.local_date, "state": one.state, "subject": one.subject} for one in made],
    }
    return Told(lines, document)


def _days(days: Sequence[str]) -> str:
    return "every day" if len(days) == 7 else f"on {', '.join(days)}"


def _local(at: datetime | None, zone: Any) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" if at else "never: it has no days"


def _made(edition: Edition) -> str:
    if edition.state is EditionState.EMPTY:
        return "nothing was new to tell, so no mail was sent"
    return f"{plural(len(edition.story_keys), 'story', 'stories')}, {edition.subject!r}"


def _edition_of(conn: Connection, config: Config, name: str, date: str, now: datetime) -> Told:
    from aggregator.store import deliveries, editions

    found = editions.get(conn, name, date)
    if found is None:
        why = _unmade(conn, config, name, date, now)
        document = {"kind": "edition", "digest": name, "date": date, "made": False, "why": why}
        return Told([f"Edition of {name}, {date}", f"  {why}"], document)
    of_it = deliveries.listing(conn, edition_ids=[found.id])
    states = Counter(str(one.state) for one in of_it)
    lines = [
        f"Edition of {name}, {date}",
        f"  {_made(found)}",
        f"  made {minute(found.created)}; tells what came from {minute(found.period_from)} "
        f"to {minute(found.period_to)}",
    ]
    if found.deadline:
        lines.append(f"  nobody gets it after {minute(found.deadline)} ({ago(found.deadline, now)})")
    lines += [f"  {number} {state}" for state, number in states.most_common()]
    lines += [f"  delivery {one.id}: {one.state}: {one.reason}" for one in of_it if one.state != "sent"][:_LAST]
    document = {
        "kind": "edition",
        "digest": name,
        "date": date,
        "made": True,
        "state": found.state,
        "subject": found.subject,
        "stories": found.story_keys,
        "deliveries": dict(states),
    }
    return Told(lines, document)


def _unmade(conn: Connection, config: Config, name: str, date: str, now: datetime) -> str:
    """Why a day has no edition."""
    from datetime import date as calendar

    from aggregator.digest.schedule import Schedule, slot_for, slot_on
    from aggregator.store import editions

    schedule = Schedule.of(config.digests[name], config.site)
    try:
        day = calendar.fromisoformat(date)
    except ValueError:
        return f"{date} is no date"
    if slot_on(schedule, day) is None:
        return f"none is made on a {day:%A}: its days are {', '.join(schedule.days)}"
    at = slot_for(schedule, day).at
    if at > now:
        return f"it is made {ago(at, now)}, at {minute(at)}"
    newest = editions.newest_date(conn, name)
    if newest is not None and newest > date:
        return f"it was not made in time, and that of {newest} has been made since: a missed edition is not made up for"
    if now - at > schedule.window:
        return f"its hour was {ago(at, now)}, and nothing ran within the {span(schedule.window)} that it may be late"
    return f"it is due since {minute(at)}: `aggregator run` makes it, or `aggregator digest` with --send"


# -- deliveries and readers -------------------------------------------------------------------------------------------


def deliveries_called(conn: Connection, _config: Config, name: str, now: datetime) -> Iterator[Told]:
    """A delivery, by its id."""
    from aggregator.store import deliveries, editions

    if not name.isdecimal() or len(name) > 18:
        return
    found = deliveries.by_id(conn, int(name))
    if found is None:
        return
    edition = editions.by_id(conn, found.edition_id)
    of = f"{edition.digest}, {edition.local_date}" if edition else "an edition that is gone"
    lines = [f"Delivery {found.id}: {of}, to {found.address}", f"  {found.state}: {found.reason}"]
    lines += _hold(conn, found, now)
    if found.code:
        lines.append(f"  the server's last answer: {found.code}")
    lines.append(f"  {plural(found.attempts, 'attempt', 'attempts')}, {_when(found, now)}")
    if found.state is DeliveryState.UNCERTAIN:
        lines.append(f"  `aggregator deliveries resolve {found.id}` with --arrived or --lost decides")
    elif found.state in {DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}:
        lines.append(f"  `aggregator deliveries retry {found.id}` sends it again")
    yield Told(lines, {"kind": "delivery", **_delivery(found), "why": found.reason})


def _hold(conn: Connection, delivery: Delivery, now: datetime) -> list[str]:
    """What keeps all mail back, for one that waits."""
    from aggregator.digest.decide import pause_from_text
    from aggregator.digest.outbox import PAUSE_KEY
    from aggregator.store import meta

    pause = pause_from_text(meta.get(conn, PAUSE_KEY))
    if pause is None or pause.until <= now or delivery.state not in {DeliveryState.PENDING, DeliveryState.DEFERRED}:
        return []
    return [f"  no mail is sent at all before {minute(pause.until)}: {pause.reason}"]


def _when(one: Delivery, now: datetime) -> str:
    if one.sent_at:
        return f"sent {minute(one.sent_at)}"
    return f"next try {ago(one.next_try_at, now)}" if one.next_try_at else "no further try"


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "address": one.address,
        "state": one.state,
        "reason": one.reason,
        "code": one.code,
        "sent_at": iso(one.sent_at),
        "next_try_at": iso(one.next_try_at),
    }


def readers_called(conn: Connection, config: Config, address: str, now: datetime) -> Iterator[Told]:
    """A subscriber or fixed recipient, by the address: what he gets, and why not."""
    from aggregator.store import deliveries, subscribers

    if "@" not in address:
        return
    person = subscribers.by_address(conn, address)
    fixed = [name for name, one in config.digests.items() if address.casefold() in {to.casefold() for to in one.to}]
    last = deliveries.listing(conn, address=address, limit=_LAST)
    if person is None and not fixed and not last:
        return
    refused = bool(subscribers.not_wanting(conn, [address]))
    lines = [f"Reader {person.address if person else address}"]
    lines += _subscriber(person, config) if person else ["  is no subscriber"]
    if fixed:
        left = ", but unsubscribed on the site or has no such address, and gets none" if refused else ""
        lines.append(f"  is a fixed recipient of {', '.join(fixed)}{left}")
    for one in last:
        lines.append(f"  delivery {one.id}: {one.state}, {one.reason}; {_when(one, now)}")
        lines += _hold(conn, one, now)
    if not last:
        lines.append("  no mail was made for this address yet; it gets the editions made from now on")
    document = {
        "kind": "subscriber",
        "address": person.address if person else address,
        "state": person.state if person else None,
        "reason": person.reason if person else None,
        "digests": person.digests if person else (),
        "fixed": fixed,
        "deliveries": [_delivery(one) for one in last],
        "why": [line.strip() for line in lines[1:]],
    }
    yield Told(lines, document)


_SILENT = {
    SubscriberState.UNCONFIRMED: "gets nothing before the link in the confirmation mail is followed",
    SubscriberState.UNSUBSCRIBED: "gets nothing",
    SubscriberState.SUPPRESSED: "gets nothing: mail servers say that there is no such address",
}


def _subscriber(person: Subscriber, config: Config) -> Iterator[str]:
    yield f"  {person.state} since {minute(person.changed)}: {person.reason}"
    if person.state in _SILENT:
        yield f"  {_SILENT[person.state]}"
    wishes = person.wishes
    if wishes.frequency is Frequency.PAUSED:
        yield "  gets nothing: paused on the preferences page"
    gone = [name for name in person.digests if name not in config.digests]
    still = [name for name in person.digests if name in config.digests]
    yield f"  subscribed to {', '.join(still) or 'no digest'}" + (f"; gone: {', '.join(gone)}" if gone else "")
    wanted = {
        "topics": ", ".join(wishes.topics),
        "language": wishes.language,
        "hour": wishes.hour,
        "day": wishes.weekday,
        "time zone": wishes.timezone,
    }
    said = [f"{key} {value}" for key, value in wanted.items() if value]
    yield f"  {wishes.frequency}{', ' if said else ''}{', '.join(said)}; a story outside these is left out of the mail"
