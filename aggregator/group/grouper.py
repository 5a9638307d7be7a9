"""The group stage's way through the store.

entries that wait, oldest first, a batch at a time
    match topics        pure    group.topics
    place in stories    pure    group.placing, over the window of the last days
    save                store   one transaction: topics, stories, evidence, window
entries of old, newest first, if the topics were edited since they were matched
    match again, save what differs
stories of old, newest first, if the feeds' names, outlets or priorities were edited
    work out their fields again
close the stories that nothing was added to for some days

Any batch may be the last (Ctrl-C): what it saved is whole, and the next call goes on there. When another process has
saved a batch since the window was read, the batch is undone, the window is read again, and the batch is tried again.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from aggregator.config.applied import Applied
from aggregator.config.models import Config
from aggregator.group import topics as topics_module
from aggregator.group.placing import Placing
from aggregator.group.saving import IDLE, save_fields, save_places
from aggregator.group.topics import TopicMatcher
from aggregator.group.walks import TOPICS as _TOPICS
from aggregator.group.walks import Walk
from aggregator.group.window import row_of
from aggregator.model import Entry, Feed, TopicMatch
from aggregator.store import feeds as stored_feeds
from aggregator.store import grouping, meta
from aggregator.store.database import Store

BATCH = 1_000
"""Entries, or stories, in one transaction."""
_FEEDS = Walk("walk.feeds")

Progress = Callable[[int, int], None]
"""Is told how many entries are done, and of how many."""
_Matched = list[tuple[Entry, tuple[TopicMatch, ...]]]


@dataclass(slots=True, kw_only=True)
class GroupReport:
    """What one `aggregator group` did."""

    entries: int = 0  # new and edited ones
    topics: int = 0  # matches of topics with them
    rematched: int = 0  # entries of old that were read again because the topics were edited
    left: int = 0  # entries of old that a later call will read again
    stories_new: int = 0
    stories_changed: int = 0  # those that another entry came into, or in which a reader would see something else
    seconds: float = 0.0


def group(store: Store, config: Config, now: datetime, progress: Progress | None = None) -> GroupReport:
    """Give every entry that waits its topics and its story, then bring what is stored up to an edited feeds.yaml.

    Does nothing when nothing waits. Safe beside polls and beside other processes that group.
    """
    return Grouper(store).run(config, now, progress)


class Grouper:
    """`group` for a process that calls it again and again: the compiled topics and the window are kept between calls.

    What is kept is only a cache: it is read again when the topics were edited or another process has grouped.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._matcher: tuple[str, TopicMatcher] | None = None
        self._window: tuple[int, Placing] | None = None
        self._wished: tuple[Config, tuple[str, str]] | None = None

    def run(
        self, config: Config, now: datetime, progress: Progress | None = None, *, walk_for: float = math.inf
    ) -> GroupReport:
        """See `group`. After `walk_for` seconds what is old is left to the next call, and what is new is done."""
        started = time.monotonic()
        work = _Work(now)
        total = self._begin(config)
        while self._group_batch(config, work) or (
            time.monotonic() < started + walk_for and (self._rematch_batch(config, work) or self._refresh_batch(work))
        ):
            if progress is not None:
                done = work.report.entries + work.report.rematched
                total = max(total, done)
                progress(done, total)
        self._close_idle(now)
        if work.report.rematched:
            with self._store.read() as conn:
                work.report.left = grouping.count_older_than(conn, _TOPICS.below(conn))
        work.report.stories_new = len(work.new)
        work.report.stories_changed = len(work.changed - work.new)
        work.report.seconds = time.monotonic() - started
        return work.report

    def _begin(self, config: Config) -> int:
        """Begin the walks that edits ask for. How many entries are before us; without work, nothing is written."""
        topics, applied = self._wishes(config)
        with self._store.read() as conn:
            feeds = stored_feeds.version(conn)
            walked = _TOPICS.is_made_with(conn, topics) and _FEEDS.is_made_with(conn, feeds)
            begun = walked and meta.get(conn, meta.APPLIED) == applied
        if not begun:
            with self._store.write() as conn:
                grouping.prepare(conn)
                _TOPICS.start(conn, topics, grouping.newest_id(conn))
                _FEEDS.start(conn, feeds, grouping.newest_story_id(conn))
                meta.put(conn, meta.APPLIED, applied)
        with self._store.read() as conn:  # counting takes its time, in which others may write
            return grouping.count_ungrouped(conn) + grouping.count_older_than(conn, _TOPICS.below(conn))

    def _wishes(self, config: Config) -> tuple[str, str]:
        """What edits of feeds.yaml are known by; worked out once for each, since there may be many feeds in it."""
        if self._wished is None or self._wished[0] is not config:
            self._wished = config, (_topics_hash(config), Applied.of(config).to_text())
        return self._wished[1]

    def _group_batch(self, config: Config, work: _Work) -> bool:
        """Group the next entries that wait; False when there were none."""
        with self._store.read() as conn:
            entries = grouping.ungrouped(conn, BATCH)
            if not entries:
                return False
            generation, placing = self._read_window(conn)
            feeds = stored_feeds.by_ids(conn, sorted({entry.feed_id for entry in entries}))
        matched = self._match(config, entries, feeds)
        self._window = None  # until the batch is saved: the store does not know its places yet
        placements = placing.place([entry for entry in entries if entry.story_id is None])
        with self._store.write() as conn:
            if grouping.generation(conn, lock=True) != generation:
                return True
            grouping.save_topics(conn, matched)
            new, touched = save_places(conn, placements, work.now)
            of_known = {entry.story_id for entry in entries if entry.story_id is not None}
            grouping.save_grouped(conn, [entry.id for entry in entries if entry.story_id is not None], work.now)
            changed = touched | save_fields(conn, touched | of_known, work.now)
            grouping.save_generation(conn, generation + 1)
        self._window = generation + 1, placing
        work.new |= new
        work.changed |= changed
        work.report.entries += len(entries)
        work.report.topics += sum(len(matches) for _, matches in matched)
        return True

    def _rematch_batch(self, config: Config, work: _Work) -> bool:
        """Match the next entries of old with the topics as they are now; False when all are."""
        with self._store.read() as conn:
            below = _TOPICS.below(conn)
            entries = grouping.older_than(conn, below, BATCH) if below else []
            feeds = stored_feeds.by_ids(conn, sorted({entry.feed_id for entry in entries}))
        if not below:
            return False
        differing = [one for one in self._match(config, entries, feeds) if set(one[0].topics) != set(one[1])]
        touched = {entry.story_id for entry, _ in differing if entry.story_id is not None}
        with self._store.write() as conn:
            grouping.save_topics(conn, differing)
            changed = save_fields(conn, touched, work.now)
            _TOPICS.go_on(conn, entries[-1].id if entries else 0)
        work.changed |= changed
        work.report.rematched += len(entries)
        return True

    def _refresh_batch(self, work: _Work) -> bool:
        """Work out the fields of the next stories of old again; False when all are."""
        with self._store.read() as conn:
            below = _FEEDS.below(conn)
        if not below:
            return False
        with self._store.write() as conn:
            stories = grouping.stories_below(conn, below, BATCH)
            changed = save_fields(conn, set(stories), work.now)
            _FEEDS.go_on(conn, stories[-1] if stories else 0)
        work.changed |= changed
        return True

    def _close_idle(self, now: datetime) -> None:
        with self._store.read() as conn:
            if not grouping.has_idle(conn, now - IDLE):
                return
        with self._store.write() as conn:
            grouping.close_idle(conn, now - IDLE)

    def _match(self, config: Config, entries: Iterable[Entry], feeds: Mapping[int, Feed]) -> _Matched:
        topics = _topics_hash(config)
        if self._matcher is None or self._matcher[0] != topics:
            self._matcher = topics, TopicMatcher(config.topics)
        match = self._matcher[1].match
        return [(entry, match(entry, feeds[entry.feed_id].name, feeds[entry.feed_id].url)) for entry in entries]

    def _read_window(self, conn: Connection) -> tuple[int, Placing]:
        generation = grouping.generation(conn)
        if self._window is not None and self._window[0] == generation:
            return self._window
        placing = Placing()
        for stored, founder in grouping.window(conn):
            placing.restore(stored.language, row_of(stored), founder)
        return generation, placing


@dataclass(slots=True)
class _Work:
    """What one run has come to so far."""

    now: datetime
    report: GroupReport = field(default_factory=GroupReport)
    new: set[int] = field(default_factory=set)  # story ids
    changed: set[int] = field(default_factory=set)


def _topics_hash(config: Config) -> str:
    """Of all that matches follow from: the topics, and how this version of the program matches."""
    topics = {name: topic.model_dump(mode="json") for name, topic in config.topics.items()}
    return hashlib.sha256(json.dumps([topics_module.VERSION, topics], sort_keys=True).encode()).hexdigest()
