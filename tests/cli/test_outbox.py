"""`aggregator deliveries`: what became of mails, and what only a person can decide."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest import service
from aggregator.model import DeliveryState
from aggregator.store import deliveries
from aggregator.store.database import Store, sqlite_url
from aggregator.store.deliveries import Claimed, Outcome
from tests.cli.conftest import Run
from tests.digest.sample import NOW, config, edition_of, stock

PEOPLE = ["ann@one.example", "bob@two.example", "cid@three.example"]
BECAME = {"ann": DeliveryState.SENT, "bob": DeliveryState.FAILED, "cid": DeliveryState.UNCERTAIN}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An edition of which one mail was sent, one failed and one is uncertain."""
    (tmp_path / "feeds.yaml").write_text("feeds: [https://outlet1.example/feed]\n", encoding="utf-8")
    store = Store.open(sqlite_url(tmp_path / "data"))
    stock(store, edition_of(3))
    made = config(digests={"Morning briefing": {"to": PEOPLE}})
    service.make_edition(store, made, "Morning briefing", NOW)
    with store.write() as conn:
        for claimed in deliveries.claim(conn, NOW, limit=9, lease=timedelta(minutes=1)):
            deliveries.settle(conn, _outcome(claimed))
    return store


def _outcome(claimed: Claimed) -> Outcome:
    state = BECAME[claimed.delivery.address[:3]]
    return Outcome(claimed=claimed, state=state, reason=f"it is {state}", code="550", next_try_at=None)


def states(store: Store) -> dict[str, DeliveryState]:
    with store.read() as conn:
        return {one.address[:3]: one.state for one in deliveries.listing(conn)}


def test_deliveries_are_listed_with_their_reasons(store: Store, run: Run) -> None:
    ran = run("deliveries")
    lines = [line.split("\t") for line in ran.out.splitlines()]
    assert [tuple(line[1:6]) for line in lines] == [
        ("Morning briefing", "2026-03-03", "edition", person, BECAME[person[:3]]) for person in reversed(PEOPLE)
    ]
    assert lines[0][-1] == "it is uncertain"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--state", "failed"], ["bob@two.example"]),
        (["--edition", "2026-03-03", "--limit", "1"], ["cid@three.example"]),
        (["--edition", "2026-03-04"], []),
    ],
)
def test_deliveries_are_chosen_by_state_and_day(
    store: Store, run: Run, options: list[str], expected: list[str]
) -> None:
    found = json.loads(run("deliveries", "--json", *options).out)
    assert [one["address"] for one in found] == expected


def test_a_failed_delivery_is_sent_again_when_asked(store: Store, run: Run) -> None:
    ran = run("deliveries", "retry", "1", "2")
    assert ran.code == 1
    assert ran.out == "2 waits to be sent again\n"
    assert "1: not touched" in ran.err
    assert states(store) == BECAME | {"bob": DeliveryState.PENDING}


def test_an_uncertain_delivery_is_never_retried_only_resolved(store: Store, run: Run) -> None:
    assert run("deliveries", "retry", "3").code == 1
    assert run("deliveries", "resolve", "3", "--lost").out == "3 waits to be sent again\n"
    assert states(store)["cid"] is DeliveryState.PENDING


def test_an_uncertain_delivery_that_arrived_is_sent(store: Store, run: Run) -> None:
    assert run("deliveries", "resolve", "3", "--arrived").out == "3 is sent\n"
    assert states(store)["cid"] is DeliveryState.SENT
    again = run("deliveries", "resolve", "3", "--arrived")
    assert again.code == 2 and "no uncertain delivery 3" in again.err


def test_edition_that_is_no_day_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds: [https://a.example/feed]")
    ran = run("deliveries", "--edition", "yesterday")
    assert (ran.code, ran.err) == (2, "--edition 'yesterday' is no date; write it as 2026-11-22\n")
