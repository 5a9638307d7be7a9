"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1), which feedparser 6.0 lacks. Wrong types count as absent."""

from __future__ import annotations

import json
from typing import Any

from aggregator.poll.parse.dates import parse_date
from aggregator.poll.parse.raw import RawEntry, RawFeed, RawFile, RawPerson, RawText
from aggregator.poll.parse.result import NotAFeed

_VERSION = "https://jsonfeed.org/version/"


def read(data: bytes, base_url: str) -> RawFeed:
    """A whole document in UTF-8. Raises NotAFeed when it is other or broken JSON."""
    try:
        feed, _ = json.JSONDecoder().raw_decode(data.decode("utf-8", "replace"))  # some servers append text
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"Got JSON that can't be read: {error}.") from None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise NotAFeed("Got JSON that is no JSON Feed: it has no list of items.")
    version = (_string(feed, "version") or "").replace("http://", "https://")
    if not version.startswith(_VERSION):
        raise NotAFeed("Got JSON that is no JSON Feed: its version is missing.")
    author = feed.get("authors") or feed.get("author")
    return RawFeed(
        format=f"JSON Feed {version.removeprefix(_VERSION)[:5]}",
        entries=[_entry(item, author, base_url) for item in feed["items"] if isinstance(item, dict)],
        title=_text(feed, "title", base_url),
        description=_text(feed, "description", base_url),
        link=_string(feed, "home_page_url"),
        language=_string(feed, "language"),
        image=_string(feed, "icon") or _string(feed, "favicon"),
        self_url=_string(feed, "feed_url"),
        hubs=[hub["url"] for hub in _objects(feed, "hubs") if _string(hub, "url")],
    )


def _entry(item: dict[str, Any], feed_author: Any, base_url: str) -> RawEntry:
    content = _text(item, "content_html", base_url, html=True) or _text(item, "content_text", base_url)
    url, external = _string(item, "url"), _string(item, "external_url")
    tags = item.get("tags")
    image = _string(item, "image") or _string(item, "banner_image")
    return RawEntry(
        id=_id(item.get("id")),
        link=url or external,
        title=_text(item, "title", base_url),
        summary=_text(item, "summary", base_url),
        contents=[content] if content else [],
        authors=_people(item.get("authors") or item.get("author") or feed_author),
        categories=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        enclosures=[_file(one) for one in _objects(item, "attachments") if _string(one, "url")],
        image=image,
        language=_string(item, "language"),
        source_url=external if url else None,
        published=parse_date(_string(item, "date_published")),
        updated=parse_date(_string(item, "date_modified")),
    )


def _id(value: Any) -> str | None:
    """'An id will ideally be a string, but if it is a number, it must be coerced' (section Items)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _string(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _text(item: dict[str, Any], key: str, base_url: str, *, html: bool = False) -> RawText | None:
    value = _string(item, key)
    return RawText(value, "html" if html else "text", base_url) if value else None


def _objects(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    values = item.get(key)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _people(value: Any) -> list[RawPerson]:
    people = value if isinstance(value, list) else [value]
    return [RawPerson(_string(one, "name"), None, _string(one, "url")) for one in people if isinstance(one, dict)]


def _file(attachment: dict[str, Any]) -> RawFile:
    size = attachment.get("size_in_bytes")
    return RawFile(attachment["url"], _string(attachment, "mime_type"), str(size) if isinstance(size, int) else None)
