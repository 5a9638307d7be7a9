"""Looking into the mailbox while the program runs: as often as it says, less often while something is wrong."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator import clock
from aggregator.digest.bounces.lookout import AFTER_TROUBLE, Lookout
from aggregator.store.database import Store
from tests.digest.bounces.kit import challenge, dsn, sender_of, sent, settings
from tests.digest.bounces.test_service import maildir
from tests.digest.sample import NOW


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "utc_now", made)
    return made


async def test_it_looks_as_often_as_it_says_and_tells_what_it_found(
    sqlite_store: Store, tmp_path: Path, time: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one = sent(sqlite_store)
    config = settings(tmp_path, every="10m")
    lookout = Lookout(sqlite_store, lambda: config, lambda: False)
    maildir(tmp_path)
    await lookout.read_bounces()
    blocked = dsn(sender_of(sqlite_store, one), status="5.7.1", diagnostic="smtp; 550 5.7.1 <ann@one.example> blocked")
    maildir(tmp_path, blocked, challenge("x@example.org"))
    time.now = NOW + timedelta(minutes=9)
    await lookout.read_bounces()
    assert len(list((tmp_path / "new").iterdir())) == 2
    time.now = NOW + timedelta(minutes=10)
    with caplog.at_level(logging.INFO, "aggregator"):
        await lookout.read_bounces()
    told = {record.levelname: record.getMessage() for record in caplog.records}
    assert "delivery 1 to one.example: the mail came back, the recipient's domain refuses mail" in told["ERROR"]
    assert told["WARNING"].startswith(
        "mail new/2.host of mail.bounces.mailbox was left alone and flagged: it is no report"
    )
    assert "ann@" not in caplog.text
    maildir(tmp_path, challenge("y@example.org"))
    time.now = NOW - timedelta(days=1)  # the clock is put back
    await lookout.read_bounces()
    assert list((tmp_path / "new").iterdir()) == []


async def test_a_mailbox_that_can_not_be_used_is_asked_less_often_and_an_edit_at_once(
    sqlite_store: Store, tmp_path: Path, time: Clock
) -> None:
    config = settings(tmp_path / "nowhere", every="1m")
    lookout = Lookout(sqlite_store, lambda: config, lambda: False)
    await lookout.read_bounces()
    assert "is no maildir" in lookout.trouble
    maildir_made = tmp_path / "nowhere"
    maildir_made.mkdir()
    maildir(maildir_made)
    time.now = NOW + AFTER_TROUBLE - timedelta(seconds=1)
    await lookout.read_bounces()
    assert lookout.trouble
    config = settings(maildir_made, every="2m")
    await lookout.read_bounces()
    assert not lookout.trouble
    lookout.trouble = "something"
    config = settings().model_copy(update={"mail": settings().mail.model_copy(update={"bounces": None})})
    await lookout.read_bounces()
    assert not lookout.trouble
