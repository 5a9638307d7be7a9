"""Saving what polls brought: a batch of feeds in one transaction, each feed's part whole or not at all.

    filter           pure   keep/drop of feeds.yaml, before anybody has to wait for the database
    feeds whose lease is still ours
    known            store  what is known of all their entries, in a few statements
    for each feed
      changes               pure   new, edited, issued again
      its hub               store  which one it names, whether that one pushes
      outcome_of            pure   health, validators, next poll
    insert, update, rows of feeds, hosts' pauses and requests     store   and commit

A batch that can't be saved is saved again feed by feed, so that one feed's bad luck is its own.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from aggregator import clock
from aggregator.config.models import Config, FeedConfig
from aggregator.errors import DatabaseBusy, StorageError
from aggregator.net.failures import printable
from aggregator.net.gate import NO_NEWS, HostNews
from aggregator.net.response import FailureKind, Fetched, FetchFailed
from aggregator.poll.identity import Changes, changes
from aggregator.poll.known import known_entries
from aggregator.poll.outcome import OUR_NETWORK_DOWN, Polled, outcome_of, uncharged
from aggregator.poll.parse.result import ParsedFeed
from aggregator.poll.websub import hub_was_silent, offers_of, trusted_until
from aggregator.store import entries, feeds, hosts, turns, websub
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals
from aggregator.store.feeds import PollOutcome
from aggregator.store.websub import Subscription
from aggregator.text.addresses import without_credentials

if TYPE_CHECKING:
    from aggregator.text.filters import EntryFilters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """Numbers of one feed's poll. `failed` is why nothing was stored."""

    url: str
    new: int = 0
    edited: int = 0
    failed: str | None = None


