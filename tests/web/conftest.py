"""A published sample site behind the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import templating
from aggregator.config.models import Config, FeedConfig
from aggregator.publish.pages import edition_units, page_units
from aggregator.publish.view import FeedPaths
from aggregator.store import feeds
from aggregator.store.database import Store
from aggregator.web.app import create_app
from tests.web import sample
from tests.web.client import Client, serving

CONFIG = Config(
    site=sample.SITE,
    feeds=tuple(FeedConfig(url=source.url, name=source.name, outlet=source.outlet) for source in sample.SOURCES),
    topics={name: {"any": [name.lower()]} for name in sample.TOPICS},
)


def publish_sample(out: Path) -> None:
    """Write the sample's pages, and feeds that say only what they are."""
    view = sample.sample()
    for unit in (*page_units(view, templating.environment(None)), *edition_units(view)):
        for path, body in unit.render():
            write(out, path, body)
    for feed in (view.feed, view.stories_feed, *(topic.feed for topic in view.topics)):
        write_feed(out, feed)
    write(out, view.opml, b"<opml version='2.0'/>")


def write_feed(out: Path, feed: FeedPaths) -> None:
    """The three forms of a feed, large enough to be compressed."""
    filler = "x" * 2000
    write(out, feed.atom, f"<feed xmlns='http://www.w3.org/2005/Atom'><!-- {filler} --></feed>".encode())
    write(out, feed.rss, f"<rss version='2.0'><!-- {filler} --></rss>".encode())
    write(out, feed.json, f'{{"title": "{filler}"}}'.encode())


def write(out: Path, path: str, body: bytes) -> None:
    """One file, its folders made."""
    file = out / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample site; no test writes into it."""
    out = tmp_path_factory.mktemp("site")
    publish_sample(out)
    return out


@pytest.fixture
def site_store(sqlite_store: Store) -> Store:
    """A store that knows the sample's feeds, none of them polled yet."""
    with sqlite_store.write() as conn:
        feeds.sync(conn, CONFIG.feeds)
    return sqlite_store


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder that is the test's own."""
    return tmp_path / "out"


@pytest.fixture
def client(site_store: Store, published: Path) -> Iterator[Client]:
    """The sample site, served."""
    with serving(create_app(site_store, lambda: CONFIG, published)) as made:
        yield made
