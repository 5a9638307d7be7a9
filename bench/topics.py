"""python -m bench topics FILE [--keywords LISTS.yaml] [--out PRED.jsonl]: labelled entries through the shipped matcher.

FILE is JSONL, plain or .gz: id, title, text, perhaps topic (a label or a list of labels). LISTS.yaml holds `topics:` as
feeds.yaml does; without it, the name of each label in FILE is its only keyword. Entries are matched by the code that
`aggregator group` calls, with the default threshold. PRED.jsonl gets id and topics (names). Printed: precision, recall
and F1 over all labels, speed, and memory.

`--many 10000` adds ten thousand keywords like an editor's, cut out of the texts, to measure speed with; `--dense` makes
them random neighbours instead, which is the worst case. `--cut 300` measures it on titles with summaries, `--length
3000` on articles of that length, joined from neighbouring texts where they are shorter. All times are seconds of one
core. The first thousand entries are timed apart: they load dictionaries and fill caches.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from aggregator.config.models import TopicConfig
from aggregator.group.topics import TopicMatcher
from aggregator.model import EntryContent
from bench.made_up import dense, editorial

Row = Mapping[str, Any]
_FIRST = 1_000


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark with the arguments of the command line."""
    options = _options(argv)
    rows = list(_read_rows(options.file))
    texts = [row["text"] or "" for row in rows]
    if options.length:
        rows = list(_joined(rows, options.length))
    gold = {str(row["id"]): _labels(row) for row in rows}
    if options.keywords:
        lists = YAML(typ="safe").load(options.keywords)["topics"]
    else:
        lists = {label: [label] for label in sorted(set().union(*gold.values()))}
    topics = {name: TopicConfig.model_validate(_long_form(value)) for name, value in lists.items()}
    more = (dense if options.dense else editorial)(texts, options.many) if options.many else {}
    predicted = _match(rows, topics | more, options.cut)
    predicted = {row_id: names & lists.keys() for row_id, names in predicted.items()}
    if options.out:
        lines = (json.dumps({"id": row_id, "topics": sorted(names)}) for row_id, names in predicted.items())
        options.out.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    if any(gold.values()):
        print(_scores(gold, predicted, set(lists)))


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench topics", description="Match labelled entries with topics.")
    parser.add_argument("file", type=Path, help="JSONL, plain or .gz")
    parser.add_argument("--keywords", type=Path, help="YAML with topics: as in feeds.yaml")
    parser.add_argument("--out", type=Path, help="write id and topics of each entry here, as JSONL")
    parser.add_argument("--many", type=int, default=0, help="this many keywords more, made of words of the entries")
    parser.add_argument("--dense", action="store_true", help="these of any uncommon neighbours, not like an editor's")
    parser.add_argument("--length", type=int, help="join neighbouring texts to articles of this many characters")
    parser.add_argument("--cut", type=int, help="only this many characters of each text")
    return parser.parse_args(argv)


def _match(rows: Sequence[Row], topics: Mapping[str, TopicConfig], cut: int | None) -> dict[str, set[str]]:
    """The topics of each row, by its id. Prints what it took, in seconds of one core."""
    entries = [EntryContent(title=row["title"] or "", text=(row["text"] or "")[:cut]) for row in rows]
    started = time.process_time()
    matcher = TopicMatcher(topics)
    compiled = time.process_time()
    found = [_names(matcher, entry) for entry in entries[:_FIRST]]
    warm = time.process_time()
    found += [_names(matcher, entry) for entry in entries[_FIRST:]]
    ended = time.process_time()
    keywords = sum(len(topic.any) for topic in topics.values())
    characters = sum(len(entry.title) + len(entry.text) for entry in entries) / len(entries)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{keywords} keywords compiled in {compiled - started:.2f} s")
    first = min(_FIRST, len(entries))
    print(f"{len(entries)} entries of {characters:.0f} letters: the first {first} took {warm - compiled:.2f} s,")
    if len(entries) > first:
        print(f"the others {ended - warm:.2f} s: {(len(entries) - first) / (ended - warm):,.0f} entries/s;", end=" ")
    print(f"{len(entries) / (ended - compiled):,.0f} entries/s in all; {memory:.0f} MB of memory at most")
    print(f"{sum(map(len, found)) / len(entries):.1f} topics of {len(topics)} take an entry")
    return {str(row["id"]): names for row, names in zip(rows, found, strict=True)}


def _names(matcher: TopicMatcher, entry: EntryContent) -> set[str]:
    return {match.topic for match in matcher.match(entry, "", "")}


def _joined(rows: Sequence[Row], length: int) -> Iterator[dict[str, Any]]:
    """Articles of one length, each with the title and the labels of the first text in it."""
    first, text = rows[0], ""
    for row in rows:
        if not text:
            first = row
        text = f"{text} {row['text'] or ''}".strip()
        if len(text) >= length:
            yield {**first, "text": text[:length]}
            text = ""


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _labels(row: Row) -> set[str]:
    labels = row.get("topic") or []
    return {labels} if isinstance(labels, str) else set(labels)


def _long_form(value: Any) -> Any:
    return {"any": [value]} if isinstance(value, str) else {"any": value} if isinstance(value, list) else value


def _scores(gold: Mapping[str, set[str]], predicted: Mapping[str, set[str]], labels: set[str]) -> str:
    right = sum(len(gold[row_id] & names) for row_id, names in predicted.items())
    given = sum(len(names) for names in predicted.values())
    wanted = sum(len(names & labels) for names in gold.values())
    precision, recall = right / given if given else 0.0, right / wanted if wanted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return f"micro precision {precision:.1%}, recall {recall:.1%}, F1 {f1:.1%} over {len(labels)} topics"
