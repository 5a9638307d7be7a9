"""From a mail that came back to what follows from it, on both engines: once, and for the right reader alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest import signup
from aggregator.digest.bounces.service import Answer, Found, look, take_mail
from aggregator.digest.bounces.weigh import KEPT, Weight
from aggregator.model import DeliveryState, SubscriberState
from aggregator.store import bounces, deliveries
from aggregator.store.database import Store
from tests.digest.bounces.kit import (
    ANN,
    away,
    challenge,
    complaint,
    delivery,
    dsn,
    person,
    qmail,
    sender_of,
    sent,
    settings,
    subscribe,
)
from tests.digest.sample import NOW


def take(store: Store, mail: bytes, day: float = 0) -> Found:
    return take_mail(store, settings(), mail, NOW + timedelta(days=day, hours=1))


def state_of(store: Store) -> SubscriberState:
    return person(store).state


def test_an_address_that_does_not_exist_ends_the_subscription_at_once(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    found = take(store, dsn(sender_of(store, one)))
    assert found.answer is Answer.TAKEN and found.weight is Weight.GONE
    assert found.sentence.startswith(
        "delivery 1 to one.example: the mail came back, there is no such address: 550 5.1.1"
    )
    assert "ann@" not in found.sentence
    after = delivery(store, one.id)
    assert (after.state, after.code, after.sent_at) == (DeliveryState.SUPPRESSED, "5.1.1", one.sent_at)
    assert state_of(store) is SubscriberState.SUPPRESSED and "no such address" in person(store).reason


def test_a_fixed_recipient_that_does_not_exist_is_left_out_of_later_editions(store: Store) -> None:
    one, later = sent(store), sent(store, day=1)
    take(store, dsn(sender_of(store, one)), day=1.5)  # comes after the next edition was accepted
    assert delivery(store, later.id).state is DeliveryState.SENT
    with store.read() as conn:
        assert deliveries.last_of_each(conn, [ANN])[ANN].state is DeliveryState.SUPPRESSED
    with store.write() as conn:
        deliveries.retry(conn, [one.id], NOW, NOW)
    with store.read() as conn:  # a person says that it exists
        assert deliveries.last_of_each(conn, [ANN])[ANN].state is DeliveryState.SENT


def test_a_mail_that_is_seen_twice_counts_once(store: Store) -> None:
    one = sent(store)
    mail = dsn(sender_of(store, one), status="4.2.2", diagnostic="smtp; 452 4.2.2 full")
    assert [take(store, mail).answer, take(store, mail).answer] == [Answer.TAKEN, Answer.KNOWN]
    assert take(store, b"X-Received: again\n" + mail).answer is Answer.KNOWN
    with store.read() as conn:
        (kept,) = bounces.listing(conn)
        assert kept.code == "4.2.2" and kept.address == ANN
        assert bounces.original(conn, kept.id) == mail and bounces.original(conn, 99) is None


def test_temporary_failures_end_it_on_the_fifth_day_in_a_row(store: Store) -> None:
    ann = subscribe(store)
    for day in range(5):
        assert state_of(store) is SubscriberState.CONFIRMED
        one = sent(store, day=day, to=ann.id)
        mail = dsn(sender_of(store, one), status="5.2.2", diagnostic="smtp; 552 5.2.2 mailbox full")
        take(store, mail, day=day)
        assert delivery(store, one.id).state is (DeliveryState.FAILED if day < 4 else DeliveryState.SUPPRESSED)
    assert state_of(store) is SubscriberState.SUPPRESSED and "mailbox full" in person(store).reason


def test_a_disabled_mailbox_ends_it_at_the_second(store: Store) -> None:
    ann = subscribe(store)
    for day, state in enumerate((SubscriberState.CONFIRMED, SubscriberState.SUPPRESSED)):
        one = sent(store, day=day, to=ann.id)
        take(store, dsn(sender_of(store, one), status="5.2.1", diagnostic="smtp; 550 5.2.1 disabled"), day=day)
        assert state_of(store) is state


def test_a_server_that_refuses_us_costs_nobody_his_subscription(store: Store) -> None:
    ann = subscribe(store)
    for day in range(8):
        one = sent(store, day=day, to=ann.id)
        mail = dsn(sender_of(store, one), status="5.0.0", diagnostic="smtp; 554 5.7.1 blocked")
        assert take(store, mail, day=day).weight is Weight.POLICY
    assert state_of(store) is SubscriberState.CONFIRMED


def test_a_complaint_unsubscribes_and_other_feedback_does_not(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    assert take(store, complaint(sender_of(store, one), "not-spam")).answer is Answer.NOTHING
    assert state_of(store) is SubscriberState.CONFIRMED
    assert take(store, complaint(sender_of(store, one))).weight is Weight.COMPLAINT
    assert state_of(store) is SubscriberState.UNSUBSCRIBED
    assert person(store).reason == "the reader marked the mail as spam: type abuse, from SomeISP/1.0"


def test_other_formats_count_by_what_they_say(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    assert take(store, qmail(sender_of(store, one))).weight is Weight.GONE
    assert state_of(store) is SubscriberState.SUPPRESSED


def test_out_of_office_and_challenges_never_count(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    assert take(store, away(sender_of(store, one))).answer is Answer.NOTHING
    assert take(store, challenge(sender_of(store, one))).answer is Answer.LEFT
    assert delivery(store, one.id) == one and state_of(store) is SubscriberState.CONFIRMED


def test_a_forged_report_removes_nobody(store: Store) -> None:
    ann = subscribe(store)
    victim, own = sent(store, to=ann.id), sent(store, "eve@evil.example", day=1)
    code = sender_of(store, own).removeprefix("bounces+")
    forged = f"bounces+{victim.id}{code[len(str(own.id)) :]}"  # another mail's signature
    for to in ("bounces@example.org", forged, sender_of(store, victim).replace("example.org", "evil.example")):
        assert take(store, dsn(to)).answer is Answer.LEFT
        assert take(store, complaint(to)).answer is Answer.LEFT
    take(store, dsn(sender_of(store, own), final=ANN))  # her own mail, and Ann's name in the report
    assert delivery(store, victim.id) == victim and state_of(store) is SubscriberState.CONFIRMED


def test_who_left_meanwhile_stays_as_he_is(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    signup.unsubscribe(store, ann, NOW)
    take(store, dsn(sender_of(store, one)))
    assert state_of(store) is SubscriberState.UNSUBSCRIBED


def test_who_was_erased_leaves_no_report_behind(store: Store) -> None:
    ann = subscribe(store)
    one = sent(store, to=ann.id)
    sender = sender_of(store, one)
    take(store, dsn(sender))
    assert signup.export(store, ann)["came_back"][0]["reason"].startswith("the mail came back")
    signup.erase(store, ann, NOW)
    with store.read() as conn:
        assert bounces.listing(conn) == []
    assert "ann" not in str(delivery(store, one.id).reason)
    assert "ann@" not in take(store, dsn(sender, message_id="<2@x>")).sentence


def test_a_mail_that_is_just_being_handed_over_is_looked_at_later(store: Store, tmp_path: Path) -> None:
    one = sent(store, state=DeliveryState.COMMITTING)
    box = maildir(tmp_path, dsn(sender_of(store, one)))
    made = settings(tmp_path)
    seen = look(store, made, NOW)
    assert (seen.found, seen.left) == ([], []) and [path.name for path in box.iterdir()] == ["1.host"]
    with store.write() as conn:
        deliveries.expire(conn, NOW + timedelta(minutes=1))
    assert [one.answer for one in look(store, made, NOW).found] == [Answer.TAKEN]
    after = delivery(store, one.id)  # a report proves that the uncertain mail was accepted
    assert after.state is DeliveryState.SUPPRESSED and after.sent_at == NOW


def test_old_reports_are_forgotten(store: Store, tmp_path: Path) -> None:
    one = sent(store)
    take(store, dsn(sender_of(store, one)))
    maildir(tmp_path)
    look(store, settings(tmp_path), NOW + KEPT)
    with store.read() as conn:
        assert len(bounces.listing(conn)) == 1
    look(store, settings(tmp_path), NOW + KEPT + timedelta(hours=2))
    with store.read() as conn:
        assert bounces.listing(conn) == []


def maildir(folder: Path, *mails: bytes) -> Path:
    """A maildir with these mails in `new`, which is returned."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(exist_ok=True)
    for number, mail in enumerate(mails, start=1):
        (folder / "new" / f"{number}.host").write_bytes(mail)
    return folder / "new"


