"""When a feed is polled next, and why, as a sentence for the sources page. Pure.

After an answer: by the feed's own rhythm between floor and ceiling, but never sooner than `every:` in feeds.yaml, the
server (max-age, Expires) or the feed (ttl, sy:updatePeriod, skipHours, skipDays) ask for; what they ask for beyond the
ceiling is cut to it, and the sentence says so. After a failure: with growing pauses. On top comes a little that differs
from feed to feed, so that feeds that were polled together drift apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.net.hosts import MOST_RETRY_AFTER, in_words
from aggregator.net.response import FailureKind, Fetched, FetchFailed, NotModified, Result
from aggregator.poll.rhythm import FeedHints

PUSHED = "its hub pushes what is new; asked once a day"
_WITH_PUSHES = timedelta(days=1)
NEVER = timedelta(days=3650)  # until the editor acts
FULL_ANSWER = timedelta(days=7)
_UNKNOWN = timedelta(hours=1)  # for a feed whose rhythm is not known yet
_BLOCKED = timedelta(hours=1)
_SPREAD_BY_URL = 0.15
_SPREAD_BY_CHANCE = 0.10
_SPREAD_BASE = timedelta(hours=24)  # long pauses grow by no more than a day's share
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True, slots=True)
class Limits:
    """From feeds.yaml: polling.floor, polling.ceiling, and the feed's own `every`."""

    floor: timedelta = timedelta(minutes=10)
    ceiling: timedelta = timedelta(hours=24)
    every: timedelta | None = None

    @property
    def least(self) -> timedelta:
        return max(self.floor, self.every or self.floor)


@dataclass(frozen=True, slots=True)
class NextPoll:
    """`reason` reads well after 'next poll at ...:'."""

    at: datetime
    reason: str


def plan_next_poll(
    url: str, result: Result, *, now: datetime, limits: Limits, hints: FeedHints, failures: int, spread: float
) -> NextPoll:
    """`failures`: in a row, this one included; `spread`: chance, 0 to 1. `hints` are those after this poll."""
    if isinstance(result, FetchFailed):
        pause, reason = _after_failure(result, limits, failures)
        if result.kind is FailureKind.GONE:
            return NextPoll(now + pause, reason)
    else:
        pause, reason = _after_answer(result, limits, hints, now)
    at, skipped = _skip(now + _spread(pause, url, spread), hints)
    return NextPoll(at, f"{reason}{skipped}")


def with_pushes(planned: NextPoll, polled_at: datetime, trusted_until: datetime | None) -> NextPoll:
    """Once a day while a hub pushes (until its lease ends), unless that is sooner than planned without it."""
    if trusted_until is None:
        return planned
    at = min(polled_at + _WITH_PUSHES, trusted_until)
    return NextPoll(at, PUSHED) if at > planned.at else planned


def needs_full_answer(
    unconditional_at: datetime | None, last_new_entry_at: datetime | None, hints: FeedHints, now: datetime
) -> bool:
    """Whether to leave the validators out once: a server may answer 304 for ever by mistake.

    Only for a feed that is silent beyond its rhythm, and at most every seven days.
    """
    if unconditional_at is None or now - unconditional_at < FULL_ANSWER:
        return False
    usual = hints.gap or FULL_ANSWER
    return last_new_entry_at is None or now - last_new_entry_at > 4 * usual


def _after_answer(
    result: Fetched | NotModified, limits: Limits, hints: FeedHints, now: datetime
) -> tuple[timedelta, str]:
    lower, lower_reason = _lower_bound(result, limits, hints)
    pause, reason = _by_rhythm(hints, now, limits)
    if pause <= lower:
        pause, reason = lower, lower_reason
    most = max(lower, limits.ceiling / (1 + _SPREAD_BY_URL + _SPREAD_BY_CHANCE))  # the spread stays below the ceiling
    return min(pause, most), reason


