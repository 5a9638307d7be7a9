"""What mail services post when a mail comes back, as one kind of event. Pure.

    Amazon SES     Bounce and Complaint notifications, in SNS's envelope or raw
    Postmark       RecordType Bounce and SpamComplaint
    Mailgun        event-data with failed or complained
    SendGrid       a list with bounce, dropped and spamreport
    anybody else   {"recipient": "ann@one.example", "status": "5.1.1", "diagnostic": "550 …", "message_id": "<…>"}

Fields that a service adds are ignored, and so are events of other kinds, such as opened or delivered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aggregator.digest.bounces.mail import one_line
from aggregator.digest.bounces.report import Kind, Report, best_code

_MOST_EVENTS = 1000
_LONGEST_TEXT = 300
_LONGEST_ADDRESS = 400
_POSTMARK = {
    "HardBounce": "5.0.0",
    "BadEmailAddress": "5.1.3",
    "Transient": "4.0.0",
    "SoftBounce": "4.0.0",
    "DnsError": "4.4.3",
    "Blocked": "5.7.1",
    "SpamNotification": "5.7.1",
    "DMARCPolicy": "5.7.1",
}  # what each type means where the server's answer has no code


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `id` is the service's own, '' where it gives none; `message_id` the mail's, with its brackets."""

    recipient: str
    report: Report
    message_id: str
    id: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """SNS asks whether it may post here; a person opens the link."""

    url: str


def read_events(body: bytes) -> list[Event] | Confirmation | None:
    """The events of a post; none where it tells of nothing that came back. None when it is no JSON that is known."""
    try:
        posted = json.loads(body)
        if isinstance(posted, dict) and posted.get("Type") == "SubscriptionConfirmation":
            return Confirmation(one_line(_text(posted, "SubscribeURL")))
        if isinstance(posted, dict) and posted.get("Type") == "Notification":
            posted = json.loads(_text(posted, "Message"))
    except (ValueError, RecursionError):
        return None
    items = posted if isinstance(posted, list) else [posted]
    if not all(isinstance(item, dict) for item in items):
        return None
    return [event for item in items[:_MOST_EVENTS] for event in _events(item) if "@" in event.recipient]


def _events(item: dict[str, Any]) -> Iterator[Event]:
    if "notificationType" in item or "eventType" in item:
        return _ses(item)
    if "RecordType" in item:
        return _postmark(item)
    if "event-data" in item:
        return _mailgun(_dict(item, "event-data"))
    if "event" in item:
        return _sendgrid(item)
    return _generic(item)


def _ses(item: dict[str, Any]) -> Iterator[Event]:
    """https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html"""
    kind = _text(item, "notificationType") or _text(item, "eventType")
    message_id = _text(_dict(_dict(item, "mail"), "commonHeaders"), "messageId")
    bounce, complaint = _dict(item, "bounce"), _dict(item, "complaint")
    if kind == "Bounce":
        usual = "5.0.0" if _text(bounce, "bounceType") == "Permanent" else "4.0.0"
        for one in _dicts(bounce, "bouncedRecipients"):
            text = _text(one, "diagnosticCode").removeprefix("smtp;").strip()
            report = _failed(_text(one, "status") or usual, text or _text(bounce, "bounceSubType"))
            yield _event(_text(one, "emailAddress"), report, message_id, _text(bounce, "feedbackId"))
    if kind == "Complaint" and _text(complaint, "complaintFeedbackType") != "not-spam":
        for one in _dicts(complaint, "complainedRecipients"):
            report = _complaint(_text(complaint, "complaintFeedbackType"))
            yield _event(_text(one, "emailAddress"), report, message_id, _text(complaint, "feedbackId"))


def _postmark(item: dict[str, Any]) -> Iterator[Event]:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook"""
    kind = _text(item, "Type")
    if _text(item, "RecordType") == "SpamComplaint":
        report = _complaint(_text(item, "Name"))
    elif _text(item, "RecordType") == "Bounce" and kind in _POSTMARK:
        report = _failed(_POSTMARK[kind], _text(item, "Details") or _text(item, "Description"))
    else:
        return
    yield _event(_text(item, "Email"), report, "", _text(item, "ID"))


def _mailgun(item: dict[str, Any]) -> Iterator[Event]:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/events/events"""
    status = _dict(item, "delivery-status")
    if _text(item, "event") == "complained":
        report = _complaint("")
    elif _text(item, "event") == "failed" and not _text(item, "reason").startswith("suppress-unsub"):
        usual = "5.0.0" if _text(item, "severity") == "permanent" else "4.0.0"
        said = f"{_text(status, 'code')} {_text(status, 'message') or _text(status, 'description')}"
        report = _failed(_text(status, "enhanced-code") or usual, said)
    else:
        return
    message_id = _text(_dict(_dict(item, "message"), "headers"), "message-id")
    yield _event(_text(item, "recipient"), report, message_id and f"<{message_id.strip('<>')}>", _text(item, "id"))


def _sendgrid(item: dict[str, Any]) -> Iterator[Event]:
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""
    kind, reason = _text(item, "event"), _text(item, "reason")
    if kind == "spamreport":
        report = _complaint("")
    elif kind == "bounce":
        report = _failed(_text(item, "status") or ("5.7.0" if _text(item, "type") == "blocked" else "5.0.0"), reason)
    elif kind == "dropped" and reason.startswith(("Bounced", "Invalid")):
        report = _failed("5.1.0", reason)
    else:
        return
    yield _event(_text(item, "email"), report, _text(item, "smtp-id"), _text(item, "sg_event_id"))


def _generic(item: dict[str, Any]) -> Iterator[Event]:
    kind = _text(item, "type") or "bounce"
    if kind not in {"bounce", "complaint"}:
        return
    text = _text(item, "diagnostic")
    report = _complaint(text) if kind == "complaint" else _failed(_text(item, "status"), text)
    yield _event(_text(item, "recipient"), report, _text(item, "message_id"), _text(item, "id"))


def _event(recipient: str, report: Report, message_id: str, id_: str) -> Event:
    return Event(one_line(recipient)[:_LONGEST_ADDRESS], report, one_line(message_id), id_)


def _failed(status: str, text: str) -> Report:
    line = one_line(text)[:_LONGEST_TEXT]
    code = best_code(status, line)
    return Report(Kind.FAILED, line or f"status {code or 'unknown'}", code)


def _complaint(text: str) -> Report:
    return Report(Kind.COMPLAINT, one_line(text)[:_LONGEST_TEXT] or "the mail service says so")


def _text(item: dict[str, Any], key: str) -> str:
    """The value as text; '' for what is neither text nor a whole number."""
    value = item.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and abs(value) < 1 << 64 else ""


def _dict(item: dict[str, Any], key: str) -> dict[str, Any]:
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def _dicts(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = item.get(key)
    return [one for one in value if isinstance(one, dict)][:_MOST_EVENTS] if isinstance(value, list) else []
