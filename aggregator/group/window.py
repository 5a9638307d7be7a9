"""Rows of the window, as they are stored and as stories are made of them."""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator.group.stories.packed import pack, unpack
from aggregator.group.stories.vectors import Row
from aggregator.store.grouping import WindowRow


def row_of(stored: WindowRow) -> Row:
    """A stored row, read back."""
    at, weights, prints = int(stored.at.timestamp()), unpack("H", stored.weights), unpack("I", stored.prints)
    return Row(stored.entry_id, stored.feed_id, at, stored.terms, weights, prints)


def to_store(row: Row, language: str) -> WindowRow:
    """A row as it is stored."""
    return WindowRow(
        entry_id=row.entry_id,
        feed_id=row.feed_id,
        language=language,
        at=datetime.fromtimestamp(row.at, UTC),
        terms=row.terms,
        weights=pack("H", row.weights),
        prints=pack("I", row.prints),
    )
