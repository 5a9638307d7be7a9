"""One request to a host at a time over processes."""

import errno
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


def test_last_request_is_known_to_others_and_after_its_process(tmp_path: Path) -> None:
    with Turnstile(tmp_path / "hosts") as one:
        assert one.since("a.example") == float("inf")
        one.stamp("a.example")
    with Turnstile(tmp_path / "hosts") as other:
        assert 0.0 <= other.since("a.example") < 60.0
        assert other.since("b.example") == float("inf")


def test_request_before_the_machine_started_again_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Turnstile(tmp_path / "hosts") as one:
        one.stamp("a.example")
        monkeypatch.setattr(turnstile_module, "monotonic", lambda: 1.0)

        assert one.since("a.example") == float("inf")


ONE_PLACE = ("455.example", "990.example")


def test_hosts_of_one_place_wait_for_each_other_in_different_processes_only(tmp_path: Path) -> None:
    first, second = ONE_PLACE
    with Turnstile(tmp_path / "hosts") as one, Turnstile(tmp_path / "hosts") as other:
        assert one.take(first)
        one.stamp(first)

        assert one.take(second)
        assert one.since(second) == float("inf")
        assert one.since(first) < 60.0
        assert not other.take(second)
        assert other.since(second) < 60.0


def _ask(process: Turnstile, host: str) -> None:
    assert process.take(host)
    process.stamp(host)
    process.give(host)


def test_place_is_free_when_all_its_hosts_are_given(tmp_path: Path) -> None:
    first, second = ONE_PLACE
    with Turnstile(tmp_path / "hosts") as one, Turnstile(tmp_path / "hosts") as other:
        assert one.take(first)
        assert one.take(second)
        one.give(first)
        assert not other.take(second)
        one.give(second)
        _ask(other, second)

        assert one.take(first)
        assert one.since(first) < 60.0


def test_request_of_another_process_counts_also_when_a_host_of_the_same_place_was_asked_since(tmp_path: Path) -> None:
    first, second = ONE_PLACE
    with Turnstile(tmp_path / "hosts") as one, Turnstile(tmp_path / "hosts") as other:
        _ask(other, second)

        assert one.take(first)
        one.stamp(first)
        one.stamp(first)
        assert one.take(second)
        assert one.since(second) < 60.0


def test_where_files_cannot_be_locked_nobody_is_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.fcntl", refuse)
    monkeypatch.setattr("fcntl.lockf", refuse)
    with Turnstile(tmp_path / "hosts") as one, Turnstile(tmp_path / "hosts") as other:
        _ask(one, "a.example")
        _ask(other, "a.example")
        assert one.since("a.example") < 60.0
