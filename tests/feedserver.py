"""A real HTTP server on loopback for tests: scripted answers for each path, every request kept byte for byte.

    with FeedServer() as server:
        # the last answer repeats
        server.script("/feed", Reply(body=ATOM, headers={"ETag": '"a"'}), Reply(304))
        # 200 or 304, as RFC 9110 asks
        server.feed("/other", RSS, etag='"b"')
        url = server.url("/feed")
        ...
        assert server.requests_to("/feed")[1].header("If-None-Match") == '"a"'

It runs in a thread of its own, so tests may be plain functions or coroutines. Paths without a script get 404.
In tests take the fixture `feed_server`; `FeedServer(tls=True)` serves HTTPS with the certificate in
tests/data/tls (trust it through the fixture `trust_test_certificate`). The fixture `names` lets host names lead
to the server.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import pytest

TLS_FOLDER = Path(__file__).parent / "data" / "tls"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `head` are the bytes up to and without the empty line."""

    at: float  # time.monotonic()
    head: bytes
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        """What stands in the request line: the path and query exactly as sent."""
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str | None:
        """The header's value, or None when it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `chunks` are sent one by one with `pause` seconds before each, instead of `body`."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the first byte
    chunks: Iterable[bytes] | None = None  # until the client hangs up, when it is endless
    pause: float = 0.0
    length: int | None = None  # a Content-Length that lies: the connection is closed after the body
    raw: bytes | None = None  # the whole answer as it goes over the wire; the connection is closed then
    reset: bool = False  # RST instead of an answer

    def head(self) -> bytes:
        pairs = list(self.headers.items() if isinstance(self.headers, Mapping) else self.headers)
        names = {name.lower() for name, _ in pairs}
        if self.chunks is not None and "transfer-encoding" not in names:
            pairs.append(("Transfer-Encoding", "chunked"))
        elif self.status not in (204, 304) and "content-length" not in names and self.chunks is None:
            pairs.append(("Content-Length", str(len(self.body) if self.length is None else self.length)))
        phrase = HTTPStatus(self.status).phrase if self.status in list(HTTPStatus) else "Odd"
        lines = [f"HTTP/1.1 {self.status} {phrase}", *(f"{name}: {value}" for name, value in pairs)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Answer = Reply | Callable[[Request], Reply]


class FeedServer:
    """Serves scripted answers on 127.0.0.1 and a free port."""

    def __init__(self, *, tls: bool = False, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.most_in_flight = 0  # the largest number of requests that were waiting for their answer together
        self.connections = 0
        self._host = host
        self._tls = tls
        self._scripts: dict[str, list[Answer]] = {}
        self._in_flight = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        name = host or ("localhost" if self._tls else self._host)
        return f"{'https' if self._tls else 'http'}://{f'[{name}]' if ':' in name else name}:{self.port}{path}"

    def script(self, path: str, *answers: Answer) -> str:
        """Answers for `path` (without query) in their order, the last for ever. Gives the URL."""
        self._scripts[path] = list(answers)
        return self.url(path)

    def feed(
        self,
        path: str,
        body: bytes,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """A feed behind a well-behaved server: 304 when the validators match, else 200. Gives the URL."""
        fields = dict(headers or {})
        fields.setdefault("Content-Type", "application/xml")
        fields |= {"ETag": etag} if etag else {}
        fields |= {"Last-Modified": last_modified} if last_modified else {}

        def answer(request: Request) -> Reply:
            asked_tag, asked_date = request.header("If-None-Match"), request.header("If-Modified-Since")
            known = asked_tag == etag if asked_tag is not None else asked_date == last_modified
            if known and (asked_tag or asked_date):
                return Reply(304, headers={k: v for k, v in fields.items() if k != "Content-Type"})
            return Reply(200, body, fields)

        return self.script(path, answer)

    def requests_to(self, path: str) -> list[Request]:
        """Those for `path`, whatever their query."""
        return [request for request in self.requests if request.path == path]

    async def _listen(self) -> asyncio.Server:
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS_FOLDER / "localhost.pem", TLS_FOLDER / "localhost.key")
        return await asyncio.start_server(self._accept, self._host, 0, ssl=context, backlog=1024)

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; True while the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
        length = int(Request(0.0, head).header("Content-Length") or 0)
        request = Request(time.monotonic(), head, await reader.readexactly(length))
        self.requests.append(request)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            reply = self._answer(request)
            await asyncio.sleep(reply.delay)
            return await _send(reply, request, writer)
        finally:
            self._in_flight -= 1

    def _answer(self, request: Request) -> Reply:
        script = self._scripts.get(request.path)
        if script is None:
            return Reply(404, b"nothing here")
        answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(request) if callable(answer) else answer


async def _send(reply: Reply, request: Request, writer: asyncio.StreamWriter) -> bool:
    if reply.reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        return False
    if reply.raw is not None:
        writer.write(reply.raw)
        await writer.drain()
        return False
    writer.write(reply.head() + (b"" if request.method == "HEAD" or reply.chunks is not None else reply.body))
    for chunk in reply.chunks or ():
        await asyncio.sleep(reply.pause)
        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await writer.drain()
    if reply.chunks is not None:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return reply.length is None and request.header("Connection") != "close"


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Where host names lead in this test: `names["a.example"] = ["127.0.0.1"]`. Others don't resolve."""
    table: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name in table:
            return [answer for address in table[name] for answer in real(address, port, *args, **kwargs)]
        if name is None or name == "localhost" or name.replace(".", "").isdigit() or ":" in name:
            return real(host, port, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


@pytest.fixture
def trust_test_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients made in this test trust the certificate of `FeedServer(tls=True)`."""
    trusting = ssl.create_default_context(cafile=TLS_FOLDER / "localhost.pem")
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
