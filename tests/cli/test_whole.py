"""What holds for every command: help, global options, faults of feeds.yaml, pipes and Ctrl-C."""

import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.conftest import Run, command_line, rss
from tests.feedserver import FeedServer, Reply

COMMANDS = sorted(command_line().commands)
PROGRAM = [sys.executable, "-m", "aggregator"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Ctrl-C reaches it, as in a terminal: what a shell runs in the background ignores that, and so would its child."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example_that_parses(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    group = command_line()
    text = group.commands[command].help
    (line,) = (line for line in text.splitlines() if line.startswith("Example: "))
    assert line.startswith(f"Example: aggregator {command}")
    words = shlex.split(line.removeprefix("Example: aggregator "))
    context = typer.Context(group)
    group.commands[words[0]].make_context(words[0], words[1:], parent=context)


def test_help_lists_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert all(f" {command} " in ran.out for command in COMMANDS)
    assert run("-h").out == ran.out
    listed = ran.out.partition("Commands")[2]
    places = [listed.index(f"│ {command} ") for command in ("init", "run", "poll", "sources", "schema")]
    assert places == sorted(places)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_no_value_for_an_option_that_takes_none(run: Run, command: str) -> None:
    of_typer = 1  # its own --help
    assert run(command, "--help").out.count("<bool>") == of_typer


def test_no_command_shows_the_help_and_is_a_usage_error(run: Run) -> None:
    ran = run()
    assert ran.code == 2
    assert "Usage: " in ran.out + ran.err


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("aggregator 0.")


@pytest.mark.parametrize("arguments", [["pol"], ["poll", "--nwo"], ["entries", "-n", "0"], ["digest"]])
def test_what_cannot_be_parsed_is_a_usage_error(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_missing_feeds_yaml_is_said_with_what_to_do(run: Run) -> None:
    for command in (["poll"], ["check"], ["sources"], ["add", "https://a.example/"], ["run"]):
        ran = run(*command)
        assert ran.code == 2
        assert ran.err.startswith("feeds.yaml:1:1: there is no such file; name yours with -c FILE")
        assert ran.err.count("\n") == 1


def test_every_fault_of_feeds_yaml_is_listed_with_its_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        "feeds:\n  - ftp://a.example/\npoling: {}\ntopics:\n  A: ['\"open']\n", encoding="utf-8"
    )
    ran = run("check")
    assert (ran.code, ran.out) == (2, "")
    places = [line.split(" ")[0] for line in ran.err.splitlines()]
    assert places == ["feeds.yaml:2:5:", "feeds.yaml:3:1:", "feeds.yaml:5:8:"]
    assert "polling" in ran.err


def test_config_and_data_are_options_before_the_command(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").rename(tmp_path / "other.yaml")
    assert run("-c", "other.yaml", "-d", "there", "poll").code == 0
    assert run("--config", "other.yaml", "--data", "there", "entries").out.count("\n") == 2
    assert (tmp_path / "there" / "aggregator.db").exists()
    assert not (tmp_path / "data").exists()


def test_config_and_data_come_from_the_environment_and_options_win(
    run: Run, site: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds.yaml").rename(tmp_path / "other.yaml")
    monkeypatch.setenv("AGGREGATOR_CONFIG", "other.yaml")
    monkeypatch.setenv("AGGREGATOR_DATA", "there")
    assert run("poll").code == 0
    assert (tmp_path / "there" / "aggregator.db").exists()
    assert run("-d", "elsewhere", "poll").code == 0
    assert (tmp_path / "elsewhere" / "aggregator.db").exists()


def test_damaged_database_is_one_sentence(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "aggregator.db").write_bytes(b"no database at all, " * 100)
    ran = run("poll")
    assert ran.code == 1
    assert "put it aside and restore a backup" in ran.err
    assert "Traceback" not in ran.err


def test_reader_that_has_had_enough_ends_the_command_quietly(run: Run, site: FeedServer, tmp_path: Path) -> None:
    site.feed("/feed", rss(*(f"Title {n}" for n in range(10)), text="word " * 5000), etag='"9"')
    run("poll")
    for arguments in (["entries", "--json"], ["entries"], ["export-opml"], ["schema"]):
        process = start(tmp_path, *arguments)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == 0


@pytest.mark.parametrize("arguments", [("entries",), ("entries", "--json"), ("schema",), ("--help",)])
def test_full_disk_behind_the_output_is_one_sentence(
    run: Run, site: FeedServer, tmp_path: Path, arguments: Any
) -> None:
    run("poll")
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*PROGRAM, *arguments], cwd=tmp_path, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr.decode().count("\n") == 1
    assert "No space left on device; make room" in ran.stderr.decode()


def test_closed_output_is_as_good_as_one_that_nobody_reads(run: Run, site: FeedServer, tmp_path: Path) -> None:
    run("poll")
    command = f"{shlex.join(PROGRAM)} entries >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, env=ENVIRONMENT, check=False).returncode == 0


def test_fault_of_the_program_is_a_sentence_to_report_and_a_traceback_only_on_demand(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds: [https://a.example/feed]")
    elsewhere: dict[str, Any] = {}  # not the program's, though it lies in a folder of that name
    exec(compile("def load(path): 1 / 0", tmp_path / "aggregator/other.py", "exec"), elsewhere)
    monkeypatch.setattr("aggregator.config.load.load", elsewhere["load"])
    ran = run("check", "--offline")
    assert ran.code == 1
    assert "at fault (ZeroDivisionError: division by zero, in config (context.py:" in ran.err
    assert "AGGREGATOR_DEBUG=1" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("AGGREGATOR_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("check", "--offline")


def test_terminal_without_the_letters_of_a_title_still_gets_its_line(
    run: Run, site: FeedServer, tmp_path: Path
) -> None:
    site.feed("/feed", rss("Київ"), etag='"9"')
    run("poll")
    printed = [
        subprocess.run(
            [*PROGRAM, *arguments],
            cwd=tmp_path,
            env={**ENVIRONMENT, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            timeout=20,
            check=True,
        ).stdout
        for arguments in (["entries"], ["entries", "--json"])
    ]
    assert rb"\u041a\u0438\u0457\u0432" in printed[0]
    assert '"title": "Київ"'.encode() in printed[1]


def test_ctrl_c_keeps_what_was_finished_and_gives_the_leases_back(tmp_path: Path, site: FeedServer) -> None:
    slow = site.script("/slow", Reply(delay=60))
    text = (tmp_path / "feeds.yaml").read_text()
    (tmp_path / "feeds.yaml").write_text(text.replace("topics:", f"  - {slow}\ntopics:", 1))
    process = start(tmp_path, "poll")
    database = tmp_path / "data" / "aggregator.db"
    wait_until(lambda: site.requests_to("/slow") and stored_entries(database) == 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "Stopped. What was finished is kept; run the command again to go on.\n"
    assert stored_entries(database) == 2
    with sqlite3.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM feeds WHERE lease_until IS NOT NULL").fetchone() == (0,)
        assert conn.execute("SELECT next_poll_at FROM feeds WHERE url = ?", [slow]).fetchone() == (None,)


def stored_entries(database: Path) -> int:
    try:
        with sqlite3.connect(database) as conn:
            return int(conn.execute("SELECT count(*) FROM entries").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
