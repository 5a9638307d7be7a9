from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.publish import clean


@given(st.text(st.characters(), max_size=300))
def test_clean_text_fits_in_xml_and_utf_8(value: str) -> None:
    made = clean.text(value)
    element = etree.Element("x")
    element.text = made
    assert (etree.fromstring(etree.tostring(element)).text or "") == made
    made.encode()


def test_line_is_one_line_with_single_spaces() -> None:
    assert clean.line(" a\n\tb \x00\ufeffc\u00a0 d ") == "a b c d"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.example/x?y=%2C&z=1#f", "https://a.example/x?y=%2C&z=1#f"),
        ("http://a.example", "http://a.example"),
        ("https://social.example/@ann/1?x=%2C", "https://social.example/@ann/1?x=%2C"),
        ("HTTP://A.example/ü b", "http://a.example/%C3%BC%20b"),
        ("https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"),
        ("https://user:secret@a.example/x", "https://a.example/x"),
        ("https://a.example/[x]|{y}", "https://a.example/%5Bx%5D%7C%7By%7D"),
        ("https://a.example/a#b#c", "https://a.example/a#b%23c"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/\x00\ud800x", "https://a.example/x"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("http://exa mple.org/", None),
        ("/relative", None),
        ("//a.example/x", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("ftp://a.example/x", None),
        ("http:///x", None),
        ("http://a.example:99999/", None),
        ("http://[x/", None),
        ("", None),
        (None, None),
    ],
)
def test_address_is_absolute_ascii_http_or_nothing(value: str | None, expected: str | None) -> None:
    assert clean.web_url(value) == expected


@given(st.one_of(st.text(), st.text().map("https://a.example/".__add__), st.text().map("http://".__add__)))
def test_any_address_is_made_valid_or_left_out_and_then_stays(value: str) -> None:
    made = clean.web_url(value)
    if made is not None:
        assert made.isascii()
        assert made.startswith(("http://", "https://"))
        assert not set(made) & set(' <>"{}|\\^`')
        assert clean.web_url(made) == made


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://a.example:8080/x", True),
        ("http://192.0.2.1", True),
        ("http://someurl/x", False),
        ("http://[::1]/", False),
    ],
)
def test_host_without_a_dot_is_not_public(url: str, public: bool) -> None:
    assert clean.public_host(url) is public


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("HTTPS://A.Example:443", "https://a.example/"),
        ("http://a.example?x=%7e", "http://a.example/?x=~"),
        ("http://a.example/a/../b", "http://a.example/b"),
        ("urn:x", None),
    ],
)
def test_canonical_address_has_one_spelling(value: str, expected: str | None) -> None:
    assert clean.canonical_url(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("en", "en"),
        ("en_GB", "en-GB"),
        (" uk ", "uk"),
        ("english", None),
        ("US", None),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("", None),
        (None, None),
        ("e n", None),
    ],
)
def test_language_has_the_shape_of_a_tag_or_is_left_out(value: str | None, expected: str | None) -> None:
    assert clean.language(value) == expected


@pytest.mark.parametrize(
    ("value", "url", "expected"),
    [
        ("Audio/MPEG; x=1", "https://a/b", "audio/mpeg"),
        (None, "https://a/b.mp3?x", "audio/mpeg"),
        ("nonsense", "https://a/b.unknown", "application/octet-stream"),
    ],
)
def test_media_type_is_guessed_where_it_is_missing(value: str | None, url: str, expected: str) -> None:
    assert clean.media_type(value, url) == expected


@pytest.mark.parametrize("value", ["a@b.example", "first.last+tag@sub.b.example"])
def test_common_mail_address_is_kept(value: str) -> None:
    assert clean.email(value) == value


@pytest.mark.parametrize("value", [None, "", "a@b", "Ann <a@b.example>", "a@b.example\r\nBcc: x@y.example"])
def test_other_mail_address_is_left_out(value: str | None) -> None:
    assert clean.email(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("AT&T", False), ("a < b", False), ("<b>x", True), ("</b>", True), ("&lt;b&gt;", True), ("x &copy 1", True)],
)
def test_text_that_html_readers_would_change_is_recognised(value: str, expected: bool) -> None:
    assert clean.looks_like_markup(value) is expected


def test_date_before_the_first_feed_is_no_date() -> None:
    assert clean.moment(datetime(1970, 1, 1, tzinfo=UTC)) is None
    assert clean.moment(None) is None
    assert clean.moment(datetime(2001, 1, 1, tzinfo=UTC)) == datetime(2001, 1, 1, tzinfo=UTC)
