from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.config.models import FeedConfig, PollingConfig
from aggregator.model import EntryContent, Feed, FeedState
from aggregator.net.response import FailureKind, Fetched, FetchFailed, Hop, NotModified, Result
from aggregator.poll.identity import Changes
from aggregator.poll.outcome import OUR_NETWORK_DOWN, Polled, filter_key, outcome_of, uncharged
from aggregator.poll.parse.result import FeedMeta, KnownSpans, ParsedFeed
from aggregator.poll.schedule import PUSHED
from aggregator.store.entries import NewEntry
from aggregator.store.feeds import LeasedFeed, PollOutcome
from tests.poll.test_websub import ONE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://a.example/feed"
FEED = Feed(
    id=1,
    url=URL,
    name="A",
    outlet="A",
    title="Old title",
    state=FeedState.OK,
    state_reason="answers",
    state_since=NOW - 9 * HOUR,
    final_url=URL,
    etag='"old"',
    last_polled_at=NOW - HOUR,
    last_success_at=NOW - HOUR,
    last_new_entry_at=NOW - 5 * HOUR,
    next_poll_at=NOW,
    next_poll_reason="rhythm",
)
LEASED = LeasedFeed(FEED, 7, b"old", NOW - 9 * HOUR, {}, None, 0, None)
PARSED = ParsedFeed(meta=FeedMeta(title="New title"), entries=(), identities=(), spans=KnownSpans(), served=0)
NOTHING = Changes(spans=KnownSpans(), unchanged=3)
SOMETHING = Changes(spans=KnownSpans(), new=(NewEntry("1", 1, 1, NOW - HOUR, EntryContent(title="T")),), dropped=2)
OK = Fetched(url=URL, status=200, body=b"", etag='"new"')


def outcome(
    result: Result,
    changes: Changes | None = None,
    *,
    leased: LeasedFeed = LEASED,
    until: datetime | None = None,
    **poll: Any,
) -> PollOutcome:
    parsed = PARSED if changes else None
    values = {"unconditional": False, "body_hash": b"new" if changes else None, "parsed": parsed, **poll}
    polled = Polled(leased=leased, result=result, at=NOW, **values)
    return outcome_of(polled, changes, FeedConfig(url=URL), PollingConfig(), 0.5, pushed_until=until)


def held(**changes: Any) -> LeasedFeed:
    return replace(LEASED, feed=replace(FEED, **changes))


def test_answer_with_entries_is_learnt_from() -> None:
    after = outcome(OK, SOMETHING)
    assert (after.title, after.etag, after.body_hash, after.dropped) == ("New title", '"new"', b"new", 2)
    assert (after.last_success_at, after.last_new_entry_at, after.generation) == (NOW, NOW, 7)
    assert (after.state, after.state_since) == (FeedState.OK, FEED.state_since)


def test_not_modified_keeps_what_the_body_told() -> None:
    after = outcome(NotModified(url=URL, etag='"newer"'))
    assert (after.title, after.etag, after.body_hash, after.spans) == ("Old title", '"newer"', b"old", None)
    assert after.last_new_entry_at == FEED.last_new_entry_at


def test_failure_is_counted_and_keeps_validators_and_success() -> None:
    after = outcome(FetchFailed(kind=FailureKind.SERVER, reason="a.example answered 500", url=URL))
    assert (after.failures, after.etag, after.last_success_at) == (1, '"old"', FEED.last_success_at)
    assert (after.state, after.state_reason, after.state_since) == (FeedState.FAILING, "a.example answered 500", NOW)


def test_postponed_poll_changes_nothing_but_its_time() -> None:
    after = outcome(FetchFailed(kind=FailureKind.POSTPONED, reason="wait", url=URL))
    assert replace(after, next_poll_at=None, next_poll_reason="") == replace(
        uncharged(Polled(leased=LEASED, result=OK, unconditional=False, at=NOW)), next_poll_at=None, next_poll_reason=""
    )


def test_uncharged_poll_is_tried_again_soon() -> None:
    after = uncharged(Polled(leased=LEASED, result=OK, unconditional=False, at=NOW))
    assert after.next_poll_reason.startswith(OUR_NETWORK_DOWN)
    assert (after.failures, after.last_polled_at) == (0, FEED.last_polled_at)
    assert after.next_poll_at == NOW + timedelta(seconds=25)


def test_request_without_validators_is_remembered() -> None:
    assert outcome(OK, unconditional=True).unconditional_at == NOW
    assert outcome(OK).unconditional_at == LEASED.unconditional_at


