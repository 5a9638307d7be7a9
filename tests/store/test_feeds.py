import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.config.models import FeedConfig
from aggregator.model import FeedState
from aggregator.store import feeds
from aggregator.store.database import Store
from aggregator.store.feeds import LeasedFeed, PollOutcome

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)


def test_two_programs_that_start_in_one_moment_know_the_same_feeds(store: Store) -> None:
    configs = [FeedConfig.model_validate({"url": f"https://{name}.example/feed"}) for name in "ab"]

    def start() -> None:
        with store.write() as conn:
            feeds.sync(conn, configs)

    with ThreadPoolExecutor(1) as other:
        with store.write() as conn:
            feeds.sync(conn, configs)
            started = other.submit(start)
            time.sleep(0.5)  # it has seen no feed yet, and waits for what is not committed
        started.result(10)
    with store.read() as conn:
        assert [feed.url for feed in feeds.list_all(conn)] == [str(config.url) for config in configs]


def outcome(leased: LeasedFeed, **changes: Any) -> PollOutcome:
    """A quiet poll's outcome, due again in an hour."""
    base = PollOutcome(
        feed_id=leased.feed.id,
        generation=leased.generation,
        title="A title",
        site_url=None,
        description=None,
        language=None,
        image_url=None,
        state=FeedState.OK,
        state_reason="polled",
        state_since=NOW,
        moved_to=None,
        moved_since=None,
        moved_polls=0,
        final_url=leased.feed.url,
        etag='W/"a"',
        last_modified=None,
        body_hash=b"1",
        unconditional_at=NOW,
        last_polled_at=NOW,
        last_success_at=NOW,
        last_new_entry_at=None,
        next_poll_at=NOW + timedelta(hours=1),
        next_poll_reason="its own rhythm",
        hints={"ttl": 60},
        failures=0,
        dropped=0,
    )
    return replace(base, **changes)


def sync(store: Store, *urls: str) -> feeds.SyncReport:
    with store.write() as conn:
        return feeds.sync(conn, [FeedConfig(url=url) for url in urls])


def lease(store: Store, now: datetime = NOW, limit: int = 100, per_host: int = 100) -> list[LeasedFeed]:
    with store.write() as conn:
        return feeds.lease_due(conn, now, LEASE, limit=limit, per_host=per_host)


def save(store: Store, *outcomes: PollOutcome) -> None:
    with store.write() as conn:
        held = feeds.still_held(conn, {one.feed_id: one.generation for one in outcomes})
        feeds.save_outcomes(conn, [one for one in outcomes if one.feed_id in held], {})


def test_sync_adds_changes_and_removes(store: Store) -> None:
    assert sync(store, "http://a/", "http://b/") == feeds.SyncReport(2, 0, 0)
    with store.write() as conn:
        report = feeds.sync(conn, [FeedConfig(url="http://a/", name="A", priority=3)])
    assert report == feeds.SyncReport(0, 1, 1)
    with store.read() as conn:
        (only,) = feeds.list_all(conn)
    assert (only.name, only.outlet, only.priority, only.state) == ("A", "A", 3, FeedState.NEW)


def test_sync_of_the_same_feeds_changes_nothing(store: Store) -> None:
    sync(store, "http://a/")
    assert sync(store, "http://a/") == feeds.SyncReport(0, 0, 0)


def test_feed_that_comes_back_keeps_what_was_known(store: Store) -> None:
    sync(store, "http://a/")
    (one,) = lease(store)
    save(store, outcome(one))
    sync(store, "http://b/")
    sync(store, "http://a/")
    with store.read() as conn:
        (back,) = feeds.list_all(conn)
    assert back.etag == 'W/"a"'


def test_name_is_the_editors_then_the_feeds_then_the_host(store: Store) -> None:
    sync(store, "http://news.example/feed")
    with store.read() as conn:
        assert feeds.list_all(conn)[0].name == "news.example"
    save(store, outcome(lease(store)[0]))
    with store.read() as conn:
        assert feeds.list_all(conn)[0].name == "A title"


def test_leased_feed_is_not_leased_twice_until_the_lease_ends(store: Store) -> None:
    sync(store, "http://a/")
    assert len(lease(store)) == 1
    assert lease(store) == []
    assert len(lease(store, NOW + LEASE + timedelta(seconds=1))) == 1


def test_late_save_of_a_lost_lease_is_refused(store: Store) -> None:
    sync(store, "http://a/")
    (first,) = lease(store)
    (second,) = lease(store, NOW + LEASE + timedelta(seconds=1))
    save(store, outcome(first, title="late"))
    save(store, outcome(second, title="in time"))
    save(store, outcome(first, title="late again"))
    with store.read() as conn:
        assert feeds.list_all(conn)[0].title == "in time"


def test_saved_feed_is_due_at_its_next_poll(store: Store) -> None:
    sync(store, "http://a/")
    save(store, outcome(lease(store)[0]))
    assert lease(store, NOW + timedelta(minutes=59)) == []
    with store.read() as conn:
        assert feeds.next_due(conn) == NOW + timedelta(hours=1)
    (again,) = lease(store, NOW + timedelta(hours=1))
    assert (again.hints, again.body_hash, again.feed.etag) == ({"ttl": 60}, b"1", 'W/"a"')


def test_one_host_never_fills_the_whole_batch(store: Store) -> None:
    sync(store, *[f"http://slow/{n}" for n in range(20)], "http://other/")
    leased = lease(store, limit=10, per_host=3)
    assert sorted(one.feed.url for one in leased) == [
        "http://other/",
        "http://slow/0",
        "http://slow/1",
        "http://slow/2",
    ]


