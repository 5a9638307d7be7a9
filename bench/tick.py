"""What a tick of `aggregator run` costs when nothing is due: the same with few feeds and with many?

    python -m bench tick --feeds 100,100000

Every stage of the real daemon ticks over a store whose feeds are all polled and due in an hour. Milliseconds of CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from aggregator import clock
from aggregator.config.load import load
from aggregator.config.models import FeedConfig
from aggregator.daemon import Daemon
from aggregator.model import FeedState
from aggregator.store import feeds
from aggregator.store.database import Store, sqlite_url
from aggregator.store.tables import feeds as table

_TICKS = 50


def main(argv: list[str]) -> None:
    """Run the benchmark with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench tick", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--feeds", default="100,100000", help="numbers of feeds, with commas")
    numbers = [int(number) for number in parser.parse_args(argv).feeds.split(",")]
    costs = {number: _costs(number) for number in numbers}
    print(f"| stage | {' | '.join(f'{number:,} feeds' for number in numbers)} |\n|---|{'---|' * len(numbers)}")
    for stage in costs[numbers[0]]:
        print(f"| {stage} | {' | '.join(f'{costs[number][stage]:.2f} ms' for number in numbers)} |")


def _costs(number: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-tick-") as name:
        folder = Path(name)
        path = folder / "feeds.yaml"
        urls = "".join(f"  - https://outlet{n}.example/feed.xml\n" for n in range(number))
        path.write_text(f"feeds:\n{urls}topics:\n  Aid: [aid pledge]\n")
        config = load(path)
        store = Store.open(sqlite_url(folder))
        _polled(store, config.feeds)
        try:
            return asyncio.run(_tick(Daemon(path, config, folder / "public", store)))
        finally:
            store.close()


def _polled(store: Store, configs: Sequence[FeedConfig]) -> None:
    now = clock.utc_now()
    with store.write() as conn:
        feeds.sync(conn, configs)
        values = {"state": FeedState.OK, "last_polled_at": now, "last_success_at": now}
        conn.execute(update(table).values(next_poll_at=now + timedelta(hours=1), **values))


async def _tick(daemon: Daemon) -> dict[str, float]:
    stages: dict[str, Callable[[], Awaitable[None]]] = {
        "poll": daemon.poll,
        "group and publish": daemon.group_and_publish,
        "digests": daemon.send_digests,
        "hubs": daemon._hubs.tick,
        "reload": daemon.reload,
    }
    found: dict[str, float] = {}
    async with daemon.polling():
        for name, stage in stages.items():
            await stage()  # the first opens what the others use, and publishes
            await stage()  # feeds.yaml is read once more when it was found unchanged
            began = time.process_time()
            for _ in range(_TICKS):
                await stage()
            found[name] = (time.process_time() - began) / _TICKS * 1000
    return found
