"""What a mail server's answer means for the delivery, the domain and the transport. Pure.

Codes: RFC 5321 section 4.2, enhanced ones RFC 3463 and the IANA registry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")
_LONGEST_TEXT = 300
_UNKNOWN_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.10"})
_NOT_AUTHENTICATED = frozenset({530, 534, 535, 538})


class Verdict(StrEnum):
    """What to do after an answer."""

    ACCEPTED = "accepted"
    RETRY = "retry"  # later, charged as an attempt
    THROTTLED = "throttled"  # the same; a policy of this recipient's server (a greylist), or of ours about all mails
    PAUSE = "pause"  # the whole transport, not charged to the recipient
    STOP = "stop"  # the whole transport, until a person has looked
    SUPPRESS = "suppress"  # there is no such address
    SUPPRESS_SECOND = "suppress at the second"  # the mailbox is disabled, perhaps for a time
    HOLD_DOMAIN = "hold the domain"  # its policy refuses us: no fault of the reader
    COMPACT = "compact"  # too large: send the compact version
    REFUSED = "refused"  # for good, this mail
    LOST = "lost"  # after the final dot the connection broke, or made no sense: it may have been accepted
    FENCED = "fenced"  # another sender has taken the delivery over; nothing was sent


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: its code, the enhanced code if it gives one, and the text."""

    code: int
    enhanced: str
    text: str

    @property
    def best_code(self) -> str:
        """The enhanced code, else the plain one."""
        return self.enhanced or str(self.code)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one mail. `reason` is a sentence for the operator; `code` is the server's."""

    verdict: Verdict
    reason: str
    code: str = ""


def read_reply(code: int, message: str) -> Reply:
    """An answer as aiosmtplib gives it, with a text that is fit for a log."""
    match = _ENHANCED.match(message)
    enhanced = match[1] if match and match[1][0] == str(code)[0] else ""
    printable = "".join(char if char.isprintable() else " " for char in message)
    return Reply(code, enhanced, " ".join(printable.split())[:_LONGEST_TEXT])


def judge(reply: Reply, *, step: str) -> Result:
    """What an answer means. `step` is the command that was answered: MAIL, RCPT, DATA or '.'."""
    verdict = _verdict(reply, step)
    sentence = _SENTENCES[verdict].format(step="the mail" if step == "." else step)
    return Result(verdict, f"{sentence}: {reply.code} {reply.text}".rstrip(), reply.best_code)


def _verdict(reply: Reply, step: str) -> Verdict:
    code, enhanced = reply.code, reply.enhanced
    rules = (
        (200 <= code < 300 and step == ".", Verdict.ACCEPTED),
        (not 400 <= code < 600 and step == ".", Verdict.LOST),
        (code == 421 or (enhanced.startswith("4.7.") and step == "MAIL"), Verdict.PAUSE),
        (enhanced.startswith("4.7."), Verdict.THROTTLED),
        (code in _NOT_AUTHENTICATED, Verdict.STOP),
        (code < 500, Verdict.RETRY),
        (enhanced == "5.3.4" or (code == 552 and enhanced != "5.2.2"), Verdict.COMPACT),
        (step == "MAIL", Verdict.STOP),  # the sender is the same for every recipient
        (enhanced in _UNKNOWN_ADDRESS, Verdict.SUPPRESS),
        (enhanced == "5.2.1", Verdict.SUPPRESS_SECOND),
        (enhanced.startswith("5.7."), Verdict.HOLD_DOMAIN),
    )
    return next((verdict for applies, verdict in rules if applies), Verdict.REFUSED)


_SENTENCES = {
    Verdict.ACCEPTED: "the server accepted it",
    Verdict.RETRY: "the server put {step} off",
    Verdict.THROTTLED: "the server put {step} off",
    Verdict.LOST: "the server's answer to {step} makes no sense, so it may have arrived",
    Verdict.PAUSE: "the server asks for a pause",
    Verdict.STOP: "the server does not let this sender in",
    Verdict.SUPPRESS: "there is no such address",
    Verdict.SUPPRESS_SECOND: "the mailbox is disabled",
    Verdict.HOLD_DOMAIN: "the recipient's domain refuses mail from this sender",
    Verdict.COMPACT: "the server finds the mail too large",
    Verdict.REFUSED: "the server refused {step}",
}
