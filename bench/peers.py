"""The programs that are measured, each run as its users run it: one process that polls every feed once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

READER_ADD = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for line in open(sys.argv[2]):
    reader.add_feed(line.strip())
"""
READER_UPDATE = """
import sys
from reader import make_reader
make_reader(sys.argv[1]).update_feeds(workers=10)
"""


class Peer(Protocol):
    """A program that polls. `command` is what is timed; it stores under `folder` and must reach every URL."""

    name: str

    def prepare(self, folder: Path, urls: Sequence[str]) -> None: ...

    def command(self, folder: Path) -> list[str]: ...

    def before_round(self, folder: Path) -> None: ...


class Aggregator:
    """This program: `aggregator poll --now`, with default settings but for the allowed loopback network."""

    name = "aggregator"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        lines = ["polling: {allow_networks: [127.0.0.0/8]}", "feeds:", *(f"  - {url}" for url in urls)]
        (folder / "feeds.yaml").write_text("\n".join(lines) + "\n")

    def command(self, folder: Path) -> list[str]:
        where = ["-c", str(folder / "feeds.yaml"), "-d", str(folder / "data")]
        return [sys.executable, "-m", "aggregator", *where, "poll", "--now", "--json"]

    def before_round(self, folder: Path) -> None:
        """Nothing: a poll with --now asks every feed."""


class Reader:
    """lemon24/reader: update_feeds with 10 workers; BENCH_READER_PYTHON names a Python that has it."""

    name = "reader"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "urls").write_text("\n".join(urls))
        add = [_reader_python(), "-c", READER_ADD, str(folder / "db.sqlite"), str(folder / "urls")]
        subprocess.run(add, check=True)

    def command(self, folder: Path) -> list[str]:
        return [_reader_python(), "-c", READER_UPDATE, str(folder / "db.sqlite")]

    def before_round(self, folder: Path) -> None:
        """It asks feeds again only when they are due by its own hour; make them due."""
        import sqlite3

        if (folder / "db.sqlite").exists():
            with sqlite3.connect(folder / "db.sqlite") as conn:
                conn.execute("UPDATE feeds SET update_after = NULL")


class Newsboat:
    """newsboat -x reload with 10 threads (its default is one)."""

    name = "newsboat"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "urls").write_text("\n".join(urls) + "\n")
        (folder / "config").write_text("max-items 0\nreload-threads 10\n")

    def command(self, folder: Path) -> list[str]:
        files = ["-u", str(folder / "urls"), "-c", str(folder / "cache.db"), "-C", str(folder / "config")]
        return ["newsboat", *files, "-x", "reload"]

    def before_round(self, folder: Path) -> None:
        """Nothing: reload asks every feed."""


class Sfeed:
    """sfeed_update with its default of 16 jobs, fetching with curl as its default configuration does."""

    name = "sfeed"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        feeds = "\n".join(f'  feed "feed{n}" "{url}"' for n, url in enumerate(urls))
        (folder / "sfeedrc").write_text(f'sfeedpath="{folder}/feeds"\nfeeds() {{\n{feeds}\n}}\n')

    def command(self, folder: Path) -> list[str]:
        return ["sfeed_update", str(folder / "sfeedrc")]

    def before_round(self, folder: Path) -> None:
        """Nothing: it asks every feed."""


def _reader_python() -> str:
    return os.environ.get("BENCH_READER_PYTHON", sys.executable)


def installed(names: Sequence[str]) -> list[Peer]:
    """Those of the named peers that are on this machine; says which are not."""
    found: list[Peer] = [Aggregator()]
    has_reader = subprocess.run([_reader_python(), "-c", "import reader"], capture_output=True).returncode == 0
    for peer, present in (
        (Reader(), has_reader),
        (Newsboat(), shutil.which("newsboat") is not None),
        (Sfeed(), shutil.which("sfeed_update") is not None),
    ):
        if peer.name in names and present:
            found.append(peer)
        elif peer.name in names:
            print(f"{peer.name} is not installed: left out", file=sys.stderr)
    return found
