"""The rows of polite polling that one client shows: P1 to P5, P7 to P9, P11 to P15, P17, P19."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.utils import formatdate
from itertools import pairwise
from time import time

import pytest

from aggregator.clock import utc_now
from aggregator.model import HostState
from aggregator.net.client import OutboundClient
from aggregator.net.gate import HostGate
from aggregator.net.policy import user_agent
from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest, NotModified, Result
from aggregator.net.robots import Robots
from aggregator.text.addresses import host_key
from tests.feedserver import FeedServer, Reply, Request
from tests.net.conftest import POLICY

BODY = b"<rss version='2.0'><channel><title>t</title></channel></rss>"


@pytest.fixture
async def polite() -> AsyncIterator[OutboundClient]:
    """With a gate that keeps a pause of 30 ms."""
    async with OutboundClient(POLICY, HostGate(gap=timedelta(milliseconds=30))) as opened:
        yield opened


def fetched(result: Result) -> Fetched:
    assert isinstance(result, Fetched), result
    return result


def failed(result: Result) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    return result


def again(url: str, result: Fetched | NotModified) -> FetchRequest:
    """The next poll of a feed, as the poller makes it."""
    return FetchRequest(url=url, etag=result.etag, last_modified=result.last_modified, validators_url=result.url)


async def test_connection_is_kept_only_for_a_host_whose_next_request_waits(
    polite: OutboundClient, feed_server: FeedServer
) -> None:
    urls = [feed_server.feed(f"/{number}", BODY) for number in range(3)]

    await asyncio.gather(*(polite.fetch(FetchRequest(url=url)) for url in urls))

    assert [request.header("Connection") for request in feed_server.requests] == [None, None, "close"]


@pytest.mark.parametrize("etag", ['W/"a b,c"', '"x"', "no-quotes", '"ü"', '"a\tb"', ""])
@pytest.mark.parametrize("modified", ["Sun, 22 Nov 2026 10:00:00 GMT", "yesterday  at 25:00, or so", ""])
async def test_p1_validators_are_echoed_byte_for_byte(
    client: OutboundClient, feed_server: FeedServer, etag: str, modified: str
) -> None:
    raw = f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nLast-Modified: {modified}\r\nContent-Length: 1\r\n\r\nx"
    url = feed_server.script("/feed", Reply(raw=raw.encode()))

    first = fetched(await client.fetch(FetchRequest(url=url)))
    await client.fetch(again(url, first))

    unconditional, conditional = feed_server.requests
    assert unconditional.header("If-None-Match") is None
    assert unconditional.header("If-Modified-Since") is None
    assert (f"If-None-Match: {etag}".encode() in conditional.head.split(b"\r\n")) == (etag != "")
    assert (f"If-Modified-Since: {modified}".encode() in conditional.head.split(b"\r\n")) == (modified != "")


async def test_p2_new_validators_are_given_with_every_200(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script(
        "/feed",
        Reply(body=BODY, headers={"ETag": '"1"', "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT"}),
        Reply(body=BODY, headers={"ETag": '"2"', "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT"}),
        Reply(body=BODY, headers={"ETag": '"2"', "Last-Modified": "Sun, 22 Nov 2026 11:00:00 GMT"}),
    )
    request = FetchRequest(url=url)

    for _ in range(4):
        request = again(url, fetched(await client.fetch(request)))

    assert [sent.header("If-None-Match") for sent in feed_server.requests] == [None, '"1"', '"2"', '"2"']
    assert [(sent.header("If-Modified-Since") or "")[17:19] for sent in feed_server.requests] == ["", "10", "10", "11"]


async def test_p3_validators_and_hints_of_a_304_are_taken(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(304, headers={"ETag": '"new"', "Cache-Control": "max-age=7200"}))

    result = await client.fetch(FetchRequest(url=url, etag='"old"', last_modified="then"))

    assert isinstance(result, NotModified)
    assert (result.etag, result.last_modified) == ('"new"', "then")
    assert result.hints.fresh_for == timedelta(hours=2)


async def test_p4_validator_that_a_200_drops_is_gone(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(body=BODY, headers={"ETag": '"1"'}))

    result = fetched(await client.fetch(FetchRequest(url=url, etag='"0"', last_modified="then")))

    assert (result.etag, result.last_modified) == ('"1"', None)


async def test_p7_no_cookie_is_ever_sent_back(client: OutboundClient, feed_server: FeedServer) -> None:
    cookie = {"Set-Cookie": "id=1; Path=/"}
    feed_server.script("/old", Reply(301, headers={**cookie, "Location": "/feed"}))
    feed_server.script("/feed", Reply(body=BODY, headers=cookie))

    for _ in range(2):
        fetched(await client.fetch(FetchRequest(url=feed_server.url("/old"))))

    assert len(feed_server.requests) == 4
    assert all(sent.header("Cookie") is None for sent in feed_server.requests)


@pytest.mark.parametrize("target", ["/%7Ejo/feed?", "/~jo//a/../b?x=%2f&&y", "/a?b?c=1&a=2", "/%e2%82%ac?q=a+b%20c"])
async def test_p8_url_goes_out_as_it_was_written_and_nothing_is_added(
    client: OutboundClient, feed_server: FeedServer, target: str
) -> None:
    await client.fetch(FetchRequest(url=feed_server.url(target) + "#fragment"))

    (sent,) = feed_server.requests
    assert sent.target == target
    assert {name for name, _ in sent.headers} == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def test_p9_user_agent_names_program_version_contact_and_subscribers(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    await client.fetch(FetchRequest(url=feed_server.url("/")))

    agent = feed_server.requests[0].header("User-Agent") or ""
    assert agent == user_agent("https://news.example", 3)
    assert agent.startswith("aggregator/")
    assert agent.endswith(" (+https://news.example; 3 subscribers)")
    assert user_agent("a@b.example\r\nX: ü(1);", 1).endswith(" (+a@b.exampleX:1; 1 subscriber)")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_p11_nothing_is_asked_of_the_whole_host_within_retry_after(
    polite: OutboundClient, feed_server: FeedServer, status: int, form: str
) -> None:
    value = "3600" if form == "seconds" else formatdate(time() + 3600, usegmt=True)
    url = feed_server.script("/feed", Reply(status, headers={"Retry-After": value}))

    first = failed(await polite.fetch(FetchRequest(url=url)))
    other = failed(await polite.fetch(FetchRequest(url=feed_server.url("/other"))))

    assert first.kind is FailureKind.RATE_LIMITED
    assert first.hints.retry_after is not None
    assert other.kind is FailureKind.POSTPONED
    assert other.reason.endswith("(Retry-After)")
    assert len(feed_server.requests) == 1


async def test_p11_window_holds_after_a_restart(polite: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(429, headers={"Retry-After": "3600"}))
    await polite.fetch(FetchRequest(url=url))
    assert polite.gate is not None

    async with OutboundClient(POLICY, HostGate(polite.gate.take_news().states)) as restarted:
        result = failed(await restarted.fetch(FetchRequest(url=url)))

    assert result.kind is FailureKind.POSTPONED
    assert timedelta(minutes=59) < (result.hints.retry_after or timedelta()) <= timedelta(hours=1)
    assert len(feed_server.requests) == 1


async def test_p12_answer_ends_the_counting_of_429s(feed_server: FeedServer) -> None:
    url = feed_server.script("/feed", Reply(body=b"<rss/>"))
    host = host_key(url)
    gate = HostGate({host: HostState(host, failures=5)}, gap=timedelta())
    async with OutboundClient(POLICY, gate) as opened:
        assert isinstance(await opened.fetch(FetchRequest(url=url)), Fetched)
    assert gate.take_news().states == {host: HostState(host)}


async def test_p12_429_without_retry_after_closes_the_host_for_minutes(
    polite: OutboundClient, feed_server: FeedServer
) -> None:
    url = feed_server.script("/feed", Reply(429, headers={"Retry-After": "soon"}))

    await polite.fetch(FetchRequest(url=url))
    result = failed(await polite.fetch(FetchRequest(url=url)))

    assert result.kind is FailureKind.POSTPONED
    assert timedelta(minutes=4) < (result.hints.retry_after or timedelta()) < timedelta(minutes=7)
    assert len(feed_server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_p13_redirects_are_followed_and_recorded(
    client: OutboundClient, feed_server: FeedServer, status: int
) -> None:
    feed_server.script("/old", Reply(status, headers={"Location": "/feed"}))
    feed_server.script("/feed", Reply(body=BODY))

    result = fetched(await client.fetch(FetchRequest(url=feed_server.url("/old"))))

    assert result.url == feed_server.url("/feed")
    assert [(hop.url, hop.status, hop.target) for hop in result.hops] == [
        (feed_server.url("/old"), status, feed_server.url("/feed"))
    ]
    assert result.hops[0].permanent == (status in (301, 308))


async def test_p13_validators_go_to_the_final_url_only(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/old", Reply(302, headers={"Location": "/feed", "ETag": '"old"'}))
    feed_server.feed("/feed", BODY, etag='"1"')
    feed_server.script("/elsewhere", Reply(body=BODY))

    first = fetched(await client.fetch(FetchRequest(url=url)))
    second = await client.fetch(again(url, first))
    feed_server.script("/old", Reply(302, headers={"Location": "/elsewhere"}))
    await client.fetch(again(url, first))

    assert isinstance(second, NotModified)
    assert [sent.header("If-None-Match") for sent in feed_server.requests_to("/old")] == [None] * 3
    assert [sent.header("If-None-Match") for sent in feed_server.requests_to("/feed")] == [None, '"1"']
    assert feed_server.requests_to("/elsewhere")[0].header("If-None-Match") is None


async def test_p13_five_hops_are_followed_and_a_sixth_is_not(client: OutboundClient, feed_server: FeedServer) -> None:
    for number in range(6):
        feed_server.script(f"/{number}", Reply(301, headers={"Location": f"/{number + 1}"}))
    feed_server.script("/6", Reply(body=BODY))

    assert len(fetched(await client.fetch(FetchRequest(url=feed_server.url("/1")))).hops) == 5
    result = failed(await client.fetch(FetchRequest(url=feed_server.url("/0"))))

    assert result.kind is FailureKind.REDIRECT
    assert "more than 5" in result.reason
    assert len(feed_server.requests) == 12


@pytest.mark.parametrize("location", ["/a", "/b"])
async def test_p13_circle_ends_at_once(client: OutboundClient, feed_server: FeedServer, location: str) -> None:
    feed_server.script("/a", Reply(302, headers={"Location": location}))
    feed_server.script("/b", Reply(302, headers={"Location": "/a"}))

    result = failed(await client.fetch(FetchRequest(url=feed_server.url("/a"))))

    assert result.kind is FailureKind.REDIRECT
    assert "circle" in result.reason
    assert len(feed_server.requests) <= 2


async def test_p13_redirect_from_https_to_http_is_refused(
    feed_server: FeedServer, trust_test_certificate: None
) -> None:
    with FeedServer(tls=True) as secure:
        url = secure.script("/feed", Reply(301, headers={"Location": feed_server.url("/feed")}))
        async with OutboundClient(POLICY) as trusting:
            result = failed(await trusting.fetch(FetchRequest(url=url)))

    assert result.kind is FailureKind.REDIRECT
    assert "https to http" in result.reason
    assert feed_server.requests == []


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (404, {}, FailureKind.NOT_FOUND),
        (410, {}, FailureKind.GONE),
        (401, {"WWW-Authenticate": "Basic"}, FailureKind.NEEDS_CREDENTIALS),
        (403, {}, FailureKind.BLOCKED),
        (503, {"cf-mitigated": "challenge"}, FailureKind.BLOCKED),
        (451, {}, FailureKind.BLOCKED),
        (500, {}, FailureKind.SERVER),
        (503, {}, FailureKind.SERVER),
        (204, {}, FailureKind.HTTP),
        (206, {}, FailureKind.HTTP),
        (302, {}, FailureKind.REDIRECT),
        (400, {}, FailureKind.HTTP),
        (999, {}, FailureKind.HTTP),
        (202, {"x-amzn-waf-action": "challenge"}, FailureKind.BLOCKED),
        (405, {"x-amzn-waf-action": "captcha"}, FailureKind.BLOCKED),
        (429, {"x-vercel-mitigated": "challenge"}, FailureKind.BLOCKED),
    ],
)
async def test_p14_refusals_are_told_apart(
    client: OutboundClient, feed_server: FeedServer, status: int, headers: dict[str, str], kind: FailureKind
) -> None:
    url = feed_server.script("/feed", Reply(status, b"" if status == 204 else b"no", headers))

    result = failed(await client.fetch(FetchRequest(url=url)))

    assert (result.kind, result.status) == (kind, status)
    assert "127.0.0.1" in result.reason


async def test_p15_host_sees_one_request_at_a_time_with_a_pause_between(
    polite: OutboundClient, feed_server: FeedServer
) -> None:
    for number in range(10):
        feed_server.script(f"/{number}", Reply(body=BODY, delay=0.01))

    await asyncio.gather(*(polite.fetch(FetchRequest(url=feed_server.url(f"/{number}"))) for number in range(10)))

    times = [sent.at for sent in feed_server.requests]
    assert len(times) == 10
    assert feed_server.most_in_flight == 1
    assert all(late - early >= 0.03 for early, late in pairwise(times))


async def test_p15_names_of_one_registrable_domain_share_a_queue(
    polite: OutboundClient, feed_server: FeedServer, names: dict[str, list[str]]
) -> None:
    hosts = [f"{name}.news.example" for name in "abcde"]
    names.update({host: ["127.0.0.1"] for host in hosts})
    feed_server.script("/feed", Reply(body=BODY, delay=0.01))
    urls = [feed_server.url("/feed", host=host).replace("example", "co.uk") for host in hosts]
    names.update({host.replace("example", "co.uk"): ["127.0.0.1"] for host in hosts})

    results = await asyncio.gather(*(polite.fetch(FetchRequest(url=url)) for url in urls))

    assert all(isinstance(result, Fetched) for result in results)
    assert feed_server.most_in_flight == 1


async def test_p17_only_decodable_codings_are_asked_for(client: OutboundClient, feed_server: FeedServer) -> None:
    def answer(request: Request) -> Reply:
        asked = request.header("Accept-Encoding")
        assert asked == "gzip, deflate, br, zstd"
        return Reply(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})

    assert fetched(await client.fetch(FetchRequest(url=feed_server.script("/feed", answer)))).body == BODY


async def test_p19_feeds_are_exempt_from_robots_txt_and_pages_are_not(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    feed_server.script("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /private*.html$\n"))
    feed_server.script("/private.html", Reply(body=BODY))
    robots = Robots(client)

    assert "asks programs not to" in (await robots.refusal(feed_server.url("/private.html")) or "")
    assert await robots.refusal(feed_server.url("/public.html")) is None
    assert fetched(await client.fetch(FetchRequest(url=feed_server.url("/private.html"))))
    assert len(feed_server.requests_to("/robots.txt")) == 1


async def test_broken_connection_is_not_asked_again_at_once(client: OutboundClient, feed_server: FeedServer) -> None:
    feed_server.script("/reset", Reply(reset=True))

    result = failed(await client.fetch(FetchRequest(url=feed_server.url("/reset"))))

    assert result.kind is FailureKind.CONNECT
    assert len(feed_server.requests) == 1


async def test_kept_connection_that_the_server_has_closed_is_opened_again(
    client: OutboundClient, feed_server: FeedServer
) -> None:
    feed_server.script("/feed", Reply(body=BODY), Reply(reset=True), Reply(body=BODY))

    fetched(await client.fetch(FetchRequest(url=feed_server.url("/feed"))))
    fetched(await client.fetch(FetchRequest(url=feed_server.url("/feed"))))

    assert len(feed_server.requests) == 3
    assert feed_server.connections == 2


async def test_postponed_feed_knows_when_to_come_back(feed_server: FeedServer) -> None:
    gate = HostGate(gap=timedelta(hours=1))
    async with OutboundClient(replace(POLICY), gate) as slow:
        fetched(await slow.fetch(FetchRequest(url=feed_server.script("/feed", Reply(body=BODY)))))
        result = failed(await slow.fetch(FetchRequest(url=feed_server.url("/feed"))))

    assert result.kind is FailureKind.POSTPONED
    assert utc_now() + (result.hints.retry_after or timedelta()) > utc_now() + timedelta(minutes=59)
