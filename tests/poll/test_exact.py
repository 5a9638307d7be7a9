"""What is stored equals what feedparser makes of the whole document, field by field, over a corpus of feeds.

The reference is `feedparser.parse` as it comes, with its own sanitising and link resolving. `EXPLAINED` says where we
differ on purpose and why; anything else is a failure. Run with -s to see the table, and with AGGREGATOR_FEEDS=folder to
compare the feeds in another folder, too.
"""

from __future__ import annotations

import calendar
import functools
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from feedparser.mixin import _FeedParserMixin
from lxml import etree

from aggregator.model import ParsedEntry, identity_hash
from aggregator.poll.parse import quick, record
from aggregator.poll.parse.charset import read_document, undo_double_encoding
from aggregator.poll.parse.quick_names import Beyond
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import KnownSpans, NotAFeed
from aggregator.poll.parse.sniff import from_root
from aggregator.poll.parse.spans import Spans, scan
from aggregator.text.html import clean_text, to_text, web_url
from tests.conftest import shared_path

BASE = "http://example.org/dir/feed"
LARGE = 100_000
FIELDS = ("id", "title", "url", "published", "updated", "authors", "categories", "enclosures", "summary", "contents")
HTML = {"text/html", "application/xhtml+xml"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CORPORA = ["real", "edge", *os.environ.get("AGGREGATOR_FEEDS", "").split()]
VOCABULARIES = {uri.lower() for uri in _FeedParserMixin.namespaces}


@dataclass
class Fields:
    """One entry's fields in a form in which both sides can be compared."""

    id: str | None
    title: str
    url: str | None
    published: datetime | None
    updated: datetime | None
    authors: list[tuple[str | None, str | None]]
    categories: list[str]
    enclosures: list[tuple[str, str | None, str | None]]
    summary: str
    contents: list[str]
    entry: Any
    others: Callable[[], list[tuple[str, Fields]]] = list


def words(text: str) -> str:
    return " ".join(clean_text(text).split())


def text_of_detail(detail: Any, mend: Callable[[str], str] = str, value: str | None = None) -> str:
    value = mend(value or (detail or {}).get("value") or "")
    return words(to_text(value) if detail and detail.get("type") in HTML else value)


def date_of(entry: Any, key: str) -> datetime | None:
    if not dict.__contains__(entry, key) or not entry[key]:
        return None
    try:
        return EPOCH + timedelta(seconds=calendar.timegm(entry[key]))
    except (OverflowError, ValueError):
        return None


def of_feedparser(entry: Any, mend: Callable[[str], str] = str) -> Fields:
    links = [link for link in entry.get("links") or () if link.get("rel") == "enclosure"]
    return Fields(
        id=entry.get("id") or None,
        title=text_of_detail(entry.get("title_detail"), mend, entry.get("title")),
        url=entry.get("link"),
        published=date_of(entry, "published_parsed"),
        updated=date_of(entry, "updated_parsed"),
        authors=[
            (mend(person.get("name") or ""), person.get("email")) for person in entry.get("authors") or () if person
        ],
        categories=[mend(tag["term"]) for tag in entry.get("tags") or () if tag.get("term")],
        enclosures=[(link.get("href"), link.get("type"), link.get("length")) for link in links],
        summary=text_of_detail(entry.get("summary_detail"), mend),
        contents=[text_of_detail(content, mend) for content in entry.get("content") or () if content.get("value")],
        entry=entry,
    )


def of_ours(entry: ParsedEntry) -> Fields:
    return Fields(
        id=entry.guid,
        title=entry.title,
        url=entry.url,
        published=entry.published,
        updated=entry.updated,
        authors=[(person.name, person.email) for person in entry.authors],
        categories=list(entry.categories),
        enclosures=[(e.url, e.type, None if e.length is None else str(e.length)) for e in entry.enclosures],
        summary=words(to_text(entry.summary)),
        contents=[words(to_text(entry.content))] if entry.content else [],
        entry=entry,
    )


Rule = Callable[[Fields, Fields], bool]


def _has_caption(theirs: Fields) -> bool:
    return any(key.startswith("media_") for key in theirs.entry)


def _person(name: str | None, email: str | None) -> tuple[str | None, str | None]:
    email = email if email and "@" in email else None
    return words(name or "") or email, email


def _of_unknown_zone(theirs: datetime | None, ours: datetime | None) -> bool:
    return bool(theirs and ours) and abs(theirs - ours) <= timedelta(hours=14)  # type: ignore[operator]


DATES: list[tuple[str, Rule]] = [
    (
        "a date that feedparser can't read",
        lambda t, u: (t.published is None and "published" in t.entry) or (t.updated is None and "updated" in t.entry),
    ),
    (
        "a date whose parts slashes or dots divide is not in this month",
        lambda t, u: re.match(r"\s*\d{4}[/.]", t.entry.get("published") or t.entry.get("updated", "")) is not None,
    ),
    (
        "a zone, or half of the day, that feedparser doesn't know",
        lambda t, u: (
            re.search(r"[A-Z]{3,4}$|[ap]\.?m\b|[AP]M\b", t.entry.get("published", "") + t.entry.get("updated", ""))
            is not None
            and all(
                one == other or _of_unknown_zone(one, other)
                for one, other in ((t.published, u.published), (t.updated, u.updated))
            )
        ),
    ),
]


def _same(theirs: Fields, ours: Fields) -> list[Any]:
    return list(zip(theirs.authors, ours.authors, strict=False))


def _categories(theirs: Fields) -> list[str]:
    kinds = {tag["term"] for tag in theirs.entry.get("tags") or () if (tag.get("scheme") or "").endswith("#kind")}
    names = [words(to_text(name) if "&" in name else name) for name in theirs.categories if name not in kinds]
    return list(dict.fromkeys(name for name in names if name))


def _enclosures(theirs: Fields) -> list[tuple[str, str | None, str | None]]:
    """Each file once, with a type and a length that are such."""
    cleaned: dict[str, tuple[str, str | None, str | None]] = {}
    for url, kind, length in theirs.enclosures:
        if address := web_url(url, BASE):
            number = str(int(length)) if length and length.strip().isdigit() else None
            cleaned.setdefault(address, (address, kind if kind and "/" in kind else None, number))
    return list(cleaned.values())


def _without_types(files: list[tuple[str, str | None, str | None]]) -> list[tuple[str, str | None]]:
    return [(url, length) for url, _, length in files]


EXPLAINED: dict[str, list[tuple[str, Rule]]] = {
    "title": [
        ("no title: the first words of the text stand in", lambda t, u: not t.title),
        ("cut at 500 characters", lambda t, u: len(t.title) > 500 and t.title.startswith(u.title[:-1])),
    ],
    "url": [
        ("an id that is no web address is not a link", lambda t, u: not web_url(t.url) and not u.url),
        ("white space in an address is removed or encoded", lambda t, u: web_url(t.url, BASE) == u.url),
        ("another alternate stands in for a link that is no web address", lambda t, u: not web_url(t.url)),
    ],
    "published": [
        ("dc:date of RSS is when it was published", lambda t, u: t.published is None and u.published == u.updated),
        *DATES,
    ],
    "updated": DATES,
    "authors": [
        (
            "a top-level domain may have more than four letters",
            lambda t, u: all(e is None or (e.startswith(cut or "") and e != cut) for (_, cut), (_, e) in _same(t, u)),
        ),
        (
            "an author who is listed twice counts once, line breaks in a name are spaces, an address stands for a name",
            lambda t, u: list(dict.fromkeys(_person(n, e) for n, e in t.authors if n or e)) == u.authors,
        ),
    ],
    "categories": [
        (
            "a category counts once, its white space is one space, Google's mark of an entry's kind is none",
            lambda t, u: u.categories == _categories(t),
        ),
        ("at most 50 categories", lambda t, u: len(u.categories) == 50 and u.categories == _categories(t)[:50]),
    ],
    "enclosures": [
        ("each file once, with a length in digits", lambda t, u: _enclosures(t) == u.enclosures),
        (
            "no type is not text/html",
            lambda t, u: (
                _without_types(_enclosures(t)) == _without_types(u.enclosures)
                and all(
                    ours in (theirs, None)
                    for (_, theirs, _), (_, ours, _) in zip(_enclosures(t), u.enclosures, strict=True)
                )
            ),
        ),
        (
            "sounds and films of Media RSS are enclosures",
            lambda t, u: "media_content" in t.entry and u.enclosures[: len(_enclosures(t))] == _enclosures(t),
        ),
    ],
    "summary": [
        ("escaped twice", lambda t, u: words(to_text(t.summary)) == u.summary),
        (
            "a channel with two descriptions does not change its first item",
            lambda t, u: not t.contents and u.contents == [t.summary],
        ),
        ("a summary that equals the content is kept once", lambda t, u: not u.summary and t.summary in u.contents),
        ("a caption of a picture is not the summary", lambda t, u: _has_caption(t)),
        ("a copy of the content is not a summary", lambda t, u: not u.summary and t.summary in t.contents),
    ],
    "contents": [
        ("escaped twice", lambda t, u: [words(to_text(content)) for content in t.contents] == u.contents),
        ("a channel with two descriptions does not change its first item", lambda t, u: u.contents == [t.summary]),
        ("of several contents the longest", lambda t, u: len(t.contents) > 1 and u.contents[0] in t.contents),
        ("a caption of a picture does not push the summary into the content", lambda t, u: _has_caption(t)),
    ],
}


def explanation(field: str, theirs: Fields, ours: Fields) -> str | None:
    """Why a field differs; "" when nothing explains it, None when it does not differ."""
    if getattr(theirs, field) == getattr(ours, field):
        return None
    found = next((reason for reason, rule in EXPLAINED.get(field, ()) if rule(theirs, ours)), "")
    if found:
        return found
    return next((reason for reason, other in theirs.others() if explanation(field, other, ours) != ""), "")


def files(name: str) -> Iterator[Path]:
    folder = Path(name) if Path(name).is_absolute() else shared_path(f"corpus/{name}")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            yield path


def reference(body: bytes) -> list[Fields] | None:
    """feedparser's entries of a well-formed document; None for others, and where feedparser itself fails."""
    result = _feedparser(body)
    if result is None:
        return None
    own = _feedparser(_without_other_vocabularies(body))
    if own and len(own.entries) != len(result.entries):  # items inside them
        return reference(_without_other_vocabularies(body))

    @functools.cache
    def unsanitised() -> Any:
        raw = _feedparser(body, sanitize_html=False, resolve_relative_uris=False)
        assert raw is not None
        return raw.entries

    def others(position: int) -> list[tuple[str, Fields]]:
        raw = unsanitised()[position]
        alone = of_feedparser((own or result).entries[position])
        return [
            ("elements inside those of another vocabulary are not the item's", alone),
            ("encoded twice", of_feedparser(result.entries[position], undo_double_encoding)),
            ("broken HTML is read by the rules of HTML 5", of_feedparser(raw)),
            ("broken HTML, encoded twice", of_feedparser(raw, undo_double_encoding)),
        ]

    return [
        replace(of_feedparser(entry), others=functools.partial(others, position))
        for position, entry in enumerate(result.entries)
    ]


def _without_other_vocabularies(body: bytes) -> bytes:
    """The document without what stands inside elements of its items whose namespaces feedparser doesn't know."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, recover=True))
    parts = [] if root is None else [part for item in root.iter("{*}item", "{*}entry") for part in item]
    others = [part for part in parts if len(part) and part.prefix and _vocabulary(part) not in VOCABULARIES]
    for other in others:
        del other[:]
    return etree.tostring(root) if others else body


def _vocabulary(element: etree._Element) -> str:
    return (etree.QName(element).namespace or "").lower()


def _feedparser(body: bytes, **options: bool) -> Any | None:
    headers = {"content-location": BASE, "content-type": "application/xml"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = feedparser.parse(io.BytesIO(body), response_headers=headers, **options)
        except Exception:
            return None
    if result.bozo and not isinstance(result.bozo_exception, feedparser.CharacterEncodingOverride):
        return None
    try:
        decoded = read_document(body, None).data
    except NotAFeed:
        return None
    return None if b"\xef\xbf\xbd" in decoded else result  # bytes of no encoding that it names


def pairs(theirs: list[Fields], ours: tuple[ParsedEntry, ...]) -> list[tuple[Fields, Fields]] | None:
    """Entries of both sides, without those that feedparser lists twice or that hold nothing where we have fewer."""
    if len(theirs) != len(ours):
        listed: dict[str, Fields] = {}
        for one in theirs:
            listed.setdefault(str(one.id or one.url or (one.title, one.summary, one.contents, one.enclosures)), one)
        theirs = [
            one for one in listed.values() if one.id or one.url or one.title or _enclosures(one) or _has_text(one)
        ]
    return list(zip(theirs, map(of_ours, ours), strict=True)) if len(theirs) == len(ours) else None


def _has_text(one: Fields) -> bool:
    return any(other.summary or any(other.contents) for _, other in one.others()[-2:])


@pytest.mark.parametrize("corpus", CORPORA)
def test_entries_equal_those_of_feedparser_but_for_explained_differences(corpus: str) -> None:
    table: Counter[tuple[str, str]] = Counter()
    unexplained: list[str] = []
    entries = 0
    for path in files(corpus):
        body = path.read_bytes()
        result = reference(body)
        if not result:
            continue
        try:
            parsed = parse_feed(body, content_type="application/xml", base_url=BASE, known=None)
        except NotAFeed as refused:
            unexplained.append(f"{path}: {refused}")
            continue
        both = pairs(result, parsed.entries)
        if both is None:
            unexplained.append(f"{path}: {len(result)} entries of feedparser, {len(parsed.entries)} of ours")
        for theirs, ours in both or ():
            entries += 1
            for field in FIELDS:
                reason = explanation(field, theirs, ours)
                if reason:
                    table[field, reason] += 1
                elif reason is not None:
                    difference = _difference(getattr(theirs, field), getattr(ours, field))
                    unexplained.append(f"{path} {field}\n{difference}")
    print(f"\n{corpus}: {entries} entries")
    for (field, reason), count in sorted(table.items()):
        print(f"  {count:5}  {field}: {reason}")
    assert entries > 1000 or corpus not in {"real", "edge"}
    assert not unexplained, "\n".join([f"{len(unexplained)} unexplained", *unexplained[:20]])


def _difference(theirs: object, ours: object) -> str:
    one, other = repr(theirs), repr(ours)
    start = max(0, next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0) - 40)
    return f"  feedparser {one[start : start + 200]}\n  ours       {other[start : start + 200]}"


def documents(name: str) -> Iterator[tuple[Path, Spans]]:
    """The well-formed XML files that have items."""
    for path in files(name):
        try:
            data = from_root(read_document(path.read_bytes(), None).data)
        except NotAFeed:
            continue
        spans = None if data.startswith(b"{") else scan(data, "")
        if spans and spans.items:
            yield path, spans


@pytest.mark.parametrize("corpus", CORPORA)
def test_quick_reader_gives_the_very_values_of_feedparser(corpus: str) -> None:
    beyond, read = 0, 0
    for path, spans in documents(corpus):
        if len(spans.data) > LARGE:
            continue  # they differ from smaller ones in nothing but time
        expected = record.read(spans.data, BASE)
        header = record.read(spans.only(()), BASE)
        try:
            got = quick.read_items(spans.data, BASE, header.version, len(spans.items))
        except Beyond:
            beyond += 1
            continue
        read += 1
        assert got == expected.entries, path
    print(f"\n{corpus}: {read} documents read at once, {beyond} left to feedparser")
    assert read > 5 * beyond or corpus not in {"real", "edge"}


def test_new_items_are_read_as_in_the_whole_document_and_known_ones_not_at_all() -> None:
    trimmed_documents = 0
    for path, _ in documents("real"):
        body = path.read_bytes()
        whole = parse_feed(body, content_type=None, base_url=BASE, known=None)
        hashes = list(whole.spans.items)
        if len(hashes) < 3:
            continue
        kept = {span: identity for span, identity in whole.spans.items.items() if span not in {hashes[0], hashes[-1]}}
        trimmed = parse_feed(body, content_type=None, base_url=BASE, known=replace(whole.spans, items=kept))
        new = {whole.spans.items[hashes[0]], whole.spans.items[hashes[-1]]}
        expected = [e for e, name in zip(whole.entries, whole.identities, strict=True) if identity_hash(name) in new]
        assert [e for e in trimmed.entries if e in expected] == expected, path
        assert trimmed.meta == whole.meta
        assert trimmed.spans == whole.spans
        assert trimmed.served == whole.served
        trimmed_documents += len(trimmed.entries) < len(whole.entries)
        stored = KnownSpans.from_bytes(whole.spans.to_bytes())
        assert parse_feed(body, content_type=None, base_url=BASE, known=stored).entries == (), path
    assert trimmed_documents > 100
