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
        row = Row(newest.id, newest.feed_id, int(newest.sort_at.timestamp()), ("wheat",), array("H", [1000]))
        placements = Placements()
        placements.add(newest, "en", Placed(row, newest.id, 1.0, moves=(apart, joined)))
        save_places(conn, placements, NOW)
        assert stories.evidence_of(conn, [second.id])[second.id].moved_from == second.key
        found = {entry.id: entry.story_id for entry in entries.recent(conn)}
    assert found[second.id] == found[newest.id] != found[first.id]
