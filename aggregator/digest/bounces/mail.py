"""A mail from a mailbox that anybody can write to, parsed without harm. Pure.

The standard library's parser takes time that grows with the square of some things, and recurses as deep as parts are
nested. So what no honest report has is cut or refused before: size, the length and number of lines, the length of the
headers that name types, and the number of types that can be nested.
"""

from __future__ import annotations

import email
import re
from email import policy
from email.message import Message

LARGEST = 512 * 1024  # bytes that are looked at: a report stands in front of the mail that it returns
_LONGEST_LINE = 998  # RFC 5322 section 2.1.1
_MOST_LINES = 10_000
_LONGEST_TYPE = 2048  # bytes of a folded Content-Type
_MOST_TYPES = 24  # mentions of multipart/… or message/…

_NEW_LINE = re.compile(rb"\r\n?")
_TOO_LONG = re.compile(rb"([^\n]{%d})[^\n]+" % _LONGEST_LINE)
_TYPE = re.compile(rb"(?im)^content-[a-z-]+[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*")
_NESTING = re.compile(rb"(?i)(?:multipart|message)/")


def parse(data: bytes) -> Message | None:
    """The mail, of which at most LARGEST bytes are read; None for what is made to harm its reader."""
    data = _TOO_LONG.sub(rb"\1", _NEW_LINE.sub(b"\n", data[:LARGEST]))
    data = b"\n".join(data.split(b"\n", _MOST_LINES)[:_MOST_LINES])
    if len(_NESTING.findall(data)) > _MOST_TYPES:
        return None
    if any(len(match[0]) > _LONGEST_TYPE for match in _TYPE.finditer(data)):
        return None
    return email.message_from_bytes(data, policy=policy.compat32)


def header(part: Message, name: str) -> str:
    """A header as one line of printable text, '' where there is none. Encoded words stay as they are written."""
    return one_line(str(part.get(name, "")))


def one_line(text: str) -> str:
    """Without line breaks and whatever is not printable."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def all_headers(part: Message) -> str:
    """Every header's value, a line each."""
    return "\n".join(one_line(str(value)) for value in part.values())


def parts_of(mail: Message, kind: str) -> list[Message]:
    """The parts of a type such as 'message/delivery-status'."""
    return [part for part in mail.walk() if part.get_content_type() == kind]


def fields_of(part: Message) -> list[Message]:
    """The groups of fields of a part that consists of such (RFC 3464 section 2.1, RFC 5965 section 3.1)."""
    payload = part.get_payload()
    return [group for group in payload if isinstance(group, Message)] if isinstance(payload, list) else []


def body_of(part: Message) -> str:
    """The text of a part, decoded as well as it can be."""
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
