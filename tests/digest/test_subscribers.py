"""Editions on their way to subscribers: personal links, own wishes, and no mail after an unsubscribe."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from typing import Any

import pytest

from aggregator.config.models import Config
from aggregator.digest import service, signup
from aggregator.digest.outbox import LEASE
from aggregator.digest.variants import variant_of
from aggregator.model import Delivery, DeliveryState, Frequency, Subscriber, SubscriberState, Wishes
from aggregator.store import deliveries, editions, subscribers
from aggregator.store.database import Store
from aggregator.store.subscribers import NewSubscriber
from tests.digest.mailserver import MailServer, mail_server
from tests.digest.sample import AIR, NOW, config, edition_of, stock

NAME = "Morning briefing"
ANNA = "anna@reader.example"
BEFORE = NOW - timedelta(days=30)


def subscribe(store: Store, address: str = ANNA, **wishes: Any) -> Subscriber:
    new = NewSubscriber(
        address=address,
        state=SubscriberState.CONFIRMED,
        reason="a test",
        digests=[NAME],
        origin="added",
        wishes=Wishes(**wishes),
    )
    with store.write() as conn:
        return subscribers.add(conn, new, BEFORE)


def mailing(server: MailServer, to: tuple[str, ...] = ()) -> Config:
    return config(
        mail={"from": "Watch <digest@example.org>", "smtp": server.url},
        digests={NAME: {"at": "07:00", "to": list(to)}},
    )


def mail_to(server: MailServer, address: str) -> Any:
    (found,) = [data for one, data in zip(server.mails, server.contents, strict=True) if one.rcpt_tos == [address]]
    return email.message_from_bytes(found, policy=email.policy.default)


def delivery(store: Store, address: str = ANNA) -> Delivery:
    with store.read() as conn:
        return next(one for one in deliveries.listing(conn) if one.address == address)


@pytest.fixture
def stocked(store: Store) -> Store:
    stock(store, edition_of(20))
    return store


def test_subscriber_gets_links_of_his_own_and_others_do_not(stocked: Store) -> None:
    subscribe(stocked)
    with mail_server() as server:
        report = service.send_due(stocked, mailing(server, ("team@example.org", "ANNA@reader.example")), NOW)
    assert report.sent == 2 and sorted(server.recipients) == [ANNA, "team@example.org"]
    own, team = mail_to(server, ANNA), mail_to(server, "team@example.org")
    assert re.fullmatch(
        r"<https://news\.example\.org/unsubscribe/1\.[\w-]{24}>, <mailto:editor@example\.org\?subject=[^>]+>",
        own["List-Unsubscribe"],
    )
    assert own["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and team["List-Unsubscribe-Post"] is None
    for kind in ("plain", "html"):
        text = own.get_body((kind,)).get_content()
        assert "https://news.example.org/unsubscribe/1." in text and "/preferences/1." in text
        assert "mailto:" not in text and "news.example.org/subscribe/" not in text
        shared = team.get_body((kind,)).get_content()
        assert "/unsubscribe/" not in shared and "/preferences/" not in shared and "mailto:" in shared
    with stocked.read() as conn:
        frozen = editions.recent(conn)[0]
    assert "/preferences/" not in frozen.html and "/unsubscribe/" not in frozen.html


def test_mail_that_is_sent_again_has_the_same_bytes(stocked: Store) -> None:
    subscribe(stocked)
    with mail_server(drop_after_accepting=1) as server:
        service.send_due(stocked, mailing(server), NOW)
        uncertain = delivery(stocked)
        assert uncertain.state is DeliveryState.UNCERTAIN
        with stocked.write() as conn:
            conn.exec_driver_sql(f"UPDATE deliveries SET state = 'deferred', next_try_at = 0 WHERE id = {uncertain.id}")
        service.send_due(stocked, mailing(server), NOW + timedelta(minutes=1))
    first, second = server.mails
    assert first.content == second.content


def test_unsubscribe_while_queued_stops_the_mail(stocked: Store) -> None:
    person = subscribe(stocked)
    with mail_server() as server:
        made = mailing(server)
        service.make_edition(stocked, made, NAME, NOW)
        signup.unsubscribe(stocked, person, NOW)
        assert service.send_due(stocked, made, NOW).sent == 0
    assert server.commands == []
    assert delivery(stocked).state is DeliveryState.SUPPRESSED


def test_unsubscribe_up_to_the_final_dot_stops_the_mail(stocked: Store) -> None:
    person = subscribe(stocked)

    def leave() -> str:
        signup.unsubscribe(stocked, person, NOW)
        return "250 fine"

    with mail_server(rcpt_answers={ANNA: [leave]}) as server:
        made = mailing(server)
        assert service.send_due(stocked, made, NOW).sent == 0
        assert service.send_due(stocked, made, NOW + 2 * LEASE).sent == 0
    assert server.mails == []
    assert delivery(stocked).state is DeliveryState.SUPPRESSED


def test_erased_subscriber_gets_nothing_and_leaves_no_address(stocked: Store) -> None:
    person = subscribe(stocked)
    with mail_server() as server:
        made = mailing(server)
        service.make_edition(stocked, made, NAME, NOW)
        signup.erase(stocked, person, NOW)
        assert service.send_due(stocked, made, NOW).sent == 0
    assert server.commands == []
    with stocked.read() as conn:
        (left,) = deliveries.listing(conn)
    assert ANNA not in repr(left) and left.state is DeliveryState.SUPPRESSED


def test_fixed_recipient_who_unsubscribed_gets_nothing(stocked: Store) -> None:
    signup.unsubscribe(stocked, subscribe(stocked), NOW)
    with mail_server() as server:
        assert service.send_due(stocked, mailing(server, (ANNA,)), NOW).sent == 0
    assert delivery(stocked).reason == "unsubscribed on the site"


def test_address_that_does_not_exist_ends_the_subscription(stocked: Store) -> None:
    subscribe(stocked)
    with mail_server(rcpt_answers={ANNA: ["550 5.1.1 no such user"]}) as server:
        service.send_due(stocked, mailing(server), NOW)
    with stocked.read() as conn:
        person = subscribers.by_address(conn, ANNA)
    assert person is not None and person.state is SubscriberState.SUPPRESSED and "no such address" in person.reason


def test_unconfirmed_and_paused_subscribers_get_nothing(stocked: Store) -> None:
    subscribe(stocked, frequency=Frequency.PAUSED)
    new = NewSubscriber(
        address="b@x.example", state=SubscriberState.UNCONFIRMED, reason="asked", digests=[NAME], origin="form"
    )
    with stocked.write() as conn:
        subscribers.add(conn, new, BEFORE)
    with mail_server() as server:
        service.send_due(stocked, mailing(server), NOW)
    assert server.commands == []


def test_own_hour_and_zone_win_over_those_of_the_digest(stocked: Store) -> None:
    subscribe(stocked, hour="08:00", timezone="Europe/Lisbon")  # an hour after 07:00 UTC, three after Kyiv's edition
    subscribe(stocked, "bob@reader.example", hour="07:00", timezone="Europe/Kyiv")  # as the digest has it
    with mail_server() as server:
        made = mailing(server)
        service.send_due(stocked, made, NOW)
        assert server.recipients == ["bob@reader.example"]
        service.send_due(stocked, made, NOW + timedelta(hours=2, minutes=59))
        assert server.recipients == ["bob@reader.example"]
        for _ in range(3):
            service.send_due(stocked, made, NOW + timedelta(hours=3))
    assert server.recipients == ["bob@reader.example", ANNA]
    assert "08:00 Europe/Lisbon" in mail_to(server, ANNA).get_body(("plain",)).get_content()


def test_own_topics_make_an_edition_of_their_own(stocked: Store) -> None:
    subscribe(stocked, topics=(AIR,))
    subscribe(stocked, "carl@reader.example", topics=(AIR, "Gone from feeds.yaml"))
    with mail_server() as server:
        made = mailing(server, ("team@example.org",))
        report = service.send_due(stocked, made, NOW)
        assert service.send_due(stocked, made, NOW + timedelta(minutes=1)).made == ()
    assert len(report.made) == 2 and report.sent == 3
    own = mail_to(server, ANNA).get_body(("plain",)).get_content()
    team = mail_to(server, "team@example.org").get_body(("plain",)).get_content()
    assert "AID PLEDGES" in team and "AID PLEDGES" not in own and "AIR DEFENSE" in own
    assert f"/editions/morning-briefing/2026-03-03/{report.made[1].variant}/" in own
    with stocked.read() as conn:
        assert [one.variant for one in editions.recent(conn)] == [""]


def test_weekly_edition_comes_on_its_day_alone_and_tells_the_week(stocked: Store) -> None:
    subscribe(stocked, frequency=Frequency.WEEKLY, weekday="tue")
    subscribe(stocked, "wed@reader.example", frequency=Frequency.WEEKLY, weekday="wed")
    with mail_server() as server:
        made = mailing(server)
        report = service.send_due(stocked, made, NOW)
        assert server.recipients == [ANNA]
        service.send_due(stocked, made, NOW + timedelta(days=1))
    assert server.recipients == [ANNA, "wed@reader.example"]
    weekly = next(one for one in report.made if one.variant)
    assert weekly.period_to - weekly.period_from == timedelta(days=7)


def test_wishes_of_after_the_hour_count_from_the_next_edition(stocked: Store) -> None:
    person = subscribe(stocked)
    with mail_server() as server:
        made = mailing(server)
        service.send_due(stocked, made, NOW)
        later = NOW + timedelta(minutes=90)
        signup.save(stocked, person, Wishes(hour="08:00"), [NAME], later)
        service.send_due(stocked, made, later)
    assert server.recipients == [ANNA]


def test_wishes_that_change_nothing_come_to_the_digest_itself() -> None:
    made = config()
    assert variant_of(made, NAME, Wishes()).key == ""
    assert variant_of(made, NAME, Wishes(hour="07:00", timezone="Europe/Kyiv", topics=("Nope",))).key == ""
    assert variant_of(made, NAME, Wishes(frequency=Frequency.WEEKLY)).digest.days == ("mon",)
    assert variant_of(made, NAME, Wishes(language="uk")).digest.languages == ("uk",)
