"""The secret parts of subscribers' links. Pure.

    17.Yk2…            <subscriber's id>.<mac>             works as long as the subscriber exists
    17.tn3k8w.Yk2…     <subscriber's id>.<expires>.<mac>   and not after a moment

The mac is 144 bits of HMAC-SHA256 over purpose, id, expiry and the subscriber's own salt, keyed with the site's secret:
a token for one purpose or one subscriber is none for another, and those of an erased subscriber open nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_TOKEN = re.compile(r"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,11}))?\.([A-Za-z0-9_-]{24})")
_MAC_BYTES = 18


class Purpose(StrEnum):
    """What a token allows; also the first part of its link's path."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is."""

    id: int
    salt: str


@dataclass(frozen=True, slots=True)
class PersonalLinks:
    """The links that only this subscriber gets."""

    unsubscribe: str
    preferences: str


def make_token(secret: str, purpose: Purpose, holder: Holder, expires: datetime | None = None) -> str:
    """A token; equal input gives the same one."""
    body = str(holder.id) if expires is None else f"{holder.id}.{int(expires.timestamp())}"
    return f"{body}.{_mac(secret, purpose, body, holder.salt)}"


def subscriber_of(token: str) -> int | None:
    """The id that a token speaks of, genuine or not; None for what can be no token."""
    match = _TOKEN.fullmatch(token)
    return int(match[1]) if match else None


def is_genuine(secret: str, purpose: Purpose, token: str, holder: Holder, now: datetime) -> bool:
    """Whether we made this token for this purpose and subscriber, and it has not expired."""
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[1]) != holder.id:
        return False
    body, _, mac = token.rpartition(".")
    if not hmac.compare_digest(mac, _mac(secret, purpose, body, holder.salt)):
        return False
    return match[2] is None or now.timestamp() < int(match[2])


def _mac(secret: str, purpose: Purpose, body: str, salt: str) -> str:
    said = "\n".join((purpose, body, salt)).encode()
    made = hmac.new(secret.encode(), said, hashlib.sha256).digest()[:_MAC_BYTES]
    return base64.urlsafe_b64encode(made).decode()


def link(site_url: str, purpose: Purpose, token: str) -> str:
    """The page that a token opens."""
    return f"{site_url.rstrip('/')}/{purpose}/{token}"


def personal_links(secret: str, site_url: str, holder: Holder) -> PersonalLinks:
    """A subscriber's links, the same in every mail."""
    return PersonalLinks(
        unsubscribe=link(site_url, Purpose.UNSUBSCRIBE, make_token(secret, Purpose.UNSUBSCRIBE, holder)),
        preferences=link(site_url, Purpose.PREFERENCES, make_token(secret, Purpose.PREFERENCES, holder)),
    )
