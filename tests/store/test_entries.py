from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from aggregator.config.models import FeedConfig
from aggregator.model import Enclosure, EntryContent, HostState, Person, SourceRef, Span, TopicMatch, identity_hash
from aggregator.store import entries, feeds, hosts, meta
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, EditedEntry, NewEntry, ReissuedEntry
from aggregator.store.tables import entry_topics

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FULL = EntryContent(
    title="Patriots for Kyiv",
    url="http://a/1",
    summary="<p>Short</p>",
    content="<p>Long</p>",
    text="Long",
    authors=(Person("Ann", "ann@a.example", None),),
    categories=("War",),
    enclosures=(Enclosure("http://a/1.mp3", "audio/mpeg", 12),),
    image_url="http://a/1.png",
    comments_url="http://a/1#c",
    language="en",
    source=SourceRef("Wire", "http://wire/"),
    published=NOW - timedelta(hours=1),
    updated=NOW,
)


def new(identity: str, at: datetime = NOW) -> NewEntry:
    return NewEntry(identity, identity_hash(identity), 7, at, FULL)


def fill(store: Store, *identities: str) -> None:
    with store.write() as conn:
        feeds.sync(conn, [FeedConfig(url="http://a/")])
        for n, identity in enumerate(identities):
            at = NOW + timedelta(minutes=n)
            entries.insert_new(conn, [Arrivals(1, [new(identity, at)], at)])


def test_entry_is_read_back_as_it_was_saved(store: Store) -> None:
    fill(store, "g1")
    with store.read() as conn:
        (entry,) = entries.recent(conn)
    for name in EntryContent.__dataclass_fields__:
        assert getattr(entry, name) == getattr(FULL, name), name
    assert (entry.feed_url, entry.guid, entry.revision, entry.changed_at) == ("http://a/", "g1", 1, NOW)


def test_same_guid_is_stored_once(store: Store) -> None:
    fill(store, "g1")
    fill(store, "g1", "g2")
    with store.read() as conn:
        assert [entry.guid for entry in entries.recent(conn)] == ["g2", "g1"]


def test_known_tells_the_identities_that_the_feed_has_had(store: Store) -> None:
    fill(store, "g1", "g2")
    with store.read() as conn:
        hashes = list(map(identity_hash, ["g2", "g3", "é" * 5000]))
        found = entries.known(conn, {1: hashes, 2: [identity_hash("g1")]})
        ((feed_id, (one,)),) = found.items()
        assert (feed_id, one.identity_hash, one.content_hash, one.url) == (1, identity_hash("g2"), 7, "http://a/1")
        assert entries.known(conn, {}) == {}


def test_known_of_one_feed_is_not_what_another_asks_for(store: Store) -> None:
    fill(store, "g1", "g2")
    with store.read() as conn:
        found = entries.known(conn, {1: [identity_hash("g1")], 2: [identity_hash("g2")]})
        assert {feed_id: [one.identity_hash for one in of_feed] for feed_id, of_feed in found.items()} == {
            1: [identity_hash("g1")]
        }


def test_entries_of_one_title_or_address_are_found(store: Store) -> None:
    fill(store, "g1", "g2")
    with store.read() as conn:
        for name in (FULL.title, "http://a/1"):
            assert [one.identity_hash for one in entries.look_alikes(conn, [1, 2], [name])[1]] == [
                identity_hash("g1"),
                identity_hash("g2"),
            ]
        lately = entries.look_alikes(conn, [1], [FULL.title], since=NOW + timedelta(minutes=1))
        assert [one.identity_hash for one in lately[1]] == [identity_hash("g2")]
        assert entries.look_alikes(conn, [1], ["another"]) == {}


def test_entry_of_one_title_and_one_address_is_found_once_however_many_are_asked_for(store: Store) -> None:
    fill(store, "g1")
    with store.read() as conn:
        names = [FULL.title, *map(str, range(600)), "http://a/1"]
        assert len(entries.look_alikes(conn, [1], names)[1]) == 1


def test_edit_keeps_the_old_text_as_a_revision_and_is_grouped_again(store: Store) -> None:
    fill(store, "g1")
    later = NOW + timedelta(hours=2)
    with store.write() as conn:
        (entry,) = entries.recent(conn)
        content = EntryContent(title="Now five Patriots", url="http://a/1", text="New")
        entries.save_edited(conn, [EditedEntry(entry.id, 8, content)], later)
    with store.read() as conn:
        (entry,) = entries.recent(conn)
        (old,) = entries.revisions(conn, entry.id)
    assert (entry.title, entry.revision, entry.changed_at, entry.first_seen) == ("Now five Patriots", 2, later, NOW)
    assert (old.title, old.revision, old.seen_at) == ("Patriots for Kyiv", 1, NOW)


