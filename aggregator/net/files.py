"""Feeds in local files: `file:` URLs, only inside the folders that feeds.yaml allows (polling.allow_files).

The path is resolved before it is judged, so a symbolic link can't lead out of a folder; pipes and devices are refused.
A file's size and time of change stand for its validator.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest, NotModified, Result


def read_file(request: FetchRequest, folders: Sequence[Path]) -> Result:
    """Reads the file of a `file:` URL; blocking."""
    parts = urlsplit(request.url)
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        return _failed(request, FailureKind.NOT_FOUND, "it names no absolute path on this machine")
    try:
        real = Path(path).resolve(strict=True)
        if not any(real.is_relative_to(folder.resolve()) for folder in folders):
            return _failed(request, FailureKind.REFUSED_ADDRESS, "it lies outside the folders of polling.allow_files")
        return _read(request, real)
    except (FileNotFoundError, NotADirectoryError):
        return _failed(request, FailureKind.NOT_FOUND, "there is no such file")
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        return _failed(request, FailureKind.CONNECT, f"it can't be read ({getattr(error, 'strerror', error)})")


def _read(request: FetchRequest, path: Path) -> Result:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)  # of what was opened, whatever stands at the path by now
        if not stat.S_ISREG(facts.st_mode):
            return _failed(request, FailureKind.REFUSED_ADDRESS, "it is not a regular file")
        etag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'
        if etag == request.etag:
            return NotModified(url=request.url, etag=etag)
        with open(descriptor, "rb", closefd=False) as file:
            body = file.read(request.max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(body) > request.max_bytes:
        return _failed(request, FailureKind.TOO_LARGE, f"it is larger than {request.max_bytes} bytes")
    return Fetched(url=request.url, status=200, body=body, etag=etag)


def _failed(request: FetchRequest, kind: FailureKind, why: str) -> FetchFailed:
    return FetchFailed(kind=kind, reason=f"{request.url[:500]!r}: {why}", url=request.url)
