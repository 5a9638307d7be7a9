"""What a batch came to is written whole, also where stories came and went within it."""

from array import array
from datetime import UTC, datetime, timedelta

from aggregator.config.models import Config
from aggregator.group.grouper import group
from aggregator.group.placing import Placements
from aggregator.group.saving import save_places
from aggregator.group.stories.clusterer import Move, Placed
from aggregator.group.stories.vectors import Row
from aggregator.model import EntryContent, identity_hash
from aggregator.store import entries, feeds, stories
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, NewEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIG = Config.model_validate({"feeds": [{"url": f"https://{name}.example/"} for name in "abc"]})
TITLE = "Patriot launchers reach Odesa from the Netherlands and Norway"


def add(store: Store, number: int, title: str) -> None:
    at = NOW + timedelta(minutes=number)
    new = NewEntry(str(number), identity_hash(str(number)), 0, at, EntryContent(title=title, text=title))
    with store.write() as conn:
        feeds.sync(conn, CONFIG.feeds)
        entries.insert_new(conn, [Arrivals(number, [new], at)])


def test_story_that_was_told_apart_and_merged_in_one_batch_is_named_as_evidence(store: Store) -> None:
    add(store, 1, TITLE)
    add(store, 2, TITLE)
    group(store, CONFIG, NOW)
    add(store, 3, "Wheat exports through the Black Sea reach a new high")
    with store.write() as conn:
        newest, second, first = entries.recent(conn)
        assert first.story_id == second.story_id
        apart = Move((second.id,), story=first.id, to=second.id, merged=False, similarity=0.1, terms=("odesa",))
        joined = Move((second.id,), story=second.id, to=newest.id, merged=True, similarity=0.5, terms=("odesa",))
        row = Row(
            newest.id, newest.feed_id, int(newest.sort_at.timestamp()), ("wheat",), array("H", [1000]), array("I")
        )
        placements = Placements()
        placements.add(newest, "en", Placed(row, newest.id, 1.0, moves=(apart, joined)))
        save_places(conn, placements, NOW)
        assert stories.evidence_of(conn, [second.id])[second.id].moved_from == second.key
        found = {entry.id: entry.story_id for entry in entries.recent(conn)}
    assert found[second.id] == found[newest.id] != found[first.id]


def test_entry_that_a_later_one_of_its_batch_moves_tells_of_the_merge(store: Store) -> None:
    add(store, 1, TITLE)
    group(store, CONFIG, NOW)
    add(store, 2, "Launchers unloaded in a Black Sea port")
    add(store, 3, "Patriot launchers unloaded in Odesa")
    with store.write() as conn:
        newest, second, first = entries.recent(conn)
        merged = Move((second.id,), story=second.id, to=first.id, merged=True, similarity=0.2, terms=("launcher",))
        placements = Placements()
        for one, story, moves in ((second, second.id, ()), (newest, first.id, (merged,))):
            row = Row(one.id, one.feed_id, int(one.sort_at.timestamp()), ("launcher",), array("H", [1000]), array("I"))
            placements.add(one, "en", Placed(row, story, 1.0, copy_of=first.id, moves=moves))
        save_places(conn, placements, NOW)
        why = stories.evidence_of(conn, [second.id])[second.id]
    assert (why.moved_from, why.terms, why.copy_of) == (second.key, ("launcher",), first.id)
