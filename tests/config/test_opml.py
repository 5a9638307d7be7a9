"""Lists of feeds from other readers, friendly and hostile."""

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.config.opml import MAX_BYTES, Opml, OpmlFeed, SkippedOutline, read_opml
from aggregator.errors import UsageError
from tests.conftest import shared_path


def opml(body: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> Opml:
    return read_opml(f'{head}<opml version="2.0"><head><title>x</title></head><body>{body}</body></opml>'.encode())


def test_feeds_are_read_with_their_folders() -> None:
    read = opml(
        '<outline text="World"><outline text="Europe" title="Europe, all">'
        '<outline type="rss" text="A  News" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"'
        ' language="en"/>'
        '</outline></outline><outline type="rss" title="B" text="b" xmlUrl="https://b.example/feed"/>'
    )
    assert read.feeds == (
        OpmlFeed("https://a.example/feed", "A News", "https://a.example/", "en", ("World", "Europe, all")),
        OpmlFeed("https://b.example/feed", "B"),
    )
    assert read.skipped == ()


def test_opml_1_and_attributes_in_any_case_are_read() -> None:
    read = read_opml(
        b'<opml version="1.0"><body><outline TEXT="A" xmlURL=" https://a.example/ "/>'
        b'<outline text="B" type="rss" url="https://b.example/"/></body></opml>'
    )
    assert [(feed.name, feed.url) for feed in read.feeds] == [("A", "https://a.example/"), ("B", "https://b.example/")]


def test_bare_ampersand_does_not_spoil_an_address() -> None:
    read = opml('<outline text="R & D" xmlUrl="https://a.example/?x=1&y=2&amp;z=3"/>')
    assert read.feeds == (OpmlFeed("https://a.example/?x=1&y=2&z=3", "R & D"),)


def test_namespace_and_feed_scheme_are_accepted() -> None:
    read = read_opml(
        b'<opml xmlns="http://opml.org/spec2"><body><outline xmlUrl="feed:https://a.example/"/></body></opml>'
    )
    assert read.feeds == (OpmlFeed("https://a.example/"),)


def test_commented_outline_and_what_is_in_it_is_left_out() -> None:
    assert opml('<outline isComment="true"><outline xmlUrl="https://a.example/"/></outline>').feeds == ()


def test_unusable_values_beside_the_address_are_dropped() -> None:
    read = opml('<outline xmlUrl="https://a.example/" htmlUrl="javascript:x" language="unknown"/>')
    assert read.feeds == (OpmlFeed("https://a.example/"),)


@pytest.mark.parametrize(
    ("outline", "skipped"),
    [
        ('<outline type="rss" text="A"/>', SkippedOutline("A", "it has no address of a feed (xmlUrl)")),
        (
            '<outline htmlUrl="https://a.example/"/>',
            SkippedOutline("an outline without a name", "it has no address of a feed (xmlUrl)"),
        ),
        (
            '<outline text="A" xmlUrl="javascript:alert(1)"/>',
            SkippedOutline(
                "A", "'javascript:alert(1)' is not a web address; write it like https://example.org/feed.xml"
            ),
        ),
    ],
)
def test_outline_that_is_no_usable_feed_is_skipped_with_a_reason(outline: str, skipped: SkippedOutline) -> None:
    assert opml(outline) == Opml((), (skipped,))


def test_feed_listed_twice_is_skipped_once() -> None:
    read = opml('<outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="https://A.example"/>')
    assert [feed.name for feed in read.feeds] == ["A"]
    assert read.skipped == (SkippedOutline("B", "the file lists this feed twice"),)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not even XML"),
        (b"hello", "not even XML"),
        (b"<html><body>x</body></html>", "its first element is 'html'"),
        (b"x" * (MAX_BYTES + 1), "is it an OPML file"),
    ],
)
def test_file_that_is_no_opml_is_a_usage_error(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_opml(data)


def test_entities_are_refused() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    for dtd, use in (
        (f'<!ENTITY l0 "ha">{laughs}', "&l9;"),
        ('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;"),
    ):
        with pytest.raises(UsageError):
            opml(f'<outline text="{use}" xmlUrl="https://a.example/"/>{use}', f"<!DOCTYPE opml [{dtd}]>")


def test_deep_nesting_is_no_recursion() -> None:
    depth = 200
    read = opml("<outline text='x'>" * depth + '<outline xmlUrl="https://a.example/"/>' + "</outline>" * depth)
    assert len(read.feeds[0].folders) == depth


def test_opml_files_of_other_projects_are_read() -> None:
    for path in shared_path("corpus/real").rglob("*.opml"):
        assert isinstance(read_opml(path.read_bytes()), Opml)


OUTLINES = st.sampled_from(
    [
        "<outline ",
        "<outline text='A' ",
        "xmlUrl='",
        "https://a.example/",
        "feed:",
        "' ",
        "type='rss' ",
        "/>",
        ">",
        "</outline>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.lists(OUTLINES | st.text(max_size=8)).map("".join).map(str.encode))
@example(b"<opml><outline xmlUrl='https://[/'/></opml>")
@example(b"<opml/>")
@example(b"<!DOCTYPE opml><opml>&x;</opml>")
@example(b"<?xml version='1.0' encoding='nonsense'?><opml/>")
def test_any_bytes_are_refused_or_give_addresses_that_read_the_same_again(data: bytes) -> None:
    for body in (data, b"<opml><body>" + data + b"</body></opml>"):
        try:
            read = read_opml(body)
        except UsageError as error:
            assert str(error)
            continue
        again = opml("".join(f"<outline xmlUrl={quoteattr(feed.url)}/>" for feed in read.feeds))
        assert [feed.url for feed in again.feeds] == [feed.url for feed in read.feeds]
        assert all(one.name and one.reason for one in read.skipped)


def test_scraped_page_of_freshrss_is_left_out() -> None:
    read = opml('<outline text="A" type="HTML+XPath" xmlUrl="https://a.example/page"/>')
    assert read.feeds == ()
    assert read.skipped == (SkippedOutline("A", "its reader makes this feed from a page by itself"),)
