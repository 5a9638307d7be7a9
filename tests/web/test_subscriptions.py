"""Sign-up, confirmation, preferences and unsubscribing over HTTP, with the mails that go with them."""

import html
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.clock import utc_now
from aggregator.config.models import Config
from aggregator.digest import service, signup
from aggregator.digest.languages import LANGUAGES
from aggregator.digest.phrases import phrases
from aggregator.digest.tokens import Holder, Purpose, make_token
from aggregator.model import Edition, EditionState, Frequency, Subscriber, SubscriberState, Wishes
from aggregator.store import deliveries, editions, letters, subscribers
from aggregator.store.database import Store
from aggregator.web import bodies
from aggregator.web.app import create_app
from tests.digest.mailserver import MailServer, mail_server
from tests.web.client import Client, serving
from tests.web.html import Page
from tests.web.subscribing import ANNA, mails, path_in, post, subscribed, taking_subscribers


@dataclass
class Site:
    client: Client
    store: Store
    config: Config
    server: MailServer

    def person(self, address: str = ANNA) -> Subscriber:
        with self.store.read() as conn:
            found = subscribers.by_address(conn, address)
        assert found is not None
        return found

    def path(self, purpose: Purpose) -> str:
        person = self.person()
        token = make_token(signup.site_secret(self.store), purpose, Holder(person.id, person.salt))
        return f"/{purpose}/{token}"


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Iterator[Site]:
    with mail_server() as server:
        config = taking_subscribers(server.url)
        with serving(create_app(store, lambda: config, tmp_path)) as client:
            yield Site(client, store, config, server)


def test_sign_up_is_confirmed_by_a_button_behind_the_mailed_link(site: Site) -> None:
    answer = post(site.client, "/subscribe/", {"address": f" {ANNA} "})
    assert answer.status == 200 and "Look into your mailbox" in answer.text
    assert service.send_due(site.store, site.config, utc_now() + timedelta(minutes=1)).letters == 1
    (mail,) = mails(site.server)
    assert mail["To"] == ANNA and mail["Auto-Submitted"] == "auto-generated"
    path = path_in(mail, "confirm")
    assert site.client.get(path).status == 200 and site.client.head(path).status == 200
    assert site.person().state is SubscriberState.UNCONFIRMED
    assert "You are subscribed" in post(site.client, path, {}).text
    assert site.person().state is SubscriberState.CONFIRMED
    assert site.path(Purpose.PREFERENCES) in post(site.client, path, {}).text
    for greetings in (1, 0):
        assert service.send_due(site.store, site.config, utc_now() + timedelta(minutes=1)).letters == greetings


def test_a_letter_is_sent_at_once_after_the_form_that_asks_for_it(store: Store, tmp_path: Path) -> None:
    called: list[str] = []
    with mail_server() as server:
        config = taking_subscribers(server.url)
        app = create_app(store, lambda: config, tmp_path, letter_waits=lambda: called.append("letter"))
        with serving(app) as client:
            subscribed(client, store, config, server, utc_now())
    assert called == ["letter", "letter"]  # to confirm, to greet


@pytest.mark.parametrize("language", ["de", "ar"])
def test_pages_of_a_subscription_speak_the_language_of_the_site(store: Store, tmp_path: Path, language: str) -> None:
    say, words = LANGUAGES[language].subscribing, phrases(language)
    with mail_server() as server:
        site = {"title": "Watch", "url": "https://news.example.org", "language": language}
        config = taking_subscribers(server.url, site=site)
        with serving(create_app(store, lambda: config, tmp_path)) as client:
            shown = Site(client, store, config, server)
            assert say.no_address in post(client, "/subscribe/", {"address": "anna"}).text
            confirm = subscribed(client, store, config, server, utc_now())
            preferences = shown.path(Purpose.PREFERENCES)
            pages = {
                "/subscribe/": (say.subscribe_heading, say.subscribe_text, say.address),
                confirm: (say.confirmed, say.choose),
                shown.path(Purpose.UNSUBSCRIBE): (words.unsubscribe,),
                preferences: (say.how_often, say.daily, words.weekdays[0], say.erase_sure),
                "/preferences/1.x": (say.dead_link, say.dead_link_text),
            }
            for path, texts in pages.items():
                text = html.unescape(client.get(path).text)
                assert f'lang="{language}" dir="{words.direction}"' in text
                assert all(one in text for one in texts), path
                assert Page(text).faults == []
            assert say.foreign_form in post(client, preferences, {}, Origin="https://evil.example").text


