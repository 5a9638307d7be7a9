"""When editions are due: local hours, days, daylight saving both ways, missed editions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.models import DigestConfig, SiteConfig
from aggregator.config.values import Weekday
from aggregator.digest.schedule import (
    Schedule,
    due,
    last_slot,
    next_edition_at,
    period_start,
    slot_for,
    slot_on,
)

KYIV, BERLIN = ZoneInfo("Europe/Kyiv"), ZoneInfo("Europe/Berlin")
EVERY_DAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = EVERY_DAY[:5]
WINDOW = timedelta(hours=6)


def schedule(
    at: str = "07:00", zone: ZoneInfo = KYIV, days: tuple[Weekday, ...] = EVERY_DAY, window: timedelta = WINDOW
) -> Schedule:
    return Schedule(time.fromisoformat(at), days, zone, window)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_edition_is_due_from_its_local_hour_to_the_end_of_its_window() -> None:
    slots = [due(schedule(), utc(f"2026-03-03 {clock}"), None) for clock in ("04:59:59", "05:00", "11:00", "11:00:01")]
    assert [slot is not None for slot in slots] == [False, True, True, False]
    assert slots[1] is not None and slots[1].local_date == "2026-03-03"


def test_an_edition_that_is_made_is_not_due_again() -> None:
    assert due(schedule(), utc("2026-03-03 05:00"), "2026-03-03") is None
    assert due(schedule(), utc("2026-03-03 05:00"), "2026-03-02") is not None


def test_after_three_days_down_only_the_latest_edition_is_due() -> None:
    slot = due(schedule(), utc("2026-03-06 06:00"), "2026-03-02")
    assert slot is not None and slot.local_date == "2026-03-06"
    assert due(schedule(), utc("2026-03-06 20:00"), "2026-03-02") is None


def test_days_without_an_edition_are_passed_over() -> None:
    made = schedule(days=WORKDAYS)
    assert slot_on(made, date(2026, 3, 7)) is None  # a Saturday
    assert due(made, utc("2026-03-07 05:10"), "2026-03-05") is None
    assert next_edition_at(made, utc("2026-03-06 05:00")) == utc("2026-03-09 05:00")


def test_the_hour_that_spring_skips_comes_at_the_instant_where_it_would_have_been() -> None:
    made = schedule("02:30", BERLIN)
    slot = slot_on(made, date(2026, 3, 29))
    assert slot is not None and slot.at == utc("2026-03-29 01:30")
    assert slot.at.astimezone(BERLIN).time() == time(3, 30)
    assert next_edition_at(made, slot.at) == utc("2026-03-30 00:30")


def test_the_hour_that_autumn_repeats_comes_once_at_its_first_pass() -> None:
    made = schedule("02:30", BERLIN)
    first, second = utc("2026-10-25 00:30"), utc("2026-10-25 01:30")
    slot = due(made, first, "2026-10-24")
    assert slot is not None and slot.at == first
    assert due(made, second, slot.local_date) is None
    assert next_edition_at(made, first) == utc("2026-10-26 01:30")


def test_a_new_time_zone_makes_no_second_edition_of_a_day() -> None:
    now = utc("2026-03-03 15:00")  # 07:00 in Los Angeles
    assert due(schedule(zone=ZoneInfo("America/Los_Angeles")), now, "2026-03-03") is None


def test_a_clock_that_goes_back_makes_no_edition_again() -> None:
    assert due(schedule(), utc("2026-03-02 05:30"), "2026-03-03") is None


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(
        ["UTC", "Europe/Kyiv", "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]
    ),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_every_day_has_one_slot_whatever_the_zone(now: datetime, zone: str, at: time) -> None:
    made = Schedule(at, EVERY_DAY, ZoneInfo(zone), WINDOW)
    moment = now.replace(tzinfo=UTC)
    before, after = last_slot(made, moment), next_edition_at(made, moment)
    assert before is not None and after is not None
    assert before.at <= moment < after
    assert timedelta(hours=22) <= after - before.at <= timedelta(hours=26)
    following = last_slot(made, after)
    assert following is not None and (following.day - before.day).days == 1


def test_the_period_starts_where_the_last_edition_ended() -> None:
    slot = slot_for(schedule(), date(2026, 3, 3))
    longest = timedelta(days=7)
    assert period_start(schedule(), slot, utc("2026-03-02 05:00:30"), longest) == utc("2026-03-02 05:00:30")
    assert period_start(schedule(), slot, None, longest) == utc("2026-03-02 05:00")
    assert period_start(schedule(), slot, utc("2026-01-01 05:00"), longest) == utc("2026-02-24 05:00")


def test_the_first_edition_of_a_week_tells_what_the_schedule_left_out() -> None:
    made = schedule(days=WORKDAYS)
    assert period_start(made, slot_for(made, date(2026, 3, 9)), None, timedelta(days=7)) == utc("2026-03-06 05:00")


@pytest.mark.parametrize(("own", "zone"), [(None, "Europe/Kyiv"), ("Asia/Tokyo", "Asia/Tokyo")])
def test_a_digest_has_its_own_zone_or_that_of_the_site(own: str | None, zone: str) -> None:
    site = SiteConfig.model_validate({"timezone": "Europe/Kyiv"})
    digest = DigestConfig.model_validate({"timezone": own} if own else {})
    assert Schedule.of(digest, site).zone == ZoneInfo(zone)
