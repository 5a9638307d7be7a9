"""The command line as a user calls it, in this process."""

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from aggregator import cli
from tests.feedserver import FeedServer

# The commands run by the real clock, and what is a week old when it is first seen is no news to them.
FIRST = datetime.combine(datetime.now(UTC).date() - timedelta(days=2), time(8), UTC)
ITEM = (
    "<item><title>{title}</title><link>https://a.example/{n}</link><guid isPermaLink='false'>{n}</guid>"
    "<description>{text}</description><pubDate>{at}</pubDate></item>"
)


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def command_line() -> Any:
    """The program's commands, whichever module of cli each is in, as Typer makes them for the shell."""
    for module in pkgutil.iter_modules(cli.__path__):
        importlib.import_module(f"aggregator.cli.{module.name}")
    return get_command(cli.app)


def call_in(folder: Path, *arguments: str) -> None:
    """Runs `aggregator …` in a folder, for fixtures that are made once; it has to end well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["aggregator", *arguments])
        try:
            cli.main()
        except SystemExit as stop:
            assert not stop.code, arguments


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `aggregator …` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["aggregator", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


def rss(*titles: str, text: str = "More on this.") -> bytes:
    """A feed with these titles, a minute apart from `FIRST` on."""
    items = "".join(
        ITEM.format(n=n, title=title, text=text, at=format_datetime(FIRST + timedelta(minutes=n)))
        for n, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>Outlet</title><link>https://a.example/</link>{items}</channel></rss>".encode()


@pytest.fixture
def site(tmp_path: Path, feed_server: FeedServer) -> FeedServer:
    """A feeds.yaml in the folder that names one good feed of the server."""
    write_site(tmp_path, feed_server)
    return feed_server


def write_site(folder: Path, server: FeedServer) -> None:
    """One good feed with two entries, and a feeds.yaml that names it."""
    url = server.feed("/feed", rss("New air defence systems for Kyiv", "A quiet day at the zoo"), etag='"1"')
    (folder / "feeds.yaml").write_text(
        f"feeds:\n  - url: {url}\n    name: One\n"
        "topics:\n  Air defense: [air defense]\n"
        "digests:\n  Daily: {at: '07:00', to: [reader@example.org]}\n"
        "polling: {allow_networks: [127.0.0.0/8], host_gap: 0s}\n",
        encoding="utf-8",
    )
