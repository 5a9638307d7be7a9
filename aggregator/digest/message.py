"""An edition as a mail to one address: RFC 5322 bytes. Pure; equal input gives equal bytes, the boundary too.

Header lines are folded here and not by the library: `EmailMessage` encodes a long List-Unsubscribe (RFC 2369 forbids
it) at its usual width, and at a width of 998 writes encoded words longer than the 75 characters of RFC 2047.
"""

from __future__ import annotations

import hashlib
import quopri
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email import policy
from email.header import Header
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr

from aggregator.config.values import split_mailbox
from aggregator.errors import DeliveryError
from aggregator.model import Edition, Mailing
from aggregator.text.lines import tidy

LONGEST_LINE = 998  # RFC 5322 section 2.1.1, without CRLF
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


class MessageMaker:
    """Makes the mails of one edition; what they share is encoded once."""

    def __init__(self, edition: Edition) -> None:
        assert edition.mailing is not None
        self._edition = edition
        self._mailing: Mailing = edition.mailing
        self._bodies: dict[bool, tuple[str, bytes]] = {}

    def make(self, address: str, message_id: str, *, compact: bool = False) -> Message:
        """The mail to `address`. `compact` leaves out the HTML, for servers that find the whole mail too large.

        Raises DeliveryError when the mail, parsed back, would not have exactly the headers that it should have.
        """
        recipient = ascii_domain(address)
        content_type, body = self._body(compact)
        intended = [*self._headers(recipient, message_id), ("Content-Type", content_type)]
        if compact:
            intended.append(("Content-Transfer-Encoding", "quoted-printable"))
        head = "".join(f"{name}: {_fold(name, value)}\r\n" for name, value in intended)
        data = head.encode("utf-8") + b"\r\n" + body
        check_headers(data, intended)
        sender = ascii_domain(split_mailbox(self._mailing.sender)[1])
        return Message(message_id, sender, recipient, data, utf8=not (sender + head).isascii())

    def _headers(self, recipient: str, message_id: str) -> list[tuple[str, str]]:
        mailing = self._mailing
        headers = [
            ("From", mailbox(mailing.sender)),
            ("To", recipient),
            ("Subject", tidy(self._edition.subject)),
            ("Date", format_datetime(self._edition.created.replace(microsecond=0))),
            ("Message-ID", message_id),
            ("MIME-Version", "1.0"),
            ("Content-Language", mailing.language),
            ("List-Id", f"{_phrase(mailing.list_name)} <{mailing.list_id}>".strip()),
            ("List-Unsubscribe", f"<{mailing.unsubscribe}>"),
            ("List-Archive", f"<{mailing.archive}>"),
            ("Auto-Submitted", "auto-generated"),
        ]
        if mailing.reply_to:
            headers.insert(1, ("Reply-To", mailbox(mailing.reply_to)))
        return headers

    def _body(self, compact: bool) -> tuple[str, bytes]:
        if compact not in self._bodies:
            text, html = _part("plain", self._edition.text), _part("html", self._edition.html)
            self._bodies[compact] = text if compact else _alternative([text, html])
        return self._bodies[compact]


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
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
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


def _part(subtype: str, text: str) -> tuple[str, bytes]:
    """(content type, quoted-printable body with CRLF)."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    encoded = quopri.encodestring(normal.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return f'text/{subtype}; charset="utf-8"', encoded


def _alternative(parts: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """multipart/alternative (RFC 2046). Quoted-printable never writes '=_', so the boundary is safe."""
    digest = hashlib.sha256(b"".join(body for _, body in parts)).hexdigest()[:24]
    boundary = f"=_{digest}"
    chunks = [
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode() + body
        for kind, body in parts
    ]
    return (
        f'multipart/alternative; boundary="{boundary}"',
        b"\r\n".join(chunks) + f"\r\n--{boundary}--\r\n".encode(),
    )


def check_headers(data: bytes, intended: Sequence[tuple[str, str]]) -> None:
    """Parse the mail back and compare: nothing that a feed said may have become a header, or changed one.

    Raises DeliveryError.
    """
    head = data[: data.index(b"\r\n\r\n") + 4]
    if any(len(line) > LONGEST_LINE or b"\r" in line or b"\0" in line for line in head.split(b"\r\n")):
        raise DeliveryError("a header of the mail has a line that no server would take; nothing was sent")
    found = BytesHeaderParser(policy=policy.default).parsebytes(head)
    if [name for name, _ in found.items()] != [name for name, _ in intended]:
        raise DeliveryError(f"the mail would have the headers {', '.join(found.keys())}; nothing was sent")
    for name, value in intended:
        wanted = " ".join(value.split()) if name == "Subject" else None
        if wanted is not None and " ".join(str(found[name]).split()) != wanted:
            raise DeliveryError(f"the {name} of the mail would read {str(found[name])!r}; nothing was sent")
