"""What mail services post, in the forms of their documentation."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.bounces.events import Confirmation, Event, read_events
from aggregator.digest.bounces.report import Kind
from aggregator.digest.bounces.service import SENT_WITHIN, Answer, take_events
from aggregator.model import DeliveryState, SubscriberState
from aggregator.store.database import Store
from tests.digest.bounces.kit import ANN, delivery, person, sent, subscribe
from tests.digest.sample import NOW

SES_MAIL = {"timestamp": "2016-01-27T14:59:38.237Z", "source": "d@example.org", "commonHeaders": {"messageId": "<1@x>"}}


def ses_bounce(kind: str = "Permanent", **recipient: str) -> dict[str, Any]:
    bounce = {"bounceType": kind, "bounceSubType": "General", "feedbackId": "f1"}
    bounce["bouncedRecipients"] = [{"emailAddress": ANN, **recipient}]  # type: ignore[assignment]
    return {"notificationType": "Bounce", "bounce": bounce, "mail": SES_MAIL}


def ses_complaint(kind: str | None) -> dict[str, Any]:
    said = {"complainedRecipients": [{"emailAddress": ANN}], "feedbackId": "f2", "complaintFeedbackType": kind}
    return {"eventType": "Complaint", "complaint": said, "mail": SES_MAIL}


def postmark(kind: str, record: str = "Bounce", details: str = "") -> dict[str, Any]:
    return {"RecordType": record, "ID": 42, "Type": kind, "Email": ANN, "Details": details, "Description": "words"}


def mailgun(event: str, severity: str = "permanent", **status: Any) -> dict[str, Any]:
    data = {"event": event, "severity": severity, "recipient": ANN, "id": "m1", "delivery-status": status}
    return {"signature": {}, "event-data": data | {"message": {"headers": {"message-id": "1@x"}}}}


def sendgrid(event: str, **more: str) -> list[dict[str, Any]]:
    return [{"email": ANN, "event": event, "sg_event_id": "s1", "smtp-id": "<1@x>", "timestamp": 1513299569, **more}]


def events(posted: Any) -> list[Event]:
    found = read_events(json.dumps(posted).encode())
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        (ses_bounce(status="5.1.1", diagnosticCode="smtp; 550 5.1.1 <ann>... User"), "5.1.1"),
        (ses_bounce(), "5.0.0"),
        (ses_bounce("Transient"), "4.0.0"),
        ({"Type": "Notification", "MessageId": "n", "Message": json.dumps(ses_bounce(status="5.1.1"))}, "5.1.1"),
        (postmark("HardBounce", details="smtp;550 5.1.1 no such user"), "5.1.1"),
        (postmark("HardBounce"), "5.0.0"),
        (postmark("SoftBounce"), "4.0.0"),
        (postmark("Blocked"), "5.7.1"),
        (mailgun("failed", code=550, message="5.1.1 no such user"), "5.1.1"),
        (mailgun("failed", code=605, description="Not delivering to previously bounced address"), "5.0.0"),
        (mailgun("failed", "temporary", code=452, message="full"), "452"),
        (sendgrid("bounce", status="5.1.1", reason="550 5.1.1 unknown", type="bounce"), "5.1.1"),
        (sendgrid("bounce", reason="unable to get mx info", type="blocked"), "5.7.0"),
        (sendgrid("dropped", reason="Bounced Address"), "5.1.0"),
        ({"recipient": ANN, "status": "5.1.1", "diagnostic": "550 no", "message_id": "<1@x>", "id": 7}, "5.1.1"),
        ([{"recipient": ANN, "status": "4.2.2"}], "4.2.2"),
    ],
)
def test_failures_of_each_service_are_read(posted: Any, code: str) -> None:
    (event,) = events(posted)
    assert (event.recipient, event.report.kind, event.report.code) == (ANN, Kind.FAILED, code)


@pytest.mark.parametrize(
    "posted",
    [
        ses_complaint("abuse"),
        ses_complaint(None),
        postmark("SpamComplaint", "SpamComplaint"),
        mailgun("complained"),
        sendgrid("spamreport"),
        {"recipient": ANN, "type": "complaint"},
    ],
)
def test_complaints_of_each_service_are_read(posted: Any) -> None:
    (event,) = events(posted)
    assert event.report.kind is Kind.COMPLAINT and event.report.text


@pytest.mark.parametrize(
    "posted",
    [
        ses_complaint("not-spam"),
        {"notificationType": "Delivery", "mail": SES_MAIL},
        postmark("AutoResponder"),
        postmark("x", "Open"),
        mailgun("delivered"),
        mailgun("failed") | {"event-data": {"event": "failed", "reason": "suppress-unsubscribe", "recipient": ANN}},
        sendgrid("open"),
        sendgrid("dropped", reason="Unsubscribed Address"),
        {"recipient": ANN, "type": "opened"},
        {"recipient": "nobody"},
        [],
        {},
    ],
)
def test_other_events_are_nothing(posted: Any) -> None:
    assert events(posted) == []


def test_the_mail_is_named_by_its_message_id_where_a_service_knows_it() -> None:
    for posted in (ses_bounce(), mailgun("failed"), sendgrid("bounce"), {"recipient": ANN, "message_id": "<1@x>"}):
        assert events(posted)[0].message_id == "<1@x>"


def test_a_confirmation_is_no_event() -> None:
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?x"}
    assert read_events(json.dumps(asked).encode()) == Confirmation("https://sns.eu-west-1.amazonaws.com/?x")


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff", b"[1]", b'"x"', b"[" * 100_000, b'{"Type":"Notification"}'])
def test_what_is_no_json_that_is_known_is_said_so(body: bytes) -> None:
    assert read_events(body) is None


KEYS = (
    "notificationType",
    "bounce",
    "bouncedRecipients",
    "RecordType",
    "Type",
    "event-data",
    "event",
    "delivery-status",
)
WORDS = ("Bounce", "Complaint", "failed", "bounce", "complained", "SpamComplaint", "HardBounce", ANN, "Notification")
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.sampled_from(WORDS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
    max_leaves=20,
)


@given(VALUES)
def test_any_json_gives_events_of_one_printable_line_or_none(posted: Any) -> None:
    found = read_events(json.dumps(posted).encode())
    if isinstance(found, list):
        assert all(one.report.text.isprintable() and "@" in one.recipient for one in found)


def take(store: Store, posted: Any, **later: float) -> list[Answer]:
    return [one.answer for one in take_events(store, events(posted), b"{}", NOW + timedelta(**later))]


def test_an_event_ends_the_subscription_of_whom_it_names(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    posted = {"recipient": ANN.upper(), "status": "5.1.1", "diagnostic": "550 no such user", "id": "e1"}
    assert take(store, posted) == [Answer.TAKEN]
    assert take(store, posted) == [Answer.KNOWN]
    assert delivery(store, one.id).state is DeliveryState.SUPPRESSED
    assert person(store).state is SubscriberState.SUPPRESSED


def test_an_event_counts_for_the_mail_that_it_names(store: Store) -> None:
    first, second = sent(store), sent(store, day=1)
    assert take(store, {"recipient": ANN, "status": "4.2.2", "message_id": first.message_id}, days=1) == [Answer.TAKEN]
    assert take(store, {"recipient": ANN, "status": "4.2.2", "message_id": "<other@x>"}, days=1) == [Answer.TAKEN]
    assert [delivery(store, one.id).state for one in (first, second)] == [DeliveryState.FAILED] * 2


def test_an_address_that_was_sent_nothing_lately_is_not_touched(store: Store) -> None:
    one = sent(store)
    assert take(store, {"recipient": "bob@two.example", "status": "5.1.1"}) == [Answer.LEFT]
    after = SENT_WITHIN.days + 1
    assert take(store, {"recipient": ANN, "status": "5.1.1", "message_id": "<no@x>"}, days=after) == [Answer.LEFT]
    assert delivery(store, one.id) == one
