"""entries and stories, as typed."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import FIRST, Run, rss
from tests.feedserver import FeedServer

pytestmark = pytest.mark.usefixtures("site")
ENTRY_KEYS = {
    "id", "feed", "guid", "url", "title", "summary", "text", "authors", "language", "published", "updated",
    "first_seen", "edited", "revision", "topics", "story",
}  # fmt: skip
STORY_KEYS = {
    "id", "title", "lead", "entries", "outlets", "origins", "growth", "topics", "language", "image", "first_seen", "last_seen",
    "updated", "closed",
}  # fmt: skip


@pytest.fixture
def stored(run: Run) -> Run:
    run("poll")
    run("group")
    return run


def test_entries_are_a_line_each_newest_first(stored: Run, site: FeedServer) -> None:
    first, second = (line.split("\t") for line in stored("entries").out.splitlines())
    assert first[3:] == ["", "A quiet day at the zoo"]
    assert second[2:] == ["One", "Air defense", "New air defence systems for Kyiv"]


def test_entries_json_has_topics_with_score_and_spans_and_the_story(stored: Run, site: FeedServer) -> None:
    (one,) = json.loads(stored("entries", "--topic", "Air defense", "--json").out)
    assert set(one) == ENTRY_KEYS
    assert (one["feed"], one["guid"], one["url"]) == (site.url("/feed"), "0", "https://a.example/0")
    assert one["published"] == FIRST.isoformat().replace("+00:00", "Z")
    (topic,) = one["topics"]
    assert topic["name"] == "Air defense"
    assert topic["score"] > 0
    (span,) = (span for span in topic["spans"] if span["field"] == "title")
    assert one["title"][span["start"] : span["end"]] == "air defence"
    assert span["keyword"] == "air defense"
    (story,) = (s for s in json.loads(stored("stories", "--json").out) if one["id"] in s["entries"])
    assert one["story"] == story["id"]


def test_entry_that_is_not_grouped_yet_has_no_topics_and_no_story(run: Run) -> None:
    run("poll")
    assert all((one["topics"], one["story"]) == ([], None) for one in json.loads(run("entries", "--json").out))


def test_limit_and_since_narrow_the_list(stored: Run) -> None:
    assert stored("entries", "-n", "1").out.count("\n") == 1
    assert stored("entries", "--since", (FIRST + timedelta(seconds=30)).isoformat()).out.count("\n") == 1
    assert stored("entries", "--since", "9999-12-31").out == ""
    assert json.loads(stored("entries", "--since", "9999-12-31", "--json").out) == []


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "999999999999w", ""])
def test_since_that_is_no_time_is_a_usage_error(stored: Run, since: str) -> None:
    ran = stored("entries", "--since", since)
    assert ran.code == 2
    assert "2026-11-22" in ran.err


def test_unknown_topic_is_a_usage_error_with_the_nearest_name(stored: Run) -> None:
    for command in ("entries", "stories"):
        ran = stored(command, "--topic", "Air defence")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == "feeds.yaml names no topic 'Air defence'; did you mean 'Air defense'?\n"


def test_stories_json_has_every_documented_key(stored: Run) -> None:
    (one,) = json.loads(stored("stories", "--topic", "Air defense", "--json").out)
    assert set(one) == STORY_KEYS
    assert (one["title"], one["outlets"], one["origins"]) == ("New air defence systems for Kyiv", ["One"], 1)
    assert stored("stories").out.count("\n") == 2


def test_control_characters_of_a_feed_never_reach_the_terminal(run: Run, site: FeedServer, tmp_path: Path) -> None:
    site.feed("/feed", rss("Red &#x9b;31m alert &#x202e;txet &#10;second line"), etag='"2"')
    run("poll")
    printed = run("entries").out
    assert printed.count("\n") == 1
    assert not {"\x1b", "\x9b", "\u202e"} & set(printed)
