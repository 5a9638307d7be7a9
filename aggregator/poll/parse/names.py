"""Identities: by which name an item is known within its feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from aggregator.model import ParsedEntry


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the feed was seen doing, now or before: one id, or one link, for different items."""

    guids: bool = False
    links: bool = False


def identities(entries: Sequence[ParsedEntry], before: Sharing) -> tuple[list[str], Sharing]:
    """A name for each entry: its own id, else its link, else a hash.

    A feed that gives one id to different items is known by links from then on, and one whose links are shared too by
    hashes of title and date.
    """
    sharing = Sharing(before.guids or _shared(entries, lambda e: e.guid), before.links)
    linked = [e for e in entries if e.guid is None or sharing.guids]
    sharing = Sharing(sharing.guids, sharing.links or _shared(linked, lambda e: e.url))
    return [_identity(entry, sharing) for entry in entries], sharing


def _identity(entry: ParsedEntry, sharing: Sharing) -> str:
    if entry.guid and not sharing.guids:
        return entry.guid
    if entry.url and not sharing.links:
        return entry.url
    rest = entry.published.isoformat() if entry.published else entry.text
    return "sha256:" + sha256(f"{entry.title}\0{rest}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _shared(entries: Sequence[ParsedEntry], name_of: Callable[[ParsedEntry], str | None]) -> bool:
    first: dict[str, ParsedEntry] = {}
    for entry in entries:
        name = name_of(entry)
        if name and _differ(first.setdefault(name, entry), entry):
            return True
    return False


def _differ(one: ParsedEntry, other: ParsedEntry) -> bool:
    """Whether two items of one name are two articles, rather than one that is listed twice."""
    if one.url != other.url:
        return True
    undated = one.published is None and other.published is None
    same_text = one.text == other.text != ""
    return one.title != other.title and (undated or one.published != other.published or not same_text)
