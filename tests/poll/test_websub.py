import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.response import Fetched
from aggregator.net.urls import parse_url
from aggregator.poll import websub
from aggregator.poll.parse.result import FeedMeta
from aggregator.poll.schedule import PUSHED, NextPoll, with_pushes
from aggregator.store.websub import Mode, Offer, Subscription

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Subscription(
    id=1,
    feed_id=1,
    feed_url="https://a.example/feed",
    hub="https://hub.example/",
    topic="https://a.example/feed?a=b&c",
    place=0,
    offered=True,
    mode=Mode.SUBSCRIBE,
    site="https://news.example.org",
    token="token",
    secret="secret",
    asked_at=NOW,
    attempts=0,
    next_try_at=NOW,
    lease_until=NOW + HOUR,
    pushed_at=NOW,
    reason="",
)


def test_lease_is_renewed_before_it_ends_and_at_most_every_ten_minutes() -> None:
    assert websub.renew_after(timedelta(days=10)) == timedelta(days=8)
    assert websub.renew_after(timedelta(minutes=1)) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://news.example.org/sub", True),
        ("http://93.184.216.34:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://192.168.1.5", False),
        ("http://[::1]/", False),
        ("http://localhost:8000", False),
        ("http://newsbox", False),
        ("http://newsbox.local", False),
        ("http://news.localhost", False),
        ("ftp://news.example.org", False),
    ],
)
def test_only_a_public_site_can_be_reached_by_hubs(url: str, public: bool) -> None:
    assert websub.is_public(url) is public


HEAD, SELF = "https://a.example/head", "https://a.example/self"


@pytest.mark.parametrize(
    ("links", "meta", "offers"),
    [
        ((), FeedMeta(), []),
        ((), FeedMeta(hub_urls=("https://h/",)), [Offer("https://h/", "https://a.example/feed")]),
        (
            (),
            FeedMeta(hub_urls=("https://h/", "https://i/", "https://h/"), self_url=SELF),
            [Offer("https://h/", SELF), Offer("https://i/", SELF)],
        ),
        (
            ('<https://j/>; rel="hub", <https://a.example/head>; rel=self',),
            FeedMeta(hub_urls=("https://h/",), self_url=SELF),
            [Offer("https://j/", HEAD)],
        ),
        (
            ('<https://j/>; title="a, b"; rel="nofollow HUB"', "<https://k/>; rel=hub", "</head>;rel=self"),
            FeedMeta(),
            [Offer("https://j/", HEAD), Offer("https://k/", HEAD)],
        ),
        (("<ftp://j/>; rel=hub", "<https://k/>; rel=hub", "</head>;rel=self"), FeedMeta(), [Offer("https://k/", HEAD)]),
        (
            tuple(f"<https://h{n}/>; rel=hub" for n in range(99)),
            FeedMeta(self_url=SELF),
            [Offer(f"https://h{n}/", SELF) for n in range(5)],
        ),
        (("<https://j/>; rel=next", "<https://j/>"), FeedMeta(), []),
        ((f"<https://j/{'x' * 3000}>; rel=hub",), FeedMeta(), []),
        (("<https://j/>; rel=hub",), FeedMeta(self_url="urn:x"), []),
        (("<https://j/>; rel=hub",), FeedMeta(self_url="https://a.example/feed?key=${TOKEN}"), []),
        (('<https://j/>; rel=""', "<http://[j/>; rel=hub"), FeedMeta(), []),
    ],
)
def test_hubs_and_topic_are_those_of_the_link_headers_else_of_the_feed(
    links: tuple[str, ...], meta: FeedMeta, offers: list[Offer]
) -> None:
    fetched = Fetched(url="https://a.example/feed", status=200, body=b"", links=links)
    assert websub.offers_of(fetched, meta) == offers


PARTS = st.sampled_from(
    ["<https://hub.example/", "</hub", "<http://[", "<javascript:x", ">", "; rel=", "hub", '"', "self", ","]
)


@given(st.lists(st.lists(PARTS | st.text(max_size=5), max_size=12).map("".join), max_size=3))
def test_whatever_link_headers_say_only_hubs_that_can_be_asked_are_offered_each_once(links: list[str]) -> None:
    fetched = Fetched(url="https://a.example/feed", status=200, body=b"", links=tuple(links))
    offers = websub.offers_of(fetched, FeedMeta())
    assert all(parse_url(offer.hub).url and parse_url(offer.topic).url for offer in offers)
    assert len({offer.hub for offer in offers}) == len(offers) <= 5
    assert len({offer.topic for offer in offers}) <= 1


