"""One round over a server that tries everything at once: each row of docs/security.md that a feed can touch.

Every feed ends in entries that are safe or in a sentence, and the good one beside them is stored.
"""

import asyncio
import gzip
import socket
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

from aggregator.model import Entry, Feed, FeedState
from aggregator.store import entries
from aggregator.store.database import Store, sqlite_url
from tests.feedserver import FeedServer, Reply
from tests.poll.kit import config, rss, started, stored
from tests.poll.test_parse_hostile import assert_harmless

HEAD = "<rss version='2.0'><channel><title>T</title>"
END = "</channel></rss>"


def item(title: str = "x", more: str = "") -> str:
    return f"<item><title>{title}</title>{more}</item>"


def feed(*items: str) -> bytes:
    return f"{HEAD}{''.join(items)}{END}".encode()


def guid(value: object) -> str:
    return f"<guid isPermaLink='false'>{value}</guid>"


def bomb(megabytes: int) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(made.compress(bytes(1 << 20)) for _ in range(megabytes)) + made.flush()


def coded(body: bytes, coding: str) -> Reply:
    return Reply(body=body, headers={"Content-Encoding": coding})


def moved(target: str) -> Reply:
    return Reply(301, headers={"Location": target})


def endless(chunk: bytes) -> Iterator[bytes]:
    while True:
        yield chunk


