"""JSON Feed 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.model import Enclosure, Person
from aggregator.publish.channels import Channel
from aggregator.publish.items import Item, Source
from aggregator.publish.parts import Parts
from aggregator.text.html import to_text


def write_json(channel: Channel, items: Sequence[Item]) -> Parts:
    """A JSON Feed document; one item a line."""
    head = _dump(_head(channel))[:-1] + b',"items":['
    return Parts(head, tuple(_dump(_item(item)) for item in items), b"]}", separator=b",\n")


def _head(channel: Channel) -> dict[str, Any]:
    author = {"name": channel.author, "url": channel.author_url or _mailto(channel.author_email)}
    return _present(
        version="https://jsonfeed.org/version/1.1",
        title=channel.title,
        home_page_url=channel.page_url,
        feed_url=channel.json_url,
        description=channel.description,
        language=channel.language,
        authors=[_present(**author)],
        hubs=[{"type": "WebSub", "url": channel.hub}] if channel.hub else None,
    )


def _item(item: Item) -> dict[str, Any]:
    return _present(
        id=item.id,
        url=item.url,
        title=item.title,
        content_html=item.content or item.summary,
        summary=to_text(item.summary) if item.content else None,
        image=item.image_url,
        date_published=_date(item.published),
        date_modified=_date(item.updated),
        authors=[_author(one) for one in item.authors],
        tags=list(item.categories),
        language=item.language,
        attachments=[_attachment(one) for one in item.enclosures],
        _source=_source(item.source) if item.source else None,
        _links=[{"url": url, "title": title} for url, title in item.related],
        _comments_url=item.comments_url,
    )


def _author(person: Person) -> dict[str, Any]:
    return _present(name=person.name, url=person.uri or _mailto(person.email))


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(url=enclosure.url, mime_type=enclosure.type, size_in_bytes=enclosure.length)


def _source(source: Source) -> dict[str, Any]:
    """Our own extension: what atom:source says."""
    return _present(id=source.id, title=source.title, feed_url=source.url, home_page_url=source.site_url)


def _date(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _mailto(address: str | None) -> str | None:
    return f"mailto:{address}" if address else None


def _present(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], ())}


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
