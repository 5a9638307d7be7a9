"""The client against hostile and broken servers (SSRF, size and time, validators, logs, credentials)."""

import asyncio
import gc
import gzip
import itertools
import socket
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from aggregator.config.models import Config
from aggregator.net.client import OutboundClient
from aggregator.net.decode import BodyDecoder
from aggregator.net.policy import NetPolicy, user_agent
from aggregator.net.response import MAX_BODY, FailureKind, Fetched, FetchFailed, FetchRequest, Result
from tests.feedserver import FeedServer, Reply
from tests.net.conftest import POLICY

BODY = b"<rss/>"
CLOSED = NetPolicy(user_agent=user_agent("x", 1), timeout=timedelta(seconds=2))


def failed(result: Result) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    assert result.reason
    assert result.reason.isprintable()
    return result


async def kind_of(client: OutboundClient, url: str) -> FailureKind:
    return failed(await client.fetch(FetchRequest(url=url))).kind


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://017700000001:{port}/",
        "http://127.1:{port}/",
        "http://①②⑦.⓪.⓪.①:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "http://localhost:{port}/",
        "http://inside.example:{port}/",
        "http://mixed.example:{port}/",
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "gopher://127.0.0.1:{port}/",
        "file:///etc/passwd",
    ],
)
async def test_ssrf_address_is_refused_before_anything_is_sent(
    feed_server: FeedServer, names: dict[str, list[str]], url: str
) -> None:
    names["inside.example"] = ["127.0.0.1"]
    names["mixed.example"] = ["127.0.0.1", "10.0.0.1"]
    async with OutboundClient(CLOSED) as client:
        kind = await kind_of(client, url.format(port=feed_server.port))

    assert kind is FailureKind.REFUSED_ADDRESS
    assert feed_server.connections == 0


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://169.254.169.254/latest/meta-data/", FailureKind.REFUSED_ADDRESS),
        ("http://[::1]/", FailureKind.REFUSED_ADDRESS),
        ("//10.0.0.1/", FailureKind.REFUSED_ADDRESS),
        ("http://inside.example/", FailureKind.REFUSED_ADDRESS),
        ("http://2852039166/", FailureKind.REDIRECT),
        ("file:///etc/passwd", FailureKind.REDIRECT),
        ("gopher://example.org/", FailureKind.REDIRECT),
    ],
)
async def test_ssrf_redirect_to_a_refused_address_is_not_followed(
    client: OutboundClient, feed_server: FeedServer, names: dict[str, list[str]], location: str, kind: FailureKind
) -> None:
    names["inside.example"] = ["192.168.0.1"]
    url = feed_server.script("/feed", Reply(302, headers={"Location": location}))

    assert await kind_of(client, url) is kind


async def test_ssrf_name_whose_answer_changes_is_judged_where_the_socket_is_made(
    feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: Iterator[str] = itertools.chain(["192.0.2.1"], itertools.repeat("127.0.0.1"))

    def look_up(_host: object, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with OutboundClient(CLOSED) as client:
        for _ in range(2):
            result = failed(await client.fetch(FetchRequest(url=f"http://rebind.example:{feed_server.port}/")))
            assert result.kind is FailureKind.REFUSED_ADDRESS
            assert "is not on the public internet" in result.reason

    assert feed_server.connections == 0


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login jo password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    url = feed_server.script("/feed", Reply(body=BODY))

    assert isinstance(await client.fetch(FetchRequest(url=url)), Fetched)
    assert feed_server.requests[0].header("Authorization") is None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(raw=b""), FailureKind.CONNECT),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), FailureKind.PROTOCOL),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), FailureKind.CONNECT),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), FailureKind.PROTOCOL),
        (Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n"), FailureKind.PROTOCOL),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), FailureKind.PROTOCOL),
        (Reply(body=BODY, length=100), FailureKind.PROTOCOL),
        (Reply(304), FailureKind.PROTOCOL),
        (Reply(body=gzip.compress(BODY)[:-4], headers={"Content-Encoding": "gzip"}), FailureKind.DECODE),
        (Reply(body=b"\0\1\2\3" * 9, headers={"Content-Encoding": "br"}), FailureKind.DECODE),
        (Reply(body=gzip.compress(bytes(MAX_BODY + 1)), headers={"Content-Encoding": "gzip"}), FailureKind.TOO_LARGE),
        (Reply(302, headers={"Location": "http://[/"}), FailureKind.REDIRECT),
        (Reply(301, headers={"Location": " "}), FailureKind.REDIRECT),
    ],
)
async def test_broken_answer_is_a_failure_with_a_sentence(
    client: OutboundClient, feed_server: FeedServer, reply: Reply, kind: FailureKind
) -> None:
    assert await kind_of(client, feed_server.script("/feed", reply)) is kind


