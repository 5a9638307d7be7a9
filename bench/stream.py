"""python -m bench stream [--days 10] [--per-day 2000] [--length 600]: a steady stream of made-up news in one language.

Every day some events happen; each is told by some outlets in their own words, over one to three days. Measured: the
clusterer alone, and the whole of `aggregator group` on SQLite, a day at a time, as after a poll. The last days count:
by then the window is full.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from simplemma.strategies.dictionaries import StreamDictionaryFactory

from aggregator.config.models import Config
from aggregator.group.grouper import Grouper
from aggregator.group.placing import Placing
from aggregator.group.stories.stopwords import STOPWORDS
from aggregator.model import Entry, EntryContent, identity_hash
from aggregator.store import entries, feeds
from aggregator.store.database import Store, sqlite_url
from bench.stories import load, peak_memory

_START = datetime(2026, 1, 1, tzinfo=UTC)
_OUTLETS = 100
_WORDS = 30_000


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench stream", description="Group a steady stream of news.")
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--per-day", type=int, default=2_000)
    parser.add_argument("--length", type=int, default=600, help="characters of text")
    options = parser.parse_args(argv)
    days = make_stream(options.days, options.per_day, options.length)
    print(f"{load(days[0][0]):.2f} s to load; {peak_memory():.0f} MB before the first entry")
    _clusterer(days)
    _whole_stage(days)


def make_stream(days: int, per_day: int, length: int) -> list[list[Entry]]:
    """Entries day by day, in the order of time; the same for the same numbers."""
    dice = random.Random(1)
    common = sorted(STOPWORDS["en"])
    words = [word for word in StreamDictionaryFactory().get_dictionary("en") if _is_plain(word)]
    words = dice.sample(words, _WORDS)
    weights = list(accumulate(1 / (rank + 20) for rank in range(_WORDS)))
    told: list[tuple[datetime, str, str]] = []
    while len(told) < days * per_day:
        begin = _START + timedelta(days=dice.uniform(0, days))
        names = [word.capitalize() for word in dice.sample(words[2_000:], 12)]
        for _ in range(min(60, int(dice.paretovariate(0.9)))):
            number = length // 6
            spoken = dice.choices(common, k=number // 2)
            spoken += [*dice.choices(words, cum_weights=weights, k=number // 3), *dice.choices(names, k=number // 6)]
            dice.shuffle(spoken)
            title = " ".join([*dice.sample(names, 3), *dice.choices(words, cum_weights=weights, k=4), "in the"])
            at = begin + timedelta(days=min(3.0, dice.expovariate(2.0)))
            told.append((at, title, " ".join(spoken)[:length]))
    told.sort()
    found: list[list[Entry]] = [[] for _ in range(days)]
    for number, (at, title, text) in enumerate(told[: days * per_day], 1):
        entry = Entry(
            id=number,
            feed_id=number % _OUTLETS + 1,
            feed_url=f"https://outlet{number % _OUTLETS}.example/feed",
            guid=str(number),
            title=title,
            text=text,
            language="en",
            first_seen=at,
            sort_at=at,
        )
        found[(number - 1) // per_day].append(entry)
    return found


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 11


def _clusterer(days: Sequence[Sequence[Entry]]) -> None:
    placing = Placing()
    for number, day in enumerate(days, 1):
        with _measured("clusterer", number, len(day)):
            placing.place(day)


def _whole_stage(days: Sequence[Sequence[Entry]]) -> None:
    config = Config.model_validate(
        {"feeds": [{"url": f"https://outlet{number}.example/feed"} for number in range(_OUTLETS)]}
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(sqlite_url(Path(folder)))
        with store.write() as conn:
            feeds.sync(conn, config.feeds)
        grouper = Grouper(store)
        for number, day in enumerate(days, 1):
            with store.write() as conn:
                entries.insert_new(conn, [_arrival(entry) for entry in day])
            with _measured("group", number, len(day)):
                grouper.run(config, day[-1].sort_at)
        store.close()


@contextmanager
def _measured(what: str, day: int, number: int) -> Iterator[None]:
    """Print the speed by the clock and by the time on a processor, which a busy machine changes less."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    speed = f"{number / wall:,.0f} entries/s, {number / cpu:,.0f} a second of CPU"
    print(f"{what}, day {day}: {speed}, {peak_memory():.0f} MB at most")


def _arrival(entry: Entry) -> entries.Arrivals:
    content = EntryContent(title=entry.title, text=entry.text, language=entry.language)
    new = entries.NewEntry(entry.guid, identity_hash(entry.guid), 0, entry.sort_at, content)
    return entries.Arrivals(entry.feed_id, [new], entry.first_seen)
