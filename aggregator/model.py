"""What every stage speaks of. Frozen values, no I/O; the words are those of docs/glossary.md.

Times are aware UTC datetimes. Text fields hold plain text; `summary` and `content` hold HTML that has been sanitised.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

_ENTRY_NAMESPACE = uuid.UUID("5a0c4a5e-52a5-5b53-9a3c-0c1f6f6f3f0e")


class FeedState(StrEnum):
    """A feed's health, as the sources page shows it."""

    NEW = "new"  # never fetched yet
    OK = "ok"
    QUIET = "quiet"  # answers, but silent far beyond its own rhythm
    FAILING = "failing"  # the last poll failed; retried with growing gaps
    BLOCKED = "blocked"  # the server refuses us (403, a challenge page)
    NEEDS_CREDENTIALS = "needs credentials"  # 401
    QUARANTINED = "quarantined"  # came back after long silence with other content; the editor decides
    GONE = "gone"  # 410: paused until the editor acts


@dataclass(frozen=True, slots=True)
class Feed:
    """A source URL and what is known of it. `url` is as written in feeds.yaml and is the feed's identity."""

    id: int
    url: str
    name: str  # what people see: the editor's name, else the feed's own title, else its host
    outlet: str  # who publishes it; feeds of one outlet count once in a story
    priority: int = 1
    title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    image_url: str | None = None
    state: FeedState = FeedState.NEW
    state_reason: str = "not polled yet"
    state_since: datetime | None = None
    moved_to: str | None = None  # a permanent redirect that has been adopted or is being watched
    final_url: str | None = None  # where the last 200 came from; validators belong to it
    etag: str | None = None
    last_modified: str | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_entry_at: datetime | None = None
    next_poll_at: datetime | None = None
    next_poll_reason: str = ""
    failures: int = 0  # consecutive
    paused: bool = False  # by feeds.yaml
    entries: int = 0  # stored at present
    dropped: int = 0  # entries that a cap dropped so far


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host wants to be treated, over restarts: closed until when, and why.

    `failures`: answers in a row that said 'too many requests' without saying when to come back.
    """

    host: str
    not_before: datetime | None = None
    reason: str = ""
    failures: int = 0

    def closed(self, now: datetime) -> bool:
        """Whether no request may be sent yet."""
        return self.not_before is not None and self.not_before > now


@dataclass(frozen=True, slots=True)
class Person:
    """atom:author, RFC 4287 section 3.2."""

    name: str
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry (RFC 4287 section 4.2.7.2, rel=enclosure). `length` in bytes."""

    url: str
    type: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class SourceRef:
    """atom:source or RSS <source>: where the entry was first published, when its feed says so."""

    title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryContent:
    """What a feed says in one item, after cleaning."""

    title: str
    url: str | None = None
    summary: str = ""  # sanitised HTML
    content: str = ""  # sanitised HTML; empty when the feed gives a summary only
    text: str = ""  # plain text of content, else of summary; capped
    authors: tuple[Person, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image_url: str | None = None
    comments_url: str | None = None
    language: str | None = None  # as the entry or its feed declares it, BCP 47
    source: SourceRef | None = None
    published: datetime | None = None  # what the feed claims
    updated: datetime | None = None  # what the feed claims


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry(EntryContent):
    """One item as parsed. `guid` is the item's own id, None where the item has none."""

    guid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(EntryContent):
    """One item of one feed, as stored. Identity is (feed, guid)."""

    id: int
    feed_id: int
    feed_url: str  # under which the feed was first known: what is published of the entry never changes its id
    guid: str  # the item's id, or the per-feed fallback (link, then content hash)
    first_seen: datetime
    sort_at: datetime  # min(published, first_seen): nobody pins himself on top with a date in the future
    edited_at: datetime | None = None  # when we first saw the present revision, if it isn't the first
    revision: int = 1
    story_id: int | None = None
    topics: tuple[TopicMatch, ...] = ()

    @property
    def key(self) -> str:
        """Short stable name for URLs and logs, the same in every database: 16 hex digits."""
        return entry_key(self.feed_url, self.guid)

    @property
    def atom_id(self) -> str:
        """The atom:id under which it is published (RFC 4287 section 4.2.6): never changes, unique across feeds."""
        return f"urn:uuid:{uuid.uuid5(_ENTRY_NAMESPACE, f'{self.feed_url} {self.guid}')}"

    @property
    def changed_at(self) -> datetime:
        """When its present text was first seen."""
        return self.edited_at or self.first_seen


def entry_key(feed_url: str, guid: str) -> str:
    """16 hex digits of SHA-256 over the entry's identity."""
    return hashlib.sha256(f"{feed_url}\n{guid}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


@lru_cache(maxsize=4096)  # an entry's id is often its address, and is asked about more than once
def identity_hash(identity: str) -> int:
    """64 bits of BLAKE2b over an entry's identity within its feed, signed as databases have it.

    Ids can be long, and an index of numbers is small.
    """
    digest = hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a keyword was found: `text[start:end]` of the entry's `field` ('title', 'text', 'author' or 'url')."""

    field: str
    start: int
    end: int
    keyword: str


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """A topic that takes an entry, and why. `score` is compared with the topic's threshold."""

    topic: str
    score: float
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryEvidence:
    """Why an entry is in its story: cosine similarity, the terms that tie it, and what else came close."""

    similarity: float
    terms: tuple[str, ...] = ()
    runner_up: tuple[str, float] | None = None  # (story key, similarity)
    copy_of: int | None = None  # entry id of the text that this one copies or rewrites
    moved_from: str | None = None  # key of the story before a merge or a split; similarity is that of the two


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Entries of several feeds about one event. `key` is made of its founding entry; merges and restarts keep it."""

    id: int
    key: str
    title: str
    lead_id: int  # entry id
    entry_ids: tuple[int, ...]  # in order of sort_at, id
    outlets: tuple[str, ...]  # distinct, lead's first
    origins: int  # independent texts: copies of one wire text count once
    topics: tuple[str, ...]  # best first
    first_seen: datetime  # of its entries' sort_at, the first
    last_seen: datetime  # and the last
    updated: datetime  # when the last change that a reader would notice was seen
    growth: tuple[int, int] | None = None  # outlets, hours: '6 outlets in 2 h' at its fastest
    image_url: str | None = None
    language: str | None = None
    closed: bool = False
    merged_into: int | None = None

    @property
    def atom_id(self) -> str:
        """The atom:id under which it is published."""
        return f"urn:uuid:{uuid.uuid5(_ENTRY_NAMESPACE, f'story {self.key}')}"


class EditionState(StrEnum):
    """An edition is frozen once; 'empty' records that there was nothing to send."""

    FROZEN = "frozen"
    EMPTY = "empty"


class EditionKind(StrEnum):
    """What made an edition: the hour of a digest (or of a subscriber's own), what is new, or one story of an alert."""

    EDITION = "edition"
    BUNDLE = "bundle"  # as it happens
    ALERT = "alert"


ALERT_VARIANT = "alert-"  # with which Edition.variant of an alert begins


def kind_of(variant: str, issue: int) -> EditionKind:
    """The kind of an edition, by its variant and issue."""
    if not issue:
        return EditionKind.EDITION
    return EditionKind.ALERT if variant.startswith(ALERT_VARIANT) else EditionKind.BUNDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What the headers of an edition's mails say; frozen with it, so that a mail sent again has the same bytes."""

    sender: str  # 'Name <address>'
    reply_to: str | None
    list_id: str  # RFC 2919, without the angle brackets
    list_name: str
    unsubscribe: str  # a mailto: address; a subscriber's mails have his own link besides
    archive: str  # the edition on the web
    language: str  # BCP 47
    preferences: str = ""  # where anybody may subscribe; a subscriber's mails have his own page instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One issue of a digest, unique by (digest, variant, local_date, issue). Frozen: the bytes never change."""

    id: int
    digest: str
    variant: str = ""  # of subscribers with wishes of their own; '' for the digest itself
    local_date: str  # YYYY-MM-DD in the digest's time zone, or the variant's
    issue: int = 0  # of several that a date has: as it happens, counted from 1; an alert, its story's id
    state: EditionState
    created: datetime
    period_from: datetime
    period_to: datetime
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    story_keys: tuple[str, ...] = ()
    entry_ids: tuple[int, ...] = ()  # every text of those stories, told or not: what is no news to the next edition
    deadline: datetime | None = None  # after it, nobody gets this edition any more
    mailing: Mailing | None = None  # None for an empty edition

    @property
    def atom_id(self) -> str:
        """The atom:id under which it is published."""
        which = f"{self.digest}\n{self.variant}\n{self.local_date}\n{self.issue}"
        return f"urn:uuid:{uuid.uuid5(_ENTRY_NAMESPACE, f'edition {which}')}"


class DeliveryState(StrEnum):
    """The life of one delivery; reliability notes in docs/architecture.md."""

    PENDING = "pending"
    CLAIMED = "claimed"
    COMMITTING = "committing"  # the body is written, the final dot is about to be
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"  # the connection was lost after the final dot; a person decides


class SubscriberState(StrEnum):
    """Whether somebody gets mail. Only `confirmed` does."""

    UNCONFIRMED = "unconfirmed"  # asked for it, but the address has not said yes
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"  # mail servers say that there is no such address


class Frequency(StrEnum):
    """How often a subscriber wants mail."""

    AS_IT_HAPPENS = "as it happens"  # soon after a story appears, with a pause between two mails
    DAILY = "daily"  # on the days of the digest
    WEEKLY = "weekly"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a subscriber set for all of his digests; what is left out is as the digest has it."""

    frequency: Frequency = Frequency.DAILY
    topics: tuple[str, ...] = ()  # none: those of the digest
    language: str | None = None  # only stories in it
    hour: str | None = None  # '07:30'
    weekday: str | None = None  # 'mon', of the weekly edition
    timezone: str | None = None  # IANA
    alerts: bool = True  # stories of topics with `alert: true` at once, whatever the frequency


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who asked for digests by mail."""

    id: int
    address: str
    state: SubscriberState
    reason: str  # of the state, a sentence
    digests: tuple[str, ...]
    wishes: Wishes
    salt: str  # random, part of every token of his
    origin: str  # how he came: 'form', 'added' or 'imported'
    created: datetime
    changed: datetime  # of the state, the digests or the wishes
    confirmed: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one address."""

    id: int
    edition_id: int
    address: str
    subscriber_id: int | None = None  # None: a fixed recipient
    state: DeliveryState
    attempts: int = 0
    next_try_at: datetime | None = None
    reason: str = ""  # a sentence
    code: str = ""  # the server's last answer: '5.1.1' (RFC 3463), else '550'
    compact: bool = False  # the server found the mail too large: the text part alone
    message_id: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one `aggregator poll` did. `feeds` = fetched + not_modified + unchanged + failed."""

    feeds: int = 0
    fetched: int = 0  # 200 with a body that had to be parsed
    not_modified: int = 0  # 304
    unchanged: int = 0  # 200 with the bytes of last time
    failed: int = 0
    postponed: int = 0  # not asked at all, since the host wants to be left alone; not among `feeds`
    entries_new: int = 0
    entries_edited: int = 0
    seconds: float = 0.0
    failures: tuple[tuple[str, str], ...] = field(default=())  # (feed URL, reason as a sentence)
