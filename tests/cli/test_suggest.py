"""`aggregator suggest`: words that topics lack, topics that stories lack, as lines that load."""

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.cli.suggest import scalar
from aggregator.config.load import load, parse
from aggregator.config.tree import read_tree
from aggregator.group.grouper import group
from aggregator.model import EntryContent, identity_hash
from aggregator.store import entries, feeds
from aggregator.store.database import Store, sqlite_url
from aggregator.store.entries import Arrivals, NewEntry
from tests.cli.conftest import Run

NOW = datetime.now(UTC).replace(microsecond=0)
OUTLETS = ("Daily Lantern", "Harbour Post", "Northern Echo")
PLACES = [
    "Odesa",
    "Lviv",
    "Dnipro",
    "Sumy",
    "Poltava",
    "Kherson",
    "Izmail",
    "Chernihiv",
    "Uman",
    "Bucha",
    "Irpin",
    "Rivne",
]
THINGS = [
    "bakery",
    "orchestra",
    "library",
    "bridge",
    "museum",
    "school",
    "stadium",
    "theatre",
    "market",
    "hospital",
    "garden",
    "tram",
]
FILE = """
feeds:
  - {url: "https://lantern.example/", name: Daily Lantern}
  - {url: "https://harbour.example/", name: Harbour Post}
  - {url: "https://echo.example/", name: Northern Echo}
topics:
  Air defense: [air defense]
  Aid: [aid pledge]
"""