def test_permanent_move_is_told_with_the_state() -> None:
    moved = replace(OK, url="https://b.example/", hops=(Hop(URL, 301, "https://b.example/"),))
    after = outcome(moved, NOTHING)
    assert after.state_reason == (
        "answers; it says that it has moved for good to https://b.example/; watched since 2026-11-22 12:00 UTC"
    )
    failed = outcome(FetchFailed(kind=FailureKind.SERVER, reason="no", url=URL), leased=held(moved_to="https://b/"))
    assert failed.state_reason == "no"
    watched = replace(held(moved_to="https://b.example/", state_reason=after.state_reason), moved_since=NOW)
    postponed = outcome(FetchFailed(kind=FailureKind.POSTPONED, reason="wait", url=URL), leased=watched)
    assert postponed.state_reason == after.state_reason


@pytest.mark.parametrize("kind", [FailureKind.SERVER, FailureKind.POSTPONED, FailureKind.BLOCKED])
def test_quarantine_outlasts_failures(kind: FailureKind) -> None:
    before = held(state=FeedState.QUARANTINED, state_reason="other content")
    after = outcome(FetchFailed(kind=kind, reason="no", url=URL), leased=before)
    assert (after.state, after.state_reason) == (FeedState.QUARANTINED, "other content")


def test_quarantine_names_the_command_that_ends_it_without_credentials() -> None:
    quarantined = replace(SOMETHING, quarantine="It changed.")
    after = outcome(OK, quarantined, leased=held(url="https://u:secret@a.example/feed?a&b"))
    assert after.state is FeedState.QUARANTINED
    assert "`aggregator poll 'https://a.example/feed?a&b' --release`" in after.state_reason


def test_release_ends_the_quarantine() -> None:
    after = outcome(OK, SOMETHING, leased=held(state=FeedState.QUARANTINED), released=True)
    assert (after.state, after.state_reason) == (FeedState.OK, "answers")


def test_push_tells_nothing_of_the_server() -> None:
    before = held(failures=2, state=FeedState.FAILING)
    after = outcome(OK, SOMETHING, leased=before, push=ONE, until=NOW + 100 * HOUR)
    assert (after.etag, after.body_hash, after.last_polled_at) == ('"old"', b"old", FEED.last_polled_at)
    assert (after.state, after.failures, after.next_poll_at) == (FeedState.FAILING, 2, FEED.next_poll_at)
    assert (after.last_new_entry_at, after.dropped, after.spans) == (NOW, 2, None)


def test_push_puts_the_next_poll_off_and_keeps_the_time_without_it() -> None:
    after = outcome(OK, SOMETHING, push=ONE, until=NOW + 100 * HOUR)
    assert (after.next_poll_at, after.next_poll_reason) == (NOW + 23 * HOUR, PUSHED)
    assert after.unpushed_poll_at == NOW
    again = replace(LEASED, feed=replace(FEED, next_poll_at=after.next_poll_at), unpushed_poll_at=NOW)
    assert outcome(OK, SOMETHING, leased=again, push=ONE, until=NOW + 100 * HOUR).unpushed_poll_at == NOW


def test_push_wakes_a_quiet_feed() -> None:
    assert outcome(OK, SOMETHING, leased=held(state=FeedState.QUIET), push=ONE).state is FeedState.OK
    assert outcome(OK, NOTHING, leased=held(state=FeedState.QUIET), push=ONE).state is FeedState.QUIET


def test_push_of_other_content_after_a_long_silence_is_held_back() -> None:
    after = outcome(OK, replace(SOMETHING, new=(), quarantine="It changed."), push=ONE)
    assert (after.state, after.state_since) == (FeedState.QUARANTINED, NOW)
    assert after.last_new_entry_at == FEED.last_new_entry_at


def test_failed_poll_is_planned_as_if_nobody_pushed() -> None:
    failed = FetchFailed(kind=FailureKind.SERVER, reason="no", url=URL)
    after = outcome(failed, until=NOW + 100 * HOUR)
    assert after.unpushed_poll_at is None
    assert after.next_poll_at is not None
    assert after.next_poll_at < NOW + HOUR


def test_filter_key_stands_for_keep_and_drop() -> None:
    keys = [
        filter_key(FeedConfig(url=URL, keep=keep, drop=drop))
        for keep, drop in (([], []), (["a"], []), ([], ["a"]), (["a", "b"], []), (["a"], ["b"]))
    ]
    assert keys[0] == ""
    assert len(set(keys)) == 5
    assert filter_key(FeedConfig(url=URL, keep=["a"], name="N", every="1h")) == keys[1]
