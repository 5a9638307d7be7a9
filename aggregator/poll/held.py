"""Failures to reach a host, held back until it is clear whether the host or our own network is down. Pure.

An answer from any host, an error page too, shows that the network works. A failure counts as the feed's own when an
answer came since its request began. The others are judged together at the end of the round.
"""

from __future__ import annotations

from aggregator.poll.outcome import Polled
from aggregator.poll.states import NO_ANSWER, Attempt, our_network_is_down
from aggregator.text.addresses import host_key


class HeldFailures:
    """Times are seconds on the monotonic clock."""

    def __init__(self) -> None:
        self._held: list[Polled] = []
        self._answered_at = float("-inf")
        self._excused: dict[int, float] = {}  # feed id -> when

    def sort(self, polled: Polled, began: float, now: float) -> list[Polled]:
        """The polls that can be saved now: this one, and those that it clears up; none when it has to wait."""
        failed = polled.failed
        if failed is None or failed.kind not in NO_ANSWER:
            self._answered_at = now
            cleared, self._held = self._held, []
            return [*cleared, polled]
        if self._answered_at >= began:
            return [polled]
        self._held.append(polled)
        return []

    def end_of_round(self, now: float) -> tuple[list[Polled], list[Polled]]:
        """What is still held: (the feeds' own failures, those that no feed is charged with)."""
        held, self._held = self._held, []
        down = our_network_is_down(map(_attempt, held))
        excused = [one for one in held if down and not self._answered_since_excused(one)]
        self._excused = {one.leased.feed.id: now for one in excused}
        return [one for one in held if one.leased.feed.id not in self._excused], excused

    def _answered_since_excused(self, polled: Polled) -> bool:
        """Excused once, and others answered since: then it is the feed's host after all."""
        before = self._excused.get(polled.leased.feed.id)
        return before is not None and self._answered_at >= before


def _attempt(polled: Polled) -> Attempt:
    feed = polled.leased.feed
    was_ok = feed.failures == 0 and feed.last_success_at is not None
    return Attempt(host_key(feed.url), was_ok, polled.failed.kind if polled.failed else None)
