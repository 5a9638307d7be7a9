"""Each answer of a server does what docs/digest.md says, through a real server; and what happens beside the answers."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from aggregator.digest import outbox, service, signup
from aggregator.digest.bounces.verp import codes_in, is_genuine
from aggregator.digest.message import ascii_domain
from aggregator.digest.signup import site_secret
from aggregator.model import DeliveryState, Subscriber, SubscriberState
from aggregator.store import deliveries, subscribers, tables
from aggregator.store.database import Store
from aggregator.store.deliveries import Next
from tests.digest.mailserver import mail_server
from tests.digest.sample import NOW
from tests.digest.sending import NAME, mailing, outcomes, send
from tests.digest.test_subscribers import subscribe

ANN, BOB = "ann@one.example", "bob@two.example"
PENDING, SENT, DEFERRED = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.DEFERRED
FAILED, SUPPRESSED, UNCERTAIN = DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.UNCERTAIN


@dataclass
class Row:
    """What the server does to Ann's mail, and what becomes of it. `again`: minutes after which it is sent after all."""

    server: dict[str, Any]
    state: DeliveryState
    attempts: int = 1
    again: float | None = None
    paused: bool = False  # nobody else gets anything either
    told: str = ""
    state_later: DeliveryState = field(default=SENT)


def rcpt(answer: str) -> dict[str, Any]:
    return {"rcpt_answers": {ANN: [answer]}}


def dot(answer: str) -> dict[str, Any]:
    return {"data_answers": [answer]}


TABLE = {
    "421 greeting": Row(
        {"greetings": ["421 4.3.2 busy"]}, PENDING, 0, 5.1, paused=True, told="asks to come back later"
    ),
    "421 at RCPT": Row(rcpt("421 4.3.2 closing"), PENDING, 0, 5.1, paused=True, told="asks for a pause"),
    "4.7.x at MAIL": Row(
        {"mail_answers": ["450 4.7.1 too many"]}, PENDING, 0, 5.1, paused=True, told="until 05:05 UTC"
    ),
    "4.7.x": Row(rcpt("450 4.7.1 greylisted"), DEFERRED, 1, 5.1),
    "4.7.x after the dot": Row(dot("451 4.7.0 slow down"), DEFERRED, 1, 5.1),
    "530": Row({"mail_answers": ["530 5.7.0 log in first"]}, PENDING, 0, 15.1, paused=True, told="does not let"),
    "535": Row({"mail_answers": ["535 5.7.8 no"]}, PENDING, 0, 15.1, paused=True, told="until 05:15 UTC"),
    "sender refused": Row(
        {"mail_answers": ["550 5.1.8 bad sender"]}, PENDING, 0, 15.1, paused=True, told="this sender"
    ),
    "450": Row(rcpt("450 4.2.0 greylisted"), DEFERRED, 1, 5.1),
    "451 after the dot": Row(dot("451 4.3.0 try again"), DEFERRED, 1, 5.1),
    "452": Row(rcpt("452 4.3.1 disk full"), DEFERRED, 1, 5.1),
    "drop at RCPT": Row(rcpt("drop"), DEFERRED, 1, 5.1),
    "drop within the text": Row({"drop_at_data": 1}, DEFERRED, 1, 5.1),
    "5.1.1": Row(rcpt("550 5.1.1 no such user"), SUPPRESSED),
    "5.1.2": Row(rcpt("550 5.1.2 no such domain"), SUPPRESSED),
    "5.1.3": Row(rcpt("501 5.1.3 bad syntax"), SUPPRESSED),
    "5.1.10": Row(rcpt("556 5.1.10 null MX"), SUPPRESSED),
    "5.2.1": Row(rcpt("550 5.2.1 disabled"), FAILED),
    "5.7.x": Row(rcpt("550 5.7.1 blocked"), DEFERRED, 0, 60.1, told="one.example refuses our mail"),
    "552": Row(dot("552 too large"), SENT),
    "5.3.4": Row(rcpt("554 5.3.4 too large"), SENT),
    "552 5.2.2": Row(rcpt("552 5.2.2 mailbox full"), FAILED),
    "other 5xx": Row(rcpt("550 no"), FAILED),
    "other 5xx after the dot": Row(dot("554 5.6.0 no"), FAILED),
    "an answer after the dot that is none": Row(dot("354 go on"), UNCERTAIN),
    "drop after the dot": Row({"drop_after_accepting": 1}, UNCERTAIN),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_an_answer_does_what_the_table_says(stocked_sqlite: Store, row: Row) -> None:
    with mail_server(**row.server) as server:
        made = mailing(server.url, ANN)
        report = send(stocked_sqlite, made)
        ann = outcomes(stocked_sqlite)[ANN]
        assert (ann.state, ann.attempts) == (row.state, row.attempts), ann.reason
        assert row.told in "".join(report.troubles) and bool(report.troubles) is bool(row.told)
        everyone = made.model_copy(update={"digests": made.digests})
        assert send(stocked_sqlite, everyone, 4).sent == 0
        if row.again is not None:
            assert send(stocked_sqlite, made, row.again).sent == 1
            assert server.recipients == [ANN]
        else:
            assert send(stocked_sqlite, made, 200).sent == 0
            assert outcomes(stocked_sqlite)[ANN].state is row.state
            assert len(server.recipients) <= (row.state in {SENT, UNCERTAIN})


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.paused])
def test_no_answer_about_one_mail_stops_the_others(stocked_sqlite: Store, name: str) -> None:
    with mail_server(**TABLE[name].server) as server:
        made = mailing(server.url, ANN, BOB)
        TABLE[name].server.get("rcpt_answers", {}).setdefault(ANN, [])
        send(stocked_sqlite, made)
        states = [one.state for one in outcomes(stocked_sqlite).values()]
        assert SENT in states and PENDING not in states


