"""Identities: by which name an item is known within its feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from aggregator.model import ParsedEntry, identity_hash

MOST_SHARED_GUIDS = 3
"""A feed that gives more ids than this to different items means something else by them: a day, a section."""
_SHARED_ITEMS = 0.15
"""So does one where the items that share ids are this large a part of a body."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the feed was seen doing, now or before: one id, or one link, for different items.

    `some_guids`: `identity_hash` of the ids that it did so with, while the others are still trusted; with `guids`, none
    is.
    """

    guids: bool = False
    links: bool = False
    some_guids: frozenset[int] = frozenset()

    def trusts(self, guid: str) -> bool:
        """Whether an item is known by this id."""
        return not self.guids and not (self.some_guids and identity_hash(guid) in self.some_guids)


def identities(entries: Sequence[ParsedEntry], before: Sharing, served: int) -> tuple[list[str], Sharing]:
    """A name for each entry: its own id, else its link, else a hash. `served`: items in the body, known ones included.

    Items of an id that was once given to different ones are known by links from then on, when that id stands on one
    of them only, too. Where many do so, all items of the feed are, as an id that is used again later would make one
    article an edit of another. If their links are shared too, they are known by hashes of title and date.
    """
    sharing = _guids_shared(entries, before, served)
    # Also where one item's link is another's id.
    if not sharing.links and _shared(entries, lambda e: _identity(e, sharing)):
        sharing = replace(sharing, links=True)
    return [_identity(entry, sharing) for entry in entries], sharing


def _guids_shared(entries: Sequence[ParsedEntry], before: Sharing, served: int) -> Sharing:
    if before.guids:
        return before
    shared = _shared(entries, lambda e: e.guid)
    some = before.some_guids.union(map(identity_hash, shared))
    if some == before.some_guids:
        return before
    concerned = sum(entry.guid in shared for entry in entries)
    if len(some) > MOST_SHARED_GUIDS or concerned >= _SHARED_ITEMS * served:
        return replace(before, guids=True, some_guids=frozenset())
    return replace(before, some_guids=some)


def _identity(entry: ParsedEntry, sharing: Sharing) -> str:
    if entry.guid and sharing.trusts(entry.guid):
        return entry.guid
    if entry.url and not sharing.links:
        return entry.url
    rest = entry.published.isoformat() if entry.published else entry.text
    return "sha256:" + sha256(f"{entry.title}\0{rest}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _shared(entries: Sequence[ParsedEntry], name_of: Callable[[ParsedEntry], str | None]) -> set[str]:
    """The names that different items have."""
    first: dict[str, ParsedEntry] = {}
    return {name for entry in entries if (name := name_of(entry)) and _differ(first.setdefault(name, entry), entry)}


def _differ(one: ParsedEntry, other: ParsedEntry) -> bool:
    """Whether two items of one name are two articles, rather than one that is listed twice."""
    if one.url != other.url:
        return True
    undated = one.published is None and other.published is None
    same_text = one.text == other.text != ""
    return one.title != other.title and (undated or one.published != other.published or not same_text)