async def test_codings_in_several_lines_are_undone_one_after_the_other(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    coded = gzip.compress(zlib.compress(BODY))
    lines = [("Content-Encoding", "deflate"), ("Content-Encoding", "gzip")]

    result = await client.fetch(FetchRequest(url=feed_server.script("/feed", Reply(body=coded, headers=lines))))

    assert isinstance(result, Fetched)
    assert result.body == BODY


async def test_body_without_end_is_cut_at_the_size_limit(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(chunks=itertools.repeat(b"x" * 100_000)))

    assert await kind_of(client, url) is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    "reply",
    [Reply(body=BODY, delay=30), Reply(chunks=itertools.repeat(b"x"), pause=0.05), Reply(chunks=(b"x" * 9,), pause=9)],
)
async def test_slow_server_is_given_up_at_the_time_limit(feed_server: FeedServer, reply: Reply) -> None:
    url = feed_server.script("/feed", reply)
    async with OutboundClient(replace(POLICY, timeout=timedelta(milliseconds=300))) as impatient:
        assert await kind_of(impatient, url) is FailureKind.TIMEOUT


async def test_slow_servers_do_not_hold_up_others(feed_server: FeedServer) -> None:
    slow = feed_server.script("/slow", Reply(body=BODY, delay=30))
    quick = feed_server.script("/quick", Reply(body=BODY))
    async with OutboundClient(replace(POLICY, timeout=timedelta(milliseconds=300), concurrency=2)) as client:
        results = await asyncio.gather(*(client.fetch(FetchRequest(url=url)) for url in [slow, slow, quick, quick]))

    assert [isinstance(result, Fetched) for result in results] == [False, False, True, True]


