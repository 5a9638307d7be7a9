"""The web server inside the program's own event loop.

async with serve(app, host, port) as url:   listens from here on
    ...
                                            stops taking connections, lets answers end, at most STOP_SECONDS
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.errors import UsageError

STOP_SECONDS = 3
REQUEST_SECONDS = 20.0  # in which a client that is connected must have sent its request
UNREAD_SECONDS = 60.0  # after which a client that takes nothing of its answer is let go
CONNECTIONS = 1000


@asynccontextmanager
async def serve(app: ASGIApp, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the block runs; gives the address, with the real port where `port` is 0.

    Raises UsageError with a sentence when the address can't be listened on.
    """
    sockets = _listen(host, port)
    server = _Server(_settings(app))
    running = asyncio.create_task(server.serve(sockets=sockets), name="web")
    try:
        yield _address(host, sockets[0])
    finally:
        server.should_exit = True
        await running


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # who reads what is nobody's business
        server_header=False,
        proxy_headers=False,  # nothing here depends on who asks, so nobody needs to be believed
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class _Server(uvicorn.Server):
    """Leaves signals to the program, which has more to stop than this server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _ImpatientProtocol(H11Protocol):
    """Closes connections whose request doesn't arrive; uvicorn waits for one for ever, and a thousand are a siege."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._deadline:
            self._deadline.cancel()

    def _expect_request(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _give_up(self) -> None:
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            return  # the request has come; on_response_complete starts the next wait
        self.transport.close()


def _listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for every address of the host; 'localhost' has two."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise UsageError(f"web.host: {host} is not an address of this machine ({error.strerror})") from error
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            chosen = sockets[0].getsockname()[1] if sockets else port  # one port for all, also where it is 0
            sockets.append(_bind(family, kind, protocol, (address[0], chosen, *address[2:])))
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise UsageError(_sentence(host, port, error)) from error
    return sockets


def _bind(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; the connections that are accepted have it too
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))
        made.bind(address)
        made.listen(socket.SOMAXCONN)  # from here on connections wait, until uvicorn takes them
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program; stop that one, or set web.port in feeds.yaml"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} needs more rights than this user has; set web.port in feeds.yaml to one from 1024 on"
    return f"can't listen on {host}, port {port}: {error.strerror}; set web.host and web.port in feeds.yaml"


def _address(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}/"
