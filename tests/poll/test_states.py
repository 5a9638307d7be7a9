"""A feed's health, and telling its failures from our own network's (P14, P21)."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import FeedState
from aggregator.net.response import FailureKind, FetchFailed, NotModified, Result
from aggregator.poll.rhythm import FeedHints
from aggregator.poll.states import Attempt, next_state, our_network_is_down

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
UNKNOWN = FeedHints()
ANSWER = NotModified(url="https://a.example/")


def failure(kind: FailureKind) -> FetchFailed:
    return FetchFailed(kind=kind, reason="a.example is ill", url="https://a.example/")


def state_after(
    result: Result,
    state: FeedState = FeedState.OK,
    hints: FeedHints = UNKNOWN,
    last_new: datetime | None = None,
) -> tuple[FeedState, str]:
    return next_state(state, "as before", result, now=NOW, hints=hints, last_new_entry_at=last_new)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (FailureKind.GONE, FeedState.GONE),
        (FailureKind.BLOCKED, FeedState.BLOCKED),
        (FailureKind.NEEDS_CREDENTIALS, FeedState.NEEDS_CREDENTIALS),
        (FailureKind.NOT_FOUND, FeedState.FAILING),
        (FailureKind.NOT_A_FEED, FeedState.FAILING),
        (FailureKind.TIMEOUT, FeedState.FAILING),
    ],
)
def test_p14_failure_is_a_state_with_its_sentence(kind: FailureKind, state: FeedState) -> None:
    assert state_after(failure(kind)) == (state, "a.example is ill")


def test_postponed_poll_changes_nothing() -> None:
    assert state_after(failure(FailureKind.POSTPONED), FeedState.BLOCKED) == (FeedState.BLOCKED, "as before")


@pytest.mark.parametrize("state", [FeedState.NEW, FeedState.FAILING, FeedState.GONE, FeedState.QUIET])
def test_good_answer_heals_all_but_quarantine(state: FeedState) -> None:
    assert state_after(ANSWER, state) == (FeedState.OK, "answers")
    assert state_after(ANSWER, FeedState.QUARANTINED) == (FeedState.QUARANTINED, "as before")


def test_feed_silent_far_beyond_its_rhythm_is_quiet() -> None:
    daily = FeedHints().see(NOW - 20 * DAY - number * DAY for number in range(5))

    assert state_after(ANSWER, hints=daily) == (
        FeedState.QUIET,
        "answers, but has had nothing new since 2026-11-02, though it used to have something every 24 h",
    )
    assert state_after(ANSWER, hints=daily, last_new=NOW - DAY) == (FeedState.OK, "answers")


def test_slow_feed_is_not_quiet_within_its_rhythm_and_unknown_one_after_half_a_year() -> None:
    monthly = FeedHints().see(NOW - 100 * DAY - number * 30 * DAY for number in range(5))

    assert state_after(ANSWER, hints=monthly)[0] is FeedState.OK
    assert state_after(ANSWER, last_new=NOW - 100 * DAY)[0] is FeedState.OK
    assert state_after(ANSWER, last_new=NOW - 200 * DAY) == (
        FeedState.QUIET,
        "answers, but has had nothing new since 2026-05-06",
    )


def attempts(*failures: FailureKind | None, was_ok: bool = True) -> list[Attempt]:
    return [Attempt(f"{number}.example", was_ok, kind) for number, kind in enumerate(failures)]


DEAD = (FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT)


def test_p21_all_hosts_failing_at_once_is_our_network() -> None:
    assert our_network_is_down(attempts(*DEAD))
    assert our_network_is_down(attempts(*DEAD, FailureKind.POSTPONED))
    assert our_network_is_down([*attempts(*DEAD), *attempts(*DEAD, was_ok=False)])


@pytest.mark.parametrize("answered", [None, FailureKind.NOT_FOUND, FailureKind.SERVER, FailureKind.TLS])
def test_p21_any_answer_shows_that_the_network_works(answered: FailureKind | None) -> None:
    assert not our_network_is_down(attempts(*DEAD, answered))


def test_p21_hosts_that_failed_before_or_one_host_alone_are_no_evidence() -> None:
    assert not our_network_is_down(attempts(*DEAD, was_ok=False))
    assert not our_network_is_down([Attempt("a.example", True, FailureKind.DNS)] * 3)
    assert not our_network_is_down([])


def test_p21_three_hosts_that_were_never_asked_are_evidence_and_two_are_not() -> None:
    fresh = [Attempt(f"{number}.example", False, FailureKind.DNS, fresh=True) for number in range(3)]
    assert our_network_is_down(fresh)
    assert not our_network_is_down(fresh[:2])
    assert our_network_is_down([*fresh[:2], Attempt("ok.example", True, FailureKind.DNS)])