async def test_unreachable_servers_are_told_apart(client: OutboundClient, names: dict[str, list[str]]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        refused = failed(await client.fetch(FetchRequest(url=f"http://127.0.0.1:{port}/")))
    unknown = failed(await client.fetch(FetchRequest(url="http://unknown.example/")))

    assert (refused.kind, refused.reason) == (FailureKind.CONNECT, "127.0.0.1 can't be reached: connection refused")
    assert unknown.kind is FailureKind.DNS
    assert unknown.reason == "no address found for unknown.example (Name or service not known)"


async def test_tls_faults_are_told_in_words(client: OutboundClient) -> None:
    with FeedServer(tls=True) as secure:
        untrusted = failed(await client.fetch(FetchRequest(url=secure.url("/").replace("localhost", "127.0.0.1"))))

    def welcome(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 welcome\r\n")
        writer.close()

    async with await asyncio.start_server(welcome, "127.0.0.1", 0) as speaking:
        port = speaking.sockets[0].getsockname()[1]
        plain = failed(await client.fetch(FetchRequest(url=f"https://127.0.0.1:{port}/")))

    assert untrusted.kind is plain.kind is FailureKind.TLS
    assert "self-signed certificate" in untrusted.reason


async def test_https_works_with_a_trusted_certificate(trust_test_certificate: None) -> None:
    with FeedServer(tls=True) as secure:
        url = secure.script("/feed", Reply(body=BODY))
        async with OutboundClient(POLICY) as client:
            assert isinstance(await client.fetch(FetchRequest(url=url)), Fetched)


async def test_huge_or_unsendable_validators_are_not_kept(client: OutboundClient, feed_server: FeedServer) -> None:
    huge = feed_server.script("/huge", Reply(body=BODY, headers={"ETag": f'"{"x" * 50_000}"', "Last-Modified": "then"}))
    odd = feed_server.script("/odd", Reply(raw=b'HTTP/1.1 200 OK\r\nETag: "\xff"\r\nContent-Length: 1\r\n\r\nx'))

    first, second = await client.fetch(FetchRequest(url=huge)), await client.fetch(FetchRequest(url=odd))

    assert isinstance(first, Fetched)
    assert isinstance(second, Fetched)
    assert (first.etag, first.last_modified) == (None, "then")
    assert second.etag is None


async def test_secrets_stay_with_their_origin(client: OutboundClient, feed_server: FeedServer) -> None:
    with FeedServer() as other:
        feed_server.script("/feed", Reply(302, headers={"Location": "/here"}))
        feed_server.script("/here", Reply(302, headers={"Location": other.url("/there")}))
        other.script("/there", Reply(body=BODY))
        await client.fetch(
            FetchRequest(url=feed_server.url("/feed"), headers={"X-Key": "k", "Cookie": "c=1"}, auth="jo:secret")
        )
        (there,) = other.requests

    for sent in feed_server.requests:
        assert sent.header("X-Key") == "k"
        assert sent.header("Cookie") == "c=1"
        assert sent.header("Authorization") == "Basic am86c2VjcmV0"
    assert {name for name, _ in there.headers} == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def test_credentials_in_a_url_are_sent_as_a_header_and_shown_nowhere(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    url = feed_server.script("/feed", Reply(500)).replace("http://", "http://jo:s%65cret@")

    result = failed(await client.fetch(FetchRequest(url=url)))

    assert feed_server.requests[0].header("Authorization") == "Basic am86c2VjcmV0"
    assert "cret" not in repr(result)


async def test_own_user_agent_header_of_a_feed_wins(client: OutboundClient, feed_server: FeedServer) -> None:
    await client.fetch(FetchRequest(url=feed_server.url("/"), headers={"User-Agent": "Mozilla/5.0"}))

    assert [value for name, value in feed_server.requests[0].headers if name == "User-Agent"] == ["Mozilla/5.0"]


async def test_header_with_a_line_break_is_a_failure_and_not_sent(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    result = failed(await client.fetch(FetchRequest(url=feed_server.url("/"), headers={"X": "a\r\nY: b"})))

    assert result.kind is FailureKind.PROTOCOL
    assert feed_server.requests == []


async def test_proxy_of_a_feed_gets_its_requests_and_its_password(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    feed_server.script("http://feeds.example/feed", Reply(body=BODY))
    proxy = feed_server.url("").replace("http://", "http://jo:secret@")

    result = await client.fetch(FetchRequest(url="http://feeds.example/feed", proxy=proxy))
    private = failed(await client.fetch(FetchRequest(url="http://10.0.0.1/feed", proxy=proxy)))

    assert isinstance(result, Fetched)
    assert feed_server.requests[0].target == "http://feeds.example/feed"
    assert feed_server.requests[0].header("Proxy-Authorization") == "Basic am86c2VjcmV0"
    assert private.kind is FailureKind.REFUSED_ADDRESS


async def test_proxy_that_fails_is_named_as_such(client: OutboundClient, feed_server: FeedServer) -> None:
    feed_server.script("feeds.example:443", Reply(407))

    down = failed(await client.fetch(FetchRequest(url="http://feeds.example/", proxy="http://127.0.0.1:1")))
    refusing = failed(await client.fetch(FetchRequest(url="https://feeds.example/", proxy=feed_server.url(""))))

    assert "the proxy for feeds.example" in down.reason
    assert "the proxy for feeds.example" in refusing.reason


@pytest.mark.parametrize("status", [307, 308])
async def test_body_is_posted_and_not_repeated_after_a_303(
    client: OutboundClient, feed_server: FeedServer, status: int
) -> None:
    feed_server.script("/hub", Reply(status, headers={"Location": "/new"}))
    feed_server.script("/new", Reply(303, headers={"Location": "/done"}))
    feed_server.script("/done", Reply(body=BODY))

    url, kind = feed_server.url("/hub"), "application/x-www-form-urlencoded"
    result = await client.fetch(FetchRequest(url=url, method="POST", body=b"a=1", content_type=kind))

    assert isinstance(result, Fetched)
    assert [(sent.method, sent.body, sent.header("Content-Type")) for sent in feed_server.requests] == [
        ("POST", b"a=1", kind),
        ("POST", b"a=1", kind),
        ("GET", b"", None),
    ]


async def test_202_is_an_answer_to_a_post(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/hub", Reply(202))

    assert isinstance(await client.fetch(FetchRequest(url=url, method="POST", body=b"a=1")), Fetched)


async def test_link_headers_and_type_are_given(client: OutboundClient, feed_server: FeedServer) -> None:
    links = [("Link", '<https://hub.example/>; rel="hub"'), ("Link", "</feed>; rel=self"), ("Content-Type", "text/xml")]
    url = feed_server.script("/feed", Reply(body=BODY, headers=links))

    result = await client.fetch(FetchRequest(url=url))

    assert isinstance(result, Fetched)
    assert result.links == ('<https://hub.example/>; rel="hub"', "</feed>; rel=self")
    assert result.content_type == "text/xml"


async def test_allowed_file_is_read(client: OutboundClient, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(BODY)
    url = (tmp_path / "feed.xml").as_uri()

    async with OutboundClient(replace(POLICY, allow_files=(tmp_path,))) as reading:
        assert isinstance(await reading.fetch(FetchRequest(url=url)), Fetched)
    assert await kind_of(client, url) is FailureKind.REFUSED_ADDRESS


def test_policy_comes_from_feeds_yaml() -> None:
    config = Config.model_validate(
        {
            "site": {"url": "https://news.example", "contact": "ed@news.example"},
            "feeds": [{"url": "https://a.example/"}],
            "polling": {"allow_networks": ["10.0.0.0/8"], "timeout": "5s", "concurrency": 7},
        }
    )
    policy = NetPolicy.from_config(config, subscribers=12)

    assert policy.user_agent.endswith("(+ed@news.example; 12 subscribers)")
    assert policy.allow_networks == (ip_network("10.0.0.0/8"),)
    assert (policy.timeout, policy.concurrency) == (timedelta(seconds=5), 7)


async def test_broken_body_is_let_go_at_once(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(body=b"x" * 200_000, length=400_000))
    gc.collect()
    gc.disable()
    try:
        assert await kind_of(client, url) is FailureKind.PROTOCOL
        assert not [one for one in gc.get_objects() if isinstance(one, BodyDecoder)]
    finally:
        gc.enable()
