"""The main job over a corpus of real and of odd feeds: polled over HTTP, grouped, published, and every file judged."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from lxml import etree, html

from aggregator import clock
from aggregator.config.load import load
from aggregator.config.models import Config
from aggregator.group.grouper import group
from aggregator.model import Entry, PollReport
from aggregator.poll.poller import Poller
from aggregator.publish.check import faults, is_feed
from aggregator.publish.publisher import PublishReport, publish
from aggregator.store import entries, feeds
from aggregator.store.database import Store, sqlite_url
from tests.conftest import shared_path
from tests.feedserver import FeedServer

SITE = "https://news.example"
HOST_FEED = "mediacloud+rss-fetcher/real-cnn.rss"  # takes the seed article in
SEED_GUID = "urn:seed:article"
EXPLAINED = {"kagisearch-fastfeedparser/7ef13a42fa7e177a": "a feed that is broken, and no item in it can be read"}
# What a page of ours holds has no script at all; links lead to the web or to mail.
SCHEMES = re.compile(r"(?:https?|mailto):", re.I)
# What no output may hold: control characters, halves of characters, what turns the text after it round.
STRAY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Done:
    """What a run over a corpus left behind."""

    poll: PollReport
    publish: PublishReport
    stored: list[Entry]
    out: Path
    store: Store
    config: Config


def run(folder: Path, corpus: str, server: FeedServer, topics: str = "{}") -> Iterator[Done]:
    root = shared_path(f"corpus/{corpus}")
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.name != "manifest.json")
    urls = [served(server, str(path.relative_to(root)), path.read_bytes()) for path in paths]
    (folder / "feeds.yaml").write_text(
        f"site: {{url: '{SITE}'}}\nfeeds: {json.dumps(urls)}\ntopics: {topics}\n"
        "polling: {allow_networks: [127.0.0.0/8], host_gap: 0s}\n"
        "publish: {entries: 1000, max_age: 30000d}\nstorage: {keep: 30000d}\n"
    )
    config = load(folder / "feeds.yaml")
    store = Store.open(sqlite_url(folder))
    try:
        with store.write() as conn:
            feeds.sync(conn, config.feeds)
        report = asyncio.run(poll(store, config))
        group(store, config, clock.utc_now())
        published = publish(store, config, folder / "public", clock.utc_now())
        with store.read() as conn:
            stored = entries.recent(conn)
        yield Done(report, published, stored, folder / "public", store, config)
    finally:
        store.close()


def served(server: FeedServer, name: str, body: bytes) -> str:
    if name == HOST_FEED:
        body = body.replace(b"<item>", seed_item().encode() + b"<item>", 1)
        assert SEED_GUID.encode() in body
    kind = "application/feed+json" if name.endswith("json") else "application/xml"
    path = "/" + re.sub(r"[^A-Za-z0-9./_-]", "-", name)
    return server.feed(path, body, etag='"1"', headers={"Content-Type": kind})


def seed_item() -> str:
    title, *paragraphs = shared_path("seed/article.txt").read_text(encoding="utf-8").split("\n\n")
    text = escape("".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs))
    return (
        f"<item><title>{escape(title)}</title><link>https://seed.example/article</link>"
        f"<guid isPermaLink='false'>{SEED_GUID}</guid><description>{text}</description></item>"
    )


async def poll(store: Store, config: Config) -> PollReport:
    async with Poller.open(store, config) as poller:
        return await poller.poll_all()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with FeedServer() as server:
        topics = "{Air defense: [air defense], Aid pledges: [aid pledges]}"
        yield from run(tmp_path_factory.mktemp("real"), "real", server, topics)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with FeedServer() as server:
        yield from run(tmp_path_factory.mktemp("edge"), "edge", server)


def test_real_feeds_are_stored_and_every_failure_says_why(real: Done) -> None:
    print(f"\nreal: {real.poll}")
    assert real.poll.feeds == len(real.config.feeds)
    assert real.poll.entries_new == len(real.stored) > 4000
    failures = {url.split("/", 3)[3]: reason for url, reason in real.poll.failures}
    assert failures.keys() == EXPLAINED.keys()
    assert all(reason in failures[path] for path, reason in EXPLAINED.items())


def test_seed_article_is_in_both_topics_by_their_two_keywords(real: Done) -> None:
    (seed,) = (entry for entry in real.stored if entry.guid == SEED_GUID)
    assert {match.topic for match in seed.topics} == {"Air defense", "Aid pledges"}
    for match in seed.topics:
        for span in match.spans:
            assert getattr(seed, span.field)[span.start : span.end].strip()
    for topic in ("air-defense", "aid-pledges"):
        assert seed.atom_id in (real.out / "topics" / topic / "feed.atom").read_text()
    taken = [entry for entry in real.stored if entry.topics]
    assert len(taken) < len(real.stored) / 20, "a topic that takes everything says nothing"


def test_second_poll_and_publish_change_no_byte(real: Done) -> None:
    before = {path: path.read_bytes() for path in files(real.out)}
    again = asyncio.run(poll(real.store, real.config))
    assert (again.entries_new, again.entries_edited, again.fetched) == (0, 0, 0)
    group(real.store, real.config, clock.utc_now())
    report = publish(real.store, real.config, real.out, clock.utc_now())
    changed = [path for path, body in before.items() if path.read_bytes() != body]
    assert (changed, report.removed) == ([], 0)


def test_odd_feeds_end_the_round_without_a_crash(edge: Done) -> None:
    print(f"\nedge: feeds={edge.poll.feeds} failed={edge.poll.failed} entries={edge.poll.entries_new}")
    assert edge.poll.feeds == len(edge.config.feeds)
    assert edge.poll.entries_new == len(edge.stored) > 1500
    assert all(reason and "\n" not in reason for _, reason in edge.poll.failures)
    assert not [reason for _, reason in edge.poll.failures if "please report" in reason or "crashed" in reason]


@pytest.mark.parametrize("corpus", ["real", "edge"])
def test_every_published_feed_is_valid(corpus: str, request: pytest.FixtureRequest) -> None:
    done: Done = request.getfixturevalue(corpus)
    assert done.publish.refused == ()
    judged = {path: faults(path, (done.out / path).read_bytes(), f"{SITE}/{path}") for path in feed_paths(done.out)}
    assert len(judged) >= 6
    assert {path: found for path, found in judged.items() if found} == {}


@pytest.mark.parametrize("corpus", ["real", "edge"])
def test_nothing_published_can_run_or_lead_astray(corpus: str, request: pytest.FixtureRequest) -> None:
    done: Done = request.getfixturevalue(corpus)
    for path in files(done.out):
        assert not STRAY.search(path.read_text(encoding="utf-8")), path
        if path.suffix == ".html":
            judge(html.document_fromstring(path.read_bytes()), path)
    for item in json.loads((done.out / "feed.json").read_bytes())["items"]:
        judge(html.fragment_fromstring(item["content_html"], create_parent="div"), item["id"])
    for element in etree.parse(done.out / "feed.atom").iter("{http://www.w3.org/2005/Atom}link"):
        assert SCHEMES.match(element.get("href", ""))


def judge(root: html.HtmlElement, where: object) -> None:
    forbidden = {"script", "iframe", "object", "embed", "form", "base", "applet", "frame"}
    for element in root.iter(etree.Element):
        assert element.tag not in forbidden, (where, element.tag)
        for name, value in element.items():
            assert not name.lower().startswith("on"), (where, name)
            if name in {"href", "src", "action", "poster"} and ":" in value.split("/")[0]:
                assert SCHEMES.match(value.strip()), (where, value)


def files(out: Path) -> list[Path]:
    return sorted(path for path in out.rglob("*") if path.is_file() and not path.name.startswith("."))


def feed_paths(out: Path) -> list[str]:
    return [str(path.relative_to(out)) for path in files(out) if is_feed(path.name)]
