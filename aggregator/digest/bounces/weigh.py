"""What a report means for the address, and when enough is enough. Pure.

Codes are weighed as the answers of a server are while a mail is sent (`digest.replies`): who doesn't exist is told at
once, whose mailbox is full is counted, and whose server refuses us keeps the subscription.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.digest.bounces.report import Kind, Report

HALF_LIFE = timedelta(days=14)
ENOUGH = 4.0  # the fifth day in a row on which mail comes back
KEPT = timedelta(days=90)  # reports; older ones count for next to nothing


class Weight(StrEnum):
    """What follows for the address."""

    GONE = "gone"  # there is no such address: stop at once
    DISABLED = "disabled"  # stop at the second
    COUNTED = "counted"  # stop when there were enough
    POLICY = "policy"  # the server refuses us: no fault of the reader
    COMPLAINT = "complaint"  # the reader wants no more
    NOTHING = "nothing"


_SENDER = frozenset({"5.1.7", "5.1.8", "5.1.9"})  # of class 5.1 (addresses), but about ours
_GONE_REPLIES = frozenset({"550", "551", "553"})  # RFC 5321 section 4.2.3: the mailbox is unavailable, or elsewhere


def weigh(report: Report, address: str) -> Weight:
    """The weight of a report about a mail to `address`.

    A report that names others only comes from where the mail was forwarded to: the address itself exists.
    """
    if report.kind is Kind.COMPLAINT:
        return Weight.COMPLAINT
    if report.kind is Kind.NOTHING:
        return Weight.NOTHING
    weight = _of_code(report.code)
    forwarded = bool(report.recipients) and address.casefold() not in report.recipients
    return Weight.COUNTED if forwarded and weight in {Weight.GONE, Weight.DISABLED} else weight


def _of_code(code: str) -> Weight:
    if code.startswith("5.7.") or code in _SENDER:
        return Weight.POLICY
    if code == "5.2.1":
        return Weight.DISABLED
    gone = code.startswith("5.1.") or code in _GONE_REPLIES or code in {"5.0.0", "5.2.0"}
    return Weight.GONE if gone else Weight.COUNTED


def enough(times: Iterable[datetime], now: datetime) -> bool:
    """Whether mail came back on so many days, counted half after each HALF_LIFE, that the address is given up."""
    days = {at.date(): at for at in sorted(times)}
    score: float = sum(0.5 ** ((now - at) / HALF_LIFE) for at in days.values())
    return score >= ENOUGH


def sentence(weight: Weight, report: Report) -> str:
    """Why, for the delivery and the subscriber."""
    said = f"{_SENTENCES[weight]}: {report.text}"
    return said if not report.code or report.code in report.text else f"{said} ({report.code})"


_SENTENCES = {
    Weight.GONE: "the mail came back, there is no such address",
    Weight.DISABLED: "the mail came back, the mailbox is disabled",
    Weight.COUNTED: "the mail came back",
    Weight.POLICY: "the mail came back, the recipient's domain refuses mail from this sender",
    Weight.COMPLAINT: "the reader marked the mail as spam",
    Weight.NOTHING: "nothing follows",
}
