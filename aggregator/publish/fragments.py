"""What a publish remembers for the next one, so that it costs what changed. In memory alone.

Nothing depends on it but time: a new process starts without any and writes the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

Rendered = tuple[bytes, bytes, bytes]  # Atom, RSS, JSON
Signature = tuple[int, int, int]  # of a file: inode, size, time of its last change


@dataclass(frozen=True, slots=True)
class _Kept:
    packed: bytes
    lengths: tuple[int, int]  # of the first two


class Fragments:
    """Items of the last publish and the present one, packed, `max_bytes` of each; which files were written of what."""

    def __init__(self, max_bytes: int = 64 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last: dict[Hashable, _Kept] = {}
        self._present: dict[Hashable, _Kept] = {}
        self._units: dict[str, tuple[Hashable, Mapping[str, Signature]]] = {}

    def get(self, key: Hashable) -> Rendered | None:
        """An item rendered before."""
        kept = self._present.get(key) or self._last.get(key)
        if kept is None:
            return None
        self._keep(key, kept)
        one, two = kept.lengths
        whole = zlib.decompress(kept.packed)
        return whole[:one], whole[one : one + two], whole[one + two :]

    def put(self, key: Hashable, rendered: Rendered) -> None:
        """Keep an item, if there is room."""
        if self._bytes < self._max_bytes:
            self._keep(key, _Kept(zlib.compress(b"".join(rendered), 1), (len(rendered[0]), len(rendered[1]))))

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        if key not in self._present and self._bytes + len(kept.packed) <= self._max_bytes:
            self._present[key] = kept
            self._bytes += len(kept.packed)

    def files_of(self, unit: str, key: Hashable) -> Mapping[str, Signature] | None:
        """The files that the unit was written to when it last had this key."""
        known = self._units.get(unit)
        return known[1] if known is not None and key is not None and known[0] == key else None

    def written(self, unit: str, key: Hashable, files: Mapping[str, Signature]) -> None:
        """Remember what a unit was written to."""
        self._units[unit] = (key, files)

    def end_of_publish(self, units: set[str]) -> None:
        """Forget what this publish did not use; `units` are the names of those that it had."""
        self._last, self._present, self._bytes = self._present, {}, 0
        self._units = {name: known for name, known in self._units.items() if name in units}
