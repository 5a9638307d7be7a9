"""Polling with a large archive: is it as fast as with a small one, and how much memory do all processes take together?

    python -m bench archive --feeds 10000 --entries 1000000

The feeds are polled into an empty store, then with one new entry each; then the store is filled up with older entries,
copies of those that it has under other names, and the last two rounds are repeated.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, literal, select, update

from aggregator.store.database import Store, sqlite_url
from aggregator.store.tables import entries, feeds
from bench.feedfarm import FeedFarm
from bench.peers import Aggregator
from bench.processes import Sample, measure

_DAY = int(timedelta(days=1) / timedelta(microseconds=1))


def main(argv: list[str]) -> None:
    """Run the benchmark with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench archive", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000, help="stored before the last rounds")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as name:
        folder = Path(name)
        with FeedFarm(folder / "farm", options.feeds) as farm:
            _rounds(folder, farm, options.entries)


def _rounds(folder: Path, farm: FeedFarm, number: int) -> None:
    program = Aggregator()
    program.prepare(folder, farm.urls)
    print("| stored entries | round | feeds/s | CPU ms/feed | MB resident, summed | MB, shared pages once |")
    print("|---|---|---|---|---|---|")

    def poll(what: str) -> None:
        before = _stored(folder)
        _show(before, what, farm.feeds, measure(program.command(folder), folder))

    poll("cold")
    poll("unchanged")
    time.sleep(1.1)  # Last-Modified has whole seconds
    farm.add_entry()
    poll("one new")
    began = time.perf_counter()
    _fill(folder, number)
    print(f"filled up in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    poll("unchanged")
    farm.add_entry()
    poll("one new")


def _show(stored: int, what: str, feeds: int, sample: Sample) -> None:
    speed, cpu = feeds / sample.wall, sample.cpu / feeds * 1000
    print(f"| {stored:,} | {what} | {speed:.0f} | {cpu:.1f} | {sample.rss:.0f} | {sample.pss:.0f} |", flush=True)


def _stored(folder: Path) -> int:
    store = Store.open(sqlite_url(folder / "data"))
    with store.read() as conn:
        found = conn.execute(select(func.count()).select_from(entries)).scalar_one()
    store.close()
    return found


def _fill(folder: Path, number: int) -> None:
    """Copy the entries, days older and under other names, until there are so many."""
    store = Store.open(sqlite_url(folder / "data"))
    copies = 0
    with store.write() as conn:
        first = conn.execute(select(func.max(entries.c.id))).scalar_one()
        while (missing := number - conn.execute(select(func.count()).select_from(entries)).scalar_one()) > 0:
            copies += 1
            _copy(conn, copies, first, missing)
        count = select(func.count()).where(entries.c.feed_id == feeds.c.id).scalar_subquery()
        conn.execute(update(feeds).values(entries=count))
    store.close()


def _copy(conn: Connection, copy: int, first: int, most: int) -> None:
    """`first`: the last of the entries that were polled; grouped, as those of an archive are."""
    values: dict[str, ColumnElement[Any]] = {column.name: column for column in entries.c if column.name != "id"}
    values["guid"] = entries.c.guid.concat(f"#{copy}")
    values["url"] = entries.c.url.concat(f"#{copy}")
    for name in ("guid_hash", "url_hash", "title_hash"):
        values[name] = func.random()
    for name in ("first_seen", "sort_at"):
        values[name] = entries.c[name].op("-")(literal(copy * 10 * _DAY))
    values["grouped_at"] = entries.c.first_seen
    originals = select(*values.values()).where(entries.c.id <= first).order_by(entries.c.id).limit(most)
    conn.execute(insert(entries).from_select(list(values), originals))
