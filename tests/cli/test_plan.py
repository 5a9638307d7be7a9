"""`aggregator plan`: what an edited feeds.yaml would change, with nothing changed."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.config.load import load
from aggregator.store.database import Store, sqlite_url
from aggregator.store.tables import metadata
from tests.cli.conftest import Run, call_in, rss
from tests.feedserver import FeedServer

TITLES = (
    "New air defence systems for Kyiv",
    "Patriot missiles reach Odesa",
    "First aid courses for Lviv",
    "A quiet day at the zoo",
)
FILE = """
feeds:
  - {{url: "{one}", name: One{one_more}}}
  - {{url: "{two}", name: Two{two_more}}}
topics:
  Air defense: {air}
  Aid: {aid}
  Animals: [zoo]
digests:
  Daily: {{at: "07:00", to: [reader@example.org], topics: {digest}}}
polling: {{allow_networks: [127.0.0.0/8], host_gap: 0s}}
{more}
"""


BOTH = pytest.mark.parametrize("storage", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> str:
    """What feeds.yaml says of the database: SQLite, but for tests that are marked with BOTH."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    return f"storage: {{database: '{request.getfixturevalue('postgresql_url')}'}}"


class Editor:
    """Writes feeds.yaml in several versions."""

    def __init__(self, folder: Path, urls: dict[str, str], more: str = "") -> None:
        self._folder = folder
        self._values = {
            **urls,
            "one_more": "",
            "two_more": "",
            "air": "[air defense]",
            "aid": "[aid]",
            "digest": "[Air defense, Aid]",
            "more": more,
        }

    def write(self, name: str = "feeds.yaml", **changes: str) -> str:
        text = FILE.format(**(self._values | changes))
        if "only_one" in changes:
            text = "\n".join(line for line in text.splitlines() if "name: Two" not in line)
        (self._folder / name).write_text(text, encoding="utf-8")
        return name


def serve(server: FeedServer) -> dict[str, str]:
    """Two feeds of four entries; their addresses."""
    return {
        "one": server.feed("/one", rss(*TITLES)),
        "two": server.feed("/two", rss(*(f"{title}, says the mayor" for title in TITLES))),
    }


