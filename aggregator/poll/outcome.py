"""A feed's row after a poll: its health, its validators, its next poll. Pure; a row is filled in step by step."""

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
from aggregator.poll.parse.result import FeedMeta, ParsedFeed
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
    row = _as_it_was(polled.leased)
    hints = FeedHints.from_json(row.hints)
    if polled.push is not None and changes is not None:
        _note_push(row, polled, hints, changes, pushed_until)
        return row
    if isinstance(polled.result, FetchFailed):
        _note_failure(row, polled, polled.result)
        pushed_until = None
    else:
        hints = _note_answer(row, polled, polled.result, hints, changes, filter_=filter_key(feed))
    planned = plan_next_poll(
        feed.url,
        polled.result,
        now=polled.at,
        limits=Limits(polling.floor, polling.ceiling, feed.every),
        hints=hints,
        failures=row.failures,
        spread=spread,
    )
    state, reason = next_state(
        row.state,
        row.state_reason,
        polled.result,
        now=polled.at,
        hints=hints,
        last_new_entry_at=row.last_new_entry_at,
    )
    if state in (FeedState.OK, FeedState.QUIET) and not isinstance(polled.result, FetchFailed):
        reason += _moved(row, feed.url, polled.at)
    _set_next_poll(row, planned, with_pushes(planned, polled.at, pushed_until))
    _set_state(row, state, reason, polled.at)
    return row


def uncharged(polled: Polled) -> PollOutcome:
    """The row after a poll that failed with every other: nothing is learnt about the feed."""
    why = f" ({polled.failed.reason})" if polled.failed else ""
    pause = NextPoll(polled.at + NETWORK_PAUSE, f"{OUR_NETWORK_DOWN}{why}")
    row = _as_it_was(polled.leased)
    _set_next_poll(row, pause, pause)
    return row


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


def _note_failure(row: PollOutcome, polled: Polled, result: FetchFailed) -> None:
    """Validators and entries stay: what was good a poll ago still is."""
    if result.kind is not FailureKind.POSTPONED:
        row.failures += 1
        row.last_polled_at = polled.at


def _note_push(
    row: PollOutcome, polled: Polled, hints: FeedHints, changes: Changes, pushed_until: datetime | None
) -> None:
    """What a hub sends tells nothing about the feed's server: validators, failures and moves stay."""
    now = polled.at
    row.hints = hints.see(one.sort_at for one in changes.new).to_json()
    row.dropped += changes.dropped
    if changes.new:
        row.last_new_entry_at = now
    if changes.quarantine:
        _set_state(row, FeedState.QUARANTINED, _held_back(changes.quarantine, polled.leased.feed), now)
        return
    if row.state is FeedState.QUIET and changes.new:
        _set_state(row, FeedState.OK, "answers", now)
    if row.failures or row.next_poll_at is None:
        return
    planned = NextPoll(row.unpushed_poll_at or row.next_poll_at, row.next_poll_reason)
    _set_next_poll(row, planned, with_pushes(planned, row.last_polled_at or now, pushed_until))


def _note_answer(
    row: PollOutcome,
    polled: Polled,
    result: Fetched | NotModified,
    hints: FeedHints,
    changes: Changes | None,
    *,
    filter_: str,
) -> FeedHints:
    """Gives what is known of the feed's rhythm and wishes now."""
    now, url = polled.at, polled.leased.feed.url
    first = row.last_success_at is None  # there are no entries of the old address yet
    shares = first or changes is None or bool(changes.unchanged or changes.edited or changes.reissued)
    move = watch_move(url, known_move(polled.leased), result, shares_entries=shares, now=now)
    row.moved_to, row.moved_since, row.moved_polls = (move.to, move.since, move.polls) if move else (None, None, 0)
    row.failures = 0
    row.last_polled_at = row.last_success_at = now
    row.final_url, row.etag, row.last_modified = result.url, result.etag, result.last_modified
    if polled.unconditional:
        row.unconditional_at = now
    if polled.body_hash:
        row.body_hash = polled.body_hash
    if polled.parsed is None or changes is None:
        return hints
    if polled.released:
        row.state = FeedState.OK
    return _note_parsed(row, polled, polled.parsed.meta, hints, changes, filter_=filter_)


def _note_parsed(
    row: PollOutcome, polled: Polled, meta: FeedMeta, hints: FeedHints, changes: Changes, *, filter_: str
) -> FeedHints:
    hints = hints.learn(meta, (one.sort_at for one in changes.new), filter_, polled.at)
    row.title, row.site_url, row.description = meta.title, meta.site_url, meta.description
    row.language, row.image_url = meta.language, meta.image_url
    row.hints = hints.to_json()
    row.spans = changes.spans.to_bytes()
    row.dropped += changes.dropped
    if changes.new:
        row.last_new_entry_at = polled.at
    if changes.quarantine:
        row.state, row.state_reason = FeedState.QUARANTINED, _held_back(changes.quarantine, polled.leased.feed)
    return hints


def _held_back(why: str, feed: Feed) -> str:
    name = shlex.quote(without_credentials(feed.url))
    return f"{why} See whether it is still the feed you want; `aggregator poll {name} --release` takes its entries."


def _moved(row: PollOutcome, url: str, now: datetime) -> str:
    if row.moved_to is None or row.moved_since is None:
        return ""
    return f"; it {Move(row.moved_to, row.moved_since, row.moved_polls).sentence(url, now)}"


def known_move(leased: LeasedFeed) -> Move | None:
    """The permanent redirect that is being watched, if there is one."""
    if leased.feed.moved_to is None or leased.moved_since is None:
        return None
    return Move(leased.feed.moved_to, leased.moved_since, leased.moved_polls)


def _set_state(row: PollOutcome, state: FeedState, reason: str, now: datetime) -> None:
    if state is not row.state or not row.state_since:
        row.state_since = now
    row.state, row.state_reason = state, reason


def _set_next_poll(row: PollOutcome, planned: NextPoll, chosen: NextPoll) -> None:
    """`planned`: without a hub that pushes."""
    row.next_poll_at, row.next_poll_reason = chosen.at, chosen.reason
    row.unpushed_poll_at = planned.at if chosen is not planned else None


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
