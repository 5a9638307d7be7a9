"""`aggregator bounces`: what came back, a look into the mailbox, and the original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.store.database import Store, sqlite_url
from tests.cli.conftest import Run
from tests.digest.bounces.kit import ANN, challenge, dsn, sender_of, sent
from tests.digest.bounces.test_service import maildir

FEEDS = "feeds: [https://outlet1.example/feed]\n"
BOUNCES = "mail: {bounces: {address: bounces@example.org, mailbox: 'maildir:box'}}\n"


@pytest.fixture
def mail(tmp_path: Path) -> bytes:
    """A mailbox with a bounce, which is returned, and a mail that is none."""
    (tmp_path / "feeds.yaml").write_text(FEEDS + BOUNCES, encoding="utf-8")
    (tmp_path / "box").mkdir()
    store = Store.open(sqlite_url(tmp_path / "data"))
    made = dsn(sender_of(store, sent(store)))
    store.close()
    maildir(tmp_path / "box", made, challenge("x@example.org"))
    return made


def test_the_mailbox_is_read_and_what_came_back_is_listed(mail: bytes, run: Run) -> None:
    ran = run("bounces", "read")
    assert ran.code == 0 and ran.out.splitlines()[-1] == "1 understood, 1 left for you"
    assert "no more mail goes there" in ran.out and "new/2.host was left alone and flagged" in ran.err
    (line,) = run("bounces").out.splitlines()
    assert line.split("\t")[2:6] == ["D", "2026-03-03", ANN, "gone"]
    (document,) = json.loads(run("bounces", "--json").out)
    assert document["code"] == "5.1.1" and document["delivery_id"] == 1
    assert run("bounces", "show", "1").out == mail.decode()
    assert "there is no report 9" in run("bounces", "show", "9").err


def test_a_mailbox_that_can_not_be_used_is_said(mail: bytes, run: Run, tmp_path: Path) -> None:
    (tmp_path / "box").rename(tmp_path / "gone")
    ran = run("bounces", "read")
    assert ran.code == 1 and "is no maildir" in ran.err


def test_without_a_mailbox_there_is_nothing_to_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    ran = run("bounces", "read")
    assert ran.code == 2 and "names no mail.bounces.mailbox" in ran.err
