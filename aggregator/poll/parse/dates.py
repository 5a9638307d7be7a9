"""Dates as servers write them: beyond those of the specifications, those that people make up. Pure.

feedparser reads none of these forms, or takes their times for UTC. What isn't known here is left to feedparser.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta

from feedparser.datetimes import _parse_date
from feedparser.datetimes.rfc822 import timezone_names

_LONGEST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REST = (
    r"(?:(?:,?\s*|t)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?"
    r"(?:\s*(?:(?:utc|gmt|ut)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?|(?P<zone>[a-z]{1,5})))?"
    r"(?:\s*[(\[][^()\[\]]{1,40}[)\]])?)?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,15}(?:[.,]+\s?|\s))?"
_FORMS = tuple(
    re.compile(form + _REST)
    for form in (
        _WEEKDAY + r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s-](?:de\s)?(?P<month>[^\W\d_]{3,12})\.?,?"
        r"[\s-](?:de\s)?(?P<year>\d{4}|\d\d)",
        _WEEKDAY + r"(?P<month>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        r"(?P<year>\d{4})年\s?(?P<month>\d{1,2})月\s?(?P<day>\d{1,2})日",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
    )
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z?")
_WEEK = re.compile(r"(\d{4})-?w(\d\d)(?:-?(\d))?")
_SINCE_1970 = re.compile(r"(\d{9,10})(?:\d{3})?")
# Beginnings of the months' names in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian and
# Ukrainian; longer ones first where one begins like another.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan jän ene gen sty янв січ", "feb fév fev lut фев лют", "mar mär maa mrt мар бер",
            "apr avr abr kwi апр кві", "may mai mei mag maj мая май тра", "jun juin giu cze июн чер",
            "jul juil lug lip июл лип", "aug aoû ago sie авг сер", "sep set wrz сен вер", "oct okt ott out paź окт жов",
            "nov lis ноя лис", "dec déc dez dic gru дек гру",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ZONES = {
    **timezone_names,
    "utc": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "sast": 2, "eet": 2, "eest": 3, "msk": 3, "eat": 3,
    "pkt": 5, "ist": 5.5, "wib": 7, "ict": 7, "sgt": 8, "hkt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5,
    "aest": 10, "acdt": 10.5, "aedt": 11, "nzst": 12, "nzdt": 13, "brt": -3, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
"""Hours before UTC's; of names that several zones have, the one whose servers write it most."""


def parse_date(text: str | None) -> datetime | None:
    """Any date that we or feedparser understand; None for the others and for years beyond 9999 or before 1."""
    if not text:
        return None
    if found := _made_up(text):
        return found
    try:
        parsed = _parse_date(text)
        return _EPOCH + timedelta(seconds=calendar.timegm(parsed)) if parsed else None
    except (OverflowError, ValueError):
        return None


def _made_up(text: str) -> datetime | None:
    """None for what is no date, or one of a form that is not known here. A time without a zone is UTC."""
    text = " ".join(text[:_LONGEST].lower().split())
    if found := _SINCE_1970.fullmatch(text):
        return _EPOCH + timedelta(seconds=int(found[1]))
    try:
        if found := _COMPACT.fullmatch(text):
            return datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
        if found := _WEEK.fullmatch(text):
            day = date.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        for form in _FORMS:
            if found := form.fullmatch(text):
                return _date(found.groupdict())
    except (ValueError, OverflowError):
        return None
    return None


def _date(parts: dict[str, str | None]) -> datetime | None:
    name = parts["month"] or ""
    month = int(name) if name.isdigit() else _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    if month is None:
        return None
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == 2:
        year += 1900 if year >= 90 else 2000
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        hour = hour % 12 + 12 * parts["half"].startswith("p")
    time = timedelta(hours=hour, minutes=int(parts["minute"] or 0), seconds=int(parts["second"] or 0))
    return datetime(year, month, int(parts["day"] or 0), tzinfo=UTC) + time - _offset(parts)


def _offset(parts: dict[str, str | None]) -> timedelta:
    if parts["sign"] is None:
        return timedelta(hours=_ZONES.get(parts["zone"] or "utc", 0))
    offset = timedelta(hours=int(parts["hours"] or 0), minutes=int(parts["minutes"] or 0))
    return offset if parts["sign"] == "+" else -offset