def test_mail_that_can_not_be_made_ends_with_a_sentence_and_stops_no_other(stocked_sqlite: Store) -> None:
    with mail_server() as server:
        made = mailing(server.url, ANN, BOB)
        service.make_edition(stocked_sqlite, made, NAME, NOW)
        table = tables.deliveries
        with stocked_sqlite.write() as conn:
            conn.execute(table.update().where(table.c.address == ANN).values(message_id="<1>\r\nBcc: eve@one.example"))
        send(stocked_sqlite, made)
        found = outcomes(stocked_sqlite)
    assert server.recipients == [BOB]
    assert (found[BOB].state, found[ANN].state) == (SENT, FAILED)
    assert "Message-ID" in found[ANN].reason


def test_greylists_of_some_recipients_hold_up_nobody_else(stocked_sqlite: Store) -> None:
    grey = [f"ann@grey{n}.example" for n in range(5)]
    others = [f"reader{n}@example.com" for n in range(20)]
    answers = {address: ["451 4.7.1 greylisted, come back in some minutes"] for address in grey}
    with mail_server(rcpt_answers=answers) as server:
        made = mailing(server.url, *grey, *others)
        report = send(stocked_sqlite, made)
        assert report.sent == len(others) and report.troubles == ()
        assert send(stocked_sqlite, made, 5.1).sent == len(grey)


def test_a_server_that_throttles_everybody_is_left_alone_after_some(stocked_sqlite: Store) -> None:
    people = [f"reader{n}@example{n}.com" for n in range(60)]
    answers = {address: ["450 4.7.1 you send too much"] for address in people}
    with mail_server(rcpt_answers=answers) as server:
        made = mailing(server.url, *people)
        report = send(stocked_sqlite, made)
        asked = [command for command in server.commands if command.startswith("RCPT")]
        assert outbox.THROTTLED_IN_A_ROW <= len(asked) <= outbox.THROTTLED_IN_A_ROW + outbox.CONNECTIONS
        assert "no mail is sent until 05:05 UTC" in report.troubles[0] and "too much" in report.troubles[0]
        assert send(stocked_sqlite, made, 4).sent == 0


def test_verp_gives_each_delivery_a_sender_of_its_own_and_leaves_the_mail_alone(stocked: Store) -> None:
    bounces = {"address": "bounces@example.org", "webhook": "s" * 20}
    with mail_server() as server:
        send(stocked, mailing(server.url, ANN, BOB, bounces=bounces))
    secret, senders = site_secret(stocked), set()
    for mail in server.mails:
        one = outcomes(stocked)[mail.rcpt_tos[0]]
        ((id_, mac),) = codes_in(str(mail.mail_from), "bounces+*@example.org")
        assert id_ == one.id and is_genuine(secret, id_, mac, one.message_id)
        senders.add(mail.mail_from)
        assert isinstance(mail.content, bytes)
        assert b"\r\nFrom: Watch <digest@example.org>\r\n" in mail.content and b"bounces" not in mail.content
    assert len(senders) == 2


def test_a_server_with_extensions_and_one_without_letters_beyond_ascii(stocked_sqlite: Store) -> None:
    with mail_server(extensions=["PIPELINING", "X-ODD 1"], offers_utf8=False) as server:
        send(stocked_sqlite, mailing(server.url, "ännä@one.example", "user@faß.example", BOB))
    assert sorted(server.recipients) == [BOB, "user@xn--fa-hia.example"]
    anna = outcomes(stocked_sqlite)["ännä@one.example"]
    assert (anna.state, anna.code) == (FAILED, "5.6.7") and "SMTPUTF8" in anna.reason


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@faß.example", "a@xn--fa-hia.example"),  # another domain than fass.example (RFC 5891)
        ("a@пошта.укр", "a@xn--80a1acn3a.xn--j1amh"),
        ("a@x..example", "a@x..example"),
        ("a@\u2024.example", "a@\u2024.example"),
    ],
)
def test_domains_are_those_of_the_dns(address: str, expected: str) -> None:
    assert ascii_domain(address) == expected