BOTH = pytest.mark.parametrize("folder", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with feeds.yaml; PostgreSQL's address stands in it."""
    more = ""
    if getattr(request, "param", "sqlite") == "postgresql":
        more = f"storage: {{database: '{request.getfixturevalue('postgresql_url')}'}}\n"
    (tmp_path / "feeds.yaml").write_text(FILE + more, encoding="utf-8")
    return tmp_path


def news() -> list[tuple[str, str]]:
    """Reports on air defense that speak of Skynex, other ones, and one event that three outlets tell."""
    air = [
        (
            f"{place} gets air defence for its {thing}",
            f"Crews in {place} set up Skynex guns near the {thing}. Read more.",
        )
        for place, thing in zip(PLACES, THINGS, strict=True)
    ]
    other = [
        (f"{place} opens a {thing}", f"The mayor of {place} cut a ribbon at the {thing}. Read more.")
        for place, thing in zip(PLACES, reversed(THINGS), strict=True)
    ]
    also = [("Skynex guns leave the factory", "A maker shows Skynex guns at a fair in Rostock.")]
    event = [
        ("Volcano Katla erupts in Iceland", "Ash from Katla closed the airport of Reykjavik on Friday."),
        ("Iceland: Katla erupts, airport closed", "The volcano Katla sent ash over Reykjavik and its airport."),
        ("Ash of Katla closes Reykjavik airport", "Iceland's volcano erupts for the first time in a century."),
    ]
    return [*air, *other, *also, *event]


def fill(folder: Path, found: list[tuple[str, str]]) -> None:
    config = load(folder / "feeds.yaml")
    secret = config.storage.database
    store = Store.open(secret.get_secret_value() if secret else sqlite_url(folder / "data"))
    with store.write() as conn:
        feeds.sync(conn, config.feeds)
    for number, (title, text) in enumerate(found):
        at = NOW - timedelta(minutes=len(found) - number)
        content = EntryContent(title=title, text=text, language="en", url=f"https://a.example/{number}")
        new = NewEntry(str(number), identity_hash(str(number)), 0, at, content)
        with store.write() as conn:
            entries.insert_new(conn, [Arrivals(number % 3 + 1, [new], at)])
    group(store, config, NOW)
    store.close()
    if not secret:
        with closing(sqlite3.connect(folder / "data" / "aggregator.db")) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@BOTH
def test_lines_load_where_they_are_pasted_and_hold_the_evidence(folder: Path, run: Run) -> None:
    fill(folder, news())
    file = folder / "data" / "aggregator.db"
    before = hashlib.sha256(file.read_bytes()).digest() if file.exists() else b""
    ran = run("suggest")
    assert ran.code == 0, ran.err
    assert (hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"") == before
    root: Any = read_tree(ran.out.encode(), {}).root
    topics = root["topics"]
    assert "Skynex" in topics["Air defense"]
    (name,) = topics.keys() - {"Air defense", "Aid"}
    assert "Katla" in {name, *topics[name]}
    assert "# in 12 of its 12 entries, in 1 of 16 others (en);" in ran.out
    assert "# would win 1 entry, 1 of which no topic has" in ran.out
    assert "3 outlets, 3 origins:\n    #   Volcano Katla erupts in Iceland" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "# Aid: 0 entries, too few to tell what goes with it" in ran.out
    pasted = parse(f"feeds: [https://a.example/]\n{ran.out}".encode(), Path("feeds.yaml"))
    assert list(pasted.topics) == ["Air defense", name]
    assert run("suggest").out == ran.out


def test_no_boilerplate_no_outlet_and_no_date_is_suggested(folder: Path, run: Run) -> None:
    titles = [(title, f"{text} The Harbour Post reports. Subscribe on Monday.") for title, text in news()]
    fill(folder, titles)
    found = json.loads(run("suggest", "--json").out)
    words = {word["keyword"] for topic in found["topics"] for word in topic["keywords"]}
    words |= {keyword for topic in found["new"] for keyword in topic["keywords"]}
    assert any("Skynex" in word for word in words)
    said = " ".join(words).casefold()
    assert not any(empty in said for empty in ("read", "subscribe", "harbour", "post", "monday", "friday"))


@pytest.mark.parametrize(
    ("said", "whole", "halves"),
    [
        ("a firm of New York", "New York", {"York", "New"}),
        ("sailors of the Strait of Hormuz", "Strait of Hormuz", {"Strait", "Hormuz"}),
        ("the envoy of Xi Jinping", "Xi Jinping", {"Jinping", "Xi"}),
    ],
)
def test_names_are_suggested_whole(folder: Path, run: Run, said: str, whole: str, halves: set[str]) -> None:
    fill(folder, [(title, text.replace("set up", f"and {said} set up")) for title, text in news()])
    found = json.loads(run("suggest", "--json").out)
    words = {word["keyword"] for topic in found["topics"] for word in topic["keywords"]}
    assert whole in words
    assert not halves & words


def test_other_half_of_a_name_that_a_keyword_finds_is_not_suggested(folder: Path, run: Run) -> None:
    file = folder / "feeds.yaml"
    file.write_text(file.read_text().replace("[air defense]", "[air defense, Zelensky]"), encoding="utf-8")
    fill(folder, [(title, text.replace("set up", "and Volodymyr Zelensky set up")) for title, text in news()])
    found = json.loads(run("suggest", "--json").out)
    words = " ".join(word["keyword"] for topic in found["topics"] for word in topic["keywords"])
    assert "Skynex" in words
    assert "Volodymyr" not in words


def test_what_a_keyword_would_win_is_what_plan_says(folder: Path, run: Run) -> None:
    fill(folder, news())
    found = json.loads(run("suggest", "--json").out)
    (topic,) = [one for one in found["topics"] if one["keywords"]]
    (word,) = [one for one in topic["keywords"] if one["keyword"] == "Skynex"]
    text = (folder / "feeds.yaml").read_text().replace("[air defense]", f"[air defense, {word['keyword']}]")
    (folder / "new.yaml").write_text(text)
    (planned,) = [
        one for one in json.loads(run("plan", "new.yaml", "--json").out)["topics"] if one["kind"] == "changed"
    ]
    assert planned["won"]["entries"] == word["wins"] == 1


def test_too_little_data_is_said(folder: Path, run: Run) -> None:
    fill(folder, news()[:3])
    ran = run("suggest")
    assert ran.code == 0
    assert "# Air defense: 3 entries, too few to tell what goes with it" in ran.out
    assert "# No story of several outlets is without a topic" in ran.out
    assert all(line.startswith("#") for line in ran.out.splitlines())


@pytest.mark.parametrize("text", ["No", "on", "2024", "T-72", "a: b", "x #y", "'q", '"', "AT&T", "Skynex guns", "Київ"])
def test_any_keyword_is_text_to_a_yaml_reader(text: str) -> None:
    assert read_tree(f"- {scalar(text)}\n".encode(), {}).root == [text]


@pytest.mark.parametrize("command", ["suggest", "plan"])
def test_more_days_than_there_ever_were_are_a_usage_error(run: Run, command: str) -> None:
    assert run(command, "--days", "99999999").code == 2
