"""The rows of polite polling that need the whole poller: what a server sees over polls, restarts and reloads."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator import clock
from aggregator.config.models import Config
from aggregator.model import FeedState, PollReport, SubscriberState
from aggregator.poll import manners
from aggregator.poll.poller import Poller
from aggregator.store import subscribers
from aggregator.store.database import Store
from tests.feedserver import FeedServer, Reply
from tests.poll.kit import Time, config, rss, started, stored, with_gap


async def test_p1_one_unconditional_request_in_a_feeds_life(sqlite_store: Store, feed_server: FeedServer) -> None:
    url = feed_server.feed("/feed", rss(1), etag='W/"a b,c"', last_modified="an odd date")
    for _ in range(2):
        async with started(sqlite_store, config(url)) as poller:
            for _ in range(2):
                await poller.poll_all()

    first, *others = feed_server.requests
    assert first.header("If-None-Match") is None
    assert [(sent.header("If-None-Match"), sent.header("If-Modified-Since")) for sent in others] == [
        ('W/"a b,c"', "an odd date")
    ] * 3


async def test_p2_and_p4_next_request_carries_the_last_pair_of_validators(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    url = feed_server.script(
        "/feed",
        Reply(body=rss(1), headers={"ETag": '"1"', "Last-Modified": "one"}),
        Reply(body=rss(1), headers={"ETag": '"2"', "Last-Modified": "one"}),
        Reply(304, headers={"ETag": '"3"'}),
        Reply(body=rss(1), headers={"Last-Modified": "two"}),
    )
    async with started(sqlite_store, config(url)) as poller:
        for _ in range(5):
            await poller.poll_all()

    pairs = [(sent.header("If-None-Match"), sent.header("If-Modified-Since")) for sent in feed_server.requests]
    assert pairs == [(None, None), ('"1"', "one"), ('"2"', "one"), ('"3"', "one"), (None, "two")]


@pytest.mark.parametrize(
    "reply", [Reply(500), Reply(404), Reply(body=b"<html>maintenance</html>"), Reply(body=b"<rss", length=100)]
)
async def test_p5_bad_answer_keeps_validators_and_entries(
    sqlite_store: Store, feed_server: FeedServer, reply: Reply
) -> None:
    url = feed_server.script("/feed", Reply(body=rss(1, 2), headers={"ETag": '"1"'}), reply, Reply(304))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()
        failed = await poller.poll_all()
        await poller.poll_all()

    assert failed.failed == 1
    assert [sent.header("If-None-Match") for sent in feed_server.requests] == [None, '"1"', '"1"']
    (feed,) = stored(sqlite_store)
    assert (feed.state, feed.entries, feed.failures) == (FeedState.OK, 2, 0)


async def test_p6_restart_and_reload_poll_nothing_early(sqlite_store: Store, feed_server: FeedServer) -> None:
    url = feed_server.feed("/feed", rss(1), etag='"1"')
    other = feed_server.feed("/other", rss(2))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_due()
        await poller.poll_due()
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_due()
    async with started(sqlite_store, config(url, other, floor="11m")) as poller:
        await poller.poll_due()

    assert [sent.path for sent in feed_server.requests] == ["/feed", "/other"]


async def test_p6_manual_refresh_is_conditional(sqlite_store: Store, feed_server: FeedServer) -> None:
    url = feed_server.feed("/feed", rss(1), etag='"1"')
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_due()
        report = await poller.poll_all([url])

    assert report.not_modified == 1
    assert feed_server.requests[1].header("If-None-Match") == '"1"'


async def test_p9_user_agent_tells_the_real_number_of_readers(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = feed_server.feed("/feed", rss(1))
    settings = Config.model_validate(
        {
            **config(url).model_dump(include={"polling"}),
            "feeds": [{"url": url}],
            "digests": {"D": {"to": ["team@a.example", "One@a.example"]}},
        }
    )
    async with started(sqlite_store, settings) as poller:
        await poller.poll_all()
        for name, state in (("one", "confirmed"), ("two", "confirmed"), ("three", "unconfirmed")):
            subscribe(sqlite_store, f"{name}@a.example", SubscriberState(state))
        await poller.poll_due()
        now = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: now + 3601)
        await poller.poll_due()
        await poller.poll_all()

    told = [(sent.header("User-Agent") or "").rpartition("; ")[2] for sent in feed_server.requests]
    assert told == ["2 subscribers)", "3 subscribers)"]


def subscribe(store: Store, address: str, state: SubscriberState) -> None:
    new = subscribers.NewSubscriber(address=address, state=state, reason="", digests=["D"], origin="test")
    with store.write() as conn:
        subscribers.add(conn, new, clock.utc_now())


async def test_p10_server_decides_when_it_is_asked_again(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    url = feed_server.feed("/feed", rss(1), etag='"1"', headers={"Cache-Control": "max-age=7200"})
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_due()
        time.pass_by(timedelta(minutes=119))
        await poller.poll_due()
        assert len(feed_server.requests) == 1
        time.pass_by(timedelta(minutes=40))
        await poller.poll_due()

    assert len(feed_server.requests) == 2
    assert stored(sqlite_store)[0].next_poll_reason == "server asked for 2 h (max-age)"


async def test_p11_retry_after_holds_for_the_host_over_a_restart_and_by_hand(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    urls = [feed_server.script("/limited", Reply(429, headers={"Retry-After": "7200"})), feed_server.url("/other")]
    async with started(sqlite_store, config(urls[0])) as poller:
        await poller.poll_all()
    async with started(sqlite_store, config(*urls)) as poller:
        await poller.poll_due()
        report = await poller.poll_all()

    assert len(feed_server.requests) == 1
    assert report.feeds == 0
    limited, other = stored(sqlite_store)
    for feed in (limited, other):
        assert feed.next_poll_at is not None
        assert feed.next_poll_at - clock.utc_now() > timedelta(minutes=119)
        assert "(Retry-After)" in feed.next_poll_reason
    assert (other.state, other.failures) == (FeedState.NEW, 0)


async def test_p11_pause_that_another_process_was_told_of_is_kept(sqlite_store: Store, feed_server: FeedServer) -> None:
    limited = feed_server.script("/limited", Reply(429, headers={"Retry-After": "7200"}))
    other = feed_server.feed("/other", rss(1))
    async with started(sqlite_store, config(limited, other)) as running:
        async with started(sqlite_store, config(limited, other)) as by_hand:
            await by_hand.poll_all([limited])
        await running.poll_due()
        report = await running.poll_all([other])

    assert [sent.path for sent in feed_server.requests] == ["/limited"]
    assert report.postponed == 1


async def test_p13_permanent_move_is_adopted_after_48_hours_and_the_old_url_is_kept(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    with FeedServer() as new:
        target = new.feed("/feed", rss(1), etag='"1"')
        url = feed_server.feed("/feed", rss(1))
        async with started(sqlite_store, config(url)) as poller:
            await poller.poll_all()
            feed_server.script("/feed", Reply(301, headers={"Location": target}))
            for _ in range(4):
                await poller.poll_all()
                time.pass_by(timedelta(hours=17))
            asked_before = len(feed_server.requests)
            await poller.poll_all()

    assert len(feed_server.requests) == asked_before
    (feed,) = stored(sqlite_store)
    assert (feed.url, feed.moved_to, feed.entries) == (url, target, 1)


async def test_p13_parked_domain_is_not_adopted_and_is_told_to_the_editor(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    with FeedServer() as parked:
        target = parked.script("/feed", Reply(body=rss(7)))
        url = feed_server.feed("/feed", rss(1))
        async with started(sqlite_store, config(url)) as poller:
            await poller.poll_all()
            feed_server.script("/feed", Reply(301, headers={"Location": target}))
            for _ in range(5):
                await poller.poll_all()
                time.pass_by(timedelta(hours=25))

    assert len(feed_server.requests) == 6  # the old address is asked each time
    assert "where its entries are not" in stored(sqlite_store)[0].state_reason


async def test_p14_410_of_an_address_that_a_feed_is_lent_to_does_not_end_it(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    target = feed_server.script("/elsewhere", Reply(410))
    url = feed_server.script("/feed", Reply(302, headers={"Location": target}))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()

    assert stored(sqlite_store)[0].state is FeedState.FAILING


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (404, FeedState.FAILING, "nothing at this address"),
        (410, FeedState.GONE, "gone for good"),
        (401, FeedState.NEEDS_CREDENTIALS, "credentials"),
        (403, FeedState.BLOCKED, "refuses us"),
    ],
)
async def test_p14_refusal_is_a_state_with_a_sentence(
    sqlite_store: Store, feed_server: FeedServer, status: int, state: FeedState, words: str
) -> None:
    url = feed_server.script("/feed", Reply(status))
    async with started(sqlite_store, config(url)) as poller:
        report = await poller.poll_all()

    (feed,) = stored(sqlite_store)
    assert feed.state is state
    assert words in feed.state_reason
    assert report.failures == ((url, feed.state_reason),)


@pytest.mark.parametrize(
    ("page", "guard"),
    [
        (b"<!doctype html><html><script id='anubis_challenge' type='application/json'>", "Anubis"),
        (b"<!DOCTYPE html><html><title>Just a moment...</title><script>window._cf_chl_opt = {}", "Cloudflare"),
    ],
)
async def test_p14_challenge_that_calls_itself_a_success_blocks(
    sqlite_store: Store, feed_server: FeedServer, page: bytes, guard: str
) -> None:
    url = feed_server.script("/feed", Reply(body=rss(1)), Reply(body=page))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()
        await poller.poll_all()

    (feed,) = stored(sqlite_store)
    assert (feed.state, feed.entries) == (FeedState.BLOCKED, 1)
    assert feed.state_reason == f"127.0.0.1 wants a person to solve a challenge (200, {guard})"


async def test_feed_with_410_is_paused_and_reported(sqlite_store: Store, feed_server: FeedServer, time: Time) -> None:
    url = feed_server.script("/feed", Reply(410))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_due()
        time.pass_by(timedelta(days=365))
        await poller.poll_due()

    assert len(feed_server.requests) == 1
    assert stored(sqlite_store)[0].next_poll_reason.endswith("not polled again until the editor acts")


async def test_p15_thirty_feeds_on_one_host_are_asked_one_by_one(sqlite_store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.script(f"/{number}", Reply(body=rss(number), delay=0.005)) for number in range(30)]
    async with started(sqlite_store, with_gap(config(*urls), timedelta(milliseconds=10))) as poller:
        report = await poller.poll_due()

    assert report.fetched == 30
    assert feed_server.most_in_flight == 1
    times = [sent.at for sent in feed_server.requests]
    assert all(late - early >= 0.01 for early, late in pairwise(times))


async def test_p15_hourly_bound_counts_every_request_over_restarts(
    sqlite_store: Store, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "PER_HOUR", 6)
    feed_server.script("/moved", Reply(302, headers={"Location": "/feed"}))
    feeds_ = config(feed_server.feed("/feed", rss(1), etag='"a"'), feed_server.url("/moved"))
    settings = with_gap(feeds_, timedelta(milliseconds=1))
    for _ in range(2):
        async with started(sqlite_store, settings) as poller:
            await poller.poll_all()
    async with started(sqlite_store, settings) as poller:
        report = await poller.poll_all()

    assert [sent.path for sent in feed_server.requests] == ["/feed", "/moved", "/feed"] * 2
    assert report.postponed == 2
    assert "many feeds wait for 127.0.0.1" in stored(sqlite_store)[0].next_poll_reason


async def test_p16_feeds_polled_together_are_spread(sqlite_store: Store, feed_server: FeedServer) -> None:
    urls = [feed_server.feed(f"/{number}", rss(number)) for number in range(60)]
    async with started(sqlite_store, config(*urls)) as poller:
        await poller.poll_due()

    moments = [int(feed.next_poll_at.timestamp()) for feed in stored(sqlite_store) if feed.next_poll_at]
    assert len(moments) == 60
    assert max(moments.count(moment) for moment in moments) <= 4
    assert max(moments) - min(moments) > 300


async def test_p18_wishes_of_the_feed_are_kept(sqlite_store: Store, feed_server: FeedServer) -> None:
    url = feed_server.feed("/feed", rss(1, extra="<ttl>180</ttl>"), etag='"1"')
    async with started(sqlite_store, config(url)) as poller:
        for _ in range(2):
            await poller.poll_all()

    (feed,) = stored(sqlite_store)
    assert feed.next_poll_reason == "feed asked for 3 h (ttl)"
    assert feed.next_poll_at is not None
    assert feed.next_poll_at - clock.utc_now() > timedelta(minutes=179)


async def test_p19_and_p20_poll_is_one_request_and_nothing_beside_it(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    image = f"<image><url>{feed_server.url('/icon.png')}</url></image>"
    url = feed_server.feed("/feed", rss(1, extra=image))
    async with started(sqlite_store, config(url)) as poller:
        await poller.poll_all()

    assert [sent.path for sent in feed_server.requests] == ["/feed"]


async def poll_while_down(store: Store, urls: list[str]) -> PollReport:
    async with started(store, config(*urls)) as poller:
        return await asyncio.wait_for(poller.poll_all(), 20)


async def test_p21_when_every_host_fails_at_once_no_feed_is_charged(sqlite_store: Store) -> None:
    with FeedServer() as one, FeedServer() as two:
        urls = [one.feed("/feed", rss(1)), two.feed("/feed", rss(2))]
        async with started(sqlite_store, config(*urls)) as poller:
            await poller.poll_all()

    report = await poll_while_down(sqlite_store, urls)

    assert report.failed == 2
    for feed in stored(sqlite_store):
        assert (feed.state, feed.failures) == (FeedState.OK, 0)
        assert "our own network" in feed.next_poll_reason


async def test_p21_feeds_that_are_due_one_after_another_are_not_charged_either(sqlite_store: Store) -> None:
    with FeedServer() as one, FeedServer() as two:
        urls = [one.feed("/feed", rss(1)), two.feed("/feed", rss(2))]
        async with started(sqlite_store, config(*urls)) as poller:
            await poller.poll_all()
    async with started(sqlite_store, config(*urls)) as poller:
        await poller.poll_all([urls[0]])
        assert stored(sqlite_store)[0].failures == 1
        await poller.poll_all([urls[1]])

    for feed in stored(sqlite_store):
        assert (feed.state, feed.failures) == (FeedState.OK, 0)
        assert "our own network" in feed.next_poll_reason


async def test_p21_one_host_that_fails_while_another_answers_is_charged(
    sqlite_store: Store, feed_server: FeedServer
) -> None:
    with FeedServer() as one:
        urls = [one.feed("/feed", rss(1)), feed_server.feed("/feed", rss(2))]
        async with started(sqlite_store, config(*urls)) as poller:
            await poller.poll_all()

    await poll_while_down(sqlite_store, urls)

    assert [(feed.state, feed.failures) for feed in stored(sqlite_store)] == [(FeedState.FAILING, 1), (FeedState.OK, 0)]


# A clock that jumps


async def test_clock_that_is_put_back_delays_no_poll(store: Store, feed_server: FeedServer, time: Time) -> None:
    time.pass_by(timedelta(days=400))
    async with started(store, config(feed_server.feed("/feed", rss(1), etag='"a"'))) as poller:
        await poller.poll_due()
        await poll_after(poller, time, -timedelta(days=400))
        assert len(feed_server.requests) == 1
        await poll_after(poller, time, timedelta(hours=2))

    assert [sent.header("If-None-Match") for sent in feed_server.requests] == [None, '"a"']


async def test_restart_after_the_clock_was_put_back_delays_no_poll(
    store: Store, feed_server: FeedServer, time: Time
) -> None:
    settings = config(feed_server.feed("/feed", rss(1), etag='"a"'))
    time.pass_by(timedelta(days=1))
    async with started(store, settings) as poller:
        await poller.poll_due()
    planned = stored(store)[0].next_poll_at
    time.pass_by(-timedelta(days=1))
    async with started(store, settings) as poller:
        await poller.poll_due()

    assert len(feed_server.requests) == 1
    assert planned is not None
    assert abs((stored(store)[0].next_poll_at or planned) + timedelta(days=1) - planned) < timedelta(seconds=30)


async def test_clock_that_is_put_forward_costs_one_conditional_poll(
    sqlite_store: Store, feed_server: FeedServer, time: Time
) -> None:
    async with started(sqlite_store, config(feed_server.feed("/feed", rss(1), etag='"a"'))) as poller:
        await poller.poll_due()
        await poll_after(poller, time, timedelta(days=1))
        await poll_after(poller, time, timedelta())

    assert [sent.header("If-None-Match") for sent in feed_server.requests] == [None, '"a"']


async def poll_after(poller: Poller, time: Time, span: timedelta) -> None:
    time.pass_by(span)
    await poller.poll_due()
