"""What is remembered of a feed's rhythm and wishes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.poll.parse.result import FeedMeta
from aggregator.poll.rhythm import FeedHints

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_gap_is_the_median_between_entries() -> None:
    hints = FeedHints().learn(FeedMeta(), [NOW, NOW - HOUR, NOW - 3 * HOUR, NOW - 30 * HOUR], "", NOW)

    assert hints.gap == 2 * HOUR


def test_entries_of_one_moment_tell_nothing() -> None:
    assert FeedHints().learn(FeedMeta(), [NOW] * 25, "", NOW).gap is None
    assert FeedHints().gap is None


def test_newest_entries_are_remembered_and_old_ones_forgotten() -> None:
    hints = FeedHints().learn(FeedMeta(), [NOW - number * HOUR for number in range(100)], "", NOW)
    later = hints.learn(FeedMeta(), [NOW + HOUR], "", NOW)

    assert len(later.recent) == 16
    assert later.latest == NOW + HOUR
    assert later.gap == HOUR


def test_wishes_of_the_last_parse_replace_older_ones() -> None:
    wishes = FeedMeta(ttl=HOUR, update_period=2 * HOUR, skip_hours=frozenset({3}), skip_days=frozenset({6}))
    hints = FeedHints().learn(wishes, [NOW], "", NOW)

    assert (hints.ttl, hints.update_period, hints.skip_hours, hints.skip_days) == (
        HOUR,
        2 * HOUR,
        frozenset({3}),
        frozenset({6}),
    )
    assert hints.learn(FeedMeta(), [], "", NOW + HOUR) == replace(FeedHints().see([NOW]), since=NOW)


def test_newest_is_the_feeds_own_date_until_something_came_after_the_first_reading() -> None:
    old = NOW - 1000 * HOUR
    hints = FeedHints().learn(FeedMeta(), [old], "", NOW)

    assert hints.newest(NOW) == old
    assert hints.newest(NOW + HOUR) == NOW + HOUR
    assert FeedHints().newest(None) is None


@given(
    st.builds(
        FeedHints,
        ttl=st.none() | st.integers(1, 10**7).map(lambda s: timedelta(seconds=s)),
        update_period=st.none() | st.integers(1, 10**7).map(lambda s: timedelta(seconds=s)),
        skip_hours=st.frozensets(st.integers(0, 23)),
        skip_days=st.frozensets(st.integers(0, 6)),
        recent=st.lists(st.integers(0, 4 * 10**9), max_size=16).map(tuple),
        since=st.none() | st.integers(1, 4 * 10**9).map(lambda time: datetime.fromtimestamp(time, UTC)),
    )
)
def test_hints_survive_the_database(hints: FeedHints) -> None:
    assert FeedHints.from_json(hints.to_json()) == hints
