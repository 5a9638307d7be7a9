"""How fast feeds are polled: cold, unchanged (304), and with one new entry in each feed.

    python -m bench poll --feeds 2000 --repeat 5 --peers reader,newsboat,sfeed

Every program polls the same feeds of 25 entries and about 35 KB from the same loopback server, one after the other, in
every round. Compare ratios within one run: seconds differ from machine to machine and from hour to hour.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.feedfarm import FeedFarm
from bench.peers import Peer, installed
from bench.processes import Sample, measure

ROUNDS = ("cold", "unchanged", "one new")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench poll", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=1, help="runs of all three rounds; the median is shown")
    parser.add_argument("--peers", default="reader,newsboat,sfeed", help="beside this program, where installed")
    options = parser.parse_args(argv)
    peers = installed([name for name in options.peers.split(",") if name])
    samples: dict[tuple[str, str], list[Sample]] = {}
    for run in range(options.repeat):
        with tempfile.TemporaryDirectory(prefix="bench-poll-") as folder:
            _one_run(Path(folder), options.feeds, peers, samples)
        print(f"run {run + 1} of {options.repeat} done", file=sys.stderr)
    _report(options.feeds, peers, samples)


def _one_run(folder: Path, feeds: int, peers: list[Peer], samples: dict[tuple[str, str], list[Sample]]) -> None:
    with FeedFarm(folder / "farm", feeds) as farm:
        print(f"{feeds} feeds served by {farm.server}", file=sys.stderr)
        for peer in peers:
            (folder / peer.name).mkdir()
            peer.prepare(folder / peer.name, farm.urls)
        for name in ROUNDS:
            if name == "one new":
                time.sleep(1.1)  # Last-Modified has whole seconds
                farm.add_entry()
            for peer in peers:
                peer.before_round(folder / peer.name)
                sample = measure(peer.command(folder / peer.name), folder / peer.name)
                samples.setdefault((peer.name, name), []).append(sample)


def _report(feeds: int, peers: list[Peer], samples: dict[tuple[str, str], list[Sample]]) -> None:
    print(f"| round | program | feeds/s | CPU ms/feed | peak MB | {peers[0].name} is |\n|---|---|---|---|---|---|")
    for name in ROUNDS:
        ours = statistics.median(sample.wall for sample in samples[peers[0].name, name])
        for peer in peers:
            runs = samples[peer.name, name]
            wall = statistics.median(run.wall for run in runs)
            cpu = statistics.median(run.cpu for run in runs) / feeds * 1000
            rss = max(run.rss for run in runs)
            print(f"| {name} | {peer.name} | {feeds / wall:.0f} | {cpu:.1f} | {rss:.0f} | {wall / ours:.1f} x |")
