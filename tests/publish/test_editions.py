"""Editions of digests as feeds and pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import Connection

from aggregator.digest import service
from aggregator.publish.check import faults
from aggregator.publish.editions import edition_item, stories_of
from aggregator.publish.fragments import Fragments
from aggregator.publish.publisher import publish
from aggregator.store import editions
from aggregator.store.database import Store
from tests.digest.sample import NOW, config, edition_of, stock
from tests.publish.test_pages import PAGES
from tests.web import sample

FOLDER = "editions/morning-briefing"
NAME = "Morning briefing"


@pytest.fixture
def site(sqlite_store: Store, tmp_path: Path) -> Path:
    """Two editions of a real digest, published."""
    stock(sqlite_store, edition_of(20))
    made = config()
    service.make_edition(sqlite_store, made, NAME, NOW)
    report = publish(sqlite_store, made, tmp_path / "site", NOW)
    assert report.refused == ()
    return tmp_path / "site"


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_editions_feed_is_valid(site: Path, form: str) -> None:
    body = (site / f"{FOLDER}/feed.{form}").read_bytes()
    assert list(faults(f"{FOLDER}/feed.{form}", body, f"https://news.example.org/{FOLDER}/feed.{form}")) == []


def test_editions_that_were_published_are_not_read_again(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(sqlite_store, edition_of(20))
    service.make_edition(sqlite_store, config(), NAME, NOW)
    read: list[int] = []
    html_of = editions.html_of

    def noted(conn: Connection, id_: int) -> str:
        read.append(id_)
        return html_of(conn, id_)

    monkeypatch.setattr(editions, "html_of", noted)
    kept = Fragments()
    publish(sqlite_store, config(), tmp_path, NOW, kept)
    assert read
    read.clear()
    assert publish(sqlite_store, config(), tmp_path, NOW, kept).written == 0
    (tmp_path / FOLDER / "2026-03-03/index.html").unlink()
    assert read == [] and publish(sqlite_store, config(), tmp_path, NOW, kept).written == 1


def test_feed_has_the_whole_edition_and_nothing_that_makes_sense_in_a_mail_alone(site: Path) -> None:
    read = feedparser.parse((site / f"{FOLDER}/feed.atom").read_bytes())
    (entry,) = read.entries
    page = (site / f"{FOLDER}/2026-03-03/index.html").read_text()
    assert entry.link == f"https://news.example.org/{FOLDER}/2026-03-03/"
    assert entry.title.startswith("Nordic states pledge") and read.feed.title == f"Ukraine Watch: {NAME}"
    content = entry.content[0].value
    links = [link for link in page.split('href="') if link.startswith("https://outlet")]
    assert links and all(link.split('"')[0] in content for link in links)
    assert "<h3" in content and "<table" not in content and "style=" not in content
    for word in ("Unsubscribe", "mailto:", "View in browser", "That is everything"):
        assert word in page and word not in content


def test_id_of_an_edition_is_its_digest_and_date_alone(site: Path) -> None:
    one = sample.EDITIONS[0].edition
    assert replace(one, id=77, html="", subject="Other").atom_id == one.atom_id
    assert len({replace(one, **change).atom_id for change in ({}, {"local_date": "1"}, {"digest": "x"})}) == 3  # type: ignore[arg-type]


def test_pages_of_editions_name_the_feed(site: Path) -> None:
    for page, target in (
        ("editions/index.html", f"../{FOLDER}/feed.atom"),
        (f"{FOLDER}/index.html", f"../../{FOLDER}/feed.atom"),
        (f"{FOLDER}/2026-03-03/index.html", f"../../../{FOLDER}/feed.atom"),
    ):
        text = (site / page).read_text()
        assert (
            f'<link rel="alternate" type="application/atom+xml" title="Ukraine Watch: {NAME}" href="{target}">' in text
        )


def test_page_of_all_digests_lists_the_newest_and_that_of_one_lists_all() -> None:
    index, own = PAGES["editions/index.html"], PAGES[f"{FOLDER}/index.html"]
    assert index.count("<time ") == 10 and "All 12 editions of" in index
    assert own.count("<time ") == 12 and "All 12" not in own


def test_digest_without_editions_has_a_valid_empty_feed(sqlite_store: Store, tmp_path: Path) -> None:
    assert publish(sqlite_store, config(), tmp_path / "site", NOW).refused == ()
    assert feedparser.parse((tmp_path / f"site/{FOLDER}/feed.atom").read_bytes()).entries == []
    assert "No edition has been made" in (tmp_path / f"site/{FOLDER}/index.html").read_text()


@pytest.mark.parametrize(
    ("mail", "content"),
    [
        ("", ""),
        ("<!doctype html><p>The edition</p>", "<p>The edition</p>"),
        ('<body><div class="preheader">x</div><p>Own layout</p></body>', "<p>Own layout</p>"),
        (
            '<table role="presentation"><tr><td class="body"><table role="presentation"><tbody><tr><td><h3>A</h3>'
            "</td></tr></tbody></table></td></tr></table>",
            "<div><div><div><h3>A</h3></div></div></div>",
        ),
        ('<body><p class="body">a<script>alert(1)</script></p></body>', "<p>a</p>"),
    ],
)
def test_stories_of_a_mail(mail: str, content: str) -> None:
    view = replace(sample.EDITIONS[0], html=lambda: mail)
    said = edition_item(view, sample.SITE).content
    assert said == (content or view.edition.subject)
    assert stories_of("") == ""
