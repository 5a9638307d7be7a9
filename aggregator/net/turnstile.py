"""One request to a host at a time over all processes of this machine: `aggregator poll` beside `aggregator run`.

Each host is a byte of one file. The lock on it ends with its process, however that ends. On Linux it belongs to the
opened file (open file description locks), elsewhere to the process. Two hosts may share a byte; then they wait for
each other.
"""

from __future__ import annotations

import fcntl
import struct
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Self

_OF_THE_FILE = sys.platform == "linux" and struct.calcsize("P") == 8  # the layout of struct flock below


class Turnstile:
    """A context manager. After its end, and where files can't be locked, everybody passes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, host: str) -> bool:
        """Whether nobody else asks this host now; then nobody may until `give`. Taken twice by one is taken once."""
        if self._file.closed:
            return True
        try:
            self._set(host, fcntl.F_WRLCK)
        except (BlockingIOError, PermissionError):  # POSIX lets a system say either
            return False
        except OSError:
            return True
        return True

    def give(self, host: str) -> None:
        """The next one may ask."""
        if not self._file.closed:
            self._set(host, fcntl.F_UNLCK)

    def _set(self, host: str, kind: int) -> None:
        byte = int.from_bytes(blake2b(host.encode("utf-8", "surrogatepass"), digest_size=6).digest())
        if _OF_THE_FILE:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, 0, byte, 1, 0))
        else:
            fcntl.lockf(self._file, fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
