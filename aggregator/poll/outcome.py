"""A feed's row after a poll: its health, its validators, its next poll. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.config.models import FeedConfig, PollingConfig
from aggregator.model import FeedState
from aggregator.net.response import FailureKind, Fetched, FetchFailed, NotModified, Result
from aggregator.poll.identity import Changes
from aggregator.poll.moves import Move, watch_move
from aggregator.poll.parse.result import ParsedFeed
from aggregator.poll.rhythm import FeedHints
from aggregator.poll.schedule import Limits, NextPoll, plan_next_poll
from aggregator.poll.states import next_state
from aggregator.store.feeds import LeasedFeed, PollOutcome

OUR_NETWORK_DOWN = "no host answers, so our own network seems to be down; no feed is charged"
NETWORK_PAUSE = timedelta(seconds=25)  # until a poll that found our own network down is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll of one feed brought. `parsed` only where a body had to be parsed."""

    leased: LeasedFeed
    result: Result
    unconditional: bool  # no validators were sent
    at: datetime
    body_hash: bytes | None = None
    parsed: ParsedFeed | None = None

    @property
    def failed(self) -> FetchFailed | None:
        """The failure, if it is one that counts."""
        failed = isinstance(self.result, FetchFailed) and self.result.kind is not FailureKind.POSTPONED
        return self.result if failed else None  # type: ignore[return-value]


def outcome_of(
    polled: Polled, changes: Changes | None, feed: FeedConfig, polling: PollingConfig, spread: float
) -> PollOutcome:
    """The row to save. `changes` where something was parsed; `spread` is the schedule's jitter, 0 to 1."""
    before = _as_it_was(polled.leased)
    if isinstance(polled.result, FetchFailed):
        after = _after_failure(before, polled, polled.result)
    else:
        after = _after_answer(before, polled, polled.result, changes)
    hints = FeedHints.from_json(after.hints)
    next_poll = plan_next_poll(
        feed.url,
        polled.result,
        now=polled.at,
        limits=Limits(polling.floor, polling.ceiling, feed.every),
        hints=hints,
        failures=after.failures,
        spread=spread,
    )
    state, reason = next_state(
        FeedState(after.state),
        after.state_reason,
        polled.result,
        now=polled.at,
        hints=hints,
        last_new_entry_at=after.last_new_entry_at,
    )
    return _with_state(_with_next_poll(after, next_poll), state, reason, polled.at)


def uncharged(polled: Polled) -> PollOutcome:
    """The row after a poll that failed with every other: nothing is learnt about the feed."""
    return _with_next_poll(_as_it_was(polled.leased), NextPoll(polled.at + NETWORK_PAUSE, OUR_NETWORK_DOWN))


def _after_failure(before: PollOutcome, polled: Polled, result: FetchFailed) -> PollOutcome:
    """Validators and entries stay: what was good a poll ago still is."""
    if result.kind is FailureKind.POSTPONED:
        return before
    return replace(before, failures=before.failures + 1, last_polled_at=polled.at)


def _after_answer(
    before: PollOutcome, polled: Polled, result: Fetched | NotModified, changes: Changes | None
) -> PollOutcome:
    now, url = polled.at, polled.leased.feed.url
    same_entries = changes is None or bool(changes.unchanged or changes.edited or changes.reissued)
    move = watch_move(url, known_move(polled.leased), result, shares_entries=same_entries, now=now)
    after = replace(
        before,
        failures=0,
        last_polled_at=now,
        last_success_at=now,
        final_url=result.url,
        etag=result.etag,
        last_modified=result.last_modified,
        unconditional_at=now if polled.unconditional else before.unconditional_at,
        moved_to=move.to if move else None,
        moved_since=move.since if move else None,
        moved_polls=move.polls if move else 0,
        body_hash=polled.body_hash or before.body_hash,
    )
    if polled.parsed is None or changes is None:
        return after
    return _after_parse(after, polled.parsed, changes, now)


def _after_parse(after: PollOutcome, parsed: ParsedFeed, changes: Changes, now: datetime) -> PollOutcome:
    meta = parsed.meta
    hints = FeedHints.from_json(after.hints).learn(meta, (one.sort_at for one in changes.new))
    after = replace(
        after,
        title=meta.title,
        site_url=meta.site_url,
        description=meta.description,
        language=meta.language,
        image_url=meta.image_url,
        hints=hints.to_json(),
        spans=changes.spans.to_bytes(),
        dropped=after.dropped + changes.dropped,
        last_new_entry_at=now if changes.new else after.last_new_entry_at,
    )
    if changes.quarantine:
        return replace(after, state=FeedState.QUARANTINED, state_reason=changes.quarantine)
    return after


def known_move(leased: LeasedFeed) -> Move | None:
    """The permanent redirect that is being watched, if there is one."""
    if leased.feed.moved_to is None or leased.moved_since is None:
        return None
    return Move(leased.feed.moved_to, leased.moved_since, leased.moved_polls)


def _with_state(outcome: PollOutcome, state: FeedState, reason: str, now: datetime) -> PollOutcome:
    since = outcome.state_since if state is outcome.state and outcome.state_since else now
    return replace(outcome, state=state, state_reason=reason, state_since=since)


def _with_next_poll(outcome: PollOutcome, next_poll: NextPoll) -> PollOutcome:
    return replace(outcome, next_poll_at=next_poll.at, next_poll_reason=next_poll.reason)


def _as_it_was(leased: LeasedFeed) -> PollOutcome:
    feed = leased.feed
    return PollOutcome(
        feed_id=feed.id,
        generation=leased.generation,
        title=feed.title,
        site_url=feed.site_url,
        description=feed.description,
        language=feed.language,
        image_url=feed.image_url,
        state=feed.state,
        state_reason=feed.state_reason,
        state_since=feed.state_since,
        moved_to=feed.moved_to,
        moved_since=leased.moved_since,
        moved_polls=leased.moved_polls,
        final_url=feed.final_url,
        etag=feed.etag,
        last_modified=feed.last_modified,
        body_hash=leased.body_hash,
        unconditional_at=leased.unconditional_at,
        last_polled_at=feed.last_polled_at,
        last_success_at=feed.last_success_at,
        last_new_entry_at=feed.last_new_entry_at,
        next_poll_at=feed.next_poll_at,
        next_poll_reason=feed.next_poll_reason,
        hints=leased.hints,
        failures=feed.failures,
        dropped=feed.dropped,
    )
