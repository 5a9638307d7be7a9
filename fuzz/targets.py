"""What must hold for any bytes. Each target gets bytes and raises AssertionError, or what nobody has thought of."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from lxml import html as lxml_html
from multidict import CIMultiDict

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.net.decode import BadEncoding, BodyDecoder, TooLarge
from aggregator.net.discover import page_links
from aggregator.net.hints import in_one_line, parse_hints
from aggregator.net.response import Fetched
from aggregator.net.sites import known_feeds, podcast_feed
from aggregator.net.sniff import feed_format, guard_of
from aggregator.net.urls import BadUrl, follow, parse_url
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import FeedMeta, KnownSpans, NotAFeed
from aggregator.poll.websub import offers_of
from aggregator.text.html import sanitise as sanitise_html

BASE = "https://feeds.example.org/news/feed"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
_LONGEST = timedelta(days=3650)
_LIMIT = 100_000  # bytes
_MOST_LINKS = 40
_TYPES = (None, "application/rss+xml", "application/atom+xml; charset=utf-8", "text/xml; charset=utf-7", "text/html")
_NEVER = {"script", "style", "iframe", "object", "embed", "form", "input", "svg", "math", "meta", "link", "base"}
_ADDRESSES = {"href", "src", "cite", "poster", "srcset", "action", "formaction", "background", "data"}


def config(data: bytes) -> None:
    """feeds.yaml gives a configuration, or faults that have a place and a sentence."""
    try:
        load.parse(data, Path("feeds.yaml"), {})
    except ConfigError as error:
        assert error.faults, "refused without a reason"
        assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in error.faults), error.faults


def parse(data: bytes) -> None:
    """A body gives a feed whose entries are safe, or the sentence that says why it is none."""
    content_type = _TYPES[sum(data[-2:]) % len(_TYPES)]
    try:
        parsed = parse_feed(data, content_type=content_type, base_url=BASE, known=None)
    except NotAFeed as error:
        assert str(error), "refused without a reason"
        return
    assert len(parsed.entries) == len(parsed.identities) == len(set(parsed.identities))
    assert parsed.served >= len(parsed.entries)
    for entry in parsed.entries:
        _is_plain(entry.title)
        _is_plain(entry.text)
        _is_safe(entry.summary)
        _is_safe(entry.content)
        assert entry.url is None or _is_web(entry.url), entry.url
        assert all(_is_web(enclosure.url) for enclosure in entry.enclosures)
    spans = KnownSpans.from_bytes(parsed.spans.to_bytes())
    assert spans == replace(parsed.spans, items=dict(parsed.spans.items))
    again = parse_feed(data, content_type=content_type, base_url=BASE, known=spans)
    assert set(again.identities) <= set(parsed.identities), "known items change who the others are"


def sanitise(data: bytes) -> None:
    """No fragment is unsafe once it is sanitised, also when a browser repairs it in its own way."""
    clean = sanitise_html(data.decode("utf-8", "replace"), BASE)
    _is_safe(clean)
    _is_safe(sanitise_html(clean, BASE))


def answer(data: bytes) -> None:
    """Any answer gives a pause within reason, addresses that can be asked for, and a bounded body."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode("utf-8", "surrogateescape").split("\r\n")]
    headers = CIMultiDict((name.strip(), value.strip()) for name, _, value in lines)
    hints = parse_hints(headers, NOW)
    assert all(span is None or timedelta() < span <= _LONGEST for span in (hints.fresh_for, hints.retry_after)), hints
    _leads_to_the_web(headers.get("Location", ""))
    fetched = Fetched(url=BASE, status=200, body=body, links=tuple(headers.getall("Link", ())))
    for offer in offers_of(fetched, FeedMeta()):
        parse_url(offer.hub)
        parse_url(offer.topic)
    with suppress(TooLarge, BadEncoding):
        decoder = BodyDecoder(in_one_line(headers, "Content-Encoding"), _LIMIT)
        for at in range(0, len(body), 7):
            decoder.feed(body[at : at + 7])
        assert len(decoder.finish()) <= _LIMIT, "more than the limit"


def page(data: bytes) -> None:
    """A page in which feeds are looked for gives addresses that can be asked for, and not many."""
    declared, guessed = page_links(data, BASE)
    assert len(declared) <= _MOST_LINKS >= len(guessed)
    for url in (*(candidate.url for candidate in declared), *guessed):
        parse_url(url)
    assert feed_format(data) in {None, "RSS", "RSS 1.0", "Atom", "JSON Feed"}
    guard_of(data)
    podcast_feed(data)
    known_feeds(f"https://www.youtube.com/{quote(data[:200])}")


TARGETS = {"config": config, "parse": parse, "sanitise": sanitise, "answer": answer, "page": page}


def _is_plain(text: str) -> None:
    assert not any(0xD800 <= ord(char) <= 0xDFFF or (char < " " and char not in "\t\n\r") for char in text), repr(text)


def _is_safe(fragment: str) -> None:
    _is_plain(fragment)
    if not fragment.strip():
        return
    for element in lxml_html.fragment_fromstring(fragment, create_parent=True).iter():
        assert isinstance(element.tag, str), f"a comment or instruction in {fragment!r}"
        assert element.tag not in _NEVER, f"<{element.tag}> in {fragment!r}"
        for name, value in element.attrib.items():
            assert not name.startswith("on"), f"{name} in {fragment!r}"
            assert name != "style", f"style in {fragment!r}"
            scheme = value.strip().partition(":")[0].lower()
            assert name not in _ADDRESSES or scheme in {"http", "https", "mailto"}, f"{name}={value!r}"


def _leads_to_the_web(location: str) -> None:
    try:
        target = follow(parse_url(BASE), location)
    except BadUrl as error:
        assert str(error), "refused without a reason"
        return
    assert target.scheme in {"http", "https"}
    assert parse_url(target.url).url == target.url, "an address that changes when it is read again"
    assert str(target.wire).isascii()
    assert str(target.wire).isprintable()


def _is_web(url: str) -> bool:
    try:
        parse_url(url)
    except BadUrl:
        return url.startswith(("http://", "https://"))
    return True
