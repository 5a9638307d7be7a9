"""What mails that come back say, in the formats of the world, and that no mail can do harm."""

from __future__ import annotations

import email

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.digest.bounces.mail import LARGEST, parse
from aggregator.digest.bounces.report import Kind, Report, best_code, read_report, sender_said
from tests.digest.bounces.kit import ANN, away, challenge, complaint, dsn, qmail

TO = "bounces+17aaaaaaaaaaaaaaaaaaaaaaaaaa@example.org"


def read(data: bytes) -> Report | None:
    mail = parse(data)
    assert mail is not None
    return read_report(mail)


def test_a_delivery_status_tells_code_text_and_recipient() -> None:
    assert read(dsn(TO)) == Report(
        Kind.FAILED, "550 5.1.1 <ann@one.example>: no such user", "5.1.1", frozenset({"ann@one.example"})
    )


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_changes_nothing(action: str) -> None:
    found = read(dsn(TO, action=action, status="4.4.1"))
    assert found is not None and found.kind is Kind.NOTHING and action in found.text


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        ("5.1.1", "550 anything", "5.1.1"),
        ("5.0.0", "550 5.1.1 unknown", "5.1.1"),
        ("5.0.0", "550 User unknown", "550"),
        ("5.0.0", "554 5.7.1 blocked", "5.7.1"),
        ("4.0.0", "452 4.2.2 full", "4.2.2"),
        ("5.0.0", "4.2.2 for a while", "5.0.0"),
        ("", "552 too much", "552"),
        ("", "at 10.5.1.1 nothing", ""),
        ("5.0.0", "", "5.0.0"),
        ("nonsense", "", ""),
    ],
)
def test_the_most_telling_code_counts(status: str, text: str, code: str) -> None:
    assert best_code(status, text) == code


def test_a_diagnostic_over_several_lines_is_one_line() -> None:
    folded = "smtp; 550-5.1.1 The account that you tried\n    550 5.1.1 does not exist \x1b[31m"
    found = read(dsn(TO, diagnostic=folded))
    assert found is not None and found.text.isprintable() and "does not exist" in found.text


def test_the_worst_of_several_recipients_counts() -> None:
    more = (
        b"\nFinal-Recipient: rfc822; bob@two.example\nAction: failed\nStatus: 4.2.2\n\n--B1\nContent-Type: message/rfc"
    )
    found = read(dsn(TO).replace(b"\n--B1\nContent-Type: message/rfc", more))
    assert found is not None and found.code == "5.1.1" and found.recipients == {ANN, "bob@two.example"}


def test_a_complaint_is_one_and_other_feedback_is_not() -> None:
    assert read(complaint(TO)) == Report(Kind.COMPLAINT, "type abuse, from SomeISP/1.0")
    for kind in ("not-spam", "auth-failure", "virus"):
        found = read(complaint(TO, kind))
        assert found is not None and found.kind is Kind.NOTHING and kind in found.text


@pytest.mark.parametrize("header", ["X-Autoreply: yes", "X-Vacation: 1", "Precedence: auto_reply"])
def test_automatic_answers_change_nothing(header: str) -> None:
    for mail in (away(TO), away(TO).replace(b"Auto-Submitted: auto-replied", header.encode())):
        found = read(mail)
        assert found is not None and found.kind is Kind.NOTHING and "automatic answer" in found.text


def test_a_receipt_changes_nothing() -> None:
    receipt = dsn(TO).replace(b"delivery-status", b"disposition-notification")
    found = read(receipt)
    assert found is not None and found.kind is Kind.NOTHING and "receipt" in found.text


def test_other_formats_are_read_by_what_they_say() -> None:
    assert read(qmail(TO)) == Report(Kind.FAILED, "550 no such mailbox here", "550", frozenset({ANN}))
    found = read(qmail(TO, "mailbox is full (#5.2.2)"))
    assert found is not None and found.code == "5.2.2"
    found = read(qmail(TO, "Sorry."))
    assert found is not None and (found.code, found.text) == ("5.0.0", "the report gives no reason")


@pytest.mark.parametrize("mail", [challenge(TO), b"", b"Subject: hello\n\nhow are you?\n", b"\x00\xff\xfe"])
def test_other_mail_is_not_understood(mail: bytes) -> None:
    assert read(mail) is None


def test_the_code_is_found_wherever_servers_write_the_envelope() -> None:
    for mail in (dsn(TO), complaint(TO), dsn("x@example.org").replace(b"bounces@example.org", TO.encode())):
        assert TO in sender_said(email.message_from_bytes(mail))
    returned = dsn("x@example.org").replace(b"From: Watch", f"Return-Path: <{TO}>\nFrom: Watch".encode())
    assert TO in sender_said(email.message_from_bytes(returned))


def nested(depth: int, kind: str = "multipart/mixed") -> bytes:
    parts = [f'Content-Type: {kind}; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)]
    return "".join(parts).encode()


@pytest.mark.parametrize(
    "mail",
    [
        nested(3000),
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"Content-Type:\n multipart/mixed;" + b'\n boundary="' * 2000,
        b'Content-Type: text/plain; a="' + b';\n "' * 100_000,
    ],
)
def test_what_is_built_to_harm_its_reader_is_not_read(mail: bytes) -> None:
    assert parse(mail) is None


def test_a_huge_mail_is_read_as_far_as_it_matters() -> None:
    huge = dsn(TO).replace(b"body\n", b"x" * 5_000_000 + b"\n" + b"y\n" * 1_000_000)
    mail = parse(huge)
    assert mail is not None and len(mail.as_bytes()) < LARGEST
    found = read_report(mail)
    assert found is not None and found.code == "5.1.1"


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=B\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/feedback-report\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Type: text/plain; charset=\xff\n",
        b"\n--B\n",
        b"--B--\n",
        b"Action: failed\n",
        b"Status: 5.\n",
        b'Final-Recipient: rfc822; "<@,;:\n',
        b"Diagnostic-Code: ;\n",
        b"Feedback-Type: abuse\n",
        b"Auto-Submitted: \xe9\n",
        b"From: =?utf-8?q?=0d=0a?= <\x00>\n",
        b"<ann@one.example>:\n550 no\n",
        b"\n",
        b"\r\r\n\x0b",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=60)), max_size=40).map(b"".join))
@example(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!!")
@example(b"Subject: =?x?q?=?=\nContent-Type: text/plain; charset*=utf-8''%\n\n")
def test_any_bytes_give_a_report_of_one_printable_line_or_none(data: bytes) -> None:
    mail = parse(data)
    found = read_report(mail) if mail is not None else None
    if found is not None:
        assert found.text.isprintable() and len(found.text) <= 400
        assert all("@" in one for one in found.recipients)
    if mail is not None:
        assert "\x00" not in sender_said(mail)
