"""The whole stage: a store in, a folder of files out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from sqlalchemy import delete, update

from aggregator.config.models import Config
from aggregator.errors import ConfigError, PublishError
from aggregator.model import EditionState
from aggregator.publish.check import faults
from aggregator.publish.feeds import render
from aggregator.publish.files import LOCK, MANIFEST
from aggregator.publish.fragments import Fragments
from aggregator.publish.publisher import PublishReport, publish
from aggregator.store.database import Store
from aggregator.store.tables import entries, feeds
from tests.publish.stored import CONFIG, NOW, fill, freeze_edition, gather

FORMS = ("atom", "rss", "json")


def files(out: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return {path: body for path, body in found.items() if path not in (MANIFEST, LOCK)}


def titles(out: Path, path: str) -> list[str]:
    if path.endswith(".json"):
        return [item["title"] for item in json.loads((out / path).read_bytes())["items"]]
    return [entry.title for entry in feedparser.parse((out / path).read_bytes()).entries]


def changed(config: Config, **sections: dict[str, Any]) -> Config:
    return config.model_copy(
        update={name: getattr(config, name).model_copy(update=values) for name, values in sections.items()}
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_everything_is_published_and_valid(store: Store, out: Path) -> None:
    fill(store, range(1, 6))
    fill(store, [6], feed_id=2)
    gather(store, [1, 6])
    freeze_edition(store)
    report = publish(store, CONFIG, out, NOW)
    found = files(out)
    expected = {f"feed.{form}" for form in FORMS} | {f"stories.{form}" for form in FORMS}
    expected |= {f"topics/air-defense/feed.{form}" for form in FORMS}
    expected |= {f"topics/протиповітряна-оборона/feed.{form}" for form in FORMS}
    expected |= {"sources.opml", "feed.css", "index.html", "topics/air-defense/index.html", "sources/index.html"}
    expected |= {"stories/0000000000000001/index.html", "editions/morning-briefing/2026-11-22/index.html"}
    assert expected <= set(found)
    assert (report.files, report.written, report.unchanged) == (len(found), len(found), 0)
    assert report.refused == ()
    assert report.seconds > 0
    for path in found:
        if path.endswith(FORMS):
            url = f"https://news.example.org/{path}".replace(
                "протиповітряна-оборона",
                "%D0%BF%D1%80%D0%BE%D1%82%D0%B8%D0%BF%D0%BE%D0%B2%D1%96%D1%82%D1%80%D1%8F%D0%BD%D0%B0-%D0%BE%D0%B1%D0%BE%D1%80%D0%BE%D0%BD%D0%B0",
            )
            assert faults(path, found[path], url) == []
    assert titles(out, "feed.atom") == [f"Patriots for Kyiv {number}" for number in range(1, 7)]
    assert titles(out, "topics/air-defense/feed.rss") == [f"Patriots for Kyiv {number}" for number in (1, 3, 5)]
    assert titles(out, "stories.json") == ["Patriots arrive"]
    names = [outline.get("text") for outline in etree.fromstring(found["sources.opml"]).iter("outline")]
    assert names == ["Outlet B", "Outlet A"], "in the order of feeds.yaml"


def test_publishing_unchanged_data_again_writes_nothing_with_and_without_fragments(
    sqlite_store: Store, out: Path
) -> None:
    fill(sqlite_store, range(1, 6))
    gather(sqlite_store, [1, 2])
    kept = Fragments()
    publish(sqlite_store, CONFIG, out, NOW, kept)
    first = files(out)
    for fragments in (kept, None):
        report = publish(sqlite_store, CONFIG, out, NOW + timedelta(hours=3), fragments)
        assert (report.written, report.unchanged, report.removed) == (0, len(first), 0)
    publish(sqlite_store, CONFIG, out.parent / "elsewhere", NOW + timedelta(hours=5))
    assert files(out.parent / "elsewhere") == first


@pytest.mark.parametrize("fragments", [None, Fragments()], ids=["without", "with"])
def test_polls_that_brought_nothing_change_no_byte(sqlite_store: Store, out: Path, fragments: Fragments | None) -> None:
    fill(sqlite_store, range(1, 4))
    gather(sqlite_store, [1, 2])
    publish(sqlite_store, CONFIG, out, NOW, fragments)
    with sqlite_store.write() as conn:
        polled = {"last_polled_at": NOW, "last_success_at": NOW, "next_poll_at": NOW, "etag": '"x"', "failures": 0}
        conn.execute(update(feeds).values(polled))
    assert publish(sqlite_store, CONFIG, out, NOW, fragments).written == 0


def test_state_of_a_source_changes_the_sources_page_alone(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, range(1, 4))
    gather(sqlite_store, [1, 2])
    publish(sqlite_store, CONFIG, out, NOW)
    before = files(out)
    with sqlite_store.write() as conn:
        failing = {
            "state": "failing",
            "state_reason": "503",
            "state_since": NOW,
            "entries": 99,
            "last_new_entry_at": NOW,
        }
        conn.execute(update(feeds).values(failing))
    publish(sqlite_store, CONFIG, out, NOW)
    assert {path for path, body in files(out).items() if body != before[path]} == {"sources/index.html"}


def test_file_that_somebody_changed_or_removed_is_restored(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, range(1, 4))
    gather(sqlite_store, [1, 2])
    kept = Fragments()
    publish(sqlite_store, CONFIG, out, NOW, kept)
    before = files(out)
    (out / "feed.rss").write_text("spoilt")
    (out / "topics/air-defense/index.html").unlink()
    assert publish(sqlite_store, CONFIG, out, NOW, kept).written == 2
    assert files(out) == before


def test_every_step_of_a_long_run_gives_the_bytes_of_a_fresh_start(sqlite_store: Store, out: Path) -> None:
    kept = Fragments()
    steps: list[Callable[[], object]] = [
        lambda: fill(sqlite_store, [4, 5, 6, 7]),
        lambda: gather(sqlite_store, [1, 2]),
        lambda: fill(sqlite_store, [3]),
        lambda: retitle(sqlite_store, 2, "Corrected 5"),
        lambda: gather(sqlite_store, [3, 5], "Another story"),
        lambda: rename_feed(sqlite_store, "Outlet renamed"),
        lambda: remove(sqlite_store, 4),
    ]
    for number, step in enumerate(steps):
        step()
        publish(sqlite_store, CONFIG, out, NOW, kept)
        fresh = out.parent / f"fresh {number}"
        publish(sqlite_store, CONFIG, fresh, NOW)
        assert files(out) == files(fresh), number


def retitle(store: Store, entry_id: int, title: str) -> None:
    with store.write() as conn:
        conn.execute(update(entries).where(entries.c.id == entry_id).values(title=title, revision=2, edited_at=NOW))


def rename_feed(store: Store, name: str) -> None:
    with store.write() as conn:
        conn.execute(update(feeds).where(feeds.c.id == 1).values(given_name=name))


def remove(store: Store, entry_id: int) -> None:
    with store.write() as conn:
        conn.execute(delete(entries).where(entries.c.id == entry_id))


def test_new_entry_comes_first_and_leaves_other_topics_alone(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, [3, 5])
    publish(sqlite_store, CONFIG, out, NOW)
    air_defense = (out / "topics/air-defense/feed.atom").read_bytes()
    fill(sqlite_store, [2])
    publish(sqlite_store, CONFIG, out, NOW)
    assert titles(out, "feed.json") == ["Patriots for Kyiv 2", "Patriots for Kyiv 3", "Patriots for Kyiv 5"]
    assert (out / "topics/air-defense/feed.atom").read_bytes() == air_defense


def test_feeds_hold_as_many_entries_as_configured_and_none_that_is_too_old(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, [1, 2, 3, 4, 60, 120])
    few = changed(CONFIG, publish={"entries": 2})
    publish(sqlite_store, few, out, NOW)
    assert titles(out, "feed.atom") == ["Patriots for Kyiv 1", "Patriots for Kyiv 2"]
    young = changed(CONFIG, publish={"max_age": timedelta(minutes=30)})
    publish(sqlite_store, young, out, NOW)
    assert titles(out, "feed.atom") == [f"Patriots for Kyiv {number}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("form", FORMS)
def test_feed_that_would_become_empty_stays_as_it_was(sqlite_store: Store, out: Path, form: str) -> None:
    fill(sqlite_store, [1])
    publish(sqlite_store, CONFIG, out, NOW)
    before = (out / f"feed.{form}").read_bytes()
    with sqlite_store.write() as conn:
        conn.execute(delete(entries))
    report = publish(sqlite_store, CONFIG, out, NOW)
    assert (out / f"feed.{form}").read_bytes() == before
    reasons = dict(report.kept)
    assert report.refused == ()
    assert reasons[f"feed.{form}"] == f"feed.{form} was left as it is, since it would have become empty"
    assert f"stories.{form}" not in reasons, "it never had an entry"


def test_invalid_feed_is_refused_and_the_last_good_one_stays(
    sqlite_store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, [1])
    publish(sqlite_store, CONFIG, out, NOW)
    before = files(out)
    fill(sqlite_store, [2])

    def broken(feed: Any, fragments: Fragments) -> list[tuple[str, bytes]]:
        return [(path, body[:-20]) for path, body in render(feed, fragments)]

    monkeypatch.setattr("aggregator.publish.publisher.render", broken)
    report = publish(sqlite_store, CONFIG, out, NOW)
    assert files(out)["feed.atom"] == before["feed.atom"]
    assert {path for path, _ in report.refused} >= {"feed.atom", "feed.rss", "feed.json"}
    assert all("the last good one stays" in reason for path, reason in report.refused if path.startswith("feed"))
    monkeypatch.undo()
    publish(sqlite_store, CONFIG, out, NOW)
    assert len(titles(out, "feed.atom")) == 2


def test_removed_topic_takes_its_files_along_but_not_what_the_editor_put_there(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, [1])
    publish(sqlite_store, CONFIG, out, NOW)
    (out / "CNAME").write_text("news.example.org")
    report = publish(sqlite_store, CONFIG.model_copy(update={"topics": {}}), out, NOW)
    assert report.removed == 8
    assert not (out / "topics").exists()
    assert (out / "CNAME").exists()


def test_topic_and_digest_with_hostile_names_stay_inside_the_folder(sqlite_store: Store, tmp_path: Path) -> None:
    topics = {name: {"any": ["x"]} for name in ("../../x", "CON", "x", "a/b")}
    config = Config.model_validate({"feeds": [{"url": "https://a.example/rss"}], "topics": topics})
    fill(sqlite_store, [1], config=config)
    freeze_edition(sqlite_store, "../../evil")
    before = set(tmp_path.rglob("*"))
    out = tmp_path / "deep" / "out"
    publish(sqlite_store, config, out, NOW)
    assert [path for path in set(tmp_path.rglob("*")) - before if path.is_file() and out not in path.parents] == []
    assert {path.name.partition("-")[0] for path in (out / "topics").iterdir()} == {"x", "con", "a"}
    assert (out / "editions/evil/2026-11-22/index.html").exists()


def test_empty_edition_has_no_page(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, [1])
    freeze_edition(sqlite_store, state=EditionState.EMPTY)
    publish(sqlite_store, CONFIG, out, NOW)
    assert not (out / "editions/morning-briefing/2026-11-22").exists()


def test_entries_of_a_feed_that_left_the_configuration_are_not_published(sqlite_store: Store, out: Path) -> None:
    fill(sqlite_store, [1], feed_id=1)
    fill(sqlite_store, [2], feed_id=2)
    gather(sqlite_store, [1, 2])
    fewer = CONFIG.model_copy(update={"feeds": CONFIG.feeds[:1]})
    fill(sqlite_store, [], config=fewer)
    publish(sqlite_store, fewer, out, NOW)
    assert titles(out, "feed.rss") == ["Patriots for Kyiv 1"]
    assert b"https://a.example/2" not in (out / "stories.atom").read_bytes()


def test_publishing_into_nothing_yet_gives_valid_empty_feeds(sqlite_store: Store, out: Path) -> None:
    report = publish(sqlite_store, CONFIG, out, NOW)
    assert report.refused == ()
    assert titles(out, "feed.atom") == []
    assert isinstance(report, PublishReport)


def test_fault_in_a_template_of_the_users_is_a_config_error_and_feeds_are_there(
    sqlite_store: Store, tmp_path: Path
) -> None:
    fill(sqlite_store, [1])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/index.html").write_text("{{ nothing.there }}")
    with pytest.raises(ConfigError, match=r"index\.html:1"):
        publish(sqlite_store, CONFIG.model_copy(update={"templates": tmp_path / "mine"}), tmp_path / "out", NOW)
    assert titles(tmp_path / "out", "feed.atom") == ["Patriots for Kyiv 1"]


def test_folder_that_cannot_be_made_is_a_publish_error(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PublishError, match="can't write"):
        publish(sqlite_store, CONFIG, tmp_path / "out", NOW)
