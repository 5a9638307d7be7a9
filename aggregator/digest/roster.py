"""A table of people, as programs write it: read with every fault at its line, and written. Pure.

Understood are commas, semicolons and tabs; UTF-8 with or without a byte order mark, UTF-16 and Windows-1252 (all three
are what Excel writes); Excel's first line `sep=;`; a heading, or none with the address in the first column. The columns
are those that are written here, so that one installation's export is another one's import. Other programs' words for
who is subscribed are understood, too, and the columns in which they note that somebody has left (listmonk, Ghost,
Mailchimp, Buttondown, Substack, Brevo, MailerLite): nobody who has left comes back by an import.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.config.models import Config
from aggregator.config.values import WEEKDAYS, check_language, nearest, parse_clock_time, parse_time_zone
from aggregator.digest.subscriptions import read_address
from aggregator.errors import UsageError
from aggregator.model import Frequency, Subscriber, SubscriberState, Wishes

COLUMNS = (
    "address",
    "state",
    "digests",
    "frequency",
    "topics",
    "language",
    "hour",
    "weekday",
    "timezone",
    "alerts",
    "created",
)
_ADDRESS = ("address", "email", "e-mail", "mail", "email address", "e-mail address", "email_address")
_STATE = ("state", "status", "subscribed_to_emails", "subscribed")
_PERHAPS_STATE = ("type", "subscriber_type")  # what these say may be something else
_STATES = {
    SubscriberState.CONFIRMED: (
        "confirmed",
        "subscribed",
        "active",
        "enabled",
        "true",
        "yes",
        "1",
        "regular",
        "premium",
    ),
    SubscriberState.UNCONFIRMED: ("unconfirmed", "pending", "inactive", "unactivated"),
    SubscriberState.UNSUBSCRIBED: ("unsubscribed", "disabled", "blocklisted", "blocked", "removed", "false", "no", "0"),
    SubscriberState.SUPPRESSED: ("suppressed", "bounced", "cleaned", "complained", "undeliverable", "spammy"),
}
_ENDED = {  # columns that hold a time or a yes once somebody has left
    SubscriberState.SUPPRESSED: ("clean_time", "cleaned_at", "bounced_at"),
    SubscriberState.UNSUBSCRIBED: (
        "unsub_time",
        "unsubscribed_at",
        "deleted_at",
        "email_disabled",
        "email_blacklisted",
    ),
}
_NOT_ENDED = ("", "false", "no", "0", "null", "none")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_GUESSES = {"euid": "timezone"}  # Mailchimp takes the zone from an IP address; nobody has wished for it
_FREQUENCIES = tuple(one.value for one in Frequency)
_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_LONG_DAYS = dict(zip(WEEKDAYS, ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"), strict=True))
_DELIMITERS = ",;\t"
_FORMULA = ("=", "+", "-", "@")  # with which a spreadsheet would begin to calculate
_LONGEST_CELL = 10_000  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody in the table. What the table doesn't say is None, or as nobody wished."""

    line: int
    address: str
    state: SubscriberState | None = None
    digests: tuple[str, ...] | None = None
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True)
class Roster:
    """A table as read. `faults` are sentences that begin with the line."""

    rows: tuple[Row, ...]
    faults: tuple[str, ...]
    twice: int = 0  # rows with an address that stands further up, too


def read_roster(data: bytes, config: Config) -> Roster:
    """Every row that can be understood. Raises UsageError for what is no table of addresses at all."""
    rows: list[Row] = []
    faults: list[str] = []
    seen: set[str] = set()
    twice = 0
    for line, cells in _records(_text(data)):
        try:
            row = _row(line, cells, config)
        except ValueError as error:
            faults.append(f"line {line}: {error}")
            continue
        twice += row.address.casefold() in seen
        if row.address.casefold() not in seen:
            seen.add(row.address.casefold())
            rows.append(row)
    return Roster(tuple(rows), tuple(faults), twice)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UsageError("this is no table of text; save it as CSV (UTF-8)")


def _records(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line, cells by the heading's words) of each row that is not empty."""
    lines = text.splitlines(keepends=True)
    delimiter, skipped = _delimiter(lines)
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=delimiter)
    heading: list[str] | None = None
    start = skipped + 1
    try:
        for cells in reader:
            line, start = start, skipped + reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if heading is None:
                heading = _heading(cells)
                if heading is not None:
                    continue
                heading = [_ADDRESS[0]]
            yield line, dict(zip(heading, (_cell(cell) for cell in cells), strict=False))
    except csv.Error as error:
        raise UsageError(f"line {start}: {error}") from None


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """The character between cells, and how many lines come before the table."""
    at = next((n for n, line in enumerate(lines) if line.strip()), 0)
    first = lines[at] if lines else ""
    if first.casefold().startswith("sep="):
        return first[4:].rstrip("\r\n") or ",", at + 1
    return max(_DELIMITERS, key=lambda one: (first.count(one), -_DELIMITERS.index(one))), 0


