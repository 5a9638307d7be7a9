"""Stories that enter a topic with `alert: true`: who is mailed, once, and what is no news."""

from __future__ import annotations

import email
import email.policy
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from aggregator.config.models import Config
from aggregator.digest import alerting, service
from aggregator.digest.alerts import A_DAY, alert_key
from aggregator.digest.edition import Candidate
from aggregator.model import DeliveryState, Entry, Frequency, Subscriber, SubscriberState, Wishes
from aggregator.store import deliveries, subscribers, tables
from aggregator.store.database import Store
from aggregator.store.subscribers import NewSubscriber
from tests.digest.mailserver import MailServer, mail_server
from tests.digest.sample import AID, AIR, NOW, config, entry, every_edition, stock, story

MORNING, EVENING = "Morning briefing", "Evening"
TEAM, ANNA, BOB = "team@example.org", "anna@reader.example", "bob@reader.example"
LATER = NOW + timedelta(hours=4)  # the morning's edition is long made
TITLE = "Interceptors down 40 drones over the port"
TEXT = "Air defense crews brought down forty drones over the port on Tuesday. Two warehouses burned. Nobody was hurt."


def watching(smtp: str = "file:outbox/", **changes: Any) -> Config:
    values: dict[str, Any] = {
        "topics": {AIR: {"any": ["air defense"], "alert": True}, AID: {"any": ["aid pledges"]}},
        "digests": {MORNING: {"at": "07:00", "to": [TEAM]}},
        "mail": {"from": "Watch <digest@example.org>", "smtp": smtp},
    }
    return config(**(values | changes))


def subscribe(store: Store, address: str, *digests: str, **wishes: Any) -> Subscriber:
    new = NewSubscriber(
        address=address,
        state=SubscriberState.CONFIRMED,
        reason="a test",
        digests=digests or (MORNING,),
        origin="added",
        wishes=Wishes(**wishes),
    )
    with store.write() as conn:
        return subscribers.add(conn, new, NOW - timedelta(days=30))


def seen(number: int, at: datetime, *, feed: int = 1, title: str = TITLE, **changes: Any) -> Entry:
    """An entry that was published and seen at `at`."""
    made = entry(number, title, TEXT, feed=feed, hours=0)
    return replace(made, **{"published": at, "first_seen": at, "sort_at": at} | changes)


def tell(store: Store, number: int, entries: Sequence[Entry], *topics: str, **changes: Any) -> Candidate:
    """Store a story of these entries, each of which is in the topics."""
    made = story(number, entries, *(topics or (AIR,)), **changes)
    stock(store, [made])
    put_into(store, entries, *(topics or (AIR,)))
    return made


def put_into(store: Store, entries: Sequence[Entry], *topics: str) -> None:
    rows = [
        {"entry_id": one.id, "topic": topic, "score": 1.0, "spans": [], "sort_at": one.sort_at}
        for one in entries
        for topic in topics
    ]
    with store.write() as conn:
        conn.execute(insert(tables.entry_topics), rows)


def move(store: Store, entries: Sequence[Entry], number: int) -> None:
    """What merging and splitting do to entries."""
    with store.write() as conn:
        ids = [one.id for one in entries]
        conn.execute(update(tables.entries).where(tables.entries.c.id.in_(ids)).values(story_id=number))


def alerts(store: Store) -> list[Any]:
    with store.read() as conn:
        return [one for one in every_edition(conn) if one.variant.startswith("alert-")]


def mail(server: MailServer, address: str) -> Any:
    (found,) = [one for one in server.mails if one.rcpt_tos == [address]]
    assert isinstance(found.content, bytes)
    return email.message_from_bytes(found.content, policy=email.policy.default)


def begin(store: Store) -> Store:
    """Feeds were polled before, and the topic has begun."""
    old = [seen(900 + feed, NOW - timedelta(days=5), feed=feed, title=f"Old {feed}") for feed in range(1, 9)]
    for number, one in enumerate(old, start=900):
        stock(store, [story(number, [one])])
    service.send_due(store, watching(), NOW)
    return store


