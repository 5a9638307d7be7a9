"""The pages and answers that are made while the program runs."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Text, insert, update

from aggregator import clock, templating
from aggregator.config.models import Config
from aggregator.model import FeedState
from aggregator.publish.pages import page_units
from aggregator.store import health, websub
from aggregator.store.database import Store
from aggregator.store.tables import feeds, stories
from aggregator.store.types import UTCTime
from aggregator.web import app, pages
from aggregator.web.app import create_app
from tests.web import sample
from tests.web.client import Client, serving
from tests.web.conftest import CONFIG, publish_sample, write

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def set_feed(store: Store, feed: str, **values: Any) -> None:
    with store.write() as conn:
        conn.execute(update(feeds).where(feeds.c.url == feed).values(**values))


def add_story(store: Store, id_: int, key: str, merged_into: int | None = None) -> None:
    """A row with nothing in it but what a redirect needs."""
    row = {column.name: _blank(column, id_) for column in stories.c if not column.nullable}
    with store.write() as conn:
        conn.execute(insert(stories), row | {"id": id_, "key": key, "merged_into": merged_into})


def _blank(column: Column[Any], number: int) -> object:
    blanks: dict[type, object] = {UTCTime: NOW, Text: "", JSON: [], Boolean: False}
    return blanks.get(type(column.type), number)


def test_sources_page_tells_each_feeds_health_in_words(client: Client, site_store: Store) -> None:
    good, bad, held = (source.url for source in sample.SOURCES[:3])
    set_feed(
        site_store,
        good,
        state=FeedState.OK,
        state_reason="answers every 15 minutes",
        last_polled_at=NOW,
        next_poll_at=NOW + timedelta(minutes=15),
        next_poll_reason="its entries come about every 15 minutes",
    )
    set_feed(site_store, bad, state=FeedState.FAILING, state_reason="404 Not Found", failures=7, dropped=12)
    later = {
        "next_poll_at": NOW + timedelta(hours=1),
        "next_poll_reason": "404 Not Found, 7 times in a row; tried again after 1 h",
    }
    set_feed(site_store, bad, **later)
    set_feed(site_store, held, paused=True)
    text = client.get("/sources/").text
    assert "14 feeds, of which 1 needs attention" in text
    assert text.index("404 Not Found") < text.index("Answers every 15 minutes")
    assert "its entries come about every 15 minutes" in text
    assert text.count("404 Not Found") == 1 and "– tried again after 1 h</dd>" in text
    assert re.search(r"Failures in a row</dt><dd>7<", text)
    assert re.search(r"Entries dropped by a limit</dt><dd>12<", text)
    assert "Paused by the editor" in text
    assert "Not polled yet" in text


def test_sources_page_tells_how_a_feed_stands_with_its_hub(client: Client, site_store: Store) -> None:
    with site_store.write() as conn:
        websub.set_offers(conn, 1, [], [websub.Offer("https://hub.example/?token=x", "https://a.example/")], NOW)
        (one,) = websub.of_feeds(conn, [1])[1]
        websub.asked(conn, one, "https://news.example.org", NOW, NOW)
        websub.explain(conn, one, "can't subscribe: hub.example refuses us (403)")
    text = client.get("/sources/").text
    assert "<dt>Hub</dt><dd>hub.example: can&#39;t subscribe: hub.example refuses us (403)</dd>" in text


def test_sources_page_never_shows_a_feeds_password(site_store: Store, published: Path) -> None:
    secret = "https://user:hunter2@feeds1.example.net/news.xml"
    set_feed(site_store, sample.SOURCES[0].url, url=secret, site_url="https://a:hunter2@example.net/")
    with serving(create_app(site_store, lambda: CONFIG, published)) as client:
        text = client.get("/sources/").text
    assert "hunter2" not in text
    assert 'href="https://feeds1.example.net/news.xml"' in text


def test_sources_page_is_made_once_for_all_who_ask_within_seconds(client: Client, site_store: Store) -> None:
    first = client.get("/sources/")
    set_feed(site_store, sample.SOURCES[0].url, state=FeedState.GONE)
    assert client.get("/sources/").text == first.text


@pytest.mark.parametrize("path", ["/", "/feed.atom", "/topics/air-defense/"])
def test_before_the_first_publish_a_page_says_so_and_loads_itself_again(
    site_store: Store, tmp_path: Path, path: str
) -> None:
    with serving(create_app(site_store, lambda: CONFIG, tmp_path / "out")) as client:
        answer = client.get(path)
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["cache-control"] == "no-store"
        assert "The first poll is under way" in answer.text
        assert '<meta http-equiv="refresh" content="5">' in answer.text
        publish_sample(tmp_path / "out")
        assert client.get(path).status == 200


def test_unknown_page_is_404_in_the_sites_looks_and_echoes_nothing(client: Client) -> None:
    answer = client.get("/%3Cscript%3Ealert(1)%3C/script%3E?q=<script>evil", {"Referer": "http://evil.example/"})
    assert answer.status == 404
    assert "There is nothing at this address" in answer.text
    assert "evil" not in answer.text
    assert "alert" not in answer.text
    assert "<script" not in answer.text
    assert 'href="/style.css?v=' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_links_of_an_error_page_start_with_the_path_of_the_sites_address(site_store: Store, published: Path) -> None:
    config = CONFIG.model_copy(update={"site": sample.SITE.model_copy(update={"url": "https://example.org/news"})})
    with serving(create_app(site_store, lambda: config, published)) as client:
        assert 'href="/news/style.css?v=' in client.get("/deep/in/the/site").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/sources/", "/healthz"])
def test_other_methods_are_refused_with_those_that_are_allowed(client: Client, method: str, path: str) -> None:
    answer = client.get(path, method=method)
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_merged_story_redirects_to_the_one_it_went_into(client: Client, site_store: Store) -> None:
    add_story(site_store, 1, "a" * 16, merged_into=2)
    add_story(site_store, 2, "b" * 16, merged_into=3)
    add_story(site_store, 3, "c" * 16)
    ends = "c" * 16
    for path, location in ((f"/stories/{'a' * 16}/", f"../{ends}/"), (f"/stories/{'b' * 16}", f"./{ends}/")):
        answer = client.get(path)
        assert (answer.status, answer.headers["location"]) == (308, location)
    assert client.get(f"/stories/{'c' * 16}/").status == 404
    assert client.get(f"/stories/{'d' * 16}/").status == 404


def test_page_at_a_merged_storys_address_is_a_redirect_where_a_server_can_send_one(
    site_store: Store, tmp_path: Path
) -> None:
    view = sample.sample()
    story, path = view.stories[0], f"stories/{'e' * 16}/"
    for unit in page_units(replace(view, moved={path: story}), templating.environment(None)):
        for name, body in unit.render():
            write(tmp_path, name, body)
    with serving(create_app(site_store, lambda: CONFIG, tmp_path)) as client:
        answer = client.get(f"/{path}")
        assert (answer.status, answer.headers["location"], answer.body) == (308, f"../{story.story.key}/", b"")
        assert client.get(f"/stories/{story.story.key}/").status == 200


def test_faulty_template_of_the_user_leaves_the_words_of_a_page(
    site_store: Store, published: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "base.html").write_text("{{ nothing.here }}", encoding="utf-8")
    config = CONFIG.model_copy(update={"templates": tmp_path})
    with serving(create_app(site_store, lambda: config, published)) as client:
        answer = client.get("/nothing")
        assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert "The article may have aged out" in answer.text
        assert client.get("/").status == 200
    assert "base.html:1:1: 'nothing' is undefined" in caplog.text


def test_fault_of_the_program_is_a_500_page_without_details(
    site_store: Store, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("the secret")

    monkeypatch.setattr(pages, "sources", broken)
    with serving(create_app(site_store, lambda: CONFIG, published)) as client:
        answer = client.get("/sources/")
        assert answer.status == 500
        assert "The fault is ours" in answer.text
        assert "secret" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get("/").status == 200


@contextmanager
def app_started(
    monkeypatch: pytest.MonkeyPatch, store: Store, out: Path, ago: timedelta, config: Config = CONFIG
) -> Iterator[Client]:
    """The application as if it had been started `ago` before now."""
    real = clock.utc_now
    monkeypatch.setattr(clock, "utc_now", lambda: real() - ago)
    app = create_app(store, lambda: config, out, lambda: ["feeds.yaml:3:1: a slip"])
    monkeypatch.setattr(clock, "utc_now", real)
    with serving(app) as client:
        yield client


def test_healthz_is_ok_with_its_numbers(monkeypatch: pytest.MonkeyPatch, site_store: Store, published: Path) -> None:
    with app_started(monkeypatch, site_store, published, timedelta(minutes=1)) as client:
        answer = client.get("/healthz")
        said = json.loads(answer.body)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert said["status"] == said["database"] == "ok"
    assert said["problems"] == []
    assert said["warnings"] == ["feeds.yaml:3:1: a slip"]
    assert said["due"] == len(sample.SOURCES)
    assert 50 < said["due_for_seconds"] < 600
    assert said["feeds"] == {"new": len(sample.SOURCES)}
    assert said["last_poll"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["last_publish"])


def test_healthz_fails_when_polling_has_stopped_or_nothing_is_published(
    monkeypatch: pytest.MonkeyPatch, site_store: Store, tmp_path: Path
) -> None:
    with app_started(monkeypatch, site_store, tmp_path, timedelta(hours=2)) as client:
        answer = client.get("/healthz")
    assert answer.status == 503
    said = json.loads(answer.body)
    assert said["status"] == "failing"
    assert re.match(r"Polling has stopped: a feed has been due for 1[12]\d minutes\.", said["problems"][0])
    assert said["problems"][1] == "Nothing has been published since the start."


def test_healthz_fails_and_published_files_stay_when_the_database_is_damaged(
    tmp_path: Path, published: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'data.db'}")
    store.close()
    for leftover in ("data.db-wal", "data.db-shm"):
        (tmp_path / leftover).unlink(missing_ok=True)
    (tmp_path / "data.db").write_bytes(b"no database " * 1000)
    with serving(create_app(store, lambda: CONFIG, published)) as client:
        answer = client.get("/healthz")
        assert answer.status == 503
        assert json.loads(answer.body)["problems"] == ["The database can't be read; the log says why."]
        assert json.loads(answer.body)["database"] == "unreadable"
        assert "data.db" not in answer.text
        assert "aggregator_database_up 0.0" in client.get("/metrics").text
        assert client.get("/feed.atom").status == 200
        sources = client.get("/sources/")
        assert (sources.status, sources.headers["retry-after"]) == (503, "60")
    assert "data.db" in caplog.text
    assert not [record for record in caplog.records if record.exc_info], "a sentence says it all"


def test_database_that_does_not_answer_is_asked_once_and_not_waited_for(
    site_store: Store, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    answer = threading.Event()

    def frozen(conn: object, now: object) -> health.Facts:
        asked.append(conn)
        answer.wait(20)
        return health_facts(conn, now)  # type: ignore[arg-type]

    health_facts = health.facts
    monkeypatch.setattr(health, "facts", frozen)
    monkeypatch.setattr(app, "LIVE_PATIENCE", 0.2)
    with serving(create_app(site_store, lambda: CONFIG, published)) as client:
        for _ in range(3):
            assert client.get("/healthz").status == 503
        assert len(asked) == 1
        answer.set()
        while client.get("/healthz").status != 200:
            pass


def test_metrics_are_prometheus_text(client: Client, site_store: Store) -> None:
    set_feed(site_store, sample.SOURCES[0].url, state=FeedState.OK, last_polled_at=NOW, entries=12, dropped=3)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    for line in (
        "aggregator_healthy 1.0",
        "aggregator_database_up 1.0",
        'aggregator_feeds{state="new"} 13.0',
        'aggregator_feeds{state="ok"} 1.0',
        "aggregator_feeds_due 14.0",
        "aggregator_entries 12.0",
        "aggregator_entries_dropped_total 3.0",
        "aggregator_entries_ungrouped 0.0",
    ):
        assert line in answer.text
    polled = re.search(r"^aggregator_last_poll_timestamp_seconds (.*)$", answer.text, re.MULTILINE)
    assert polled
    assert float(polled[1]) == NOW.timestamp()
    assert "process_resident_memory_bytes" in answer.text


def test_every_topic_of_the_file_is_in_the_navigation_of_live_pages(client: Client) -> None:
    text = client.get("/sources/").text
    for name in sample.TOPICS:
        assert f'href="../topics/{sample.SLUGS[name]}/"' in text


def test_pages_link_to_the_present_style_sheet(client: Client, published: Path) -> None:
    style = re.search(r'href="\.\./(style\.css\?v=[0-9a-f]{8})"', client.get("/sources/").text)
    assert style
    assert client.get(f"/{style[1]}").text == (published / "style.css").read_text(encoding="utf-8")
