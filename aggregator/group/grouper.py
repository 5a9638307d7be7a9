"""The group stage's way through the store.

entries that wait, oldest first, a batch at a time
    match topics        pure    group.topics
    place in stories    pure    group.placing, over the window of the last days
    save                store   one transaction: topics, stories, evidence, window
older entries, newest first, a batch at a time, if the topics were edited since they were matched
    match again, save what differs
close the stories that nothing was added to for some days

Any batch may be the last (Ctrl-C): what it saved is whole. When another process has saved a batch since the window was
read, the batch is undone, the window is read again, and the batch is tried again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from aggregator.config.models import Config, TopicConfig
from aggregator.group.placing import Placements, Placing
from aggregator.group.stories.clusterer import Move, Placed
from aggregator.group.stories.fields import Member, fields_of
from aggregator.group.stories.prints import Prints
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.vectors import Row
from aggregator.group.topics import TopicMatcher
from aggregator.model import Entry, Feed, StoryEvidence, TopicMatch
from aggregator.store import entries as stored_entries
from aggregator.store import feeds as stored_feeds
from aggregator.store import grouping, meta
from aggregator.store.database import Store
from aggregator.text.language import UNKNOWN

BATCH = 500
"""Entries in one transaction."""
_IDLE = timedelta(seconds=SHIPPED.idle)
_MATCHED_WITH = "topics.matched"  # meta: hash of the topics, and the id below which entries wait to be matched again

Progress = Callable[[int, int], None]
"""Is told how many entries are done, and of how many."""
_Matched = list[tuple[Entry, tuple[TopicMatch, ...]]]


@dataclass(slots=True, kw_only=True)
class GroupReport:
    """What one `aggregator group` did."""

    entries: int = 0  # new and edited ones
    topics: int = 0  # matches of topics with them
    rematched: int = 0  # older entries read again because the topics were edited
    stories_new: int = 0
    stories_changed: int = 0
    seconds: float = 0.0


def group(store: Store, config: Config, now: datetime, progress: Progress | None = None) -> GroupReport:
    """Give every entry that waits its topics and its story, then every older one the topics as they are now.

    Does nothing when nothing waits. Safe beside polls and beside other processes that group.
    """
    started = time.monotonic()
    run = _Run(store, TopicMatcher(config.topics), now)
    with store.write() as conn:
        grouping.prepare(conn)
        total = grouping.count_ungrouped(conn) + _start_rematching(conn, config.topics)
    while run.group_batch() or run.rematch_batch():
        if progress is not None:
            done = run.report.entries + run.report.rematched
            total = max(total, done)
            progress(done, total)
    with store.write() as conn:
        grouping.close_idle(conn, now - _IDLE)
    run.report.stories_changed = len(run.changed - run.new)
    run.report.stories_new = len(run.new)
    run.report.seconds = time.monotonic() - started
    return run.report


class _Run:
    """One call of `group`: the matcher, the window and what was counted."""

    def __init__(self, store: Store, matcher: TopicMatcher, now: datetime) -> None:
        self.report = GroupReport()
        self.new: set[int] = set()  # story ids
        self.changed: set[int] = set()
        self._store = store
        self._matcher = matcher
        self._now = now
        self._placing: Placing | None = None
        self._generation = 0

    def group_batch(self) -> bool:
        """Group the next entries that wait; False when there were none."""
        with self._store.read() as conn:
            entries = grouping.ungrouped(conn, BATCH)
            if not entries:
                return False
            if self._placing is None:
                self._placing, self._generation = _read_window(conn)
            feeds = stored_feeds.by_ids(conn, sorted({entry.feed_id for entry in entries}))
        matched = self._match(entries, feeds)
        fresh = [(entry, feeds[entry.feed_id].language) for entry in entries if entry.story_id is None]
        placements = self._placing.place(fresh)
        with self._store.write() as conn:
            if grouping.generation(conn) != self._generation:
                self._placing = None
                return True
            grouping.save_topics(conn, matched)
            new, touched = _save_places(conn, placements, self._now)
            touched |= {entry.story_id for entry in entries if entry.story_id is not None}
            grouping.save_grouped(conn, [entry.id for entry in entries], self._now)
            _save_fields(conn, touched, self._now)
            self._generation += 1
            grouping.save_generation(conn, self._generation)
        self.new |= new
        self.changed |= touched
        self.report.entries += len(entries)
        self.report.topics += sum(len(matches) for _, matches in matched)
        return True

    def rematch_batch(self) -> bool:
        """Match the next older entries with the topics as they are now; False when all are."""
        with self._store.read() as conn:
            topics_hash, below = _rematching(conn)
            entries = grouping.older_than(conn, below, BATCH) if below else []
            feeds = stored_feeds.by_ids(conn, sorted({entry.feed_id for entry in entries}))
        if not below:
            return False
        differing = [one for one in self._match(entries, feeds) if one[0].topics != one[1]]
        touched = {entry.story_id for entry, _ in differing if entry.story_id is not None}
        with self._store.write() as conn:
            grouping.save_topics(conn, differing)
            _save_fields(conn, touched, self._now)
            meta.put(conn, _MATCHED_WITH, f"{topics_hash} {entries[-1].id if entries else 0}")
        self.changed |= touched
        self.report.rematched += len(entries)
        return True

    def _match(self, entries: Iterable[Entry], feeds: Mapping[int, Feed]) -> _Matched:
        return [
            (entry, self._matcher.match(entry, feeds[entry.feed_id].name, feeds[entry.feed_id].url))
            for entry in entries
        ]


def _start_rematching(conn: Connection, topics: Mapping[str, TopicConfig]) -> int:
    """Begin the walk through the archive if the topics are other than those it was matched with; entries to walk."""
    plain = {name: topic.model_dump(mode="json") for name, topic in topics.items()}
    topics_hash = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    matched_with, below = _rematching(conn)
    if matched_with != topics_hash:
        below = grouping.newest_id(conn) + 1 if matched_with else 0
        meta.put(conn, _MATCHED_WITH, f"{topics_hash} {below}")
    return grouping.count_older_than(conn, below) if below else 0


def _rematching(conn: Connection) -> tuple[str, int]:
    """The hash of the topics, and the id below which entries are still to be matched with them; 0 when none is."""
    topics_hash, _, below = (meta.get(conn, _MATCHED_WITH) or " 0").partition(" ")
    return topics_hash, int(below)


def _read_window(conn: Connection) -> tuple[Placing, int]:
    placing = Placing()
    placing.restore(
        (
            stored.language,
            Row(
                stored.entry_id,
                int(stored.at.timestamp()),
                stored.terms,
                stored.weights,
                Prints.unpacked(stored.prints),
            ),
            founder,
        )
        for stored, founder in grouping.window(conn)
    )
    return placing, grouping.generation(conn)


def _save_places(conn: Connection, placements: Placements, now: datetime) -> tuple[set[int], set[int]]:
    """Write where the entries of a batch went. Ids of the stories that are new, and of all that changed."""
    stored = grouping.stories_founded_by(conn, placements.spoken_of())
    languages = {placements.story_of[entry.id]: language for entry, language, _ in placements.placed}
    languages |= {move.to: language for language, move in placements.moves}
    founders = set(placements.story_of.values()) - set(stored)
    entries = stored_entries.by_ids(conn, sorted(founders))
    inserted = grouping.insert_stories(
        conn, [_new_story(entries[founder], languages[founder]) for founder in sorted(founders)]
    )
    ids = {founder: story_id for founder, (story_id, _) in stored.items()} | inserted
    for gone in placements.merged.keys() & stored.keys():
        grouping.merge_story(conn, ids[gone], ids[placements.merged[gone]])
    keys = {founder: key for founder, (_, key) in stored.items()}
    keys |= {entry.id: entry.key for entry, _, _ in placements.placed} | {id_: one.key for id_, one in entries.items()}
    grouping.save_moved(
        conn,
        [
            (entry_id, ids[placements.story_of[entry_id]], _moved_evidence(move, keys))
            for _, move in placements.moves
            for entry_id in move.entries
        ],
    )
    grouping.save_placed(
        conn,
        [
            (entry.id, ids[placements.story_of[entry.id]], _evidence(placed, keys))
            for entry, _, placed in placements.placed
        ],
        now,
    )
    rows = [_window_row(placed, language) for _, language, placed in placements.placed]
    grouping.save_window(conn, rows, placements.dropped)
    touched = set(placements.story_of.values()) | {move.story for _, move in placements.moves} - set(placements.merged)
    return set(inserted.values()), {ids[founder] for founder in touched}


def _new_story(entry: Entry, language: str) -> dict[str, Any]:
    """A story's row before its fields are known."""
    return {
        "key": entry.key,
        "founder_id": entry.id,
        "language": None if language == UNKNOWN else language,
        "title": entry.title,
        "lead_id": entry.id,
        "outlets": [],
        "origins": 1,
        "topics": [],
        "first_seen": entry.sort_at,
        "last_seen": entry.sort_at,
        "updated": entry.changed_at,
        "closed": False,
    }


