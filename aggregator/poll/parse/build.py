"""From what a format's reader gives to clean values: text decoded once, safe HTML, absolute links, capped fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from aggregator.model import Enclosure, ParsedEntry, Person, SourceRef
from aggregator.poll.parse.charset import undo_double_encoding
from aggregator.poll.parse.raw import RawEntry, RawFeed, RawFile, RawPerson, RawText
from aggregator.poll.parse.result import FeedMeta
from aggregator.text.html import clean_text, escape, first_image, sanitise, text_of, to_text, web_url

UNTITLED = "Untitled"
"""Title of an entry that has neither title nor text nor address."""
MAX_TITLE = 500
MAX_TEXT = 50_000
MAX_NAME = 1_000
"""Some journals give all authors of a paper as one name."""
MAX_URL = 2_000
MAX_GUID = 2_000
MAX_LIST = 50
"""Authors, categories and enclosures of one entry."""

_TITLE_FROM_TEXT = 80
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_ESCAPED_BLOCK = re.compile(
    r"\s*&lt;(?:p|div|a|img|br|table|ul|ol|h[1-6]|span|blockquote|figure|strong|em|b|i)(?:\s[^<]*?)?/?&gt;"
)
_YEAR = 366 * 24 * 60  # minutes
# Text or a picture in what `sanitise` gave.
_VISIBLE = re.compile(r"(?:^|>)(?:\s|&nbsp;)*+[^<\s]|<img")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def build_meta(raw: RawFeed, base_url: str) -> FeedMeta:
    """What the feed says of itself."""
    return FeedMeta(
        title=plain(raw.title)[:MAX_TITLE] or None,
        site_url=_url(raw.link, base_url),
        description=plain(raw.description)[:MAX_TITLE] or None,
        language=language(raw.language),
        image_url=_url(raw.image, base_url),
        generator=clean_text(raw.generator or "")[:MAX_NAME] or None,
        self_url=_url(raw.self_url, base_url),
        hub_urls=tuple(url for hub in raw.hubs[:5] if (url := _url(hub, base_url))),
        ttl=_minutes(raw.ttl),
        update_period=_period(raw.update_period, raw.update_frequency),
        skip_hours=frozenset(int(h) % 24 for h in raw.skip_hours if re.fullmatch(r"\s*\d{1,2}\s*", h) and int(h) <= 24),
        skip_days=frozenset(_DAYS[d.strip().lower()[:3]] for d in raw.skip_days if d.strip().lower()[:3] in _DAYS),
    )


def build_entry(raw: RawEntry, base_url: str, feed_language: str | None, *, rss: bool) -> ParsedEntry:
    """One item.

    RSS has one date, whatever its name, and no rule for relative links: they are taken as standing on the item's page.
    Those of Atom and JSON Feed stand in the document.
    """
    url = _entry_url(raw, base_url)
    summary, content = _bodies(raw, base_url, (url if rss else None) or base_url)
    text = text_of(content or summary)[:MAX_TEXT]
    published = raw.published or (raw.updated if rss else None)
    return ParsedEntry(
        guid=clean_text(raw.id).strip()[:MAX_GUID] or None if raw.id else None,
        title=_title(raw, text),
        url=url,
        summary=summary,
        content=content,
        text=text,
        authors=tuple(_people(raw.authors)),
        categories=tuple(_names(raw.categories)),
        enclosures=tuple(_enclosures(raw, base_url)),
        image_url=_image(raw, base_url) or first_image(content or summary),
        comments_url=_url(raw.comments, base_url),
        language=language(raw.language) or feed_language,
        source=_source(raw, base_url),
        published=published,
        updated=raw.updated,
    )


def plain(text: RawText | None) -> str:
    """A text construct as one line of plain text."""
    if text is None:
        return ""
    value = undo_double_encoding(text.value[: 20 * MAX_TITLE])
    value = to_text(value) if text.kind == "html" else clean_text(value)
    return " ".join(value.split())


def language(tag: str | None) -> str | None:
    """A language tag in the usual spelling (RFC 5646 section 2.1.1), None for anything else."""
    if not tag or not _LANGUAGE.fullmatch(tag.strip()):
        return None
    first, *rest = tag.strip().replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _bodies(raw: RawEntry, document: str, page: str) -> tuple[str, str]:
    """Summary and content. The content is the longest; a caption stands in where there is nothing else (YouTube)."""
    content = max(raw.contents, key=lambda text: (text.kind == "html", len(text.value)), default=None)
    summary = raw.summary
    if summary and content and summary.value == content.value:
        content = summary if summary.kind == "html" else content
        summary = None
    if not summary and not content:
        summary = raw.caption
    return _html(summary, document, page), _html(content, document, page)


def _html(text: RawText | None, document: str, page: str) -> str:
    """`text.base` holds where xml:base has changed it."""
    if text is None:
        return ""
    value = undo_double_encoding(text.value)
    if text.kind == "text":
        return escape(clean_text(value[:MAX_TEXT]))
    base = page if text.base in {"", document} else text.base
    clean = sanitise(value, base)
    if "<" not in clean and _ESCAPED_BLOCK.match(clean):  # escaped once too often: a reader would see the tags
        clean = sanitise(to_text(clean), base)
    return clean if _VISIBLE.search(clean) else ""


def _title(raw: RawEntry, text: str) -> str:
    title = plain(raw.title)
    if title:
        return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"
    line = text.split("\n", 1)[0] or plain(raw.caption)
    if len(line) > _TITLE_FROM_TEXT:
        line = line[:_TITLE_FROM_TEXT].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"
    return line or _last_part(raw.link) or UNTITLED


def _last_part(url: str | None) -> str:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return clean_text(parts.path.rstrip("/").rpartition("/")[2] or parts.netloc)[:_TITLE_FROM_TEXT]


def _entry_url(raw: RawEntry, base_url: str) -> str | None:
    """The first web address among link, alternates and id: readers can't follow tag: and urn: ids."""
    for candidate in (raw.link, *raw.links, raw.id if (raw.id or "").startswith(("http://", "https://")) else None):
        if url := _url(candidate, base_url):
            return url
    return None


