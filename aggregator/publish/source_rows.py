"""The rows of the sources page: each feed's health in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.model import Feed, FeedState
from aggregator.publish import clean
from aggregator.publish.cards import shown
from aggregator.publish.view import SourceView
from aggregator.store.websub import HubState
from aggregator.templating import domain

Health = Literal["good", "waiting", "attention"]

_HEALTH: dict[FeedState, Health] = {FeedState.OK: "good", FeedState.NEW: "waiting"}
_WORDS: dict[FeedState, str] = {
    FeedState.NEW: "Not polled yet",
    FeedState.OK: "Healthy",
    FeedState.QUIET: "Unusually quiet",
    FeedState.FAILING: "Failing",
    FeedState.BLOCKED: "Blocked by its server",
    FeedState.NEEDS_CREDENTIALS: "Needs credentials",
    FeedState.QUARANTINED: "Held back",
    FeedState.GONE: "Gone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """What only the running program knows of a feed; it changes with every poll, so no published file holds it."""

    last_at: datetime | None
    next_at: datetime | None
    reason: str  # of the time of the next poll, without what the row says already
    failures: int  # consecutive
    dropped: int  # entries that a cap dropped so far
    hub: str  # how it stands with the hub that pushes what is new; empty where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A feed on the sources page. Addresses are http or https ones without credentials, or None."""

    name: str
    outlet: str
    site_url: str | None
    feed_url: str | None
    language: str | None
    health: Health
    state: str  # in a word or two
    reason: str  # a sentence; empty where the state says it all
    since: datetime | None
    last_new_entry_at: datetime | None
    entries: int
    polls: Polls | None = None


def published_rows(sources: Iterable[SourceView]) -> tuple[SourceRow, ...]:
    """Rows for the published file: what needs attention first, else in the order of feeds.yaml."""
    return _sorted(_row(source) for source in sources)


def live_rows(feeds: Iterable[Feed], hubs: Mapping[int, HubState]) -> tuple[SourceRow, ...]:
    """Rows with the polls, for the page that the running program serves. `hubs` by feed id."""
    return _sorted(_live_row(feed, hubs.get(feed.id)) for feed in feeds)


def _sorted(rows: Iterable[SourceRow]) -> tuple[SourceRow, ...]:
    return tuple(sorted(rows, key=lambda row: row.health != "attention"))


def _live_row(feed: Feed, hub: HubState | None) -> SourceRow:
    polls = Polls(
        last_at=feed.last_polled_at,
        next_at=None if feed.paused or feed.state is FeedState.GONE else feed.next_poll_at,
        reason=_not_said(feed),
        failures=feed.failures,
        dropped=feed.dropped,
        hub=shown(f"{domain(hub.hub)}: {hub.reason}") if hub else "",
    )
    return _row(feed, polls=polls, paused=feed.paused)


def _not_said(feed: Feed) -> str:
    """Why the next poll comes when it does: 'tried again after 1 h' where the row says what failed, and how often."""
    rest = feed.next_poll_reason.removeprefix(feed.state_reason.rstrip("."))
    return rest.removeprefix(f", {feed.failures} times in a row").removeprefix("; ")


def _row(feed: Feed | SourceView, *, polls: Polls | None = None, paused: bool = False) -> SourceRow:
    return SourceRow(
        name=shown(feed.name) or shown(feed.outlet) or domain(feed.url) or "Unknown",
        outlet=shown(feed.outlet),
        site_url=clean.web_url(feed.site_url),
        feed_url=clean.feed_url(feed.url),
        language=clean.language(feed.language),
        health="waiting" if paused else _HEALTH.get(feed.state, "attention"),
        state="Paused by the editor" if paused else _WORDS[feed.state],
        reason="" if feed.state_reason == "answers" else shown(feed.state_reason),
        since=feed.state_since,
        last_new_entry_at=feed.last_new_entry_at,
        entries=feed.entries,
        polls=polls,
    )
