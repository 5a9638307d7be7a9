"""What commands print: sentences on stderr, results on stdout, JSON where a program reads it."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from aggregator.config.values import nearest

stderr = Console(stderr=True, highlight=False, soft_wrap=True)
_NAMED = 10  # names of feeds.yaml in one sentence
_ROOM = 40  # columns of a terminal that the last column of a table needs
_INDENT = 4


def complain(message: str) -> None:
    """One or more lines on stderr about what went wrong."""
    stderr.print(Text(plain(message, lines=True), style="red"))


def say(message: str) -> None:
    """A sentence for the person at the terminal."""
    write(plain(message) + "\n")


def print_text(text: str) -> None:
    """Several lines as they are, on stdout."""
    write(plain(text, lines=True).rstrip("\n") + "\n")


def write(text: str) -> None:
    """Text on stdout; ends the command quietly when the reader has had enough, as in `aggregator entries | head`."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_reads()
        raise typer.Exit from None


def nobody_reads() -> None:
    """Lead stdout nowhere, with what is still buffered; else Python complains about that at the very end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unknown(kind: str, name: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """The sentence about a name that feeds.yaml doesn't have: the nearest that it has, else all of them.

    `also` are other ways to say it, which are worth a hint and not a list.
    """
    names = list(known)
    near = nearest(name, [*names, *also])
    if near:
        return f"feeds.yaml names no {kind} {name!r}; did you mean {near!r}?"
    return f"feeds.yaml names no {kind} {name!r}; it names {', '.join(map(repr, names[:_NAMED])) or 'none'}" + (
        f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    )


def plain(text: str, *, lines: bool = False) -> str:
    """Text of a feed or a server, harmless on a terminal: no control or bidirectional override characters."""
    keep = "\n\t" if lines else ""
    return "".join(
        char if char in keep or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else " "
        for char in text
    )


def print_json(value: Any) -> None:
    """One JSON document on stdout; times as ISO 8601 in UTC."""
    print_document(json.dumps(value, default=_json, ensure_ascii=False, indent=2) + "\n")


def print_document(text: str) -> None:
    """JSON or XML on stdout, which is UTF-8 whatever the terminal's letters are (RFC 8259 section 8.1)."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    write(text)


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def iso(moment: datetime | None) -> str | None:
    """'2026-11-22T12:00:00Z'."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minute(moment: datetime) -> str:
    """'2026-11-22 12:00 UTC', for sentences; `iso` is for programs."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def ago(moment: datetime | None, now: datetime) -> str:
    """'5 min ago', 'in 2 h', 'never'."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    amount = span(timedelta(seconds=abs(seconds)))
    return f"{amount} ago" if seconds >= 0 else f"in {amount}"


def span(length: timedelta) -> str:
    """'40 s', '5 min', '2 h', '3 d': the largest unit that fits."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], none: str) -> None:
    """A table on a terminal; tab-separated lines where stdout is a file or a pipe. `none` is said when it is empty."""
    lines = [[plain(cell) for cell in row] for row in rows]
    if not lines:
        stderr.print(Text(none))
    elif sys.stdout.isatty():
        for line in _laid_out(columns, lines, stderr.width):
            write(line + "\n")
    else:
        for row in lines:
            write("\t".join(row) + "\n")


def _laid_out(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Aligned columns, the last one folded; below the others where they leave it no room. Nothing is cut."""
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)][:-1]
    indent = sum(widths) + 2 * len(widths)
    below = width - indent < _ROOM
    for row in (columns, *rows):
        lead = "  ".join(set_cell_size(cell, size) for cell, size in zip(row[:-1], widths, strict=True))
        last = Text(row[-1]).wrap(stderr, max(width - (_INDENT if below else indent), _ROOM // 2))
        first, *more = [line.plain.rstrip() for line in last] or [""]
        yield from (
            [lead.rstrip(), *(" " * _INDENT + line for line in (first, *more) if line)]
            if below
            else [f"{lead}  {first}".rstrip(), *(" " * indent + line for line in more)]
        )
