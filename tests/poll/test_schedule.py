"""When a feed is polled next, and the sentence that says why (P3, P10, P11, P14, P16, P18)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.hints import CacheHints
from aggregator.net.response import FailureKind, Fetched, FetchFailed, NotModified, Result
from aggregator.poll.rhythm import FeedHints
from aggregator.poll.schedule import Limits, NextPoll, needs_full_answer, plan_next_poll

URL = "https://a.example/feed"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday
UNKNOWN, LIMITS = FeedHints(), Limits()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def answer(**hints: object) -> NotModified:
    return NotModified(url=URL, hints=CacheHints(**hints))  # type: ignore[arg-type]


def failure(kind: FailureKind, retry_after: timedelta | None = None) -> FetchFailed:
    return FetchFailed(kind=kind, reason="a.example is ill", url=URL, hints=CacheHints(retry_after=retry_after))


def every(gap: timedelta, silence: timedelta = timedelta()) -> FeedHints:
    return FeedHints().see(NOW - silence - gap * number for number in range(10))


def plan(
    result: Result, hints: FeedHints = UNKNOWN, limits: Limits = LIMITS, failures: int = 0, url: str = URL
) -> NextPoll:
    return plan_next_poll(url, result, now=NOW, limits=limits, hints=hints, failures=failures, spread=0.0)


def pause(result: Result, hints: FeedHints = UNKNOWN, limits: Limits = LIMITS, failures: int = 0) -> timedelta:
    """Without the part that differs from URL to URL, to the minute below."""
    planned = plan(result, hints, limits, failures).at - NOW
    reference = plan(answer(), limits=Limits(HOUR, 100 * DAY)).at - NOW
    return timedelta(minutes=round(planned / (reference / HOUR) / MINUTE))


def test_feed_is_polled_twice_in_its_usual_gap() -> None:
    assert pause(answer(), every(2 * HOUR)) == HOUR
    assert plan(answer(), every(2 * HOUR)).reason == "it has something new about every 2 h"


def test_busy_feed_is_polled_at_the_floor_and_slow_one_within_the_ceiling() -> None:
    assert pause(answer(), every(MINUTE)) == 10 * MINUTE
    assert plan(answer(), every(MINUTE)).reason == "the floor of 10 min"
    slow = plan(answer(), every(30 * DAY))
    assert 19 * HOUR < slow.at - NOW <= 24 * HOUR
    assert slow.reason == "it has something new about every 30 days; the ceiling"


def test_feed_that_fell_silent_is_polled_less_and_less() -> None:
    assert pause(answer(), every(MINUTE, silence=16 * HOUR)) == 2 * HOUR
    assert plan(answer(), every(MINUTE, silence=16 * HOUR)).reason == "nothing new for 16 h"
    assert plan(answer(), every(MINUTE, silence=90 * DAY)).at - NOW <= 24 * HOUR


def test_feed_of_unknown_rhythm_is_polled_after_an_hour() -> None:
    assert pause(answer()) == HOUR
    assert pause(answer(), FeedHints().see([NOW])) == HOUR
    assert plan(answer()).reason == "its rhythm is not known yet"


def test_every_of_feeds_yaml_is_a_floor_even_above_the_ceiling() -> None:
    assert pause(answer(), every(MINUTE), Limits(every=3 * HOUR)) == 3 * HOUR
    assert plan(answer(), every(MINUTE), Limits(every=3 * HOUR)).reason == "feeds.yaml says every 3 h"
    assert plan(answer(), limits=Limits(every=48 * HOUR)).at - NOW >= 48 * HOUR
    assert plan(failure(FailureKind.SERVER), limits=Limits(every=48 * HOUR), failures=1).at - NOW >= 48 * HOUR


@pytest.mark.parametrize("result", [answer(fresh_for=2 * HOUR, fresh_by="max-age"), None])
def test_p3_and_p10_server_decides_above_the_floor(result: NotModified | None) -> None:
    got = result or Fetched(url=URL, status=200, body=b"", hints=CacheHints(2 * HOUR, "max-age"))

    assert pause(got, every(MINUTE)) == 2 * HOUR
    assert plan(got, every(MINUTE)).at - NOW >= 2 * HOUR
    assert plan(got, every(MINUTE)).reason == "server asked for 2 h (max-age)"


def test_p10_max_age_of_years_is_cut_to_the_ceiling_and_said_so() -> None:
    planned = plan(answer(fresh_for=400 * DAY, fresh_by="max-age"), every(MINUTE))

    assert DAY <= planned.at - NOW <= 1.25 * DAY
    assert planned.reason == "server asked for 400 days (max-age); cut to the ceiling of 24 h"


def test_p10_short_max_age_does_not_hasten_a_poll() -> None:
    assert pause(answer(fresh_for=MINUTE, fresh_by="max-age"), every(4 * HOUR)) == 2 * HOUR


def test_p11_retry_after_is_kept_and_beyond_the_clamp_polled_at_the_clamp() -> None:
    soon = plan(failure(FailureKind.RATE_LIMITED, 2 * HOUR), failures=1)
    late = plan(failure(FailureKind.RATE_LIMITED, 10 * DAY), failures=1)

    assert soon.at - NOW >= 2 * HOUR
    assert soon.reason == "server asked for 2 h (Retry-After)"
    assert late.at - NOW >= 7 * DAY
    assert late.reason == "server asked for 10 days (Retry-After); asked again after 7 days"


def test_p11_short_retry_after_does_not_shorten_the_pause_after_many_failures() -> None:
    assert pause(failure(FailureKind.SERVER, MINUTE), failures=4) == 80 * MINUTE


def test_p11_feed_of_a_closed_host_comes_back_when_it_opens() -> None:
    planned = plan(failure(FailureKind.POSTPONED, 3 * HOUR), failures=5)

    assert 3 * HOUR <= planned.at - NOW < 4 * HOUR
    assert planned.reason == "a.example is ill"


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 10), (1, 10), (2, 20), (3, 40), (7, 640), (9, 1440), (999, 1440)]
)
def test_p14_pauses_grow_with_failures_up_to_the_ceiling(failures: int, minutes: int) -> None:
    assert pause(failure(FailureKind.NOT_FOUND), failures=failures) == minutes * MINUTE


def test_p14_reason_says_what_failed_how_often_and_when_it_is_tried_again() -> None:
    assert plan(failure(FailureKind.SERVER), failures=1).reason == "a.example is ill; tried again after 10 min"
    assert (
        plan(failure(FailureKind.SERVER), failures=3).reason
        == "a.example is ill, 3 times in a row; tried again after 40 min"
    )


def test_p14_gone_feed_is_not_polled_again() -> None:
    planned = plan(failure(FailureKind.GONE), failures=1)

    assert planned.at - NOW > 3000 * DAY
    assert planned.reason == "a.example is ill; not polled again until the editor acts"


def test_p14_feed_that_needs_credentials_is_tried_once_a_day_and_blocked_one_after_hours() -> None:
    assert pause(failure(FailureKind.NEEDS_CREDENTIALS), failures=1) == 24 * HOUR
    assert pause(failure(FailureKind.BLOCKED), failures=1) == HOUR
    assert pause(failure(FailureKind.BLOCKED), failures=3) == 4 * HOUR


def test_p16_thousand_feeds_polled_together_drift_apart() -> None:
    urls = [f"https://a.example/{number}" for number in range(1000)]
    seconds = [int(plan(answer(), url=url).at.timestamp()) for url in urls]

    assert max(seconds.count(second) for second in set(seconds)) <= 12
    assert max(seconds) - min(seconds) > 500
    assert plan(answer(), url=urls[0]) == plan(answer(), url=urls[0])


@given(st.floats(0, 1), st.text(), st.timedeltas(timedelta(), 400 * DAY))
def test_p16_spread_never_undercuts_what_the_server_asked_for(chance: float, url: str, asked: timedelta) -> None:
    result = answer(fresh_for=asked, fresh_by="max-age")
    planned = plan_next_poll(url, result, now=NOW, limits=Limits(), hints=every(HOUR), failures=0, spread=chance)

    assert max(10 * MINUTE, min(asked, DAY)) <= planned.at - NOW <= 1.25 * DAY


@pytest.mark.parametrize(
    ("hints", "expected", "reason"),
    [
        (FeedHints(ttl=3 * HOUR), 3 * HOUR, "feed asked for 3 h (ttl)"),
        (FeedHints(update_period=6 * HOUR), 6 * HOUR, "feed asked for 6 h (sy:updatePeriod)"),
        (FeedHints(ttl=MINUTE), HOUR, "its rhythm is not known yet"),
        (FeedHints(ttl=9 * DAY), DAY, "feed asked for 9 days (ttl); cut to the ceiling of 24 h"),
    ],
)
def test_p18_ttl_and_update_period_are_lower_bounds(hints: FeedHints, expected: timedelta, reason: str) -> None:
    assert pause(answer(), hints) == expected
    assert plan(answer(), hints).reason == reason


def test_p18_skipped_hours_are_waited_out() -> None:
    planned = plan(answer(), FeedHints(skip_hours=frozenset({13, 14, 15})))

    assert planned.at.hour == 16
    assert planned.reason == "its rhythm is not known yet; not between 13:00 and 16:00 UTC (skipHours)"


def test_p18_skipped_days_are_waited_out() -> None:
    planned = plan(answer(), FeedHints(skip_days=frozenset({6, 0}), skip_hours=frozenset({0})))

    assert (planned.at.weekday(), planned.at.hour) == (1, 1)
    assert planned.reason.endswith("; not on Sundays (skipDays)")


def test_p18_skipped_hours_are_waited_out_after_a_failure_too() -> None:
    planned = plan(failure(FailureKind.SERVER), FeedHints(skip_hours=frozenset({12, 13})), failures=1)

    assert planned.at.hour == 14
    assert planned.reason.endswith("tried again after 10 min; not between 12:00 and 14:00 UTC (skipHours)")


def test_p18_feed_that_skips_everything_is_not_heeded() -> None:
    hints = FeedHints(skip_hours=frozenset(range(24)), skip_days=frozenset(range(7)))

    assert plan(answer(), hints) == plan(answer())


def test_full_answer_is_asked_for_only_of_a_feed_silent_beyond_its_rhythm_and_at_most_weekly() -> None:
    hourly = every(HOUR)

    assert needs_full_answer(NOW - 8 * DAY, NOW - DAY, hourly, NOW)
    assert needs_full_answer(NOW - 7 * DAY, NOW - DAY, hourly, NOW)
    assert not needs_full_answer(NOW - 6 * DAY, NOW - DAY, hourly, NOW)
    assert not needs_full_answer(NOW - 8 * DAY, NOW - 2 * HOUR, hourly, NOW)
    assert not needs_full_answer(NOW - 8 * DAY, NOW - 10 * DAY, FeedHints(), NOW)
    assert needs_full_answer(NOW - 8 * DAY, NOW - 40 * DAY, FeedHints(), NOW)
    assert needs_full_answer(NOW - 8 * DAY, None, FeedHints(), NOW)
    assert not needs_full_answer(None, None, FeedHints(), NOW)


def test_p14_reason_that_is_a_sentence_of_its_own_reads_on_without_its_full_stop() -> None:
    ill = FetchFailed(
        kind=FailureKind.NOT_A_FEED, reason="Got an HTML page instead of a feed.", url="https://a.example/"
    )
    assert (
        plan(ill, failures=2).reason == "Got an HTML page instead of a feed, 2 times in a row; tried again after 20 min"
    )
