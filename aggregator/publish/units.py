"""Files that are rendered together, and whether they have to be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """`key` differs from that of the last publish whenever a byte of the files would; None: nobody knows, render."""

    name: str
    key: Hashable
    render: Callable[[], Iterable[tuple[str, bytes]]]  # (path, content)
