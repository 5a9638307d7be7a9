"""Numbers with their nouns."""

from __future__ import annotations


def plural(count: int, one: str, many: str) -> str:
    """'1 source', '2 sources'."""
    return f"{count} {one if count == 1 else many}"
