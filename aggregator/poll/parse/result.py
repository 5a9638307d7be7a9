"""What parsing gives: values that travel from a worker process to the poller."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from aggregator.model import ParsedEntry
from aggregator.poll.parse.names import Sharing

_HASH = 8  # bytes of one hash
_COUNT = 4  # bytes of the number of items
_SHARED_GUIDS = 1
_SHARED_LINKS = 2
_SOME_GUIDS = 4  # times their number


class NotAFeed(Exception):  # noqa: N818 - reads as a state
    """The body is no feed that we can read; the text is a sentence that says what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMeta:
    """What a feed says of itself, as plain text; URLs are absolute http or https."""

    title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None  # BCP 47, as declared
    image_url: str | None = None
    generator: str | None = None
    self_url: str | None = None  # atom:link rel=self: the WebSub topic, when there is a hub
    hub_urls: tuple[str, ...] = ()  # atom:link rel=hub, JSON Feed `hubs`
    ttl: timedelta | None = None  # RSS <ttl>, in whole minutes there
    update_period: timedelta | None = None  # sy:updatePeriod divided by sy:updateFrequency
    skip_hours: frozenset[int] = frozenset()  # 0-23, UTC
    skip_days: frozenset[int] = frozenset()  # 0 = Monday


@dataclass(frozen=True, slots=True)
class KnownSpans:
    """Which items of a feed were parsed before, so that the next poll parses only the others.

    `key` stands for everything outside the items that can change their meaning. `items` maps the hash of an item's
    bytes to `identity_hash` of its identity. What `sharing` says of the feed stays so. `header` is what the bytes of
    `key` say (`header.Header`). Stored as bytes: 16 per item and some hundred.
    """

    key: bytes = bytes(_HASH)
    items: Mapping[bytes, int] = field(default_factory=dict)
    sharing: Sharing = field(default_factory=Sharing)
    header: bytes = b""

    def to_bytes(self) -> bytes:
        """For the store."""
        some = b"".join(one.to_bytes(_HASH, signed=True) for one in sorted(self.sharing.some_guids))
        flags = _SHARED_GUIDS * self.sharing.guids + _SHARED_LINKS * self.sharing.links
        flags += _SOME_GUIDS * len(self.sharing.some_guids)
        pairs = (span + identity.to_bytes(_HASH, signed=True) for span, identity in self.items.items())
        head = bytes([flags]) + self.key + len(self.items).to_bytes(_COUNT)
        return head + b"".join(pairs) + some + self.header

    @classmethod
    def from_bytes(cls, data: bytes) -> KnownSpans:
        """What `to_bytes` gave; anything else counts as nothing known."""
        start = 1 + _HASH + _COUNT
        if len(data) < start:
            return cls()
        some = start + 2 * _HASH * int.from_bytes(data[1 + _HASH : start])
        end = some + _HASH * (data[0] // _SOME_GUIDS)
        if len(data) < end:
            return cls()
        items = {
            data[at : at + _HASH]: int.from_bytes(data[at + _HASH : at + 2 * _HASH], signed=True)
            for at in range(start, some, 2 * _HASH)
        }
        guids = frozenset(int.from_bytes(data[at : at + _HASH], signed=True) for at in range(some, end, _HASH))
        sharing = Sharing(bool(data[0] & _SHARED_GUIDS), bool(data[0] & _SHARED_LINKS), guids)
        return cls(data[1 : 1 + _HASH], items, sharing, data[end:])

    def without(self, identity_hashes: Collection[int]) -> KnownSpans:
        """Forget these items: they were read but not stored, and have to be read again."""
        kept = {span: identity for span, identity in self.items.items() if identity not in identity_hashes}
        return replace(self, items=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """One body, parsed. `entries` leaves out the items that `known` already held; they count in `served`.

    `identities[i]` names `entries[i]` within its feed: the item's own id, or where items have none or share one, the
    link, then a hash. No two are equal.
    """

    meta: FeedMeta
    entries: tuple[ParsedEntry, ...]
    identities: tuple[str, ...]
    spans: KnownSpans  # what the next poll is to be given as `known`
    served: int  # items in the body, trimmed and dropped ones included
    dropped: int = 0  # items beyond the cap
    format: str = ""  # 'RSS 2.0', 'Atom 1.0', 'JSON Feed 1.1'
    notes: tuple[str, ...] = ()  # sentences: what was wrong with the body, what a cap cut


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """The body gave no entries. `reason` is a sentence; `hostile` tells that a limit killed the worker."""

    reason: str
    hostile: bool = False
