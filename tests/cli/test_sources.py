"""check, add, import, export-opml, sources and schema, as typed."""

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from aggregator.clock import utc_now
from aggregator.config.load import load
from aggregator.poll.alone import polling_lock
from aggregator.store import feeds
from aggregator.store.database import Store, sqlite_url
from tests.cli.conftest import Run, rss
from tests.cli.test_stages import feeds_yaml
from tests.feedserver import FeedServer, Reply

pytestmark = pytest.mark.usefixtures("site")
SOURCE_KEYS = {
    "url", "name", "outlet", "title", "site", "language", "state", "reason", "since", "moved_to", "failures", "entries",
    "dropped", "last_poll", "last_success", "last_new_entry", "next_poll", "next_poll_reason", "hub",
}  # fmt: skip


def test_check_polls_every_feed(run: Run, site: FeedServer) -> None:
    ran = run("check")
    assert ran.code == 0
    assert ran.out.startswith("feeds.yaml is good: 1 feed, 1 topic, 1 digest\n")
    assert f"  ok   {site.url('/feed')}: RSS 2.0, 2 entries" in ran.out
    assert "answers: not modified" in run("check").out


def test_check_names_a_feed_that_another_process_polls(run: Run, site: FeedServer, tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path / "data"))
    with closing(store), polling_lock(store):
        with store.write() as conn:
            feeds.sync(conn, load(tmp_path / "feeds.yaml").feeds)
            feeds.lease_due(conn, utc_now(), timedelta(minutes=5), limit=1, per_host=1)
        ran = run("check")
    assert (ran.code, site.requests) == (0, [])
    assert "another process is polling it" in ran.out


def test_p1_check_and_add_cost_no_second_unconditional_request(run: Run, site: FeedServer, tmp_path: Path) -> None:
    run("check")
    run("poll", "--now")
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}")
    added = site.feed("/added", rss("A"), etag='"a"')
    assert run("add", added).code == 0
    run("poll")
    run("check")

    validators = [(one.path, one.header("If-None-Match")) for one in site.requests if one.path != "/robots.txt"]
    assert [path for path, etag in validators if etag is None] == ["/feed", "/added"]
    assert len(validators) == 5


def test_check_offline_asks_nobody(run: Run, site: FeedServer, tmp_path: Path) -> None:
    assert run("check", "--offline").code == 0
    assert site.requests == []
    assert not (tmp_path / "data").exists()


def test_check_says_what_is_wrong_with_a_feed_and_what_to_do(run: Run, site: FeedServer, tmp_path: Path) -> None:
    page = site.script(
        "/page", Reply(body=b"<!DOCTYPE html><title>Hello</title>", headers={"Content-Type": "text/html"})
    )
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}\n  - {page}\n  - {site.url('/missing')}")
    ran = run("check")
    assert ran.code == 1
    assert f"  FAIL {page}: Got an HTML page titled “Hello” instead of a feed." in ran.err
    assert "`aggregator add` finds the feed behind a page's address" in ran.err
    assert f"  FAIL {site.url('/missing')}: " in ran.err
    assert "2 of 3 feeds can't be read" in ran.err


def test_check_json_lists_each_feed(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}\n  - {site.url('/missing')}")
    ran = run("check", "--json")
    assert ran.code == 1
    assert {(one["feed"], one["ok"]) for one in json.loads(ran.out)} == {
        (site.url("/feed"), True),
        (site.url("/missing"), False),
    }
    assert all(set(one) == {"feed", "ok", "what", "advice"} for one in json.loads(ran.out))


def test_add_finds_the_feed_behind_a_page_and_keeps_comments(run: Run, site: FeedServer, tmp_path: Path) -> None:
    site.feed("/news.xml", rss("A"))
    page = b'<html><head><link rel="alternate" type="application/rss+xml" title="News" href="/news.xml"></head></html>'
    site.script("/", Reply(body=page, headers={"Content-Type": "text/html"}))
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}  # my first")
    ran = run("add", site.url("/"), "--name", "Second")
    assert ran.code == 0
    assert f"Added {site.url('/news.xml')} (News; " in ran.out
    text = (tmp_path / "feeds.yaml").read_text()
    assert "# my first" in text
    assert "name: Second" in text
    assert run("check", "--offline").code == 0


def test_add_of_what_is_there_changes_nothing(run: Run, site: FeedServer, tmp_path: Path) -> None:
    before = (tmp_path / "feeds.yaml").read_bytes()
    ran = run("add", site.url("/feed"))
    assert (ran.code, ran.out) == (0, f"feeds.yaml has it already: {site.url('/feed')}\n")
    assert (tmp_path / "feeds.yaml").read_bytes() == before


def test_add_asks_no_host_that_wants_a_pause(run: Run, site: FeedServer, tmp_path: Path) -> None:
    site.script("/limited", Reply(429, headers={"Retry-After": "7200"}))
    feeds_yaml(tmp_path, f"  - {site.url('/limited')}")
    run("poll")
    ran = run("add", site.url("/page"))
    assert ran.code == 1
    assert "(Retry-After)" in ran.err
    assert [request.path for request in site.requests] == ["/limited"]


def test_p15_add_asks_a_host_in_the_queue_of_its_polls(run: Run, site: FeedServer, tmp_path: Path) -> None:
    site.feed("/rss.xml", rss("A"))
    site.script("/", Reply(body=b"<html></html>", headers={"Content-Type": "text/html"}))
    (tmp_path / "feeds.yaml").write_text(
        f"feeds: ['{site.url('/feed')}']\npolling: {{allow_networks: [127.0.0.0/8], host_gap: 1s}}\n"
    )
    assert run("add", site.url("/rss.xml")).code == 0
    asked = [request.at for request in site.requests]
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1


