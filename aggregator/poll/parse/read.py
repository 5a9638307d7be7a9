"""From a body to clean entries. Pure; hostile input may take long or much memory, so it runs in `poll.workers`.

refuse_other_bodies   sniff     an HTML page, a picture, nothing: NotAFeed says so
read_document         charset   UTF-8, by an allow-list of encodings
JSON?                 jsonfeed
scan                  spans     where each item lies; those of `known` are cut out
read                  record    feedparser: the header, where it has changed; an ill-formed document whole
                      quick     new items, where they are of the usual kinds; feedparser reads the others
build                 build     clean text, safe HTML, absolute links, caps
identities            names     the item's id, else its link, else a hash
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.model import ParsedEntry, identity_hash
from aggregator.poll.parse import jsonfeed, quick, record
from aggregator.poll.parse.build import UNTITLED, build_entry, build_meta
from aggregator.poll.parse.charset import Document, read_document
from aggregator.poll.parse.header import Header
from aggregator.poll.parse.names import Sharing, identities
from aggregator.poll.parse.quick_names import Beyond
from aggregator.poll.parse.raw import RawEntry, RawFeed
from aggregator.poll.parse.result import KnownSpans, NotAFeed, ParsedFeed
from aggregator.poll.parse.sniff import from_root, refuse_other_bodies
from aggregator.poll.parse.spans import Spans, scan

_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
MAX_ITEMS = 2_000
"""Items of one body that are read; the others are counted as dropped."""


def parse_feed(body: bytes, *, content_type: str | None, base_url: str, known: KnownSpans | None) -> ParsedFeed:
    """Parse a feed's body; `base_url` is where it came from, after redirects.

    Items whose bytes `known` holds are left out. Raises NotAFeed with a sentence, and nothing else.
    """
    refuse_other_bodies(body)
    known = known or KnownSpans()
    document = read_document(body, content_type)
    if document.data[:1] in {b"{", b"["}:
        raw = jsonfeed.read(document.data, base_url)
        return _whole(raw, base_url, known, max(0, len(raw.entries) - MAX_ITEMS))
    document = Document(from_root(document.data), document.encoding)
    spans = scan(document.data, f"{document.encoding} {base_url}")
    if spans is not None and spans.items:
        parsed = _new_items(spans, base_url, known)
        if parsed is not None:
            return parsed
    return _lenient(document.data, base_url, known)


def _lenient(data: bytes, base_url: str, known: KnownSpans) -> ParsedFeed:
    """Parse a document whole: an ill-formed one, or one with a DOCTYPE or other oddities."""
    items = [found.start() for found in _ITEM.finditer(data)]
    dropped = max(0, len(items) - MAX_ITEMS)
    if dropped:
        data = data[: items[MAX_ITEMS]]
    raw = record.read(data, base_url)
    if not raw.entries and (items or not (raw.well_formed or raw.title or raw.link)):
        raise NotAFeed("Got a feed that is broken, and no item in it can be read.")
    return _whole(raw, base_url, known, dropped)


def _new_items(spans: Spans, base_url: str, known: KnownSpans) -> ParsedFeed | None:
    """Parse the items that are not known; None when the document has to be parsed whole."""
    trimmed = known.items if known.key == spans.key else {}
    new = [index for index, span in enumerate(spans.hashes[:MAX_ITEMS]) if span not in trimmed]
    parsed = _positions(spans, new, base_url, known)
    cut_out = {trimmed[span] for span in spans.hashes if span in trimmed}
    if parsed is not None and any(identity_hash(one) in cut_out for one in parsed.identities):
        # Two items of one name, one of them cut out: only together can they be told apart.
        parsed = _positions(spans, range(len(spans.items))[:MAX_ITEMS], base_url, known)
    return parsed


def _positions(spans: Spans, wanted: Sequence[int], base_url: str, known: KnownSpans) -> ParsedFeed | None:
    known_header = known.header if known.key == spans.key else b""
    header, raw = _read(spans, wanted, base_url, known_header)
    if len(raw) != len(wanted):
        return None
    dropped = max(0, len(spans.items) - MAX_ITEMS)
    entries = _build_entries(raw, base_url, header)
    names, sharing = identities(entries, known.sharing, len(spans.items))
    items = {spans.hashes[at]: identity_hash(name) for at, name in zip(wanted, names, strict=True)}
    items |= {span: known.items[span] for span in spans.hashes[:MAX_ITEMS] if span not in items}
    first, distinct = _distinct(entries, names)
    return ParsedFeed(
        meta=header.meta,
        entries=first,
        identities=distinct,
        spans=KnownSpans(spans.key, items, sharing, known_header or header.to_bytes()),
        served=len(spans.items),
        dropped=dropped,
        format=header.format,
        notes=_notes(dropped, sharing),
    )


def _read(spans: Spans, wanted: Sequence[int], base_url: str, known: bytes) -> tuple[Header, list[RawEntry]]:
    """What stands outside the items goes through feedparser, unless it is that of last time.

    The items do only where `quick` can't read them.
    """
    header = Header.from_bytes(known) if known else _header(record.read(spans.only(()), base_url), base_url)
    if not wanted:
        return header, []
    part = spans.only(frozenset(wanted))
    try:
        return header, quick.read_items(part, base_url, header.version, len(wanted))
    except Beyond:
        raw = record.read(part, base_url)
        return _header(raw, base_url), raw.entries


def _header(raw: RawFeed, base_url: str) -> Header:
    return Header(build_meta(raw, base_url), raw.format, raw.version)


def _whole(raw: RawFeed, base_url: str, known: KnownSpans, dropped: int) -> ParsedFeed:
    if not raw.format and not raw.entries:
        raise NotAFeed("Got XML without a feed in it.")
    del raw.entries[MAX_ITEMS:]
    header = _header(raw, base_url)
    entries = _build_entries(raw.entries, base_url, header)
    names, sharing = identities(entries, known.sharing, len(entries))
    first, distinct = _distinct(entries, names)
    return ParsedFeed(
        meta=header.meta,
        entries=first,
        identities=distinct,
        spans=KnownSpans(sharing=sharing),
        served=len(entries) + dropped,
        dropped=dropped,
        format=raw.format,
        notes=_notes(dropped, sharing),
    )


def _build_entries(raw: Sequence[RawEntry], base_url: str, header: Header) -> list[ParsedEntry]:
    rss = header.format.startswith(("RSS", "CDF"))
    return [build_entry(entry, base_url, header.meta.language, rss=rss) for entry in raw]


def _distinct(entries: Sequence[ParsedEntry], names: Sequence[str]) -> tuple[tuple[ParsedEntry, ...], tuple[str, ...]]:
    """The first entry of each name: what a feed lists first is what it means now. Without those that hold nothing."""
    first: dict[str, ParsedEntry] = {}
    for name, entry in zip(names, entries, strict=True):
        if entry.guid or entry.title != UNTITLED or entry.url or entry.summary or entry.content or entry.enclosures:
            first.setdefault(name, entry)
    return tuple(first.values()), tuple(first)


def _notes(dropped: int, sharing: Sharing) -> tuple[str, ...]:
    notes = []
    if dropped:
        notes.append(f"{dropped} items beyond the first {MAX_ITEMS} were left out.")
    if sharing.guids:
        notes.append("Its items share ids, so they are told apart by their links.")
    if sharing.some_guids:
        notes.append("Some of its items share an id, so those are told apart by their links.")
    if sharing.links:
        notes.append("Its items share links, so they are told apart by title and date.")
    return tuple(notes)