LAUGHS = "".join("<!ENTITY a{} '{}'>".format(n, f"&a{n - 1};" * 10) for n in range(1, 10))
REFUSED: dict[str, tuple[str, Reply, str]] = {  # path: (row, answer, words of the sentence)
    "/loris": ("size", Reply(chunks=endless(b"<"), pause=0.2), "in time"),
    "/endless": ("size", Reply(chunks=endless(b" " * 65_536)), "more than 15 MiB"),
    "/gzip": ("size", coded(bomb(24), "gzip"), "more than 15 MiB"),
    "/br": ("size", coded(brotli.compress(bytes(20 << 20), quality=5), "br"), "more than 15 MiB"),
    "/members": ("size", coded(gzip.compress(b" ") * 2000, "gzip"), "gzip members"),
    "/twice": ("size", coded(gzip.compress(gzip.compress(rss(1))), "gzip, gzip, gzip"), "encod"),
    "/cut": ("size", Reply(body=rss(1)[:80], length=4000), "cut off"),
    "/headers": ("size", Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9000 + b"\r\n"), "not answer in valid HTTP"),
    "/miscoded": ("size", coded(b"\x00\x01" * 40, "zstd"), "zstd"),
    "/page": ("xml", Reply(body=b"<!DOCTYPE html><title>Sign in</title>"), "HTML page titled “Sign in”"),
    "/home": ("xml", moved("/page"), "HTML page"),
    "/laughs": ("xml", Reply(body=f"<!DOCTYPE r [<!ENTITY a0 'a'>{LAUGHS}]>".encode() + b"<html>&a9;</html>"), "."),
    "/utf-7": ("charset", Reply(body=b"<?xml version='1.0' encoding='utf-7'?>" + rss(1)), "utf-7"),
    "/circle": ("ssrf", moved("/circle"), "circle"),
    "/metadata": ("ssrf", moved("http://169.254.169.254/latest/"), "not on the public internet"),
    "/private": ("ssrf", moved("http://inside.example/feed"), "leads to 10.1.2.3"),
    "/decimal": ("ssrf", moved("http://2130706433/"), "unusual form"),
    "/file": ("ssrf", moved("file:///etc/passwd"), "not an http"),
    "/304": ("validators", Reply(304), "304"),
}
YEARS = ("0001-01-01", "1970-01-01", "9999-12-31", "10000-01-01", "2099-01-01")
READ: dict[str, tuple[str, bytes | Reply, int | None]] = {  # path: (row, body or answer, number of entries)
    "/entity": ("xml", b"<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + feed(item("[&a;]")), 1),
    "/laughing": ("xml", f"<!DOCTYPE r [<!ENTITY a0 'a'>{LAUGHS}]>".encode() + feed(item("a", "<x>&a9;</x>")), None),
    "/nested": ("xml", feed(item("deep", "<a>" * 100_000 + "</a>" * 100_000)), None),
    "/attribute": ("xml", feed(item("wide", f"<link href='{'x' * 5_000_000}'/>")), 1),
    "/script": ("xss", feed(item("&lt;script&gt;alert(1)&lt;/script&gt;", "<link>java&#9;script:alert(1)</link>")), 1),
    "/many": ("size", feed(*(item(str(n), guid(n)) for n in range(100_000))), 2000),
    "/title": ("size", feed(item("a " * 2_000_000)), 1),
    "/etag": ("validators", Reply(body=rss(1), headers={"ETag": f'"{"x" * 50_000}"'}), 1),
    "/cookie": ("validators", Reply(body=rss(1), headers={"Set-Cookie": "a=b"}), 1),
    "/nul": ("charset", feed(item("a\0b\u202ec", "<description>\x01\x0b\ufffe</description>")), 1),
    "/utf-16": ("charset", f"{HEAD}{item('ÄÖ')}{END}".encode("utf-16"), 1),
    "/utf-32": ("charset", f"{HEAD}{item('ÄÖ')}{END}".encode("utf-32"), 1),
    "/surrogates": ("charset", feed(item("a&#xD800;b")), 1),
    "/years": ("dates", feed(*(item(y, guid(y) + f"<pubDate>{y}T00:00:00Z</pubDate>") for y in YEARS)), len(YEARS)),
    "/undated": ("dates", feed(*(item(str(n), guid(n)) for n in range(3))), 3),
    "/zone": ("dates", feed(item("x", guid(1) + "<pubDate>EST</pubDate>")), 1),
    "/one-id": ("identity", feed(*(item(str(n), f"{guid(1)}<link>https://a/{n}</link>") for n in range(5))), 5),
    "/no-id": ("identity", feed(*(item(str(n)) for n in range(5))), 5),
    "/stolen": ("identity", rss(1), 1),
}


@dataclass
class Aftermath:
    """What one round leaves behind, by path."""

    feeds: dict[str, Feed]
    entries: dict[str, list[Entry]]


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("10.1.2.3" if host == "inside.example" else host, *args, **kwargs)

    store = Store.open(sqlite_url(tmp_path_factory.mktemp("hostile")))
    with FeedServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        answers: dict[str, bytes | Reply] = {"/good": rss(1, 2)}
        answers |= {path: answer for path, (_, answer, _) in REFUSED.items()}
        answers |= {path: answer for path, (_, answer, _) in READ.items()}
        urls = {
            server.script(path, one if isinstance(one, Reply) else Reply(body=one)): path
            for path, one in answers.items()
        }
        asyncio.run(poll(store, *urls))
        with store.read() as conn:
            everything = entries.recent(conn, limit=10_000)
        yield Aftermath(
            {urls[one.url]: one for one in stored(store)},
            {path: [one for one in everything if one.feed_url == url] for url, path in urls.items()},
        )
    store.close()


async def poll(store: Store, *urls: str) -> None:
    async with started(store, config(*urls, timeout="2s")) as poller:
        await poller.poll_all()


def of(row: str, table: Mapping[str, tuple[str, object, object]]) -> list[str]:
    return [path for path, (of_row, *_) in table.items() if of_row == row]


def assert_refused(after: Aftermath, path: str) -> None:
    feed_, words = after.feeds[path], REFUSED[path][2]
    assert feed_.state is FeedState.FAILING
    assert words in feed_.state_reason
    assert feed_.state_reason.isprintable()
    assert after.entries[path] == []


def assert_read(after: Aftermath, path: str) -> None:
    feed_, count = after.feeds[path], READ[path][2]
    if feed_.state is FeedState.FAILING and count is None:
        assert feed_.state_reason.endswith(".")
        return
    assert feed_.state is FeedState.OK, feed_.state_reason
    assert len(after.entries[path]) == (count or 1)
    for entry in after.entries[path]:
        assert_harmless(entry)
        assert "root:" not in entry.text + entry.title


@pytest.mark.parametrize("path", of("ssrf", REFUSED))
def test_ssrf_redirect_inside_ends_in_a_sentence(after: Aftermath, path: str) -> None:
    assert_refused(after, path)


@pytest.mark.parametrize("path", of("size", REFUSED))
def test_size_of_an_answer_without_measure_ends_in_a_sentence(after: Aftermath, path: str) -> None:
    assert_refused(after, path)


@pytest.mark.parametrize("path", of("size", READ))
def test_size_of_a_feed_without_measure_is_cut(after: Aftermath, path: str) -> None:
    assert_read(after, path)
    assert all(len(entry.title) <= 500 for entry in after.entries[path])


@pytest.mark.parametrize("path", of("xml", REFUSED))
def test_xml_that_is_no_feed_ends_in_a_sentence(after: Aftermath, path: str) -> None:
    assert_refused(after, path)


@pytest.mark.parametrize("path", of("xml", READ))
def test_xml_made_to_hurt_costs_nothing(after: Aftermath, path: str) -> None:
    assert_read(after, path)


@pytest.mark.parametrize("path", of("xss", READ))
def test_xss_comes_out_as_text(after: Aftermath, path: str) -> None:
    assert_read(after, path)
    (entry,) = after.entries[path]
    assert (entry.title, entry.url) == ("<script>alert(1)</script>", None)


@pytest.mark.parametrize("path", of("charset", REFUSED))
def test_charset_that_hides_markup_ends_in_a_sentence(after: Aftermath, path: str) -> None:
    assert_refused(after, path)


@pytest.mark.parametrize("path", of("charset", READ))
def test_charset_and_stray_characters_are_read_without_harm(after: Aftermath, path: str) -> None:
    assert_read(after, path)
    if "utf" in path:
        assert after.entries[path][0].title == "ÄÖ"


@pytest.mark.parametrize("path", of("dates", READ))
def test_dates_beyond_belief_pin_nobody_on_top(after: Aftermath, path: str) -> None:
    assert_read(after, path)
    assert all(entry.sort_at <= entry.first_seen <= datetime.now(UTC) for entry in after.entries[path])


@pytest.mark.parametrize("path", of("identity", READ))
def test_identity_is_a_feeds_own(after: Aftermath, path: str) -> None:
    assert_read(after, path)
    assert len({entry.atom_id for one in after.entries.values() for entry in one}) == sum(
        map(len, after.entries.values())
    )


@pytest.mark.parametrize("path", of("validators", REFUSED) + of("validators", READ))
def test_validators_without_sense_are_not_believed(after: Aftermath, path: str) -> None:
    (assert_refused if path in REFUSED else assert_read)(after, path)
    assert after.feeds[path].etag is None


def test_good_feed_beside_them_is_read(after: Aftermath) -> None:
    assert (after.feeds["/good"].state, len(after.entries["/good"])) == (FeedState.OK, 2)
