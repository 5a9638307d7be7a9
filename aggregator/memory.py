"""What a process that runs for weeks tells the allocator, where that is glibc's: it would keep what a stage leaves.

Stages run in threads. By default each thread gets a heap of its own, and a heap keeps its size when it is empty within:
300 feeds with 7,500 entries, polled, grouped and published, took a third more.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

_M_ARENA_MAX = -8  # malloc.h


def share_one_heap() -> None:
    """Have all threads that start from now on use one heap. Nothing happens where the C library is another one."""
    if (libc := _glibc()) is not None:
        libc.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what is free: some milliseconds."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


@lru_cache(1)
def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "malloc_trim") else None
