"""`aggregator demo --once`, as a newcomer runs it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from aggregator.config.load import load
from aggregator.publish.check import count_items, faults, is_feed

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Demo:
    """What the demo left in its folder, and how to ask it."""

    cwd: Path
    said: str

    @property
    def folder(self) -> Path:
        return self.cwd / "data" / "demo"

    def ask(self, *arguments: str) -> Any:
        """What a command prints about it with --json."""
        return json.loads(aggregator(self.cwd, "-c", "data/demo/feeds.yaml", "-d", "data/demo", *arguments, "--json"))


def aggregator(cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """After the second of two runs: the demo can be repeated."""
    cwd = tmp_path_factory.mktemp("demo")
    aggregator(cwd, "demo", "--once")
    return Demo(cwd, aggregator(cwd, "demo", "--once"))


def test_it_says_what_each_stage_did_and_where_to_look(demo: Demo) -> None:
    first, second = (line for line in demo.said.splitlines() if line.startswith("poll "))
    assert "8 fetched" in first
    assert "1 failed" in first
    assert "1 new entry, 3 edited" in second
    for stage in ("group ", "digest ", "publish ", "Feeds and pages:", "The digest:"):
        assert any(line.startswith(stage) for line in demo.said.splitlines())


def test_broken_outlet_is_named_with_its_reason(demo: Demo) -> None:
    assert "old-mill-gazette.rss: Got an HTML page titled “The Old Mill Gazette is moving”" in demo.said


def test_every_published_feed_is_valid_and_holds_something(demo: Demo) -> None:
    public = demo.folder / "public"
    config = load(demo.folder / "feeds.yaml")
    paths = [str(path.relative_to(public)) for path in sorted(public.rglob("*")) if is_feed(path.name)]
    assert len(paths) == 3 * (2 + len(config.topics) + len(config.digests))
    for path in paths:
        body = (public / path).read_bytes()
        assert faults(path, body, f"{config.site.url}/{path}") == []
        assert count_items(path, body) > 0, path


def test_pages_of_every_kind_are_there(demo: Demo) -> None:
    public = demo.folder / "public"
    for page in ("index.html", "sources/index.html", "editions/index.html", "topics/air-defense/index.html"):
        assert (public / page).is_file()
    assert list(public.glob("stories/*/index.html"))
    assert list(public.glob("editions/*/*/index.html"))


def test_digest_is_there_in_three_forms_and_in_the_outbox(demo: Demo) -> None:
    digest = demo.folder / "digest"
    assert {path.name for path in digest.iterdir()} == {"digest.html", "digest.txt", "digest.eml"}
    (sent,) = (demo.folder / "outbox").glob("*.eml")
    for path in (digest / "digest.eml", sent):
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        assert mail["Subject"]
        assert mail.get_body(("plain",)) is not None
        assert mail.get_body(("html",)) is not None


def test_every_topic_takes_something_and_none_takes_everything(demo: Demo) -> None:
    stored = demo.ask("entries")
    for topic in load(demo.folder / "feeds.yaml").topics:
        taken = [one for one in stored if topic in {match["name"] for match in one["topics"]}]
        assert 3 <= len(taken) < len(stored) / 2, topic


def test_topics_find_their_entries_in_several_languages(demo: Demo) -> None:
    languages = {one["language"][:2] for one in demo.ask("entries", "--topic", "Air defense")}
    assert {"en", "de", "uk"} <= languages


def test_wire_text_carried_three_times_is_one_story_with_one_origin(demo: Demo) -> None:
    entries = {one["id"]: one for one in demo.ask("entries")}
    (wire,) = (one for one in entries.values() if "harbor-wire" in one["feed"] and "Poltava" in one["title"])
    (story,) = (one for one in demo.ask("stories") if wire["id"] in one["entries"])
    assert len(story["outlets"]) >= 3
    assert len(story["entries"]) - story["origins"] >= 2, "two of them are copies"


def test_events_are_told_by_several_outlets(demo: Demo) -> None:
    assert sum(len(story["outlets"]) >= 3 for story in demo.ask("stories")) >= 5
