"""Mail as it happens: soon after a story appears, with a pause between two, nothing twice and nothing empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from aggregator.digest import service, signup
from aggregator.digest.bundles import PAUSE
from aggregator.digest.draft import GROUPED_WITHIN
from aggregator.model import Edition, Frequency, Wishes
from aggregator.store import deliveries, editions, subscribers, tables
from aggregator.store.database import Store
from tests.digest.sample import AID, AIR, NOW, every_edition, stock, story
from tests.digest.test_alerts import ANNA, BOB, EVENING, MORNING, TITLE, seen, subscribe, watching
from tests.digest.test_alerts import tell as tell_with_topics

START = NOW + timedelta(hours=4)
MINUTE = timedelta(minutes=1)
QUIET: dict[str, Any] = {"digests": {MORNING: {"at": "21:00"}}, "topics": {AIR: {"any": ["a"]}, AID: {"any": ["b"]}}}


def tick(store: Store, minutes: float) -> list[Edition]:
    """What is made so many minutes after START."""
    return list(service.send_due(store, watching(**QUIET), START + minutes * MINUTE).made)


def tell(store: Store, number: int, minutes: float, *topics: str) -> None:
    stock(
        store, [story(number, [seen(number, START + minutes * MINUTE, title=f"Event {number}")], *(topics or (AIR,)))]
    )


@pytest.fixture
def reading(store: Store) -> Store:
    subscribe(store, ANNA, frequency=Frequency.AS_IT_HAPPENS)
    tell(store, 99, -60 * 24)
    tick(store, -1)
    return store


def test_new_stories_come_soon_and_bundled(reading: Store) -> None:
    tell(reading, 1, 1)
    (first,) = tick(reading, 1.5)
    assert first.story_keys == ("0000000000000001",) and "That is everything for now." in first.text
    assert first.subject == "Event 1 · Tue 3 Mar 11:01" and "Next:" not in first.text and first.issue == 1
    for number, minutes in ((2, 5), (3, 20)):
        tell(reading, number, minutes)
        assert tick(reading, minutes + 1) == []
    (second,) = tick(reading, 1.5 + PAUSE / MINUTE)
    assert sorted(second.story_keys) == ["0000000000000002", "0000000000000003"] and second.issue == 2
    with reading.read() as conn:
        sent = deliveries.listing(conn)
        assert [one.address for one in sent] == [ANNA, ANNA] and len({one.message_id for one in sent}) == 2
        assert editions.recent(conn) == []  # the archive lists what everybody gets


def test_nothing_new_makes_nothing(reading: Store) -> None:
    assert [tick(reading, minutes) for minutes in (10, 50, 300)] == [[], [], []]
    tell(reading, 1, 301)
    assert len(tick(reading, 302)) == 1
    assert [tick(reading, minutes) for minutes in (340, 400)] == [[], []]
    with reading.read() as conn:
        assert len(every_edition(conn)) == 1


def test_story_that_was_told_does_not_come_back(reading: Store) -> None:
    tell(reading, 1, 1)
    assert len(tick(reading, 2)) == 1
    more = replace(seen(2, START + 40 * MINUTE, feed=2), text="Firefighters say that the second warehouse still burns.")
    stock(reading, [replace(story(1, [seen(1, START)], AIR), entries=(more,))])
    with reading.write() as conn:
        conn.execute(update(tables.stories).values(updated=more.first_seen))
    assert tick(reading, 41) == []


def test_own_topics_and_those_who_want_the_same_share_an_edition(store: Store) -> None:
    subscribe(store, ANNA, frequency=Frequency.AS_IT_HAPPENS, topics=(AIR,), hour="08:00", weekday="sun")
    subscribe(store, BOB, frequency=Frequency.AS_IT_HAPPENS, topics=(AIR,))
    subscribe(store, "carl@reader.example", frequency=Frequency.AS_IT_HAPPENS, topics=(AID,))
    tick(store, -1)
    tell(store, 1, 1, AIR)
    (made,) = tick(store, 2)
    with store.read() as conn:
        assert sorted(one.address for one in deliveries.listing(conn)) == [ANNA, BOB]
        frozen = editions.get(conn, MORNING, made.local_date, made.variant, made.issue)
    assert frozen == made and f"/editions/morning-briefing/2026-03-03/{made.variant}/1/" in made.html


def test_entry_that_is_grouped_late_is_not_lost(reading: Store) -> None:
    tell(reading, 1, 1)
    tell(reading, 2, 1.2)
    waits = tables.entries.c.id == 2
    with reading.write() as conn:
        conn.execute(update(tables.entries).where(waits).values(grouped_at=None, story_id=None))
    (first,) = tick(reading, 2)
    assert first.story_keys == ("0000000000000001",) and first.period_to < START + 1.2 * MINUTE
    with reading.write() as conn:
        conn.execute(update(tables.entries).where(waits).values(grouped_at=NOW, story_id=2))
    (second,) = tick(reading, 40)
    assert second.story_keys == ("0000000000000002",)


def test_grouping_that_stands_still_holds_up_no_edition_for_long(reading: Store) -> None:
    tell(reading, 1, 1)
    with reading.write() as conn:
        conn.execute(update(tables.entries).where(tables.entries.c.id == 1).values(grouped_at=None))
    tell(reading, 2, 2)
    assert tick(reading, 3) == []
    (edition,) = tick(reading, 3 + GROUPED_WITHIN / MINUTE)
    assert "0000000000000002" in edition.story_keys


def test_days_off_bring_one_mail_with_the_last_day(reading: Store) -> None:
    tell(reading, 1, 10)
    tell(reading, 2, 60 * 48)
    made = [edition for minutes in range(60 * 70, 60 * 74, 10) for edition in tick(reading, minutes)]
    assert [one.story_keys for one in made] == [("0000000000000002",)]


def test_alerted_story_does_not_come_again(store: Store) -> None:
    subscribe(store, ANNA, frequency=Frequency.AS_IT_HAPPENS)
    made = watching(digests=QUIET["digests"])
    old = seen(9, NOW - timedelta(days=5))
    stock(store, [story(9, [old])])
    service.send_due(store, made, START)
    tell_with_topics(store, 1, [seen(1, START + MINUTE)])
    assert [one.subject for one in service.send_due(store, made, START + 2 * MINUTE).made] == [f"{AIR}: {TITLE}"]
    assert service.send_due(store, made, START + 60 * MINUTE).made == ()


def test_two_digests_do_not_tell_one_reader_the_same(store: Store) -> None:
    both = {name: {"at": "21:00"} for name in (MORNING, EVENING)}
    subscribe(store, ANNA, MORNING, EVENING, frequency=Frequency.AS_IT_HAPPENS)
    subscribe(store, BOB, EVENING, frequency=Frequency.AS_IT_HAPPENS)
    tell(store, 99, -60 * 24)
    made = watching(**QUIET | {"digests": both})
    service.send_due(store, made, START)
    tell(store, 1, 1)
    first, second = service.send_due(store, made, START + 2 * MINUTE).made
    assert (first.digest, second.digest) == (MORNING, EVENING)
    with store.read() as conn:
        assert sorted(one.address for one in deliveries.listing(conn)) == [ANNA, BOB]


def test_changed_wishes_count_at_once(reading: Store) -> None:
    with reading.read() as conn:
        person = subscribers.by_address(conn, ANNA)
    assert person is not None
    signup.save(reading, person, Wishes(), [MORNING], START)
    tell(reading, 1, 1)
    assert tick(reading, 2) == []
