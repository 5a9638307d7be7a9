from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from aggregator.config.models import FeedConfig
from aggregator.store import feeds, tables, websub
from aggregator.store.database import Store
from aggregator.store.websub import Mode, Offer, Subscription

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = "https://news.example.org"
OFFER = Offer("https://hub.example/", "https://a.example/feed")


def prepare(store: Store, *urls: str) -> None:
    with store.write() as conn:
        feeds.sync(conn, [FeedConfig(url=url) for url in urls])


def offer(store: Store, *offers: Offer) -> list[Subscription]:
    with store.write() as conn:
        websub.set_offers(conn, 1, websub.of_feeds(conn, [1]).get(1, []), offers, NOW)
        return websub.of_feeds(conn, [1]).get(1, [])


def due(store: Store, site: str | None, now: datetime = NOW) -> list[Subscription]:
    with store.write() as conn:
        websub.follow_feeds(conn, site, now)
        return websub.due(conn, site, now, 10)


def subscribe(store: Store, *, pushed: bool) -> Subscription:
    (one,) = offer(store, OFFER)
    with store.write() as conn:
        websub.asked(conn, one, SITE, NOW, NOW + HOUR)
        websub.confirmed(conn, one, NOW + 10 * HOUR, NOW + 8 * HOUR)
        websub.pushed(conn, one, NOW if pushed else None)
        return websub.of_feeds(conn, [1])[1][0]


def put_off(store: Store) -> None:
    with store.write() as conn:
        values = {"next_poll_at": NOW + 24 * HOUR, "unpushed_poll_at": NOW + HOUR}
        conn.execute(update(tables.feeds).where(tables.feeds.c.id == 1).values(values))


def test_same_offer_is_stored_once_with_its_own_secrets(store: Store) -> None:
    prepare(store, "http://a/", "http://b/")
    (one,) = offer(store, OFFER)
    assert offer(store, OFFER) == [one]
    assert (one.feed_url, one.mode, one.site, one.lease_until) == ("http://a/", Mode.SUBSCRIBE, None, None)
    assert len({one.token, one.secret}) == 2
    with store.read() as conn:
        assert websub.by_token(conn, one.token) == one
        assert websub.by_token(conn, "another") is None


def test_only_hubs_of_polled_feeds_are_due_and_only_for_a_public_site(store: Store) -> None:
    prepare(store, "http://a/", "http://b/")
    offer(store, OFFER)
    assert due(store, None) == []
    assert [one.topic for one in due(store, SITE)] == [OFFER.topic]
    prepare(store, "http://b/")
    assert due(store, SITE) == []


def test_subscription_is_left_when_its_feed_is_and_taken_up_again_when_it_comes_back(store: Store) -> None:
    prepare(store, "http://a/", "http://b/")
    subscribe(store, pushed=True)
    prepare(store, "http://b/")
    assert [(one.mode, one.attempts, one.pushed_at) for one in due(store, SITE)] == [(Mode.UNSUBSCRIBE, 0, None)]
    prepare(store, "http://a/", "http://b/")
    assert [one.mode for one in due(store, SITE)] == [Mode.SUBSCRIBE]


def test_hub_that_the_feed_names_no_more_is_left_and_forgotten(store: Store) -> None:
    prepare(store, "http://a/")
    subscribe(store, pushed=False)
    offer(store)
    (leaving,) = due(store, SITE)
    assert leaving.mode is Mode.UNSUBSCRIBE
    with store.write() as conn:
        websub.end(conn, leaving, NOW)
        assert websub.of_feeds(conn, [1]) == {}


def test_subscription_that_ended_is_offered_still(store: Store) -> None:
    prepare(store, "http://a/")
    one = subscribe(store, pushed=True)
    with store.write() as conn:
        websub.end(conn, one, NOW)
        (after,) = websub.of_feeds(conn, [1])[1]
    assert (after.mode, after.site, after.lease_until, after.pushed_at) == (Mode.SUBSCRIBE, None, None, None)