def test_at_most_so_many_mails_go_out_in_a_minute(stocked: Store) -> None:
    people = [f"reader{n}@example.com" for n in range(10)]
    with mail_server() as server:
        made = mailing(server.url, *people, per_minute=6)
        assert [send(stocked, made, minutes).sent for minutes in (0, 0.3, 0.6, 1.1, 1.2)] == [6, 0, 0, 4, 0]
    assert sorted(server.recipients) == people


def test_two_senders_share_what_a_minute_allows(stocked: Store) -> None:
    people = [f"reader{n}@example.com" for n in range(20)]
    with mail_server() as server:
        made = mailing(server.url, *people, per_minute=7)
        service.make_edition(stocked, made, NAME, NOW)
        threads = [threading.Thread(target=send, args=(stocked, made)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.mails) == 7


def test_who_sends_by_hand_waits_for_the_next_minute(stocked_sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LIMIT_STEP", 0.001)
    monkeypatch.setattr(service, "monotonic", itertools.count(step=2).__next__)  # two seconds at each look
    with mail_server() as server:
        made = mailing(server.url, *(f"reader{n}@example.com" for n in range(9)), per_minute=4)
        assert service.send_edition(stocked_sqlite, made, NAME, NOW).sent == 9


def state_of(store: Store, address: str) -> SubscriberState:
    with store.read() as conn:
        person = subscribers.by_address(conn, address)
    assert person is not None
    return person.state


def leaving(store: Store, person: Subscriber, way: str) -> threading.Thread:
    work = signup.unsubscribe if way == "unsubscribe" else signup.erase
    thread = threading.Thread(target=work, args=(store, person, NOW))
    thread.start()
    return thread


@pytest.mark.parametrize("way", ["unsubscribe", "erase"])
def test_who_leaves_while_a_server_decides_waits_for_it(stocked: Store, way: str) -> None:
    ann, seen, threads = subscribe(stocked, ANN), [], []

    def decide() -> str:
        threads.append(leaving(stocked, ann, way))
        time.sleep(0.3)
        with stocked.read() as conn:
            person = subscribers.by_address(conn, ANN)
        seen.append(person.state if person else None)
        return "250 2.0.0 fine"

    with mail_server(data_answers=[decide]) as server:
        assert send(stocked, mailing(server.url)).sent == 1
        threads[0].join(10)
    assert seen == [SubscriberState.CONFIRMED]  # the mail came first, the end after it
    with stocked.read() as conn:
        gone = subscribers.by_address(conn, ANN)
    assert gone is None if way == "erase" else gone is not None and gone.state is SubscriberState.UNSUBSCRIBED


def test_a_server_that_decides_for_too_long_is_not_waited_for(
    stocked_sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signup, "LONGEST_WAIT", timedelta(seconds=0.1))
    ann, seen = subscribe(stocked_sqlite, ANN), []

    def decide() -> str:
        leaving(stocked_sqlite, ann, "unsubscribe").join(10)
        seen.append(state_of(stocked_sqlite, ANN))
        return "250 2.0.0 fine"

    with mail_server(data_answers=[decide]) as server:
        assert send(stocked_sqlite, mailing(server.url)).sent == 1
    assert seen == [SubscriberState.UNSUBSCRIBED]


def test_a_sender_that_died_is_not_waited_for(stocked: Store) -> None:
    ann = subscribe(stocked, ANN)
    service.make_edition(stocked, mailing("file:unused"), NAME, NOW - timedelta(hours=1), "2026-03-03")
    with stocked.write() as conn:
        (claimed,) = deliveries.claim(conn, NOW, limit=1, lease=timedelta(seconds=20))
        assert deliveries.about_to_commit(conn, claimed, NOW - timedelta(seconds=1)) is Next.DOT
    signup.unsubscribe(stocked, ann, NOW)
    assert state_of(stocked, ANN) is SubscriberState.UNSUBSCRIBED


def test_a_fixed_recipient_who_leaves_on_the_site_gets_nothing_that_waits(stocked: Store) -> None:
    with mail_server(mail_answers=["421 4.3.2 busy"]) as server:
        made = mailing(server.url, ANN, BOB)
        send(stocked, made)
        signup.unsubscribe(stocked, subscribe(stocked, ANN), NOW)
        assert send(stocked, made, 6).sent == 1
    assert server.recipients == [BOB]
    ann = outcomes(stocked)[ANN]
    assert (ann.state, ann.reason) == (SUPPRESSED, "no longer a recipient of this digest")
