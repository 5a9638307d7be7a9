"""The outbox's rows on both engines: leases, fences, ends, and what a person decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import DeliveryState, Edition, EditionState, Mailing
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from aggregator.store.deliveries import Claimed, Next, Outcome
from aggregator.store.editions import Recipient
from tests.digest.sample import NOW

LEASE = timedelta(seconds=20)
LATER = NOW + LEASE + timedelta(seconds=1)
EDITION = Edition(
    id=0,
    digest="D",
    local_date="2026-03-03",
    state=EditionState.FROZEN,
    created=NOW,
    period_from=NOW - timedelta(days=1),
    period_to=NOW,
    subject="S",
    html="<p>",
    text="T",
    story_keys=("a", "b"),
    entry_ids=(1, 2, 3),
    deadline=NOW + timedelta(hours=6),
    mailing=Mailing(
        sender="a@example.org",
        reply_to=None,
        list_id="d.example.org",
        list_name="D",
        unsubscribe="mailto:a@example.org",
        archive="https://example.org/",
        language="en",
    ),
)


def frozen(store: Store, *people: str) -> Edition:
    with store.write() as conn:
        made = editions.freeze(conn, EDITION, [Recipient(one, f"<{one}>") for one in people])
    assert made is not None
    return made


def claim(store: Store, now=NOW) -> list[Claimed]:  # type: ignore[no-untyped-def]
    with store.write() as conn:
        return deliveries.claim(conn, now, limit=10, lease=LEASE)


def states(store: Store) -> dict[str, DeliveryState]:
    with store.read() as conn:
        return {one.address: one.state for one in deliveries.listing(conn)}


def test_an_edition_comes_back_as_it_was_frozen(store: Store) -> None:
    made = frozen(store, "a@x", "b@x")
    with store.read() as conn:
        assert editions.by_id(conn, made.id) == editions.get(conn, "D", "2026-03-03") == made
        assert editions.recent(conn, since=NOW, digest="D") == [replace(made, html="", text="")]
        assert editions.html_of(conn, made.id) == made.html != "" == editions.html_of(conn, made.id + 1)
        assert editions.recent(conn, since=LATER) == editions.recent(conn, digest="E") == []
        assert editions.newest_date(conn, "D") == "2026-03-03" and editions.newest_date(conn, "E") is None
    assert made.entry_ids == (1, 2, 3) and made.mailing == EDITION.mailing


def test_a_digest_has_one_edition_a_day(store: Store) -> None:
    frozen(store, "a@x")
    with store.write() as conn:
        assert editions.freeze(conn, EDITION, [Recipient("b@x", "<b>")]) is None
    assert states(store) == {"a@x": DeliveryState.PENDING}


def test_what_was_told_is_known_to_later_editions_only(store: Store) -> None:
    frozen(store)
    with store.read() as conn:
        told = editions.told_before(conn, "D", "2026-03-04", since=NOW - timedelta(days=14))
        assert (told.until, told.entry_ids) == (NOW, frozenset({1, 2, 3}))
        assert editions.told_before(conn, "D", "2026-03-03", since=NOW - timedelta(days=14)).until is None
        long_ago = editions.told_before(conn, "D", "2026-03-04", since=LATER)
        assert (long_ago.until, long_ago.entry_ids) == (NOW, frozenset())


def test_a_delivery_has_one_sender_while_its_lease_lasts(store: Store) -> None:
    frozen(store, "a@x")
    (first,) = claim(store)
    assert claim(store) == []
    with store.write() as conn:
        deliveries.extend(conn, [first], LATER + LEASE)
    assert claim(store, LATER) == []
    (second,) = claim(store, LATER + LEASE + LEASE)
    assert second.generation == first.generation + 1


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
def test_clock_that_is_put_back_delays_no_mail(store: Store, back: timedelta) -> None:
    frozen(store, "a@x", "b@x")
    assert len(claim(store, NOW - back)) == 2, "what waits to be sent for the first time waits for no hour"


def test_what_waits_or_is_leased_beyond_belief_is_due(store: Store) -> None:
    frozen(store, "a@x", "b@x")
    first, second = claim(store)
    deferred = Outcome(
        claimed=first, state=DeliveryState.DEFERRED, reason="later", next_try_at=NOW + timedelta(minutes=15)
    )
    with store.write() as conn:
        deliveries.settle(conn, deferred)
    assert claim(store, NOW - timedelta(minutes=1)) == []
    assert {one.delivery.id for one in claim(store, NOW - timedelta(days=1))} == {first.delivery.id, second.delivery.id}


def test_a_late_outcome_changes_nothing_that_another_sender_has(store: Store) -> None:
    frozen(store, "a@x")
    (first,) = claim(store)
    (second,) = claim(store, LATER)
    lost = Outcome(claimed=first, state=DeliveryState.FAILED, reason="late")
    with store.write() as conn:
        assert not deliveries.settle(conn, lost)
        assert deliveries.settle(conn, Outcome(claimed=second, state=DeliveryState.SENT, reason="ok", sent_at=LATER))
        assert deliveries.about_to_commit(conn, second, LATER) is Next.TAKEN_OVER
    assert states(store) == {"a@x": DeliveryState.SENT}


def committing(store: Store) -> Claimed:
    frozen(store, "a@x")
    (claimed,) = claim(store)
    with store.write() as conn:
        assert deliveries.about_to_commit(conn, claimed, NOW + LEASE) is Next.DOT
        assert deliveries.expire(conn, NOW) == 0
        assert deliveries.expire(conn, LATER) == 1
    assert claim(store, LATER) == []
    assert states(store) == {"a@x": DeliveryState.UNCERTAIN}
    return claimed


def test_a_sender_that_dies_after_the_commit_point_leaves_it_uncertain(store: Store) -> None:
    claimed = committing(store)
    with store.write() as conn:
        assert not deliveries.settle(conn, Outcome(claimed=claimed, state=DeliveryState.DEFERRED, reason="late"))


def test_an_answer_that_comes_late_is_still_the_truth(store: Store) -> None:
    claimed = committing(store)
    with store.write() as conn:
        assert deliveries.settle(conn, Outcome(claimed=claimed, state=DeliveryState.SENT, reason="ok", sent_at=LATER))
    assert states(store) == {"a@x": DeliveryState.SENT}


@pytest.mark.parametrize(("arrived", "state"), [(True, DeliveryState.SENT), (False, DeliveryState.PENDING)])
def test_a_person_resolves_what_is_uncertain(store: Store, arrived: bool, state: DeliveryState) -> None:
    delivery = committing(store).delivery
    with store.write() as conn:
        assert deliveries.retry(conn, [delivery.id], LATER, LATER + LEASE) == []
        assert deliveries.resolve(conn, delivery.id, LATER, arrived=arrived, deadline=LATER + LEASE)
        assert not deliveries.resolve(conn, delivery.id, LATER, arrived=arrived, deadline=LATER + LEASE)
    assert states(store) == {"a@x": state}


def test_what_is_sent_again_gets_a_new_deadline_and_fences_the_old_sender(store: Store) -> None:
    frozen(store, "a@x")
    (old,) = claim(store)
    with store.write() as conn:
        deliveries.settle(conn, Outcome(claimed=old, state=DeliveryState.FAILED, reason="no", code="550"))
    next_day = NOW + timedelta(days=1)
    with store.write() as conn:
        assert deliveries.retry(conn, [old.delivery.id, 99], next_day, next_day + LEASE) == [old.delivery.id]
    (again,) = claim(store, next_day)
    assert again.generation > old.generation and again.delivery.attempts == 0
    with store.write() as conn:
        assert deliveries.about_to_commit(conn, old, next_day) is Next.TAKEN_OVER


def test_what_nobody_waits_for_any_more_expires(store: Store) -> None:
    frozen(store, "a@x", "b@x", "c@x")
    first, second, _ = claim(store)
    with store.write() as conn:
        waits = {"state": DeliveryState.DEFERRED, "reason": "greylisted", "next_try_at": NOW + LEASE}
        deliveries.settle(conn, Outcome(claimed=first, **waits))  # type: ignore[arg-type]
        deliveries.settle(conn, Outcome(claimed=second, state=DeliveryState.SENT, reason="ok", sent_at=NOW))
        deliveries.expire(conn, NOW + timedelta(hours=6))
    with store.read() as conn:
        found = {one.address: one for one in deliveries.listing(conn)}
    assert {one.state for one in found.values()} == {DeliveryState.EXPIRED, DeliveryState.SENT}
    assert found["a@x"].reason == "the edition's deadline passed; last: greylisted"


def test_the_last_delivery_that_told_something_is_found_by_address(store: Store) -> None:
    frozen(store, "a@x", "b@x")
    (first, _) = claim(store)
    with store.write() as conn:
        deliveries.settle(conn, Outcome(claimed=first, state=DeliveryState.FAILED, reason="no", code="5.2.1"))
        found = deliveries.last_of_each(conn, ["a@x", "b@x", "c@x"])
    assert {address: one.code for address, one in found.items()} == {"a@x": "5.2.1"}
