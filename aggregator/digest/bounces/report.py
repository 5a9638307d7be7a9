"""What a mail that came back says: RFC 3464, then complaints, receipts and auto-replies, then other formats. Pure.

multipart/report with message/delivery-status   what became of the mail (RFC 3464)
message/feedback-report                         a reader's complaint (RFC 5965)
message/disposition-notification                a receipt (RFC 8098): nothing to do
Auto-Submitted and the like                     out of office (RFC 3834): nothing to do
anything else                                   what flufl.bounce recognises in it
otherwise                                       not understood
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum

from flufl.bounce import all_failures

from aggregator.digest.bounces.mail import all_headers, body_of, fields_of, header, one_line, parts_of

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs what it fails on, readers' addresses with it

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45][0-5]\d)(?![\d.])")
_LONGEST_TEXT = 300
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "miscategorized"})
_AUTOMATIC = frozenset({"auto-replied", "auto-generated", "auto-notified"})
_AUTOMATIC_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Mail-Autoreply",
    "X-Vacation",
)


class Kind(StrEnum):
    """What came back."""

    FAILED = "failed"
    COMPLAINT = "complaint"
    NOTHING = "nothing"  # understood, and nothing follows from it


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail or a mail service says. `text` is a server's answer or a sentence of ours, one printable line.

    `recipients` are those that it names, to be compared with whom the mail was sent to and never acted upon.
    """

    kind: Kind
    text: str
    code: str = ""  # '5.1.1' (RFC 3463), else '550'
    recipients: frozenset[str] = frozenset()


def read_report(mail: Message) -> Report | None:
    """What the mail says; None when it isn't understood."""
    return _delivery_status(mail) or _complaint(mail) or _answer(mail) or _other_format(mail)


def sender_said(mail: Message) -> str:
    """Where our own envelope sender can stand: the headers, and what a complaint says of the original."""
    inner = [all_headers(group) for part in parts_of(mail, "message/feedback-report") for group in fields_of(part)]
    originals = [part for part in mail.walk() if part.get("Return-Path")]
    return "\n".join([all_headers(mail), *inner, *(header(part, "Return-Path") for part in originals)])


def best_code(status: str, text: str) -> str:
    """The most telling code of a status and a server's answer: '5.0.0' says less than '5.1.1' or '550'."""
    found = _STATUS.search(status)
    code = found[0] if found else ""
    if code and not code.endswith(".0.0"):
        return code
    told = next((one for one in _STATUS.findall(text) if one[0] == (code or one)[0]), "")
    if told and not told.endswith(".0.0"):
        return told
    reply = next((one for one in _REPLY.findall(text) if one[0] == (code or one)[0]), "")
    return reply or code or told


def _delivery_status(mail: Message) -> Report | None:
    groups = [group for part in parts_of(mail, "message/delivery-status") for group in fields_of(part)]
    recipients = [group for group in groups if group.get("Action") or group.get("Status")]
    if not recipients:
        return None
    failed = [group for group in recipients if _action(group).startswith(("fail", "error"))]
    if not failed:
        action = _action(recipients[0]) or "no action"
        return Report(Kind.NOTHING, f"a notice that the mail was {action[:20]}, which changes nothing")
    worst = max(failed, key=lambda group: (header(group, "Status")[:1] == "5", header(group, "Status")))
    said = header(worst, "Diagnostic-Code")
    text = (said.partition(";")[2] if ";" in said else said).strip()  # 'smtp; 550 no such user'
    code = best_code(header(worst, "Status"), text)
    named = frozenset(
        address
        for group in failed
        for name in ("Original-Recipient", "Final-Recipient")
        if (address := _of(group, name))
    )
    return Report(Kind.FAILED, text[:_LONGEST_TEXT] or f"status {code or 'unknown'}", code, frozenset(named))


def _action(group: Message) -> str:
    return header(group, "Action").casefold()


def _of(group: Message, name: str) -> str:
    """The address of 'rfc822; ann@one.example' (RFC 3464 section 2.3.2), or of a bare one."""
    kind, semicolon, value = header(group, name).partition(";")
    address = parseaddr((value if semicolon else kind).strip()[:400])[1]
    return address.casefold() if "@" in address else ""


def _complaint(mail: Message) -> Report | None:
    groups = [group for part in parts_of(mail, "message/feedback-report") for group in fields_of(part)]
    kinds = [kind for group in groups if (kind := header(group, "Feedback-Type").casefold())]
    if not kinds:
        return None
    if kinds[0] not in _COMPLAINTS:
        return Report(Kind.NOTHING, f"feedback of the type {kinds[0][:40]}, which changes nothing")
    reporter = next((name for group in groups if (name := header(group, "User-Agent"))), "")
    named = {_of(group, "Original-Rcpt-To") for group in groups} - {""}
    return Report(
        Kind.COMPLAINT, f"type {kinds[0]}{f', from {reporter[:80]}' if reporter else ''}", "", frozenset(named)
    )


def _answer(mail: Message) -> Report | None:
    if parts_of(mail, "message/disposition-notification"):
        return Report(Kind.NOTHING, "a receipt, which changes nothing")
    submitted = header(mail, "Auto-Submitted").casefold().partition(";")[0].strip()
    automatic = submitted in _AUTOMATIC and not _is_from_a_server(mail)
    if automatic or any(mail.get(name) for name in _AUTOMATIC_HEADERS):
        return Report(Kind.NOTHING, "an automatic answer, such as out of office, which changes nothing")
    if header(mail, "Precedence").casefold() == "auto_reply":
        return Report(Kind.NOTHING, "an automatic answer, such as out of office, which changes nothing")
    return None


def _is_from_a_server(mail: Message) -> bool:
    """Whether it may be a report in a format of its own: those, too, are automatic answers."""
    name = parseaddr(header(mail, "From")[:400])[1].partition("@")[0].casefold()
    return name in {"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"}


def _other_format(mail: Message) -> Report | None:
    try:
        temporary, permanent = all_failures(mail)
    except Exception:
        return None
    found = {_address(one) for one in (permanent or temporary)} - {""}
    if not found:
        return None
    text = _first_text(mail)
    told = next((line for line in text.splitlines() if _STATUS.search(line) or _REPLY.search(line)), "")
    line = one_line(told)[:_LONGEST_TEXT]
    code = best_code("5.0.0" if permanent else "4.0.0", line)
    return Report(Kind.FAILED, line or "the report gives no reason", code, frozenset(found))


def _address(raw: bytes | str) -> str:
    text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw
    return parseaddr(text[:400])[1].casefold()


def _first_text(mail: Message) -> str:
    plain = next((part for part in mail.walk() if part.get_content_maintype() == "text"), None)
    return body_of(plain)[:20_000] if plain is not None else ""
