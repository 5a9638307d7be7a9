"""The web server in the program's own loop: start, stop, limits."""

import asyncio
import signal
import socket
import time
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from aggregator.errors import UsageError
from aggregator.web import server
from aggregator.web.server import serve
from tests.web.client import own_server


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    await asyncio.sleep(float(request.query_params.get("wait", 0)))
    await PlainTextResponse(f"{request.client.host if request.client else ''} {request.url.scheme}")(
        scope, receive, send
    )


async def test_server_answers_inside_the_block_and_not_after_it() -> None:
    async with serve(app, "127.0.0.1", 0) as url:
        port = int(url.rsplit(":", 1)[1].rstrip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_answer_under_way_is_finished_when_the_server_stops() -> None:
    async with serve(app, "127.0.0.1", 0) as url:
        port = int(url.rsplit(":", 1)[1].rstrip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /?wait=0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.2)
    assert b"200 OK" in await reader.read()
    writer.close()


async def test_idle_and_half_sent_requests_do_not_hold_up_the_stop() -> None:
    async with asyncio.timeout(8):
        async with serve(app, "127.0.0.1", 0) as url:
            port = int(url.rsplit(":", 1)[1].rstrip("/"))
            opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            opened[1][1].write(b"GET / HTTP/1.1\r\nHo")
            opened[2][1].write(b"GET /?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.1)
        answers = [await reader.read() for reader, _ in opened]
    for _, writer in opened:
        writer.close()
    assert answers[:2] == [b"", b""]
    assert b"200 OK" not in answers[2]  # its 30 seconds were not waited for


async def test_port_in_use_is_a_sentence_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} on 127\.0\.0\.1 is in use .* web\.port in feeds\.yaml"):
            async with serve(app, "127.0.0.1", port):
                pass


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("203.0.113.7", "can't listen on 203.0.113.7, port 0"),
        ("no such host", "web.host: no such host is not an address"),
    ],
)
async def test_address_of_another_machine_is_refused_with_a_sentence(host: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        async with serve(app, host, 0):
            pass


def test_privileged_port_is_explained() -> None:
    said = server._sentence("127.0.0.1", 80, PermissionError(13, "Permission denied"))
    assert said == "port 80 needs more rights than this user has; set web.port in feeds.yaml to one from 1024 on"


def test_localhost_listens_on_each_of_its_addresses_with_one_port() -> None:
    sockets = server._listen("localhost", 0)
    assert len({one.getsockname()[1] for one in sockets}) == 1
    for one in sockets:
        one.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_address_of_version_6_is_served_and_written_in_brackets() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with own_server(app, "::1") as client:
        assert client.url.startswith("http://[::1]:")
        assert client.get("/").text.startswith("::1 ")


def test_headers_of_proxies_are_not_believed() -> None:
    with own_server(app) as client:
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.7"}
        assert client.get("/", headers).text == "127.0.0.1 http"


def test_signals_stay_with_the_program() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    async def run() -> tuple[object, object]:
        async with serve(app, "127.0.0.1", 0):
            await asyncio.sleep(0.2)
            return signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    with asyncio.Runner() as runner:
        during = runner.run(run())
    assert during[0] == before[0]


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_client_that_never_finishes_its_request_is_disconnected(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    with own_server(app) as client, socket.create_connection(client.address, timeout=5) as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b""


def test_client_that_drips_its_second_request_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.5)
    with own_server(app) as client, socket.create_connection(client.address, timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
        with pytest.raises(OSError, match=r"reset|pipe"):
            for letter in b"GET / HTTP/1.1\r\nHost: x" * 10:
                connection.sendall(bytes([letter]))
                time.sleep(0.05)


def test_slow_answer_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.2)
    with own_server(app) as client:
        assert client.get("/?wait=0.6").status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / SPDY/3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_malformed_requests_get_400_and_do_no_harm(request_bytes: bytes) -> None:
    with own_server(app) as client:
        with suppress(ConnectionResetError):  # where the server closes before all was sent
            assert client.send(request_bytes).status == 400
        assert client.get("/").status == 200


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no TCP_USER_TIMEOUT")
@pytest.mark.parametrize("requests", [1, 20])
async def test_client_that_never_reads_its_answer_is_disconnected(
    monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    lost = asyncio.Event()

    class Watched(server._ImpatientProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x" * 20_000_000)(scope, receive, send)

    monkeypatch.setattr(server, "_ImpatientProtocol", Watched)
    monkeypatch.setattr(server, "UNREAD_SECONDS", 0.5)
    async with serve(large, "127.0.0.1", 0) as url:
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].rstrip("/")))) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * requests)
            async with asyncio.timeout(30):
                assert await lost.wait()
