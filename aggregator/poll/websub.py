"""WebSub as a subscriber (W3C Recommendation, 23 January 2018): what is asked, what is believed. Pure.

offers_of           the hubs and topic that a feed's answer names       sections 4, 4.1
hub_request         subscribe, renew, unsubscribe                      section 5.1
confirmed_lease     the hub asks back whether we meant it              section 5.3
signed              a push comes from the hub that knows our secret    section 7.1
trusted_until       how long pushes stand in for polls
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlencode

from aggregator.net.address import allowed
from aggregator.net.failures import printable
from aggregator.net.links import parse_links
from aggregator.net.response import Fetched, FetchFailed, FetchRequest
from aggregator.net.urls import BadUrl, parse_url
from aggregator.poll.identity import Changes
from aggregator.poll.parse.result import FeedMeta
from aggregator.store.websub import Mode, Offer, Subscription
from aggregator.text.addresses import is_address

PATH = "/websub/"
"""Callbacks stand under it, below site.url."""
LEASE = timedelta(days=10)
"""What the hub is asked for; it may grant another."""
LONGEST_LEASE = timedelta(days=30)
SHORTEST_LEASE = timedelta(minutes=1)
CONFIRM_WITHIN = timedelta(hours=1)
"""After a request, the hub's question whether we meant it is answered for so long."""
_RENEW_AFTER = 0.8  # of the lease
DENIED = timedelta(days=7)  # until a hub that refused is asked again
HUB_ATTEMPTS = 3  # requests to a hub that doesn't confirm, until the feed's next hub is asked
LEAVE_ATTEMPTS = 3  # requests to a hub to end a subscription; after them the lease runs out by itself

_FIRST_RETRY = timedelta(minutes=10)
_LONGEST_RETRY = timedelta(days=1)
_LATE = timedelta(minutes=10)  # a hub that pushes needs no longer
_MOST_HUBS = 5  # of one feed
_MAX_URL = 1024  # bytes: two of them have to fit into an index of PostgreSQL
_ALGORITHMS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_LOCAL = frozenset({"localhost", "local", "internal", "lan", "home", "test", "invalid", "example", "onion", "arpa"})


def is_public(site_url: str) -> bool:
    """Whether a hub could reach a callback under this address."""
    try:
        host = parse_url(site_url).host
    except BadUrl:
        return False
    if is_address(host):
        return allowed(ip_address(host))
    return "." in host and host.rpartition(".")[2] not in _LOCAL


def offers_of(fetched: Fetched, meta: FeedMeta) -> list[Offer]:
    """The hubs that an answer names, in its order; Link headers (RFC 8288) win over the feed's own links."""
    linked = _linked(fetched)
    topic = next(iter(linked.get("self", ())), None) or meta.self_url or fetched.url
    hubs = [hub for hub in dict.fromkeys(linked.get("hub") or meta.hub_urls) if _askable(hub)]
    # A hub is a third party: it learns no address whose secret is ours.
    return [Offer(hub, topic) for hub in hubs[:_MOST_HUBS]] if hubs and _askable(topic) and "${" not in topic else []


def _linked(fetched: Fetched) -> dict[str, list[str]]:
    """The targets of Link headers by relation."""
    found: dict[str, list[str]] = {}
    for link in parse_links(fetched.links, fetched.url):
        for relation in link.relations:
            found.setdefault(relation, []).append(link.url)
    return found


def _askable(url: str) -> bool:
    try:
        parse_url(url)
    except BadUrl:
        return False
    return len(url.encode("utf-8", "surrogatepass")) <= _MAX_URL


def callback(site: str, token: str) -> str:
    """The address at which the hub reaches us; nobody can guess it."""
    return f"{site.rstrip('/')}{PATH}{token}"


