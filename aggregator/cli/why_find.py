"""Entries by what a person calls them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.model import Entry


def find_entries(conn: Connection, what: str) -> list[Entry]:
    """Entries by id, guid or address; an address also with or without what browsers and trackers add to it."""
    from aggregator.store import entries

    return next((found for one in _spellings(what) if (found := entries.find(conn, one))), [])


def _spellings(what: str) -> Iterator[str]:
    yield what
    has_scheme = what.startswith(("http://", "https://"))
    try:
        parts = urlsplit(what if has_scheme else f"https://{what}")
    except ValueError:
        return
    if not has_scheme and "." not in parts.netloc:  # browsers show addresses without their scheme, and copy them so
        return
    for query in dict.fromkeys((parts.query, "")):
        for path in dict.fromkeys((parts.path, parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/")):
            for scheme in ("https", "http"):
                yield parts._replace(scheme=scheme, path=path, query=query, fragment="").geturl()


def one_entry(conn: Connection, what: str) -> Entry:
    """The newest of them. Raises UsageError where there is none."""
    found = find_entries(conn, what)
    if not found:
        raise UsageError(
            f"no stored entry has the id, guid or address {what!r}; `aggregator entries` lists what there is"
        )
    return found[0]