@pytest.fixture
def begun(sqlite_store: Store) -> Store:
    return begin(sqlite_store)


@pytest.fixture
def begun_on_both(store: Store) -> Store:
    return begin(store)


def test_story_that_enters_the_topic_is_mailed_at_once_and_once(begun: Store) -> None:
    subscribe(begun, ANNA)
    tell(begun, 1, [seen(1, LATER), seen(2, LATER, feed=2, title="Port: drones shot down")])
    with mail_server() as server:
        made = watching(server.url)
        report = service.send_due(begun, made, LATER)
        for minutes in (1, 5, 60):
            service.send_due(begun, made, LATER + timedelta(minutes=minutes))
    assert report.sent == 2 and sorted(server.recipients) == [ANNA, TEAM]
    own = mail(server, ANNA)
    assert own["Subject"] == f"{AIR}: {TITLE}" and own["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        said = own.get_body((kind,)).get_content()
        assert TITLE in said and "Dnipro" not in said and "https://outlet1.example/1" in said
        assert "/stories/0000000000000001/" in said and "each new story of" in " ".join(said.split())
        assert "Alert" in said and "Radio Nord" in said and "everything for today" not in said
    assert "09:00" not in own["Subject"] and "Tuesday 3 March, 11:00" in own.get_body(("plain",)).get_content()


def test_text_that_comes_later_repeats_nothing(begun_on_both: Store) -> None:
    first = tell(begun_on_both, 1, [seen(1, LATER)])
    assert len(service.send_due(begun_on_both, watching(), LATER).made) == 1
    more = seen(2, LATER + timedelta(minutes=10), feed=2)
    stock(begun_on_both, [replace(first, entries=(*first.entries, more))])
    put_into(begun_on_both, [more], AIR)
    assert service.send_due(begun_on_both, watching(), LATER + timedelta(minutes=11)).made == ()
    move(begun_on_both, [more], 2)  # split off, into a story that is stored below
    third = seen(3, LATER + timedelta(minutes=12), feed=3)
    stock(begun_on_both, [story(2, [more, third], AIR)])
    put_into(begun_on_both, [third], AIR)
    assert service.send_due(begun_on_both, watching(), LATER + timedelta(minutes=13)).made == ()


def test_merge_and_grouping_again_repeat_nothing(begun: Store) -> None:
    one, two = seen(1, LATER), seen(2, LATER, feed=2)
    tell(begun, 1, [one])
    assert len(service.send_due(begun, watching(), LATER).made) == 1
    tell(begun, 2, [two])
    move(begun, [two], 1)
    assert service.send_due(begun, watching(), LATER + timedelta(minutes=1)).made == ()
    with begun.write() as conn:
        conn.execute(tables.entry_topics.delete())
    put_into(begun, [one, two], AIR)
    assert service.send_due(begun, watching(), LATER + timedelta(minutes=2)).made == ()
    assert len(alerts(begun)) == 1


def test_topic_that_begins_alerts_nothing_that_is_there(sqlite_store: Store) -> None:
    tell(sqlite_store, 1, [seen(1, NOW)])
    plain = watching(topics={AIR: {"any": ["air defense"]}}, digests={MORNING: {"at": "21:00", "to": [TEAM]}})
    service.send_due(sqlite_store, plain, NOW)
    made = watching(digests={MORNING: {"at": "21:00", "to": [TEAM]}})
    assert service.send_due(sqlite_store, made, NOW + timedelta(minutes=1)).made == ()
    stock(
        sqlite_store, [replace(story(1, [seen(1, NOW)], AIR), entries=(seen(2, NOW + timedelta(minutes=2), feed=2),))]
    )
    put_into(sqlite_store, [seen(2, NOW + timedelta(minutes=2), feed=2)], AIR)
    assert service.send_due(sqlite_store, made, NOW + timedelta(minutes=3)).made == ()


def test_edited_keywords_begin_anew(begun: Store) -> None:
    tell(begun, 1, [seen(1, LATER)])
    wider = watching(topics={AIR: {"any": ["air defense", "drones"], "alert": True}, AID: {"any": ["aid pledges"]}})
    assert service.send_due(begun, wider, LATER + timedelta(minutes=1)).made == ()
    tell(begun, 2, [seen(2, LATER + timedelta(minutes=2), title="Another one")])
    assert len(service.send_due(begun, wider, LATER + timedelta(minutes=3)).made) == 1


def test_first_poll_of_a_feed_alerts_nothing_and_its_second_one_does(sqlite_store: Store) -> None:
    made = watching(digests={MORNING: {"at": "21:00", "to": [TEAM]}})
    service.send_due(sqlite_store, made, NOW)
    tell(sqlite_store, 1, [seen(1, NOW + timedelta(minutes=1)), seen(2, NOW + timedelta(minutes=1))])
    assert service.send_due(sqlite_store, made, NOW + timedelta(minutes=2)).made == ()
    tell(sqlite_store, 2, [seen(3, NOW + timedelta(minutes=20), title="News")])
    assert len(service.send_due(sqlite_store, made, NOW + timedelta(minutes=21)).made) == 1


def test_old_news_after_days_off_is_not_urgent(begun: Store) -> None:
    back = LATER + timedelta(days=3)
    yesterday, just_now = back - timedelta(hours=20), back - timedelta(minutes=30)
    tell(begun, 1, [seen(1, yesterday, first_seen=back, title="Yesterday's")])
    long_ago = seen(2, back - timedelta(days=2), first_seen=back, title="Began two days ago")
    tell(begun, 2, [long_ago, seen(3, just_now, feed=2, first_seen=back)], first_seen=long_ago.sort_at)
    tell(begun, 3, [seen(4, just_now, first_seen=back, title="Half an hour old")])
    raised = alerting.raise_alerts(begun, watching(), back)
    assert [one.subject for one in raised.made] == [f"{AIR}: Half an hour old"]


def test_nobody_gets_a_story_twice_whatever_digests_and_topics_he_has(begun_on_both: Store) -> None:
    both = {name: {"at": "21:00", "to": [TEAM]} for name in (MORNING, EVENING)}
    topics = {name: {"any": [word], "alert": True} for name, word in ((AIR, "air defense"), (AID, "aid pledges"))}
    made = watching(digests=both, topics=topics)
    alerting.raise_alerts(begun_on_both, made, NOW)
    subscribe(begun_on_both, ANNA, MORNING, EVENING)
    subscribe(begun_on_both, BOB, EVENING, topics=(AID,))
    one = seen(1, LATER)
    tell(begun_on_both, 1, [one], AIR)
    assert (
        len(alerting.raise_alerts(begun_on_both, made, LATER).made) == 1
    )  # everyone of Evening has it, and Bob not that topic
    put_into(begun_on_both, [one], AID)
    with begun_on_both.write() as conn:
        conn.execute(update(tables.stories).where(tables.stories.c.id == 1).values(topics=[AIR, AID]))
    (second,) = alerting.raise_alerts(begun_on_both, made, LATER + timedelta(minutes=5)).made
    assert second.digest == EVENING and second.variant == alert_key(AID)
    with begun_on_both.read() as conn:
        assert sorted(one.address for one in deliveries.listing(conn)) == [ANNA, BOB, TEAM]


@pytest.mark.parametrize(
    ("wishes", "gets"),
    [
        ({}, True),
        ({"topics": (AIR,)}, True),
        ({"topics": (AID,)}, False),
        ({"language": "en"}, True),
        ({"language": "uk"}, False),
        ({"alerts": False}, False),
        ({"frequency": Frequency.PAUSED}, False),
        ({"frequency": Frequency.WEEKLY, "hour": "21:00", "timezone": "Asia/Tokyo"}, True),
        ({"frequency": Frequency.AS_IT_HAPPENS}, True),
    ],
)
def test_wishes_decide_who_gets_alerts(begun: Store, wishes: dict[str, Any], gets: bool) -> None:
    subscribe(begun, TEAM, **wishes)  # a fixed recipient, too: his own wishes win
    tell(begun, 1, [seen(1, LATER)])
    alerting.raise_alerts(begun, watching(), LATER)
    with begun.read() as conn:
        assert [one.address for one in deliveries.listing(conn)] == ([TEAM] if gets else [])


def test_digest_tells_an_alerted_story_only_with_something_new(begun: Store) -> None:
    silent, moving = seen(1, LATER), seen(2, LATER, title="Grid hit in the north")
    tell(begun, 1, [silent])
    first = tell(begun, 2, [moving])
    tell(begun, 3, [seen(3, LATER, title="Something else")], AID)
    assert len(service.send_due(begun, watching(), LATER).made) == 2
    fresh = seen(4, LATER + timedelta(hours=2), feed=2, title="Grid: repairs begin")
    fresh = replace(fresh, text="Engineers expect the northern substation to run again before Thursday evening.")
    stock(begun, [replace(first, entries=(*first.entries, fresh))])
    with begun.write() as conn:
        conn.execute(update(tables.stories).where(tables.stories.c.id == 2).values(updated=fresh.first_seen))
    edition = service.make_edition(begun, watching(), MORNING, NOW + timedelta(days=1))
    assert sorted(edition.story_keys) == ["0000000000000002", "0000000000000003"]
    assert "[Update] Grid: repairs begin" in edition.text and TITLE not in edition.text


def test_more_than_some_alerts_a_day_wait_for_the_edition_and_the_operator_is_told(begun: Store) -> None:
    for number in range(1, A_DAY + 3):
        tell(begun, number, [seen(number, LATER, title=f"Story {number}")])
    report = service.send_due(begun, watching(), LATER)
    assert len(report.made) == A_DAY and len(report.troubles) == 2 and "waits for its next" in report.troubles[0]
    assert service.send_due(begun, watching(), LATER + timedelta(minutes=1)).troubles == ()
    edition = service.make_edition(begun, watching(), MORNING, NOW + timedelta(days=1))
    assert len(edition.story_keys) == 2


def test_alert_that_nobody_wants_is_none(begun: Store) -> None:
    made = watching(digests={MORNING: {"at": "21:00"}})
    tell(begun, 1, [seen(1, LATER)])
    assert alerting.raise_alerts(begun, made, LATER).made == [] and alerts(begun) == []


def _raise(url: str, now: datetime, barrier: Any) -> None:
    store = Store.open(url)
    barrier.wait()
    alerting.raise_alerts(store, watching(), now)
    store.close()


def test_two_programs_at_once_raise_each_alert_once(begun_on_both: Store, database_url: str) -> None:
    tell(begun_on_both, 1, [seen(1, LATER)])
    spawn = multiprocessing.get_context("spawn")  # a fork would share connections with this process
    barrier = spawn.Barrier(2)
    both = [spawn.Process(target=_raise, args=(database_url, LATER, barrier)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    with begun_on_both.read() as conn:
        assert [one.state for one in deliveries.listing(conn)] == [DeliveryState.PENDING]


def test_removed_entries_leave_no_judgement(begun_on_both: Store) -> None:
    tell(begun_on_both, 1, [seen(1, LATER)])
    alerting.raise_alerts(begun_on_both, watching(), LATER)
    with begun_on_both.write() as conn:
        conn.execute(tables.entries.delete().where(tables.entries.c.id == 1))
        assert conn.execute(select(tables.alerted)).all() == []