def test_paused_and_removed_feeds_are_not_leased(store: Store) -> None:
    with store.write() as conn:
        feeds.sync(conn, [FeedConfig(url="http://a/", paused=True), FeedConfig(url="http://b/")])
        feeds.sync(conn, [FeedConfig(url="http://a/", paused=True)])
    assert lease(store) == []
    with store.write() as conn:
        assert feeds.pollable(conn, None) == []


def test_named_feeds_are_leased_before_they_are_due(store: Store) -> None:
    sync(store, "http://a/", "http://b/")
    save(store, *[outcome(one) for one in lease(store)])
    with store.write() as conn:
        (only,) = feeds.lease(conn, feeds.pollable(conn, ["http://b/"]), NOW, LEASE)
    assert only.feed.url == "http://b/"
    with store.write() as conn:
        assert [one.feed.url for one in feeds.lease(conn, feeds.pollable(conn, None), NOW, LEASE)] == ["http://a/"]


def test_released_lease_leaves_the_feed_as_due_as_before(store: Store) -> None:
    sync(store, "http://a/")
    with store.write() as conn:
        feeds.release(conn, feeds.lease_due(conn, NOW, LEASE, limit=1, per_host=1))
    assert len(lease(store)) == 1
    with store.write() as conn:
        feeds.release_all(conn)
    assert len(lease(store)) == 1


def test_hosts_take_turns_when_all_feeds_are_polled(store: Store) -> None:
    sync(store, "http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://c/1", "http://b/2")
    with store.write() as conn:
        leased = feeds.lease(conn, feeds.pollable(conn, None), NOW, LEASE)
    assert [one.feed.url[7] for one in leased] == ["a", "b", "c", "a", "b", "a"]


def test_renewed_lease_lasts_longer_and_a_lost_one_is_not_renewed(store: Store) -> None:
    sync(store, "http://a/")
    (first,) = lease(store)
    with store.write() as conn:
        feeds.renew(conn, [first], NOW + 2 * LEASE)
    assert lease(store, NOW + LEASE + timedelta(seconds=1)) == []
    (second,) = lease(store, NOW + 3 * LEASE)
    with store.write() as conn:
        feeds.release(conn, [first])
    assert lease(store, NOW + 3 * LEASE) == []
    assert second.generation == first.generation + 1


def test_version_changes_with_what_feeds_are_called_and_with_nothing_else(store: Store) -> None:
    def version() -> str:
        with store.read() as conn:
            return feeds.version(conn)

    seen = [version()]
    for configs in ([FeedConfig(url="http://a/")], [FeedConfig(url="http://a/", name="A")], []):
        with store.write() as conn:
            feeds.sync(conn, configs)
        seen.append(version())
        with store.write() as conn:
            feeds.sync(conn, configs)
        assert version() == seen[-1]
    assert len(set(seen)) == 4


def test_spans_are_kept_until_new_ones_come(store: Store) -> None:
    sync(store, "http://a/")
    (one,) = lease(store)
    assert one.spans is None
    save(store, outcome(one, spans=b"abc"))
    (one,) = lease(store, NOW + timedelta(hours=1))
    save(store, outcome(one, spans=None))
    (one,) = lease(store, NOW + timedelta(hours=2))
    assert one.spans == b"abc"


def test_feeds_are_found_by_id_after_they_left_feeds_yaml(store: Store) -> None:
    sync(store, "http://a/")
    sync(store, "http://b/")
    with store.read() as conn:
        ids = [feed.id for feed in feeds.list_all(conn)]
        found = feeds.by_ids(conn, [ids[0] - 1, *ids])
    assert sorted(feed.url for feed in found.values()) == ["http://a/", "http://b/"]


@pytest.mark.parametrize(
    ("polled", "new"),
    [
        ({"final_url": "https://new.example/feed"}, "https://new.example/feed"),
        (
            {"final_url": "https://new.example/feed", "moved_to": "https://new.example/feed", "moved_polls": 3},
            "https://new.example/feed",
        ),
        ({}, "https://a.example/"),
    ],
)
def test_feed_whose_address_follows_where_it_moved_stays_the_feed_that_it_is(
    store: Store, polled: dict[str, Any], new: str
) -> None:
    sync(store, "http://a.example/", "http://b.example/")
    leased = {one.feed.url: one for one in lease(store)}
    save(store, outcome(leased["http://a.example/"], **polled))
    with store.read() as conn:
        assert feeds.followed(conn, [new, "http://b.example/"]) == {leased["http://a.example/"].feed.id: new}
    assert sync(store, new, "http://b.example/") == feeds.SyncReport(0, 1, 0)
    with store.read() as conn:
        first, other = feeds.list_all(conn)
    assert (first.url, first.etag, first.moved_to) == (new, 'W/"a"', None)
    assert first.id == leased["http://a.example/"].feed.id
    assert other.url == "http://b.example/"


@pytest.mark.parametrize(
    "polled",
    [
        {"final_url": "http://a.example/"},
        # A parked domain: the feed's entries were not there.
        {"final_url": "https://new.example/feed", "moved_to": "https://new.example/feed", "moved_polls": 0},
    ],
)
def test_feed_of_an_address_that_the_old_one_did_not_lead_to_is_another(store: Store, polled: dict[str, Any]) -> None:
    sync(store, "http://a.example/")
    save(store, *(outcome(one, **polled) for one in lease(store)))
    with store.read() as conn:
        assert feeds.followed(conn, ["https://new.example/feed"]) == {}
    assert sync(store, "https://new.example/feed") == feeds.SyncReport(1, 0, 1)
