"""The queue before each host (P11, P12, P15)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from aggregator.clock import utc_now
from aggregator.model import HostState
from aggregator.net import gate as gate_module
from aggregator.net.gate import HostGate, HostNews, Postponed
from aggregator.net.hints import NO_HINTS, CacheHints

GAP = timedelta(milliseconds=20)


async def take_turns(gate: HostGate, host: str, count: int) -> tuple[list[float], int]:
    """Start times of `count` requests of 5 ms, and the most that were under way together."""
    starts: list[float] = []
    under_way, most = 0, 0

    async def one() -> None:
        nonlocal under_way, most
        assert await gate.enter(host) is None
        starts.append(time.monotonic())
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        gate.leave(host)

    await asyncio.gather(*(one() for _ in range(count)))
    return starts, most


async def test_one_request_at_a_time_with_a_pause_between_two() -> None:
    starts, most = await take_turns(HostGate(gap=GAP), "a.example", 5)

    assert most == 1
    assert all(late - early >= 0.024 for early, late in pairwise(starts))


async def test_hosts_do_not_wait_for_each_other() -> None:
    gate = HostGate(gap=timedelta(seconds=60))

    for host in ("a.example", "b.example"):
        assert await gate.enter(host) is None
        gate.leave(host)


async def test_gap_of_zero_lets_requests_run_side_by_side() -> None:
    _, most = await take_turns(HostGate(gap=timedelta()), "a.example", 5)

    assert most == 5


async def test_hourly_bound_puts_a_request_off() -> None:
    gate = HostGate(gap=timedelta(microseconds=1), per_hour=3)
    await take_turns(gate, "a.example", 3)

    postponed = await gate.enter("a.example")

    assert isinstance(postponed, Postponed)
    assert "many feeds wait for a.example" in postponed.reason
    assert timedelta(minutes=59) < postponed.until - utc_now() <= timedelta(hours=1)


@pytest.mark.parametrize("minutes", [1, 40, 50, 58])
async def test_p15_hourly_bound_holds_until_its_hour_is_over(minutes: int) -> None:
    asked = [("a.example", utc_now() - timedelta(minutes=minutes))] * 3
    gate = HostGate(gap=timedelta(microseconds=1), per_hour=3, asked=asked)

    postponed = await gate.enter("a.example")

    assert isinstance(postponed, Postponed)
    left = timedelta(minutes=60 - minutes)
    assert left - timedelta(seconds=30) < postponed.until - utc_now() <= left


async def test_p15_those_who_stand_in_line_keep_to_the_hourly_bound() -> None:
    gate = HostGate(gap=timedelta(microseconds=1), per_hour=2)
    assert await gate.enter("a.example") is None
    waiting = [asyncio.create_task(gate.enter("a.example")) for _ in range(2)]
    await asyncio.sleep(0)
    gate.leave("a.example")

    assert await waiting[0] is None
    gate.leave("a.example")
    assert isinstance(await waiting[1], Postponed)


async def test_request_that_would_wait_for_long_is_put_off() -> None:
    gate = HostGate(gap=timedelta(minutes=20))
    assert await gate.enter("a.example") is None
    gate.leave("a.example")

    assert isinstance(await gate.enter("a.example"), Postponed)


async def test_closed_host_is_left_alone_after_a_restart() -> None:
    until = utc_now() + timedelta(hours=1)
    gate = HostGate({"a.example": HostState("a.example", until, "it asked for a pause")})

    assert await gate.enter("a.example") == Postponed(until, "it asked for a pause")
    assert await gate.enter("b.example") is None


async def test_those_who_wait_learn_that_the_host_has_closed() -> None:
    gate = HostGate(gap=GAP)
    assert await gate.enter("a.example") is None
    waiting = asyncio.create_task(gate.enter("a.example"))
    await asyncio.sleep(0)

    gate.note("a.example", 429, CacheHints(retry_after=timedelta(hours=1)))
    gate.leave("a.example")

    assert isinstance(await waiting, Postponed)


async def test_changed_states_are_given_once_for_saving() -> None:
    gate = HostGate(gap=GAP)

    gate.note("a.example", 200, NO_HINTS)
    assert gate.take_news() == HostNews({}, [])
    gate.note("a.example", 429, NO_HINTS)
    changed = gate.take_news().states

    assert list(changed) == ["a.example"]
    assert changed["a.example"].failures == 1
    assert gate.take_news().states == {}


async def test_requests_are_given_once_for_saving() -> None:
    gate = HostGate(gap=timedelta(microseconds=1))
    began = utc_now()
    await take_turns(gate, "a.example", 2)

    asked = gate.take_news().asked
    assert [host for host, _ in asked] == ["a.example", "a.example"]
    assert all(began <= at <= utc_now() for _, at in asked)
    assert gate.take_news().asked == []


async def test_one_who_stops_waiting_holds_up_nobody() -> None:
    gate = HostGate(gap=timedelta(milliseconds=50))
    assert await gate.enter("a.example") is None
    given_up = asyncio.create_task(gate.enter("a.example"))
    await asyncio.sleep(0)
    gate.leave("a.example")
    await asyncio.sleep(0.01)  # it has the turn now, and waits for the pause
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    assert await asyncio.wait_for(gate.enter("a.example"), 1) is None


async def test_lines_of_idle_hosts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MOST_LINES", 2)
    gate = HostGate(gap=GAP)
    for host in ("a.example", "b.example"):
        await take_turns(gate, host, 1)
    now = time.monotonic()
    monkeypatch.setattr(gate_module, "monotonic", lambda: now + 4000)

    await take_turns_without_pause(gate, "c.example")

    assert set(gate._lines) == {"c.example"}


async def test_busy_hosts_are_not_looked_through_again_for_each_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MOST_LINES", 4)
    looks: list[int] = []
    gate = HostGate(gap=GAP)
    forget = gate._forget_idle

    def look() -> None:
        looks.append(len(gate._lines))
        forget()

    monkeypatch.setattr(gate, "_forget_idle", look)
    for number in range(64):
        await take_turns_without_pause(gate, f"{number}.example")

    assert len(gate._lines) == 64
    assert looks == [4, 8, 16, 32]


async def test_pauses_of_other_processes_are_learnt_and_the_longer_one_holds() -> None:
    gate = HostGate(gap=GAP)
    soon, late = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    for until in (soon, late, soon):
        gate.learn({"a.example": HostState("a.example", until, "asked for a pause")})

    postponed = await gate.enter("a.example")
    assert isinstance(postponed, Postponed)
    assert postponed.until == late
    assert gate.take_news().states == {}


async def test_no_pause_outlasts_the_longest_that_could_be_asked_for() -> None:
    soon, far = utc_now() + timedelta(hours=1), utc_now() + timedelta(days=400)
    gate = HostGate({"a.example": HostState("a.example", soon, "a"), "b.example": HostState("b.example", far, "b")})
    latest = utc_now() + timedelta(days=7)
    gate.end_by(latest)

    assert await gate.enter("a.example") == Postponed(soon, "a")
    assert await gate.enter("b.example") == Postponed(latest, "b")


async def take_turns_without_pause(gate: HostGate, host: str) -> None:
    assert await gate.enter(host) is None
    gate.leave(host)


def test_state_is_closed_until_its_time() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)

    assert HostState("a", moment).closed(moment - timedelta(seconds=1))
    assert not HostState("a", moment).closed(moment)
    assert not HostState("a").closed(moment)
