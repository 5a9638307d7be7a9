"""The queue before each host: one request in flight, a pause between two, a bound for each hour.

    enter(host)   closed by Retry-After or backoff, or the wait would be long  -> Postponed, nothing is sent
                  else wait for the request before us and for the pause,
                  of other processes too (`turns`)                             -> None: send now
    note(...)     what the answer says about the host
    leave(host)   the next one's pause starts

With a gap of zero the editor has said that the hosts are his own: requests run side by side, unbounded.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.clock import monotonic, utc_now
from aggregator.model import HostState
from aggregator.net.hints import CacheHints
from aggregator.net.hosts import after_response, in_words

PER_HOUR = 600
PATIENCE = 900.0  # seconds that a request waits for those before it; it is put off where it would be longer
_BOUND_PATIENCE = 60.0  # the same for the bound of the hour
_MOST_LINES = 10_000
_OTHERS_PATIENCE = 60.0  # seconds that one waits for another process


@dataclass(frozen=True, slots=True)
class Postponed:
    """No request now; `until` is when to come back."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A host's turn among processes: ours where `wait` is 0, else look again after so many seconds, for `reason`.

    `learnt` is what other processes were told of the host meanwhile.
    """

    wait: float = 0.0
    reason: str = ""
    learnt: HostState | None = None


class Turns(Protocol):
    """One request to a host at a time over processes, with a pause after each."""

    async def take(self, host: str) -> Turn:
        """After a turn with a wait of 0, `give` must be called."""

    def give(self, host: str, pause: float, learnt: HostState | None) -> None:
        """Others may ask after so many seconds, and not before they can know what we have learnt."""


@dataclass(frozen=True, slots=True)
class HostNews:
    """What is to be saved of hosts: `states` that changed, and requests `asked`, (host, time) each."""

    states: Mapping[str, HostState] = field(default_factory=dict)
    asked: Sequence[tuple[str, datetime]] = ()


NO_NEWS = HostNews()


@dataclass(slots=True)
class _Line:
    """The queue before one host; times on the monotonic clock."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
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
        turns: Turns | None = None,
    ) -> None:
        self._states = dict(states or {})
        self._changed: dict[str, HostState] = {}
        self._asked: list[tuple[str, datetime]] = []
        self._gap = gap.total_seconds()
        self._per_hour = per_hour
        self._turns = turns
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

    def end_by(self, latest: datetime) -> None:
        """Let no pause last longer: the clock was put back since it was asked for."""
        for host, state in self._states.items():
            if state.not_before is not None and state.not_before > latest:
                self._states[host] = replace(state, not_before=latest)

    async def enter(self, host: str) -> Postponed | None:
        """Waits for the host's turn. After None, `leave` must be called; after Postponed it must not."""
        if (closed := self._closed(host)) is not None or self._gap <= 0:
            return closed
        line = self._line(host)
        if (crowded := self._crowded(host, line)) is not None:
            return crowded
        line.waiting += 1
        try:
            await line.turn.acquire()
        finally:
            line.waiting -= 1
        try:
            await asyncio.sleep(line.free_at - monotonic())
            busy = await self._wait_for_bound(host, line) or await self._wait_for_others(host)
        except BaseException:
            line.turn.release()
            raise
        closed = busy or self._closed(host)  # the request before us may have learnt it
        if closed is None:
            line.started.append(monotonic())
            self._asked.append((host, utc_now()))
            return None
        line.turn.release()
        if busy is None and self._turns is not None:
            self._turns.give(host, 0.0, None)
        return closed

    async def _wait_for_others(self, host: str) -> Postponed | None:
        """For a request of another process, and its pause. After None the turn is ours."""
        if self._turns is None:
            return None
        patient_until = monotonic() + _OTHERS_PATIENCE
        while (turn := await self._turns.take(host)).wait:
            if turn.wait > _BOUND_PATIENCE or monotonic() > patient_until:
                return Postponed(utc_now() + timedelta(seconds=max(60.0, turn.wait)), turn.reason)
            await asyncio.sleep(turn.wait)
        if turn.learnt is not None:
            self.learn({host: turn.learnt})
        return None

    def leave(self, host: str) -> None:
        """The request is over, and what its answer said is noted."""
        if self._gap > 0:
            if self._turns is not None:
                self._turns.give(host, self._gap, self._changed.get(host))
            line = self._lines[host]
            line.free_at = monotonic() + self._gap
            line.turn.release()

    def awaited(self, host: str) -> bool:
        """Whether another request will follow the one under way as soon as it may."""
        return self._gap <= 0 or self._lines[host].waiting > 0

    def note(self, host: str, status: int | None, hints: CacheHints) -> None:
        """Learns from an answer; None where there was none."""
        old = self._states.get(host) or HostState(host)
        new = after_response(old, status, hints, utc_now(), random.random())  # noqa: S311 - jitter
        if new is not old:
            self._states[host] = self._changed[host] = new

    def take_news(self) -> HostNews:
        """What is to be saved since the last call."""
        news = HostNews(self._changed, self._asked)
        self._changed, self._asked = {}, []
        return news

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

    def _crowded(self, host: str, line: _Line) -> Postponed | None:
        """Whether the wait for those ahead, or for the bound of the hour, is too long to stand in line for it."""
        bound = self._bound_ends_in(line, line.waiting)
        in_line = max(0.0, line.free_at - monotonic()) + (line.waiting + line.turn.locked()) * self._gap
        return _many_wait(host, max(bound, in_line)) if bound > _BOUND_PATIENCE or in_line > PATIENCE else None

    async def _wait_for_bound(self, host: str, line: _Line) -> Postponed | None:
        """Those who stood in line before may have used up the hour's requests."""
        wait = self._bound_ends_in(line, 0)
        if wait > _BOUND_PATIENCE:
            return _many_wait(host, wait)
        await asyncio.sleep(wait)
        return None

    def _bound_ends_in(self, line: _Line, ahead: int) -> float:
        """Seconds until a request may start that so many others will start before."""
        now = monotonic()
        del line.started[: bisect_right(line.started, now - 3600)]
        surplus = len(line.started) + ahead - self._per_hour
        if surplus < 0 or not line.started:
            return 0.0
        return line.started[min(surplus, len(line.started) - 1)] + 3600 - now


def _many_wait(host: str, seconds: float) -> Postponed:
    wait = timedelta(seconds=seconds)
    return Postponed(utc_now() + wait, f"many feeds wait for {host}; its turn comes in {in_words(wait)}")
