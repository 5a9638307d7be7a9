"""What must hold for any bytes. Each target gets bytes and raises AssertionError, or what nobody has thought of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lxml import html as lxml_html

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.net.urls import BadUrl, parse_url
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import KnownSpans, NotAFeed
from aggregator.text.html import sanitise as sanitise_html

BASE = "https://feeds.example.org/news/feed"
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


TARGETS = {"config": config, "parse": parse, "sanitise": sanitise}


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


def _is_web(url: str) -> bool:
    try:
        parse_url(url)
    except BadUrl:
        return url.startswith(("http://", "https://"))
    return True
