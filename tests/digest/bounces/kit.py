"""Deliveries that were sent, and the mails that come back of them as servers write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aggregator.config.models import Config
from aggregator.digest.bounces.verp import envelope_sender
from aggregator.digest.signup import site_secret
from aggregator.model import Delivery, DeliveryState, Edition, Subscriber, SubscriberState
from aggregator.store import deliveries, editions, subscribers
from aggregator.store.database import Store
from aggregator.store.deliveries import Outcome
from aggregator.store.editions import Recipient
from aggregator.store.subscribers import NewSubscriber
from tests.digest.sample import NOW, config
from tests.store.test_deliveries import EDITION

ANN = "ann@one.example"
PATTERN = "bounces+*@example.org"
SECRET = "s3cret-s3cret-s3cret-s3cret"


def settings(maildir: Path | None = None, **changes: Any) -> Config:
    """A feeds.yaml with VERP, a webhook and perhaps a maildir."""
    mailbox = {"mailbox": f"maildir:{maildir}"} if maildir else {}
    return config(mail={"bounces": {"address": "bounces@example.org", "webhook": SECRET, **mailbox, **changes}})


def subscribe(store: Store, address: str = ANN) -> Subscriber:
    """A confirmed subscriber."""
    new = NewSubscriber(
        address=address, state=SubscriberState.CONFIRMED, reason="a test", digests=["D"], origin="added"
    )
    with store.write() as conn:
        return subscribers.add(conn, new, NOW - timedelta(days=30))


def person(store: Store, address: str = ANN) -> Subscriber:
    """As stored now."""
    with store.read() as conn:
        found = subscribers.by_address(conn, address)
    assert found is not None
    return found


def sent(
    store: Store, address: str = ANN, *, day: int = 0, to: int | None = None, state: DeliveryState = DeliveryState.SENT
) -> Delivery:
    """A delivery of the edition of NOW + `day` days that became this; `to` is a subscriber's id."""
    when = NOW + timedelta(days=day)
    with store.write() as conn:
        edition = editions.get(conn, "D", f"{when:%Y-%m-%d}") or _freeze(conn, when, address, to)
        (claimed,) = [
            one
            for one in deliveries.claim(conn, when, limit=50, lease=timedelta(seconds=20))
            if one.delivery.address == address and one.delivery.edition_id == edition.id
        ]
        if state is DeliveryState.COMMITTING:
            deliveries.about_to_commit(conn, claimed, when + timedelta(seconds=20))
        else:
            sent_at = when if state is DeliveryState.SENT else None
            deliveries.settle(conn, Outcome(claimed=claimed, state=state, reason="ok", code="250", sent_at=sent_at))
    return delivery(store, claimed.delivery.id)


def _freeze(conn: Any, when: datetime, address: str, to: int | None) -> Edition:
    made = replace(EDITION, local_date=f"{when:%Y-%m-%d}", created=when, deadline=when + timedelta(hours=6))
    recipient = Recipient(address, f"<{when:%d}-{address}>", subscriber_id=to)
    frozen = editions.freeze(conn, made, [recipient])
    assert frozen is not None
    return frozen


def delivery(store: Store, id_: int) -> Delivery:
    """As stored now."""
    with store.read() as conn:
        found = deliveries.by_id(conn, id_)
    assert found is not None
    return found


def sender_of(store: Store, one: Delivery) -> str:
    """The envelope sender that its mail had."""
    return envelope_sender(PATTERN, site_secret(store), one.id, one.message_id)


def dsn(
    to: str,
    *,
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ann@one.example>: no such user",
    action: str = "failed",
    final: str = ANN,
    message_id: str = "<dsn-1@mx.example>",
) -> bytes:
    """A report of RFC 3464 as Postfix writes it, to this envelope sender."""
    lines = f"""\
Return-Path: <>
Delivered-To: bounces@example.org
Date: Tue, 3 Mar 2026 05:10:00 +0000
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"
Message-ID: {message_id}

--B1
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example. I'm sorry.

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Tue, 3 Mar 2026 05:09:00 +0000

Final-Recipient: rfc822; {final}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--B1
Content-Type: message/rfc822

From: Watch <digest@example.org>
To: {ANN}
Subject: the digest

body
--B1--
"""
    return lines.encode()


def complaint(mail_from: str, kind: str = "abuse") -> bytes:
    """A report of RFC 5965, as feedback loops send it: the reader's address blotted out."""
    lines = f"""\
From: feedback@isp.example
To: abuse@example.org
Subject: FW: the digest
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B2"
Message-ID: <arf-1@isp.example>

--B2
Content-Type: text/plain

This is an email abuse report.
--B2
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeISP/1.0
Version: 1
Original-Mail-From: <{mail_from}>

--B2
Content-Type: message/rfc822

From: Watch <digest@example.org>
Subject: the digest

body
--B2--
"""
    return lines.encode()


def qmail(to: str, said: str = "550 no such mailbox here", address: str = ANN) -> bytes:
    """qmail's own format."""
    return f"""\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: failure notice
Message-ID: <qmail-1@mx.example>

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
{said}

--- Below this line is a copy of the message.

Subject: the digest
""".encode()


def away(to: str) -> bytes:
    """Out of office (RFC 3834), with words that a heuristic could take for a failure."""
    return f"""\
From: Ann <{ANN}>
To: {to}
Subject: Out of office
Auto-Submitted: auto-replied
Message-ID: <away-1@one.example>

Your message could not be delivered to my attention: <{ANN}>: I am away until Monday.
""".encode()


def challenge(to: str) -> bytes:
    """Challenge and response, without a header that says so."""
    return f"""\
From: Ann's guard <guard@one.example>
To: {to}
Subject: Please confirm your message
Message-ID: <challenge-1@one.example>

To deliver your message to ann@one.example, press this link: https://guard.example/confirm
""".encode()
