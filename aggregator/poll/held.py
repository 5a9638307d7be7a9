"""Failures to reach a host, held back until it is clear whether the host or our own network is down. Pure.

An answer from any host, an error page too, shows that the network works. A failure counts as the feed's own when an
answer came since its request began. The others are judged together at the end of the round, with those of earlier
rounds since the last answer: feeds are rarely due at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aggregator.net.response import FailureKind, FetchFailed
from aggregator.poll.outcome import Polled
from aggregator.poll.states import NO_ANSWER, Attempt, our_network_is_down
from aggregator.text.addresses import host_key

_TOGETHER = 7200.0  # seconds; failures further apart are not one outage


@dataclass(frozen=True, slots=True)
class Judged:
    """What was held: `charged` to their feeds, `excused` as our own fault, and `forgiven`, charged in vain before."""

    charged: list[Polled] = field(default_factory=list)
    excused: list[Polled] = field(default_factory=list)
    forgiven: list[Polled] = field(default_factory=list)


class HeldFailures:
    """Times are seconds on the monotonic clock."""

    def __init__(self) -> None:
        self._held: list[Polled] = []
        self._answered_at = float("-inf")
        self._excused: dict[int, float] = {}  # feed id -> when
        self._since_answer: dict[int, tuple[float, Polled]] = {}  # failures, by feed id
        self._charged: list[Polled] = []  # those of them that were taken for the feed's own

    def sort(self, polled: Polled, began: float, now: float) -> list[Polled]:
        """The polls that can be saved now: this one, and those that it clears up; none when it has to wait."""
        if _says_nothing(polled):
            return [polled]
        failed = polled.failed
        if failed is None or failed.kind not in NO_ANSWER:
            self._answered_at = now
            self._excused.pop(polled.leased.feed.id, None)
            cleared, self._held = self._held, []
            self._since_answer, self._charged = {}, []
            return [*cleared, polled]
        if self._answered_at >= began:
            return [polled]
        self._held.append(polled)
        return []

    def end_of_round(self, now: float) -> Judged:
        """What becomes of those that are still held."""
        held, self._held = self._held, []
        self._since_answer |= {one.leased.feed.id: (now, one) for one in held}
        outage = [one for at, one in self._since_answer.values() if now - at <= _TOGETHER]
        if not held or not our_network_is_down(map(_attempt, outage)):
            self._charged += held
            return Judged(charged=held)
        charged = [one for one in held if self._answered_since_excused(one)]
        excused = [one for one in held if one not in charged]
        self._excused |= {one.leased.feed.id: now for one in excused}
        forgiven, self._charged = self._charged, charged
        return Judged(charged, excused, forgiven)

    def _answered_since_excused(self, polled: Polled) -> bool:
        """Excused once, and others answered since: then it is the feed's host after all."""
        excused_at = self._excused.pop(polled.leased.feed.id, None)
        return excused_at is not None and self._answered_at >= excused_at


def _says_nothing(polled: Polled) -> bool:
    """Whether nobody was asked: the host wants no request yet, our own rules refused the address, or it is a file."""
    unasked = (FailureKind.POSTPONED, FailureKind.REFUSED_ADDRESS)
    if isinstance(polled.result, FetchFailed) and polled.result.kind in unasked:
        return True
    return polled.leased.feed.url.startswith("file:")


def _attempt(polled: Polled) -> Attempt:
    feed = polled.leased.feed
    was_ok = feed.failures == 0 and feed.last_success_at is not None
    fresh = feed.failures == 0 and feed.last_polled_at is None
    return Attempt(host_key(polled.result.url), was_ok, polled.failed.kind if polled.failed else None, fresh)
