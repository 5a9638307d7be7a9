"""From stored stories to mails: editions are made once, sent once, and empty ones are recorded and not mailed."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.digest import service, signup
from aggregator.errors import ConfigError, UsageError
from aggregator.model import DeliveryState, EditionState
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from tests.digest.mailserver import mail_server
from tests.digest.sample import AIR, NOW, config, edition_of, entry, stock, story

NAME = "Morning briefing"


def test_a_due_edition_is_made_and_mailed_once(store: Store) -> None:
    stock(store, edition_of(20))
    with mail_server() as server:
        made = config(mail={"from": "Watch <digest@example.org>", "smtp": server.url})
        first = service.send_due(store, made, NOW)
        again = service.send_due(store, made, NOW + timedelta(seconds=30))
    assert [edition.local_date for edition in first.made] == ["2026-03-03"]
    assert first.sent == 1
    assert again.made == () and again.sent == 0
    assert server.recipients == ["team@example.org"]
    mail = email.message_from_bytes(server.contents[0], policy=email.policy.default)
    assert mail["To"] == "team@example.org"
    assert mail["Subject"] == first.made[0].subject


def test_making_an_edition_twice_gives_the_frozen_one(store: Store) -> None:
    stock(store, edition_of(5))
    first = service.make_edition(store, config(), NAME, NOW)
    stock(store, [story(90, [entry(900, "Later news", "Something else happened. It is new.", hours=-0.5)], AIR)])
    assert service.make_edition(store, config(), NAME, NOW + timedelta(hours=1)) == first


def test_nothing_new_is_recorded_and_not_mailed(store: Store, tmp_path: Path) -> None:
    stock(store, [story(1, [entry(1, "Old news", "It was long ago.", hours=200)], AIR)])
    made = config(mail={"smtp": f"file:{tmp_path}/out"})
    report = service.send_due(store, made, NOW)
    assert [edition.state for edition in report.made] == [EditionState.EMPTY]
    assert not (tmp_path / "out").exists()
    assert service.send_due(store, made, NOW).made == ()
    with store.read() as conn:
        assert deliveries.listing(conn) == []


def test_a_new_installation_waits_for_its_first_stories(store: Store) -> None:
    assert service.send_due(store, config(), NOW).made == ()


def test_mails_go_to_a_folder_as_files(sqlite_store: Store, tmp_path: Path) -> None:
    stock(sqlite_store, edition_of(5))
    out = tmp_path / "out"
    report = service.send_edition(sqlite_store, config(mail={"smtp": f"file:{out}"}), NAME, NOW)
    assert report.sent == 1
    (file,) = out.iterdir()
    assert file.name.startswith("team-example-org-") and file.suffix == ".eml"
    assert email.message_from_bytes(file.read_bytes())["From"] == "News <digest@localhost.localdomain>"


def test_a_preview_keeps_nothing(sqlite_store: Store) -> None:
    stock(sqlite_store, edition_of(5))
    shown = service.preview(sqlite_store, config(), NAME, NOW)
    assert "<!DOCTYPE html>" in shown.html and shown.text and b"To: team@example.org" in shown.eml
    with sqlite_store.read() as conn:
        assert editions.recent(conn) == []


def test_the_preview_after_an_edition_is_that_of_the_next_day(sqlite_store: Store) -> None:
    stock(sqlite_store, edition_of(5))
    service.make_edition(sqlite_store, config(), NAME, NOW)
    assert service.preview(sqlite_store, config(), NAME, NOW).edition.state is EditionState.EMPTY
    late = NOW + timedelta(hours=2)
    stock(sqlite_store, [story(90, [entry(900, "Later news", "Something else happened. It is new.", hours=-1)], AIR)])
    shown = service.preview(sqlite_store, config(), NAME, late)
    assert shown.edition.local_date == "2026-03-04"
    assert "Later news" in shown.text and "Two Patriot" not in shown.text


def test_unknown_digests_and_days_to_come_are_refused(sqlite_store: Store) -> None:
    with pytest.raises(UsageError, match="names no digest 'Nope'"):
        service.make_edition(sqlite_store, config(), "Nope", NOW)
    with pytest.raises(UsageError, match="yet to come"):
        service.make_edition(sqlite_store, config(), NAME, NOW, "2026-03-04")


def test_an_update_comes_back_marked_with_what_is_new(sqlite_store: Store) -> None:
    first = entry(1, "Bridge closed after blast", "A blast closed the bridge on Monday. Nobody was hurt.", hours=5)
    stock(sqlite_store, [story(1, [first], AIR)])
    service.make_edition(sqlite_store, config(), NAME, NOW)
    with sqlite_store.read() as conn:
        told = deliveries.listing(conn)
    assert [one.state for one in told] == [DeliveryState.PENDING]


@pytest.mark.parametrize("broken", ["digest.html", "confirm.txt"])
def test_a_faulty_template_holds_up_no_mail_that_is_not_made_of_it(
    sqlite_store: Store, tmp_path: Path, broken: str
) -> None:
    stock(sqlite_store, edition_of(3))
    with mail_server() as server:
        mail = {"from": "Watch <digest@example.org>", "smtp": server.url}
        made = config(mail=mail, digests={NAME: {"to": ["team@example.org"]}, "Later": {"at": "07:00"}})
        service.make_edition(sqlite_store, made, NAME, NOW)
        signup.sign_up(sqlite_store, made, signup.SignUp("anna@reader.example", [NAME], "198.51.100.7"), NOW)
        (tmp_path / broken).write_text("{{ naem }}", encoding="utf-8")
        faulty = made.model_copy(update={"templates": tmp_path})
        with pytest.raises(ConfigError, match="'naem' is undefined"):
            service.send_due(sqlite_store, faulty, NOW + timedelta(minutes=1))
    letter = [] if broken == "confirm.txt" else ["anna@reader.example"]
    assert sorted(server.recipients) == [*letter, "team@example.org"]
