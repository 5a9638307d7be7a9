from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.model import Feed, FeedState
from aggregator.net.response import FailureKind, FetchFailed, NotModified
from aggregator.poll.held import HeldFailures, Judged
from aggregator.poll.outcome import Polled
from aggregator.store.feeds import LeasedFeed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def polled(number: int, kind: FailureKind | None = None, *, was_ok: bool = True, url: str = "") -> Polled:
    url = url or f"https://host{number}.example/feed"
    feed = Feed(id=number, url=url, name="", outlet="", state=FeedState.OK, last_success_at=NOW, failures=not was_ok)
    leased = LeasedFeed(feed, 1, None, None, {}, None, 0, None)
    result = FetchFailed(kind=kind, reason="no", url=url) if kind else NotModified(url=url)
    return Polled(leased=leased, result=result, unconditional=False, at=NOW)


def test_answers_are_saved_at_once() -> None:
    held = HeldFailures()
    for kind in (None, FailureKind.SERVER, FailureKind.POSTPONED):
        assert held.sort(polled(1, kind), 0, 1) == [polled(1, kind)]
    assert held.end_of_round(2) == Judged()


def test_failure_waits_for_an_answer_and_is_then_charged() -> None:
    held = HeldFailures()
    assert held.sort(polled(1, FailureKind.CONNECT), 0, 1) == []
    assert held.sort(polled(2), 0, 2) == [polled(1, FailureKind.CONNECT), polled(2)]


def test_failure_of_a_request_that_began_before_the_last_answer_is_charged_at_once() -> None:
    held = HeldFailures()
    held.sort(polled(2), 0, 5)
    assert held.sort(polled(1, FailureKind.TIMEOUT), 4, 34) == [polled(1, FailureKind.TIMEOUT)]
    assert held.sort(polled(1, FailureKind.TIMEOUT), 6, 36) == []


def test_when_hosts_that_were_fine_fail_together_nobody_is_charged() -> None:
    held = HeldFailures()
    failed = [polled(number, FailureKind.DNS) for number in (1, 2)]
    for one in failed:
        assert held.sort(one, 0, 1) == []
    assert held.end_of_round(2) == Judged(excused=failed)


def test_p21_outage_is_seen_by_feeds_that_are_due_one_after_another() -> None:
    held = HeldFailures()
    first, second, third = (polled(number, FailureKind.CONNECT) for number in (1, 2, 3))
    held.sort(first, 0, 1)
    assert held.end_of_round(2) == Judged(charged=[first])
    held.sort(second, 600, 601)
    assert held.end_of_round(602) == Judged(excused=[second], forgiven=[first])
    held.sort(third, 1200, 1201)
    assert held.end_of_round(1202) == Judged(excused=[third])


def test_p21_failures_hours_apart_or_with_an_answer_between_are_no_outage() -> None:
    for between in (lambda held: None, lambda held: held.sort(polled(3), 600, 601)):
        held = HeldFailures()
        held.sort(polled(1, FailureKind.CONNECT), 0, 1)
        held.end_of_round(2)
        between(held)
        held.sort(polled(2, FailureKind.CONNECT), 7300, 7301)
        assert held.end_of_round(7302) == Judged(charged=[polled(2, FailureKind.CONNECT)])


@pytest.mark.parametrize("kind", [FailureKind.POSTPONED, FailureKind.REFUSED_ADDRESS, None])
def test_p21_what_asked_nobody_is_no_sign_of_a_network(kind: FailureKind | None) -> None:
    held = HeldFailures()
    failed = [polled(number, FailureKind.DNS) for number in (1, 2)]
    silent = polled(3, kind) if kind else polled(3, url="file:///srv/feed.xml")
    for one in failed:
        held.sort(one, 0, 1)
    assert held.sort(silent, 0, 1) == [silent]
    assert held.end_of_round(2) == Judged(excused=failed)


def test_feed_that_answered_since_is_excused_again_in_the_next_outage() -> None:
    held = HeldFailures()
    failed = [polled(number, FailureKind.DNS) for number in (1, 2)]
    for began in (0, 10_000):
        for one in failed:
            held.sort(one, began, began + 1)
        assert held.end_of_round(began + 2) == Judged(excused=failed)
        for number in (1, 2):
            held.sort(polled(number), began + 3, began + 4)


def test_one_host_alone_or_hosts_that_failed_before_are_charged() -> None:
    held = HeldFailures()
    held.sort(polled(1, FailureKind.DNS), 0, 1)
    assert held.end_of_round(2) == Judged(charged=[polled(1, FailureKind.DNS)])
    failed = [polled(number, FailureKind.DNS, was_ok=False) for number in (1, 2)]
    for one in failed:
        held.sort(one, 3, 4)
    assert held.end_of_round(5).charged == failed


def test_feed_is_excused_only_until_others_answer() -> None:
    held = HeldFailures()
    failed = [polled(number, FailureKind.DNS) for number in (1, 2, 3)]
    for one in failed:
        held.sort(one, 0, 1)
    assert held.end_of_round(2).excused == failed
    held.sort(polled(4), 3, 4)
    for one in failed:
        held.sort(one, 5, 6)
    assert held.end_of_round(7) == Judged(charged=failed)


def test_second_outage_in_a_row_is_excused_like_the_first() -> None:
    held = HeldFailures()
    failed = [replace(polled(number, FailureKind.DNS)) for number in (1, 2)]
    for began in (0, 10, 20):
        for one in failed:
            held.sort(one, began, began + 1)
        assert held.end_of_round(began + 2) == Judged(excused=failed)
