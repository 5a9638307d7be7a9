"""What becomes of a delivery after a try. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from aggregator.digest.replies import Result, Verdict
from aggregator.model import Delivery, DeliveryState
from aggregator.store.deliveries import Claimed, Outcome

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120))
STOPPED_FOR = timedelta(minutes=15)  # a wrong password is not tried at every tick: servers lock accounts for that
DOMAIN_HELD_FOR = timedelta(hours=1)
DISABLED = "5.2.1"


def outcome(claimed: Claimed, result: Result, now: datetime, *, before: Delivery | None = None) -> Outcome | None:
    """What to write for a result; None when another sender has the delivery. `before`: the address's last delivery."""
    if result.verdict is Verdict.FENCED:
        return None
    if result.verdict in _LATER:
        return _later(claimed, result, now)
    if result.verdict is Verdict.COMPACT and not claimed.delivery.compact:
        reason = f"{result.reason}; the text alone is sent next"
        return _made(claimed, result, DeliveryState.DEFERRED, reason, charged=False, next_try_at=now, compact=True)
    if result.verdict is Verdict.ACCEPTED:
        return _made(claimed, result, DeliveryState.SENT, result.reason, sent_at=now)
    if result.verdict is Verdict.SUPPRESS_SECOND:
        second = before is not None and before.code == DISABLED
        state = DeliveryState.SUPPRESSED if second else DeliveryState.FAILED
        return _made(claimed, result, state, f"{result.reason}{', for the second time' if second else ''}")
    return _made(claimed, result, _FINAL[result.verdict], result.reason)


_CHARGED = frozenset({Verdict.RETRY, Verdict.THROTTLED})
_LATER = _CHARGED | {Verdict.PAUSE, Verdict.STOP, Verdict.HOLD_DOMAIN}
_FINAL = {
    Verdict.SUPPRESS: DeliveryState.SUPPRESSED,
    Verdict.LOST: DeliveryState.UNCERTAIN,
    Verdict.REFUSED: DeliveryState.FAILED,
    Verdict.COMPACT: DeliveryState.FAILED,
}


def _later(claimed: Claimed, result: Result, now: datetime) -> Outcome:
    """What the server said about this recipient is charged; a pause of the transport leaves it as due as it was."""
    charged, wait = result.verdict in _CHARGED, timedelta()
    if charged:
        wait = RETRY_AFTER[min(claimed.delivery.attempts, len(RETRY_AFTER) - 1)]
    elif result.verdict is Verdict.HOLD_DOMAIN:
        wait = DOMAIN_HELD_FOR
    untouched = not wait and claimed.delivery.attempts == 0 and not claimed.delivery.compact
    state = DeliveryState.PENDING if untouched else DeliveryState.DEFERRED
    return _made(claimed, result, state, result.reason, charged=charged, next_try_at=now + wait)


def _made(
    claimed: Claimed,
    result: Result,
    state: DeliveryState,
    reason: str,
    *,
    charged: bool = True,
    next_try_at: datetime | None = None,
    sent_at: datetime | None = None,
    compact: bool = False,
) -> Outcome:
    return Outcome(
        claimed=claimed,
        state=state,
        reason=reason,
        code=result.code,
        charged=charged,
        next_try_at=next_try_at,
        sent_at=sent_at,
        compact=compact,
    )


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent through a transport, and until when. `failures` in a row lengthen the next one."""

    transport: str  # transport.fingerprint
    until: datetime
    reason: str
    failures: int

    def holds(self, transport: str, now: datetime) -> bool:
        """Whether it concerns this transport, still. An edited mail.smtp is tried at once.

        One that would last longer than any does was written before the clock was put back.
        """
        return transport == self.transport and now < self.until <= now + RETRY_AFTER[-1]


def pause_after(result: Result, transport: str, now: datetime, last: Pause | None) -> Pause:
    """The pause that a PAUSE or STOP begins: 5, 15, 30, 60, then 120 minutes; 15 for what a person has to mend."""
    failures = last.failures + 1 if last is not None and last.transport == transport else 1
    wait = STOPPED_FOR if result.verdict is Verdict.STOP else RETRY_AFTER[min(failures, len(RETRY_AFTER)) - 1]
    return Pause(transport, now + wait, result.reason, failures)


def pause_to_text(pause: Pause | None) -> str:
    """As `meta` keeps it; '' for none."""
    return json.dumps({**asdict(pause), "until": pause.until.isoformat()}) if pause else ""


def pause_from_text(text: str | None) -> Pause | None:
    """The opposite."""
    if not text:
        return None
    values = json.loads(text)
    return Pause(**{**values, "until": datetime.fromisoformat(values["until"])})
