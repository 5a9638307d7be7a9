"""A feed's row after a poll: its health, its validators, its next poll. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from aggregator.config.feed_address import FeedAddress
from aggregator.config.models import FeedConfig, PollingConfig
from aggregator.model import Feed, FeedState
from aggregator.net.response import FailureKind, Fetched, FetchFailed, Hop, NotModified, Result
from aggregator.poll.identity import Changes
from aggregator.poll.moves import Move, watch_move
from aggregator.poll.parse.result import ParsedFeed
from aggregator.poll.rhythm import FeedHints
from aggregator.poll.schedule import Limits, NextPoll, plan_next_poll, with_pushes
from aggregator.poll.states import next_state
from aggregator.store.feeds import LeasedFeed, PollOutcome
from aggregator.store.websub import Subscription
from aggregator.text.addresses import without_credentials

OUR_NETWORK_DOWN = "no host answers, so our own network seems to be down; no feed is charged"
NETWORK_PAUSE = timedelta(seconds=25)  # until a poll that found our own network down is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll of one feed brought. `parsed` only where a body had to be parsed.

    `push`: it is no poll; a hub sent what is new. `released`: the editor ended the feed's quarantine.
    """

    leased: LeasedFeed
    result: Result
    unconditional: bool  # no validators were sent
    at: datetime
    body_hash: bytes | None = None
    parsed: ParsedFeed | None = None
    push: Subscription | None = None
    released: bool = False

    @property
    def failed(self) -> FetchFailed | None:
        """The failure, if it is one that counts."""
        failed = isinstance(self.result, FetchFailed) and self.result.kind is not FailureKind.POSTPONED
        return self.result if failed else None  # type: ignore[return-value]


def outcome_of(
    polled: Polled,
    changes: Changes | None,
    feed: FeedConfig,
    polling: PollingConfig,
    spread: float,
    *,
    pushed_until: datetime | None = None,
) -> PollOutcome:
    """The row to save. `changes` where something was parsed; `spread` is the schedule's jitter, 0 to 1.

    `pushed_until`: so long a hub pushes what is new.
    """
    before = _as_it_was(polled.leased)
    if polled.push is not None and changes is not None:
        return _after_push(before, polled, changes, pushed_until)
    if isinstance(polled.result, FetchFailed):
        after = _after_failure(before, polled, polled.result)
        pushed_until = None
    else:
        after = _after_answer(before, polled, polled.result, changes, filter_key(feed))
    hints = FeedHints.from_json(after.hints)
    planned = plan_next_poll(
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
    if state in (FeedState.OK, FeedState.QUIET) and not isinstance(polled.result, FetchFailed):
        reason += _moved(after, feed.url, polled.at)
    after = _with_next_poll(after, planned, with_pushes(planned, polled.at, pushed_until))
    return _with_state(after, state, reason, polled.at)


def uncharged(polled: Polled) -> PollOutcome:
    """The row after a poll that failed with every other: nothing is learnt about the feed."""
    why = f" ({polled.failed.reason})" if polled.failed else ""
    pause = NextPoll(polled.at + NETWORK_PAUSE, f"{OUR_NETWORK_DOWN}{why}")
    return _with_next_poll(_as_it_was(polled.leased), pause, pause)


def concealed(result: Result, address: FeedAddress) -> Result:
    """The result without what the feed's variables stand for, wherever the server repeats it."""
    if not address.variables:
        return result
    hops = tuple(Hop(address.conceal(hop.url), hop.status, address.conceal(hop.target)) for hop in result.hops)
    if isinstance(result, FetchFailed):
        return replace(result, url=address.conceal(result.url), hops=hops, reason=address.conceal(result.reason))
    return replace(result, url=address.conceal(result.url), hops=hops)


def filter_key(feed: FeedConfig) -> str:
    """Stands for the feed's keep and drop; empty without them. An edit gives another one."""
    if not feed.keep and not feed.drop:
        return ""
    lists = "\0\0".join("\0".join(map(str, keywords)) for keywords in (feed.keep, feed.drop))
    return blake2b(lists.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _after_failure(before: PollOutcome, polled: Polled, result: FetchFailed) -> PollOutcome:
    """Validators and entries stay: what was good a poll ago still is."""
    if result.kind is FailureKind.POSTPONED:
        return before
    return replace(before, failures=before.failures + 1, last_polled_at=polled.at)


def _after_push(before: PollOutcome, polled: Polled, changes: Changes, pushed_until: datetime | None) -> PollOutcome:
    """What a hub sends tells nothing about the feed's server: validators, failures and moves stay."""
    now = polled.at
    learnt = FeedHints.from_json(before.hints).see(one.sort_at for one in changes.new)
    after = replace(
        before,
        hints=learnt.to_json(),
        dropped=before.dropped + changes.dropped,
        last_new_entry_at=now if changes.new else before.last_new_entry_at,
    )
    if changes.quarantine:
        return _with_state(after, FeedState.QUARANTINED, _held_back(changes.quarantine, polled.leased.feed), now)
    if after.state is FeedState.QUIET and changes.new:
        after = _with_state(after, FeedState.OK, "answers", now)
    if before.failures or before.next_poll_at is None:
        return after
    planned = NextPoll(before.unpushed_poll_at or before.next_poll_at, before.next_poll_reason)
    return _with_next_poll(after, planned, with_pushes(planned, before.last_polled_at or now, pushed_until))


def _after_answer(
    before: PollOutcome, polled: Polled, result: Fetched | NotModified, changes: Changes | None, filter_: str
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
    if polled.released:
        after = replace(after, state=FeedState.OK)
    return _after_parse(after, polled.parsed, changes, polled, filter_)


def _after_parse(after: PollOutcome, parsed: ParsedFeed, changes: Changes, polled: Polled, filter_: str) -> PollOutcome:
    meta = parsed.meta
    hints = FeedHints.from_json(after.hints).learn(meta, (one.sort_at for one in changes.new), filter_, polled.at)
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
        last_new_entry_at=polled.at if changes.new else after.last_new_entry_at,
    )
    if changes.quarantine:
        return replace(
            after, state=FeedState.QUARANTINED, state_reason=_held_back(changes.quarantine, polled.leased.feed)
        )
    return after


def _held_back(why: str, feed: Feed) -> str:
    name = shlex.quote(without_credentials(feed.url))
    return f"{why} See whether it is still the feed you want; `aggregator poll {name} --release` takes its entries."


def _moved(after: PollOutcome, url: str, now: datetime) -> str:
    if after.moved_to is None or after.moved_since is None:
        return ""
    return f"; it {Move(after.moved_to, after.moved_since, after.moved_polls).sentence(url, now)}"


def known_move(leased: LeasedFeed) -> Move | None:
    """The permanent redirect that is being watched, if there is one."""
    if leased.feed.moved_to is None or leased.moved_since is None:
        return None
    return Move(leased.feed.moved_to, leased.moved_since, leased.moved_polls)


def _with_state(outcome: PollOutcome, state: FeedState, reason: str, now: datetime) -> PollOutcome:
    since = outcome.state_since if state is outcome.state and outcome.state_since else now
    return replace(outcome, state=state, state_reason=reason, state_since=since)


def _with_next_poll(outcome: PollOutcome, planned: NextPoll, chosen: NextPoll) -> PollOutcome:
    """`planned`: without a hub that pushes."""
    return replace(
        outcome,
        next_poll_at=chosen.at,
        next_poll_reason=chosen.reason,
        unpushed_poll_at=planned.at if chosen is not planned else None,
    )


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
        unpushed_poll_at=leased.unpushed_poll_at,
    )
