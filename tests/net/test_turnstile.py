"""One request to a host at a time over processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.net import turnstile as turnstile_module
from aggregator.net.turnstile import Turnstile

HOLD = """
import sys, pathlib
from aggregator.net import turnstile
from aggregator.net.turnstile import Turnstile
turnstile._OF_THE_FILE = sys.argv[2] == "True"
with Turnstile(pathlib.Path(sys.argv[1])) as held:
    print(held.take("a.example"), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("of_the_file", [True, False])  # as on Linux, and as elsewhere
def test_host_is_one_process_at_a_time_and_free_when_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_the_file: bool
) -> None:
    monkeypatch.setattr(turnstile_module, "_OF_THE_FILE", of_the_file)
    path = tmp_path / "hosts"
    command = [sys.executable, "-c", HOLD, str(path), str(of_the_file)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
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
