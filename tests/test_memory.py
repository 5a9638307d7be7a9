"""What the allocator is told, each time in a process of its own."""

import platform
import subprocess
import sys
from unittest.mock import Mock

import pytest

from aggregator import memory

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc's allocator")
THREAD = """
import ctypes, threading
from aggregator import memory
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
found = []
thread = threading.Thread(target=lambda: found.append(libc.malloc(1_000)))
thread.start(); thread.join()
heap = next(line.split()[0] for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]"))
start, end = (int(address, 16) for address in heap.split("-"))
print(start <= found[0] < end)
"""
FREED = """
from aggregator import memory
def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096
blocks = [bytes(20_000) for _ in range(5_000)]
pinned = blocks[-1]
del blocks
before = resident()
memory.give_back()
print(before - resident())
"""


def _printed(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@GLIBC
@pytest.mark.parametrize(("first", "expected"), [("memory.share_one_heap()", "True"), ("", "False")])
def test_threads_share_one_heap_when_told_to(first: str, expected: str) -> None:
    assert _printed(THREAD.format(first=first)) == expected


@GLIBC
def test_free_memory_is_given_back() -> None:
    assert int(_printed(FREED)) > 50_000_000


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Mock(spec=["malloc"])  # anything else that is asked of it raises
    monkeypatch.setattr("ctypes.CDLL", lambda _: other)
    memory._glibc.cache_clear()
    try:
        memory.share_one_heap()
        memory.give_back()
    finally:
        memory._glibc.cache_clear()
    assert other.mock_calls == []
