"""Posts of mail services: who may, what they do, and what is refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aggregator import clock
from aggregator.config.models import Config
from aggregator.model import DeliveryState
from aggregator.store.database import Store
from aggregator.web.app import create_app
from aggregator.web.bounces import LARGEST
from tests.digest.bounces.kit import ANN, SECRET, challenge, delivery, dsn, sender_of, sent, settings
from tests.digest.sample import NOW, config
from tests.web.client import Answer, Client, serving

EVENT = {"recipient": ANN, "status": "5.1.1", "diagnostic": "550 no such user", "id": "e1"}


@dataclass
class Site:
    client: Client
    store: Store
    config: Config

    def post(self, body: Any, kind: str = "application/json", secret: str = SECRET) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"POST /bounces/{secret} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        return self.client.send(f"{head}Connection: close\r\n\r\n".encode() + data)


@pytest.fixture
def site(sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(None, sqlite_store, settings())  # type: ignore[arg-type]
    monkeypatch.setattr(clock, "utc_now", lambda: NOW)
    with serving(create_app(sqlite_store, lambda: made.config, tmp_path)) as client:
        made.client = client
        yield made


def test_an_event_is_taken_once(site: Site) -> None:
    one = sent(site.store)
    assert (site.post(EVENT, "text/plain; charset=UTF-8").status, delivery(site.store, one.id).code) == (200, "5.1.1")
    again = site.post(EVENT)
    assert again.status == 200 and "counts once" in again.text and ANN not in again.text


def test_a_mail_is_taken_by_its_code(site: Site) -> None:
    one = sent(site.store)
    assert site.post(dsn("bounces@example.org"), "message/rfc822").status == 422
    assert site.post(challenge("x@example.org"), "message/rfc822").status == 422
    assert site.post(dsn(sender_of(site.store, one)), "message/rfc822").status == 200
    assert delivery(site.store, one.id).state is DeliveryState.SUPPRESSED


def test_what_tells_of_nothing_is_fine(site: Site) -> None:
    assert site.post({"RecordType": "Open"}).status == 200
    assert site.post(EVENT).status == 200  # nothing was sent to this address: services shall not try for hours


def test_a_mail_that_is_just_being_sent_is_to_be_posted_again(site: Site) -> None:
    one = sent(site.store, state=DeliveryState.COMMITTING)
    answer = site.post(EVENT | {"message_id": one.message_id})
    assert answer.status == 503 and answer.headers["retry-after"] == "30"


@pytest.mark.parametrize("secret", ["x", SECRET[:-1], f"{SECRET}x", "%00", "%C3%A4" * 9])
def test_who_does_not_know_the_secret_finds_nothing_there(site: Site, secret: str) -> None:
    one = sent(site.store)
    assert site.post(EVENT, secret=secret).status == 404
    assert delivery(site.store, one.id) == one


def test_without_a_webhook_there_is_none(site: Site) -> None:
    site.config = config()
    assert [site.post(EVENT, secret=secret).status for secret in (SECRET, "x")] == [404, 404]


def test_reading_finds_nothing_there(site: Site) -> None:
    here, elsewhere = (site.client.get(path) for path in (f"/bounces/{SECRET}", "/bounces/x"))
    assert (here.status, here.body) == (elsewhere.status, elsewhere.body)


@pytest.mark.parametrize(("body", "status"), [(b"hello", 400), (b"[" * 50_000, 400), (b"x" * (LARGEST + 1), 413)])
def test_what_is_no_post_of_a_service_is_refused(site: Site, body: bytes, status: int) -> None:
    assert site.post(body).status == status


def test_a_confirmation_is_for_a_person(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Token=1"}
    assert site.post(asked).status == 200
    assert "open https://sns.eu-west-1.amazonaws.com/?Token=1" in caplog.text
    for url in ("https://evil.example/.amazonaws.com", "http://sns.amazonaws.com/", ""):
        assert site.post(asked | {"SubscribeURL": url}).status == 400
