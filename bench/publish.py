"""How long a publish takes: into an empty folder, with nothing new, with one entry or one in a hundred new, restarted.

    python -m bench publish --entries 1000,10000

`publish.entries` is set to the number of entries. An entry has a summary of 200 and a content of 3,000 characters;
three entries make a story; each entry is in one of eight topics.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from aggregator.config.models import Config
from aggregator.model import EntryContent, Person, StoryEvidence, TopicMatch, identity_hash
from aggregator.publish.fragments import Fragments
from aggregator.publish.publisher import PublishReport, publish
from aggregator.store import entries, feeds, grouping
from aggregator.store.database import Store, sqlite_url
from aggregator.store.entries import Arrivals, NewEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEEDS = 40
TOPICS = 8
VERSIONS = 3  # of a story
_WORDS = (
    "night drones over the port while crews repaired the grid and ministers counted interceptors promised".split()  # noqa: SIM905
)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench publish", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--entries", default="1000,10000", help="numbers of entries, with commas between")
    options = parser.parse_args(argv)
    print(f"{'entries':>8} {'publish':<22} {'ms':>8} {'CPU ms':>8} {'files':>7} {'written':>8} {'MB':>6}")
    for number in options.entries.split(","):
        with tempfile.TemporaryDirectory(prefix="bench-publish-") as folder:
            _measure(Path(folder), int(number))
    print(f"largest resident set: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _measure(folder: Path, number: int) -> None:
    config = _config(number)
    store = Store.open(sqlite_url(folder))
    _fill(store, config, range(number))
    kept = Fragments()
    last = number

    def more(count: int) -> None:
        nonlocal last
        _fill(store, config, range(last, last + count))
        last += count

    rounds: list[tuple[str, Callable[[], object], Fragments | None]] = [
        ("empty folder", lambda: None, kept),
        ("nothing new", lambda: None, kept),
        ("one new entry", lambda: more(1), kept),
        ("one in a hundred new", lambda: more(number // 100), kept),
        ("restart, nothing new", lambda: None, None),
    ]
    for name, prepare, fragments in rounds:
        prepare()
        before = time.process_time()
        report = publish(store, config, folder / "site", NOW, fragments)
        _print(number, name, report, time.process_time() - before, folder / "site")
    store.close()


def _print(number: int, name: str, report: PublishReport, cpu: float, site: Path) -> None:
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 2**20
    times = f"{report.seconds * 1000:>8.0f} {cpu * 1000:>8.0f}"
    print(f"{number:>8} {name:<22} {times} {report.files:>7} {report.written:>8} {size:>6.0f}")
    for path, reason in report.refused:
        print(f"         refused {path}: {reason}")


def _config(number: int) -> Config:
    return Config.model_validate(
        {
            "site": {"title": "Bench", "url": "https://news.example.org"},
            "feeds": [{"url": f"https://outlet{n}.example/rss", "name": f"Outlet {n}"} for n in range(FEEDS)],
            "topics": {f"Topic {n}": {"any": ["x"]} for n in range(TOPICS)},
            "publish": {"entries": min(number, 10_000), "max_age": "52w"},
        }
    )


def _fill(store: Store, config: Config, numbers: range) -> None:
    """Store, match and gather entries; the later the number, the newer the entry."""
    with store.write() as conn:
        feeds.sync(conn, config.feeds)
        grouping.prepare(conn)
        for number in numbers:
            entries.insert_new(conn, [Arrivals(number % FEEDS + 1, [_entry(number)], NOW)])
        waiting = grouping.ungrouped(conn, len(numbers))
        grouping.save_topics(conn, [(one, (TopicMatch(f"Topic {one.id % TOPICS}", 1.0),)) for one in waiting])
        ids = [one.id for one in waiting]
        for start in range(0, len(ids), VERSIONS):
            _gather(conn, ids[start : start + VERSIONS])


def _entry(number: int) -> NewEntry:
    words = [_WORDS[(number * 7 + place * (place + 3)) % len(_WORDS)] for place in range(500)]
    sentences = (" ".join(words[start : start + 18]).capitalize() for start in range(0, len(words), 18))
    text = ". ".join(sentences)[:3000]
    at = NOW - timedelta(days=60) + timedelta(minutes=number)
    content = EntryContent(
        title=f"{' '.join(words[:8])} {number}",
        url=f"https://outlet{number % FEEDS}.example/{number}",
        summary=f"<p>{text[:200]}</p>",
        content=f'<p>{text}</p><p><a href="https://else.example/{number}">More</a></p>',
        text=text,
        authors=(Person("Ann Author"),),
        language="en",
        published=at,
    )
    return NewEntry(f"guid {number}", identity_hash(f"guid {number}"), number, at, content)


def _gather(conn: Connection, ids: list[int]) -> None:
    row = {
        "key": f"{ids[0]:016x}",
        "founder_id": ids[0],
        "title": f"Story {ids[0]}",
        "lead_id": ids[0],
        "outlets": [f"Outlet {(id_ - 1) % FEEDS}" for id_ in ids],
        "origins": len(ids),
        "topics": [f"Topic {ids[0] % TOPICS}"],
        "first_seen": NOW,
        "last_seen": NOW,
        "updated": NOW,
        "closed": False,
    }
    made = grouping.insert_stories(conn, [row])
    grouping.save_placed(conn, [(id_, made[ids[0]], StoryEvidence(1.0)) for id_ in ids], NOW)
