"""The demo's outlets: real HTTP, fresh dates, two versions, what is broken stays broken."""

import struct
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aggregator.config.load import load
from aggregator.demo.outlets import DemoOutlets, feeds, write_demo_config
from aggregator.demo.pictures import PICTURES, png
from aggregator.model import ParsedEntry
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import NotAFeed, ParsedFeed

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
BASE = "http://127.0.0.1:9"
BROKEN = "/old-mill-gazette.rss"


def parsed(version: int = 1) -> dict[str, ParsedFeed]:
    return {
        path: parse_feed(document.body, content_type=document.content_type, base_url=BASE + path, known=None)
        for path, document in feeds(version, NOW, BASE).items()
        if path != BROKEN
    }


def entry(feed: ParsedFeed, guid: str) -> ParsedEntry:
    (found,) = [one for one in feed.entries if guid in (one.guid or one.url or "")]
    return found


@pytest.fixture
def outlets() -> Iterator[tuple[DemoOutlets, str]]:
    with DemoOutlets() as outlets:
        yield outlets, outlets.start(NOW)


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_eight_outlets_have_a_dozen_entries_and_more_in_five_languages_and_four_formats() -> None:
    read = parsed()
    assert len(read) == 8
    assert all(len(feed.entries) >= 12 for feed in read.values())
    assert {(feed.meta.language or "")[:2] for feed in read.values()} == {"en", "de", "fr", "uk", "es"}
    assert len({feed.format for feed in read.values()}) >= 4


def test_no_placeholder_is_left_in_either_version() -> None:
    for version in (1, 2):
        assert all(b"{{" not in document.body for document in feeds(version, NOW, BASE).values())


def test_news_is_fresh_whenever_it_is_served() -> None:
    dates = [one.published for feed in parsed().values() for one in feed.entries if one.published]
    assert len(dates) > 90
    assert all(NOW - timedelta(days=4) < date < NOW for date in dates)
    assert sum(date > NOW - timedelta(days=1) for date in dates) > 50


def test_some_entries_have_no_date() -> None:
    undated = [one.title for one in parsed()["/lakeside-courier.rss"].entries if one.published is None]
    assert undated == ["Nine grain ships on their way from Chornomorsk", "Repair café mends its thousandth toaster"]


def test_ill_formed_outlet_is_read_all_the_same() -> None:
    feed = parsed()["/lakeside-courier.rss"]
    assert not feeds(1, NOW, BASE)["/lakeside-courier.rss"].body.rstrip().endswith(b"</rss>")
    assert [one.title for one in feed.entries if "launchers" in one.title] == [
        "Patriot launchers & 60 interceptors for Odesa"
    ]


def test_broken_outlet_serves_a_page_in_place_of_a_feed() -> None:
    document = feeds(1, NOW, BASE)[BROKEN]
    with pytest.raises(NotAFeed):
        parse_feed(document.body, content_type=document.content_type, base_url=BASE + BROKEN, known=None)


def test_one_wire_text_is_carried_by_three_outlets() -> None:
    read = parsed()
    texts = [
        set(entry(read[path], guid).text.replace("(Harbor Wire)", "").replace("KYIV —", "").split())
        for path, guid in (
            ("/harbor-wire.atom", "poltava-raid"),
            ("/lakeside-courier.rss", "8812"),
            ("/meridian-post.rss", "drones-poltava"),
        )
    ]
    wire = texts[0]
    assert all(len(wire & text) / len(wire | text) > 0.85 for text in texts)


def test_second_version_edits_entries_and_adds_one() -> None:
    first, second = parsed(1), parsed(2)
    pledge = [entry(read["/meridian-post.rss"], "gdansk-pledges") for read in (first, second)]
    assert pledge[0].guid == pledge[1].guid
    assert "€2.3 billion" in pledge[0].title
    assert "€2.6 billion" in pledge[1].title
    guids = [{one.guid for one in read["/harbor-wire.atom"].entries} for read in (first, second)]
    assert guids[1] - guids[0] == {"tag:harbor-wire.example,2026:odesa-second-wave"}
    assert first["/quai-des-nouvelles.rdf"] == second["/quai-des-nouvelles.rdf"]


