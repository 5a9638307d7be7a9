"""`aggregator subscribers …` as typed."""

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.feedserver import FeedServer


def test_people_are_added_listed_exported_and_erased(run: Run, site: FeedServer) -> None:
    assert run("subscribers", "add", "Anna@Reader.example").out == "1 added, 0 known already\n"
    assert run("subscribers", "add", "anna@reader.example").out == "0 added, 1 known already\n"
    listed = run("subscribers", "list", "--state", "confirmed").out
    assert listed == "Anna@reader.example\tconfirmed\tDaily\tdaily\tadded by the operator\n"
    (row,) = json.loads(run("subscribers", "list", "--digest", "Daily", "--json").out)
    assert row["address"] == "Anna@reader.example" and row["digests"] == ["Daily"]
    assert run("subscribers", "export").out.splitlines()[1].startswith("Anna@reader.example,confirmed,Daily,daily,")
    assert json.loads(run("subscribers", "export", "anna@reader.example").out)["origin"] == "added"
    assert run("subscribers", "remove", "anna@reader.example").out == "erased\n"
    assert run("subscribers", "list").out == ""


def test_table_is_imported_and_what_is_no_address_is_named(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        "\ufeffName,Email\nAnna,anna@reader.example\nNobody,nobody\n\nBob,bob@reader.example\nAnna,ANNA@reader.example\n",
        encoding="utf-8",
    )
    ran = run("subscribers", "import", "people.csv", "--ask")
    assert ran.code == 1 and ran.out == "2 will be asked by mail, 0 known already\n"
    assert "2: 'nobody' is not an e-mail address" in ran.err
    assert run("subscribers", "list", "--state", "unconfirmed").out.count("\n") == 2


def test_list_of_addresses_needs_no_heading(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("anna@reader.example\nbob@reader.example\n", encoding="utf-8")
    assert run("subscribers", "import", "list.txt").out == "2 added, 0 known already\n"


def test_who_has_unsubscribed_stays_so(run: Run, site: FeedServer, tmp_path: Path) -> None:
    from aggregator.clock import utc_now
    from aggregator.digest import signup
    from aggregator.store import subscribers
    from aggregator.store.database import Store, sqlite_url

    run("subscribers", "add", "anna@reader.example")
    store = Store.open(sqlite_url(tmp_path / "data"))
    with store.read() as conn:
        person = subscribers.by_address(conn, "anna@reader.example")
    assert person is not None
    signup.unsubscribe(store, person, utc_now())
    store.close()
    ran = run("subscribers", "add", "anna@reader.example")
    assert ran.code == 1 and "stays so" in ran.err
    assert "unsubscribed" in run("subscribers", "list").out


def test_unknown_people_digests_and_files_are_usage_errors(run: Run, site: FeedServer) -> None:
    assert run("subscribers", "remove", "nobody@x.example").code == 2
    assert "names no digest 'Weekly'" in run("subscribers", "add", "a@x.example", "--digest", "Weekly").err
    assert "can't be read" in run("subscribers", "import", "missing.csv").err
