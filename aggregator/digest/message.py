"""An edition as a mail to one address: RFC 5322 bytes. Pure; equal input gives equal bytes, the boundary too.

Header lines are folded here and not by the library: `EmailMessage` encodes a long List-Unsubscribe (RFC 2369 forbids
it) at its usual width, and at a width of 998 writes encoded words longer than the 75 characters of RFC 2047.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr

import idna

from aggregator.config.values import split_mailbox
from aggregator.digest.body import both_bodies, text_body
from aggregator.digest.tokens import PersonalLinks
from aggregator.errors import DeliveryError
from aggregator.model import Edition, Mailing, kind_of
from aggregator.text.lines import tidy

LONGEST_LINE = 998  # RFC 5322 section 2.1.1, without CRLF
_PARSER = BytesHeaderParser(policy=policy.default)
_FOLD = 78
_ENCODED_LINE = 76  # makes encoded words of at most 75 characters (RFC 2047 section 2)


@dataclass(frozen=True, slots=True)
class Message:
    """A finished mail. `utf8`: only a server that offers SMTPUTF8 (RFC 6531) can take it."""

    id: str  # Message-ID
    sender: str
    recipient: str
    data: bytes  # lines end with CRLF; dots are not stuffed
    utf8: bool

    def with_data(self, data: bytes) -> Message:
        """The same mail with other bytes, such as a signature in front."""
        return replace(self, data=data)

    def with_sender(self, sender: str) -> Message:
        """The same mail from another envelope sender: the bytes don't change."""
        return replace(self, sender=sender)


class MessageMaker:
    """Makes the mails of one edition; what they share is folded, encoded and checked once."""

    def __init__(self, edition: Edition) -> None:
        assert edition.mailing is not None
        self._edition = edition
        self._mailing: Mailing = edition.mailing
        self._shared = [(name, _fold(name, value)) for name, value in self._headers()]
        own = (self._mailing.unsubscribe, self._mailing.preferences)
        self._whole = both_bodies(edition.text, edition.html, own)
        self._compact = text_body(edition.text, own)
        head = "".join(f"{name}: {value}\r\n" for name, value in self._shared)
        check_headers(f"{head}\r\n".encode(), self._headers())

    def make(
        self, address: str, message_id: str, *, compact: bool = False, links: PersonalLinks | None = None
    ) -> Message:
        """The mail to `address`. `compact` leaves out the HTML, for servers that find the whole mail too large;
        `links` are a subscriber's, in place of those that everybody may see.

        Raises DeliveryError when the mail, parsed back, would not have exactly the headers that it should have.
        """
        recipient = ascii_domain(address)
        body = self._compact if compact else self._whole
        headers = [("To", recipient), ("Message-ID", message_id), *self._shared, *self._unsubscribe(links)]
        headers.append(("Content-Type", body.content_type))
        if compact:
            headers.append(("Content-Transfer-Encoding", "quoted-printable"))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        start = f"{head}\r\n".encode()
        _check_names(start, [name for name, _ in headers])
        data = start + body.filled(self._own(links))
        sender = ascii_domain(split_mailbox(self._mailing.sender)[1])
        return Message(message_id, sender, recipient, data, utf8=not (sender + head).isascii())

    def _headers(self) -> list[tuple[str, str]]:
        mailing = self._mailing
        headers = [
            ("From", mailbox(mailing.sender)),
            ("Subject", tidy(self._edition.subject)),
            ("Date", format_datetime(self._edition.created.replace(microsecond=0))),
            ("MIME-Version", "1.0"),
            ("Content-Language", mailing.language),
            ("List-Id", f"{_phrase(mailing.list_name)} <{mailing.list_id}>".strip()),
            ("List-Archive", f"<{mailing.archive}>"),
            ("Auto-Submitted", "auto-generated"),
            ("Precedence", "bulk"),  # to those who answer automatically and don't know RFC 3834
            ("Feedback-ID", self._feedback_id()),
        ]
        if mailing.reply_to:
            headers.insert(1, ("Reply-To", mailbox(mailing.reply_to)))
        return headers

    def _feedback_id(self) -> str:
        """By which Gmail counts complaints: digest, kind, and the sender in 5 to 15 characters; never the reader."""
        edition, sender = self._edition, re.sub("[^a-z0-9]", "", domain_of(self._mailing.sender))
        label = self._mailing.list_id.partition(".")[0]
        return f"{label}:{kind_of(edition.variant, edition.issue)}:{sender[:15].ljust(5, '0')}"

    def _unsubscribe(self, links: PersonalLinks | None) -> list[tuple[str, str]]:
        if links is None:
            return [("List-Unsubscribe", f"<{self._mailing.unsubscribe}>")]
        return _one_click(links.unsubscribe, self._mailing.unsubscribe)

    def _own(self, links: PersonalLinks | None) -> dict[str, str]:
        """A subscriber's links by those in whose place they stand."""
        if links is None:
            return {}
        return {self._mailing.unsubscribe: links.unsubscribe, self._mailing.preferences: links.preferences}


