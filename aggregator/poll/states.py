"""A feed's health after a poll, and whether a failure is the feed's or our own network's. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.model import FeedState
from aggregator.net.hosts import in_words
from aggregator.net.response import FailureKind, FetchFailed, Result
from aggregator.poll.rhythm import FeedHints

_LEAST_SILENCE = timedelta(days=14)
_SILENCE_WITHOUT_RHYTHM = timedelta(days=180)
_STATES = {
    FailureKind.GONE: FeedState.GONE,
    FailureKind.BLOCKED: FeedState.BLOCKED,
    FailureKind.NEEDS_CREDENTIALS: FeedState.NEEDS_CREDENTIALS,
}
NO_ANSWER = (FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT)


def next_state(
    state: FeedState,
    reason: str,
    result: Result,
    *,
    now: datetime,
    hints: FeedHints,
    last_new_entry_at: datetime | None,
) -> tuple[FeedState, str]:
    """State and sentence after a poll whose result counts. Quarantine ends only by the editor."""
    if isinstance(result, FetchFailed):
        held_back = state is FeedState.QUARANTINED and result.kind is not FailureKind.GONE
        if result.kind is FailureKind.POSTPONED or held_back:
            return state, reason
        return _STATES.get(result.kind, FeedState.FAILING), result.reason
    if state is FeedState.QUARANTINED:
        return state, reason
    return _quiet(hints, last_new_entry_at, now) or (FeedState.OK, "answers")


def _quiet(hints: FeedHints, last: datetime | None, now: datetime) -> tuple[FeedState, str] | None:
    gap = hints.gap
    newest = hints.newest(last)
    limit = _SILENCE_WITHOUT_RHYTHM if gap is None else max(_LEAST_SILENCE, 8 * gap)
    if newest is None or now - newest <= limit:
        return None
    usual = "" if gap is None else f", though it used to have something every {in_words(gap)}"
    return FeedState.QUIET, f"answers, but has had nothing new since {newest:%Y-%m-%d}{usual}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One poll among the last ones. `was_ok`: the feed's poll before it succeeded; `fresh`: it is the first one."""

    host: str
    was_ok: bool
    failure: FailureKind | None
    fresh: bool = False


def our_network_is_down(attempts: Iterable[Attempt]) -> bool:
    """True when hosts that were fine a poll ago fail together and nobody answers: then no feed is charged.

    Any answer, an error page too, shows that the network works. Hosts that failed before are no evidence. Two feeds
    that were never polled may both be misspelt; of three hosts, one would answer.
    """
    asked = [one for one in attempts if one.failure is not FailureKind.POSTPONED]
    if any(one.failure not in NO_ANSWER for one in asked):
        return False
    fine = {one.host for one in asked if one.was_ok}
    return len(fine) >= 2 or len(fine | {one.host for one in asked if one.fresh}) >= 3
