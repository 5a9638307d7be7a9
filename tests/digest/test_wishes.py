"""A subscriber's own hour, zone and day win over the digest's, on days when clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.digest import service, signup
from aggregator.model import Frequency, Wishes
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from tests.digest.sample import AIR, every_edition, stock, story
from tests.digest.test_alerts import MORNING, seen, subscribe, watching

HALF_AN_HOUR = timedelta(minutes=30)
WISHES: dict[str, dict[str, Any]] = {
    "gap@x.example": {"hour": "02:30", "timezone": "Europe/Berlin"},  # skipped in spring, comes twice in autumn
    "first@x.example": {"hour": "00:00", "timezone": "Pacific/Kiritimati"},  # UTC+14
    "last@x.example": {"hour": "23:30", "timezone": "Etc/GMT+12"},  # UTC-12
    "half@x.example": {"hour": "06:00", "timezone": "Asia/Kathmandu"},  # UTC+5:45
    "usual@x.example": {},
    "sunday@x.example": {"frequency": Frequency.WEEKLY, "weekday": "sun", "hour": "09:00"},
    "weekly@x.example": {"frequency": Frequency.WEEKLY},  # the first of the digest's days
}


def received(store: Store, tmp_path: Path, start: str, days: int) -> dict[str, list[str]]:
    """When everybody got mail in these days, in his own time, with a new story every hour."""
    made = watching(
        f"file:{tmp_path}/outbox/",
        digests={MORNING: {"at": "07:00", "days": "sat-mon"}},
        topics={AIR: {"any": ["air defense"]}},
    )
    for address, wishes in WISHES.items():
        subscribe(store, address, **wishes)
    now = datetime.fromisoformat(start).replace(tzinfo=UTC)
    hours = [now + timedelta(hours=n) for n in range(-1, days * 24)]
    stock(store, [story(n, [seen(n, at, title=f"Event {n}")], AIR) for n, at in enumerate(hours, start=1)])
    for _ in range(days * 48):
        service.send_due(store, made, now)
        now += HALF_AN_HOUR
    with store.read() as conn:
        created = {one.id: one.created for one in every_edition(conn)}
        sent = sorted(deliveries.listing(conn), key=lambda one: one.id)
    zones = {address: ZoneInfo(wishes.get("timezone", "Europe/Kyiv")) for address, wishes in WISHES.items()}
    return {
        address: [
            f"{created[one.edition_id].astimezone(zones[address]):%a %d %H:%M}"
            for one in sent
            if one.address == address
        ]
        for address in WISHES
    }


@pytest.mark.parametrize(
    ("start", "gap"),
    [("2026-03-27 08:00", "Sun 29 03:30"), ("2026-10-23 08:00", "Sun 25 02:30")],
)
def test_everybody_gets_one_mail_a_local_day_at_his_hour_when_clocks_change(
    sqlite_store: Store, tmp_path: Path, start: str, gap: str
) -> None:
    days = [(datetime.fromisoformat(start) + timedelta(days=n)).strftime("%a %d") for n in range(1, 4)]
    sat, sun, mon = days
    got = received(sqlite_store, tmp_path, start, 4)
    assert got["gap@x.example"] == [f"{sat} 02:30", gap, f"{mon} 02:30"]
    assert got["first@x.example"] == [f"{day} 00:00" for day in days]
    assert got["last@x.example"] == [f"{sat} 23:30", f"{sun} 23:30"]  # Monday's comes after these days
    assert got["half@x.example"] == [f"{day} 06:15" for day in days]  # the first look at the clock after 06:00
    assert got["usual@x.example"] == [f"{day} 07:00" for day in days]
    assert got["sunday@x.example"] == [f"{sun} 09:00"]
    assert got["weekly@x.example"] == [f"{mon} 07:00"]


@pytest.mark.parametrize(
    ("before", "after"),
    [({"hour": "06:00"}, {}), ({"hour": "06:00"}, {"hour": "08:00"}), ({}, {"hour": "08:00"})],
)
def test_who_changes_his_hour_after_his_mail_gets_the_next_one_tomorrow(
    store: Store, tmp_path: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    made = watching(f"file:{tmp_path}/outbox/", digests={MORNING: {"at": "07:00"}}, topics={AIR: {"any": ["x"]}})
    person = subscribe(store, "anna@x.example", **before)
    subscribe(store, "usual@x.example")
    subscribe(store, "early@x.example", hour="06:00")
    subscribe(store, "late@x.example", hour="08:00")
    now = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)  # 05:00 in Kyiv
    hours = [now + timedelta(hours=n) for n in range(-1, 48)]
    stock(store, [story(n, [seen(n, at, title=f"Event {n}")], AIR) for n, at in enumerate(hours, start=1)])
    dates = []
    for _ in range(60):
        service.send_due(store, made, now)
        with store.read() as conn:
            got = [one for one in deliveries.listing(conn) if one.address == "anna@x.example"]
            dates = [editions.by_id(conn, one.edition_id) for one in got]
        if len(got) == 1 and now.hour < 6:
            signup.save(store, person, Wishes(**after), [MORNING], now + timedelta(minutes=1))
        now += HALF_AN_HOUR
    assert [one.local_date for one in dates if one] == ["2026-03-04", "2026-03-03"]