def test_choices_that_no_form_offers_are_kept_when_the_form_is_sent(site: Site) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    imported = Wishes(hour="07:17", timezone="Etc/GMT+3", language="cy")
    signup.save(site.store, site.person(), imported, ["Morning briefing"], utc_now())
    path = site.path(Purpose.PREFERENCES)
    form = {"action": "save", "digest": "Morning briefing", "frequency": "daily"}
    for name in ("hour", "timezone", "language"):
        (value,) = re.findall(
            rf'<select id="{name}".*?<option value="([^"]+)" selected>', site.client.get(path).text, re.S
        )
        form[name] = html.unescape(value)
    post(site.client, path, form)
    assert replace(site.person().wishes, alerts=True) == imported


def test_who_leaves_while_a_server_decides_for_long_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    monkeypatch.setattr(signup, "LONGEST_WAIT", timedelta(0))
    now, person = utc_now(), site.person()
    made = edition(deadline=now + timedelta(hours=6))
    with site.store.write() as conn:
        editions.freeze(conn, made, [editions.Recipient(ANNA, "<1@news.example.org>", subscriber_id=person.id)])
        (claimed,) = deliveries.claim(conn, now, limit=1, lease=timedelta(minutes=1))
        deliveries.about_to_commit(conn, claimed, now + timedelta(minutes=1))
    say = LANGUAGES["en"].subscribing.under_way
    answer = post(site.client, site.path(Purpose.UNSUBSCRIBE), {"action": "unsubscribe"})
    assert say in answer.text and site.person().state is SubscriberState.UNSUBSCRIBED
    path = site.path(Purpose.PREFERENCES)
    assert say in post(site.client, path, {"action": "unsubscribe"}).text
    assert say in post(site.client, path, {"action": "erase", "sure": "yes"}).text


def test_answers_are_the_same_whether_or_not_an_address_is_known(site: Site) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    known = post(site.client, "/subscribe/", {"address": ANNA})
    unknown = post(site.client, "/subscribe/", {"address": "nobody@reader.example"})
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert ANNA not in known.text


def test_no_user_text_reaches_the_letter(site: Site) -> None:
    form = {"address": ANNA, "digest": "BUY NOW http://evil.example", "name": "BUY NOW"}
    post(site.client, "/subscribe/", form, User_Agent="BUY NOW", Host="evil.example", Origin="")
    service.send_due(site.store, site.config, utc_now() + timedelta(minutes=1))
    (mail,) = site.server.mails
    content = mail.content
    assert isinstance(content, bytes)
    assert b"BUY NOW" not in content and b"evil" not in content


def test_one_letter_a_day_reaches_a_mailbox_however_it_is_written(site: Site) -> None:
    for address in ("anna.b@reader.example", "annab@reader.example", "ANNA.B+news@Reader.example"):
        assert "Look into your mailbox" in post(site.client, "/subscribe/", {"address": address}).text
    assert service.send_due(site.store, site.config, utc_now() + timedelta(minutes=1)).letters == 1
    with site.store.read() as conn:
        assert [one.address for one in subscribers.listing(conn)] == ["anna.b@reader.example"]


def test_a_network_that_signs_many_up_is_stopped(site: Site) -> None:
    def sign_up(number: int, client: str) -> int:
        return post(site.client, "/subscribe/", {"address": f"r{number}@x.example"}, X_Forwarded_For=client).status

    assert [sign_up(n, "198.51.100.7") for n in range(12)] == [200] * 10 + [429] * 2
    assert sign_up(20, "198.51.100.8") == 200
    v6 = [sign_up(100 + n, f"6.6.6.6, 2001:db8:1:2::{n:x}") for n in range(25)]
    assert v6 == [200] * 20 + [429] * 5


@pytest.mark.parametrize(
    "address", ["", "anna", "anna@", "@x.example", "a@b", "a b@x.example", "a@x.example\r\nBcc: b@x.example", "a@-x.y"]
)
def test_what_is_no_address_is_said_to_be_none(site: Site, address: str) -> None:
    answer = post(site.client, "/subscribe/", {"address": address})
    assert answer.status == 400 and "not an e-mail address" in answer.text
    with site.store.read() as conn:
        assert subscribers.listing(conn) == []


def test_forms_of_other_sites_are_refused(site: Site) -> None:
    form = {"address": ANNA}
    assert post(site.client, "/subscribe/", form, Origin="https://evil.example").status == 403
    assert post(site.client, "/subscribe/", form, Origin="null").status == 403
    assert post(site.client, "/subscribe/", form, Sec_Fetch_Site="cross-site").status == 403
    assert post(site.client, "/subscribe/", form, Sec_Fetch_Site="same-site").status == 403
    assert post(site.client, "/subscribe/", form, Sec_Fetch_Site="same-origin", Origin="").status == 200