def _url(url: str | None, base_url: str) -> str | None:
    found = web_url(url, base_url) if url and len(url) <= MAX_URL else None
    return found if found and len(found) <= MAX_URL else None


def _people(raw: Iterable[RawPerson]) -> Iterable[Person]:
    seen: set[Person] = set()
    for one in raw:
        name = _name(one.name or "")
        email = (one.email or "").strip()[:MAX_NAME]
        email = email if re.fullmatch(r"[^\s<>()@]+@[^\s<>()@]+", email) else ""
        person = Person(name or email, email or None, web_url(one.uri))
        if person.name and person not in seen and len(seen) < MAX_LIST:
            seen.add(person)
            yield person


def _names(raw: Iterable[str]) -> list[str]:
    names = (_name(to_text(name) if "&" in name else name) for name in raw)
    return list(dict.fromkeys(name for name in names if name))[:MAX_LIST]


def _name(text: str) -> str:
    return " ".join(clean_text(undo_double_encoding(text)).split())[:MAX_NAME]


def _enclosures(raw: RawEntry, base_url: str) -> Iterable[Enclosure]:
    """Enclosures, then sounds and films of Media RSS; its pictures illustrate the entry, see `_image`."""
    seen: set[str] = set()
    films = [one for one in raw.media if one.medium in {"audio", "video"} or _is(one, "audio/", "video/")]
    for one in [*raw.enclosures, *films]:
        url = _url(one.url, base_url)
        if url and url not in seen and len(seen) < MAX_LIST:
            seen.add(url)
            kind = (one.type or "").strip().lower()
            length = (one.length or "").strip()
            yield Enclosure(
                url,
                kind if _MEDIA_TYPE.fullmatch(kind) else None,
                int(length) if length.isascii() and length.isdigit() and 0 < len(length) < 16 else None,
            )


def _image(raw: RawEntry, base_url: str) -> str | None:
    """The widest media:content picture, else a thumbnail, an enclosed picture, the item's own image."""
    pictures = [one for one in raw.media if one.medium == "image" or _is(one, "image/") or _looks_like_image(one)]
    pictures.sort(key=_width, reverse=True)
    enclosed = [one for one in raw.enclosures if _is(one, "image/")]
    candidates = [one.url for one in (*pictures, *sorted(raw.thumbnails, key=_width, reverse=True), *enclosed)]
    return next((url for one in [*candidates, raw.image] if (url := _url(one, base_url))), None)


def _is(media: RawFile, *types: str) -> bool:
    return (media.type or "").lower().startswith(types)


def _looks_like_image(media: RawFile) -> bool:
    return not media.type and not media.medium and bool(_IMAGE_FILE.search(media.url.partition("?")[0]))


def _width(media: RawFile) -> int:
    width = (media.width or "").strip()
    return int(width) if width.isascii() and width.isdigit() and len(width) < 6 else 0


def _source(raw: RawEntry, base_url: str) -> SourceRef | None:
    title = plain(raw.source_title)
    name = _name(to_text(title) if "&" in title else title) or None
    url = _url(raw.source_url, base_url)
    return SourceRef(name, url) if name or url else None


def _minutes(ttl: str | None) -> timedelta | None:
    """Misconfigured feeds say centuries: what is beyond a year is a year."""
    found = re.fullmatch(r"\s*(\d{1,20})(?:\.\d+)?\s*", ttl or "")
    return timedelta(minutes=min(int(found[1]), _YEAR)) if found and int(found[1]) else None


def _period(period: str | None, frequency: str | None) -> timedelta | None:
    length = _PERIODS.get((period or "").strip().lower())
    if length is None:
        return None
    times = re.fullmatch(r"\s*(\d{1,4})\s*", frequency or "")
    return length / max(1, int(times[1])) if times else length
