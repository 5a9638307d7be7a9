"""Each rule of 'The message' that concerns the mail's bytes, checked by a program on editions of every kind."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.message import MessageMaker, ascii_domain, check_headers, domain_of, message_id
from aggregator.digest.render import Rendered
from aggregator.digest.tokens import Holder, personal_links
from aggregator.errors import DeliveryError
from aggregator.model import Edition, EditionState, Mailing
from tests.digest.editions import HOSTILE, frame, hostile, large, real, rendered
from tests.digest.mailhtml import MailHtml
from tests.digest.sample import NOW, edition_of

MAILING = Mailing(
    sender="Ukraine Watch <digest@example.org>",
    reply_to=None,
    list_id="morning-briefing.example.org",
    list_name="Morning briefing",
    unsubscribe="mailto:editor@example.org?subject=Unsubscribe%20from%20Morning%20briefing",
    archive="https://news.example.org/editions/morning-briefing/2026-03-03/",
    language="en",
)
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe")


def edition_with(made: Rendered | None = None, **changes: object) -> Edition:
    values: dict[str, object] = {
        "id": 1,
        "digest": "Morning briefing",
        "local_date": "2026-03-03",
        "state": EditionState.FROZEN,
        "created": NOW,
        "period_from": NOW,
        "period_to": NOW,
        "subject": made.subject if made else "Subject",
        "html": made.html if made else "<!doctype html><p>Hello</p>",
        "text": made.text if made else "Hello\n",
        "mailing": MAILING,
    }
    return Edition(**(values | changes))  # type: ignore[arg-type]


def raw(edition: Edition, address: str = "team@example.org", *, compact: bool = False) -> bytes:
    id_ = message_id(edition.digest, edition.local_date, address, MAILING.sender)
    return MessageMaker(edition).make(address, id_, compact=compact).data


def parsed(data: bytes) -> EmailMessage:
    made = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    return made


def normal(part: MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture(params=["ordinary", "large", "hostile", "arabic", "real"], scope="module")
def edition(request: pytest.FixtureRequest) -> Edition:
    made = {"ordinary": lambda: edition_of(25), "arabic": lambda: edition_of(25)} | {
        "large": large,
        "hostile": hostile,
        "real": real,
    }
    return edition_with(rendered(made[request.param](), language="ar" if request.param == "arabic" else "en"))


def test_it_has_one_of_each_header(edition: Edition) -> None:
    mail = parsed(raw(edition))
    assert {name: len(mail.get_all(name, [])) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Archive"] == f"<{MAILING.archive}>"
    assert mail["List-Id"] == "Morning briefing <morning-briefing.example.org>"
    assert mail["Feedback-ID"] == "morning-briefing:edition:exampleorg"
    assert mail["Precedence"] == "bulk"
    assert not mail.defects


def test_its_headers_say_what_they_should(edition: Edition) -> None:
    mail = parsed(raw(edition))
    assert mail["Subject"] == edition.subject
    assert mail["From"].addresses[0].display_name == "Ukraine Watch"
    assert mail["To"].addresses[0].addr_spec == "team@example.org"
    assert mail["Date"].datetime == NOW
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", mail["Message-ID"])


def test_list_unsubscribe_is_never_encoded() -> None:
    long = f"mailto:editor@example.org?subject={'Unsubscribe%20from%20' * 20}"
    data = raw(edition_with(mailing=replace(MAILING, unsubscribe=long)))
    assert f"\r\nList-Unsubscribe: <{long}>\r\n".encode() in data


def test_it_is_text_then_html_in_utf_8_and_quoted_printable(edition: Edition) -> None:
    mail = parsed(raw(edition))
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    for part, kind in ((text, "text/plain"), (html, "text/html")):
        assert part.get_content_type() == kind
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert not part.defects
    assert normal(text) == edition.text
    assert normal(html).rstrip("\n") == edition.html.rstrip("\n")


def test_every_line_is_short_ascii_and_ends_with_crlf(edition: Edition) -> None:
    data = raw(edition)
    assert data.isascii()
    assert data.endswith(b"\r\n")
    head, body = data.split(b"\r\n\r\n", 1)
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 78


def test_encoded_words_are_at_most_75_characters() -> None:
    data = raw(edition_with(subject="Дуже довгий заголовок про все, що сталося 👩‍👩‍👧‍👦 за ніч · Вт 3 бер" * 2))
    words = re.findall(rb"=\?[^?]+\?[bBqQ]\?[^?]*\?=", data)
    assert words and max(map(len, words)) <= 75


def test_the_same_mail_is_the_same_bytes(edition: Edition) -> None:
    assert raw(edition) == raw(edition)
    assert raw(edition) != raw(edition, "other@example.org")


def test_the_boundary_is_in_no_part(edition: Edition) -> None:
    data = raw(edition)
    boundary = parsed(data).get_boundary()
    assert boundary
    assert data.count(boundary.encode()) == 4


@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_becomes_a_header(title: str) -> None:
    mail = parsed(raw(edition_with(subject=title)))
    assert mail["Bcc"] is None
    assert list(mail.keys()) == list(parsed(raw(edition_with())).keys())


@given(st.text(st.characters(), max_size=200))
def test_no_text_becomes_a_header(text: str) -> None:
    quoted = re.sub('["\r\n]', "", text)
    mailing = replace(MAILING, sender=f'"{quoted}" <digest@example.org>', list_name=text)
    mail = parsed(raw(edition_with(subject=text, mailing=mailing)))
    assert list(mail.keys()) == list(parsed(raw(edition_with())).keys())


@given(
    st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=120)
)
def test_every_subject_that_a_reader_could_read_arrives(text: str) -> None:
    mail = parsed(raw(edition_with(subject=text)))
    assert " ".join(str(mail["Subject"]).split()) == " ".join(text.split())


@pytest.mark.parametrize(
    ("given_", "name", "address"),
    [
        ("News <a@example.org>", "News", "a@example.org"),
        ("a@example.org", "", "a@example.org"),
        ('"Watch, Ukraine" <a@example.org>', "Watch, Ukraine", "a@example.org"),
        ("Дайджест <a@bücher.example>", "Дайджест", "a@xn--bcher-kva.example"),
        ("=?utf-8?q?x=0d=0aBcc:_v@x?= <a@example.org>", "=?utf-8?q?x=0d=0aBcc:_v@x?=", "a@example.org"),
    ],
)
def test_senders_are_quoted_or_encoded_as_they_need_to_be(given_: str, name: str, address: str) -> None:
    mail = parsed(raw(edition_with(mailing=replace(MAILING, sender=given_, reply_to=given_))))
    for header in ("From", "Reply-To"):
        (found,) = mail[header].addresses
        assert (found.display_name, found.addr_spec) == (name, address)


def test_a_subscribers_mail_has_one_click_and_his_own_links_everywhere(edition: Edition) -> None:
    shared = replace(MAILING, unsubscribe=frame().unsubscribe_url)
    links = personal_links("secret", "https://news.example.org", Holder(17, "salt"))
    message = MessageMaker(replace(edition, mailing=shared)).make("anna@example.org", "<1@example.org>", links=links)
    mail = parsed(message.data)
    assert mail["List-Unsubscribe"] == f"<{links.unsubscribe}>, <{shared.unsubscribe}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert max(map(len, message.data.split(b"\r\n"))) <= 998
    text, html = (normal(part) for part in mail.iter_parts())
    assert text.count(links.unsubscribe) == html.count(f'"{links.unsubscribe}"') == 1
    assert f" {shared.unsubscribe}\n" not in text and f'"{shared.unsubscribe}"' not in html
    assert re.findall(r"(?:https?://|mailto:)\S+", text) == [address for _, address in MailHtml(html).links()]


def test_one_click_is_offered_for_https_alone() -> None:
    """RFC 8058 section 3.1: mail programs would not use it otherwise."""
    links = personal_links("secret", "http://192.0.2.1:8000", Holder(17, "salt"))
    mail = parsed(MessageMaker(edition_with()).make("anna@example.org", "<1@example.org>", links=links).data)
    assert links.unsubscribe in mail["List-Unsubscribe"] and mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("variant", "issue", "sender", "expected"),
    [
        ("alert-0123456789ab", 17, "A <a@b.io>", "morning-briefing:alert:bio00"),
        ("0123456789ab", 2, "A <a@a-very-long-name.example.org>", "morning-briefing:bundle:averylongnameex"),
    ],
)
def test_feedback_ids_say_which_kind_of_mail_was_called_spam_and_never_whose(
    variant: str, issue: int, sender: str, expected: str
) -> None:
    made = edition_with(variant=variant, issue=issue, mailing=replace(MAILING, sender=sender))
    assert parsed(raw(made))["Feedback-ID"] == expected


def test_an_address_beyond_ascii_needs_smtputf8() -> None:
    maker = MessageMaker(edition_with())
    assert maker.make("ännä@example.org", "<1@example.org>").utf8
    plain = maker.make("anna@bücher.example", "<1@example.org>")
    assert not plain.utf8 and plain.recipient == "anna@xn--bcher-kva.example"


def test_a_compact_mail_is_the_text_alone(edition: Edition) -> None:
    mail = parsed(raw(edition, compact=True))
    assert mail.get_content_type() == "text/plain"
    assert normal(mail) == edition.text


def test_a_mail_whose_headers_would_differ_is_not_made() -> None:
    good = [("From", "a@example.org"), ("Subject", "Hello")]
    check_headers(b"From: a@example.org\r\nSubject: Hello\r\n\r\n", good)
    with pytest.raises(DeliveryError, match="Bcc"):
        check_headers(b"From: a@example.org\r\nBcc: v@x\r\nSubject: Hello\r\n\r\n", good)
    with pytest.raises(DeliveryError, match="subject of the mail would read 'Hello there'"):
        check_headers(b"From: a@example.org\r\nSubject: Hello there\r\n\r\n", good)
    with pytest.raises(DeliveryError, match="no server would take"):
        check_headers(b"From: a@example.org\r\nSubject: " + b"x" * 1000 + b"\r\n\r\n", good)


def test_message_ids_are_made_of_edition_and_recipient() -> None:
    one = message_id("D", "2026-03-03", "a@example.org", MAILING.sender)
    assert one == message_id("D", "2026-03-03", "a@example.org", MAILING.sender)
    others = [
        ("E", "2026-03-03", "a@example.org"),
        ("D", "2026-03-04", "a@example.org"),
        ("D", "2026-03-03", "b@example.org"),
    ]
    assert one not in {message_id(*other, MAILING.sender) for other in others}


def test_domains_are_written_as_dns_has_them() -> None:
    assert domain_of("X <a@bücher.example>") == "xn--bcher-kva.example"
    assert ascii_domain(f"a@{'ü' * 80}.example") == f"a@{'ü' * 80}.example"


def test_dates_are_written_in_rfc_5322() -> None:
    mail = raw(edition_with(created=datetime(2026, 3, 3, 5, 0, 0, 123456, tzinfo=UTC)))
    assert b"\r\nDate: Tue, 03 Mar 2026 05:00:00 +0000\r\n" in mail
