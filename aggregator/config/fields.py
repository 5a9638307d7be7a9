"""The types of feeds.yaml's keys: a check from `values` joined with the form that an editor's JSON Schema shows.

Paths are taken as lying beside feeds.yaml: `load` hands its folder over as the validation context, and only then
are they resolved and looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from aggregator.config import values
from aggregator.config.feed_address import FeedAddress, identity

_FROM_ENVIRONMENT = r"^.*\$\{"  # `${NAME}` is filled in before the check, so an editor has to let it pass
_NOT_OURS_TO_SET = {"host", "content-length", "transfer-encoding", "connection", "if-none-match", "if-modified-since"}


def one_or_many(value: object) -> object:
    """A single value where a list is meant becomes a list of one."""
    return [value] if isinstance(value, str) else value


def _line(value: str) -> str:
    text = value.strip()
    if not text:
        raise ValueError("is empty; write a text or leave the key out")
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in text):
        raise ValueError("has a line break or a control character in it; write it on one line")
    return text


def _keyword(value: str) -> str:
    from aggregator.text.keywords import parse_keyword  # noqa: PLC0415 - an eighth of what a start without topics takes

    parse_keyword(value)
    return value


def _secret(check: Callable[[str], object]) -> AfterValidator:
    def checked(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(checked)


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
        raise ValueError(f"{values.shown(value)} is not a header's name; write it like X-Api-Key")
    if value.lower() in _NOT_OURS_TO_SET:
        raise ValueError(f"the header {value} is set by the program itself; leave it out")
    return value


def _header_value(value: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("a header's value can't hold a line break or a control character")


def _credentials(value: str) -> None:
    if not value.partition(":")[1] or value.startswith(":"):
        raise ValueError("write user:password, for example reader:${FEED_PASSWORD}")
    _header_value(value)


def _proxy(value: str) -> None:
    parts = values.split_url(value)
    if parts.scheme.startswith("socks"):
        raise ValueError("SOCKS is not spoken here; name an HTTP proxy, such as http://proxy.example.org:3128")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a proxy's address; write it like http://proxy.example.org:3128")


def _database(value: str) -> None:
    scheme = value.partition(":")[0]
    if scheme in {"postgres", "psql", "postgresql+psycopg2", "postgresql+asyncpg"}:
        raise ValueError("starts in a way that is not read here: did you mean postgresql://?")
    if scheme not in {"postgresql", "postgresql+psycopg"} or "://" not in value:
        raise ValueError(
            "is not a PostgreSQL address; write postgresql://user:password@host/name, or leave the key out for SQLite"
        )


def _beside(folder: Path, path: str | Path) -> Path:
    return (folder / Path(path).expanduser()).resolve()


def _existing(kind: str) -> AfterValidator:
    def located(path: Path, info: ValidationInfo) -> Path:
        if not info.context:
            return path
        found = _beside(info.context["folder"], path)
        if not (found.is_dir() if kind == "folder" else found.is_file()):
            raise ValueError(f"there is no {kind} {values.shown(found)}; make it or mend the path")
        return found

    return AfterValidator(located)


def _feed_url(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> FeedAddress:
    text: str = check(value)
    if not text.startswith("file:"):
        if values.split_url(values.check_web_url(text)).username is not None:
            raise ValueError(
                "an address with a password in it would be shown to readers; write auth: user:password below it"
            )
        return FeedAddress(value if isinstance(value, str) else text)
    parts = values.split_url(text)
    if parts.netloc or not parts.path:
        raise ValueError(f"{values.shown(text)} is not a file's address; write it like file:local-feeds/news.xml")
    return FeedAddress(_beside(info.context["folder"], unquote(parts.path)).as_uri() if info.context else text)


def _known_by(value: object) -> object:
    return identity(value) if isinstance(value, str) else value


def _transport(secret: SecretStr, info: ValidationInfo) -> SecretStr:
    value = secret.get_secret_value()
    if value.startswith("file:"):
        folder = value.removeprefix("file:").removeprefix("//")
        if not folder:
            raise ValueError("names no folder; write it like file:outbox/")
        return SecretStr(f"file:{_beside(info.context['folder'], folder)}") if info.context else secret
    parts = values.split_url(value)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(
            "is no mail server; write smtp://user:password@mail.example.org:587, smtps://… or file:outbox/"
        )
    return secret


def _mailbox(secret: SecretStr, info: ValidationInfo) -> SecretStr:
    value = secret.get_secret_value()
    if value.startswith("maildir:"):
        folder = value.removeprefix("maildir:").removeprefix("//")
        if not folder:
            raise ValueError("names no folder; write it like maildir:/var/mail/bounces/")
        return SecretStr(f"maildir:{_beside(info.context['folder'], folder)}") if info.context else secret
    parts = values.split_url(value)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or not parts.password:
        raise ValueError(
            "is no mailbox; write imaps://user:password@mail.example.org/INBOX, imap://… or maildir:folder/"
        )
    if not unquote(parts.path).isascii():
        raise ValueError("the mailbox's name has letters beyond ASCII; choose one without")
    return secret


def _bounce_secret(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_~-]{20,200}", value):
        raise ValueError(
            "has to be 20 to 200 letters, digits, - or _, chosen at random; `openssl rand -hex 20` gives such a secret"
        )


def _text_like(pattern: str, example: str) -> Any:
    return Annotated[str, Field(pattern=f"{pattern}|{_FROM_ENVIRONMENT}", examples=[example])]


DurationText = _text_like(r"^\s*([0-9]+\s*[smhdw]\s*)+$", "15m")
Duration = Annotated[timedelta, BeforeValidator(values.parse_duration, json_schema_input_type=DurationText)]
Period = Annotated[timedelta, BeforeValidator(values.parse_period, json_schema_input_type=DurationText)]
ClockTime = Annotated[
    time,
    BeforeValidator(
        values.parse_clock_time,
        json_schema_input_type=_text_like(r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$", "07:00"),
    ),
]
Days = Annotated[
    tuple[values.Weekday, ...],
    BeforeValidator(values.parse_days, json_schema_input_type=str | list[str]),
    Field(examples=["mon-fri", "sat, sun", ["mon", "thu"]]),
]
TimeZone = Annotated[
    ZoneInfo,
    BeforeValidator(values.parse_time_zone, json_schema_input_type=str),
    Field(examples=["Europe/Kyiv", "UTC"]),
]
Line = Annotated[str, AfterValidator(_line)]
Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(_line)]
Language = Annotated[str, AfterValidator(values.check_language), Field(examples=["en", "uk", "pt-BR"])]
Keyword = Annotated[str, AfterValidator(_keyword)]
Keywords = Annotated[tuple[Keyword, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str | float])]
SomeKeywords = Annotated[
    tuple[Keyword, ...],
    Field(min_length=1),
    BeforeValidator(one_or_many, json_schema_input_type=str | Annotated[list[str | float], Field(min_length=1)]),
]
Names = Annotated[tuple[Line, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]
FeedNames = Annotated[
    tuple[Annotated[Line, BeforeValidator(_known_by)], ...],
    BeforeValidator(one_or_many, json_schema_input_type=str | list[str]),
]
Languages = Annotated[tuple[Language, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[Language])]
FeedUrl = Annotated[FeedAddress, WrapValidator(_feed_url), Field(examples=["https://example.org/feed.xml"])]
WebUrl = Annotated[str, AfterValidator(values.check_web_url)]
SiteUrl = Annotated[str, AfterValidator(values.check_site_url), Field(examples=["https://news.example.org"])]
Contact = Annotated[str, AfterValidator(values.check_contact), Field(examples=["editor@example.org"])]
Sender = Annotated[str, AfterValidator(values.check_sender), Field(examples=["News <digest@example.org>"])]
Recipient = Annotated[str, AfterValidator(values.check_recipient), Field(examples=["team@example.org"])]
Recipients = Annotated[
    tuple[Recipient, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[Recipient])
]
Network = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(values.parse_network, json_schema_input_type=str),
    Field(examples=["10.20.0.0/16"]),
]
Networks = Annotated[tuple[Network, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[Network])]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[SecretStr, _secret(_header_value)]
Credentials = Annotated[SecretStr, _secret(_credentials), Field(examples=["reader:${FEED_PASSWORD}"])]
Proxy = Annotated[SecretStr, _secret(_proxy), Field(examples=["http://proxy.example.org:3128"])]
Database = Annotated[SecretStr, _secret(_database), Field(examples=["postgresql://user:${DB_PASSWORD}@host/name"])]
Transport = Annotated[SecretStr, AfterValidator(_transport), Field(examples=["file:outbox/"], validate_default=True)]
BounceAddress = Annotated[
    str, AfterValidator(values.check_bounce_address), Field(examples=["bounces@example.org", "*@bounces.example.org"])
]
BounceMailbox = Annotated[
    SecretStr,
    AfterValidator(_mailbox),
    Field(examples=["imaps://bounces:${IMAP_PASSWORD}@mail.example.org/INBOX", "maildir:/var/mail/bounces/"]),
]
BounceSecret = Annotated[SecretStr, _secret(_bounce_secret), Field(examples=["${BOUNCE_SECRET}"])]
ExistingFile = Annotated[Path, _existing("file")]
ExistingFolder = Annotated[Path, _existing("folder")]
Folders = Annotated[tuple[ExistingFolder, ...], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]
