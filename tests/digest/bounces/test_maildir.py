"""A maildir that others use, too, or that breaks while it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.digest.bounces.mail import LARGEST
from aggregator.digest.bounces.mailbox import Maildir
from aggregator.errors import DeliveryError
from tests.digest.bounces.test_service import maildir


def test_mails_come_in_order_and_only_their_beginning(tmp_path: Path) -> None:
    maildir(tmp_path, b"first", b"x" * (LARGEST + 1))
    (tmp_path / "cur" / "0.host:2,").write_bytes(b"seen by a mail program, but not read")
    found = list(Maildir(tmp_path).unread())
    assert [key for key, _ in found] == ["cur/0.host:2,", "new/1.host", "new/2.host"]
    assert len(found[2][1]) == LARGEST


def test_a_mail_that_somebody_took_away_is_no_error(tmp_path: Path) -> None:
    new = maildir(tmp_path, b"first", b"second")
    box = Maildir(tmp_path)
    unread = box.unread()
    assert next(unread) == ("new/1.host", b"first")
    for path in list(new.iterdir()):
        path.unlink()
    box.mark("new/1.host", understood=True)
    assert list(unread) == []


def test_flags_that_were_there_stay(tmp_path: Path) -> None:
    maildir(tmp_path)
    (tmp_path / "cur" / "1.host:2,R").write_bytes(b"x")
    Maildir(tmp_path).mark("cur/1.host:2,R", understood=True)
    assert [path.name for path in (tmp_path / "cur").iterdir()] == ["1.host:2,RS"]


def test_a_maildir_that_breaks_is_one_sentence(tmp_path: Path) -> None:
    maildir(tmp_path, b"first")
    box = Maildir(tmp_path)
    (tmp_path / "cur").rmdir()
    (tmp_path / "cur").write_text("a file")
    with pytest.raises(DeliveryError, match="can't be used: Not a directory"):
        box.mark("new/1.host", understood=True)
    with pytest.raises(DeliveryError, match="can't be used: Not a directory"):
        list(box.unread())