def test_polls_come_forward_only_where_no_hub_pushes(store: Store) -> None:
    prepare(store, "http://a/")
    one = subscribe(store, pushed=True)
    put_off(store)
    with store.write() as conn:
        assert websub.return_to_rhythm(conn, NOW + HOUR) == 0
        assert websub.return_to_rhythm(conn, NOW + 11 * HOUR) == 1
        found = conn.execute(select(tables.feeds.c.next_poll_at, tables.feeds.c.unpushed_poll_at)).one()
    assert tuple(found) == (NOW + HOUR, None)

    put_off(store)
    with store.write() as conn:
        websub.refused(conn, one, "no", NOW + 24 * HOUR)
        assert websub.return_to_rhythm(conn, NOW) == 1


def test_after_a_start_all_polls_come_forward(store: Store) -> None:
    prepare(store, "http://a/")
    subscribe(store, pushed=True)
    put_off(store)
    with store.write() as conn:
        assert websub.return_to_rhythm(conn, NOW, after_start=True) == 1


def test_poll_by_brings_a_poll_forward_and_never_puts_it_off(store: Store) -> None:
    prepare(store, "http://a/")
    put_off(store)
    with store.write() as conn:
        feeds.poll_by(conn, 1, NOW + HOUR, "soon")
        feeds.poll_by(conn, 1, NOW + 2 * HOUR, "late")
        (feed,) = feeds.list_all(conn)
    assert (feed.next_poll_at, feed.next_poll_reason) == (NOW + HOUR, "soon")


def test_another_site_means_another_subscription(store: Store) -> None:
    prepare(store, "http://a/")
    subscribe(store, pushed=True)
    assert due(store, SITE) == []
    (one,) = due(store, "https://other.example.org")
    assert (one.site, one.lease_until, one.pushed_at) == (None, None, None)


def test_explanation_is_kept(store: Store) -> None:
    prepare(store, "http://a/")
    one = subscribe(store, pushed=True)
    with store.write() as conn:
        websub.explain(conn, one, "the hub is down")
        assert websub.of_feeds(conn, [1])[1][0].reason == "the hub is down"


def test_hubs_of_a_feed_take_turns_and_one_is_used(store: Store) -> None:
    prepare(store, "http://a/")
    first, second, third = (Offer(f"https://hub{number}.example/", OFFER.topic) for number in range(3))
    rows = offer(store, first, second, third)
    assert [(one.hub, one.place, one.offered) for one in rows] == [
        (first.hub, 0, True),
        (second.hub, 1, False),
        (third.hub, 2, False),
    ]
    used = [first.hub]
    for _ in range(4):
        with store.write() as conn:
            (one,) = (row for row in websub.of_feeds(conn, [1])[1] if row.offered)
            assert websub.take_reserve(conn, one, NOW)
            used += [row.hub for row in websub.of_feeds(conn, [1])[1] if row.offered]
    assert used == [first.hub, second.hub, third.hub, first.hub, second.hub]
    assert [one.hub for one in offer(store, third, second) if one.offered] == [second.hub]
    assert [one.hub for one in offer(store, third) if one.offered] == [third.hub]


def test_reserve_that_may_not_be_asked_yet_is_not_taken(store: Store) -> None:
    prepare(store, "http://a/")
    one, other = offer(store, OFFER, Offer("https://b.example/", OFFER.topic))
    with store.write() as conn:
        websub.refused(conn, other, "no", NOW + HOUR)
        assert not websub.take_reserve(conn, one, NOW)
        assert websub.take_reserve(conn, one, NOW + HOUR)


def test_state_of_a_hub_is_told_once_it_was_asked(store: Store) -> None:
    prepare(store, "http://a/")
    offer(store, OFFER)
    with store.read() as conn:
        assert websub.states(conn, NOW) == {}
    subscribe(store, pushed=True)
    with store.read() as conn:
        assert websub.states(conn, NOW) == {1: websub.HubState(OFFER.hub, True, NOW, "subscribed")}
        assert not websub.states(conn, NOW + 10 * HOUR)[1].subscribed


def test_hub_that_was_asked_in_the_future_is_asked_again(store: Store) -> None:
    prepare(store, "https://a.example/feed")
    subscribe(store, pushed=True)
    minute = timedelta(minutes=1)
    with store.write() as conn:
        websub.ask_again(conn, NOW, minute)
        assert websub.of_feeds(conn, [1])[1][0].next_try_at == NOW + 8 * HOUR
        websub.ask_again(conn, NOW - HOUR, minute)
        assert websub.of_feeds(conn, [1])[1][0].next_try_at == NOW - HOUR
