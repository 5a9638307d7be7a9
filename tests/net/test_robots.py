"""robots.txt for pages (RFC 9309)."""

import pytest

from aggregator.net import robots as robots_module
from aggregator.net.client import OutboundClient
from aggregator.net.robots import Robots
from tests.feedserver import FeedServer, Reply


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (b"User-agent: *\nDisallow: /", False),
        (b"User-agent: *\nDisallow: /\nAllow: /page$", True),
        (b"User-agent: aggregator\nDisallow: /p*e\n\nUser-agent: *\nAllow: /", False),
        (b"User-agent: other\nDisallow: /", True),
        (b"<html>no rules</html>\xff\x00", True),
        (b"", True),
    ],
)
async def test_rules_of_the_site_are_obeyed(
    client: OutboundClient, feed_server: FeedServer, rules: bytes, allowed: bool
) -> None:
    feed_server.script("/robots.txt", Reply(body=rules))

    assert (await Robots(client).refusal(feed_server.url("/page")) is None) == allowed


@pytest.mark.parametrize(
    ("reply", "allowed"),
    [
        (Reply(404), True),
        (Reply(403), True),
        (Reply(body=b"#" * 600_000), True),
        (Reply(301, headers={"Location": "/robots.txt"}), True),
        (Reply(500), False),
        (Reply(429), False),
        (Reply(reset=True), False),
    ],
)
async def test_missing_rules_allow_all_and_a_site_that_cannot_answer_is_left_alone(
    client: OutboundClient, feed_server: FeedServer, reply: Reply, allowed: bool
) -> None:
    feed_server.script("/robots.txt", reply)

    assert (await Robots(client).refusal(feed_server.url("/page")) is None) == allowed


async def test_what_is_no_url_is_refused(client: OutboundClient) -> None:
    assert "is not an http or https URL" in (await Robots(client).refusal("ftp://a.example/") or "")


async def test_rules_are_asked_for_once_and_the_memory_is_bounded(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots_module, "_MOST_SITES", 1)
    robots = Robots(client)

    with FeedServer() as other:
        for server in (feed_server, feed_server, other):
            assert await robots.refusal(server.url("/page")) is None
        assert len(other.requests) == len(feed_server.requests) == 1
    assert len(robots._rules) == 1