def _one_click(*links: str) -> list[tuple[str, str]]:
    """The ways to leave (RFC 2369), and that the first one takes a click; RFC 8058 has that for https alone."""
    ways = [("List-Unsubscribe", ", ".join(f"<{link}>" for link in links))]
    return [*ways, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if links[0].startswith("https:") else ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A mail of plain text about a subscription itself."""

    id: str  # Message-ID
    sender: str
    reply_to: str | None
    recipient: str
    subject: str
    text: str
    language: str
    when: datetime
    unsubscribe: str | None = None  # a subscriber's own link


def note(mail: Note) -> Message:
    """The mail's bytes. Raises DeliveryError as `MessageMaker.make` does."""
    recipient = ascii_domain(mail.recipient)
    body = text_body(mail.text)
    headers = [
        ("From", mailbox(mail.sender)),
        *([("Reply-To", mailbox(mail.reply_to))] if mail.reply_to else []),
        ("To", recipient),
        ("Subject", tidy(mail.subject)),
        ("Date", format_datetime(mail.when.replace(microsecond=0))),
        ("Message-ID", mail.id),
        ("MIME-Version", "1.0"),
        ("Content-Language", mail.language),
        ("Auto-Submitted", "auto-generated"),
        *(_one_click(mail.unsubscribe) if mail.unsubscribe else []),
        ("Content-Type", body.content_type),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    head = "".join(f"{name}: {_fold(name, value)}\r\n" for name, value in headers)
    start = f"{head}\r\n".encode()
    check_headers(start, headers)
    data = start + body.filled({})
    sender = ascii_domain(split_mailbox(mail.sender)[1])
    return Message(mail.id, sender, recipient, data, utf8=not (sender + head).isascii())


def message_id(edition_digest: str, local_date: str, address: str, sender: str) -> str:
    """The Message-ID, made of edition and recipient: a mail that is sent again is the same mail to every reader."""
    made = hashlib.sha256("\n".join((edition_digest, local_date, address)).encode()).hexdigest()[:32]
    return f"<{made}@{domain_of(sender)}>"


def domain_of(mailbox_text: str) -> str:
    """The domain of 'Name <user@host>' in ASCII."""
    return ascii_domain(split_mailbox(mailbox_text)[1]).rpartition("@")[2]


def ascii_domain(address: str) -> str:
    """The address with its domain as DNS has it (RFC 5890): user@bücher.example -> user@xn--bcher-kva.example."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode('ascii')}"
    except UnicodeError:
        return address


def mailbox(text: str) -> str:
    """'Name <user@host>' as it stands in a header, the name quoted or encoded as it needs to be."""
    name, address = split_mailbox(text)
    return f"{_phrase(tidy(name))} <{ascii_domain(address)}>".strip()


def _phrase(name: str) -> str:
    """A display name: as it is, quoted, or as encoded words."""
    name = tidy(name)
    if not name:
        return ""
    if name.isascii() and "=?" not in name:
        return formataddr((name, "a@b"))[: -len(" <a@b>")]
    return Header(name, "utf-8", maxlinelen=_ENCODED_LINE, header_name="List-Id").encode(linesep="\r\n")


def _fold(name: str, value: str) -> str:
    if name != "Subject":
        return value  # addresses and tokens: short, or not to be touched
    if value.isascii() and "=?" not in value and len(value) + len("Subject: ") <= _FOLD:
        return value
    return Header(value, "utf-8", maxlinelen=_ENCODED_LINE, header_name=name).encode(linesep="\r\n")


def check_headers(data: bytes, intended: Sequence[tuple[str, str]]) -> None:
    """Parse the headers back and compare: nothing that a feed said may have become a header, or changed the subject.

    Raises DeliveryError.
    """
    found = _check_names(data, [name for name, _ in intended])
    subject = dict(intended).get("Subject", "")
    if " ".join(str(found["Subject"]).split()) != " ".join(subject.split()):
        raise DeliveryError(f"the subject of the mail would read {str(found['Subject'])!r}; nothing was sent")


def _check_names(data: bytes, intended: Sequence[str]) -> EmailMessage:
    head = data[: data.index(b"\r\n\r\n") + 4]
    if any(len(line) > LONGEST_LINE or b"\r" in line or b"\0" in line for line in head.split(b"\r\n")):
        raise DeliveryError("a header of the mail has a line that no server would take; nothing was sent")
    found = _PARSER.parsebytes(head)
    if found.keys() != list(intended):
        raise DeliveryError(f"the mail would have the headers {', '.join(found.keys())}; nothing was sent")
    return found
