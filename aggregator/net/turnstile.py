"""One request to a host at a time over all processes of this machine: `aggregator poll` beside `aggregator run`.

Each host has a place in one file, which holds when it was asked last. The lock on it ends with its process, however
that ends. On Linux it belongs to the opened file (open file description locks), elsewhere to the process. Two hosts
may share a place, as one pair among 1,500 hosts does; then they wait for each other, but not within a process.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections import Counter
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Self

from aggregator.clock import monotonic

_OF_THE_FILE = sys.platform == "linux" and struct.calcsize("P") == 8  # the layout of struct flock below
_PLACES = 1 << 20
_TIME = struct.Struct("=d")  # on the monotonic clock, which a machine's processes share until it starts again


class _Stamp(NamedTuple):
    """`time` as it is written for a host; `before` is what others had left in its place."""

    host: str
    time: bytes
    before: bytes


class Turnstile:
    """A context manager. After its end, and where files can't be locked, everybody passes."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b", buffering=0)
        self._taken: Counter[int] = Counter()  # how often, by place
        self._stamps: dict[int, _Stamp] = {}  # our last one of each taken place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, host: str) -> bool:
        """Whether no other process asks this host now; then none may until it was given as often as it was taken."""
        place = _place(host)
        if not self._file.closed:
            try:
                self._set(place, fcntl.F_WRLCK)
            except (BlockingIOError, PermissionError):  # POSIX lets a system say either
                return False
            except OSError:
                pass  # where files can't be locked, each process keeps its own pauses alone
        self._taken[place] += 1
        return True

    def give(self, host: str) -> None:
        """The next one may ask."""
        place = _place(host)
        self._taken[place] -= 1
        if self._taken[place] > 0:
            return
        del self._taken[place]
        self._stamps.pop(place, None)
        if not self._file.closed:
            with suppress(OSError):  # as in `take`
                self._set(place, fcntl.F_UNLCK)

    def stamp(self, host: str) -> None:
        """Note that the host is asked now, or was until now; for whoever has taken it."""
        if not self._file.closed:
            place = _place(host)
            before = self._stamps[place].before if place in self._stamps else self._read(place)
            self._stamps[place] = _Stamp(host, _TIME.pack(monotonic()), before)
            with suppress(OSError):  # a full disk
                os.pwrite(self._file.fileno(), self._stamps[place].time, place)

    def since(self, host: str) -> float:
        """Seconds since it was asked, by whatever process; infinite where that is not known."""
        place = _place(host)
        data, ours = self._read(place), self._stamps.get(place)
        if ours is not None and ours.host != host and ours.time == data:
            data = ours.before
        passed = monotonic() - _TIME.unpack(data)[0] if len(data) == _TIME.size and any(data) else -1.0
        return passed if passed >= 0.0 else float("inf")

    def _read(self, place: int) -> bytes:
        return b"" if self._file.closed else os.pread(self._file.fileno(), _TIME.size, place)

    def _set(self, place: int, kind: int) -> None:
        if _OF_THE_FILE:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, 0, place, 1, 0))
        else:
            how = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.lockf(self._file, how, 1, place)


@lru_cache(1_024)  # asked for five times in a request
def _place(host: str) -> int:
    digest = blake2b(host.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest) % _PLACES * _TIME.size
