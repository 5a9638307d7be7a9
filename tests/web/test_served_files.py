"""Published files over HTTP: types, validators, codings, caching, and what is refused."""

import os
import socket
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.store.database import Store
from aggregator.web.app import create_app
from aggregator.web.document import choose_coding
from aggregator.web.files import PublishedFiles
from tests.web.client import Client, serving
from tests.web.conftest import CONFIG, write

FEEDS = ("/feed.atom", "/feed.rss", "/feed.json", "/topics/air-defense/feed.atom")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/topics/air-defense/", "text/html; charset=utf-8"),
        ("/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/stories.rss", "application/rss+xml; charset=utf-8"),
        ("/topics/aid-pledges/feed.json", "application/feed+json; charset=utf-8"),
        ("/sources.opml", "text/x-opml; charset=utf-8"),
        ("/style.css?v=1", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
def test_each_file_has_its_media_type_and_is_not_to_be_sniffed(client: Client, path: str, media_type: str) -> None:
    answer = client.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", FEEDS)
def test_feeds_may_be_kept_for_minutes_and_read_by_other_sites_scripts(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "max-age=300" in answer.headers["cache-control"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/").headers


@pytest.mark.parametrize("path", [*FEEDS, "/", "/sources/"])
def test_present_copy_is_answered_with_304_and_no_body(client: Client, path: str) -> None:
    first = client.get(path)
    answer = client.get(path, {"If-None-Match": first.headers["etag"]})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == first.headers["etag"]
    assert answer.headers["cache-control"] == first.headers["cache-control"]
    assert answer.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("given_tags", ["W/{}", '"other", {}', '"a,b",W/{}', "*"])
def test_if_none_match_takes_weak_tags_lists_and_the_star(client: Client, given_tags: str) -> None:
    tag = client.get("/feed.atom").headers["etag"]
    assert client.get("/feed.atom", {"If-None-Match": given_tags.format(tag)}).status == 304


@pytest.mark.parametrize("given_tags", ['"other"', "", "nonsense", '"unclosed'])
def test_other_tags_get_the_document_whatever_the_date_says(client: Client, given_tags: str) -> None:
    headers = {"If-None-Match": given_tags, "If-Modified-Since": formatdate(usegmt=True)}
    assert client.get("/feed.atom", headers).status == 200


def test_tag_of_another_coding_of_the_same_bytes_counts(client: Client) -> None:
    zipped = client.get("/feed.atom", {"Accept-Encoding": "gzip"}).headers["etag"]
    plain = client.get("/feed.atom").headers["etag"]
    assert zipped != plain
    assert client.get("/feed.atom", {"If-None-Match": zipped}).status == 304
    assert client.get("/feed.atom", {"If-None-Match": plain, "Accept-Encoding": "br"}).status == 304


def test_if_modified_since_compares_with_the_files_time(client: Client, published: Path) -> None:
    modified = client.get("/feed.atom").headers["last-modified"]
    changed = parsedate_to_datetime(modified).timestamp()
    assert int((published / "feed.atom").stat().st_mtime) == changed
    assert client.get("/feed.atom", {"If-Modified-Since": modified}).status == 304
    assert client.get("/feed.atom", {"If-Modified-Since": formatdate(changed + 60, usegmt=True)}).status == 304
    assert client.get("/feed.atom", {"If-Modified-Since": formatdate(changed - 60, usegmt=True)}).status == 200
    assert client.get("/feed.atom", {"If-Modified-Since": formatdate(changed - 60)}).status == 200


@pytest.mark.parametrize("when", ["", "yesterday", "Sun, 99 Nov 2026 99:99:99 GMT", "Fri, 31 Dec 99999 00:00:00 GMT"])
def test_date_that_is_none_is_passed_over(client: Client, when: str) -> None:
    assert client.get("/feed.atom", {"If-Modified-Since": when}).status == 200


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_compressed_answers_hold_the_same_bytes(client: Client, coding: str) -> None:
    plain = client.get("/")
    packed = client.get("/", {"Accept-Encoding": coding})
    assert packed.headers["content-encoding"] == coding
    assert packed.text == plain.text
    assert len(packed.body) < len(plain.body) / 2
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert packed.headers["content-length"] == str(len(packed.body))


def test_what_is_tiny_is_not_compressed(client: Client) -> None:
    assert "content-encoding" not in client.get("/sources.opml", {"Accept-Encoding": "br, gzip"}).headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("gzip;q=0.3, identity;q=0.9", None),
        ("GZIP ; q=1.0", "gzip"),
        ("gzip;q=nonsense", None),
    ],
)
def test_coding_is_chosen_by_weight_and_then_by_size(accepted: str | None, coding: str | None) -> None:
    assert choose_coding(accepted) == coding


@pytest.mark.parametrize("path", ["/", "/feed.atom", "/sources/", "/nothing"])
@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_head_has_the_headers_of_get_and_no_body(client: Client, path: str, accepted: str) -> None:
    got, headed = (client.get(path, {"Accept-Encoding": accepted}, method) for method in ("GET", "HEAD"))
    assert headed.status == got.status
    assert headed.body == b""
    for name in ("content-type", "content-length", "etag", "cache-control", "content-encoding"):
        assert headed.headers[name] == got.headers[name]


def test_page_without_its_slash_redirects_to_it_whatever_the_host_header_says(client: Client) -> None:
    answer = client.get("/topics/air-defense", {"Host": "evil.example"})
    assert answer.status == 308
    assert answer.headers["location"] == "./air-defense/"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "//evil.example/",
        "/\\evil.example",
        "/%5cevil.example/",
        "/.//evil.example/%2e%2e",
        "/topics//air-defense",
        "/?next=//evil.example",
        "http://evil.example/",
        "/%0d%0aLocation:%20//evil.example",
    ],
)
def test_no_request_redirects_to_another_site(client: Client, target: str) -> None:
    answer = client.get(target, {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"})
    assert "location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/%2e%2e%2fsecret.html",
        "/topics/../../secret.html",
        "/topics/..%5c..%5csecret.html",
        "/%2e%2e%c0%afsecret.html",
        "/.published",
        "/.secret.html",
        "/topics/.hidden/index.html",
        "/link.html",
        "/linked/index.html",
        "/secret.key",
        "/pipe.html",
        "/index.html%00",
        "/index.html%00.css",
        "/index.html/",
        "/topics/%e2%80%ae/",
        f"/{'a' * 300}.html",
        f"/{'a/' * 2000}",
        "//etc/passwd",
        "/~root",
    ],
)
def test_nothing_but_published_files_is_served(site_store: Store, tmp_path: Path, target: str) -> None:
    out = tmp_path / "out"
    write(out, "index.html", b"the page")
    write(out, ".published", b"the secret")
    write(out, ".secret.html", b"the secret")
    write(out, "topics/.hidden/index.html", b"the secret")
    write(out, "secret.key", b"the secret")
    write(tmp_path, "secret.html", b"the secret")
    write(tmp_path, "elsewhere/index.html", b"the secret")
    (out / "link.html").symlink_to(tmp_path / "secret.html")
    (out / "linked").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(out / "pipe.html")
    with serving(create_app(site_store, lambda: CONFIG, out)) as client:
        answer = client.get(target)
        assert answer.status == 404
        assert "the secret" not in answer.text
        assert client.get("/").text == "the page"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    root = Path("/srv/out")
    file = PublishedFiles(root).locate(path)
    if file is not None:
        assert Path(os.path.normpath(file)).is_relative_to(root)
        assert not any(part.startswith(".") for part in file.relative_to(root).parts)


