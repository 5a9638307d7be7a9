"""`aggregator why`: for an entry, for a story, for what is not there."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, rss
from tests.feedserver import FeedServer

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def grouped(site: FeedServer, run: Run) -> None:
    assert run("poll").code == 0
    assert run("group").code == 0


@pytest.mark.usefixtures("grouped")
def test_why_shows_the_words_that_decided(run: Run) -> None:
    out = run("why", "https://a.example/0").out
    assert "New air defence systems for Kyiv" in out
    assert "in     Air defense: 'air defense' in the title." in out
    assert "title: New [air defence] systems for Kyiv" in out
    assert "1 entries, 1 outlet, 1 origin" in out
    assert "  topics/air-defense/feed.atom\n" in out
    assert "  stories.atom" in out


@pytest.mark.usefixtures("grouped")
def test_why_not_is_explained_too(run: Run) -> None:
    out = run("why", "https://a.example/1").out
    assert "not in Air defense: No word of its keywords is in the entry, read as 'en'." in out
    assert "topics/air-defense" not in out


@pytest.mark.usefixtures("grouped")
def test_why_of_a_story_explains_its_entries(run: Run) -> None:
    (story,) = [one for one in json.loads(run("stories", "--json").out) if one["topics"]]
    assert "New air defence systems for Kyiv" in run("why", story["id"]).out


@pytest.mark.usefixtures("grouped")
def test_why_as_json_has_spans_evidence_and_outputs(run: Run) -> None:
    (one,) = json.loads(run("why", "https://a.example/0", "--json").out)
    (verdict,) = one["topics"]
    assert (verdict["topic"], verdict["taken"]) == ("Air defense", True)
    assert verdict["spans"][0] == {"field": "title", "start": 4, "end": 15, "keyword": "air defense"}
    assert one["published"] == ["feed.atom", "topics/air-defense/feed.atom", "stories.atom"]
    assert one["story"]["id"] == one["entry"]["story"]


@pytest.mark.usefixtures("grouped")
def test_feed_that_an_entry_is_too_old_for_is_named_with_the_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(path.read_text() + "publish: {max_age: 1s}\n")
    assert "not in feed.atom: older than publish.max_age" in run("why", "https://a.example/0").out
    path.write_text(path.read_text().replace("max_age: 1s", "entries: 1"))
    assert "not in feed.atom: not among the newest 1" in run("why", "https://a.example/0").out


def test_entry_that_was_not_grouped_yet_has_no_story(run: Run) -> None:
    run("poll")
    assert "none yet: `aggregator group` finds it" in run("why", "https://a.example/0").out


def test_what_is_nowhere_is_an_error_that_says_where_to_look(run: Run) -> None:
    ran = run("why", "https://nowhere.example/")
    assert ran.code == 2
    assert "aggregator entries" in ran.err


def test_copies_name_the_entry_that_they_copy(run: Run, site: FeedServer, tmp_path: Path) -> None:
    text = (
        "The Dutch and Norwegian governments handed over two Patriot launchers and 60 interceptor missiles in Odesa. "
        * 3
    )
    first = site.feed("/wire", rss("Two Patriot launchers reach Odesa from Norway", text=text))
    second = site.feed("/copy", rss("Two Patriot launchers reach Odesa from Norway", text=text))
    path = tmp_path / "feeds.yaml"
    path.write_text(
        path.read_text().replace(
            "topics:", f"  - {{url: {first}, name: Wire}}\n  - {{url: {second}, name: Copy}}\ntopics:", 1
        )
    )
    run("poll")
    run("group")
    (story,) = [one for one in json.loads(run("stories", "--json").out) if len(one["entries"]) == 2]
    out = run("why", story["id"]).out
    assert "2 entries, 2 outlets, 1 origin" in out
    assert "joined with similarity" in out
    assert "copies or rewrites entry" in out
