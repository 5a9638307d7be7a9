"""The single values of feeds.yaml: how each is written and what is wrong with it otherwise.

Every check takes the text as written and returns the value or raises ValueError with a sentence that says what to
write instead. No sentence shows a credential: `shown` leaves out the user and password of an address, and what came
from the environment while `hiding` it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import time, timedelta
from difflib import get_close_matches
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST_SHOWN = 80
LANGUAGE_CODES = frozenset(  # ISO 639-1
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - a table of words is read as words
)
_MEANT_LANGUAGE = {  # what people write instead
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "francais": "fr", "français": "fr",
    "spanish": "es", "español": "es", "portuguese": "pt", "italian": "it", "polish": "pl", "ukrainian": "uk",
    "ua": "uk", "russian": "ru", "arabic": "ar", "cz": "cs", "czech": "cs", "gr": "el", "greek": "el", "jp": "ja",
    "japanese": "ja", "cn": "zh", "chinese": "zh", "dk": "da", "danish": "da", "swedish": "sv", "dutch": "nl",
}  # fmt: skip
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_FULL_DAYS = dict(
    zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), WEEKDAYS, strict=True)
)


_HIDDEN: ContextVar[Mapping[str, str]] = ContextVar("hidden", default={})  # noqa: B039 - never changed in place


@contextmanager
def hiding(variables: Mapping[str, str]) -> Iterator[None]:
    """Within it, `shown` gives ${NAME} for each of the texts that came from the environment (text to name)."""
    token = _HIDDEN.set(variables)
    try:
        yield
    finally:
        _HIDDEN.reset(token)


def shown(value: object) -> str:
    """The value in quotes for a message: without credentials, without control characters, not too long."""
    text = str(value)
    for secret, name in sorted(_HIDDEN.get().items(), key=lambda item: -len(item[0])):
        text = text.replace(secret, f"${{{name}}}") if secret else text
    text = re.sub(r"//[^/\s]*@", "//…@", text)
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None. Case and the signs - _ and space don't count."""
    by_plain = {_plain(one): one for one in known}
    close = get_close_matches(_plain(word), by_plain, n=1, cutoff=0.6)
    return by_plain[close[0]] if close else None


def _plain(word: str) -> str:
    return re.sub(r"[-_ ]", "", word.casefold())


def parse_duration(value: object) -> timedelta:
    """'90s', '15m', '24h', '30d', '2w' or a sum like '1h30m'. Raises ValueError with an example."""
    if isinstance(value, timedelta):
        return value
    text = str(value).replace(" ", "")
    parts = re.findall(r"([0-9]{1,12})([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{shown(value)} is not a duration; write a number and a unit, such as 15m, 24h or 30d")
    try:
        return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        raise ValueError(f"{shown(value)} is too long a duration") from None


def parse_period(value: object) -> timedelta:
    """A duration that is longer than nothing."""
    period = parse_duration(value)
    if period <= timedelta():
        raise ValueError(f"{shown(value)} is no time at all; write a longer one, such as 15m")
    return period


def parse_clock_time(value: object) -> time:
    """'07:00' or '7:00', 24 hours a day."""
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", str(value).strip())
    if match is None:
        raise ValueError(f'{shown(value)} is not a time of day; write hours and minutes, such as "07:00" or "18:30"')
    return time(int(match[1]), int(match[2]))


def parse_days(value: object) -> tuple[Weekday, ...]:
    """'mon-fri', 'sat, sun', 'daily', 'weekdays', 'weekends' or a list of these, in the week's order."""
    if isinstance(value, str):
        parts: list[object] = [part for part in re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", value)) if part]
    elif isinstance(value, list | tuple):
        parts = list(value)
    else:
        parts = []
    days = {day for part in parts for day in _days_of(str(part).strip().lower())}
    if not days:
        raise ValueError("no days; write mon-fri, or sat, sun, or leave the key out for every day")
    return tuple(day for day in WEEKDAYS if day in days)


def _days_of(part: str) -> tuple[Weekday, ...]:
    words: dict[str, tuple[Weekday, ...]] = {
        "daily": WEEKDAYS,
        "weekdays": WEEKDAYS[:5],
        "weekends": WEEKDAYS[5:],
    }
    if part in words:
        return words[part]
    first, dash, last = part.partition("-")
    start = _day(first)
    if not dash:
        return (start,)
    from_, to = WEEKDAYS.index(start), WEEKDAYS.index(_day(last))
    return WEEKDAYS[from_ : to + 1] if from_ <= to else WEEKDAYS[from_:] + WEEKDAYS[: to + 1]


def _day(word: str) -> Weekday:
    for full, short in _FULL_DAYS.items():
        if len(word) >= 3 and full.startswith(word):
            return short
    guess = nearest(word, [*WEEKDAYS, *_FULL_DAYS])
    hint = f"did you mean {guess}?" if guess else "write mon, tue, wed, thu, fri, sat or sun, or mon-fri"
    raise ValueError(f"{shown(word)} is not a day: {hint}")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def parse_time_zone(value: object) -> ZoneInfo:
    """An IANA name such as Europe/Kyiv."""
    if isinstance(value, ZoneInfo):
        return value
    name = str(value)
    if name in _time_zones():
        return ZoneInfo(name)
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(_time_zones()) if "/" in zone}
    city = nearest(name.rpartition("/")[2], cities)
    guess = nearest(name, _time_zones()) or (cities[city] if city else None)
    hint = f"did you mean {guess}?" if guess else "write an IANA name such as Europe/Kyiv or UTC"
    raise ValueError(f"{shown(name)} is not a time zone: {hint}")


