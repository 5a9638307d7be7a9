"""When an edition of a digest is due. Pure: local hours on IANA zones, daylight saving both ways, missed editions.

A slot is one local day's hour as an instant. An hour that the clocks skip (02:30 in spring) is the instant at which
02:30 would have been; an hour that comes twice (01:30 in autumn) is its first pass. Since an edition is unique by
(digest, local date), no zone change, restart or repeated tick can make a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.config.models import DigestConfig, SiteConfig
from aggregator.config.values import WEEKDAYS, Weekday


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours of a digest. `window` is how late a missed edition may still go out."""

    at: time
    days: tuple[Weekday, ...]
    zone: ZoneInfo
    window: timedelta

    @classmethod
    def of(cls, digest: DigestConfig, site: SiteConfig) -> Schedule:
        """The schedule of a digest in feeds.yaml; its own zone before the site's."""
        return cls(digest.at, digest.days, digest.timezone or site.timezone, digest.window)


@dataclass(frozen=True, slots=True)
class Slot:
    """One edition's place in the calendar: the local day, and the instant of its hour (UTC)."""

    day: date
    at: datetime

    @property
    def local_date(self) -> str:
        """YYYY-MM-DD, as in Edition.local_date."""
        return self.day.isoformat()


def slot_on(schedule: Schedule, day: date) -> Slot | None:
    """The slot of a local day; None on a day without an edition."""
    if WEEKDAYS[day.weekday()] not in schedule.days:
        return None
    return slot_for(schedule, day)


def slot_for(schedule: Schedule, day: date) -> Slot:
    """The slot of an edition that is asked for by its day, whether or not the schedule has that day."""
    local = datetime.combine(day, schedule.at.replace(tzinfo=None, fold=0), schedule.zone)
    return Slot(day, local.astimezone(UTC))


def last_slot(schedule: Schedule, now: datetime) -> Slot | None:
    """The latest slot that is not after `now`; None for a schedule without days."""
    today = now.astimezone(schedule.zone).date()
    days = (today - timedelta(days=back) for back in range(-1, 9))
    return next((slot for day in days if (slot := slot_on(schedule, day)) and slot.at <= now), None)


def previous_slot(schedule: Schedule, slot: Slot) -> Slot | None:
    """The slot before another one."""
    return last_slot(schedule, slot.at - timedelta(microseconds=1))


def due(schedule: Schedule, now: datetime, made: str | None) -> Slot | None:
    """The slot whose edition is to be made now, if any: at most the latest, and only within its window.

    `made` is the local date of the digest's newest edition; that day and those before it are done.
    """
    slot = last_slot(schedule, now)
    if slot is None or now - slot.at > schedule.window:
        return None
    return None if made is not None and slot.local_date <= made else slot


def next_edition_at(schedule: Schedule, now: datetime) -> datetime | None:
    """The first slot after `now` (UTC); None for a schedule without days."""
    today = now.astimezone(schedule.zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, 9))
    return next((slot.at for day in days if (slot := slot_on(schedule, day)) and slot.at > now), None)


def period_start(schedule: Schedule, slot: Slot, last_end: datetime | None, longest: timedelta) -> datetime:
    """From when an edition tells: the end of the last one, else one gap of the schedule, never more than `longest`."""
    if last_end is None:
        before = previous_slot(schedule, slot)
        last_end = before.at if before else slot.at - timedelta(days=1)
    return max(last_end, slot.at - longest)