def test_forged_swapped_and_expired_tokens_open_nothing(site: Site) -> None:
    confirm = subscribed(site.client, site.store, site.config, site.server, utc_now())
    good = site.path(Purpose.UNSUBSCRIBE).rpartition("/")[2]
    first = "B" if good[-24] == "A" else "A"
    forged = f"{good[:-24]}{first}{good[-23:]}"
    other = f"9{good}"
    for path in (
        f"/preferences/{good}",
        f"/unsubscribe/{forged}",
        f"/unsubscribe/{other}",
        "/unsubscribe/x",
        "/unsubscribe/1.",
        confirm.replace("confirm", "preferences"),
        f"/confirm/{good}",
    ):
        assert site.client.get(path).status == 404, path
        assert post(site.client, path, {"action": "unsubscribe"}).status == 404, path
    assert site.person().state is SubscriberState.CONFIRMED
    person, secret = site.person(), signup.site_secret(site.store)
    old = make_token(secret, Purpose.CONFIRM, Holder(person.id, person.salt), utc_now() - timedelta(seconds=1))
    assert site.client.get(f"/confirm/{old}").status == 404


def test_one_click_unsubscribes_from_nowhere_without_cookie_or_redirect(site: Site) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    path = site.path(Purpose.UNSUBSCRIBE)
    assert site.client.get(path).status == 200
    assert site.person().state is SubscriberState.CONFIRMED
    form = {"List-Unsubscribe": "One-Click"}
    answer = post(site.client, path, form, Origin="https://mail.example", Sec_Fetch_Site="cross-site")
    assert answer.status == 200
    assert "set-cookie" not in answer.headers and "location" not in answer.headers
    assert site.person().state is SubscriberState.UNSUBSCRIBED
    assert post(site.client, path, form).status == 200
    assert "subscribed again" in post(site.client, path, {"action": "resume"}).text
    assert site.person().state is SubscriberState.CONFIRMED


def test_preferences_are_saved_and_shown_again(site: Site) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    path = site.path(Purpose.PREFERENCES)
    form = {
        "action": "save",
        "digest": "Morning briefing",
        "frequency": "weekly",
        "topic": ["Air defense", "No such topic"],
        "hour": "18:30",
        "timezone": "America/New_York",
        "weekday": "sun",
        "language": "xx",
    }
    shown = post(site.client, path, form).text
    wishes = site.person().wishes
    assert wishes.frequency is Frequency.WEEKLY and wishes.topics == ("Air defense",) and wishes.language is None
    assert (wishes.hour, wishes.timezone, wishes.weekday) == ("18:30", "America/New_York", "sun")
    assert '<option value="18:30" selected>' in shown and '<option value="America/New_York" selected>' in shown
    assert "Choose at least one newsletter" in post(site.client, path, form | {"digest": "Nope"}).text
    assert post(site.client, path, form, Origin="https://evil.example").status == 403


def test_data_can_be_taken_along_and_erased(site: Site) -> None:
    subscribed(site.client, site.store, site.config, site.server, utc_now())
    path = site.path(Purpose.PREFERENCES)
    data = json.loads(site.client.get(f"{path}/data.json").text)
    assert data["address"] == ANNA and data["state"] == "confirmed" and data["mails"] == []
    assert "salt" not in data
    assert "Your subscription" in post(site.client, path, {"action": "erase"}).text
    assert "Everything is erased" in post(site.client, path, {"action": "erase", "sure": "yes"}).text
    assert site.client.get(path).status == 404
    with site.store.read() as conn:
        assert subscribers.listing(conn) == []


def test_subscriber_who_signs_up_again_gets_the_way_to_his_settings(site: Site) -> None:
    now = utc_now()
    subscribed(site.client, site.store, site.config, site.server, now)
    asked = signup.SignUp(ANNA, ["Morning briefing"], "198.51.100.7")
    assert signup.sign_up(site.store, site.config, asked, now + timedelta(days=2)) == "accepted"
    assert service.send_due(site.store, site.config, now + timedelta(days=2)).letters == 1
    mail = mails(site.server)[-1]
    assert mail["Subject"] == "Your subscription to Ukraine Watch"
    assert "Your subscription" in site.client.get(path_in(mail, "preferences")).text


def test_unconfirmed_addresses_are_forgotten(site: Site) -> None:
    post(site.client, "/subscribe/", {"address": ANNA})
    service.send_due(site.store, site.config, utc_now() + timedelta(days=8))
    with site.store.read() as conn:
        assert subscribers.listing(conn) == [] and letters.count_due(conn, utc_now() + timedelta(days=30)) == 0
    assert site.server.mails == []


