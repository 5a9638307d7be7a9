"""What is remembered of a host between requests and over restarts."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import HostState
from aggregator.net.hints import NO_HINTS, CacheHints
from aggregator.net.hosts import after_response, in_words

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_closes_the_host(status: int) -> None:
    state = after_response(HostState("a.example"), status, CacheHints(retry_after=timedelta(hours=2)), NOW)

    assert state.closed(NOW + timedelta(minutes=119))
    assert not state.closed(NOW + timedelta(hours=2))
    assert state.reason == "a.example asked for a pause of 2 h (Retry-After)"


def test_retry_after_beyond_the_clamp_is_cut_and_said_so() -> None:
    state = after_response(HostState("a.example"), 429, CacheHints(retry_after=timedelta(days=10)), NOW)

    assert state.not_before == NOW + timedelta(days=7)
    assert state.reason == "a.example asked for a pause of 10 days (Retry-After); asked again after 7 days"


def test_shorter_retry_after_does_not_open_a_host_sooner() -> None:
    closed = after_response(HostState("a.example"), 429, CacheHints(retry_after=timedelta(hours=2)), NOW)

    assert after_response(closed, 429, CacheHints(retry_after=timedelta(minutes=1)), NOW) is closed
    assert after_response(closed, 200, NO_HINTS, NOW) is closed


def test_429_without_retry_after_doubles_the_pause_with_jitter() -> None:
    first = after_response(HostState("a.example"), 429, NO_HINTS, NOW)
    second = after_response(first, 429, NO_HINTS, NOW)
    jittered = after_response(first, 429, NO_HINTS, NOW, spread=1.0)
    last = HostState("a.example", failures=40)

    assert first.not_before == NOW + timedelta(minutes=5)
    assert second.not_before == NOW + timedelta(minutes=10)
    assert jittered.not_before == NOW + timedelta(minutes=12, seconds=30)
    assert "2 times in a row" in second.reason
    assert after_response(last, 429, NO_HINTS, NOW).not_before == NOW + timedelta(hours=24)


def test_good_answer_after_the_pause_forgets_it_and_other_failures_change_nothing() -> None:
    state = after_response(HostState("a.example"), 429, NO_HINTS, NOW)
    later = NOW + timedelta(minutes=6)

    assert after_response(state, 500, NO_HINTS, later) is state
    assert after_response(state, None, NO_HINTS, later) is state
    assert after_response(state, 304, NO_HINTS, later) == HostState("a.example")
    fine = HostState("a.example")
    assert after_response(fine, 200, NO_HINTS, NOW) is fine


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=45.9), "45 s"),
        (timedelta(minutes=10), "10 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
    ],
)
def test_spans_read_well(span: timedelta, words: str) -> None:
    assert in_words(span) == words
