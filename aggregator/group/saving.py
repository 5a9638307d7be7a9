"""What a batch came to, in the store's terms: stories by id and key, evidence, the fields of the stories it touched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from aggregator.group.placing import Placements
from aggregator.group.stories.clusterer import Move, Placed
from aggregator.group.stories.fields import Member, fields_of
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.window import to_store
from aggregator.model import Entry, Feed, StoryEvidence
from aggregator.store import entries as stored_entries
from aggregator.store import feeds as stored_feeds
from aggregator.store import grouping
from aggregator.text.language import UNKNOWN

IDLE = timedelta(seconds=SHIPPED.idle)
"""A story is closed when nothing was added for so long."""


def save_places(conn: Connection, placements: Placements, now: datetime) -> tuple[set[int], set[int]]:
    """Write where the entries of a batch went. Ids of the stories that are new, and of all that changed."""
    stored = grouping.stories_founded_by(conn, placements.spoken_of())
    founders = _founders(conn, set(placements.story_of.values()) - set(stored), placements)
    languages = {placements.story_of[entry.id]: language for entry, language, _ in placements.placed}
    languages |= {move.to: language for language, move in placements.moves}
    rows = [_new_story(founder, languages[founder.id]) for _, founder in sorted(founders.items())]
    inserted = grouping.insert_stories(conn, rows)
    ids = {founder: story_id for founder, (story_id, _) in stored.items()} | inserted
    for gone in sorted(placements.merged.keys() & stored.keys()):
        grouping.merge_story(conn, ids[gone], ids[placements.merged[gone]])
    keys = {founder: key for founder, (_, key) in stored.items()}
    keys |= {id_: one.key for id_, one in founders.items()} | {one.id: one.key for one, _, _ in placements.placed}
    # Told apart and merged again within this batch: one that was never stored, and that evidence names all the same.
    passing = sorted(placements.spoken_of() - keys.keys())
    keys |= {id_: one.key for id_, one in stored_entries.by_ids(conn, passing).items()}
    _save_entries(conn, placements, ids, keys, now)
    touched = {*placements.story_of.values(), *(move.story for _, move in placements.moves)} - set(placements.merged)
    return set(inserted.values()), {ids[founder] for founder in touched}


def _founders(conn: Connection, wanted: set[int], placements: Placements) -> dict[int, Entry]:
    batch = {entry.id: entry for entry, _, _ in placements.placed}
    return {id_: batch[id_] for id_ in wanted & batch.keys()} | stored_entries.by_ids(
        conn, sorted(wanted - batch.keys())
    )


def _save_entries(
    conn: Connection, placements: Placements, ids: Mapping[int, int], keys: Mapping[int, str], now: datetime
) -> None:
    story = {entry_id: ids[founder] for entry_id, founder in placements.story_of.items()}
    placed = [(entry.id, story[entry.id], _evidence(placed, keys)) for entry, _, placed in placements.placed]
    grouping.save_placed(conn, placed, now)
    # After that: an entry may have been moved by a later one of its batch, and then that is why it is where it is.
    moved = [(id_, story[id_], _moved_evidence(move, keys)) for _, move in placements.moves for id_ in move.entries]
    grouping.save_moved(conn, moved)
    rows = [to_store(placed.row, language) for _, language, placed in placements.placed]
    grouping.save_window(conn, rows, placements.dropped)


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


def save_fields(conn: Connection, story_ids: set[int], now: datetime) -> set[int]:
    """Work out again what follows from the entries of stories; ids of those in which a reader would see a change."""
    members = grouping.members(conn, story_ids)
    feeds = stored_feeds.by_ids(conn, sorted({member.feed_id for found in members.values() for member in found}))
    values = {}
    for story_id, found in members.items():
        fields = fields_of([member_of(member, feeds[member.feed_id]) for member in found])
        columns = {name: getattr(fields, name) for name in fields.__dataclass_fields__}
        values[story_id] = columns | {"closed": fields.last_seen < now - IDLE, "merged_into": None}
    differing = grouping.differing(conn, values)
    grouping.update_stories(conn, {story_id: values[story_id] for story_id in differing})
    return {story_id for story_id, names in differing.items() if names != {"closed"}}


def member_of(stored: grouping.StoryMember, feed: Feed) -> Member:
    """A stored entry of a story as `fields_of` takes it."""
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