def _evidence(placed: Placed, keys: Mapping[int, str]) -> StoryEvidence:
    runner_up = placed.runner_up
    return StoryEvidence(
        similarity=round(placed.similarity, 3),
        terms=placed.terms,
        runner_up=(keys[runner_up[0]], round(runner_up[1], 3)) if runner_up else None,
        copy_of=placed.copy_of,
    )


def _moved_evidence(move: Move, keys: Mapping[int, str]) -> StoryEvidence:
    return StoryEvidence(similarity=round(move.similarity, 3), terms=move.terms, moved_from=keys[move.story])


def _window_row(placed: Placed, language: str) -> grouping.WindowRow:
    row = placed.row
    return grouping.WindowRow(
        entry_id=row.entry_id,
        language=language,
        at=datetime.fromtimestamp(row.at, UTC),
        terms=row.terms,
        weights=row.weights,
        prints=row.prints.packed(),
    )


def _save_fields(conn: Connection, story_ids: set[int], now: datetime) -> None:
    """Work out again what follows from the entries of stories."""
    members = grouping.members(conn, story_ids)
    feeds = stored_feeds.by_ids(conn, sorted({member.feed_id for found in members.values() for member in found}))
    values = {}
    for story_id, found in members.items():
        fields = asdict(fields_of([_member(member, feeds[member.feed_id]) for member in found]))
        values[story_id] = fields | {"closed": fields["last_seen"] < now - _IDLE, "merged_into": None}
    grouping.update_stories(conn, values)


def _member(stored: grouping.StoryMember, feed: Feed) -> Member:
    return Member(
        id=stored.id,
        outlet=feed.outlet,
        priority=feed.priority,
        title=stored.title,
        image_url=stored.image_url,
        text_length=stored.text_length,
        sort_at=stored.sort_at,
        changed_at=stored.changed_at,
        copy_of=stored.copy_of,
        topics=stored.topics,
    )
