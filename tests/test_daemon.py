"""`aggregator run` as an operator runs it: a real process, real feeds on loopback, real signals."""

import contextlib
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aggregator import daemon
from aggregator.config.load import load
from aggregator.daemon import Daemon
from aggregator.digest.service import SendReport
from aggregator.errors import PublishError
from aggregator.store.database import Store
from tests.cli.conftest import rss
from tests.feedserver import FeedServer, Reply

PATIENCE = 60.0  # seconds for what happens in a few on a machine with nothing else to do


def has_all(running: "Running", texts: list[str]) -> bool:
    """The combined feed has every one of these."""
    feed = running.get("/feed.atom")
    return all(text in feed for text in texts)


class Running:
    """A running `aggregator run`; stdout is read for its address, stderr goes to a file."""

    def __init__(self, folder: Path, data: str = "data") -> None:
        self.folder = folder
        self.log_path = folder / f"log-{time.monotonic_ns()}.txt"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "-d", data, "run"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=self.log_path.open("wb"),
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().removeprefix("The page: ").strip()

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def get(self, path: str) -> str:
        """The body; of an error too, since /healthz answers 503 with its reasons."""
        try:
            with urllib.request.urlopen(self.address.rstrip("/") + path, timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def stop(self) -> int:
        """Its exit code after SIGTERM; the test fails when it takes longer than an operator would wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def until(self, true: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, f"it never happened; the log says:\n{self.log}"
            time.sleep(0.05)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(folder: Path = tmp_path, data: str = "data") -> Running:
            running = Running(folder, data)
            stack.callback(_end, running)
            return running

        yield begin


def _end(running: Running) -> None:
    if running.process.poll() is None:
        running.kill()
    assert running.process.stdout is not None
    running.process.stdout.close()


def write_config(folder: Path, *urls: str, more: str = "", port: int = 0) -> None:
    (folder / "feeds.yaml").write_text(
        "feeds:\n" + "".join(f"  - {url}\n" for url in urls) + "topics:\n  Air defense: [air defense]\n"
        f"polling: {{allow_networks: [127.0.0.0/8], host_gap: 0s}}\nweb: {{port: {port}}}\n{more}",
        encoding="utf-8",
    )


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(folder / "data" / "aggregator.db")) as conn:
        return conn.execute(sql).fetchall()


@pytest.fixture
def url(feed_server: FeedServer) -> str:
    return feed_server.feed("/feed", rss("New air defence systems for Kyiv", "A quiet day"), etag='"1"')


def test_it_polls_groups_publishes_and_serves_and_sigterm_ends_it(url: str, start: Start, tmp_path: Path) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/topics/air-defense/feed.atom"))
    running.until(lambda: "New air defence systems" in running.get("/"))
    health = json.loads(running.get("/healthz"))
    assert (health["status"], health["warnings"], health["feeds"]) == ("ok", [], {"ok": 1})
    assert running.stop() == 0
    assert "ERROR" not in running.log, running.log
    assert "WARNING" not in running.log, running.log


def test_edits_of_feeds_yaml_are_followed_and_a_faulty_one_keeps_the_last_good(
    url: str, start: Start, tmp_path: Path, feed_server: FeedServer
) -> None:
    added = feed_server.feed("/added", rss("Added later"), etag='"a"')
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "2 new entries" in running.log)

    write_config(tmp_path, url, added, more="publsh: {}\n")
    running.until(lambda: json.loads(running.get("/healthz"))["warnings"])
    (warning,) = json.loads(running.get("/healthz"))["warnings"]
    assert warning.startswith("feeds.yaml:8:1: ")
    assert "publish" in warning
    assert "feeds.yaml is faulty; the last good one stays active:\nfeeds.yaml:8:1: " in running.log
    assert feed_server.requests_to("/added") == []

    (tmp_path / "feeds.yaml").unlink()
    running.until(lambda: "there is no such file" in running.get("/healthz"))

    write_config(tmp_path, url)
    running.until(lambda: "feeds.yaml is good again, and as it was before" in running.log)

    write_config(tmp_path, url, added)
    running.until(lambda: "Added later" in running.get("/feed.atom"))
    assert json.loads(running.get("/healthz"))["warnings"] == []
    assert "feeds.yaml was read again: feeds edited; 1 feed added, 0 removed" in running.log
    assert len(feed_server.requests_to("/feed")) == 1, "a reload polls nobody early"

    write_config(tmp_path, added)
    running.until(lambda: "New air defence systems" not in running.get("/feed.atom"))
    assert running.stop() == 0


async def test_feeds_yaml_that_is_just_being_written_is_read_when_it_is_whole(
    sqlite_store: Store, tmp_path: Path
) -> None:
    write_config(tmp_path, "https://a.example/feed")
    path = tmp_path / "feeds.yaml"
    before = load(path)
    running = Daemon(path, before, tmp_path / "public", sqlite_store)
    for _ in range(2):
        await running.reload()
    path.write_text(path.read_text().partition("topics:")[0])
    await running.reload()
    write_config(tmp_path, "https://a.example/feed", more="site: {title: Whole}\n")
    await running.reload()
    assert running.config == before
    await running.reload()
    assert (running.config.site.title, list(running.config.topics)) == ("Whole", ["Air defense"])


async def test_what_is_wrong_is_shown_until_it_is_mended_and_logged_once(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_config(tmp_path, "https://a.example/feed")
    running = Daemon(tmp_path / "feeds.yaml", load(tmp_path / "feeds.yaml"), tmp_path / "public", sqlite_store)
    unsent = SendReport(states={}, troubles=("no mail is sent until 10:00 UTC: the server is away",))

    def full(*_: object) -> None:
        raise PublishError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(daemon, "publish", full)
        broken.setattr(daemon, "send_due", lambda *_, **__: unsent)
        for _ in range(3):  # one publish, and two ticks that need none
            await running._guarded(running.group_and_publish)
            await running._guarded(running.send_digests)
            assert running._warnings() == ["no space left", *unsent.troubles]
    assert [record.message for record in caplog.records] == running._warnings()
    running._publish_at = time.monotonic()
    await running._guarded(running.group_and_publish)
    await running._guarded(running.send_digests)
    assert running._warnings() == []


def test_slow_server_holds_up_neither_other_feeds_nor_an_edit_nor_the_end(
    url: str, start: Start, tmp_path: Path, feed_server: FeedServer
) -> None:
    slow = feed_server.script("/slow", Reply(chunks=[b"<"] * 1000, pause=10))
    write_config(tmp_path, slow, url)
    running = start()
    running.until(lambda: feed_server.requests_to("/slow") and rows(tmp_path, "SELECT * FROM entries"))
    assert running.stop() == 0
    assert rows(tmp_path, "SELECT count(*) FROM feeds WHERE lease_until IS NOT NULL") == [(0,)]
    assert rows(tmp_path, "SELECT count(*) FROM entries") == [(2,)]


def test_locked_database_does_not_hold_up_the_end(url: str, start: Start, tmp_path: Path) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/feed.atom"))
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "aggregator.db", isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        write_config(tmp_path, url, url + "?another")
        time.sleep(2)  # until the edit waits for the lock
        assert running.stop() == 0


def test_locked_database_holds_up_forms_and_no_page(url: str, start: Start, tmp_path: Path) -> None:
    write_config(tmp_path, url, more="digests: {Daily: {}}\nmail: {smtp: 'smtp://127.0.0.1:1'}\n")
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/feed.atom"))
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "aggregator.db", isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        form = b"POST /subscribe/ HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\naddress=a@b.org"
        port = int(running.address.rstrip("/").rpartition(":")[2])
        with ExitStack() as stack:
            waiting = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(12)]
            for one in waiting:
                one.sendall(form)
            for path in ("/", "/stories.atom", "/sources/", "/topics/air-defense/", "/nothing", "/healthz"):
                assert running.get(path)
            assert not select.select(waiting, [], [], 0)[0], (
                "the forms were answered: the pages were not asked meanwhile"
            )
    assert running.stop() == 0


def test_database_that_is_taken_away_ends_the_program_with_a_sentence(url: str, start: Start, tmp_path: Path) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/feed.atom"))
    (tmp_path / "data" / "aggregator.db").unlink()
    assert running.process.wait(PATIENCE) == 1
    assert "aggregator.db was removed or replaced while it was in use; start the program again" in running.log
    assert "Traceback" not in running.log


def test_killed_process_polls_no_feed_early_and_serves_its_pages_at_once(
    url: str, start: Start, tmp_path: Path, feed_server: FeedServer
) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/feed.atom"))
    running.kill()
    before = rows(tmp_path, "SELECT etag, next_poll_at FROM feeds")
    again = start()
    assert "New air defence systems" in again.get("/feed.atom")
    again.until(lambda: json.loads(again.get("/healthz"))["last_publish"])
    feed_server.feed("/new", rss("Fresh"), etag='"n"')
    write_config(tmp_path, url, feed_server.url("/new"))
    again.until(lambda: "Fresh" in again.get("/feed.atom"))
    assert len(feed_server.requests_to("/feed")) == 1
    assert rows(tmp_path, "SELECT etag, next_poll_at FROM feeds ORDER BY id")[:1] == before
    assert again.stop() == 0


def test_killed_in_the_middle_of_a_poll_it_loses_nothing(
    url: str, start: Start, tmp_path: Path, feed_server: FeedServer
) -> None:
    body = rss("Caught in the middle")
    held = feed_server.script("/held", Reply(delay=60), Reply(body=body, headers={"Content-Type": "application/xml"}))
    write_config(tmp_path, url, held)
    running = start()
    running.until(lambda: feed_server.requests_to("/held") and rows(tmp_path, "SELECT * FROM entries"))
    running.kill()
    again = start()
    again.until(lambda: "Caught in the middle" in again.get("/feed.atom"))
    assert rows(tmp_path, "SELECT count(*) FROM entries") == [(3,)]
    assert len(feed_server.requests_to("/feed")) == 1
    assert again.stop() == 0


def test_port_in_use_is_one_sentence_and_exit_code_2(url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        write_config(tmp_path, url, port=taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "aggregator", "run"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "is in use by another program; stop that one, or set web.port in feeds.yaml" in done.stderr


def test_two_at_once_on_one_database_do_no_harm(
    url: str, start: Start, tmp_path: Path, feed_server: FeedServer
) -> None:
    others = [feed_server.feed(f"/{n}", rss(f"Only {n}"), etag=f'"{n}"') for n in range(8)]
    write_config(tmp_path, url, *others)
    both = start(), start()
    for running in both:
        running.until(partial(has_all, running, [f"Only {n}" for n in range(8)]))
    assert all(len(feed_server.requests_to(f"/{n}")) == 1 for n in range(8))
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT guid) FROM entries WHERE title LIKE 'Only%'") == [(8, 1)]
    assert [running.stop() for running in both] == [0, 0]
    for running in both:
        assert "never should" not in running.log, running.log


def test_digest_is_mailed_at_its_hour_and_never_again(url: str, start: Start, tmp_path: Path) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: "New air defence systems" in running.get("/stories.atom"))
    assert running.stop() == 0
    hour = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%H:%M")
    write_config(tmp_path, url, more=f"digests:\n  Daily: {{at: '{hour}', to: [reader@example.org]}}\n")
    running = start()
    running.until(lambda: list(tmp_path.glob("outbox/*.eml")))
    running.until(lambda: "New air defence systems" in running.get(f"/editions/daily/{edition_day(tmp_path)}/"))
    assert running.stop() == 0
    again = start()
    again.until(lambda: json.loads(again.get("/healthz"))["last_publish"])
    again.until(lambda: rows(tmp_path, "SELECT state FROM deliveries") == [("sent",)])
    assert again.stop() == 0
    assert len(list(tmp_path.glob("outbox/*.eml"))) == 1
    assert rows(tmp_path, "SELECT count(*) FROM editions") == [(1,)]


def edition_day(folder: Path) -> str:
    return str(rows(folder, "SELECT local_date FROM editions")[0][0])


def test_broken_template_is_shown_in_the_health_and_healed_by_an_edit(url: str, start: Start, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("{% if %}")
    write_config(tmp_path, url, more="templates: mine\n")
    running = start()
    running.until(lambda: "index.html" in str(json.loads(running.get("/healthz"))["warnings"]))
    write_config(tmp_path, url)
    running.until(lambda: "New air defence systems" in running.get("/"))
    running.until(lambda: json.loads(running.get("/healthz"))["warnings"] == [])
    assert running.stop() == 0


def test_what_is_older_than_storage_keep_goes_with_its_stories_and_stays_known(
    url: str, start: Start, tmp_path: Path
) -> None:
    write_config(tmp_path, url)
    running = start()
    running.until(lambda: rows(tmp_path, "SELECT 1 FROM stories"))
    running.stop()
    write_config(tmp_path, url, more="storage: {keep: 1s}\n")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "aggregator.db", isolation_level=None)) as conn:
        conn.execute("UPDATE entries SET first_seen = 0, sort_at = 0")
        conn.execute("UPDATE stories SET first_seen = 0, last_seen = 0")
    running = start()
    running.until(lambda: not rows(tmp_path, "SELECT 1 FROM entries"))
    running.until(lambda: not rows(tmp_path, "SELECT 1 FROM stories"))
    assert rows(tmp_path, "SELECT count(*) FROM pruned") == [(2,)]
    assert running.stop() == 0
