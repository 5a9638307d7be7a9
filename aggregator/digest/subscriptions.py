"""Subscribing, decided: which addresses are ones, how often they may be asked, what a form's choices mean. Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aggregator.config.models import Config
from aggregator.config.values import WEEKDAYS, check_recipient, parse_clock_time, parse_time_zone
from aggregator.digest.message import ascii_domain
from aggregator.model import Frequency, Subscriber, Wishes
from aggregator.store.bounces import Bounce
from aggregator.store.limits import Limit
from aggregator.store.subscribers import Received

CONFIRM_WITHIN = timedelta(days=7)
LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
LETTERS_A_DAY = 1  # to one mailbox
SIGN_UPS_A_NETWORK = 10  # an hour, from one address
SIGN_UPS_A_64 = 20  # an hour, from one /64 of IPv6
SIGN_UPS_A_SITE = 500  # an hour, from everywhere
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_ALIASES = {"googlemail.com": "gmail.com"}


def read_address(text: str) -> str | None:
    """The address as it is stored, its domain as DNS has it; None for what is none that gets mail."""
    try:  # normalised as RFC 6532 section 3.1 asks for
        address = ascii_domain(check_recipient(unicodedata.normalize("NFC", text.strip())))
    except ValueError:
        return None
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    plausible = "." in domain and re.fullmatch(r"[a-z0-9.-]+", domain) and not domain.startswith(("-", "."))
    if not plausible or not address.isprintable() or len(address.encode()) > LONGEST_ADDRESS:
        return None
    return f"{local}@{domain}"


def mailbox_of(address: str) -> str:
    """Where the mail of an address most likely ends up: 'a.n.na+news@x.example' and 'anna@x.example' are one."""
    local, _, domain = address.casefold().rpartition("@")
    plain = local.split("+")[0].replace(".", "") or local
    return f"{plain}@{_ALIASES.get(domain, domain)}"


def mailbox_limit(secret: str, address: str) -> Limit:
    """How often a mailbox may get a letter that anybody can ask for."""
    return Limit(_key(secret, "mailbox", mailbox_of(address)), LETTERS_A_DAY, _DAY)


def client_limits(secret: str, client: str) -> tuple[Limit, ...]:
    """How often a client, its network and everybody together may sign up."""
    site = Limit(_key(secret, "site", ""), SIGN_UPS_A_SITE, _HOUR)
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return (Limit(_key(secret, "client", "unknown"), SIGN_UPS_A_NETWORK, _HOUR), site)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    one = Limit(_key(secret, "client", str(address)), SIGN_UPS_A_NETWORK, _HOUR)
    if isinstance(address, ipaddress.IPv4Address):
        return (one, site)
    network = ipaddress.ip_network((address, 64), strict=False)
    return (one, Limit(_key(secret, "network", str(network)), SIGN_UPS_A_64, _HOUR), site)


def _key(secret: str, kind: str, value: str) -> str:
    said = "\n".join(("limit", kind, value)).encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:32]


def chosen_digests(config: Config, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that feeds.yaml has, in its order."""
    return tuple(name for name in config.digests if name in names)


def languages_on_offer(config: Config) -> tuple[str, ...]:
    """The languages that stories can be in, as far as feeds.yaml says."""
    told = [config.site.language, *(feed.language for feed in config.feeds if feed.language)]
    told += [language for digest in config.digests.values() for language in digest.languages]
    return tuple(sorted(set(told)))


def read_wishes(config: Config, form: Mapping[str, Sequence[str]], before: Wishes) -> Wishes:
    """The wishes of the preferences form. A value that the form doesn't offer counts as left out: nobody typed it.

    The form offers the language that somebody had `before`, even where no feed of feeds.yaml says that it has it.
    """
    languages = {*languages_on_offer(config), before.language} - {None}
    topics = tuple(name for name in config.topics if name in form.get("topic", ()))
    return Wishes(
        frequency=next((one for one in Frequency if one == _first(form, "frequency")), Frequency.DAILY),
        topics=() if len(topics) == len(config.topics) else topics,
        language=_offered(_first(form, "language"), languages),
        hour=_hour(_first(form, "hour")),
        weekday=_offered(_first(form, "weekday"), WEEKDAYS),
        timezone=_zone(_first(form, "timezone")),
        alerts=bool(_first(form, "alerts")) or not any(topic.alert for topic in config.topics.values()),
    )


def _first(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _offered(value: str, offered: Collection[str | None]) -> str | None:
    return value if value in offered else None


def _hour(value: str) -> str | None:
    try:
        return f"{parse_clock_time(value):%H:%M}"
    except ValueError:
        return None


def _zone(value: str) -> str | None:
    try:
        return parse_time_zone(value).key if value else None
    except ValueError:
        return None


def as_data(subscriber: Subscriber, received: Sequence[Received], returned: Sequence[Bounce]) -> dict[str, Any]:
    """Everything that is stored about somebody, for him to take along; secrets of the site left out."""
    person = asdict(subscriber)
    del person["salt"], person["id"]
    mails = [{**asdict(one), "sent_at": _iso(one.sent_at)} for one in received]
    times = {name: _iso(person[name]) for name in ("created", "changed", "confirmed", "ended")}
    came_back = [
        {"digest": one.digest, "date": one.local_date, "reason": one.reason, "at": _iso(one.at)} for one in returned
    ]
    return {**person, **times, "mails": mails, "came_back": came_back}


def _iso(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None