def _heading(cells: Sequence[str]) -> list[str] | None:
    """The heading's words, with those for the address and the state as we say them; None where there is no heading."""
    words = [cell.strip().casefold() for cell in cells]
    address = next((word for word in _ADDRESS if word in words), None)
    if address is None:
        if not any("@" in word for word in words):
            raise UsageError(f"line 1: none of the columns {', '.join(words)} is called address or email")
        return None
    words[words.index(address)] = _ADDRESS[0]
    if state := next((word for word in _STATE if word in words), None):
        words[words.index(state)] = _STATE[0]
    guessed = {column for sign, column in _GUESSES.items() if sign in words}
    return ["" if word in guessed else word for word in words]


def _cell(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from calculating."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _row(line: int, cells: Mapping[str, str], config: Config) -> Row:
    """Raises ValueError with what is wrong and what would be right."""
    if any(len(cell) > _LONGEST_CELL for cell in cells.values()):
        raise ValueError("a cell is longer than any that we write; is a quotation mark left open further up?")
    given = cells.get("address", "")
    address = read_address(given)
    if address is None:
        raise ValueError(f"{given!r} is not an e-mail address" if given else "there is no address")
    digests = cells.get("digests", "")
    return Row(
        line,
        address,
        _state(cells),
        _names("digest", digests, config.digests) if digests else None,
        Wishes(
            frequency=Frequency(_one_of("frequency", cells.get("frequency", ""), _FREQUENCIES) or Frequency.DAILY),
            topics=_names("topic", cells.get("topics", ""), config.topics),
            language=check_language(cells["language"]) if cells.get("language") else None,
            hour=f"{parse_clock_time(cells['hour']):%H:%M}" if cells.get("hour") else None,
            weekday=_one_of("weekday", _short(cells.get("weekday", "")), WEEKDAYS),
            timezone=parse_time_zone(cells["timezone"]).key if cells.get("timezone") else None,
            alerts=_YES_OR_NO[_one_of("alerts", cells.get("alerts", "").casefold(), _YES_OR_NO) or "yes"],
        ),
    )


def _state(cells: Mapping[str, str]) -> SubscriberState | None:
    """What the row says of him; that he has left counts more than anything else."""
    for state, columns in _ENDED.items():
        if any(cells.get(column, "").casefold() not in _NOT_ENDED for column in columns):
            return state
    word = cells.get("state", "")
    found = next((known for one in (word, *map(cells.get, _PERHAPS_STATE)) if (known := _meant(one))), None)
    if word and found is None and not _DATE.match(word):  # a date says since when
        raise ValueError(f"state: {word!r} is unknown; write one of {', '.join(SubscriberState)}")
    return found


def _meant(word: str | None) -> SubscriberState | None:
    return next((state for state, words in _STATES.items() if (word or "").casefold() in words), None)


def _short(day: str) -> str:
    """'fri' of 'Friday'; another word as it is."""
    short = day[:3].casefold()
    return short if short in WEEKDAYS and day.casefold() in (short, f"{_LONG_DAYS[short]}day") else day


def _one_of(column: str, word: str, known: Iterable[str]) -> str | None:
    if word and word not in known:
        raise ValueError(f"{column}: {word!r} is unknown; write one of {', '.join(known)}")
    return word or None


def _names(kind: str, cell: str, known: Iterable[str]) -> tuple[str, ...]:
    """The digests or topics that a cell lists, between semicolons."""
    names = [cell] if cell in known else [name.strip() for name in cell.split(";") if name.strip()]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else f"it names {', '.join(known) or 'none'}"
            raise ValueError(f"feeds.yaml names no {kind} {name!r}; {hint}")
    return tuple(names)


def roster_of(people: Iterable[Subscriber]) -> str:
    """Everybody as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in people:
        writer.writerow({name: _plain(value) for name, value in as_row(one).items()})
    return text.getvalue()


def as_row(one: Subscriber) -> dict[str, object]:
    """What the operator sees of somebody, by the columns' names."""
    wishes = one.wishes
    return {
        "address": one.address,
        "state": one.state.value,
        "digests": one.digests,
        "frequency": wishes.frequency.value,
        "topics": wishes.topics,
        "language": wishes.language,
        "hour": wishes.hour,
        "weekday": wishes.weekday,
        "timezone": wishes.timezone,
        "alerts": wishes.alerts,
        "created": one.created.isoformat(timespec="seconds"),
    }


def _plain(value: object) -> str:
    """A cell; what a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "; ".join(value) if isinstance(value, tuple) else str(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text
