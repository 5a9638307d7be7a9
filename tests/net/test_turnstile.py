"""One request to a host at a time over processes."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.net import gate as gate_module
from aggregator.net.gate import HostGate, Postponed
from aggregator.net.turnstile import Turnstile

HOLD = """
import sys, pathlib
from aggregator.net.turnstile import Turnstile
with Turnstile(pathlib.Path(sys.argv[1])) as held:
    print(held.take("a.example"), flush=True)
    sys.stdin.read()
"""


def test_host_is_one_process_at_a_time_and_free_when_that_dies(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    other = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with Turnstile(path) as mine, other:
        assert other.stdout
        assert other.stdout.readline() == b"True\n"
        assert not mine.take("a.example")
        assert mine.take("b.example")
        other.kill()
        other.wait()
        assert mine.take("a.example")
        assert mine.take("a.example")


def test_given_host_may_be_taken_by_another(tmp_path: Path) -> None:
    with Turnstile(tmp_path / "hosts") as one, Turnstile(tmp_path / "hosts") as other:
        assert one.take("a.example")
        one.give("a.example")
        assert other.take("a.example")
        assert not one.take("a.example")


async def test_process_that_never_ends_its_request_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "_OTHERS_PATIENCE", 0.1)
    with Turnstile(tmp_path / "hosts") as hanging, Turnstile(tmp_path / "hosts") as mine:
        hanging.take("a.example")
        gate = HostGate(gap=timedelta(milliseconds=1), turnstile=mine)
        postponed = await gate.enter("a.example")
        assert isinstance(postponed, Postponed)
        assert postponed.reason == "another process is asking a.example"
        hanging.give("a.example")
        assert await gate.enter("a.example") is None
