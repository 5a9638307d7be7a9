"""A feed in pieces: what stands before its items, each item, what stands after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """The bytes of a feed. An item's bytes are the same whatever the feed and its neighbours."""

    head: bytes
    items: tuple[bytes, ...]
    tail: bytes
    separator: bytes = b"\n"

    def around(self, items: Sequence[bytes]) -> bytes:
        """The feed with these items in place of its own."""
        return b"\n".join((self.head, self.separator.join(items), self.tail))
