"""Rendered items kept in memory from one publish to the next, so that a publish costs what changed.

Nothing depends on them but time: a new process starts without any and writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Hashable

Rendered = tuple[bytes, bytes, bytes]  # Atom, RSS, JSON


class Fragments:
    """Items by key, those of the last publish and the present one, up to `max_bytes`."""

    def __init__(self, max_bytes: int = 64 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last: dict[Hashable, Rendered] = {}
        self._present: dict[Hashable, Rendered] = {}

    def get(self, key: Hashable) -> Rendered | None:
        """An item rendered before."""
        found = self._present.get(key)
        if found is None and (found := self._last.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: Hashable, rendered: Rendered) -> None:
        """Keep an item, if there is room."""
        size = sum(map(len, rendered))
        if self._bytes + size <= self._max_bytes:
            self._present[key] = rendered
            self._bytes += size

    def end_of_publish(self) -> None:
        """Forget what this publish did not use."""
        self._last, self._present, self._bytes = self._present, {}, 0
