"""What the program forgets of mails after storage.keep_mails, and what it must not forget."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.config.load import parse
from aggregator.config.models import SHORTEST_MEMORY
from aggregator.digest import service, signup
from aggregator.digest.alerts import YOUNG
from aggregator.digest.bounces.service import SENT_WITHIN
from aggregator.digest.draft import REMEMBERED
from aggregator.digest.edition import LONGEST_PERIOD
from aggregator.errors import ConfigError
from aggregator.model import Delivery, DeliveryState, EditionKind, Frequency
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from tests.digest.mailserver import mail_server
from tests.digest.sample import AID, AIR, NOW, stock, story
from tests.digest.test_alerts import MORNING, seen, subscribe, tell, watching

KEEP = timedelta(days=90)
TEAM = "team@example.org"


def prune(store: Store, now: Any) -> None:
    with store.write() as conn:
        while deliveries.prune(conn, now - KEEP, 2):
            pass
        while editions.prune(conn, now - KEEP, 2, archive=now - 2 * KEEP):
            pass


def kept(store: Store) -> tuple[list[Delivery], dict[int, editions.Label]]:
    with store.read() as conn:
        return deliveries.listing(conn), editions.labels(conn)


def test_old_deliveries_go_with_the_editions_that_only_some_got(store: Store) -> None:
    """Of every kind: the digest's own edition, one of own wishes, a bundle and an alert."""
    subscribe(store, "own@x.example", hour="06:00")
    subscribe(store, "soon@x.example", frequency=Frequency.AS_IT_HAPPENS, alerts=False)
    old = [seen(900, NOW - timedelta(days=5), title="Old")]
    stock(store, [story(900, old)])
    with mail_server() as server:
        made = watching(server.url)
        service.send_due(store, made, NOW - timedelta(hours=2))
        for minutes in (40, 80, 120, 160):
            at = NOW + timedelta(minutes=minutes)
            topic = AIR if minutes == 40 else AID
            tell(store, 100 + minutes, [seen(100 + minutes, at, title=f"Event {minutes}")], topic)
            service.send_due(store, made, at + timedelta(minutes=1))
        sent = len(server.mails)
        before, labels = kept(store)
        assert len(before) == sent and {one.kind for one in labels.values()} == set(EditionKind)
        prune(store, NOW + KEEP - timedelta(hours=3))
        assert kept(store) == (before, labels)
        prune(store, NOW + KEEP + timedelta(days=1))
        left, archive = kept(store)
        assert left == [] and set(archive.values()) == {editions.Label(MORNING, "2026-03-03", EditionKind.EDITION)}
        service.send_due(store, made, NOW + KEEP + timedelta(days=1))
        assert len(server.mails) == sent, "nothing is told again"


def test_own_editions_of_a_digest_stay_as_long_as_their_pages_and_the_newest_for_ever(store: Store) -> None:
    made = watching("file:unused", digests={MORNING: {"at": "07:00"}})
    for day in range(3):
        at = NOW + timedelta(days=day)
        stock(store, [story(day + 1, [seen(day + 1, at - timedelta(hours=1), title=f"Event {day}")], AIR)])
        service.make_edition(store, made, MORNING, at)
    for days, left in ((KEEP.days + 9, 3), (2 * KEEP.days, 2), (2 * KEEP.days + 9, 1), (9 * KEEP.days, 1)):
        prune(store, NOW + timedelta(days=days, hours=1))
        dates = sorted(label.local_date for label in kept(store)[1].values())
        assert dates == ["2026-03-03", "2026-03-04", "2026-03-05"][-left:]


def test_what_is_open_and_who_does_not_exist_are_not_forgotten(store: Store) -> None:
    stock(store, [story(1, [seen(1, NOW - timedelta(hours=1))], AIR)])
    people = ["gone@x.example", "later@x.example", TEAM]
    answers = {"gone@x.example": ["550 5.1.1 no such user"], "later@x.example": ["451 4.3.0 later"]}
    with mail_server(rcpt_answers=answers) as server:
        made = watching(server.url, digests={MORNING: {"at": "07:00", "to": people}})
        service.send_due(store, made, NOW)
        later = NOW + KEEP + timedelta(days=1)
        prune(store, later)
        assert {one.address for one in kept(store)[0]} == {"gone@x.example", "later@x.example"}
        stock(store, [story(2, [seen(2, later - timedelta(hours=1))], AIR)])
        report = service.send_due(store, made, later)
    assert report.sent == 2 and sorted(server.recipients) == ["later@x.example", TEAM, TEAM]
    with store.read() as conn:
        (newest,) = [one for one in deliveries.listing(conn, edition_ids=[report.made[0].id]) if one.address[0] == "g"]
    assert newest.state is DeliveryState.SUPPRESSED and "no such user" in newest.reason
    prune(store, later + KEEP + timedelta(days=1))
    assert [one.id for one in kept(store)[0]] == [newest.id], "the newest word is enough"


def test_of_somebody_who_was_erased_nothing_is_kept_for_ever(store: Store) -> None:
    person = subscribe(store, "gone@x.example")
    stock(store, [story(1, [seen(1, NOW - timedelta(hours=1))], AIR)])
    with mail_server(rcpt_answers={"gone@x.example": ["550 5.1.1 no such user"]}) as server:
        service.send_due(store, watching(server.url, digests={MORNING: {}}), NOW)
    signup.erase(store, person, NOW)
    assert len(kept(store)[0]) == 1
    prune(store, NOW + KEEP + timedelta(days=1))
    assert kept(store)[0] == []


def test_memory_is_never_shorter_than_what_dedupe_and_bounces_need(tmp_path: Path) -> None:
    assert max(REMEMBERED + LONGEST_PERIOD, 2 * YOUNG, SENT_WITHIN) <= SHORTEST_MEMORY
    text = b"feeds: [https://outlet.example/feed]\nstorage: {keep_mails: 29d}\n"
    with pytest.raises(ConfigError, match="keep_mails is shorter than 30d"):
        parse(text, tmp_path / "feeds.yaml")
