"""P13: when a permanent redirect is believed."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.net.response import FailureKind, Fetched, FetchFailed, Hop, NotModified
from aggregator.poll.moves import Move, gone_for_good, is_upgrade, poll_url, watch_move

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW, OTHER = "http://a.example/feed", "https://b.example/feed", "https://c.example/feed"


def moved(to: str = NEW, *statuses: int) -> Fetched:
    hops = tuple(Hop(OLD, status, to) for status in statuses or (301,))
    return Fetched(url=to, status=200, body=b"", hops=hops)


def watch(known: Move | None, result: Fetched | NotModified, now: datetime = NOW, shares: bool = True) -> Move | None:
    return watch_move(OLD, known, result, shares_entries=shares, now=now)


def test_p13_move_is_adopted_after_three_polls_over_48_hours_that_agree() -> None:
    first = watch(None, moved())
    second = watch(first, moved(), NOW + DAY)
    third = watch(second, moved(), NOW + 2 * DAY)

    assert first == Move(NEW, NOW, 1)
    assert third == Move(NEW, NOW, 3)
    assert poll_url(OLD, second, 0, NOW + 2 * DAY) == OLD
    assert poll_url(OLD, third, 0, NOW + 2 * DAY - timedelta(seconds=1)) == OLD
    assert poll_url(OLD, third, 0, NOW + 2 * DAY) == NEW


def test_p13_polls_that_disagree_start_over() -> None:
    known = Move(NEW, NOW, 2)

    assert watch(known, moved(OTHER), NOW + DAY) == Move(OTHER, NOW + DAY, 1)
    assert watch(known, moved(NEW, 301, 302), NOW + DAY) is None
    assert watch(known, moved(), NOW + DAY, shares=False) == Move(NEW, NOW + DAY, 1)
    assert watch(known, NotModified(url=OLD), NOW + DAY) is None


def test_p13_address_that_shared_no_entries_at_first_is_never_adopted() -> None:
    parked = watch(None, moved(), shares=False)

    for days in range(9):  # by now what is stored is the parked page's own
        parked = watch(parked, moved(), NOW + days * DAY)
    assert parked == Move(NEW, NOW, 0)
    assert poll_url(OLD, parked, 0, NOW + 9 * DAY) == OLD
    assert parked.sentence(OLD, NOW) == (
        "says that it has moved for good to https://b.example/feed, where its entries are not; see whether it is your feed"
    )
    assert watch(parked, moved(OTHER), NOW + 9 * DAY) == Move(OTHER, NOW + 9 * DAY, 1)
    assert watch(parked, NotModified(url=OLD), NOW + 9 * DAY) is None


@pytest.mark.parametrize(
    ("url", "statuses", "gone"),
    [(OLD, (), True), (NEW, (301,), True), (NEW, (308, 301), True), (NEW, (302,), False), (NEW, (301, 307), False)],
)
def test_p14_410_counts_where_the_feeds_own_address_leads_for_good(
    url: str, statuses: tuple[int, ...], gone: bool
) -> None:
    hops = tuple(Hop(OLD, status, url) for status in statuses)
    failed = FetchFailed(kind=FailureKind.GONE, reason="gone", url=url, status=410, hops=hops)

    assert gone_for_good(OLD, failed) is gone
    assert not gone_for_good(OLD, FetchFailed(kind=FailureKind.GONE, reason="gone", url=NEW, status=410))  # a move's


def test_p13_adopted_move_stays_while_the_new_address_answers() -> None:
    adopted = Move(NEW, NOW, 3)

    assert watch(adopted, NotModified(url=NEW), NOW + 9 * DAY) == adopted
    assert watch(adopted, moved(OTHER, 302), NOW + 9 * DAY) == adopted


def test_p13_old_address_is_asked_again_when_the_new_one_fails_and_wins_when_it_answers() -> None:
    adopted = Move(NEW, NOW, 3)

    assert poll_url(OLD, adopted, 2, NOW + 9 * DAY) == NEW
    assert poll_url(OLD, adopted, 3, NOW + 9 * DAY) == OLD
    assert watch(adopted, NotModified(url=OLD), NOW + 9 * DAY) is None


def test_p13_https_of_the_same_host_is_adopted_at_once() -> None:
    upgrade = watch(None, moved("https://a.example/feed"))

    assert poll_url(OLD, upgrade, 0, NOW) == "https://a.example/feed"
    assert is_upgrade(OLD, "https://a.example/feed")
    assert not is_upgrade(OLD, "https://a.example/other")
    assert not is_upgrade("https://a.example/feed", OLD)


def test_feed_without_redirects_is_asked_where_it_is() -> None:
    assert watch(None, NotModified(url=OLD)) is None
    assert poll_url(OLD, None, 0, NOW) == OLD
    assert watch_move("file:///a", None, NotModified(url="file:///a"), shares_entries=True, now=NOW) is None


def test_move_is_told_in_a_sentence() -> None:
    assert Move(NEW, NOW, 1).sentence(OLD, NOW) == (
        "says that it has moved for good to https://b.example/feed; watched since 2026-11-22 12:00 UTC"
    )
    assert Move(NEW, NOW, 3).sentence(OLD, NOW + 3 * DAY) == (
        "has moved for good to https://b.example/feed; change its url in feeds.yaml"
    )
