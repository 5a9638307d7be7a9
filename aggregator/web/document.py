"""A document and the HTTP answer to a request for it: encodings, validators, caching (RFC 9110 and 9111)."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal

import brotli  # type: ignore[import-untyped]
from starlette.responses import Response

Coding = Literal["br", "gzip"]

SMALLEST_COMPRESSED = 512  # bytes; below that a compressed answer is hardly shorter
_CODINGS: tuple[Coding, ...] = ("br", "gzip")  # what we rather send, first
_WEIGHTED = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?")
_ENTITY_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

_POLICY = (
    "default-src 'none'; style-src {}; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "content-security-policy": _POLICY.format("'self'"),
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it, browsers send 'Origin: null' with forms of our own.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# A mailed edition has its styles in attributes, as mails must.
MAIL_POLICY = _POLICY.format("'unsafe-inline'")


@dataclass(slots=True)
class Document:
    """Bytes with what HTTP says about them. `tag` changes with the bytes, `modified` is in whole seconds."""

    body: bytes
    tag: str
    media_type: str
    cache_control: str
    modified: datetime | None = None
    shared: bool = False
    _compressed: dict[Coding, bytes] = field(default_factory=dict, repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def encoded(self, coding: Coding) -> bytes:
        """The bytes in a content coding, compressed at the first request for it."""
        async with self._lock:
            if coding not in self._compressed:
                self._compressed[coding] = await asyncio.to_thread(_compress, self.body, coding)
        return self._compressed[coding]


def _compress(body: bytes, coding: Coding) -> bytes:
    if coding == "br":
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=8))
    return gzip.compress(body, 9, mtime=0)


async def answer(document: Document, headers: Mapping[str, str], extra: Mapping[str, str] | None = None) -> Response:
    """200 with the document in the coding that suits, or 304 if the client has it. `headers`: of the request."""
    coding = choose_coding(headers.get("accept-encoding")) if len(document.body) >= SMALLEST_COMPRESSED else None
    sent = SAFE_HEADERS | {
        "etag": f'"{document.tag}-{coding}"' if coding else f'"{document.tag}"',
        "cache-control": document.cache_control,
        "vary": "accept-encoding",
    }
    if document.modified:
        sent["last-modified"] = format_datetime(document.modified, usegmt=True)
    if document.shared:
        sent["access-control-allow-origin"] = "*"
    sent |= extra or {}
    if is_unchanged(document, headers):
        return Response(status_code=304, headers=sent)
    if coding is None:
        return Response(document.body, headers=sent | {"content-type": document.media_type})
    body = await document.encoded(coding)
    return Response(body, headers=sent | {"content-type": document.media_type, "content-encoding": coding})


def choose_coding(accepted: str | None) -> Coding | None:
    """What Accept-Encoding likes best of what we have (RFC 9110 section 12.5.3); None for no coding."""
    weights: dict[str, float] = {}
    for item in (accepted or "")[:1000].split(","):
        match = _WEIGHTED.fullmatch(item.strip())
        if match:
            weights[match[1].lower()] = float(match[2] or 1)
    liked = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in _CODINGS}
    best = max(_CODINGS, key=lambda coding: liked[coding])
    return best if liked[best] > 0 and liked[best] >= weights.get("identity", 0.0) else None


def is_unchanged(document: Document, headers: Mapping[str, str]) -> bool:
    """Whether the client's copy is the present one (RFC 9110 section 13.1).

    A tag of any coding of the same bytes counts, so that a proxy that changes the coding doesn't spoil the copy.
    """
    tags = headers.get("if-none-match")
    if tags is not None:
        ours = {document.tag, *(f"{document.tag}-{coding}" for coding in _CODINGS)}
        return tags.strip() == "*" or not ours.isdisjoint(_ENTITY_TAG.findall(tags))
    since = _http_date(headers.get("if-modified-since"))
    return since is not None and document.modified is not None and document.modified <= since


def _http_date(value: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
