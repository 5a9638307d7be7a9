"""poll, group, publish, digest and demo, as typed."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.cli import progress
from aggregator.publish import publisher
from aggregator.publish.files import Output
from tests.cli.conftest import Run, rss
from tests.feedserver import FeedServer, Reply

POLL_KEYS = {"feeds", "fetched", "not_modified", "unchanged", "failed", "entries_new", "entries_edited", "seconds"}
pytestmark = pytest.mark.usefixtures("site")


def feeds_yaml(folder: Path, feeds: str, more: str = "") -> None:
    (folder / "feeds.yaml").write_text(
        f"feeds:\n{feeds}\npolling: {{allow_networks: [127.0.0.0/8], host_gap: 0s}}\n{more}", encoding="utf-8"
    )


def test_poll_says_what_it_did(run: Run) -> None:
    ran = run("poll")
    assert ran.code == 0
    assert "1 feed in" in ran.out
    assert "1 fetched" in ran.out
    assert "2 new entries" in ran.out
    assert ran.err == ""


def test_poll_json_is_one_object_with_the_documented_keys(run: Run) -> None:
    ran = run("poll", "--json")
    report = json.loads(ran.out)
    assert set(report) == POLL_KEYS
    assert (report["feeds"], report["fetched"], report["failed"], report["entries_new"]) == (1, 1, 0, 2)
    assert isinstance(report["seconds"], float)


def test_poll_again_is_conditional_and_stores_nothing(run: Run, site: FeedServer) -> None:
    run("poll")
    report = json.loads(run("poll", "--now", "--json").out)
    assert (report["not_modified"], report["entries_new"]) == (1, 0)
    assert site.requests_to("/feed")[1].header("If-None-Match") == '"1"'


def test_poll_leaves_alone_what_is_not_due_and_says_when_it_will_be(run: Run, site: FeedServer) -> None:
    run("poll")
    ran = run("poll")
    assert ran.out.startswith("No feed is due; the next one is in ")
    assert "--now polls them all" in ran.out
    assert len(site.requests_to("/feed")) == 1


@pytest.mark.parametrize("name", ["One", "one"])
def test_poll_takes_a_feed_by_name_whatever_its_case(run: Run, name: str) -> None:
    assert json.loads(run("poll", name, "--json").out)["feeds"] == 1


def test_poll_takes_a_feed_by_address_and_by_the_title_that_sources_shows(
    run: Run, site: FeedServer, tmp_path: Path
) -> None:
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}\n  - {site.script('/other', Reply(404))}")
    assert json.loads(run("poll", site.url("/feed"), "--json").out)["feeds"] == 1
    assert json.loads(run("poll", "Outlet", "--json").out)["feeds"] == 1
    assert site.requests_to("/other") == []


def test_unknown_feed_is_a_usage_error_with_the_nearest_name(run: Run) -> None:
    ran = run("poll", "Onee")
    assert ran.code == 2
    assert ran.err == "feeds.yaml names no feed 'Onee'; did you mean 'One'?\n"


def test_feed_that_is_like_none_gets_the_list_of_names(run: Run) -> None:
    assert run("poll", "Weather").err == "feeds.yaml names no feed 'Weather'; it names 'One'\n"


def test_paused_feed_that_is_asked_for_says_so(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(tmp_path, f"  - {{url: {site.url('/feed')}, name: One, paused: true}}")
    ran = run("poll", "One")
    assert (ran.code, ran.out) == (2, "")
    assert "One is paused" in ran.err


def test_failed_feed_makes_the_exit_code_1_and_is_named_with_its_reason(
    run: Run, site: FeedServer, tmp_path: Path
) -> None:
    bad = site.script("/bad", Reply(500))
    feeds_yaml(tmp_path, f"  - {site.url('/feed')}\n  - {bad}")
    for arguments in (["poll", "--now"], ["poll", "--now", "--json"]):
        ran = run(*arguments)
        assert ran.code == 1
        assert f"  {bad}: " in ran.err
        assert "500" in ran.err
        assert site.url("/feed") not in ran.err


def test_many_failures_are_cut_short(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(tmp_path, "".join(f"  - {site.url(f'/missing/{n}')}\n" for n in range(23)))
    ran = run("poll")
    assert ran.code == 1
    assert ran.err.count("  http://") == 20
    assert "and 3 more; `aggregator sources`" in ran.err


def test_host_that_asked_for_a_pause_is_left_alone_even_with_now(run: Run, site: FeedServer, tmp_path: Path) -> None:
    feeds_yaml(tmp_path, f"  - {site.script('/busy', Reply(429, headers={'Retry-After': '3600'}))}")
    run("poll")
    ran = run("poll", "--now")
    assert "1 more were left alone, as their hosts asked" in ran.out
    assert len(site.requests_to("/busy")) == 1


def test_group_says_and_tells_what_it_did(run: Run) -> None:
    run("poll")
    report = json.loads(run("group", "--json").out)
    assert (report["entries"], report["topics"], report["stories_new"]) == (2, 1, 2)
    assert "0 entries grouped" in run("group").out


def test_group_says_how_many_stored_entries_it_matched_again(run: Run, tmp_path: Path) -> None:
    run("poll")
    assert "matched again" not in run("group").out
    config = tmp_path / "feeds.yaml"
    config.write_text(config.read_text("utf-8").replace("[air defense]", "[zoo]"), encoding="utf-8")
    assert "2 stored entries matched again with the edited topics\n" in run("group").out


def test_group_shows_how_far_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", -1.0)
    run("poll")
    assert run("group").err == "2 of 2 entries grouped\n"


def test_publish_writes_the_feeds_and_pages(run: Run, tmp_path: Path) -> None:
    run("poll")
    run("group")
    first = json.loads(run("publish", "--json").out)
    assert first["written"] == first["files"] > 10
    assert first["refused"] == []
    public = tmp_path / "data" / "public"
    assert {"feed.atom", "feed.rss", "feed.json", "stories.atom", "sources.opml", "index.html"} <= {
        path.name for path in public.iterdir()
    }
    assert "New air defence systems for Kyiv" in (public / "topics" / "air-defense" / "feed.atom").read_text()
    assert "0 written" in run("publish").out


def test_publish_writes_where_it_is_told(run: Run, tmp_path: Path) -> None:
    run("poll")
    assert run("publish", "--out", "www").code == 0
    assert (tmp_path / "www" / "feed.atom").exists()
    assert not (tmp_path / "data" / "public").exists()


def test_feed_that_would_become_empty_stays_and_that_is_no_failure(run: Run, tmp_path: Path) -> None:
    run("poll")
    run("publish")
    with sqlite3.connect(tmp_path / "data" / "aggregator.db") as conn:
        conn.execute("DELETE FROM entries")
    ran = run("publish")
    assert ran.code == 0
    assert "  feed.atom was left as it is, since it would have become empty\n" in ran.out


def test_refused_feed_is_said_and_makes_the_exit_code_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("poll")
    run("publish")
    monkeypatch.setattr(publisher, "faults", lambda path, body, url: ["it is not well-formed"])
    monkeypatch.setattr(Output, "read", lambda output, path: b"<feed/>")
    ran = run("publish")
    assert ran.code == 1
    assert "  feed.atom was not published, since it is not well-formed; the last good one stays\n" in ran.err


def test_folder_that_cannot_be_written_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ["-d", "file/data", "poll"],
        ["-d", "file", "poll"],
        ["publish", "--out", "file/www"],
        ["export-opml", "--out", "file/feeds.opml"],
        ["schema", "--out", "file/schema.json"],
        ["-d", "file", "demo", "--once"],
    ):
        ran = run(*arguments)
        assert ran.code in {1, 2}, arguments
        assert ran.err.count("\n") == 1, (arguments, ran.err)
        assert "file" in ran.err


def grouped(run: Run) -> None:
    run("poll")
    run("group")


def test_digest_shows_its_text(run: Run) -> None:
    grouped(run)
    ran = run("digest", "Daily")
    assert ran.code == 0
    assert "New air defence systems for Kyiv" in ran.out


def test_preview_writes_three_files_and_keeps_nothing(run: Run, tmp_path: Path) -> None:
    grouped(run)
    ran = run("digest", "Daily", "--preview", "out/look")
    assert "written to out/look/digest.html, digest.txt and digest.eml; nothing is kept or sent" in ran.out
    assert {path.name for path in (tmp_path / "out/look").iterdir()} == {"digest.html", "digest.txt", "digest.eml"}
    assert b"\nSubject: " in (tmp_path / "out/look/digest.eml").read_bytes().replace(b"\r\n", b"\n")
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{% extends 'shipped/digest.html' %}\n{% block end %}{{ naem }}{% endblock %}", "2:1: 'naem' is undefined"),
        ("one\n\n{{ name }", "3:1: unexpected '}'"),
    ],
)
def test_preview_of_a_broken_template_says_where_it_is_wrong(run: Run, tmp_path: Path, source: str, said: str) -> None:
    grouped(run)
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks/digest.html").write_text(source)
    with (tmp_path / "feeds.yaml").open("a") as file:
        file.write("templates: ./looks\n")
    ran = run("digest", "Daily", "--preview", "out")
    assert (ran.code, ran.err) == (2, f"{tmp_path}/looks/digest.html:{said}\n")
    assert not (tmp_path / "out").exists()


def test_preview_that_cannot_be_written_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    grouped(run)
    (tmp_path / "file").write_text("")
    ran = run("digest", "Daily", "--preview", "file")
    assert ran.code == 2
    assert ran.err.startswith("the preview can't be written to file: ")


def test_sent_edition_is_made_once_and_nobody_gets_it_twice(run: Run, tmp_path: Path) -> None:
    grouped(run)
    first, second = run("digest", "Daily", "--send"), run("digest", "Daily", "--send")
    assert "1 sent" in first.out
    assert "No mail was waiting" in second.out
    assert first.out.splitlines()[0] == second.out.splitlines()[0]
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1


def test_nothing_new_is_said_and_no_mail_is_made(run: Run, tmp_path: Path) -> None:
    assert run("digest", "Daily").out == "Daily: nothing new to tell, so no mail would be sent\n"
    assert "nothing new to tell, so no mail is sent" in run("digest", "Daily", "--send").out
    assert not list(tmp_path.glob("outbox/*"))


def test_mail_that_cannot_be_sent_is_said(run: Run, tmp_path: Path) -> None:
    grouped(run)
    (tmp_path / "outbox").write_text("a file where the folder should be")
    ran = run("digest", "Daily", "--send")
    assert ran.code == 1
    assert "outbox" in ran.err


def test_unknown_digest_is_a_usage_error_with_the_names(run: Run) -> None:
    ran = run("digest", "Weekly")
    assert ran.code == 2
    assert "'Daily'" in ran.err


def test_only_digest_needs_no_name_and_one_of_several_does(run: Run, tmp_path: Path) -> None:
    grouped(run)
    assert run("digest").out == run("digest", "Daily").out != ""
    path = tmp_path / "feeds.yaml"
    text = path.read_text()
    path.write_text(text.replace("  Daily:", "  Weekly: {at: '08:00'}\n  Daily:"))
    assert run("digest").err == "feeds.yaml has several digests: say which, 'Weekly' or 'Daily'\n"
    path.write_text(text[: text.index("digests:")])
    assert (run("digest").code, "digests: {Morning: " in run("digest").err) == (2, True)


def test_day_of_the_edition_must_be_a_day_and_not_in_the_future(run: Run) -> None:
    assert "write it as 2026-11-22" in run("digest", "Daily", "--date", "tomorrow").err
    later = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    ran = run("digest", "Daily", "--date", later)
    assert ran.code == 2
    assert "yet to come" in ran.err


def test_preview_and_send_exclude_each_other(run: Run) -> None:
    assert run("digest", "Daily", "--preview", "out", "--send").code == 2


def test_new_titles_join_without_losing_old_ones(run: Run, site: FeedServer) -> None:
    run("poll")
    site.feed("/feed", rss("New air defence systems for Kyiv, and more", "A quiet day at the zoo", "Third"), etag='"2"')
    report = json.loads(run("poll", "--now", "--json").out)
    assert (report["entries_new"], report["entries_edited"]) == (1, 1)


def test_feed_that_is_held_back_is_released_by_name(run: Run, site: FeedServer, tmp_path: Path) -> None:
    run("poll")
    with closing(sqlite3.connect(tmp_path / "data" / "aggregator.db")) as database, database:
        database.execute("UPDATE feeds SET last_new_entry_at = 0")
    other = rss("Casino", "Bonus", "Poker").replace(b"a.example/", b"b.example/").replace(b"false'>", b"false'>other ")
    site.feed("/feed", other, etag='"2"')
    run("poll", "One")
    (source,) = json.loads(run("sources", "--json").out)
    assert source["state"] == "quarantined"
    assert "--release" in source["reason"]

    assert run("poll", "--release").code == 2
    report = json.loads(run("poll", "One", "--release", "--json").out)
    assert report["entries_new"] == 3
    (source,) = json.loads(run("sources", "--json").out)
    assert source["state"] == "ok"
