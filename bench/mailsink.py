"""A mail server on loopback in a process of its own: accepts everything, keeps nothing, answers late if asked to."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_ANSWERS = {b"EHLO": b"250 sink", b"DATA": b"354 go"}


@contextmanager
def sink(latency: float) -> Iterator[int]:
    """The port of a server each of whose answers waits so many seconds."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(latency, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(latency: float, port: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Session(latency), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class _Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._say(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._in_data = False
                self._say(b"250 ok")
            else:
                self._in_data = head == b"DATA"
                self._say(_ANSWERS.get(head[:4], b"250 ok"))

    def _say(self, line: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, line + b"\r\n")
        else:
            self._transport.write(line + b"\r\n")
