"""One request to a host at a time over all processes of this machine: `aggregator poll` beside `aggregator run`.

Each host is a byte of one file. The lock on it belongs to the opened file (Linux: open file description locks), so it
ends with its process, however that ends. Two hosts may share a byte; then they wait for each other.
"""

from __future__ import annotations

import fcntl
import struct
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Self

_WORKS = sys.platform == "linux" and struct.calcsize("P") == 8  # the layout of struct flock below


class Turnstile:
    """A context manager. Where files can't be locked, everybody passes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab") if _WORKS else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, host: str) -> bool:
        """Whether nobody else asks this host now; then nobody may until `give`. Taken twice by one is taken once."""
        return self._set(host, fcntl.F_WRLCK)

    def give(self, host: str) -> None:
        """The next one may ask."""
        self._set(host, fcntl.F_UNLCK)

    def _set(self, host: str, kind: int) -> bool:
        if self._file is None or self._file.closed:
            return True
        byte = int.from_bytes(blake2b(host.encode("utf-8", "surrogatepass"), digest_size=6).digest())
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, 0, byte, 1, 0))
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