def test_add_that_finds_nothing_fails_with_the_reason(run: Run, site: FeedServer, tmp_path: Path) -> None:
    before = (tmp_path / "feeds.yaml").read_bytes()
    ran = run("add", site.url("/nowhere"))
    assert ran.code == 1
    assert ran.err.startswith("Nothing was added: ")
    assert (tmp_path / "feeds.yaml").read_bytes() == before


def test_import_adds_new_feeds_and_says_what_it_left_out(run: Run, site: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(
        '<opml version="2.0"><head/><body>'
        f'<outline type="rss" text="One" xmlUrl="{site.url("/feed")}"/>'
        '<outline type="rss" text="New" xmlUrl="https://new.example/feed"/>'
        '<outline type="rss" text="Odd" xmlUrl="gopher://old.example/"/></body></opml>'
    )
    ran = run("import", "list.opml")
    assert ran.code == 0
    assert "1 feed added to feeds.yaml, 1 was there already" in ran.out
    assert "  left out Odd: " in ran.err
    assert "https://new.example/feed" in (tmp_path / "feeds.yaml").read_text()


@pytest.mark.parametrize(("name", "data"), [("missing.opml", None), ("broken.opml", b"<opml><body>")])
def test_import_of_what_is_no_list_is_a_usage_error(run: Run, tmp_path: Path, name: str, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    ran = run("import", name)
    assert ran.code == 2
    assert ran.err.startswith(name)
    assert ran.err.count("\n") == 1


def test_import_into_a_folder_that_cannot_be_written_is_one_sentence(
    run: Run, site: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "urls").write_text("https://new.example/feed")
    monkeypatch.setattr("tempfile.mkstemp", refused)
    ran = run("import", "urls")
    assert ran.code == 2
    assert ran.err == "feeds.yaml can't be written, and stays as it was: Permission denied\n"


def test_exported_opml_can_be_imported_again(run: Run, site: FeedServer) -> None:
    run("poll")
    assert run("export-opml", "--out", "feeds.opml").code == 0
    assert run("import", "feeds.opml").out == "0 feeds added to feeds.yaml, 1 was there already\n"


def test_opml_goes_to_stdout_without_a_file(run: Run, site: FeedServer) -> None:
    root = etree.fromstring(run("export-opml").out.encode())
    assert [one.get("xmlUrl") for one in root.iter("outline")] == [site.url("/feed")]


def test_sources_show_state_polls_and_why(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(
        tmp_path,
        f"  - {{url: {site.url('/feed')}, name: One}}\n  - {{url: {site.url('/missing')}, name: Lost}}\n"
        f"  - {{url: {site.url('/later')}, name: Later, paused: true}}",
    )
    before = [line.split("\t") for line in run("sources").out.splitlines()]
    assert before[0] == ["One", "new", "0", "never", "now", "never polled"]
    run("poll")
    one, lost, later = (line.split("\t") for line in run("sources").out.splitlines())
    assert one[:3] == ["One", "ok", "2"]
    assert one[3].endswith(" ago")
    assert one[4].startswith("in ")
    assert lost[1] == "failing"
    assert "404" in lost[5]
    assert later[1:] == ["paused", "0", "never", "-", "paused in feeds.yaml"]


def test_due_feed_is_shown_as_due_now(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}")
    text = (tmp_path / "feeds.yaml").read_text().replace("host_gap: 0s", "host_gap: 0s, floor: 1s, ceiling: 1s")
    (tmp_path / "feeds.yaml").write_text(text)
    run("poll")
    shown = run("sources").out.split("\t")[4]
    assert shown == "now" or shown.startswith("in ")


def test_sources_json_has_every_documented_key(run: Run, site: FeedServer) -> None:
    run("poll")
    (one,) = json.loads(run("sources", "--json").out)
    assert set(one) == SOURCE_KEYS
    assert (one["url"], one["name"], one["state"], one["entries"]) == (site.url("/feed"), "One", "ok", 2)
    assert one["last_poll"].endswith("Z")


def test_schema_is_the_shipped_one(run: Run, tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "feeds.schema.json").read_text(encoding="utf-8")
    assert run("schema").out == shipped
    run("schema", "--out", "mine.json")
    assert (tmp_path / "mine.json").read_text(encoding="utf-8") == shipped


def test_feed_whose_new_address_is_put_into_feeds_yaml_brings_nothing_anew(
    run: Run, site: FeedServer, tmp_path: Path
) -> None:
    def published() -> list[str]:
        assert [run(stage).code for stage in ("group", "publish")] == [0, 0]
        ids = etree.parse(tmp_path / "data" / "public" / "feed.atom").findall("{*}entry/{*}id")
        return sorted(one.text or "" for one in ids)

    new = site.feed("/new", rss("New air defence systems for Kyiv", "A quiet day at the zoo"))
    site.script("/feed", Reply(status=301, headers={"Location": new}))
    assert run("poll").code == 0
    before = published()
    text = (tmp_path / "feeds.yaml").read_text()
    (tmp_path / "feeds.yaml").write_text(text.replace(site.url("/feed"), new))
    assert "0 new" in run("poll", "--now").out
    assert len(before) == 2
    assert published() == before
    assert {one["feed"] for one in json.loads(run("entries", "--json").out)} == {new}