def test_letter_that_the_server_puts_off_is_sent_later_and_once(site: Site) -> None:
    site.server.rcpt_answers[ANNA] = ["451 4.3.0 later"]
    now = utc_now()
    post(site.client, "/subscribe/", {"address": ANNA})
    assert service.send_due(site.store, site.config, now + timedelta(seconds=5)).letters == 0
    assert service.send_due(site.store, site.config, now + timedelta(minutes=1)).letters == 0
    assert service.send_due(site.store, site.config, now + timedelta(minutes=6)).letters == 1
    assert len(site.server.mails) == 1


def test_letter_whose_answer_is_lost_is_never_sent_again(site: Site) -> None:
    site.server.drop_after_accepting = 1
    post(site.client, "/subscribe/", {"address": ANNA})
    for minutes in (1, 20, 600):
        service.send_due(site.store, site.config, utc_now() + timedelta(minutes=minutes))
    assert len(site.server.mails) == 1


def test_wrong_password_pauses_letters_and_says_so_without_addresses(site: Site) -> None:
    site.server.mail_answers.append("530 5.7.0 log in first, reader anna@reader.example")
    post(site.client, "/subscribe/", {"address": ANNA})
    now = utc_now() + timedelta(seconds=5)
    (trouble,) = service.send_due(site.store, site.config, now).troubles
    assert "no mail is sent until" in trouble and "anna" not in trouble
    assert service.send_due(site.store, site.config, now + timedelta(minutes=1)).letters == 0
    assert service.send_due(site.store, site.config, now + timedelta(minutes=16)).letters == 1


def test_every_page_is_sound_html_without_script_and_is_not_stored(site: Site) -> None:
    confirm = subscribed(site.client, site.store, site.config, site.server, utc_now())
    for path in ("/subscribe/", confirm, site.path(Purpose.PREFERENCES), site.path(Purpose.UNSUBSCRIBE)):
        answer = site.client.get(path)
        assert Page(answer.text).faults == [], path
        assert "<script" not in answer.text and "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        labelled = set(re.findall(r'<label for="([^"]+)"', answer.text))
        controls = re.findall(r'<(?:input|select) id="([^"]+)"', answer.text)
        assert labelled == set(controls)


def test_site_without_a_mail_server_offers_no_sign_up(store: Store, tmp_path: Path) -> None:
    offline = taking_subscribers("file:outbox/")
    with serving(create_app(store, lambda: offline, tmp_path)) as client:
        assert client.get("/subscribe/").status == 404
    chosen = taking_subscribers("file:outbox/", web={"subscribe": True})
    assert chosen.takes_subscribers and not taking_subscribers("smtp://x", web={"subscribe": False}).takes_subscribers


def test_forms_that_are_too_large_are_refused(site: Site) -> None:
    assert post(site.client, "/subscribe/", {"address": "a" * 40_000}).status == 413


def test_form_that_never_arrives_whole_does_not_keep_its_connection(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS", 0.3)
    head = "POST /subscribe/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\nConnection: close\r\n\r\naddress="
    assert site.client.send(head.encode()).status == 408


def test_client_that_leaves_in_the_middle_of_a_form_is_no_fault_of_ours(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(site.client.address, timeout=10) as connection:
        connection.sendall(b"POST /subscribe/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\naddress=")
    for _ in range(3):  # it is looked at before these
        assert site.client.get("/subscribe/").status == 200
    assert not [record for record in caplog.records if record.exc_info]


def edition(**changes: Any) -> Edition:
    values: dict[str, Any] = {
        "id": 0,
        "digest": "Morning briefing",
        "variant": "0123456789ab",
        "local_date": "2026-11-22",
        "state": EditionState.FROZEN,
        "created": utc_now() - timedelta(seconds=1),
        "period_from": utc_now(),
        "period_to": utc_now(),
    }
    return Edition(**(values | changes))


def test_edition_of_own_wishes_can_be_read_at_its_link_alone(site: Site) -> None:
    made = edition(html="<!doctype html><html><body><p>Own topics</p></body></html>")
    with site.store.write() as conn:
        editions.freeze(conn, made, ())
    answer = site.client.get("/editions/morning-briefing/2026-11-22/0123456789ab/")
    assert answer.status == 200 and "Own topics" in answer.text and answer.headers["x-robots-tag"] == "noindex"
    assert site.client.get("/editions/morning-briefing/2026-11-22/0123456789ac/").status == 404
    assert site.client.get("/editions/nothing/2026-11-22/0123456789ab/").status == 404


def test_page_of_a_subscription_is_not_the_front_page_of_the_navigation(site: Site) -> None:
    assert "aria-current" not in site.client.get("/subscribe/").text
