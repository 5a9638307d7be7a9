"""Where the items of a well-formed document lie, byte for byte, and the document without those that are known.

A poll that brings one new item then parses one item. What stands outside the items is kept as it is, because
namespaces, xml:base and languages declared there give the items their meaning; `Spans.key` tells when it has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from xml.parsers import expat

PARSER_VERSION = 3
"""To be raised when parsing gives other results for the same bytes: then every item is read again once."""

_HASH = 8
_ITEMS = frozenset({"item", "entry"})
_PARENTS = frozenset({"channel", "feed"})
# Outside the items, these change at every poll and mean nothing to the items: dates, and RSS 1.0's table of contents.
_VOLATILE = frozenset({"lastbuilddate", "pubdate", "updated", "modified", "date", "items"})


@dataclass(frozen=True, slots=True)
class Spans:
    """`data[start:end]` is one item, in the order of the document; `hashes` belong to them."""

    data: bytes
    items: tuple[tuple[int, int], ...]
    hashes: tuple[bytes, ...]
    key: bytes

    def only(self, wanted: Collection[int]) -> bytes:
        """The document with the items at these positions alone."""
        pieces: list[bytes] = []
        position = 0
        for index, (start, end) in enumerate(self.items):
            pieces.append(self.data[position:start])
            if index in wanted:
                pieces.append(self.data[start:end])
            position = end
        pieces.append(self.data[position:])
        return b"".join(pieces)


def scan(data: bytes, context: str) -> Spans | None:
    """The items of a well-formed document without a DOCTYPE; None where it is ill-formed or items lie in items.

    `context` is what else gives the items their meaning: encoding and base URL.
    """
    scanner = _Scanner(data)
    try:
        scanner.parser.Parse(data, True)
    except (expat.ExpatError, _Unusual):
        return None
    return _spans(data, scanner.items, scanner.volatile, context)


def _spans(data: bytes, items: list[tuple[int, int]], volatile: list[tuple[int, int]], context: str) -> Spans:
    outside = sha256(f"{PARSER_VERSION} {context}\n".encode("utf-8", "surrogatepass"))
    position = 0
    for start, end in sorted(items + volatile):
        gap = data[position:start].strip()
        if gap:  # white space between items comes and goes with them
            outside.update(gap + b"\0")
        position = max(position, end)
    outside.update(data[position:].strip())
    hashes = tuple(sha256(data[start:end]).digest()[:_HASH] for start, end in items)
    return Spans(data, tuple(items), hashes, outside.digest()[:_HASH])


class _Unusual(Exception):  # noqa: N818 - not an error: parse it whole
    """Items in items, an item without an end tag, or a DOCTYPE."""


class _Scanner:
    """Expat's handlers. Element names are compared without prefix and case, as feedparser does."""

    def __init__(self, data: bytes) -> None:
        self.items: list[tuple[int, int]] = []
        self.volatile: list[tuple[int, int]] = []
        self._data = data
        self._names: list[str] = []
        self._item: tuple[int, int] | None = None  # depth and start of the item that is open
        self._part: tuple[int, int] | None = None  # the same of a volatile part
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        names = self._names
        depth = len(names)
        name = tag.rpartition(":")[2].lower()
        if name in _ITEMS:
            if self._item:
                raise _Unusual
            self._item = (depth, self.parser.CurrentByteIndex)
        elif self._item is None and self._part is None and name in _VOLATILE and depth and names[-1] in _PARENTS:
            self._part = (depth, self.parser.CurrentByteIndex)
        names.append(name)

    def _end(self, tag: str) -> None:
        self._names.pop()
        depth = len(self._names)
        if self._item and self._item[0] == depth:
            end = self._after_end_tag(tag)
            if end is None:
                raise _Unusual
            self.items.append((self._item[1], end))
            self._item = None
        elif self._part and self._part[0] == depth:
            end = self._after_end_tag(tag)
            if end is not None:
                self.volatile.append((self._part[1], end))
            self._part = None

    def _after_end_tag(self, tag: str) -> int | None:
        """None for <item/>, of which expat, depending on its version, gives the begin or what comes after it."""
        at = self.parser.CurrentByteIndex
        end = self._data.find(b">", at)
        return end + 1 if self._data[at:end].rstrip() == f"</{tag}".encode() else None

    def _doctype(self, *_: object) -> None:
        raise _Unusual
