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
    assert ran.code == 1 and ran.out == "2 will be asked by mail, 0 known already, 1 named twice\n"
    assert "line 3: 'nobody' is not an e-mail address" in ran.err
    assert run("subscribers", "list", "--state", "unconfirmed").out.count("\n") == 2


def test_list_of_addresses_needs_no_heading(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("anna@reader.example\nbob@reader.example\n", encoding="utf-8")
    assert run("subscribers", "import", "list.txt").out == "2 added, 0 known already\n"


def test_what_is_exported_can_be_imported(run: Run, site: FeedServer, tmp_path: Path) -> None:
    table = (
        "address,state,digests,frequency,topics,language,hour,weekday,timezone,alerts,created\n"
        "anna@reader.example,confirmed,Daily,as it happens,,en,07:30,,Asia/Tokyo,no,\n"
        "'=cmd@reader.example,confirmed,Daily,weekly,,,,fri,,yes,\n"
        "gone@reader.example,unsubscribed,Daily,daily,,,,,,yes,\n"
    )
    (tmp_path / "people.csv").write_text(table, encoding="utf-8")
    assert run("subscribers", "import", "people.csv").out == "2 added, 0 known already, 1 noted as having left\n"
    exported = run("subscribers", "export").out
    assert [line.rpartition(",")[0] for line in exported.splitlines()[1:]] == [
        line.rpartition(",")[0] for line in table.splitlines()[1:]
    ]
    (tmp_path / "again.csv").write_text(exported, encoding="utf-8")
    ran = run("subscribers", "import", "again.csv")
    assert ran.out == "0 added, 2 known already\n" and "gone@reader.example had unsubscribed" in ran.err


def test_digest_is_added_to_those_of_somebody_who_is_known(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds.read_text().replace("digests:\n", "digests:\n  Evening: {}\n"), encoding="utf-8")
    run("subscribers", "add", "anna@reader.example", "--digest", "Evening")
    run("subscribers", "add", "anna@reader.example", "--digest", "Daily")
    (row,) = json.loads(run("subscribers", "list", "--json").out)
    assert row["digests"] == ["Daily", "Evening"]
    run("subscribers", "add", "bob@reader.example", "--digest", "Daily")
    run("subscribers", "add", "bob@reader.example")
    assert json.loads(run("subscribers", "list", "--json").out)[1]["digests"] == ["Daily"]


def test_who_has_not_confirmed_elsewhere_is_asked_or_left_out(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("email,status\nanna@reader.example,unconfirmed\n", encoding="utf-8")
    ran = run("subscribers", "import", "people.csv")
    assert ran.code == 1 and ran.out == "0 added, 0 known already\n" and "--ask sends a mail" in ran.err
    assert run("subscribers", "import", "people.csv", "--ask").out.startswith("1 will be asked")
    assert run("subscribers", "import", "people.csv").err.startswith("anna@reader.example has not confirmed")


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
