"""How a host wants to be treated, over restarts: closed until when, and why. Pure; the queue before it is `gate`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import HostState
from aggregator.net.hints import CacheHints

BACKOFF = timedelta(minutes=5)  # after the first 429 without Retry-After; doubled by each that follows
MOST_BACKOFF = timedelta(hours=24)
MOST_RETRY_AFTER = timedelta(days=7)


def after_response(
    state: HostState, status: int | None, hints: CacheHints, now: datetime, spread: float = 0.0
) -> HostState:
    """The host's state after an answer (`status` None: there was none). `spread`, 0 to 1, is the backoff's jitter."""
    if status in (429, 503) and hints.retry_after is not None:
        return _closed_by_retry_after(state, hints.retry_after, now)
    if status == 429:
        failures = state.failures + 1
        pause = min(BACKOFF * 2 ** min(failures - 1, 16), MOST_BACKOFF) * (1 + spread / 4)
        reason = f"{state.host} answered 'too many requests' {_times(failures)} without saying for how long"
        return replace(state, not_before=now + pause, reason=reason, failures=failures)
    if status is None or status >= 500 or state.closed(now):
        return state  # an answer that was under way when the host closed opens nothing
    return HostState(state.host) if state.not_before or state.failures else state


def _closed_by_retry_after(state: HostState, asked: timedelta, now: datetime) -> HostState:
    pause = min(asked, MOST_RETRY_AFTER)
    said = f"{state.host} asked for a pause of {in_words(asked)} (Retry-After)"
    if pause < asked:
        said += f"; asked again after {in_words(pause)}"
    until = now + pause
    if state.not_before is not None and state.not_before > until:
        return state  # two answers at once: the longer pause holds
    return replace(state, not_before=until, reason=said)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times in a row"


def in_words(span: timedelta) -> str:
    """'45 s', '10 min', '2 h', '1 h 30 min', '3 days': two units at most, rounded down."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return _two((seconds // 60, "min"), (seconds % 60, "s"))
    if seconds < 2 * 86400:
        return _two((seconds // 3600, "h"), (seconds % 3600 // 60, "min"))
    return _two((seconds // 86400, "days"), (seconds % 86400 // 3600, "h"))


def _two(first: tuple[int, str], second: tuple[int, str]) -> str:
    return f"{first[0]} {first[1]}" + (f" {second[0]} {second[1]}" if second[0] else "")