def _by_rhythm(hints: FeedHints, now: datetime, limits: Limits) -> tuple[timedelta, str]:
    """Half of the usual gap; longer when the feed has been silent for much longer than that."""
    gap = hints.gap
    silence = max(now - (hints.latest or now), timedelta())
    if gap is None:
        pause, reason = max(_UNKNOWN, limits.floor), "its rhythm is not known yet"
    else:
        pause, reason = gap / 2, f"it has something new about every {in_words(gap)}"
    if silence / 8 > pause:
        pause, reason = silence / 8, f"nothing new for {in_words(silence)}"
    return (pause, reason) if pause < limits.ceiling else (limits.ceiling, f"{reason}; the ceiling")


def _lower_bound(result: Fetched | NotModified, limits: Limits, hints: FeedHints) -> tuple[timedelta, str]:
    """The longest pause that somebody asks for, and who."""
    bounds = [(limits.floor, f"the floor of {in_words(limits.floor)}")]
    if limits.every is not None:
        bounds.append((limits.every, f"feeds.yaml says every {in_words(limits.every)}"))
    wishes = (
        (result.hints.fresh_for, "server", result.hints.fresh_by),
        (hints.ttl, "feed", "ttl"),
        (hints.update_period, "feed", "sy:updatePeriod"),
    )
    for asked, who, header in wishes:
        if asked is not None:
            cut = f"; cut to the ceiling of {in_words(limits.ceiling)}" if asked > limits.ceiling else ""
            bounds.append((min(asked, limits.ceiling), f"{who} asked for {in_words(asked)} ({header}){cut}"))
    return max(bounds, key=lambda bound: bound[0])


def _after_failure(result: FetchFailed, limits: Limits, failures: int) -> tuple[timedelta, str]:
    asked = result.hints.retry_after
    if result.kind is FailureKind.GONE:
        return NEVER, f"{result.reason.rstrip('.')}; not polled again until the editor acts"
    if result.kind is FailureKind.POSTPONED:
        return asked or limits.floor, result.reason
    pause = min(limits.least * 2 ** min(max(failures - 1, 0), 16), max(limits.ceiling, limits.least))
    if result.kind is FailureKind.NEEDS_CREDENTIALS:
        pause = max(limits.ceiling, limits.least)
    elif result.kind is FailureKind.BLOCKED:
        pause = max(pause, min(_BLOCKED * 2 ** min(max(failures - 1, 0), 16), limits.ceiling))
    if asked is not None and min(asked, MOST_RETRY_AFTER) >= pause:
        cut = f"; asked again after {in_words(MOST_RETRY_AFTER)}" if asked > MOST_RETRY_AFTER else ""
        return min(asked, MOST_RETRY_AFTER), f"server asked for {in_words(asked)} (Retry-After){cut}"
    times = "" if failures < 2 else f", {failures} times in a row"
    return pause, f"{result.reason.rstrip('.')}{times}; tried again after {in_words(pause)}"


def _spread(pause: timedelta, url: str, chance: float) -> timedelta:
    """At least `pause`: the part from the URL is the same at each poll, so a feed keeps its own period."""
    phase = int.from_bytes(hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=4).digest()) / 2**32
    return pause + min(pause, _SPREAD_BASE) * (_SPREAD_BY_URL * phase + _SPREAD_BY_CHANCE * chance)


def _skip(at: datetime, hints: FeedHints) -> tuple[datetime, str]:
    """Moves on to the first hour that the feed does not exclude; one that excludes all of them is not heeded."""
    hours = hints.skip_hours if len(hints.skip_hours) < 24 else frozenset()
    days = hints.skip_days if len(hints.skip_days) < 7 else frozenset()
    start = at
    for _ in range(24 * 7):
        if at.hour not in hours and at.weekday() not in days:
            break
        at += timedelta(hours=1)
    if at == start:
        return at, ""
    if start.weekday() in days:
        return at, f"; not on {_DAYS[start.weekday()]} (skipDays)"
    return at, f"; not between {start.hour}:00 and {at.hour}:00 UTC (skipHours)"