def test_feeds_answer_with_validators_and_304(outlets: tuple[DemoOutlets, str]) -> None:
    demo, base = outlets
    status, headers, body = get(f"{base}/meridian-post.rss")
    assert (status, headers["Content-Type"]) == (200, "application/rss+xml; charset=utf-8")
    assert b"Gdansk" in body
    assert get(f"{base}/meridian-post.rss", If_None_Match=headers["ETag"])[0] == 304
    demo.advance()
    assert get(f"{base}/meridian-post.rss", If_None_Match=headers["ETag"])[0] == 200


def test_pictures_and_articles_of_the_feeds_are_there(outlets: tuple[DemoOutlets, str]) -> None:
    _, base = outlets
    served = feeds(1, NOW, base)
    read = [
        parse_feed(document.body, content_type=document.content_type, base_url=base + path, known=None)
        for path, document in served.items()
        if path != BROKEN
    ]
    urls = {url for feed in read for one in feed.entries for url in (one.url, one.image_url) if url}
    assert sum(url.endswith(".png") for url in urls) >= 8
    assert len(urls) > 100
    assert {get(url)[0] for url in urls} == {200}


def test_what_is_not_there_is_404(outlets: tuple[DemoOutlets, str]) -> None:
    _, base = outlets
    assert {get(base + path)[0] for path in ("/robots.txt", "/", "/meridian-post/a/b", "/pictures/x.png")} == {404}


def test_head_gives_headers_only(outlets: tuple[DemoOutlets, str]) -> None:
    _, base = outlets
    request = urllib.request.Request(f"{base}/rheinblick.atom", method="HEAD")
    with urllib.request.urlopen(request, timeout=5) as response:
        assert int(response.headers["Content-Length"]) > 1000
        assert response.read() == b""


def test_article_names_are_escaped(outlets: tuple[DemoOutlets, str]) -> None:
    _, base = outlets
    assert b"<script>" not in get(f"{base}/meridian-post/<script>x")[2]


def test_advance_before_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="started first"):
        DemoOutlets().advance()


def test_stop_frees_the_port_and_can_be_repeated(outlets: tuple[DemoOutlets, str]) -> None:
    demo, base = outlets
    demo.stop()
    demo.stop()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(base, timeout=5)


def test_config_of_the_demo_loads_and_sends_nothing(tmp_path: Path) -> None:
    path = write_demo_config(tmp_path / "demo", "http://127.0.0.1:4711")
    config = load(path, {})
    assert {feed.url for feed in config.feeds} == {f"http://127.0.0.1:4711{path}" for path in feeds(1, NOW, BASE)}
    assert config.mail.smtp.get_secret_value() == f"file:{tmp_path / 'demo' / 'outbox'}"
    assert [str(network) for network in config.polling.allow_networks] == ["127.0.0.0/8"]
    assert {"Air defense", "Aid pledges"} <= set(config.topics)


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_a_png_of_its_size(name: str) -> None:
    data = png(name)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    position, chunks = 8, {}
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", data, position + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        position += 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (640, 360, 8, 3, 0, 0, 0)
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert len(pixels) == 360 * 641
    assert max(pixels) < len(chunks[b"PLTE"]) // 3


def test_kept_connection_gets_the_second_version_too() -> None:
    with DemoOutlets() as outlets:
        base = outlets.start(NOW)
        connection = HTTPConnection(urlsplit(base).netloc)
        connection.request("GET", "/meridian-post.rss")
        first = connection.getresponse().read()
        outlets.advance()
        connection.request("GET", "/meridian-post.rss")
        assert connection.getresponse().read() != first
        connection.close()