def parse_network(value: object) -> IPv4Network | IPv6Network:
    """A network such as 10.20.0.0/16, or one address."""
    try:
        return ip_network(str(value).strip())
    except ValueError:
        pass
    try:
        meant = ip_network(str(value).strip(), strict=False)
    except ValueError:
        raise ValueError(f"{shown(value)} is not a network; write it like 10.20.0.0/16 or fd00::/8") from None
    raise ValueError(f"{shown(value)} is an address within a network: did you mean {meant}?")


def check_language(value: str) -> str:
    """A BCP 47 tag: a two-letter ISO 639-1 or any three-letter code, with subtags such as en-GB."""
    primary, *subtags = value.split("-")
    code = primary.lower()
    known = code in LANGUAGE_CODES or (len(code) == 3 and code.isascii() and code.isalpha())
    if known and all(re.fullmatch(r"[A-Za-z0-9]{1,8}", tag) for tag in subtags):
        return value
    guess = _MEANT_LANGUAGE.get(re.split(r"[_\s-]", value.casefold())[0])
    if guess is None and re.fullmatch(r"[a-z]{2}_[a-z]{2,4}", value.casefold()):
        guess = value.replace("_", "-")
    hint = f"did you mean {guess}?" if guess else "write a code such as en, uk (Ukrainian) or pt-BR"
    raise ValueError(f"{shown(value)} is not a language code: {hint}")


def split_url(value: str) -> SplitResult:
    """The parts of an address that has no blanks, no control characters and a sound port; ValueError otherwise."""
    if _BLANK.search(value):
        raise ValueError(f"{shown(value)} has a blank or a control character in it; write it as %20 or take it out")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{shown(value)} is not an address: its host or port makes no sense") from None
    return parts


def check_web_url(value: str) -> str:
    """An http or https address with a host."""
    parts = split_url(value)
    if parts.scheme in {"http", "https"} and parts.hostname:
        return value
    if parts.scheme in {"http", "https"}:
        raise ValueError(f"{shown(value)} has no host; write it like https://example.org/feed.xml")
    if parts.scheme in {"feed", "rss", "webcal"}:
        rest = value.partition(":")[2].lstrip("/")
        meant = rest if rest.startswith(("http:", "https:")) else f"https://{rest}"
        raise ValueError(f"{shown(value)} is not an http address: did you mean {shown(meant)[1:-1]}?")
    if re.match(r"(//)?[\w-]+(\.[\w-]+)+(:\d+)?(/|$)", value):
        raise ValueError(f"{shown(value)} lacks https://: did you mean {shown('https://' + value.lstrip('/'))[1:-1]}?")
    if parts.scheme and nearest(parts.scheme, ["http", "https"]):
        raise ValueError(
            f"{shown(value)} starts with {parts.scheme}: did you mean {nearest(parts.scheme, ['http', 'https'])}?"
        )
    raise ValueError(f"{shown(value)} is not a web address; write it like https://example.org/feed.xml")


def check_site_url(value: str) -> str:
    """A web address without query, fragment or credentials; a slash at its end is taken off."""
    parts = split_url(check_web_url(value))
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the public address can't have a user, a query (?) or a fragment (#); leave them out")
    return value.rstrip("/")


_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}@(?:[^\s@<>()\[\],;:\"\\./?#]{1,63}\.)*[^\s@<>()\[\],;:\"\\./?#]{1,63}"
)


def split_mailbox(value: str) -> tuple[str, str]:
    """('Name', 'user@host') of 'Name <user@host>' or 'user@host'. Raises ValueError."""
    match = re.fullmatch(r"\s*(?:\"([^\"\r\n]*)\"|([^<>\"\r\n]*?))\s*<([^<>]*)>\s*", value)
    name, address = (match[1] or match[2] or "", match[3]) if match else ("", value.strip())
    if not _ADDRESS.fullmatch(address) or ".." in address or address.startswith("."):
        raise ValueError(f"{shown(value)} is not an e-mail address; write name@example.org")
    return name, address


def check_sender(value: str) -> str:
    """'Name <user@host>' or 'user@host'."""
    split_mailbox(value)
    return value.strip()


def check_recipient(value: str) -> str:
    """One recipient; a name before the address is left out."""
    return split_mailbox(value)[1]


def check_contact(value: str) -> str:
    """An e-mail address or a web address."""
    if "://" in value:
        return check_web_url(value)
    try:
        return split_mailbox(value)[1]
    except ValueError:
        raise ValueError(f"{shown(value)} is neither an e-mail address nor a web address") from None


LONGEST_BOUNCE_CODE = 41  # characters: 15 digits and 26 of a signature
_LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1


def check_bounce_address(value: str) -> str:
    """An address with one * where a code goes: 'bounces@example.org' becomes 'bounces+*@example.org'."""
    text = value.strip()
    local, _, domain = text.rpartition("@")
    pattern = f"{local}@{domain}" if "*" in local else f"{local}+*@{domain}"
    plain = pattern.replace("*", "x", 1)
    if not local or not plain.isascii() or not _ADDRESS.fullmatch(plain) or "*" in plain:
        raise ValueError(
            f"{shown(value)} is no address for what comes back; write bounces@example.org, or with a * where a code "
            "goes: bounces-*@example.org, *@bounces.example.org"
        )
    if len(pattern.rpartition("@")[0]) - 1 + LONGEST_BOUNCE_CODE > _LONGEST_LOCAL_PART:
        raise ValueError(f"{shown(value)} leaves no room for a code: write at most 23 characters before the @")
    return pattern