class Saver:
    """Knows the configuration under which polls are saved."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._feeds: dict[str, FeedConfig] = {feed.url: feed for feed in config.feeds}
        self._filters = _filters(config)

    def save(self, batch: Sequence[Polled], news: HostNews = NO_NEWS, *, network_down: bool = False) -> list[Saved]:
        """One transaction; a feed that left feeds.yaml or whose lease was lost meanwhile is left out."""
        try:
            return self._save(batch, news, network_down)
        except DatabaseBusy:
            raise
        except Exception as error:
            if len(batch) == 1:
                return self._give_up(batch[0], error)
            return [saved for one in batch for saved in self.save([one], news, network_down=network_down)]

    def _save(self, batch: Sequence[Polled], news: HostNews, network_down: bool) -> list[Saved]:
        judged = [self._judged(one) for one in batch]
        with self._store.write() as conn:
            mine = self._still_ours(conn, judged)
            if network_down:
                rows, found = [uncharged(polled) for polled, _ in mine], {}
                saved = [Saved(polled.leased.feed.url, failed=OUR_NETWORK_DOWN) for polled, _ in mine]
            else:
                found = self._save_entries(conn, mine)
                rows = self._outcomes(conn, mine, found)
                saved = [_saved(polled, found.get(polled.leased.feed.id)) for polled, _ in mine]
            feeds.save_outcomes(conn, rows, {feed_id: len(changed.new) for feed_id, changed in found.items()})
            hosts.save(conn, news.states)
            turns.note_requests(conn, news.asked, clock.utc_now())
        return saved

    def _still_ours(self, conn: Connection, batch: Sequence[Polled]) -> list[tuple[Polled, FeedConfig]]:
        held = feeds.still_held(conn, {one.leased.feed.id: one.leased.generation for one in batch})
        return [
            (one, self._feeds[one.leased.feed.url])
            for one in batch
            if one.leased.feed.id in held and one.leased.feed.url in self._feeds
        ]

    def _save_entries(self, conn: Connection, mine: Sequence[tuple[Polled, FeedConfig]]) -> dict[int, Changes]:
        """What changed, by feed id, of the feeds whose body was parsed."""
        brought = [(one, one.parsed) for one, _ in mine if one.parsed is not None]
        known = known_entries(conn, brought)
        found: dict[int, Changes] = {}
        for one, parsed in brought:
            feed_id, partial = one.leased.feed.id, one.push is not None
            found[feed_id] = changes(known[feed_id], parsed, one.at, released=one.released, partial=partial)
            if partial and found[feed_id].edited:  # hubs deliver again what failed before, after what came later
                late = entries.overtaken(conn, found[feed_id].edited)
                found[feed_id] = found[feed_id].without_edits(late)
        new = [Arrivals(one.leased.feed.id, found[one.leased.feed.id].new, one.at) for one, _ in brought]
        entries.insert_new(conn, new)
        for one, _ in brought:
            entries.save_edited(conn, found[one.leased.feed.id].edited, one.at)
            entries.save_reissued(conn, found[one.leased.feed.id].reissued)
        return found

    def _outcomes(
        self, conn: Connection, mine: Sequence[tuple[Polled, FeedConfig]], found: Mapping[int, Changes]
    ) -> list[PollOutcome]:
        hubs = websub.of_feeds(conn, [polled.leased.feed.id for polled, _ in mine])
        rows: list[PollOutcome] = []
        renamed = False
        for polled, feed in mine:
            changed = found.get(polled.leased.feed.id)
            until = _follow_hub(conn, polled, hubs.get(polled.leased.feed.id, []), changed)
            spread = random.random()  # noqa: S311
            rows.append(outcome_of(polled, changed, feed, self._config.polling, spread, pushed_until=until))
            renamed |= rows[-1].title != polled.leased.feed.title and not (feed.outlet or feed.name)
        if renamed:
            feeds.note_change(conn)
        return rows

    def _judged(self, polled: Polled) -> Polled:
        feed = self._feeds.get(polled.leased.feed.url)
        if polled.parsed is None or feed is None or not (feed.language or feed.keep or feed.drop):
            return polled
        return replace(polled, parsed=self._kept(polled.parsed, feed))

    def _kept(self, parsed: ParsedFeed, feed: FeedConfig) -> ParsedFeed:
        """Without what `keep` and `drop` leave out, and in the language that feeds.yaml gives to a silent feed."""
        chosen = list(zip(parsed.entries, parsed.identities, strict=True))
        if feed.language:
            chosen = [(replace(e, language=e.language or feed.language), identity) for e, identity in chosen]
        if self._filters and feed.url in self._filters:  # keywords inflect by the entry's language
            accepts = self._filters.accepts
            chosen = [(entry, identity) for entry, identity in chosen if accepts(feed.url, entry)[0]]
        kept, identities = tuple(entry for entry, _ in chosen), tuple(identity for _, identity in chosen)
        return replace(parsed, entries=kept, identities=identities)

    def _give_up(self, polled: Polled, error: Exception) -> list[Saved]:
        """What this feed brought can't be stored: the feed fails like one that can't be read.

        When even that can't be stored, it is the database's fault and not the feed's.
        """
        refusal = error.__cause__ if isinstance(error, StorageError) else error
        if isinstance(refusal, DBAPIError):
            reason = f"its entries can't be stored: {refusal.orig}".splitlines()[0]
        else:
            shown = without_credentials(polled.leased.feed.url)
            log.error("storing %s failed in a way that it never should", shown, exc_info=error)
            reason = f"this program failed to store it ({type(error).__name__}); please report this"
        result = FetchFailed(kind=FailureKind.NOT_A_FEED, reason=printable(reason), url=polled.leased.feed.url)
        return self._save([replace(polled, result=result, parsed=None, body_hash=None)], NO_NEWS, False)


def _filters(config: Config) -> EntryFilters | None:
    """Of the feeds that have keep or drop. Most have neither, and words take long to load."""
    lists = {str(feed.url): (feed.keep, feed.drop) for feed in config.feeds if feed.keep or feed.drop}
    if not lists:
        return None
    from aggregator.text.filters import EntryFilters  # noqa: PLC0415

    return EntryFilters(lists)


def _follow_hub(
    conn: Connection, polled: Polled, known: list[Subscription], changed: Changes | None
) -> datetime | None:
    """Note what this tells of the feed's hub; gives until when its pushes stand in for polls."""
    if polled.push is not None:
        websub.pushed(conn, polled.push, polled.at)
        known = [replace(one, pushed_at=polled.at) if one.id == polled.push.id else one for one in known]
    elif polled.parsed is not None and changed is not None and isinstance(polled.result, Fetched):
        websub.set_offers(conn, polled.leased.feed.id, known, offers_of(polled.result, polled.parsed.meta), polled.at)
        if hub_was_silent(changed, polled.at):
            for one in known:
                websub.pushed(conn, one, None)
            return None
    return trusted_until(known, polled.at)


def _saved(polled: Polled, changed: Changes | None) -> Saved:
    url = polled.leased.feed.url
    if polled.failed is not None:
        return Saved(url, failed=polled.failed.reason)
    return Saved(url, len(changed.new) if changed else 0, len(changed.edited) if changed else 0)
