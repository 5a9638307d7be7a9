"""The outbox against real mail servers that refuse, drop, close, throttle and lie; two senders; a frozen one."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.digest import outbox, service
from aggregator.digest.message import Message
from aggregator.digest.outbox import LEASE, without_addresses
from aggregator.digest.replies import Result, Verdict
from aggregator.digest.smtp import SmtpTransport
from aggregator.digest.transport import Folder, FolderTransport, Server, parse_target
from aggregator.errors import StorageError
from aggregator.model import DeliveryState
from aggregator.store import deliveries
from aggregator.store.database import Store
from aggregator.store.deliveries import Next
from tests.digest.mailserver import MailServer, mail_server
from tests.digest.sample import NOW, edition_of, stock
from tests.digest.sending import NAME, mailing, outcomes, send

TLS = Path(__file__).parents[1] / "data" / "tls"
PEOPLE = ("ann@one.example", "bob@two.example", "cid@three.example")


def test_one_refused_recipient_never_stops_the_others(stocked: Store) -> None:
    with mail_server(rcpt_answers={"bob@two.example": ["550 5.1.1 no such user"]}) as server:
        report = send(stocked, mailing(server.url, *PEOPLE))
    found = outcomes(stocked)
    assert sorted(server.recipients) == ["ann@one.example", "cid@three.example"]
    assert report.states == {DeliveryState.SENT: 2, DeliveryState.SUPPRESSED: 1}
    assert found["bob@two.example"].reason == "there is no such address: 550 5.1.1 no such user"
    assert found["bob@two.example"].code == "5.1.1"


def test_each_recipient_has_a_transaction_of_its_own(stocked_sqlite: Store) -> None:
    with mail_server() as server:
        send(stocked_sqlite, mailing(server.url, *PEOPLE))
    assert sorted(server.recipients) == sorted(PEOPLE)
    assert all(len(mail.rcpt_tos) == 1 for mail in server.mails)


def test_an_address_that_does_not_exist_gets_no_later_edition(stocked_sqlite: Store) -> None:
    with mail_server(rcpt_answers={"bob@two.example": ["550 5.1.1 no such user"]}) as server:
        made = mailing(server.url, *PEOPLE)
        send(stocked_sqlite, made)
        later = NOW + timedelta(days=1)
        stock(stocked_sqlite, [_fresh(one, later) for one in edition_of(2)])
        report = service.send_due(stocked_sqlite, made, later)
    assert server.recipients.count("bob@two.example") == 0
    assert [edition.local_date for edition in report.made] == ["2026-03-04"]
    with stocked_sqlite.read() as conn:
        of_that_day = deliveries.listing(conn, edition_ids=[report.made[0].id])
    (newest,) = [one for one in of_that_day if one.address == "bob@two.example"]
    assert newest.state is DeliveryState.SUPPRESSED and "no such user" in newest.reason


def _fresh(candidate: Any, now: Any) -> Any:
    """The same story a day later, under other ids."""
    shift = now - NOW
    entries = tuple(
        replace(e, id=e.id + 5000, guid=f"later-{e.id}", first_seen=e.first_seen + shift, sort_at=e.sort_at + shift)
        for e in candidate.entries
    )
    made = replace(candidate.story, id=candidate.story.id + 5000, key=f"{candidate.story.id + 5000:016x}")
    made = replace(made, lead_id=made.lead_id + 5000, updated=made.updated + shift, last_seen=made.last_seen + shift)
    return replace(candidate, story=made, entries=entries)


def test_greylisting_is_waited_out(stocked: Store) -> None:
    with mail_server(rcpt_answers={"ann@one.example": ["450 4.2.0 greylisted"] * 2}) as server:
        made = mailing(server.url, *PEOPLE)
        send(stocked, made)
        assert outcomes(stocked)["ann@one.example"].state is DeliveryState.DEFERRED
        assert send(stocked, made, 4).sent == 0
        assert send(stocked, made, 5.1).sent == 0
        assert outcomes(stocked)["ann@one.example"].attempts == 2
        assert send(stocked, made, 21).sent == 1
    assert server.recipients.count("ann@one.example") == 1


def test_what_is_put_off_until_the_deadline_expires(stocked: Store) -> None:
    with mail_server(rcpt_answers={"ann@one.example": ["451 4.3.0 later"] * 50}) as server:
        made = mailing(server.url, "ann@one.example", window="1h")
        for minutes in range(0, 80, 2):
            send(stocked, made, minutes)
    found = outcomes(stocked)["ann@one.example"]
    assert found.state is DeliveryState.EXPIRED and found.attempts == 4
    assert "deadline passed; last: the server put RCPT off: 451 4.3.0 later" in found.reason


def test_421_pauses_the_transport_and_charges_nobody(stocked: Store) -> None:
    with mail_server(mail_answers=["421 4.3.2 shutting down"]) as server:
        made = mailing(server.url, *PEOPLE)
        report = send(stocked, made)
        assert report.sent == 0 and "no mail is sent until 05:05 UTC" in report.troubles[0]
        assert {one.attempts for one in outcomes(stocked).values()} == {0}
        assert {one.state for one in outcomes(stocked).values()} == {DeliveryState.PENDING}
        quiet = send(stocked, made, 1)
        assert quiet.sent == 0 and "shutting down" in quiet.troubles[0]
        assert server.connections == 1
        assert send(stocked, made, 5.1).sent == 3
        assert send(stocked, made, 5.2).troubles == ()


def test_a_server_that_is_down_pauses_and_comes_back_by_itself(stocked_sqlite: Store) -> None:
    with mail_server() as gone:
        pass
    made = mailing(gone.url, *PEOPLE)
    first = send(stocked_sqlite, made)
    assert "can't be reached" in first.troubles[0] and "05:05" in first.troubles[0]
    assert "05:20" in send(stocked_sqlite, made, 5.1).troubles[0]
    with mail_server() as server:
        assert send(stocked_sqlite, mailing(server.url, *PEOPLE), 6).sent == 3  # another mail.smtp is tried at once


def test_a_wrong_password_stops_all_with_one_message(stocked_sqlite: Store) -> None:
    with mail_server(password="right") as server:
        wrong = f"smtp://user:wrong@127.0.0.1:{server.port}"
        report = send(stocked_sqlite, mailing(wrong, *PEOPLE))
        assert len(report.troubles) == 1
        assert "check user and password of mail.smtp" in report.troubles[0] and "wrong@" not in report.troubles[0]
        tried = len(server.logins)  # once by each method that the server offers
        assert set(server.logins) == {("user", "wrong")}
        assert send(stocked_sqlite, mailing(wrong, *PEOPLE), 1).sent == 0
        assert len(server.logins) == tried  # not tried again: servers lock accounts
        assert {one.attempts for one in outcomes(stocked_sqlite).values()} == {0}
        assert send(stocked_sqlite, mailing(f"smtp://user:right@127.0.0.1:{server.port}", *PEOPLE), 2).sent == 3


def test_sending_by_hand_does_not_wait_for_a_pause(stocked_sqlite: Store) -> None:
    with mail_server(mail_answers=["421 4.3.2 busy"]) as server:
        made = mailing(server.url, *PEOPLE)
        send(stocked_sqlite, made)
        assert service.send_edition(stocked_sqlite, made, NAME, NOW + timedelta(minutes=1)).sent == 3


def test_a_refused_sender_stops_all(stocked_sqlite: Store) -> None:
    with mail_server(mail_answers=["553 5.7.1 not your address"] * 9) as server:
        report = send(stocked_sqlite, mailing(server.url, *PEOPLE))
    assert len(report.troubles) == 1 and "does not let this sender in" in report.troubles[0]
    assert {one.state for one in outcomes(stocked_sqlite).values()} == {DeliveryState.PENDING}


def test_a_domain_that_refuses_us_waits_and_its_readers_stay(stocked_sqlite: Store) -> None:
    people = ["ann@one.example", "amy@one.example", "bob@two.example"]
    with mail_server(rcpt_answers={"ann@one.example": ["550 5.7.1 blocked"]}) as server:
        made = mailing(server.url, *people)
        report = send(stocked_sqlite, made)
        assert server.recipients == ["bob@two.example"]
        assert [command for command in server.commands if "amy" in command] == []
        assert report.troubles == (
            "one.example refuses our mail: the recipient's domain refuses mail from this sender: 550 5.7.1 blocked",
        )
        assert {outcomes(stocked_sqlite)[one].state for one in people[:2]} == {DeliveryState.DEFERRED}
        assert send(stocked_sqlite, made, 61).sent == 2


@pytest.mark.parametrize("step", ["mail_answers", "data_answers"])
def test_a_mail_that_is_too_large_is_sent_as_text(stocked_sqlite: Store, step: str) -> None:
    settings: dict[str, Any] = {step: ["552 5.3.4 too big"]}
    with mail_server(**settings) as server:
        report = send(stocked_sqlite, mailing(server.url, "ann@one.example"))
    assert report.sent == 1
    (mail,) = server.contents
    assert b"Content-Type: text/plain" in mail
    assert b"text/html" not in mail


@pytest.mark.parametrize("settings", [{"mail_answers": ["drop"]}, {"rcpt_answers": {"ann@one.example": ["drop"]}}])
def test_a_connection_that_drops_before_the_dot_is_tried_again(stocked_sqlite: Store, settings: dict[str, Any]) -> None:
    with mail_server(**settings) as server:
        made = mailing(server.url, "ann@one.example")
        send(stocked_sqlite, made)
        found = outcomes(stocked_sqlite)["ann@one.example"]
        assert (found.state, found.attempts) == (DeliveryState.DEFERRED, 1)
        assert "broke" in found.reason
        assert send(stocked_sqlite, made, 6).sent == 1
    assert server.recipients == ["ann@one.example"]


def test_a_connection_that_drops_after_the_dot_is_uncertain_and_never_sent_again(stocked: Store) -> None:
    with mail_server(drop_after_accepting=1) as server:
        made = mailing(server.url, "ann@one.example")
        send(stocked, made)
        found = outcomes(stocked)["ann@one.example"]
        assert found.state is DeliveryState.UNCERTAIN and "may have arrived" in found.reason
        for minutes in (5, 60, 300):
            assert send(stocked, made, minutes).sent == 0
    assert server.recipients == ["ann@one.example"]


def test_a_refusal_after_the_dot_is_certain(stocked_sqlite: Store) -> None:
    with mail_server(data_answers=["554 5.6.0 no thanks"]) as server:
        send(stocked_sqlite, mailing(server.url, "ann@one.example"))
    found = outcomes(stocked_sqlite)["ann@one.example"]
    assert found.state is DeliveryState.FAILED
    assert found.reason == "the server refused the mail: 554 5.6.0 no thanks"


def test_who_left_the_list_gets_nothing_any_more(stocked_sqlite: Store) -> None:
    with mail_server(mail_answers=["421 busy"]) as server:
        send(stocked_sqlite, mailing(server.url, *PEOPLE))
        report = send(stocked_sqlite, mailing(server.url, *PEOPLE[:1]), 6)
    assert server.recipients == ["ann@one.example"] and report.sent == 1
    assert outcomes(stocked_sqlite)["bob@two.example"].reason == "no longer a recipient of this digest"


def test_two_senders_at_once_send_each_mail_once(stocked: Store) -> None:
    people = [f"reader{n}@example.com" for n in range(30)]
    with mail_server() as server:
        made = mailing(server.url, *people)
        service.make_edition(stocked, made, NAME, NOW)
        threads = [threading.Thread(target=send, args=(stocked, made)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(server.recipients) == sorted(people)
    assert {one.state for one in outcomes(stocked).values()} == {DeliveryState.SENT}


def test_a_sender_that_was_frozen_past_its_lease_is_fenced(stocked: Store) -> None:
    made = mailing("file:unused", "ann@one.example")
    service.make_edition(stocked, made, NAME, NOW)
    with stocked.write() as conn:
        (frozen,) = deliveries.claim(conn, NOW, limit=5, lease=LEASE)
    later = NOW + LEASE + timedelta(seconds=1)
    with stocked.write() as conn:
        (other,) = deliveries.claim(conn, later, limit=5, lease=LEASE)
        assert deliveries.claim(conn, later, limit=5, lease=LEASE) == []
    with stocked.write() as conn:
        assert deliveries.about_to_commit(conn, frozen, later) is Next.TAKEN_OVER
        assert deliveries.about_to_commit(conn, other, later) is Next.DOT


def test_a_sender_that_hears_no_is_not_heard_by_the_server(tmp_path: Path) -> None:
    async def run(server: MailServer) -> None:
        message = Message(
            "<1@example.org>", "d@example.org", "ann@one.example", b"Subject: x\r\n\r\n.dot\r\n", utf8=False
        )
        smtp = SmtpTransport(Server("127.0.0.1", server.port, False, None, None))
        folder = FolderTransport(Folder(tmp_path))
        for transport in (smtp, folder):
            assert await transport.open() is None
            result = await transport.send(message, _no)
            assert result.verdict is Verdict.FENCED
            assert await transport.open() is None
            assert (await transport.send(message, _yes)).verdict is Verdict.ACCEPTED
            await transport.close()

    with mail_server() as server:
        asyncio.run(run(server))
    assert [mail.content for mail in server.mails] == [b"Subject: x\r\n\r\n.dot\r\n"]
    assert len(list(tmp_path.iterdir())) == 1


async def _no() -> Result | None:
    return Result(Verdict.FENCED, "another sender has it")


async def _yes() -> Result | None:
    return None


def test_addresses_never_reach_the_logs(stocked_sqlite: Store, caplog: pytest.LogCaptureFixture) -> None:
    answers = {
        "ann@one.example": ["550 5.1.1 <ann@one.example>: unknown"],
        "bob@two.example": ["550 5.7.1 bob@two.example no"],
    }
    with caplog.at_level(logging.DEBUG, "aggregator"), mail_server(rcpt_answers=answers) as server:
        send(stocked_sqlite, mailing(server.url, *PEOPLE))
    assert caplog.records
    assert not re.search(r"(ann|bob|cid)@", caplog.text)
    assert without_addresses("550 <ann.b+c@one.example>: no") == "550 <…@one.example>: no"


def test_stopping_ends_between_two_mails(stocked_sqlite: Store) -> None:
    people = [f"reader{n}@example.com" for n in range(12)]
    with mail_server() as server:
        made = mailing(server.url, *people)
        service.send_due(stocked_sqlite, made, NOW, stopping=lambda: len(server.mails) >= 3)
        assert 3 <= len(server.mails) < 12
        send(stocked_sqlite, made, 1)
    assert sorted(server.recipients) == sorted(people)


@pytest.fixture
def certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    return context


def test_tls_from_the_start(
    stocked_sqlite: Store, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    with mail_server(tls=certificate, implicit=True) as server:
        assert send(stocked_sqlite, mailing(f"smtps://localhost:{server.port}", *PEOPLE)).sent == 3


def test_a_certificate_that_nobody_vouches_for_stops_all(stocked_sqlite: Store, certificate: ssl.SSLContext) -> None:
    with mail_server(tls=certificate, implicit=True) as server:
        report = send(stocked_sqlite, mailing(f"smtps://localhost:{server.port}", *PEOPLE))
    assert report.sent == 0 and "certificate of localhost" in report.troubles[0]


async def _opened(server: Server) -> object:
    transport = SmtpTransport(server, timeout=5)
    trouble = await transport.open()
    await transport.close()
    return trouble


class _Remote(Server):
    """A server on loopback that is treated as one elsewhere."""

    is_this_machine = False


def test_starttls_is_used_where_it_is_offered(certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    with mail_server(tls=certificate, password="right") as server:
        assert asyncio.run(_opened(_Remote("localhost", server.port, False, "user", "right"))) is None
        assert server.logins == [("user", "right")]


def test_a_password_is_never_sent_without_tls() -> None:
    with mail_server(password="right") as server:
        trouble = asyncio.run(_opened(_Remote("localhost", server.port, False, "user", "right")))
        assert trouble is not None and "offers no STARTTLS" in trouble.reason  # type: ignore[attr-defined]
        assert server.logins == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", Server("mail.example.org", 587, False, None, None)),
        ("smtps://u%40x:p%3Aw@mail.example.org", Server("mail.example.org", 465, True, "u@x", "p:w")),
        ("smtp://[::1]:25", Server("::1", 25, False, None, None)),
        ("file:outbox/", Folder(Path("outbox"))),
    ],
)
def test_mail_smtp_is_read_as_written(url: str, expected: object) -> None:
    assert parse_target(url) == expected
    assert parse_target("smtp://[::1]:25").is_this_machine  # type: ignore[union-attr]


def test_a_folder_that_can_not_be_written_pauses(stocked_sqlite: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    report = send(stocked_sqlite, mailing(f"file:{tmp_path}/file/out", *PEOPLE))
    assert report.sent == 0 and "can't be made" in report.troubles[0]


def test_greetings_that_refuse_pause_or_stop(stocked_sqlite: Store) -> None:
    with mail_server(greetings=["421 4.7.0 too many connections", "554 5.7.1 go away"]) as server:
        made = mailing(server.url, *PEOPLE)
        assert "asks to come back later" in send(stocked_sqlite, made).troubles[0]
        assert "does not let us in" in send(stocked_sqlite, made, 5.1).troubles[0]
        assert send(stocked_sqlite, made, 21).sent == 3


def test_a_server_that_takes_few_connections_gets_few(stocked_sqlite: Store) -> None:
    people = [f"reader{n}@example.com" for n in range(40)]
    with mail_server(most_connections=2) as server:
        report = send(stocked_sqlite, mailing(server.url, *people))
    assert report.sent == 40 and report.troubles == ()


def test_a_slow_server_keeps_its_lease_by_heartbeats(stocked: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(outbox, "HEARTBEAT", 0.1)
    with mail_server(rcpt_pause=1.2) as server:
        made = mailing(server.url, "ann@one.example")
        service.make_edition(stocked, made, NAME, NOW)
        first = threading.Thread(target=send, args=(stocked, made))
        first.start()
        time.sleep(0.9)  # longer than a lease
        assert send(stocked, made, 0.015).sent == 0
        first.join()
    assert server.recipients == ["ann@one.example"]
    assert outcomes(stocked)["ann@one.example"].state is DeliveryState.SENT


def test_an_address_beyond_ascii_is_sent_where_the_server_can(stocked_sqlite: Store) -> None:
    with mail_server() as server:
        made = mailing(server.url, *PEOPLE)
        made = made.model_copy(
            update={"digests": {NAME: made.digests[NAME].model_copy(update={"to": ("ännä@one.example",)})}}
        )
        assert send(stocked_sqlite, made).sent == 1
    assert "SMTPUTF8" in server.commands[0]


def test_a_database_that_fails_stops_the_run_with_its_sentence(
    stocked_sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise StorageError("the disk is full")

    with mail_server() as server:
        made = mailing(server.url, "ann@one.example")
        service.make_edition(stocked_sqlite, made, NAME, NOW)
        with monkeypatch.context() as patched, pytest.raises(StorageError, match="the disk is full"):
            patched.setattr(deliveries, "about_to_commit", broken)
            send(stocked_sqlite, made)
        assert server.mails == []  # the dot was never sent
        assert send(stocked_sqlite, made, 1).sent == 1


def test_leases_that_can_not_be_extended_stop_nothing(
    stocked_sqlite: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(outbox, "HEARTBEAT", 0.02)
    monkeypatch.setattr(deliveries, "extend", broken)
    with mail_server(rcpt_pause=0.2) as server:
        assert send(stocked_sqlite, mailing(server.url, "ann@one.example")).sent == 1
    assert "leases of mails could not be extended: the disk is full" in caplog.text
