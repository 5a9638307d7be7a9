"""What the store knows of the entries that a batch of polls brought, asked for in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from aggregator.poll.identity import NEW_PER_DAY, KnownEntries, Lookup, lookup
from aggregator.poll.outcome import Polled
from aggregator.poll.parse.result import ParsedFeed
from aggregator.store import entries
from aggregator.store.entries import KnownEntry

_MANY = 2_000
"""Entries of one feed that are all compared with re-issued ones; of larger feeds, those of the last days are."""
_LAST_DAYS = timedelta(days=14)


def known_entries(conn: Connection, brought: Sequence[tuple[Polled, ParsedFeed]]) -> dict[int, KnownEntries]:
    """By feed id. A feed whose first entries these are costs no statement, nor does a bound that can't be reached."""
    known = {polled.leased.feed.id: KnownEntries() for polled, _ in brought}
    before = [(polled, parsed, lookup(parsed)) for polled, parsed in brought if _had_entries(polled)]
    stored = entries.known(conn, {polled.leased.feed.id: wanted.identity_hashes for polled, _, wanted in before})
    fresh = [one for one in before if len(stored.get(one[0].leased.feed.id, ())) < len(one[1].entries)]
    alike = _look_alikes(conn, fresh)
    pruned = entries.pruned_among(conn, {polled.leased.feed.id: wanted.identity_hashes for polled, _, wanted in fresh})
    for polled, parsed, wanted in before:
        feed = polled.leased.feed
        by_name = stored.get(feed.id, [])
        have = {one.id for one in by_name}
        known[feed.id] = KnownEntries(
            entries=[
                *by_name,
                *(one for one in alike.get(feed.id, ()) if one.id not in have and _asked_for(one, wanted)),
            ],
            pruned=pruned.get(feed.id, frozenset()),
            total=feed.entries or 1,
            new_today=_new_today(conn, polled, parsed),
            last_new_at=feed.last_new_entry_at,
        )
    return known


def _had_entries(polled: Polled) -> bool:
    feed = polled.leased.feed
    return feed.entries > 0 or feed.last_new_entry_at is not None


def _look_alikes(conn: Connection, fresh: Sequence[tuple[Polled, ParsedFeed, Lookup]]) -> dict[int, list[KnownEntry]]:
    found: dict[int, list[KnownEntry]] = {}
    for large in (False, True):
        asking = [one for one in fresh if one[0].leased.feed.entries and large == (one[0].leased.feed.entries > _MANY)]
        if asking:
            names = frozenset().union(*(wanted.urls | wanted.titles for _, _, wanted in asking))
            since = min(polled.at for polled, _, _ in asking) - _LAST_DAYS if large else None
            found |= entries.look_alikes(conn, [one[0].leased.feed.id for one in asking], names, since=since)
    return found


def _asked_for(one: KnownEntry, wanted: Lookup) -> bool:
    return one.url in wanted.urls or one.title in wanted.titles


def _new_today(conn: Connection, polled: Polled, parsed: ParsedFeed) -> int:
    feed = polled.leased.feed
    if feed.entries + len(parsed.entries) <= NEW_PER_DAY:
        return 0
    return entries.count_new_since(conn, feed.id, polled.at - timedelta(days=1))
