"""A mailbox on an IMAP server: logging in safely, reading, marking, and what goes wrong."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from aggregator.digest.bounces.imap import Account, ImapMailbox, parse_account
from aggregator.digest.bounces.mail import LARGEST
from aggregator.digest.bounces.service import Answer, look
from aggregator.errors import DeliveryError
from aggregator.store.database import Store
from tests.digest.bounces.imapserver import ImapServer, imap_server
from tests.digest.bounces.kit import away, challenge, dsn, sender_of, sent, settings
from tests.digest.sample import NOW

TLS = Path(__file__).parents[2] / "data" / "tls"


def account(server: ImapServer, **changes: Any) -> Account:
    values = {"host": "127.0.0.1", "implicit_tls": False, "username": "bounces", "password": server.password}
    return Account(**{**values, "port": server.port, "folder": "INBOX", **changes})


class Remote(Account):
    """A server on loopback that is treated as one elsewhere."""

    is_this_machine = False


@pytest.fixture
def certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    return context


def test_what_is_understood_is_seen_and_the_rest_is_flagged(sqlite_store: Store) -> None:
    one = sent(sqlite_store)
    mails = {4: dsn(sender_of(sqlite_store, one)), 7: challenge("x@example.org"), 9: away("x@example.org")}
    with imap_server(mails=mails) as server:
        made = settings(mailbox=f"imap://bounces:secret@127.0.0.1:{server.port}")
        seen = look(sqlite_store, made, NOW)
        assert [found.answer for found in seen.found] == [Answer.TAKEN, Answer.NOTHING] and not seen.trouble
        assert [key for key, _ in seen.left] == ["7"]
        assert server.flags == {4: {"\\Seen"}, 7: {"\\Flagged"}, 9: {"\\Seen"}}
        assert look(sqlite_store, made, NOW).found == []
    assert server.commands[-1] == "LOGOUT" and "EXPUNGE" not in server.commands


@pytest.mark.parametrize("plain", [True, False])
def test_it_logs_in_by_whatever_the_server_offers(plain: bool) -> None:
    with imap_server(plain=plain, mails={1: b"x" * (LARGEST + 5)}) as server:
        box = ImapMailbox(account(server))
        ((key, data),) = box.unread()
        box.close()
    assert (key, len(data)) == ("1", LARGEST)
    assert ("AUTHENTICATE" in server.commands) is plain


def test_a_password_beyond_ascii_is_sent_as_utf_8() -> None:
    with imap_server(password='pä"ss\\') as server:
        ImapMailbox(account(server)).close()
    with imap_server(password="pä", plain=False) as server, pytest.raises(DeliveryError, match="does not let us in"):
        ImapMailbox(account(server))


def test_tls_from_the_start_and_by_starttls(certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    with imap_server(tls=certificate, implicit=True) as server:
        ImapMailbox(account(server, host="localhost", implicit_tls=True)).close()
    with imap_server(tls=certificate, starttls=True) as server:
        ImapMailbox(Remote("localhost", server.port, False, "bounces", "secret", "INBOX")).close()
        assert server.commands.index("STARTTLS") < server.commands.index("AUTHENTICATE")


def test_a_password_is_never_sent_without_tls() -> None:
    with (
        imap_server() as server,
        pytest.raises(DeliveryError, match="offers no STARTTLS, so the password was not sent"),
    ):
        ImapMailbox(Remote("localhost", server.port, False, "bounces", "secret", "INBOX"))
    assert not {"LOGIN", "AUTHENTICATE"} & set(server.commands)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: ssl.SSLContext) -> None:
    with imap_server(tls=certificate, implicit=True) as server, pytest.raises(DeliveryError, match="is not valid"):
        ImapMailbox(account(server, host="localhost", implicit_tls=True))


@pytest.mark.parametrize(
    ("behaviour", "changes", "sentence"),
    [
        ({}, {"password": "wrong"}, "does not let us in; check user and password of mail.bounces.mailbox"),
        ({}, {"folder": "Nowhere"}, "there is no mailbox Nowhere on 127.0.0.1: no such mailbox"),
        ({"drops": ("AUTHENTICATE",)}, {}, "INBOX on 127.0.0.1 can't be read"),
        ({"drops": ("SELECT",)}, {}, "INBOX on 127.0.0.1 can't be read"),
        ({"drops": ("FETCH",)}, {}, "INBOX on 127.0.0.1 can't be read"),
        ({"read_only": True}, {}, "INBOX on 127.0.0.1 can't be read"),
        ({"refuses": ("STORE",)}, {}, "can't be marked, so none is read: not today"),
    ],
)
def test_what_goes_wrong_is_one_sentence(behaviour: dict[str, Any], changes: dict[str, Any], sentence: str) -> None:
    with imap_server(mails={1: b"x"}, **behaviour) as server, pytest.raises(DeliveryError) as caught:
        box = ImapMailbox(account(server, **changes), timeout=5)
        for key, _ in box.unread():
            box.mark(key, understood=True)
    assert sentence in str(caught.value)
    assert "wrong" not in str(caught.value).replace("AUTHENTICATIONFAILED] wrong", "")


def test_a_server_that_is_down_is_one_sentence(sqlite_store: Store) -> None:
    with imap_server() as gone:
        pass
    seen = look(sqlite_store, settings(mailbox=f"imap://bounces:secret@127.0.0.1:{gone.port}/INBOX"), NOW)
    assert seen.trouble.startswith("INBOX on 127.0.0.1 can't be read")


def test_a_mail_that_somebody_removed_meanwhile_is_no_error() -> None:
    with imap_server(mails={1: b"x"}) as server:
        box = ImapMailbox(account(server))
        unread = box.unread()
        server.mails[2] = b"y"
        server.refuses = ("FETCH",)
        assert list(unread) == []
        box.close()


def test_the_address_is_read_as_written() -> None:
    found = parse_account("imaps://b%40x:p%2Fw@mail.example.org/Bounces%20here/")
    assert (found.username, found.password, found.folder, found.port) == ("b@x", "p/w", "Bounces here", 993)
    assert parse_account("imap://u:p@[::1]:1143").is_this_machine and parse_account("imap://u:p@h").port == 143