def test_output_folder_may_itself_be_a_link(site_store: Store, published: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(published)
    with serving(create_app(site_store, lambda: CONFIG, link)) as client:
        assert client.get("/feed.atom").status == 200


def test_replaced_file_is_served_anew_and_an_equal_one_keeps_its_date(site_store: Store, out: Path) -> None:
    write(out, "index.html", b"one " * 300)
    os.utime(out / "index.html", (1_000_000_000, 1_000_000_000))
    with serving(create_app(site_store, lambda: CONFIG, out)) as client:
        first = client.get("/")
        write(out, "new", b"one " * 300)
        (out / "new").replace(out / "index.html")
        again = client.get("/")
        assert (again.headers["etag"], again.headers["last-modified"]) == (
            first.headers["etag"],
            "Sun, 09 Sep 2001 01:46:40 GMT",
        )
        write(out, "new", b"two " * 300)
        (out / "new").replace(out / "index.html")
        changed = client.get("/", {"If-None-Match": first.headers["etag"], "Accept-Encoding": "br"})
        assert (changed.status, changed.text) == (200, "two " * 300)
        (out / "index.html").unlink()
        assert client.get("/").status == 503


async def test_memory_for_files_has_a_bound(out: Path) -> None:
    for number in range(10):
        write(out, f"page-{number}.html", b"x" * 1000)
    files = PublishedFiles(out, cache_bytes=3000)
    documents = [await files.find(f"/page-{number}.html") for number in range(10)]
    assert all(documents)
    assert await files.find("/page-9.html") is documents[9]
    assert await files.find("/page-0.html") is not documents[0]


def test_slugs_of_any_script_are_served(site_store: Store, out: Path) -> None:
    write(out, "topics/протиповітряна-оборона/index.html", b"the topic")
    with serving(create_app(site_store, lambda: CONFIG, out)) as client:
        path = "/topics/%D0%BF%D1%80%D0%BE%D1%82%D0%B8%D0%BF%D0%BE%D0%B2%D1%96%D1%82%D1%80%D1%8F%D0%BD%D0%B0-"
        path += "%D0%BE%D0%B1%D0%BE%D1%80%D0%BE%D0%BD%D0%B0"
        assert client.get(f"{path}/").text == "the topic"
        redirected = client.get(path)
        assert (redirected.status, redirected.headers["location"]) == (308, f"./{path.rsplit('/', 1)[1]}/")


def test_browsers_that_look_for_an_icon_find_one(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status, answer.headers["location"]) == (308, "./favicon.svg")
    assert client.get("/favicon.svg").status == 200


def test_requests_on_one_connection_are_all_answered(client: Client) -> None:
    one = b"GET /feed.atom HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(client.address, timeout=10) as connection:
        connection.sendall(one * 3 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.count(b"HTTP/1.1 200 OK") == 4


def test_edition_may_have_its_styles_in_attributes_and_nothing_else(client: Client) -> None:
    policy = client.get("/editions/morning-briefing/2026-11-22/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src 'self'")
    assert "unsafe" not in client.get("/editions/").headers["content-security-policy"]