@pytest.fixture(scope="module")
def polled_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with an SQLite database of both feeds, grouped."""
    folder = tmp_path_factory.mktemp("plan")
    with FeedServer() as server:
        urls = serve(server)
        Editor(folder, urls).write()
        call_in(folder, "poll")
    call_in(folder, "group")
    return folder, urls


@pytest.fixture
def editor(
    tmp_path: Path, feed_server: FeedServer, storage: str, run: Run, polled_once: tuple[Path, dict[str, str]]
) -> Editor:
    if not storage:
        shutil.copytree(polled_once[0], tmp_path, dirs_exist_ok=True)
        return Editor(tmp_path, polled_once[1])
    editor = Editor(tmp_path, serve(feed_server), storage)
    editor.write()
    assert run("poll").code == 0
    assert run("group").code == 0
    return editor


def contents(folder: Path) -> dict[str, Any]:
    """Every row of the database."""
    config = load(folder / "feeds.yaml")
    secret = config.storage.database
    store = Store.open_to_read(secret.get_secret_value() if secret else sqlite_url(folder / "data"))
    with store.read() as conn:
        rows = {name: sorted(map(repr, conn.execute(select(table)))) for name, table in metadata.tables.items()}
    store.close()
    return rows


@pytest.fixture
def unchanged(editor: Editor, tmp_path: Path) -> Iterator[None]:
    """After the test, the database holds what it held before; with SQLite, its file has the same bytes."""
    file = tmp_path / "data" / "aggregator.db"
    if file.exists():
        with sqlite3.connect(file) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.close()
    rows, digest = contents(tmp_path), _hash(file)
    yield
    assert (contents(tmp_path), _hash(file)) == (rows, digest)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


@BOTH
@pytest.mark.usefixtures("unchanged")
def test_entries_won_and_lost_are_told_with_the_words_that_decide(editor: Editor, run: Run) -> None:
    ran = run(
        "plan", editor.write("new.yaml", air="[air defense, Patriot & missile]", aid='{any: [aid], not: ["first aid"]}')
    )
    assert ran.code == 0, ran.err
    out = ran.out
    assert "~ Air defense (changed): 2 -> 4 entries, 2 won, 0 lost" in out
    assert "any: + 'Patriot & missile'" in out
    assert "won by: Patriot & missile 2" in out
    assert "Patriot missiles reach Odesa (One)" in out
    assert "'Patriot & missile' 2 times in the title. Score 3.00, needed 1.00." in out
    assert "~ Aid (changed): 2 -> 0 entries, 0 won, 2 lost" in out
    assert "All that its keywords find is covered by not:." in out
    assert "Not edited, matched again only beside an edited one: Animals" in out
    assert "2 feeds stay as they are" in out


@BOTH
@pytest.mark.usefixtures("unchanged")
def test_next_edition_is_shown_before_and_after(editor: Editor, run: Run) -> None:
    name = editor.write("new.yaml", air="[Patriot]", aid="[zoo]")
    (edition,) = json.loads(run("plan", name, "--json").out)["editions"]
    before = {one["title"].split(",")[0] for one in edition["before"]["stories"]}
    after = {one["title"].split(",")[0]: one["topic"] for one in edition["after"]["stories"]}
    assert before == {TITLES[0], TITLES[2]}
    assert after == {TITLES[1]: "Air defense", TITLES[3]: "Aid"}
    assert (len(edition["enters"]), len(edition["leaves"])) == (2, 2)
    out = run("plan", name).out
    assert f"+ {TITLES[1]}" in out
    assert f"- {TITLES[0]}" in out


@pytest.mark.usefixtures("unchanged")
def test_edited_time_zone_of_the_site_is_told(editor: Editor, run: Run) -> None:
    name = editor.write("new.yaml", more="site: {timezone: Pacific/Kiritimati}")
    (edition,) = json.loads(run("plan", name, "--json").out)["editions"]
    assert edition["before"]["at"] != edition["after"]["at"]


@pytest.mark.usefixtures("unchanged")
def test_plan_says_what_group_then_does(editor: Editor, run: Run, tmp_path: Path) -> None:
    changes = {
        "air": "[Patriot]",
        "aid": "[aid, Kyiv]",
        "one_more": ", outlet: Both, priority: 3",
        "two_more": ", outlet: Both",
    }
    planned = json.loads(run("plan", editor.write("new.yaml", **changes), "--json").out)
    data = tmp_path / "copy"
    data.mkdir()
    (data / "aggregator.db").write_bytes((tmp_path / "data" / "aggregator.db").read_bytes())
    assert run("-c", "new.yaml", "-d", str(data), "group").code == 0
    for topic in planned["topics"]:
        found = json.loads(run("-c", "new.yaml", "-d", str(data), "entries", "-t", topic["name"], "--json").out)
        assert len(found) == topic["after"]
    stories = json.loads(run("-c", "new.yaml", "-d", str(data), "stories", "--json").out)
    assert all(one["outlets"] == ["Both"] for one in stories)
    assert planned["stories"]["counts"]["touched"] == len(stories)
    again = json.loads(run("-c", "new.yaml", "-d", str(data), "plan", "--json").out)
    assert again["editions"][0]["before"]["stories"] == planned["editions"][0]["after"]["stories"]
    assert [one for one in again["topics"] if one["won"]["entries"] or one["lost"]["entries"]] == []


@pytest.mark.usefixtures("unchanged")
def test_feeds_that_come_leave_or_change_are_listed(editor: Editor, run: Run) -> None:
    out = run("plan", editor.write("new.yaml", one_more=", priority: 4, paused: yes", only_one="", more="# x")).out
    assert "- Two, http://" in out.replace("\n      ", " ")
    assert "(removed, 4 entries stored)" in out
    assert "~ One, http" in out
    assert "priority: 1 -> 4" in out
    assert "paused: false -> true" in out
    assert "Topics: none is edited" in out
    assert "Air defense: 2 -> 1 entry, 0 won, 1 lost" in out
    assert "lost with: its feed leaves 1" in out
    assert "Its feed leaves feeds.yaml." in out
    added = editor.write("new.yaml", two_more="}\n  - {url: https://new.example/feed, name: Fresh")
    assert "+ Fresh, https://new.example/feed (added)" in run("plan", added).out


@pytest.mark.usefixtures("unchanged")
def test_feed_whose_address_is_changed_to_where_it_answers_is_moved(
    editor: Editor, run: Run, polled_once: tuple[Path, dict[str, str]]
) -> None:
    old = polled_once[1]["one"]
    new = old.replace("http:", "https:")
    out = run("plan", editor.write("new.yaml", one=new)).out
    plain = " ".join(out.split())
    assert f"~ One, {new} (moved, 4 entries stored)" in plain
    assert f"keeps its entries; its address changes from {old} to {new}" in plain
    assert "1 feed stays as it is" in out
    assert "(added" not in out
    assert "(removed" not in out
    assert "no entry was matched again" in out


def test_moved_feed_has_the_filters_that_it_had(
    editor: Editor, run: Run, polled_once: tuple[Path, dict[str, str]]
) -> None:
    new = polled_once[1]["one"].replace("http:", "https:")
    editor.write(one_more=", keep: [zoo, aid]")
    assert run("group").code == 0
    same = json.loads(run("plan", editor.write("new.yaml", one=new, one_more=", keep: [zoo, aid]"), "--json").out)
    assert (len(same["feeds"][0]["details"]), same["filters"]) == (1, [])
    other = json.loads(run("plan", editor.write("new.yaml", one=new, one_more=", keep: [zoo]"), "--json").out)
    assert other["feeds"][0]["kind"] == "moved"
    assert other["feeds"][0]["details"][1:] == ["keep: - 'aid'"]
    assert [(one["feed"], one["refused"]) for one in other["filters"]] == [("One", 3)]


@BOTH
def test_feed_that_comes_back_brings_its_entries(editor: Editor, run: Run) -> None:
    editor.write(only_one="", air="[air defense, defence]")
    assert run("group").code == 0
    out = run("plan", editor.write("new.yaml", air="[air defense, defence]")).out
    assert "its stored entries come back" in out
    assert "Air defense: 1 -> 2 entries, 1 won, 0 lost" in out
    assert "won by: its feed is back 1" in out


@pytest.mark.usefixtures("unchanged")
def test_what_keep_and_drop_would_leave_out_is_shown_on_what_is_stored(editor: Editor, run: Run) -> None:
    out = run(
        "plan", editor.write("new.yaml", one_more=", keep: [zoo, aid]", two_more=", drop: [mayor]"), "-n", "1"
    ).out
    assert "One: 2 of 4 stored entries would be left out if they came now" in out
    assert "Left out: nothing of keep: matches." in out
    assert "Two: 4 of 4 stored entries would be left out" in out
    assert "Left out: 'mayor' of drop: is in the title." in out
    assert "and 3 more" in out


@pytest.mark.usefixtures("unchanged")
def test_edited_file_in_use_is_what_is_tried_when_none_is_named(editor: Editor, run: Run) -> None:
    assert "Topics: none is edited, so no entry was matched again" in run("plan").out
    editor.write(air="[air defense, Patriot]", digest="[Animals]", two_more=", priority: 2")
    out = run("plan").out
    assert "~ Air defense (changed): 2 -> 4 entries" in out
    assert "priority: 1 -> 2" in out
    assert "A quiet day at the zoo" in out
    editor.write()


@pytest.mark.usefixtures("unchanged")
def test_topics_and_digests_that_come_and_go_are_named(editor: Editor, run: Run, tmp_path: Path) -> None:
    path = tmp_path / editor.write("new.yaml")
    path.write_text(path.read_text().replace("Animals: [zoo]", "Odesa: [Odesa]").replace("  Daily:", "  Weekly:"))
    out = run("plan", "new.yaml").out
    assert "+ Odesa (added): 0 -> 2 entries, 2 won, 0 lost" in out
    assert "- Animals (removed): 2 -> 0 entries, 0 won, 2 lost" in out
    assert "lost with: the topic is gone 2" in out
    assert "would no longer be made; it had" in out
    assert "a new digest: 2 stories" in out


@pytest.mark.usefixtures("unchanged")
def test_older_entries_are_left_out_of_the_count_not_of_the_digest(editor: Editor, run: Run) -> None:
    name = editor.write("new.yaml", air="[Patriot]")
    whole = json.loads(run("plan", name, "--json").out)
    short = json.loads(run("plan", name, "--days", "1", "--json").out)
    assert whole["entries"] == 8
    assert short["since"] is not None
    assert short["entries"] in {0, 8}  # the feeds' entries are of 22 November 2026
    assert short["editions"] == whole["editions"]


@pytest.mark.usefixtures("unchanged")
def test_broken_file_lists_its_faults_as_check_does(editor: Editor, run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("feeds: [https://a.example/]\ntopcis: {}\ndigests: {D: {at: '25:00'}}\n")
    ran = run("plan", "bad.yaml")
    assert ran.code == 2
    assert ran.err.splitlines() == run("-c", "bad.yaml", "check", "--offline").err.splitlines()
    assert "bad.yaml:2:1: unknown key topcis: did you mean topics?" in ran.err


def test_without_a_database_a_sentence_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds: [https://a.example/]\n")
    ran = run("plan")
    assert ran.code == 1
    assert "nothing is stored yet" in ran.err
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("unchanged")
def test_every_line_fits_a_terminal(editor: Editor, run: Run) -> None:
    out = run("plan", editor.write("new.yaml", air="[Patriot, zoo, aid, Kyiv]", aid="[Odesa]")).out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.usefixtures("unchanged")
def test_keys_in_addresses_are_not_shown(editor: Editor, run: Run) -> None:
    secret = "}\n  - {url: 'https://new.example/feed?key=sesame'"
    name = editor.write(
        "new.yaml",
        two_more=secret,
        air='{any: [air defense], feeds: ["https://new.example/feed?key=sesame"]}',
    )
    for out in (run("plan", name).out, run("plan", name, "--json").out):
        assert "new.example/feed" in out
        assert "sesame" not in out
