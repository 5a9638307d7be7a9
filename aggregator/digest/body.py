"""A mail's body (RFC 2045, RFC 2046): text and HTML in quoted-printable, encoded once for everybody. Pure.

The links that differ from reader to reader are set into the encoded body between soft line breaks, so that nothing
around them has to be encoded again.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_SOFT_BREAK = b"=\r\n"
_LONGEST = 76  # characters of an encoded line, its soft break included (RFC 2045 section 6.7)
_TOO_LONG = re.compile(rb"^(.{74,})(=20|=09)$", re.MULTILINE)  # quopri adds a last space beyond the limit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader's own link stands in for the shared one."""

    shared: str
    html: bool

    def filled(self, links: Mapping[str, str]) -> bytes:
        """The link, encoded; `links` are a reader's own by the shared ones."""
        link = links.get(self.shared, self.shared)
        return encode(escape(link, quote=False) if self.html else link)


@dataclass(frozen=True, slots=True)
class Body:
    """An encoded body in pieces, and its content type."""

    content_type: str
    pieces: tuple[bytes | Place, ...]

    def filled(self, links: Mapping[str, str]) -> bytes:
        """The body with a reader's own links, by the shared ones in whose place they stand; lines end with CRLF."""
        return b"".join(piece if isinstance(piece, bytes) else piece.filled(links) for piece in self.pieces)


def text_body(text: str, shared: Sequence[str] = ()) -> Body:
    """Plain text in quoted-printable. `shared` are the links in whose place a reader may have links of his own."""
    return Body('text/plain; charset="utf-8"', tuple(_pieces(text, shared, html=False)))


def both_bodies(text: str, html: str, shared: Sequence[str] = ()) -> Body:
    """multipart/alternative, text first. Quoted-printable never writes '=_', so the boundary is in neither part."""
    made_of = "\n".join((text, html)).encode("utf-8", "replace")
    boundary = f"=_{hashlib.sha256(made_of).hexdigest()[:24]}"
    parts = (("plain", _pieces(text, shared, html=False)), ("html", _pieces(html, shared, html=True)))
    pieces: list[bytes | Place] = []
    for subtype, part in parts:
        head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        pieces += [f"--{boundary}\r\n{head}".encode(), *part, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Body(f'multipart/alternative; boundary="{boundary}"', tuple(_joined(pieces)))


def _pieces(text: str, shared: Sequence[str], *, html: bool) -> list[bytes | Place]:
    """The encoded text, cut where a shared link stands: in a text up to a space, in HTML the whole of an attribute."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    links = {escape(link, quote=False) if html else link: link for link in shared if link}
    if not links:
        return [encode(normal)]
    some = "|".join(re.escape(link) for link in sorted(links, key=len, reverse=True))
    parts = re.split(f'(?<=")({some})(?=")' if html else rf"({some})(?!\S)", normal)
    return [
        Place(links[part], html) if number % 2 else _with_soft_ends(part, number > 0, number + 1 < len(parts))
        for number, part in enumerate(parts)
    ]


def _with_soft_ends(text: str, after_link: bool, before_link: bool) -> bytes:
    """The text encoded, with soft breaks that keep its lines apart from those of links."""
    encoded = encode(text)
    starts, ends = encoded.startswith(b"\r\n"), not encoded or encoded.endswith(b"\r\n")
    made = _broken(encoded) if before_link and not ends else encoded
    return _SOFT_BREAK + made if after_link and not starts else made


def _broken(encoded: bytes) -> bytes:
    """The text with a soft break at its end, and another one before where its last line is as long as can be."""
    last = len(encoded) - (encoded.rfind(b"\n") + 1)
    if last < _LONGEST:
        return encoded + _SOFT_BREAK
    at = len(encoded) - 6
    at -= next((back for back in (1, 2) if encoded[at - back : at - back + 1] == b"="), 0)
    return encoded[:at] + _SOFT_BREAK + encoded[at:] + _SOFT_BREAK


def encode(text: str) -> bytes:
    """Quoted-printable, lines ending with CRLF."""
    encoded = quopri.encodestring(text.encode("utf-8", "replace"))
    return _TOO_LONG.sub(rb"\1=\n\2", encoded).replace(b"\n", b"\r\n")


def _joined(pieces: Sequence[bytes | Place]) -> list[bytes | Place]:
    """Neighbouring bytes as one."""
    made: list[bytes | Place] = []
    for piece in pieces:
        if isinstance(piece, bytes) and made and isinstance(made[-1], bytes):
            made[-1] += piece
        else:
            made.append(piece)
    return made
