"""Running a program from start to end, and what it took: time, CPU, and memory of all its processes together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

_EVERY = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True)
class Sample:
    """One run: seconds on the wall, seconds of CPU, and at the peak the MB of all processes together.

    `rss` adds up their resident sets, so that pages which they share count once for each; `pss` shares them out.
    """

    wall: float
    cpu: float
    rss: float
    pss: float


def measure(command: Sequence[str], folder: Path) -> Sample:
    """Run it with `folder` as its home; a failure is shown, and measured all the same."""
    environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    start = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        with _Watch(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - start
    if process.returncode:
        print(f"{command[0]} ended with {process.returncode}; the end of its log:", file=sys.stderr)
        print((folder / "log").read_text(errors="replace")[-2000:], file=sys.stderr)
    return Sample(wall, usage.ru_utime + usage.ru_stime, watch.rss / 1024, watch.pss / 1024)


class _Watch(threading.Thread):
    """Looks at a process and its descendants now and then; kilobytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.rss = 0
        self.pss = 0
        self._pid = pid
        self._over = threading.Event()

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(_EVERY):
            family = list(descendants(self._pid))
            self.rss = max(self.rss, sum(_kilobytes(pid, "status").get("VmRSS", 0) for pid in family))
            self.pss = max(self.pss, sum(_kilobytes(pid, "smaps_rollup").get("Pss", 0) for pid in family))


def descendants(pid: int) -> Iterator[int]:
    """The process and all that it has started, as far as they still live."""
    yield pid
    try:
        children = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile
        return
    for child in chain.from_iterable(children):
        yield from descendants(int(child))


def _kilobytes(pid: int, name: str) -> Mapping[str, int]:
    try:
        lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {key: int(value.split()[0]) for key, value in pairs}