def test_link_header_of_a_megabyte_is_read_in_no_time() -> None:
    links = ("<a>; x=" * 100_000, "<a>" + " ;a=b" * 100_000 + "!")
    assert websub.offers_of(Fetched(url="https://a/", status=200, body=b"", links=links), FeedMeta()) == []


def test_request_is_a_form_with_the_callback_under_the_site() -> None:
    request = websub.hub_request(ONE, "https://news.example.org/sub/")
    assert (request.url, request.method) == (ONE.hub, "POST")
    assert request.content_type == "application/x-www-form-urlencoded"
    assert parse_qs((request.body or b"").decode()) == {
        "hub.callback": ["https://news.example.org/sub/websub/token"],
        "hub.mode": ["subscribe"],
        "hub.topic": [ONE.topic],
        "hub.lease_seconds": ["864000"],
        "hub.secret": ["secret"],
    }
    leaving = websub.hub_request(replace(ONE, mode=Mode.UNSUBSCRIBE), "https://news.example.org")
    assert b"secret" not in (leaving.body or b"")


@pytest.mark.parametrize(
    ("seconds", "lease"),
    [
        ("86400", timedelta(days=1)),
        ("0", websub.SHORTEST_LEASE),
        ("999999999999", websub.LONGEST_LEASE),
        ("9" * 400, websub.LEASE),
        ("-5", websub.LEASE),
        ("junk", websub.LEASE),
        (None, websub.LEASE),
    ],
)
def test_lease_is_what_the_hub_grants_within_reason(seconds: str | None, lease: timedelta) -> None:
    assert websub.granted_lease(seconds) == lease


@given(st.binary(max_size=100), st.text(max_size=80))
def test_no_header_but_the_right_one_is_a_signature(body: bytes, header: str) -> None:
    right = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert websub.signed("secret", f"sha256={right}", body)
    assert websub.signed("secret", f" SHA256={right.upper()} ", body)
    assert not websub.signed("secret", header, body)
    assert not websub.signed("secret", f"sha1={right}", body)
    assert not websub.signed("secret", None, body)


def test_hub_is_asked_again_with_growing_pauses() -> None:
    pauses = [websub.retry_at(attempts, NOW) - NOW for attempts in (1, 2, 3, 9, 10_000)]
    assert pauses == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)] + [timedelta(days=1)] * 2


def test_pushed_feed_that_names_itself_must_be_the_topic() -> None:
    assert websub.is_topic(ONE, FeedMeta())
    assert websub.is_topic(ONE, FeedMeta(self_url="HTTPS://A.example:443/feed?a=b&c#x"))
    assert not websub.is_topic(ONE, FeedMeta(self_url="https://a.example/feed"))
    assert not websub.is_topic(ONE, FeedMeta(self_url="urn:x"))


@pytest.mark.parametrize(
    ("one", "trusted"),
    [
        (ONE, True),
        (replace(ONE, pushed_at=None), False),
        (replace(ONE, lease_until=NOW), False),
        (replace(ONE, lease_until=None), False),
        (replace(ONE, mode=Mode.UNSUBSCRIBE), False),
        (replace(ONE, offered=False), False),
    ],
)
def test_hub_is_trusted_once_it_has_pushed_and_while_its_lease_lasts(one: Subscription, trusted: bool) -> None:
    assert websub.trusted_until([one], NOW) == (NOW + HOUR if trusted else None)


def test_polls_are_put_off_for_a_day_at_most_and_never_beyond_the_lease() -> None:
    planned = NextPoll(NOW + HOUR, "rhythm")
    assert with_pushes(planned, NOW, None) == planned
    assert with_pushes(planned, NOW, NOW + timedelta(minutes=30)) == planned
    assert with_pushes(planned, NOW, NOW + 5 * HOUR) == NextPoll(NOW + 5 * HOUR, PUSHED)
    assert with_pushes(planned, NOW, NOW + 50 * HOUR) == NextPoll(NOW + 24 * HOUR, PUSHED)
