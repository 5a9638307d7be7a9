"""Texts and dates as feedparser makes them."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from feedparser.html import _cp1252
from lxml.etree import _Element

from aggregator.poll.parse.dates import parse_date
from aggregator.poll.parse.quick_names import Beyond, Names, has_handler

_C1 = re.compile("[\x80-\x9f]")
_QUOTE = {'"': "&quot;"}
_RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) (?:GMT|UTC|Z|([+-])(\d\d)(\d\d))"
)
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")
_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)  # noqa: SIM905
}


def repair(text: str) -> str:
    """UTF-8 that was read as Latin-1 and encoded once more, and Windows-1252 that was called Latin-1."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text


def quick_date(text: str) -> datetime | None:
    """`parse_date`, with a short way for the two spellings that the specifications ask for."""
    found = _RFC822.fullmatch(text)
    if found:
        day, month, year, *rest = found.groups()
        parts = int(year), _MONTHS[month], int(day)
    else:
        found = _RFC3339.fullmatch(text)
        if not found:
            return parse_date(text)
        year, month, day, *rest = found.groups()
        parts = int(year), int(month), int(day)
    hour, minute, second, sign, zone_hours, zone_minutes = rest
    try:
        local = datetime(*parts, int(hour), int(minute), int(second), tzinfo=UTC)
        if sign is None:
            return local
        zone = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        return local - zone if sign == "+" else local + zone
    except (ValueError, OverflowError):
        return parse_date(text)


def xhtml(element: _Element, names: Names, *, without_div: bool) -> str:
    """The inner markup of an XHTML construct. Raises Beyond where feedparser would take an inner tag for its own."""
    outer = element
    if without_div and len(element) == 1 and _local(element[0]) == "div":
        inner = element[0]
        if not (element.text or "").strip() and not (inner.tail or "").strip():
            _check(inner, names)
            outer = inner
    pieces: list[str] = []
    _write_inner(outer, names, pieces)
    return "".join(pieces).strip()


def _write_inner(element: _Element, names: Names, pieces: list[str]) -> None:
    if element.text:
        pieces.append(escape(element.text))
    for child in element:
        _check(child, names)
        tag = _local(child)
        attributes = "".join(f' {name.rpartition("}")[2]}="{escape(value, _QUOTE)}"' for name, value in child.items())
        pieces.append(f"<{tag}{attributes}>")
        _write_inner(child, names, pieces)
        pieces.append(f"</{tag}>")
        if child.tail:
            pieces.append(escape(child.tail))


def _check(element: _Element, names: Names) -> None:
    name = names.of(element)
    if has_handler(name) or _local(element) in {"svg", "math"}:
        raise Beyond
    if any(key[0] == "{" and not key.startswith("{http://www.w3.org/XML/") for key in element.keys()):  # noqa: SIM118
        raise Beyond


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
