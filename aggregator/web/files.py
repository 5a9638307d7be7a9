"""The published files as documents, kept in memory while they stay the same on disk.

path of the request -> names that may be served -> inside the folder? -> stat: as remembered?
     yes   the document with its compressed forms
     no    read, hash; same bytes as before? the old document stays, and with it Last-Modified
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.web.document import Document

CACHE_BYTES = 64 * 1024 * 1024

_FEED = "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400"
_PAGE = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
_STATIC = "public, max-age=86400"


@dataclass(frozen=True, slots=True)
class Kind:
    """How files with one ending are served. `shared`: scripts of other sites may read it, as web feed readers do."""

    media_type: str
    cache_control: str
    shared: bool = False


KINDS = {
    ".html": Kind("text/html; charset=utf-8", _PAGE),
    ".atom": Kind("application/atom+xml; charset=utf-8", _FEED, shared=True),
    ".rss": Kind("application/rss+xml; charset=utf-8", _FEED, shared=True),
    ".json": Kind("application/feed+json; charset=utf-8", _FEED, shared=True),
    ".opml": Kind("text/x-opml; charset=utf-8", _FEED, shared=True),
    ".css": Kind("text/css; charset=utf-8", _STATIC),
    ".svg": Kind("image/svg+xml", _STATIC),
    ".txt": Kind("text/plain; charset=utf-8", _PAGE),
}


class PublishedFiles:
    """The output folder, read-only. Only names that a publish writes are served: no dot file, no other ending."""

    def __init__(self, root: Path, cache_bytes: int = CACHE_BYTES) -> None:
        self._root = root
        self._capacity = cache_bytes
        self._size = 0
        self._known: OrderedDict[Path, tuple[tuple[int, int, int], Document]] = OrderedDict()

    async def find(self, path: str) -> Document | None:
        """The document at a decoded path ('/topics/x/'), None where there is none."""
        file = self.locate(path)
        kind = KINDS.get(file.suffix) if file else None
        if file is None or kind is None:
            return None
        status = _status(file)
        known = self._known.get(file)
        if known and status == known[0]:
            self._known.move_to_end(file)
            return known[1]
        found = await asyncio.to_thread(_read, file, self._root)
        if found is None:
            return None
        return self._remember(file, *found, kind)

    def locate(self, path: str) -> Path | None:
        """The file that a path names, whether it is there or not; None for a path that no publish would write."""
        names = path.removeprefix("/").split("/")
        if names[-1] == "":
            names[-1] = "index.html"
        if not path.startswith("/") or not all(_is_plain(name) for name in names):
            return None
        return self._root.joinpath(*names)

    def has_folder(self, path: str) -> bool:
        """Whether `path`, with a slash behind it, is a page."""
        file = self.locate(f"{path}/")
        return file is not None and _status(file) is not None

    def _remember(
        self, file: Path, status: tuple[int, int, int], body: bytes, modified: datetime, kind: Kind
    ) -> Document:
        old = self._known.pop(file, None)
        if old:
            self._size -= len(old[1].body)
        digest = hashlib.sha256(body).hexdigest()[:20]
        if old and old[1].tag == digest:
            document = old[1]
        else:
            document = Document(
                body=body,
                tag=digest,
                modified=modified,
                media_type=kind.media_type,
                cache_control=kind.cache_control,
                shared=kind.shared,
            )
        self._known[file] = (status, document)
        self._size += len(body)
        while self._size > self._capacity and len(self._known) > 1:
            _, (_, dropped) = self._known.popitem(last=False)
            self._size -= len(dropped.body)
        return document


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and "\\" not in name and name.isprintable()


def _status(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError: a name that the file system's encoding can't hold
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


def _read(file: Path, root: Path) -> tuple[tuple[int, int, int], bytes, datetime] | None:
    """Status, bytes and time of one and the same version of a file inside the folder."""
    try:
        if not file.resolve().is_relative_to(root.resolve()):
            return None
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(opened.fileno())
        if not stat.S_ISREG(found.st_mode):
            return None
        status = (found.st_ino, found.st_mtime_ns, found.st_size)
        return status, opened.read(), datetime.fromtimestamp(found.st_mtime, UTC).replace(microsecond=0)
