"""Cache-Control, Expires, Age and Retry-After, as sent by good, odd and hostile servers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from aggregator.net.hints import NO_HINTS, CacheHints, parse_hints

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = "Sun, 22 Nov 2026 14:00:00 GMT"
TWO_HOURS = timedelta(hours=2)
MOST = timedelta(days=3650)


def hints(**headers: str) -> CacheHints:
    return parse_hints(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}), NOW)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=7200", TWO_HOURS),
        ("public, Max-Age=7200, must-revalidate", TWO_HOURS),
        ('max-age="7200"', TWO_HOURS),
        ("max-age = 7200", TWO_HOURS),
        ("max-age=7200; public", TWO_HOURS),
        ("max-age=1000000000000", MOST),
        ("max-age=" + "9" * 5000, MOST),
        ("max-age=0", None),
        ("max-age=-7200", None),
        ("max-age=7200.5", None),
        ("max-age=２", None),
        ("max-age=two hours", None),
        ("s-maxage=7200", None),
        ("x-max-age=7200", None),
        ('private="set-cookie, max-age=9", max-age=7200', TWO_HOURS),
        ('private="set-cookie, max-age=7200"', None),
        ('max-age=7200, private="' + "x" * 60_000, TWO_HOURS),
        ("no-store", None),
        ("", None),
    ],
)
def test_max_age_is_read_and_junk_ignored(value: str, expected: timedelta | None) -> None:
    found = hints(Cache_Control=value)

    assert found.fresh_for == expected
    assert found.fresh_by == ("max-age" if expected else "")


def test_max_age_is_found_in_any_of_several_lines() -> None:
    lines = CIMultiDict(
        [("Cache-Control", "public"), ("Cache-Control", "must-revalidate"), ("Cache-Control", "max-age=7200")]
    )

    assert parse_hints(lines, NOW).fresh_for == TWO_HOURS


def test_time_spent_in_a_cache_is_taken_off_max_age() -> None:
    assert hints(Cache_Control="max-age=7200", Age="3600").fresh_for == timedelta(hours=1)
    assert hints(Cache_Control="max-age=7200", Age="9000").fresh_for is None
    assert hints(Cache_Control="max-age=7200", Age="junk").fresh_for == TWO_HOURS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (LATER, TWO_HOURS),
        ("Sunday, 22-Nov-26 14:00:00 GMT", TWO_HOURS),
        ("Sun Nov 22 14:00:00 2026", TWO_HOURS),
        ("Sun, 22 Nov 2026 11:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("0", None),
        ("-1", None),
        ("soon", None),
        ("x" * 10_000, None),
    ],
)
def test_expires_counts_where_there_is_no_max_age(value: str, expected: timedelta | None) -> None:
    found = hints(Expires=value)

    assert found.fresh_for == expected
    assert found.fresh_by == ("Expires" if expected else "")


def test_max_age_wins_over_expires() -> None:
    assert hints(Expires=LATER, Cache_Control="max-age=60").fresh_for == timedelta(minutes=1)
    assert hints(Expires=LATER, Cache_Control="max-age=0") == NO_HINTS


def test_dates_are_measured_by_the_servers_own_clock() -> None:
    found = hints(Expires=LATER, Retry_After=LATER, Date="Sun, 22 Nov 2026 13:00:00 GMT")

    assert found.fresh_for == timedelta(hours=1)
    assert found.retry_after == timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7200", TWO_HOURS),
        (LATER, TWO_HOURS),
        ("864000", timedelta(days=10)),
        ("9" * 5000, MOST),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("Sun, 22 Nov 2026 11:00:00 GMT", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: timedelta | None) -> None:
    assert hints(Retry_After=value).retry_after == expected


@given(st.dictionaries(st.sampled_from(["Cache-Control", "Expires", "Age", "Date", "Retry-After"]), st.text()))
def test_hostile_headers_give_sane_hints(headers: dict[str, str]) -> None:
    found = parse_hints(CIMultiDict(headers), NOW)

    for span in (found.fresh_for, found.retry_after):
        assert span is None or timedelta() < span <= MOST
