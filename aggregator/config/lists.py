"""Reading lists of feeds that other readers export or keep: OPML, or an address a line, as newsboat has it.

In newsboat's file (its manual, 'Adding feeds') tags follow the address, of which `~title` names the feed; what
stands in quotes may hold blanks. The file is hostile input.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from aggregator.config.opml import MAX_BYTES, Opml, OpmlFeed, SkippedOutline, read_opml
from aggregator.config.references import same_feed
from aggregator.config.values import check_web_url, shown
from aggregator.errors import UsageError

_OF_NEWSBOAT = ("query:", "exec:", "filter:")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of byte order


def read_list(data: bytes) -> Opml:
    """The feeds of the list, whichever kind it is. Raises UsageError when it is neither."""
    begin = data[:200].lstrip()
    if begin.startswith((b"<", *_MARKS)) or len(data) > MAX_BYTES or not begin:
        return read_opml(data)
    feeds: dict[str, OpmlFeed] = {}
    skipped: list[SkippedOutline] = []
    for one in _lines(data.decode("utf-8", "replace")):
        if isinstance(one, SkippedOutline):
            skipped.append(one)
        elif same_feed(one.url) in feeds:
            skipped.append(SkippedOutline(one.name or one.url, "the file lists this feed twice"))
        else:
            feeds[same_feed(one.url)] = one
    if not feeds:
        raise UsageError("this is no list of feeds: neither OPML nor an address a line; export your feeds as OPML")
    return Opml(tuple(feeds.values()), tuple(skipped))


def _lines(text: str) -> Iterator[OpmlFeed | SkippedOutline]:
    for line in text.splitlines():
        words = _words(line)
        if not words or words[0].startswith("#"):
            continue
        address, *tags = words
        title = next((" ".join(tag[1:].split()) for tag in tags if tag.startswith("~")), "") or None
        if address.startswith(_OF_NEWSBOAT):
            yield SkippedOutline(title or shown(address), "only newsboat can make this feed")
            continue
        try:
            yield OpmlFeed(check_web_url(address), title)
        except ValueError as error:
            yield SkippedOutline(title or shown(address), str(error))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quotation mark that is never closed
        return line.split()
