"""A request and what can come of it. Remote faults are values: `OutboundClient.fetch` gives one of three."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.net.hints import NO_HINTS, CacheHints

MAX_BODY = 15 * 1024 * 1024
MAX_VALIDATOR = 1024
ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, application/xml;q=0.9, "
    "text/xml;q=0.8, */*;q=0.1"
)


class FailureKind(StrEnum):
    """Why there is no body."""

    DNS = "dns"
    CONNECT = "connect"  # refused, unreachable, reset, closed
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too large"
    REDIRECT = "redirect"
    REFUSED_ADDRESS = "refused address"  # by our own rules
    DECODE = "decode"
    PROTOCOL = "protocol"  # not HTTP, cut off, or against its rules
    BLOCKED = "blocked"  # 403, 451, a challenge page
    NEEDS_CREDENTIALS = "needs credentials"  # 401, 407
    NOT_FOUND = "not found"
    GONE = "gone"
    RATE_LIMITED = "rate limited"  # 429, and 503 with Retry-After
    SERVER = "server"  # other 5xx
    HTTP = "http"  # any other status
    NOT_A_FEED = "not a feed"  # a body that the parser can't use
    POSTPONED = "postponed"  # not asked: the host wants no request yet


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """`validators_url` is where `etag` and `last_modified` came from: they are sent there and nowhere else."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None  # None: `url` itself
    headers: Mapping[str, str] = field(default_factory=dict)  # go to this origin only
    auth: str | None = None  # 'user:password'; wins over credentials in the URL
    proxy: str | None = None
    accept: str = ACCEPT_FEED
    max_bytes: int = MAX_BODY  # after decoding
    method: str = "GET"
    body: bytes | None = None
    content_type: str | None = None  # of `body`, and goes wherever it goes
    refusal: Callable[[str], Awaitable[str | None]] | None = None  # why a redirect's target may not be asked, if so


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed."""

    url: str
    status: int
    target: str

    @property
    def permanent(self) -> bool:
        return self.status in (301, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body, decoded. `url` is where it came from in the end; `links` are the values of Link headers (RFC 8288)."""

    url: str
    status: int
    body: bytes
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    hints: CacheHints = NO_HINTS
    hops: tuple[Hop, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304. `etag` and `last_modified` are those to send next time: the new ones where the answer had any."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    hints: CacheHints = NO_HINTS
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """No usable answer; `reason` is a sentence for the operator, without credentials or control characters."""

    kind: FailureKind
    reason: str
    url: str
    status: int | None = None
    hints: CacheHints = NO_HINTS
    hops: tuple[Hop, ...] = ()


Result = Fetched | NotModified | FetchFailed
