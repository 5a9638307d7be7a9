"""Lists of feeds with an address a line."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.lists import read_list
from aggregator.config.opml import OpmlFeed
from aggregator.errors import UsageError

URLS = """\
# my feeds
https://a.example/feed news "two words" "~A nice  name"

https://b.example/feed "never closed
https://a.example/feed
"query:Unread:unread = \\"yes\\""
"exec:~/bin/make"  "~Made"
gopher://old.example/
"""


def test_urls_file_of_newsboat_is_read_with_titles_and_what_it_lacks_is_said() -> None:
    read = read_list(URLS.encode())
    assert read.feeds == (
        OpmlFeed("https://a.example/feed", "A nice name"),
        OpmlFeed("https://b.example/feed"),
    )
    assert [(one.name, one.reason.partition(";")[0]) for one in read.skipped] == [
        ("https://a.example/feed", "the file lists this feed twice"),
        ("'query:Unread:unread = \"yes\"'", "only newsboat can make this feed"),
        ("Made", "only newsboat can make this feed"),
        ("'gopher://old.example/'", "'gopher://old.example/' is not a web address"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_opml_is_known_behind_a_byte_order_mark(encoding: str) -> None:
    text = '\n<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/"/></body></opml>'
    assert read_list(text.strip().encode(encoding)).feeds == (OpmlFeed("https://a.example/", "A"),)


@pytest.mark.parametrize("text", ["", " \n", "hello", '{"feeds": []}', "# nothing"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="this is no"):
        read_list(text.encode())


LINES = st.sampled_from(
    ["https://a.example/", "http://A.example:80/x#y", "~Name", '"~A name"', "tag", '"', "#", "query:x", "\n", " "]
)


@given(st.binary() | st.lists(LINES | st.text(max_size=8)).map("".join).map(str.encode))
def test_any_bytes_are_refused_or_give_addresses_that_read_the_same_again(data: bytes) -> None:
    try:
        read = read_list(data)
    except UsageError as error:
        assert str(error)
        return
    again = read_list("\n".join(shlex.quote(feed.url) for feed in read.feeds).encode())
    assert [feed.url for feed in again.feeds] == [feed.url for feed in read.feeds]
    assert again.skipped == ()
    assert all(one.name and one.reason for one in read.skipped)
