"""Stories as they are read back, on each database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.config.models import FeedConfig
from aggregator.model import EntryContent, StoryEvidence, TopicMatch, identity_hash
from aggregator.store import entries, feeds, grouping, stories, tables
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, NewEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEEDS = [FeedConfig(url="http://a/"), FeedConfig(url="http://b/")]


def add(
    store: Store, *members: int, hours: int = 0, topics: tuple[str, ...] = (), feed_id: int = 1, texts: int = 1
) -> int:
    """A story of entries that are named by their numbers; its id."""
    at = NOW + timedelta(hours=hours)
    with store.write() as conn:
        feeds.sync(conn, FEEDS)
        for number in members:
            content = EntryContent(title=f"Title {number}", text="Text")
            new = NewEntry(str(number), identity_hash(str(number)), 0, at + timedelta(minutes=number), content)
            entries.insert_new(conn, [Arrivals(feed_id, [new], at)])
        waiting = grouping.ungrouped(conn, 100)
        (story,) = grouping.insert_stories(conn, [_row(waiting[0].id, waiting[0].key, at, topics, texts)]).values()
        placed = [(entry.id, story, StoryEvidence(0.5)) for entry in waiting]
        grouping.save_placed(conn, placed, at)
        grouping.save_topics(conn, [(entry, tuple(TopicMatch(topic, 1.0) for topic in topics)) for entry in waiting])
    return story


def _row(founder: int, key: str, at: datetime, topics: tuple[str, ...], texts: int = 1) -> dict[str, object]:
    return {
        "key": key,
        "founder_id": founder,
        "title": f"Story {founder}",
        "lead_id": founder,
        "outlets": ["A"],
        "origins": texts,
        "topics": list(topics),
        "first_seen": at,
        "last_seen": at,
        "updated": at,
        "growth": [6, 2],
        "closed": False,
    }


def ids(store: Store, **wanted: object) -> list[int]:
    with store.read() as conn:
        return [story.id for story in stories.recent(conn, **wanted)]  # type: ignore[arg-type]


def test_entries_are_read_without_their_html_to_be_grouped(store: Store) -> None:
    content = EntryContent(title="Title", text="Text", summary="<p>Te</p>", content="<p>Text</p>", language="en")
    with store.write() as conn:
        feeds.sync(conn, FEEDS)
        entries.insert_new(conn, [Arrivals(1, [NewEntry("1", identity_hash("1"), 0, NOW, content)], NOW)])
        (read,) = grouping.ungrouped(conn, 100)
    assert (read.title, read.text, read.summary, read.content) == ("Title", "Text", "", "")
    assert (read.language, read.feed_url, read.sort_at) == ("en", "http://a/", NOW)


def test_newest_stories_come_first(store: Store) -> None:
    old, new, same = add(store, 1, hours=1), add(store, 2, hours=3), add(store, 3, hours=3)
    assert ids(store) == [same, new, old]
    assert ids(store, limit=1) == [same]
    assert ids(store, since=NOW + timedelta(hours=2)) == [same, new]


def test_untaken_stories_are_those_of_several_texts_whose_news_is_recent_however_late_it_was_polled(
    store: Store,
) -> None:
    add(store, 1, hours=-48, texts=3)
    add(store, 2)
    add(store, 3, texts=2, topics=("A",))
    told = [add(store, 4, texts=2), add(store, 5, texts=3)]
    with store.write() as conn:
        conn.execute(tables.stories.update().values(updated=NOW + timedelta(days=9)))
        found = stories.untaken(conn, since=NOW - timedelta(hours=1), limit=9)
    assert [story.id for story in found] == told[::-1]


def test_story_is_read_back_with_its_entries_in_order(store: Store) -> None:
    story_id = add(store, 3, 1, 2, topics=("Aid",))
    with store.read() as conn:
        (story,) = stories.recent(conn)
        members = stories.entries_of(conn, [story_id])[story_id]
        assert stories.by_ids(conn, [story_id, 99]) == {story_id: story}
        assert stories.keys(conn, [story_id, 99]) == {story_id: story.key}
    assert [entry.title for entry in members] == ["Title 1", "Title 2", "Title 3"]
    assert story.entry_ids == tuple(entry.id for entry in members)
    assert (story.growth, story.topics, story.outlets) == ((6, 2), ("Aid",), ("A",))
    assert story.atom_id.startswith("urn:uuid:")


def test_topic_is_found_by_its_whole_name_only(store: Store) -> None:
    aid = add(store, 1, topics=("Aid", 'Air "defense"'))
    more = add(store, 2, topics=("Aid pledges", "100%", "Протиповітряна оборона"))
    assert ids(store, topic="Aid") == [aid]
    assert ids(store, topic='Air "defense"') == [aid]
    assert ids(store, topic="100%") == ids(store, topic="Протиповітряна оборона") == [more]
    assert ids(store, topic="1%") == ids(store, topic="Ai_") == []


def test_story_of_a_feed_that_left_is_not_shown(store: Store) -> None:
    kept, _ = add(store, 1), add(store, 2, feed_id=2)
    with store.write() as conn:
        feeds.sync(conn, FEEDS[:1])
    assert ids(store) == [kept]


def test_key_of_a_merged_story_leads_to_the_last_that_took_it(store: Store) -> None:
    first, second, third = add(store, 1), add(store, 2), add(store, 3)
    with store.write() as conn:
        keys = stories.keys(conn, [first, second, third])
        grouping.merge_story(conn, first, second)
        grouping.merge_story(conn, second, third)
    with store.read() as conn:
        found = stories.get(conn, keys[first])
        assert found is not None
        assert found.id == third
        assert len(found.entry_ids) == 3
        assert stories.merged(conn, [third]) == {keys[first]: third, keys[second]: third}
        assert stories.merged(conn, [second]) == {keys[first]: second}
        assert stories.get(conn, "nowhere") is None
    assert ids(store) == [third]


def test_evidence_is_read_back_whole(store: Store) -> None:
    add(store, 1)
    whole = StoryEvidence(
        0.25, ("macron", "radar"), ("0123456789abcdef", 0.2), copy_of=7, moved_from="fedcba9876543210"
    )
    with store.write() as conn:
        (entry,) = entries.recent(conn)
        grouping.save_placed(conn, [(entry.id, entry.story_id or 0, whole)], NOW)
        assert stories.evidence_of(conn, [entry.id, 99]) == {entry.id: whole}
        grouping.save_moved(conn, [(entry.id, entry.story_id or 0, StoryEvidence(0.1, moved_from="a"))])
        assert stories.evidence_of(conn, [entry.id])[entry.id] == StoryEvidence(0.1, copy_of=7, moved_from="a")


def test_story_without_entries_goes_with_retention(store: Store) -> None:
    old, new = add(store, 1, hours=-48), add(store, 2)
    with store.write() as conn:
        keys = stories.keys(conn, [old, new])
        entries.prune(conn, NOW - timedelta(hours=24), 10)
        assert stories.prune(conn, NOW - timedelta(hours=24)) == 1
        assert stories.keys(conn, [old, new]) == {new: keys[new]}


def test_story_that_took_a_merged_one_stays_as_long_as_that_leads_to_it(store: Store) -> None:
    gone, kept = add(store, 1, hours=-48), add(store, 2, hours=-48)
    with store.write() as conn:
        grouping.merge_story(conn, gone, kept)
        entries.prune(conn, NOW - timedelta(hours=24), 10)
        assert [stories.prune(conn, NOW - timedelta(hours=24)) for _ in range(3)] == [1, 1, 0]


def test_oldest_entry_leads_when_retention_took_the_lead(store: Store) -> None:
    add(store, 1, 2)
    with store.write() as conn:
        lead = stories.recent(conn)[0].lead_id
        entries.prune(conn, NOW + timedelta(hours=1), 1)
    with store.read() as conn:
        (story,) = stories.recent(conn)
    assert story.lead_id != lead
    assert story.lead_id == story.entry_ids[0]
