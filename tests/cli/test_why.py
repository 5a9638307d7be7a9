"""`aggregator why`: for an entry, for a story, for what is not there."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, call_in, rss, write_site
from tests.feedserver import FeedServer, Reply

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(scope="module")
def polled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with FeedServer() as server:
        write_site(folder, server)
        call_in(folder, "poll")
    call_in(folder, "group")
    return folder


@pytest.fixture
def grouped(site: FeedServer, polled_once: Path, tmp_path: Path) -> None:
    """The site's feed, polled and grouped."""
    shutil.copytree(polled_once, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("grouped")
def test_why_shows_the_words_that_decided(run: Run) -> None:
    out = run("why", "https://a.example/0").out
    assert "New air defence systems for Kyiv" in out
    assert "in     Air defense: 'air defense' in the title." in out
    assert "title: New [air defence] systems for Kyiv" in out
    assert "1 entry, 1 outlet, 1 origin" in out
    assert "  topics/air-defense/feed.atom\n" in out
    assert "  stories.atom" in out


def test_why_tells_what_an_entry_said_before_it_was_edited(site: FeedServer, run: Run) -> None:
    run("poll")
    site.feed("/feed", rss("New air defence systems for Lviv", "A quiet day at the zoo"), etag='"2"')
    run("poll", "--now")
    run("group")
    out = run("why", "https://a.example/0").out
    assert out.startswith("New air defence systems for Lviv")
    assert "'New air defence systems for Kyiv', 13 characters" in out
    assert "so it was with the text that it had then: an entry that is edited keeps its story" in out
    out = run("why", "https://a.example/1", "--with", "https://a.example/0").out
    assert "the texts that they had when they were grouped; edited: entry 1." in out
    (told,) = json.loads(run("why", "https://a.example/0", "--json").out)
    assert [one["title"] for one in told["revisions"]] == ["New air defence systems for Kyiv"]


@pytest.mark.usefixtures("grouped")
def test_why_not_is_explained_too(run: Run) -> None:
    out = run("why", "https://a.example/1").out
    assert "not in Air defense: No word of its keywords is in the entry, read as 'en'." in out
    assert "topics/air-defense" not in out


@pytest.mark.usefixtures("grouped")
def test_why_of_a_story_explains_its_entries(run: Run) -> None:
    (story,) = [one for one in json.loads(run("stories", "--json").out) if one["topics"]]
    told = run("why", story["id"]).out
    assert "New air defence systems for Kyiv" in told
    page = f"127.0.0.1:8000/stories/{story['id']}"
    for address in (page, f"https://{page}/", f"https://{page}/index.html?utm_source=x#top"):
        assert run("why", address).out == told


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


@pytest.mark.usefixtures("grouped")
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
    assert "founded the story: nothing before it was near enough" in out
    original, copy = story["entries"]
    line = f"copies or rewrites entry {original}: Two Patriot launchers reach Odesa from Norway"
    assert line in out
    assert f"entry {copy} {line}" in run("why", str(original), "--with", str(copy)).out


@pytest.mark.usefixtures("grouped")
def test_topic_of_an_entry_is_explained_keyword_by_keyword(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    keywords = '{any: [air defense, systems of Odesa, Sistems, "zoo"], not: [new air]}'
    path.write_text(path.read_text().replace("Air defense: [air defense]", f"Air defense: {keywords}\n  Zoo: [zoo]"))
    out = run("why", "https://a.example/0", "--topic", "Air defense").out
    assert "'air defense' matches, 3.00 by itself." in out
    assert "'systems of Odesa': only 'systems' of it is there." in out
    assert "'Sistems': no word of it is there; 'sistems' looks like 'systems'." in out
    assert "'zoo': no word of it is there." in out
    assert "'new air' of not: matches, 3.00 by itself." in out
    assert "not in Air defense: All that its keywords find is covered by not:." in out
    assert "Zoo" not in out
    ran = run("why", "https://a.example/0", "--topic", "Air defence")
    assert (ran.code, "did you mean 'Air defense'?" in ran.err) == (2, True)


@pytest.mark.usefixtures("grouped")
def test_address_is_found_as_browsers_and_trackers_write_it(run: Run) -> None:
    for address in (
        "http://a.example/0",
        "https://a.example/0/",
        "https://a.example/0?utm_source=x#top",
        "a.example/0",
    ):
        assert "New air defence systems for Kyiv" in run("why", address).out


def test_address_of_a_host_without_a_dot_is_found_like_others(site: FeedServer, run: Run) -> None:
    news = rss("New air defence systems for Kyiv")
    site.feed("/feed", news.replace(b"https://a.example/", b"https://intranet/"), etag='"2"')
    run("poll")
    assert "New air defence systems for Kyiv" in run("why", "http://intranet/0/?utm_source=x").out


@pytest.mark.usefixtures("grouped")
def test_digest_that_an_entry_is_in_or_not_is_named_with_the_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(
        path.read_text().replace("to: [reader@example.org]", "to: [reader@example.org], topics: [Air defense]")
    )
    (one,) = json.loads(run("why", "https://a.example/0", "--json").out)
    assert "story 1 of 1" in one["digests"]["Daily"]
    out = run("why", "https://a.example/1").out
    assert "None of the digest's topics takes it; it is in none." in out
    (story,) = [one for one in json.loads(run("stories", "--json").out) if one["topics"]]
    assert "in     Air defense: 1 of its entries" in run("why", story["id"]).out


@pytest.mark.usefixtures("grouped")
def test_stories_that_rank_lower_are_told_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(path.read_text().replace("to: [reader@example.org]", "to: [reader@example.org], stories: 1"))
    assert "Others rank higher: 2 stories could enter, it takes 1." in run("why", "https://a.example/1").out


@pytest.mark.usefixtures("grouped")
def test_two_entries_are_compared(run: Run) -> None:
    out = run("why", "https://a.example/0", "--with", "https://a.example/1").out
    assert "They are not in one story." in out
    assert "They have no telling word in common." in out
    (told,) = json.loads(run("why", "https://a.example/0", "--with", "https://a.example/1", "--json").out)
    assert (told["kind"], told["one_story"], told["similarity"]) == ("pair", False, 0)
    ran = run("why", "https://a.example/0", "--with", "https://a.example/9")
    assert (ran.code, "no stored entry" in ran.err) == (2, True)


@pytest.mark.usefixtures("grouped")
def test_feed_says_why_it_is_not_polled_now(run: Run, site: FeedServer, tmp_path: Path) -> None:
    out = run("why", "one").out
    assert "Feed One, http://127.0.0.1" in out
    assert "not polled now, but in " in out
    (told,) = json.loads(run("why", "feed", "One", "--json").out)
    assert (told["kind"], told["polled_now"]) == ("feed", False)
    path = tmp_path / "feeds.yaml"
    path.write_text(path.read_text().replace("name: One", "name: One\n    paused: true\n    keep: [zoo]"))
    out = run("why", "One").out
    assert "not polled: `paused: true` in feeds.yaml" in out
    assert "  keep: zoo" in out
    path.write_text(path.read_text().replace("/feed", "/other").replace("name: One", "name: Two"))
    assert run("group").code == 0
    assert "no longer names it" in run("why", "One").out
    assert "due: never polled" in run("why", "Two").out or "paused" in run("why", "Two").out


def test_host_that_asked_for_a_pause_says_until_when(run: Run, site: FeedServer, tmp_path: Path) -> None:
    url = site.script("/busy", Reply(429, headers={"Retry-After": "3600"}))
    path = tmp_path / "feeds.yaml"
    path.write_text(path.read_text().replace("topics:", f"  - {{url: {url}, name: Busy}}\ntopics:", 1))
    run("poll")
    host = url.split("/")[2]
    assert "Host 127.0.0.1" in (out := run("why", "host", host).out)
    assert "asked nothing until its pause ends in " in out
    assert "2 feeds" in out
    assert "its host asked for a pause that ends in " in run("why", "Busy").out


@pytest.mark.usefixtures("grouped")
def test_topic_counts_what_each_keyword_brings(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(
        path.read_text().replace("[air defense]", "{any: [air defense, radar], not: [first aid], threshold: 1}")
    )
    out = run("why", "air defense").out
    assert "'radar' is found in none of them" in out
    assert "not: first aid" in out
    assert "from a score of 1 on" in out
    assert "in the digests Daily" in out


@pytest.mark.usefixtures("grouped")
def test_digest_edition_delivery_and_reader_are_explained(run: Run) -> None:
    assert "no edition was made yet" in run("why", "Daily").out
    assert "no mail was made for this address yet" in run("why", "reader@example.org").out
    assert run("digest", "Daily", "--send").code == 0
    (delivery,) = json.loads(run("deliveries", "--json").out)
    out = run("why", "Daily").out
    assert f"{delivery['date']}: 2 stories" in out
    assert "1 sent" in run("why", "Daily", delivery["date"]).out
    out = run("why", "delivery", str(delivery["id"])).out
    assert f"Delivery {delivery['id']}: Daily, {delivery['date']}, to reader@example.org" in out
    assert "1 attempt, sent " in out
    out = run("why", "Reader@Example.org").out
    assert "is a fixed recipient of Daily" in out
    assert f"delivery {delivery['id']}: sent" in out
    assert "told on" in run("why", "https://a.example/0").out
    assert [one["kind"] for one in json.loads(run("why", "edition", "Daily", delivery["date"], "--json").out)] == [
        "edition"
    ]


@pytest.mark.usefixtures("grouped")
def test_day_without_an_edition_is_explained(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(path.read_text().replace("to: [reader@example.org]", "days: mon-fri"))
    assert "none is made on a Sunday: its days are mon, tue, wed, thu, fri" in run("why", "Daily", "2026-11-15").out
    assert "nothing ran within the 6 h that it may be late" in run("why", "Daily", "2026-11-16").out
    assert "it is made in " in run("why", "Daily", "2099-01-01").out
    assert "2026-13-01 is no date" in run("why", "Daily", "2026-13-01").out


@pytest.mark.usefixtures("grouped")
def test_subscriber_who_gets_nothing_is_told_why(run: Run) -> None:
    assert run("subscribers", "add", "anna@example.org").code == 0
    out = run("why", "anna@example.org").out
    assert "confirmed since" in out
    assert "subscribed to Daily" in out
    ran = run("why", "bob@example.org")
    assert (ran.code, "nothing is called 'bob@example.org'" in ran.err) == (2, True)


@pytest.mark.usefixtures("grouped")
def test_unknown_name_is_answered_with_what_comes_nearest(run: Run) -> None:
    assert "did you mean the digest 'Daily'?" in run("why", "Dayly").err
    assert "the topic 'Air defense'" in run("why", "Air defence").err
    assert "has the title 'A quiet day at the zoo'" in run("why", "quiet day").err


@pytest.mark.usefixtures("grouped")
def test_name_of_another_kind_than_was_asked_about_is_said_to_be_that(run: Run) -> None:
    said = run("why", "one", "--topic", "Air defense").err
    assert "'One' is a feed and --topic is for entries; `aggregator why feed One` explains it" in said
    said = run("why", "entry", "One").err
    assert "'One' is a feed and no entry; `aggregator why feed One` explains it" in said
    said = run("why", "feed", "Air defense").err
    assert "'Air defense' is a topic and no feed; `aggregator why topic 'Air defense'` explains it" in said


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_two_entries_of_one_story_and_their_readers(
    run: Run, site: FeedServer, tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    text = "Two Patriot launchers and sixty interceptors reached the port of Odesa on a Norwegian ship."
    other = site.feed("/more", rss("Patriot launchers arrive at Odesa port", "Grain prices fall in Chicago", text=text))
    path = tmp_path / "feeds.yaml"
    yaml = path.read_text().replace("topics:", f"  - {{url: {other}, name: Two}}\ntopics:", 1)
    site.feed("/feed", rss("Two Patriot launchers reach Odesa", text=text.replace("sixty", "60")))
    if engine == "postgresql":
        yaml += f"storage: {{database: '{request.getfixturevalue('postgresql_url')}'}}\n"
    path.write_text(yaml)
    assert run("poll").code == 0
    listed = {one["title"]: str(one["id"]) for one in json.loads(run("entries", "--json").out)}
    one, two = listed["Two Patriot launchers reach Odesa"], listed["Patriot launchers arrive at Odesa port"]
    assert "waits for `aggregator group`" in run("why", one, "--with", two).out
    assert run("group").code == 0
    out = run("why", one, "--with", two).out
    assert "They are in one story." in out
    assert "is enough: in common" in out
    assert "told within two hours" in out
    assert run("subscribers", "add", "anna@example.org").code == 0
    assert run("digest", "Daily", "--send").code == 0
    for reader in ("anna@example.org", "reader@example.org"):
        assert ": sent," in run("why", reader).out
    assert "has the title" in run("why", "grain PRICES").err
    assert "not polled now" in run("why", "Two").out
