"""python -m bench stories FILE [--split S] [--out PRED.tsv]: labelled entries through the shipped clusterer.

FILE is JSONL, plain or .gz: id, time (ISO 8601), source, title, text, lang, and cluster (the story that a person put it
in, null if nobody did), perhaps split. Entries are placed in the order of time (ties by their order in the file) by the
code that `aggregator group` calls; a source is taken for a feed if the file names several. PRED.tsv gets
`id<TAB>story`. Printed: B-cubed precision, recall and F1 over the labelled rows, the largest stories, speed and memory;
the time to load what languages are told by, and the first dictionary, is told apart.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator.group.placing import Placing
from aggregator.model import Entry
from aggregator.text.language_model import model


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench stories", description="Place labelled entries in stories.")
    parser.add_argument("file", type=Path, help="JSONL, plain or .gz")
    parser.add_argument("--split", help="only rows of this split are scored; the others are placed too")
    parser.add_argument("--out", type=Path, help="write id<TAB>story here")
    options = parser.parse_args(argv)
    rows = sorted(read_rows(options.file), key=_time)
    loading = load(_entry(0, {}, rows[0]))
    started = time.perf_counter()
    stories = place(rows)
    seconds = time.perf_counter() - started
    if options.out:
        options.out.write_text("".join(f"{row_id}\t{story}\n" for row_id, story in stories.items()), "utf-8")
    gold = {str(row["id"]): row["cluster"] for row in rows if row["cluster"] is not None}
    if options.split:
        gold = {str(row["id"]): row["cluster"] for row in rows if row["cluster"] and row.get("split") == options.split}
    precision, recall, f1 = b_cubed(gold, stories)
    sizes = Counter(stories[row_id] for row_id in gold)
    largest = ", ".join(str(size) for _, size in sizes.most_common(5))
    print(f"{len(rows)} entries, {len(set(stories.values()))} stories; the largest of those labelled: {largest}")
    print(f"B-cubed over {len(gold)} labelled: precision {precision:.2%}, recall {recall:.2%}, F1 {f1:.2%}")
    print(f"{loading:.2f} s to load, then {seconds:.2f} s: {len(rows) / seconds:,.0f} entries/s")
    print(f"{peak_memory():.0f} MB of memory at most")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a JSONL file, gzipped or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def load(entry: Entry) -> float:
    """Load what languages are told by, and the dictionary of the entry's; seconds that it took."""
    started = time.perf_counter()
    model()
    Placing().place([entry])
    return time.perf_counter() - started


def place(rows: Sequence[Mapping[str, Any]], batch: int = 500) -> dict[str, int]:
    """The story of each row, by its id, after all have been placed."""
    placing = Placing()
    stories: dict[int, int] = {}
    sources = sorted({row["source"] for row in rows if row.get("source")})
    feeds = {source: number for number, source in enumerate(sources, 1)} if len(sources) > 1 else {}
    for start in range(0, len(rows), batch):
        entries = [_entry(number, feeds, row) for number, row in enumerate(rows[start : start + batch], start)]
        placements = placing.place(entries)
        stories.update(placements.story_of)
        stories = {number: placements.merged.get(story, story) for number, story in stories.items()}
    return {str(row["id"]): stories[number] for number, row in enumerate(rows)}


def _entry(number: int, feeds: Mapping[str, int], row: Mapping[str, Any]) -> Entry:
    at = _time(row)
    source = str(row.get("source") or "")
    return Entry(
        id=number,
        feed_id=feeds.get(source, -number - 1),  # an unknown source is not the same as another unknown one
        feed_url=source,
        guid=str(row["id"]),
        title=row["title"] or "",
        text=row["text"] or "",
        language=row.get("lang") or None,
        first_seen=at,
        sort_at=at,
    )


def _time(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["time"])


def b_cubed(gold: Mapping[str, str], found: Mapping[str, int]) -> tuple[float, float, float]:
    """Precision, recall, F1: for each entry, how much of its story is right, and how much of what is right it has."""
    labels, stories = Counter(gold.values()), Counter(found[row_id] for row_id in gold)
    both = Counter((label, found[row_id]) for row_id, label in gold.items())
    precision = sum(n * n / stories[story] for (_, story), n in both.items()) / len(gold)
    recall = sum(n * n / labels[label] for (label, _), n in both.items()) / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def peak_memory() -> float:
    """The process's largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
