"""The table of examples in docs/keywords.md, as values."""

import re
from dataclasses import dataclass
from pathlib import Path

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "keywords.md"
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Example:
    """A keyword, an entry, and the parts of the entry that the page shows in bold: (field, start, end)."""

    keyword: str
    title: str
    text: str
    found: tuple[tuple[str, int, int], ...]


def read_examples() -> list[Example]:
    """The rows of the page's table of examples."""
    section = _PAGE.read_text("utf-8").split("## Examples")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [_example(*re.split(r"(?<!\\)\|", row)[1:3]) for row in rows]


def _example(keyword: str, entry: str) -> Example:
    title, _, text = (part.strip() for part in entry.partition(" // "))
    title, in_title = _unbold("title", title)
    text, in_text = _unbold("text", text)
    return Example(keyword.strip()[1:-1].replace("\\|", "|"), title, text, (*in_title, *in_text))


def _unbold(field: str, marked: str) -> tuple[str, list[tuple[str, int, int]]]:
    plain, found = "", []
    for index, part in enumerate(_BOLD.split(marked)):
        if index % 2:
            found.append((field, len(plain), len(plain) + len(part)))
        plain += part
    return plain, found