def test_what_is_understood_is_marked_and_the_rest_stays_flagged(store: Store, tmp_path: Path) -> None:
    one = sent(store)
    box = maildir(tmp_path, dsn(sender_of(store, one)), challenge("x@example.org"), away("x@example.org"))
    (box / ".hidden").write_bytes(b"x")
    (box / "4.link").symlink_to("/etc/passwd")
    (tmp_path / "cur" / "0.old:2,RS").write_bytes(b"read before")
    seen = look(store, settings(tmp_path), NOW)
    assert [found.answer for found in seen.found] == [Answer.TAKEN, Answer.NOTHING]
    assert seen.left == [("new/2.host", "it is no report that is known here")] and not seen.trouble
    marked = sorted(path.name for path in (tmp_path / "cur").iterdir())
    assert marked == ["0.old:2,RS", "1.host:2,S", "2.host:2,F", "3.host:2,S"]
    again = look(store, settings(tmp_path), NOW)
    assert (again.found, again.left) == ([], [])


def test_stopping_ends_between_two_mails(sqlite_store: Store, tmp_path: Path) -> None:
    maildir(tmp_path, *[away("x@example.org")] * 3)
    assert len(look(sqlite_store, settings(tmp_path), NOW, stopping=lambda: True).found) == 1


@pytest.mark.parametrize("broken", ["missing", "file"])
def test_a_maildir_that_can_not_be_used_is_one_sentence(sqlite_store: Store, tmp_path: Path, broken: str) -> None:
    if broken == "file":
        maildir(tmp_path)
        (tmp_path / "cur").rmdir()
    seen = look(sqlite_store, settings(tmp_path / broken if broken == "missing" else tmp_path), NOW)
    assert "is no maildir: it has no folders new and cur" in seen.trouble


def test_without_a_mailbox_nothing_is_looked_into(sqlite_store: Store) -> None:
    assert look(sqlite_store, settings(), NOW).trouble == ""
