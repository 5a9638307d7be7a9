"""The queue before each host: one request in flight, a pause between two, a bound for each hour.

    enter(host)   closed by Retry-After or backoff, or the wait would be long  -> Postponed, nothing is sent
                  else wait for the request before us and for the pause,
                  of other processes too (`turnstile`)                         -> None: send now
    leave(host)   the next one's pause starts
    note(...)     what the answer says about the host

With a gap of zero the editor has said that the hosts are his own: requests run side by side, unbounded.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.clock import monotonic, utc_now
from aggregator.model import HostState
from aggregator.net.hints import CacheHints
from aggregator.net.hosts import after_response, in_words
from aggregator.net.turnstile import Turnstile

PER_HOUR = 600
PATIENCE = 900.0  # seconds that a request waits for its turn before it is put off
_MOST_LINES = 10_000
_LOOK_AGAIN = 0.05  # seconds until another process is looked at again
_OTHERS_PATIENCE = 60.0  # seconds that one waits for another process


@dataclass(frozen=True, slots=True)
class Postponed:
    """No request now; `until` is when to come back."""

    until: datetime
    reason: str


@dataclass(slots=True)
class _Line:
    """The queue before one host; times on the monotonic clock."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    held: int = 0  # requests whose pause is not over: so long other processes wait
    free_at: float = 0.0
    started: list[float] = field(default_factory=list)  # of the requests in the last hour


class HostGate:
    """`states` are those of the last run, `asked` its requests of the last hour: (host, time), oldest first.

    Belongs to one event loop.
    """

    def __init__(
        self,
        states: Mapping[str, HostState] | None = None,
        *,
        gap: timedelta = timedelta(seconds=1),
        per_hour: int = PER_HOUR,
        asked: Iterable[tuple[str, datetime]] = (),
        turnstile: Turnstile | None = None,
    ) -> None:
        self._states = dict(states or {})
        self._changed: dict[str, HostState] = {}
        self._gap = gap.total_seconds()
        self._per_hour = per_hour
        self._turnstile = turnstile
        self._lines: dict[str, _Line] = {}
        self._most_lines = _MOST_LINES
        now, moment = monotonic(), utc_now()
        for host, at in asked:
            line, begun = self._line(host), now - max(0.0, (moment - at).total_seconds())
            line.started.append(begun)
            line.free_at = begun + self._gap

    def learn(self, states: Mapping[str, HostState]) -> None:
        """Pauses that another process was told of; the longer one holds."""
        for host, state in states.items():
            known = self._states.get(host)
            if known is None or known.not_before is None or (state.not_before or known.not_before) > known.not_before:
                self._states[host] = state

    async def enter(self, host: str) -> Postponed | None:
        """Waits for the host's turn. After None, `leave` must be called; after Postponed it must not."""
        if (closed := self._closed(host)) is not None or self._gap <= 0:
            return closed
        line = self._line(host)
        wait = self._expected_wait(line)
        if wait > PATIENCE:
            return Postponed(
                utc_now() + timedelta(seconds=wait),
                f"many feeds wait for {host}; its turn comes in {in_words(timedelta(seconds=wait))}",
            )
        line.waiting += 1
        try:
            await line.turn.acquire()
        finally:
            line.waiting -= 1
        try:
            await asyncio.sleep(line.free_at - monotonic())
            busy = await self._wait_for_others(host, line)
        except BaseException:
            line.turn.release()
            raise
        closed = busy or self._closed(host)  # the request before us may have learnt it
        if closed is None:
            line.started.append(monotonic())
            return None
        line.turn.release()
        if busy is None:
            self._let_others(host, line)
        return closed

    async def _wait_for_others(self, host: str, line: _Line) -> Postponed | None:
        """For a request of another process, and its pause. After None the turnstile is ours."""
        patient_until, waited = monotonic() + _OTHERS_PATIENCE, False
        while self._turnstile is not None and not self._turnstile.take(host):
            if monotonic() > patient_until:
                return Postponed(utc_now() + timedelta(minutes=1), f"another process is asking {host}")
            await asyncio.sleep(_LOOK_AGAIN)
            waited = True
        line.held += 1
        if waited:  # it may have ended with its request, and not have kept its pause
            await self._sleep_holding(host, line)
        return None

    async def _sleep_holding(self, host: str, line: _Line) -> None:
        try:
            await asyncio.sleep(self._gap)
        except BaseException:
            self._let_others(host, line)
            raise

    def _let_others(self, host: str, line: _Line) -> None:
        line.held -= 1
        if self._turnstile is not None and not line.held:
            self._turnstile.give(host)

    def leave(self, host: str) -> None:
        """The request is over."""
        if self._gap > 0:
            line = self._lines[host]
            line.free_at = monotonic() + self._gap
            line.turn.release()
            asyncio.get_running_loop().call_later(self._gap, self._let_others, host, line)

    def awaited(self, host: str) -> bool:
        """Whether another request will follow the one under way as soon as it may."""
        return self._gap <= 0 or self._lines[host].waiting > 0

    def note(self, host: str, status: int | None, hints: CacheHints) -> None:
        """Learns from an answer; None where there was none."""
        old = self._states.get(host) or HostState(host)
        new = after_response(old, status, hints, utc_now(), random.random())  # noqa: S311 - jitter
        if new is not old:
            self._states[host] = self._changed[host] = new

    def take_changes(self) -> dict[str, HostState]:
        """What is to be saved: the states that changed since the last call."""
        changed, self._changed = self._changed, {}
        return changed

    def _closed(self, host: str) -> Postponed | None:
        state = self._states.get(host)
        if state is None or state.not_before is None or not state.closed(utc_now()):
            return None
        return Postponed(state.not_before, state.reason)

    def _line(self, host: str) -> _Line:
        if host not in self._lines:
            if len(self._lines) >= self._most_lines:
                self._forget_idle()
                # Where few were idle, looking again at each new host would take ever longer.
                self._most_lines = max(_MOST_LINES, 2 * len(self._lines))
            self._lines[host] = _Line()
        return self._lines[host]

    def _forget_idle(self) -> None:
        hour_ago = monotonic() - 3600
        for host, line in list(self._lines.items()):
            if not line.waiting and not line.turn.locked() and line.free_at < hour_ago:
                del self._lines[host]

    def _expected_wait(self, line: _Line) -> float:
        """Seconds until a request that joins the line now may start, at the least."""
        now = monotonic()
        del line.started[: bisect_right(line.started, now - 3600)]
        ahead = line.waiting + line.turn.locked()
        surplus = len(line.started) + ahead - self._per_hour
        if surplus >= 0 and line.started:
            return line.started[min(surplus, len(line.started) - 1)] + 3600 - now
        return max(0.0, line.free_at - now) + ahead * self._gap
