"""Secrets in the addresses of feeds: sent to their server, and shown, logged, published and stored nowhere."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.cli.conftest import Run
from tests.feedserver import FeedServer, Reply, Request

FROM_ENVIRONMENT, WRITTEN = "s3cret/from env", "l1teral-secret"
ITEMS = (
    "<item><title>With a mark</title><guid>1</guid><description>&lt;a href='#top'&gt;Top&lt;/a&gt;</description></item>"
    "<item><title>With a link</title><link>https://a.example/2</link><guid>2</guid></item>"
)
FEED = f"<rss version='2.0'><channel><title>Members</title>{ITEMS}</channel></rss>".encode()
COMMANDS = (
    ("poll", "--now"),
    ("poll", "--now"),
    ("group",),
    ("publish",),
    ("check",),
    ("sources",),
    ("sources", "--json"),
    ("entries", "--json"),
    ("entries",),
    ("export-opml",),
    ("poll", "memebrs"),
    ("poll", "https://a.example/feed?key=x"),
)


def members_only(request: Request) -> Reply:
    """What a server answers that repeats in its redirect what it was asked with."""
    path, _, query = request.target.partition("?")
    given = {values[0] for values in parse_qs(query).values()}
    if not given & {FROM_ENVIRONMENT, WRITTEN}:
        return Reply(401)
    if path == "/new" and request.header("If-None-Match") == '"1"':
        return Reply(304)
    return Reply(200, FEED, {"ETag": '"1"'}) if path == "/new" else Reply(301, headers={"Location": f"/new?{query}"})


@pytest.fixture
def shown(tmp_path: Path, feed_server: FeedServer, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """All that the commands print."""
    monkeypatch.setenv("TOKEN", "s3cret%2Ffrom%20env")
    for path in ("/feed", "/new"):
        feed_server.script(path, members_only)
    feed_server.script("/broken", lambda request: Reply(302, headers={"Location": f"http://127.1{request.target}"}))
    (tmp_path / "feeds.yaml").write_text(
        "feeds:\n"
        f"  - {{url: '{feed_server.url('/feed')}?x=${{TOKEN}}', name: Paid}}\n"
        f"  - '{feed_server.url('/feed')}?access_token={WRITTEN}'\n"
        f"  - '{feed_server.url('/broken')}?access_token={WRITTEN}'\n"
        "polling: {allow_networks: [127.0.0.0/8], host_gap: 0s}\n"
    )
    ran = [run("--data", "data", *command) for command in COMMANDS]
    yield "\n".join(one.out + one.err for one in ran)


def test_logs_and_messages_show_no_secret_of_a_feeds_address(shown: str, feed_server: FeedServer) -> None:
    for text in ("2 fetched", "2 not modified", "Paid", "access_token=…", "x=${TOKEN}"):
        assert text in shown
    assert "s3cret" not in shown
    assert WRITTEN not in shown
    assert {request.target.partition("=")[2] for request in feed_server.requests_to("/new")} == {
        "s3cret%2Ffrom%20env",
        WRITTEN,
    }


def test_nothing_published_holds_a_secret_of_a_feeds_address(shown: str, tmp_path: Path) -> None:
    published = [path for path in (tmp_path / "data" / "public").rglob("*") if path.is_file()]
    assert len(published) > 5
    assert shown
    for path in published:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert "s3cret" not in text, path
        assert WRITTEN not in text, path


def test_what_stands_for_a_variable_is_not_stored(shown: str, tmp_path: Path) -> None:
    assert shown
    for path in (tmp_path / "data").iterdir():
        assert path.is_dir() or b"s3cret" not in path.read_bytes(), path


def test_feed_whose_secret_changes_stays_the_same_feed(
    shown: str, run: Run, monkeypatch: pytest.MonkeyPatch, feed_server: FeedServer
) -> None:
    assert shown
    monkeypatch.setenv("TOKEN", "another")
    ran = run("--data", "data", "poll", "Paid")
    assert "credentials" in ran.err
    assert feed_server.requests[-1].target == "/feed?x=another"
    assert run("--data", "data", "entries", "--json").out.count("x=${TOKEN}") == 2
