"""Mails about a subscription: in the site's language, each at most once, and none to who has left."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aggregator.config.models import Config
from aggregator.digest import service, signup
from aggregator.digest.languages import LANGUAGES
from aggregator.digest.signup import SignUp
from aggregator.model import Subscriber, SubscriberState
from aggregator.store import subscribers
from aggregator.store.database import Store
from tests.digest.mailserver import MailServer, mail_server
from tests.digest.sample import NOW, config, edition_of, stock

ANNA = "anna@reader.example"
BRIEFING, WEEKLY = "Morning briefing", "Weekly"
DIGESTS = {BRIEFING: {"at": "07:00"}, WEEKLY: {"at": "09:00", "days": "sun", "welcome": False}}
A_MINUTE = timedelta(minutes=1)


def mailing(server: MailServer, **changes: Any) -> Config:
    values: dict[str, Any] = {"mail": {"from": "Watch <digest@example.org>", "smtp": server.url}, "digests": DIGESTS}
    return config(**(values | changes))


def asked(store: Store, made: Config, *digests: str) -> Subscriber:
    signup.sign_up(store, made, SignUp(ANNA, digests or (BRIEFING,), "198.51.100.7"), NOW)
    return anna(store)


def anna(store: Store) -> Subscriber:
    with store.read() as conn:
        found = subscribers.by_address(conn, ANNA)
    assert found is not None
    return found


def letters_sent(store: Store, made: Config, minutes: float = 1) -> int:
    return service.send_letters_due(store, made, NOW + timedelta(minutes=minutes)).letters


def last_mail(server: MailServer) -> Any:
    return email.message_from_bytes(server.contents[-1], policy=email.policy.default)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


def test_who_confirms_is_greeted_once_with_what_comes_and_his_own_links(store: Store, server: MailServer) -> None:
    made = mailing(server)
    stock(store, edition_of(3))
    service.make_edition(store, made, BRIEFING, NOW)
    person = asked(store, made, BRIEFING, WEEKLY)
    for _ in range(2):
        signup.confirm(store, made, person, NOW)
    assert letters_sent(store, made) == 1 and letters_sent(store, made, 90) == 0
    mail = last_mail(server)
    body = mail.get_content().replace("\r\n", "\n")
    assert mail["Subject"] == "Welcome to Ukraine Watch"
    assert "You are subscribed to Morning briefing, Weekly of Ukraine Watch." in body
    assert "Morning briefing\nNext: Wed 07:00 Europe/Kyiv\n" in body
    assert "Latest edition: https://news.example.org/editions/morning-briefing/2026-03-03/\n" in body
    assert "\nWeekly\n" not in body, "this one greets nobody"
    for purpose in ("preferences", "unsubscribe"):
        assert f"https://news.example.org/{purpose}/{person.id}." in body
    assert f"<https://news.example.org/unsubscribe/{person.id}." in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_greeting_names_no_edition_whose_page_is_gone(sqlite_store: Store, server: MailServer) -> None:
    made = mailing(server, storage={"keep": "7d"}, publish={"max_age": "7d"})
    stock(sqlite_store, edition_of(3))
    old = service.make_edition(sqlite_store, made, BRIEFING, NOW)
    later = old.created + timedelta(days=8)
    signup.sign_up(sqlite_store, made, SignUp(ANNA, [BRIEFING], "198.51.100.7"), later)
    signup.confirm(sqlite_store, made, anna(sqlite_store), later)
    assert letters_sent(sqlite_store, made, 8 * 24 * 60 + 1) == 1
    assert "Welcome" in last_mail(server)["Subject"] and "editions" not in last_mail(server).get_content()


def test_before_the_first_edition_the_greeting_leads_to_the_site(sqlite_store: Store, server: MailServer) -> None:
    made = mailing(server)
    signup.confirm(sqlite_store, made, asked(sqlite_store, made), NOW)
    assert letters_sent(sqlite_store, made) == 1
    assert "editions" not in last_mail(server).get_content().replace("\r\n", "\n")
    assert "\nUkraine Watch: https://news.example.org\n" in last_mail(server).get_content().replace("\r\n", "\n")


def test_digests_that_greet_nobody_and_people_of_the_operator_bring_no_greeting(
    sqlite_store: Store, server: MailServer
) -> None:
    made = mailing(server)
    signup.confirm(sqlite_store, made, asked(sqlite_store, made, WEEKLY), NOW)
    assert letters_sent(sqlite_store, made) == 0 and server.mails == []


def test_greeting_does_not_reach_who_leaves_before_it(store: Store, server: MailServer) -> None:
    made = mailing(server)
    signup.confirm(store, made, asked(store, made), NOW)

    def leave() -> str:
        signup.unsubscribe(store, anna(store), NOW)
        return "250 fine"

    server.rcpt_answers[ANNA] = [leave]
    assert letters_sent(store, made) == 0 and letters_sent(store, made, 90) == 0
    assert server.mails == [] and anna(store).state is SubscriberState.UNSUBSCRIBED


def test_who_confirmed_and_left_can_sign_up_again_on_the_same_day(sqlite_store: Store, server: MailServer) -> None:
    made = mailing(server, digests={BRIEFING: {"welcome": False}})
    person = asked(sqlite_store, made)
    assert letters_sent(sqlite_store, made) == 1
    signup.confirm(sqlite_store, made, person, NOW)
    signup.unsubscribe(sqlite_store, person, NOW)
    asked(sqlite_store, made)
    assert letters_sent(sqlite_store, made) == 1
    assert last_mail(server)["Subject"] == "Confirm your subscription to Ukraine Watch"
    asked(sqlite_store, made)
    assert letters_sent(sqlite_store, made) == 0, "who did not answer waits for another day"


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_letter_speaks_the_language_of_the_site(sqlite_store: Store, server: MailServer, language: str) -> None:
    site = {"title": "Ukraine Watch", "url": "https://news.example.org", "language": language}
    made, say = mailing(server, site=site), LANGUAGES[language].subscribing
    person = asked(sqlite_store, made)
    letters_sent(sqlite_store, made)
    signup.confirm(sqlite_store, made, person, NOW)
    letters_sent(sqlite_store, made)
    later = NOW + timedelta(days=2)
    signup.sign_up(sqlite_store, made, SignUp(ANNA, [BRIEFING], "198.51.100.7"), later)
    letters_sent(sqlite_store, made, 2 * 24 * 60 + 1)
    got = [email.message_from_bytes(data, policy=email.policy.default) for data in server.contents]
    subjects = [say.confirm_subject, say.welcome_subject, say.manage_subject]
    assert [mail["Subject"] for mail in got] == [text.format(site="Ukraine Watch") for text in subjects]
    assert {mail["Content-Language"] for mail in got} == {language}
    bodies = [" ".join(mail.get_content().split()) for mail in got]
    assert all(
        said in body
        for said, body in zip((say.confirm_open, LANGUAGES[language].preferences, say.manage_open), bodies, strict=True)
    )


def test_a_letter_does_not_wait_for_the_mails_of_a_digest(sqlite_store: Store, server: MailServer) -> None:
    made = mailing(server, digests={BRIEFING: {"to": ["team@example.org"]}})
    stock(sqlite_store, edition_of(3))
    service.make_edition(sqlite_store, made, BRIEFING, NOW)
    asked(sqlite_store, made)
    assert letters_sent(sqlite_store, made) == 1 and server.recipients == [ANNA]
    assert service.send_due(sqlite_store, made, NOW).sent == 1


def test_one_address_is_one_subscriber_however_its_letters_are_composed(
    sqlite_store: Store, server: MailServer
) -> None:
    made = mailing(server)
    for number, address in enumerate(("zo\u00eb@reader.example", "zoe\u0308@reader.example")):
        signup.sign_up(sqlite_store, made, SignUp(address, [BRIEFING], f"198.51.100.{number}"), NOW)
    with sqlite_store.read() as conn:
        assert [one.address for one in subscribers.listing(conn)] == ["zo\u00eb@reader.example"]
    assert letters_sent(sqlite_store, made) == 1
