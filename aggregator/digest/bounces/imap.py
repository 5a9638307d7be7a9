"""A mailbox on an IMAP server (RFC 9051, and RFC 3501 as most still speak it)."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from aggregator.digest.bounces.mail import LARGEST
from aggregator.errors import DeliveryError

TIMEOUT = 60.0  # seconds for each answer
_BATCH = 200  # mails looked at in one go

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is. `password` is never shown."""

    host: str
    port: int
    implicit_tls: bool
    username: str
    password: str
    folder: str

    @property
    def name(self) -> str:
        """'INBOX on mail.example.org'."""
        return f"{self.folder} on {self.host}"

    @property
    def is_this_machine(self) -> bool:
        """Whether the password never leaves this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_account(url: str) -> Account:
    """`mail.bounces.mailbox` of feeds.yaml, which has been checked there."""
    parts = urlsplit(url)
    implicit = parts.scheme == "imaps"
    return Account(
        host=parts.hostname or "localhost",
        port=parts.port or (993 if implicit else 143),
        implicit_tls=implicit,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path).strip("/") or "INBOX",
    )


class ImapMailbox:
    """An open mailbox. Flags are set; nothing is moved, and nothing removed."""

    def __init__(self, account: Account, timeout: float = TIMEOUT) -> None:
        """Connect, log in and select. Raises DeliveryError."""
        self._account = account
        self._client = self._asked(lambda: _connect(account, timeout))
        try:
            self._asked(self._log_in)
            self._asked(self._select)
        except DeliveryError:
            self.close()
            raise

    def _select(self) -> None:
        quoted = self._account.folder.replace("\\", "\\\\").replace('"', '\\"')
        kind, said = self._client.select(f'"{quoted}"')
        if kind != "OK":
            raise DeliveryError(f"there is no mailbox {self._account.name}: {_text(said)}")

    def _log_in(self) -> None:
        account = self._account
        if not (account.implicit_tls or account.is_this_machine):
            if "STARTTLS" not in self._client.capabilities:
                raise DeliveryError(f"{account.host} offers no STARTTLS, so the password was not sent; use imaps://")
            self._client.starttls(ssl.create_default_context())
        try:
            if "AUTH=PLAIN" in self._client.capabilities:  # LOGIN has no letters beyond ASCII
                said = f"\0{account.username}\0{account.password}".encode()
                self._client.authenticate("PLAIN", lambda _: said)
            else:
                self._client.login(account.username, account.password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeError) as error:
            what = "does not let us in; check user and password of mail.bounces.mailbox"
            raise DeliveryError(f"{account.host} {what}: {_text([error])}") from error

    def unread(self) -> Iterator[tuple[str, bytes]]:
        """As promised by mailbox.Mailbox; the keys are UIDs."""
        _, found = self._asked(lambda: self._client.uid("SEARCH", "UNSEEN", "UNFLAGGED", "UNDELETED"))
        uids = b" ".join(part for part in found if isinstance(part, bytes)).split()
        for uid in uids[:_BATCH]:
            data = self._beginning(uid.decode())
            if data is not None:
                yield uid.decode(), data

    def _beginning(self, uid: str) -> bytes | None:
        """The mail's first bytes; None when somebody has removed it meanwhile."""
        _, parts = self._asked(lambda: self._client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"))
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    def mark(self, key: str, *, understood: bool) -> None:
        """As promised by mailbox.Mailbox."""
        flag = "(\\Seen)" if understood else "(\\Flagged)"
        kind, said = self._asked(lambda: self._client.uid("STORE", key, "+FLAGS.SILENT", flag))
        if kind != "OK":
            raise DeliveryError(f"mails in {self._account.name} can't be marked, so none is read: {_text(said)}")

    def close(self) -> None:
        """LOGOUT."""
        try:
            self._client.logout()
        except (imaplib.IMAP4.error, OSError):
            self._client.shutdown()

    def _asked(self, work: Callable[[], Made]) -> Made:
        try:
            return work()
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"the certificate of {self._account.host} is not valid: {error.verify_message}"
            ) from error
        except (imaplib.IMAP4.error, OSError) as error:
            raise DeliveryError(f"{self._account.name} can't be read: {_text([error])}") from error


def _connect(account: Account, timeout: float) -> imaplib.IMAP4:
    if account.implicit_tls:
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=timeout)
    return imaplib.IMAP4(account.host, account.port, timeout=timeout)


def _text(said: list[Any]) -> str:
    """The server's words on one printable line."""
    words = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in said]
    text = "".join(char if char.isprintable() else " " for char in " ".join(words))
    return " ".join(text.split())[:200]
