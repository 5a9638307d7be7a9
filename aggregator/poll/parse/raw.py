"""What the readers of the formats give, before cleaning: one form for RSS, Atom, RDF and JSON Feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["text", "html"]


@dataclass(slots=True)
class RawText:
    """A text construct. XHTML counts as HTML. `base` resolves its relative links."""

    value: str
    kind: Kind
    base: str


@dataclass(slots=True)
class RawPerson:
    name: str | None = None
    email: str | None = None
    uri: str | None = None


@dataclass(slots=True)
class RawFile:
    """An enclosure, or a media:content or media:thumbnail. `width` in pixels."""

    url: str
    type: str | None = None
    length: str | None = None
    medium: str | None = None
    width: str | None = None


@dataclass(slots=True)
class RawEntry:
    """One item. URLs are resolved against xml:base and the document's address, and not yet checked."""

    id: str | None = None
    link: str | None = None
    links: list[str] = field(default_factory=list)  # every rel=alternate, in the document's order
    title: RawText | None = None
    summary: RawText | None = None
    contents: list[RawText] = field(default_factory=list)
    caption: RawText | None = None  # media:description: of a picture or a film, not of the entry
    authors: list[RawPerson] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    enclosures: list[RawFile] = field(default_factory=list)
    media: list[RawFile] = field(default_factory=list)
    thumbnails: list[RawFile] = field(default_factory=list)
    image: str | None = None
    comments: str | None = None
    language: str | None = None
    source_title: RawText | None = None
    source_url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None


@dataclass(slots=True)
class RawFeed:
    """One document. `version` is feedparser's short name of the format."""

    format: str
    entries: list[RawEntry]
    version: str = ""
    well_formed: bool = True
    title: RawText | None = None
    description: RawText | None = None
    link: str | None = None
    language: str | None = None
    image: str | None = None
    generator: str | None = None
    self_url: str | None = None
    hubs: list[str] = field(default_factory=list)
    ttl: str | None = None
    update_period: str | None = None
    update_frequency: str | None = None
    skip_hours: list[str] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)
