"""What a response says about when to come back: Cache-Control, Expires, Age (RFC 9111), Retry-After (RFC 9110)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multidict import MultiMapping

_MOST = timedelta(days=3650)  # servers send up to 10^12 seconds; sums with it must stay inside datetime's range
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*([0-9]+)\s*(?=,|;|$)", re.IGNORECASE | re.ASCII)
_QUOTED = re.compile(r"\"([^\"]*)\"")
_SECONDS = re.compile(r"[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class CacheHints:
    """`fresh_for`: nothing new before that; `retry_after`: no request before that. None: nothing usable was said."""

    fresh_for: timedelta | None = None
    fresh_by: str = ""  # the header that said so: 'max-age' or 'Expires'
    retry_after: timedelta | None = None


NO_HINTS = CacheHints()


def in_one_line(headers: MultiMapping[str], name: str) -> str:
    """A header that is a list, whose items may stand in several lines (RFC 9110 section 5.3)."""
    return ", ".join(headers.getall(name, ()))


def parse_hints(headers: MultiMapping[str], now: datetime) -> CacheHints:
    """Reads the headers (a mapping that ignores case). Junk, zero and the past give None; ten years are the most."""
    server_now = now
    if "Expires" in headers or "Retry-After" in headers:  # most answers have neither, and a date takes long to read
        server_now = _date(headers.get("Date")) or now
    fresh_for, fresh_by = _max_age(headers), "max-age"
    if fresh_for is None:
        expires = _date(headers.get("Expires"))
        fresh_for, fresh_by = (expires - server_now if expires else None), "Expires"
    return CacheHints(
        *((_sane(fresh_for), fresh_by) if _sane(fresh_for) else (None, "")),
        retry_after=_retry_after(headers.get("Retry-After"), server_now),
    )


def _max_age(headers: MultiMapping[str]) -> timedelta | None:
    """max-age less Age, the time that the answer has already spent in a cache (RFC 9111 section 4.2)."""
    directives = _QUOTED.sub(lambda text: text[1] if text[1].isdecimal() else "", in_one_line(headers, "Cache-Control"))
    found = _MAX_AGE.search(directives)
    if found is None:
        return None
    age = headers.get("Age", "").strip()
    spent = _seconds(age) if _SECONDS.fullmatch(age) else timedelta()
    return _seconds(found[1]) - spent


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return _sane(_seconds(text))
    moment = _date(text)
    return _sane(moment - now) if moment else None


def _seconds(digits: str) -> timedelta:
    return _MOST if len(digits.lstrip("0")) > 9 else min(_MOST, timedelta(seconds=int(digits)))


def _sane(span: timedelta | None) -> timedelta | None:
    return min(span, _MOST) if span and span > timedelta() else None


def _date(value: str | None) -> datetime | None:
    """An HTTP date (RFC 9110 section 5.6.7); a date without a zone is GMT."""
    if not value or len(value) > 64:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
