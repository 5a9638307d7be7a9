"""Encodings: what a body says of itself, what its bytes say, and what is refused."""

from __future__ import annotations

import codecs

import pytest

from aggregator.poll.parse.charset import undo_double_encoding
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import NotAFeed

FEED = '<rss version="2.0"><channel><title>T</title><item><title>Grüße, Київ</title></item></channel></rss>'
LATIN = FEED.replace(", Київ", "")
JAPANESE = FEED.replace("Grüße, Київ", "こんにちは")


def title(body: bytes, content_type: str | None = None) -> str:
    return parse_feed(body, content_type=content_type, base_url="http://a.example/", known=None).entries[0].title


def declared(name: str, feed: str = FEED) -> str:
    return f"<?xml version='1.0' encoding='{name}'?>\n{feed}"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised_with_and_without_byte_order_mark(codec: str) -> None:
    assert title(declared(codec.removesuffix("-sig")).encode(codec)) == "Grüße, Київ"
    if not codec.startswith("utf-32"):
        assert title(declared("utf-8").encode(codec)) == "Grüße, Київ"


@pytest.mark.parametrize(
    ("name", "codec", "feed"),
    [
        ("ISO-8859-1", "iso-8859-1", LATIN),
        ("windows-1252", "cp1252", LATIN),
        ("windows-1251", "cp1251", FEED.replace("Grüße, ", "")),
        ("koi8-u", "koi8-u", FEED.replace("Grüße, ", "")),
        ("Shift_JIS", "cp932", JAPANESE),
        ("x-sjis", "cp932", JAPANESE),
        ("EUC-JP", "euc_jp", JAPANESE),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("gb2312", "gb18030", JAPANESE),
        ("big5", "big5", FEED.replace("Grüße, Київ", "你好")),
        ("euc-kr", "cp949", FEED.replace("Grüße, Київ", "안녕")),
    ],
)
def test_declared_encoding_is_read(name: str, codec: str, feed: str) -> None:
    expected = feed.partition("<item><title>")[2].partition("<")[0]
    assert title(declared(name, feed).encode(codec)) == expected
    assert title(feed.encode(codec), f"text/xml; charset={name}") == expected


def test_byte_order_mark_wins_over_the_header() -> None:
    assert title(FEED.encode("utf-8-sig"), "application/xml; charset=iso-8859-1") == "Grüße, Київ"
    assert title(declared("iso-8859-1").encode("utf-16"), "text/xml; charset=utf-8") == "Grüße, Київ"


def test_valid_utf8_wins_over_a_servers_default() -> None:
    assert title(declared("utf-8").encode(), "text/xml; charset=ISO-8859-1") == "Grüße, Київ"
    assert title(FEED.encode(), "text/xml; charset=us-ascii") == "Grüße, Київ"


def test_header_wins_over_a_declaration_of_something_else() -> None:
    assert title(declared("iso-8859-1", LATIN).encode("cp1250"), 'text/xml; charset="windows-1250"') == "Grüße"


def test_wrong_labels_are_no_obstacle() -> None:
    assert title(declared("utf-8", LATIN).encode("cp1252")) == "Grüße"
    assert title(LATIN.encode("cp1252")) == "Grüße"
    assert title(declared("no-such-code").encode()) == "Grüße, Київ"
    assert title(declared("utf-16").encode()) == "Grüße, Київ"
    assert title(declared("iso-8859-1", LATIN).encode("cp1252"), "text/xml; charset=us-ascii") == "Grüße"


def test_one_broken_byte_costs_one_character() -> None:
    assert title(declared("utf-8").encode().replace("ü".encode(), b"\xff")) == "Gr\ufffdße, Київ"


@pytest.mark.parametrize(
    "name", ["utf-7", "UTF-7", "cp037", "rot13", "zlib", "punycode", "unicode_escape", "hz", "idna"]
)
def test_encodings_that_hide_markup_are_refused(name: str) -> None:
    for body, header in ((declared(name).encode("cp1251", "replace"), None), (FEED.encode("cp1251", "replace"), name)):
        with pytest.raises(NotAFeed, match="is not safe to read"):
            parse_feed(body, content_type=header and f"text/xml; charset={header}", base_url="http://a/", known=None)


@pytest.mark.parametrize("name", ["ibm855", "cp737", "csibm857", "mac-greek", "x-mac-cyrillic", "cp863", "cp1125"])
def test_old_code_pages_are_read(name: str) -> None:
    text = bytes(range(0x80, 0xA0)).decode(codecs.lookup(name.removeprefix("x-")).name)
    assert (
        title(declared(name, FEED.replace("Grüße, Київ", f"a{text}z")).encode(name.removeprefix("x-"))) == f"a{text}z"
    )


def test_control_characters_never_get_through() -> None:
    body = FEED.replace("Grüße", "a\x00b\x08c\x1bd\x7f&#x85;e&#xFDD0;f\ufffe\u202eg").encode("utf-8", "surrogatepass")
    assert title(body) == "abcd…efg, Київ"  # NEL is the ellipsis of Windows-1252, as feedparser has it


def test_lone_surrogates_never_get_through() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "\\ud800", "title": "a\\udc00b"}]}'
    assert title(body) == "ab"


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("FranÃ§ois", "François"),
        ("â€œja\xa0Ã¤hâ€\x9d", "â€œja\xa0Ã¤hâ€\x9d"),
        ("â€œjaâ€\x9d", "“ja”"),
        ("ÐšÐ¸Ñ—Ð²", "Київ"),
        ("Ã", "Ã"),
        ("Größe", "Größe"),
        ("Ãœber â‚¬", "Über €"),
        ("ascii", "ascii"),
        ("Ã© and Київ", "Ã© and Київ"),
    ],
)
def test_text_encoded_twice_is_mended_only_where_all_of_it_is(broken: str, mended: str) -> None:
    assert undo_double_encoding(broken) == mended
