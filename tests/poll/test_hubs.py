"""WebSub end to end: feeds, a hub, the poller and the web server, over HTTP on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator import clock
from aggregator.config.models import Config
from aggregator.model import Feed, FeedState
from aggregator.net.response import MAX_BODY
from aggregator.poll.hubs import Hubs
from aggregator.poll.poller import Poller
from aggregator.poll.schedule import PUSHED
from aggregator.store import entries, feeds, websub
from aggregator.store.database import Store
from aggregator.store.websub import Subscription
from aggregator.web.app import create_app
from aggregator.web.server import serve
from tests.feedserver import FeedServer, Reply
from tests.hubserver import HubServer, get, post
from tests.poll.kit import ITEM, Time, config, stored

ELSEWHERE = "http://elsewhere.example.org/feed"


class Site:
    """The program as `aggregator run` puts it together, without its ticks."""

    def __init__(self, store: Store, out: Path) -> None:
        self.store = store
        self.config = config(ELSEWHERE)
        self.poller: Poller | None = None
        self.hubs = Hubs(store, lambda: self.config, lambda: self.poller)
        self.app = create_app(store, lambda: self.config, out, hubs=self.hubs)
        self.port = 0
        self.life = AsyncExitStack()

    async def use(self, *urls: str, paused: bool = False, site: str = "http://news.example.org:{port}") -> None:
        """As after feeds.yaml was edited."""
        values: dict[str, Any] = {"feeds": [{"url": url, "paused": paused} for url in urls]}
        values["feeds"].append({"url": ELSEWHERE, "paused": True})
        values["site"] = {"url": site.format(port=self.port)}
        self.poller = None
        await self.hubs.idle()
        await self.life.aclose()
        self.config = Config.model_validate(values | {"polling": config(ELSEWHERE).polling.model_dump()})
        with self.store.write() as conn:
            feeds.sync(conn, self.config.feeds)
        self.poller = await self.life.enter_async_context(Poller.open(self.store, self.config))

    async def poll(self) -> None:
        assert self.poller
        await self.poller.poll_all()

    @property
    def rows(self) -> list[Subscription]:
        with self.store.read() as conn:
            return [one for found in websub.of_feeds(conn, [1, 2]).values() for one in found]

    @property
    def titles(self) -> list[str]:
        with self.store.read() as conn:
            return sorted(entry.title for entry in entries.recent(conn, limit=100))


@pytest.fixture
async def site(sqlite_store: Store, tmp_path: Path, names: dict[str, list[str]]) -> AsyncIterator[Site]:
    names["news.example.org"] = ["127.0.0.1"]
    made = Site(sqlite_store, tmp_path / "public")
    async with made.life, serve(made.app, "127.0.0.1", 0) as address:
        made.port = int(address.rstrip("/").rpartition(":")[2])
        yield made


@pytest.fixture
def hub() -> Any:
    with HubServer() as server:
        yield server


def feed(hub: str, topic: str, *items: int) -> bytes:
    links = f"<a:link rel='hub' href='{hub}'/><a:link rel='self' href='{topic}'/>"
    text = "".join(ITEM.format(item) for item in items)
    return (
        f"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><title>T</title>{links}{text}</channel></rss>"
    ).encode()


async def subscribed(site: Site, hub: HubServer, feed_server: FeedServer) -> str:
    """A feed whose hub has confirmed."""
    topic = feed_server.url("/feed")
    feed_server.feed("/feed", feed(hub.address, topic, 1), etag='"1"')
    await site.use(topic)
    await site.poll()
    await site.hubs.tick()
    return topic


def stored_feed(site: Site) -> Feed:
    return stored(site.store)[0]


async def publish(hub: HubServer, *args: Any, **kwargs: Any) -> list[int]:
    return await asyncio.to_thread(hub.publish, *args, **kwargs)


async def test_feed_that_names_a_hub_is_subscribed_and_pushed_entries_are_stored(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    (callback,) = hub.subscribed
    form = hub.subscribed[callback]

    assert callback.startswith(f"http://news.example.org:{site.port}/websub/")
    assert len(callback.rpartition("/")[2]) >= 32
    assert (form["hub.mode"], form["hub.topic"], form["hub.lease_seconds"]) == ("subscribe", topic, "864000")
    assert 32 <= len(form["hub.secret"]) < 200
    assert await publish(hub, topic, feed(hub.address, topic, 2)) == [202]
    assert site.titles == ["Item 1", "Item 2"]
    assert len(feed_server.requests) == 1


async def test_push_that_was_overtaken_by_a_newer_version_changes_nothing(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)

    def version(hour: int) -> bytes:
        updated = f"</link><a:updated>2026-11-22T{hour:02}:00:00Z</a:updated>"
        return (
            feed(hub.address, topic, 2)
            .replace(b"Item 2", f"At {hour}".encode())
            .replace(b"</link><guid>2", f"{updated}<guid>2".encode())
        )

    for hour in (8, 10, 9):
        assert await publish(hub, topic, version(hour)) == [202]

    assert site.titles == ["At 10", "Item 1"]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
async def test_each_algorithm_of_the_recommendation_is_understood(
    site: Site, hub: HubServer, feed_server: FeedServer, algorithm: str
) -> None:
    topic = await subscribed(site, hub, feed_server)
    assert await publish(hub, topic, feed(hub.address, topic, 2), algorithm=algorithm) == [202]
    assert site.titles == ["Item 1", "Item 2"]


async def test_push_with_wrong_or_no_signature_is_acknowledged_and_ignored(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    (callback,) = hub.subscribed
    body = feed(hub.address, topic, 2)

    assert await publish(hub, topic, body, secret="another") == [202]
    for header in ({}, {"X-Hub-Signature": "md5=00"}, {"X-Hub-Signature": "sha256=é"}):
        assert await asyncio.to_thread(post, callback, body, header) == 202
    assert site.titles == ["Item 1"]
    assert site.rows[0].pushed_at is None


async def test_push_does_not_touch_what_the_server_said(site: Site, hub: HubServer, feed_server: FeedServer) -> None:
    topic = await subscribed(site, hub, feed_server)
    before = stored_feed(site)
    await publish(hub, topic, feed(hub.address, topic, 2))
    after = stored_feed(site)
    await site.poll()

    assert (after.etag, after.last_polled_at, after.final_url) == (before.etag, before.last_polled_at, before.final_url)
    assert after.last_new_entry_at != before.last_new_entry_at
    assert feed_server.requests[-1].header("If-None-Match") == '"1"'


async def test_polling_falls_to_once_a_day_while_pushes_arrive(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    topic = await subscribed(site, hub, feed_server)
    before = stored_feed(site)
    await publish(hub, topic, feed(hub.address, topic, 2))
    pushed = stored_feed(site)
    await site.poll()
    polled = stored_feed(site)

    assert before.next_poll_at is not None
    assert before.next_poll_reason != PUSHED
    for one in (pushed, polled):
        assert one.last_polled_at is not None
        assert (one.next_poll_at, one.next_poll_reason) == (one.last_polled_at + timedelta(days=1), PUSHED)


async def test_polling_returns_to_normal_when_the_lease_ends(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    hub.lease = 4 * 3600
    topic = await subscribed(site, hub, feed_server)
    normal = stored_feed(site).next_poll_at
    await publish(hub, topic, feed(hub.address, topic, 2))
    put_off = stored_feed(site).next_poll_at
    assert normal and put_off
    assert normal < put_off
    assert put_off == site.rows[0].lease_until

    hub.script("/hub", Reply(500))
    time.pass_by(timedelta(hours=4))
    await site.hubs.tick()
    feed_ = stored_feed(site)
    assert (feed_.next_poll_at, feed_.next_poll_reason) == (normal, "its hub pushes no more")
    assert "500" in site.rows[0].reason


async def test_poll_that_finds_what_the_hub_did_not_push_ends_the_trust_in_it(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    await publish(hub, topic, feed(hub.address, topic, 2))
    feed_server.feed("/feed", feed(hub.address, topic, 1, 2, 3))
    await site.poll()

    assert site.titles == ["Item 1", "Item 2", "Item 3"]
    assert stored_feed(site).next_poll_reason != PUSHED
    assert site.rows[0].pushed_at is None


async def test_lease_is_renewed_before_it_ends(site: Site, hub: HubServer, feed_server: FeedServer, time: Time) -> None:
    await subscribed(site, hub, feed_server)
    time.pass_by(timedelta(days=7))
    await site.hubs.tick()
    assert len(hub.forms) == 1
    time.pass_by(timedelta(days=2))
    await site.hubs.tick()

    first, again = hub.forms
    assert again == first
    (row,) = site.rows
    assert row.lease_until
    assert row.lease_until - clock.utc_now() > timedelta(days=9)


async def test_hub_that_denies_is_asked_again_a_week_later(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    hub.refusal = "over quota"
    await subscribed(site, hub, feed_server)
    (row,) = site.rows
    assert (row.lease_until, row.reason) == (None, "its hub refuses to push: over quota")
    time.pass_by(timedelta(days=6))
    await site.hubs.tick()
    assert len(hub.forms) == 1
    time.pass_by(timedelta(days=2))
    hub.refusal = None
    await site.hubs.tick()
    assert len(hub.subscribed) == 1


@pytest.mark.parametrize("how", ["denial", "403", "silence"])
async def test_next_hub_is_asked_when_the_first_one_refuses_or_is_silent(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time, how: str
) -> None:
    topic = feed_server.url("/feed")
    links = "".join(f"<{one}>; rel=hub, " for one in (feed_server.url("/dead"), hub.address)) + f"<{topic}>; rel=self"
    feed_server.feed("/feed", feed("https://unused.example/", topic, 1), headers={"Link": links})
    with HubServer() as first:
        if how == "denial":
            first.refusal = "over quota"
            links = links.replace(feed_server.url("/dead"), first.address)
            feed_server.feed("/feed", feed("https://unused.example/", topic, 1), headers={"Link": links})
        feed_server.script("/dead", Reply(403 if how == "403" else 202))
        await site.use(topic)
        await site.poll()
        for _ in range(5):
            await site.hubs.tick()
            time.pass_by(timedelta(minutes=45))

    asked = len(first.forms if how == "denial" else feed_server.requests_to("/dead"))
    assert asked == (3 if how == "silence" else 1)
    assert [form["hub.topic"] for form in hub.subscribed.values()] == [topic]
    assert len(hub.forms) == 1
    with site.store.read() as conn:
        assert [one.hub for one in websub.states(conn, clock.utc_now()).values()] == [hub.address]


async def test_denial_in_the_middle_of_a_lease_brings_polls_back(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    normal = stored_feed(site).next_poll_at
    await publish(hub, topic, feed(hub.address, topic, 2))
    (callback,) = hub.subscribed
    assert await asyncio.to_thread(hub.deny, callback, "http://other.example/", "no") == 404
    assert await asyncio.to_thread(hub.deny, callback, topic, "no") == 200
    await site.hubs.tick()

    assert stored_feed(site).next_poll_at == normal
    assert await publish(hub, topic, feed(hub.address, topic, 3)) == [410]


async def test_feed_that_leaves_feeds_yaml_is_unsubscribed(site: Site, hub: HubServer, feed_server: FeedServer) -> None:
    topic = await subscribed(site, hub, feed_server)
    await site.use()
    await site.hubs.tick()

    assert [form["hub.mode"] for form in hub.forms] == ["subscribe", "unsubscribe"]
    assert hub.forms[1]["hub.callback"] == hub.forms[0]["hub.callback"]
    assert hub.subscribed == {}
    await site.use(topic)
    await site.hubs.tick()
    assert len(hub.subscribed) == 1


async def test_paused_feed_is_unsubscribed(site: Site, hub: HubServer, feed_server: FeedServer) -> None:
    topic = await subscribed(site, hub, feed_server)
    await site.use(topic, paused=True)
    await site.hubs.tick()
    assert hub.subscribed == {}


async def test_hub_that_is_away_is_left_after_three_attempts(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    await subscribed(site, hub, feed_server)
    hub.script("/hub", Reply(503))
    await site.use()
    for _ in range(6):
        await site.hubs.tick()
        time.pass_by(timedelta(hours=20))
    assert len(hub.requests_to("/hub")) == 1 + 3
    assert site.rows[0].lease_until is None


async def test_feed_that_names_another_hub_moves_its_subscription(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    with HubServer() as other:
        feed_server.script("/feed", Reply(body=feed(other.address, topic, 1)))
        await site.poll()
        await site.hubs.tick()
        assert len(other.subscribed) == 1
    assert hub.subscribed == {}
    assert len(site.rows) == 1


async def test_site_that_no_hub_can_reach_subscribes_to_nothing(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = feed_server.url("/feed")
    feed_server.feed("/feed", feed(hub.address, topic, 1))
    await site.use(topic, site="http://127.0.0.1:{port}")
    await site.poll()
    await site.hubs.tick()
    assert hub.requests == []

    await site.use(topic)
    await site.hubs.tick()
    assert len(hub.subscribed) == 1

    await site.use(topic, site="http://127.0.0.1:{port}")
    await site.hubs.tick()
    assert hub.subscribed == {}


async def test_site_that_moves_subscribes_anew(
    site: Site, hub: HubServer, feed_server: FeedServer, names: dict[str, list[str]]
) -> None:
    names["other.example.org"] = ["127.0.0.1"]
    topic = await subscribed(site, hub, feed_server)
    await site.use(topic, site="http://other.example.org:{port}")
    await site.hubs.tick()
    assert [callback.split("/")[2].split(":")[0] for callback in hub.subscribed] == [
        "news.example.org",
        "other.example.org",
    ]


async def test_challenge_is_echoed_for_what_was_asked_lately_and_for_nothing_else(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    topic = await subscribed(site, hub, feed_server)
    (callback,) = hub.subscribed
    good = {"hub.mode": "subscribe", "hub.topic": topic, "hub.challenge": "<b>x</b>", "hub.lease_seconds": "junk"}

    async def ask(url: str, **changes: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(get, url, good | changes)

    assert await ask(callback) == (200, "text/plain", "<b>x</b>")
    assert (await ask(callback[:-1]))[0] == 404
    assert (await ask(callback, **{"hub.topic": "http://other.example/"}))[0] == 404
    assert (await ask(callback, **{"hub.mode": "unsubscribe"}))[0] == 404
    assert (await ask(callback, **{"hub.challenge": ""}))[0] == 404
    assert (await ask(callback, **{"hub.challenge": "x" * 5000}))[0] == 404
    time.pass_by(timedelta(hours=2))
    assert (await ask(callback))[0] == 404


async def test_push_of_another_topic_has_the_feed_polled(
    site: Site, hub: HubServer, feed_server: FeedServer, time: Time
) -> None:
    topic = await subscribed(site, hub, feed_server)
    time.pass_by(timedelta(minutes=15))
    assert await publish(hub, topic, feed(hub.address, "http://other.example/feed", 7)) == [202]

    feed_ = stored_feed(site)
    assert site.titles == ["Item 1"]
    assert feed_.next_poll_at is not None
    assert feed_.next_poll_at <= clock.utc_now()
    assert feed_.next_poll_reason == "its hub says that there is something new"


async def test_push_that_is_no_feed_has_the_feed_polled_within_its_floor(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    assert await publish(hub, topic, b"something new", media_type="text/plain") == [202]
    feed_ = stored_feed(site)
    assert feed_.next_poll_at and feed_.last_polled_at
    assert feed_.next_poll_at - feed_.last_polled_at == timedelta(minutes=10)
    assert (feed_.state, feed_.failures) == (FeedState.OK, 0)


async def test_push_beyond_the_size_limit_is_refused(site: Site, hub: HubServer, feed_server: FeedServer) -> None:
    await subscribed(site, hub, feed_server)
    (callback,) = hub.subscribed
    assert await asyncio.to_thread(post, callback, b" " * (MAX_BODY + 1), {}) == 413


async def test_callback_that_nobody_asked_for_is_gone(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/websub/{'x' * 32}"
    assert await asyncio.to_thread(post, url, b"", {}) == 410
    assert (await asyncio.to_thread(get, url, {"hub.mode": "subscribe"}))[0] == 404


async def test_other_paths_take_no_post(site: Site) -> None:
    assert await asyncio.to_thread(post, f"http://127.0.0.1:{site.port}/sources/", b"", {}) == 405


async def test_hub_may_try_again_while_there_is_no_poller(site: Site, hub: HubServer, feed_server: FeedServer) -> None:
    topic = await subscribed(site, hub, feed_server)
    poller, site.poller = site.poller, None
    assert await publish(hub, topic, feed(hub.address, topic, 2)) == [503]
    site.poller = poller
    assert await publish(hub, topic, feed(hub.address, topic, 2)) == [202]


async def test_push_waits_for_the_poll_under_way(
    site: Site, hub: HubServer, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await subscribed(site, hub, feed_server)
    monkeypatch.setattr("aggregator.poll.hubs._LEASE_PAUSE", 0.01)
    with site.store.write() as conn:
        (leased,) = feeds.lease(conn, [1], clock.utc_now(), timedelta(minutes=1))
    assert await publish(hub, topic, feed(hub.address, topic, 2)) == [503]
    with site.store.write() as conn:
        feeds.release(conn, [leased])
    assert await publish(hub, topic, feed(hub.address, topic, 2)) == [202]
    assert site.titles == ["Item 1", "Item 2"]


async def test_after_a_restart_the_feed_is_asked_for_what_was_pushed_meanwhile(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    topic = await subscribed(site, hub, feed_server)
    normal = stored_feed(site).next_poll_at
    await publish(hub, topic, feed(hub.address, topic, 2))
    again = Hubs(site.store, lambda: site.config, lambda: site.poller)
    await again.tick()
    await again.tick()

    feed_ = stored_feed(site)
    assert (feed_.next_poll_at, len(hub.forms)) == (normal, 1)


async def test_hub_is_asked_as_soon_as_there_is_a_poller_and_not_before(
    site: Site, hub: HubServer, feed_server: FeedServer
) -> None:
    feed_server.feed("/feed", feed(hub.address, feed_server.url("/feed"), 1))
    await site.use(feed_server.url("/feed"))
    await site.poll()
    poller, site.poller = site.poller, None
    await site.hubs.tick()
    assert hub.forms == []
    site.poller = poller
    await site.hubs.tick()
    assert len(hub.forms) == 1