def test_reissued_entry_is_known_by_its_new_guid_and_published_under_its_first(store: Store) -> None:
    fill(store, "old")
    with store.write() as conn:
        (entry,) = entries.recent(conn)
        entries.save_reissued(conn, [ReissuedEntry(entry.id, identity_hash("new"))])
    with store.read() as conn:
        (found,) = entries.known(conn, {1: [identity_hash("new"), identity_hash("old")]})[1]
        assert found.identity_hash == identity_hash("new")
        assert entries.recent(conn)[0].atom_id == entry.atom_id
        assert entries.recent(conn)[0].guid == "old"


def test_pruned_entries_never_come_back_as_new(store: Store) -> None:
    fill(store, "g1", "g2", "g3")
    with store.write() as conn:
        assert entries.prune(conn, NOW + timedelta(minutes=2), 100) == 2
        assert entries.prune(conn, NOW + timedelta(minutes=2), 100) == 0
        hashes = [identity_hash(identity) for identity in ("g1", "g3")]
        assert entries.pruned_among(conn, {1: hashes}) == {1: {hashes[0]}}
        assert [one.identity_hash for one in entries.known(conn, {1: hashes})[1]] == [hashes[1]]


def test_recent_is_newest_first_and_bounded(store: Store) -> None:
    fill(store, "g1", "g2", "g3")
    with store.read() as conn:
        assert [entry.guid for entry in entries.recent(conn, limit=2)] == ["g3", "g2"]
        assert [entry.guid for entry in entries.recent(conn, since=NOW + timedelta(minutes=1))] == ["g3", "g2"]


def test_entries_of_a_removed_feed_leave_the_listings(store: Store) -> None:
    fill(store, "g1")
    with store.write() as conn:
        feeds.sync(conn, [FeedConfig(url="http://b/")])
        assert entries.recent(conn) == []


def test_topics_come_with_the_entry_best_first(store: Store) -> None:
    fill(store, "g1", "g2")
    with store.write() as conn:
        id_ = entries.recent(conn)[1].id
        rows = [("Aid", 1.0, []), ("Air defense", 2.5, [["title", 0, 8, "air defense"]])]
        conn.execute(
            insert(entry_topics),
            [{"entry_id": id_, "topic": t, "score": s, "spans": spans, "sort_at": NOW} for t, s, spans in rows],
        )
    with store.read() as conn:
        (entry,) = entries.recent(conn, topic="Aid")
    assert entry.topics == (
        TopicMatch("Air defense", 2.5, (Span("title", 0, 8, "air defense"),)),
        TopicMatch("Aid", 1.0),
    )


def test_entry_is_found_by_id_guid_and_address(store: Store) -> None:
    fill(store, "g1")
    with store.read() as conn:
        (entry,) = entries.recent(conn)
        for what in (str(entry.id), "g1", "http://a/1"):
            assert entries.find(conn, what) == [entry]
        assert entries.find(conn, "9" * 30) == []
        assert entries.by_ids(conn, [entry.id, 999]) == {entry.id: entry}


def test_new_entries_of_a_day_are_counted(store: Store) -> None:
    fill(store, "g1", "g2", "g3")
    with store.read() as conn:
        assert entries.count_new_since(conn, 1, NOW + timedelta(minutes=1)) == 2


def test_meta_values_are_replaced(store: Store) -> None:
    with store.write() as conn:
        assert meta.get(conn, "k") is None
        meta.put(conn, "k", "1")
        meta.put(conn, "k", "2")
        assert meta.get(conn, "k") == "2"


def test_hash_of_an_identity_fits_a_signed_number() -> None:
    assert -(2**63) <= identity_hash("\ud800") < 2**63


def test_host_states_are_replaced(store: Store) -> None:
    with store.write() as conn:
        hosts.save(conn, {})
        hosts.save(conn, {"a": HostState("a", NOW, "asked", 1), "b": HostState("b")})
        hosts.save(conn, {"a": HostState("a", None, "", 0)})
        assert hosts.load(conn) == {"a": HostState("a"), "b": HostState("b")}
