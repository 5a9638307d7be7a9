"""A real server on loopback in a thread of its own, and a client that sends exactly the bytes it is given."""

from __future__ import annotations

import asyncio
import atexit
import gzip
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.web.server import serve


@dataclass(frozen=True)
class Answer:
    """A response as it came over the wire."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body, decoded by its Content-Encoding."""
        coding = self.headers.get("content-encoding")
        if coding == "br":
            return str(brotli.decompress(self.body), "utf-8")
        return (gzip.decompress(self.body) if coding == "gzip" else self.body).decode()


class Client:
    """Sends requests to one server; each over a connection of its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self.address = (parts.hostname or "", parts.port or 0)

    def get(self, target: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        """One request; `target` goes into the request line as it is."""
        lines = [f"{method} {target} HTTP/1.1"]
        given = {"Host": "127.0.0.1"} | dict(headers or {}) | {"Connection": "close"}
        lines += [f"{name}: {value}" for name, value in given.items()]
        return self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def head(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """As `get`, but HEAD."""
        return self.get(target, headers, method="HEAD")

    def send(self, request: bytes) -> Answer:
        """Any bytes; the answer up to the end of the connection."""
        with socket.create_connection(self.address, timeout=10) as connection:
            connection.sendall(request)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        status, _, fields = head.partition(b"\r\n")
        return Answer(int(status.split()[1]), BytesParser().parsebytes(fields + b"\r\n\r\n"), body)


@contextmanager
def serving(app: ASGIApp) -> Iterator[Client]:
    """The application under the real server while the block runs. The server is one that was used before, if any is
    free: to stop takes it up to a fifth of a second.
    """
    server = _free.pop() if _free else _Shared()
    server.app = app
    yield Client(server.url)
    _free.append(server)


class _Shared:
    """A server that gives every request to the application that it has at the time, until the tests end."""

    app: ASGIApp

    def __init__(self) -> None:
        stack = ExitStack()
        self.url = stack.enter_context(own_server(self)).url
        atexit.register(stack.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


_free: list[_Shared] = []


@contextmanager
def own_server(app: ASGIApp, host: str = "127.0.0.1") -> Iterator[Client]:
    """The application under a real server of its own."""
    ready = threading.Event()
    urls: list[str] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serve(app, host, 0) as url:
            urls.append(url)
            ready.set()
            await stop.wait()

    # Python waits for the end of other threads before it runs `atexit`, which is what ends this one.
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(10)
        yield Client(urls[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
