"""Many distinct feeds served over HTTP on loopback, each at an address of its own: no client is slowed by its own
politeness towards one host, and none can reuse a connection, as among real hosts.

nginx serves them where it is installed; a small asyncio server with the same validators otherwise.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Self

ENTRIES = 25
_START = datetime(2026, 11, 1, tzinfo=UTC)
_VOCABULARY = (
    "air defence missile ministry aid pledge government minister region power grid station talks border "
    "grain harbour ship drone radar summit budget parliament vote report official statement attack repair "
    "hospital school winter fuel price market export import bridge railway village river night morning "
    "partner ally delivery system training unit"
)
_WORDS = _VOCABULARY.split()


class FeedFarm:
    """`urls` are ready after entering. `add_entry()` puts one new item on top of every feed."""

    def __init__(self, folder: Path, feeds: int) -> None:
        self.folder = folder
        self.feeds = feeds
        self.urls: list[str] = []
        self._added = 0
        self._stop: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        (self.folder / "www").mkdir(parents=True)
        self._write()
        port = _free_port()
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        self.server = "nginx" if nginx else "asyncio"
        self._stop = _start_nginx(nginx, self.folder, port) if nginx else _start_asyncio(self.folder / "www", port)
        self.urls = [f"http://127.1.{n // 250}.{n % 250 + 1}:{port}/{n}.xml" for n in range(self.feeds)]
        _wait_for(port)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop()

    def add_entry(self) -> None:
        """One new item in each feed."""
        self._added += 1
        self._write()

    def _write(self) -> None:
        for n in range(self.feeds):
            path = self.folder / "www" / f"{n}.xml"
            path.with_suffix(".new").write_text(feed_xml(n, self._added), encoding="utf-8")
            path.with_suffix(".new").replace(path)


def feed_xml(feed: int, added: int) -> str:
    """An RSS 2.0 feed of 25 items, about 35 KB, the same for the same arguments."""
    items = "".join(_item(feed, number) for number in range(ENTRIES + added - 1, added - 1, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Outlet {feed}</title><link>http://outlet{feed}.example/</link>"
        f"<description>News of outlet {feed}</description>"
        f"<language>en</language>\n{items}</channel></rss>"
    )


def _item(feed: int, number: int) -> str:
    words = random.Random(feed * 100_003 + number)

    def text(count: int) -> str:
        return " ".join(words.choices(_WORDS, k=count))

    paragraphs = "".join(
        f'<p>{text(32)} <a href="http://outlet{feed}.example/{number}/more">{text(3)}</a></p>' for _ in range(3)
    )
    link = f"http://outlet{feed}.example/articles/{number}"
    date = formatdate((_START + timedelta(minutes=17 * number)).timestamp(), usegmt=True)
    return (
        f"<item><title>{text(9).capitalize()} {feed}/{number}</title><link>{link}</link>"
        f'<guid isPermaLink="true">{link}</guid>'
        f"<pubDate>{date}</pubDate><dc:creator>Reporter {feed % 7}</dc:creator><category>{text(1)}</category>"
        f"<description>{text(30)}</description><content:encoded><![CDATA[{paragraphs}]]></content:encoded></item>\n"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the feeds' server does not answer on port {port}")


def _start_nginx(nginx: str, folder: Path, port: int) -> Callable[[], object]:
    config = folder / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    config.write_text(f"""
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; default_type application/rss+xml; types {{ application/rss+xml xml; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 0.0.0.0:{port}; root {folder}/www; etag on; gzip off; allow 127.0.0.0/8; deny all; }} }}
""")
    process = subprocess.Popen([nginx, "-c", str(config), "-e", str(folder / "error.log")])

    def stop() -> None:
        process.terminate()
        process.wait(10)

    return stop


def _start_asyncio(www: Path, port: int) -> Callable[[], object]:
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = www / head.split(" ", 2)[1].lstrip("/")
            stat = path.stat()
            etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
            if etag in head:
                writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n".encode())
            else:
                body = path.read_bytes()
                writer.write(
                    f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: application/rss+xml\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
            await writer.drain()
        finally:
            writer.close()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(asyncio.start_server(answer, "0.0.0.0", port))
        loop.run_forever()

    threading.Thread(target=serve, daemon=True).start()
    return lambda: loop.call_soon_threadsafe(loop.stop)