def hub_request(one: Subscription, site: str) -> FetchRequest:
    """Subscribe, renew (the same request) or unsubscribe."""
    form = {"hub.callback": callback(site, one.token), "hub.mode": str(one.mode), "hub.topic": one.topic}
    if one.mode is Mode.SUBSCRIBE:
        form |= {"hub.lease_seconds": str(int(LEASE.total_seconds())), "hub.secret": one.secret}
    return FetchRequest(
        url=one.hub,
        method="POST",
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        accept="*/*",
        max_bytes=65_536,
    )


def retry_at(attempts: int, now: datetime) -> datetime:
    """When a hub that has not confirmed is asked again. `attempts`: so far, this one included."""
    return now + min(_FIRST_RETRY * (1 << min(attempts - 1, 16)), _LONGEST_RETRY)


def awaits(one: Subscription, mode: str | None, topic: str | None, now: datetime) -> bool:
    """Whether we have lately asked the hub for just this."""
    asked_lately = one.asked_at is not None and now - one.asked_at <= CONFIRM_WITHIN
    return asked_lately and mode == one.mode and topic == one.topic


def granted_lease(seconds: str | None) -> timedelta:
    """The lease that the hub names, within reason; the one asked for where it names none."""
    if seconds is None or not re.fullmatch(r"[0-9]{1,12}", seconds):
        return LEASE
    return min(max(timedelta(seconds=int(seconds)), SHORTEST_LEASE), LONGEST_LEASE)


def renew_after(lease: timedelta) -> timedelta:
    """When a lease is renewed, counted from its start; a hub that grants minutes is not asked every minute."""
    return max(lease * _RENEW_AFTER, _FIRST_RETRY)


def signed(secret: str, header: str | None, body: bytes) -> bool:
    """Whether X-Hub-Signature fits: 'sha256=' and the HMAC of the body in hex."""
    method, _, given = (header or "").strip().partition("=")
    if method.lower() not in _ALGORITHMS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "surrogateescape"))


def is_topic(one: Subscription, meta: FeedMeta) -> bool:
    """Whether a pushed feed is the one subscribed to; one that doesn't say is believed, as its signature fits."""
    return meta.self_url is None or _plain(meta.self_url) == _plain(one.topic)


def _plain(url: str) -> str:
    try:
        return parse_url(url).url
    except BadUrl:
        return url


def is_open(one: Subscription, now: datetime) -> bool:
    """Whether its hub may push."""
    return one.mode is Mode.SUBSCRIBE and one.lease_until is not None and one.lease_until > now


def is_silent(one: Subscription, now: datetime) -> bool:
    """Whether its hub was asked often enough without confirming."""
    return one.mode is Mode.SUBSCRIBE and one.attempts >= HUB_ATTEMPTS and not is_open(one, now)


def is_refusal(failed: FetchFailed) -> bool:
    """Whether the hub answered no (section 5.2), and was not merely out of order."""
    return failed.status is not None and 400 <= failed.status < 500 and failed.status not in (408, 425, 429)


def trusted_until(subscriptions: Iterable[Subscription], now: datetime) -> datetime | None:
    """Until when pushes stand in for polls: there was one, and the lease lasts."""
    trusted = [one for one in subscriptions if one.offered and one.pushed_at is not None and is_open(one, now)]
    ends = [one.lease_until for one in trusted if one.lease_until is not None]
    return max(ends) if ends else None


def hub_was_silent(changes: Changes, now: datetime) -> bool:
    """Whether a poll found something that the hub had the time to push."""
    return any(one.entry.published is None or one.entry.published < now - _LATE for one in changes.new)


@dataclass(frozen=True, slots=True)
class Question:
    """What a hub's GET asks (section 5.3)."""

    mode: str | None
    topic: str | None
    challenge: str | None
    lease_seconds: str | None
    reason: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Question:
        """From the query of the request."""
        return cls(
            query.get("hub.mode"),
            query.get("hub.topic"),
            query.get("hub.challenge"),
            query.get("hub.lease_seconds"),
            printable(query.get("hub.reason", ""))[:200],
        )
