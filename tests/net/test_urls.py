"""URLs: sent as written, refused where that isn't safe."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.net.urls import BadUrl, follow, parse_url


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://example.org", "/"),
        ("http://example.org?x=1", "/?x=1"),
        ("http://example.org/%7Ejo/feed?", "/%7Ejo/feed?"),
        ("http://example.org/~jo//a/../b;c?x=%2f&&y#part", "/~jo//a/../b;c?x=%2f&&y"),
        ("http://example.org/a b/ü?q=é", "/a%20b/%C3%BC?q=%C3%A9"),
        ("http://example.org/a|b[1]{2}", "/a|b[1]{2}"),
    ],
)
def test_request_target_is_what_was_written(url: str, path: str) -> None:
    target = parse_url(url)

    assert target.path == path
    assert target.wire.raw_path_qs == path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("HTTP://Example.ORG:80/A", "http://example.org/A"),
        ("https://example.org:443/", "https://example.org/"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://example.org./x", "http://example.org/x"),
        ("http://[2606:4700::1111]:8080/x", "http://[2606:4700::1111]:8080/x"),
        ("https://jo:pass@example.org/x", "https://example.org/x"),
        ("http://a_b.example/x", "http://a_b.example/x"),
    ],
)
def test_url_is_known_under_one_form_without_credentials(url: str, shown: str) -> None:
    assert parse_url(url).url == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://①②⑦.1/",
        "http://1.2.3.4.5/",
        "http://example.0x/",
    ],
)
def test_ipv4_address_in_an_unusual_form_is_refused(url: str) -> None:
    with pytest.raises(BadUrl, match="unusual form"):
        parse_url(url)


def test_address_in_disguise_is_seen_as_the_address() -> None:
    assert str(parse_url("http://①②⑦.⓪.⓪.①/").literal) == "127.0.0.1"
    assert str(parse_url("http://127。0。0。1/").literal) == "127.0.0.1"
    assert str(parse_url("http://[::ffff:a9fe:a9fe]/").literal) == "::ffff:a9fe:a9fe"
    assert parse_url("http://example.org/").literal is None


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "//example.org/",
        "example.org",
        "",
        "http://",
        "http:///x",
        "http://exa mple.org/",
        "http://exam\nple.org/",
        "http://example.org/\r\nX: y",
        "http://example.org\\@evil.example/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org:8o/",
        "http://[::1/",
        "http://[::zz]/",
        "http://%31%32%37.0.0.1/",
        "http://a..b/",
        "http://-a.example/",
        "http://" + "a" * 64 + ".example/",
        "http://\udcff.example/",
    ],
)
def test_what_is_no_http_url_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadUrl, match=r"URL|host|port|characters|address"):
        parse_url(url)


def test_credentials_are_taken_out_and_decoded() -> None:
    target = parse_url("https://jo%40x:p%3As@example.org/")

    assert (target.user, target.password) == ("jo@x", "p:s")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b", "http://example.org/b"),
        ("b?x", "http://example.org/dir/b?x"),
        ("//other.example/c", "http://other.example/c"),
        ("https://other.example/d#e", "https://other.example/d"),
        ("?q=%7E", "http://example.org/dir/a?q=%7E"),
        ("/b?", "http://example.org/b?"),
        ("http://other.example/%7Ed?#e", "http://other.example/%7Ed?"),
        ("/b?a?", "http://example.org/b?a?"),
        ("#e", "http://example.org/dir/a"),
        ("/ü", "http://example.org/%C3%BC"),
        ("/\udcfc", "http://example.org/%FC"),
    ],
)
def test_redirect_is_resolved_against_the_url_it_came_from(location: str, expected: str) -> None:
    assert follow(parse_url("http://example.org/dir/a"), location).url == expected


@pytest.mark.parametrize("location", ["javascript:x", "file:///etc/passwd", "http://[", "http://127.1/"])
def test_redirect_to_no_http_url_is_refused(location: str) -> None:
    with pytest.raises(BadUrl):
        follow(parse_url("http://example.org/"), location)


@given(st.text(), st.text(max_size=20))
@example("http://h/", "http://user:secret@h/")
def test_hostile_urls_are_refused_or_stay_what_they_are_when_they_are_read_again(url: str, location: str) -> None:
    try:
        target = parse_url(f"http://{url}")
    except BadUrl as error:
        assert str(error)
        return
    assert target.url.isascii()
    assert parse_url(target.url) == replace(target, user=None, password="")
    assert follow(target, "") == parse_url(target.url)
    with suppress(BadUrl):
        led = follow(target, location)
        assert parse_url(led.url) == replace(led, user=None, password="")


def test_credentials_are_never_shown() -> None:
    for url in ("http://jo:secret@127.1/", "ftp://jo:secret@host/", "http://jo:secret@host:x/"):
        with pytest.raises(BadUrl) as caught:
            parse_url(url)
        assert "secret" not in str(caught.value)
