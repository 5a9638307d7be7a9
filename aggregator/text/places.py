"""Where the words that keywords ask for stand in an entry.

A position is a number: the chunk's index times `CHUNK_STEP` plus the token's index in its chunk, so that positions of
one field can be compared, and the word after another one begins at its end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aggregator.model import EntryContent
from aggregator.text.tokens import CHUNK, chunk
from aggregator.text.vocabulary import Reader

CHUNK_STEP = 1 << 12
"""More than a chunk has tokens."""
MAX_TEXT = 200_000
"""Characters of a field that are read."""

Place = tuple[int, int]
"""From the position of a word up to the position at which the next one begins. Plain, for millions of them are made."""


@dataclass(frozen=True)
class FieldText:
    """One field of an entry, cut into chunks. Not slotted: the spans are computed when a match needs them."""

    name: str
    text: str
    words: list[str]
    found: Mapping[int, list[Place]]

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Character offsets of each chunk."""
        return [match.span() for match in CHUNK.finditer(self.text)]

    def offsets(self, place: Place) -> tuple[int, int]:
        """Character offsets of what stands there."""
        first, token = divmod(place[0], CHUNK_STEP)
        start = self.spans[first][0]
        if token:
            start += chunk(self.words[first]).tokens[token].start
        last, tokens = divmod(place[1], CHUNK_STEP)
        if not tokens:
            return start, self._end(last - 1)
        return start, self.spans[last][0] + chunk(self.words[last]).tokens[tokens - 1].end

    def _end(self, index: int) -> int:
        """Where a chunk's last word ends; the 's after it does not count."""
        start, _ = self.spans[index]
        return start + chunk(self.words[index]).tokens[-1].end

    def place_at(self, start: int, end: int) -> Place:
        """The chunks that characters lie in, the nearest ones if they are between two."""
        starts = [span[0] for span in self.spans]
        first = max(bisect_right(starts, start) - 1, 0)
        last = max(bisect_right(starts, max(end - 1, start)), first + 1)
        return first * CHUNK_STEP, last * CHUNK_STEP


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """The fields of an entry that its keywords look at, with what was found in them."""

    language: str
    fields: dict[str, FieldText]
    numbers: set[int] = field(default_factory=set)  # of all words found in any field


def read_field(name: str, text: str, reader: Reader) -> FieldText:
    """Look up each word of a text."""
    text = text[:MAX_TEXT]
    words = CHUNK.findall(text)
    found: dict[int, list[Place]] = {}
    for index, slots in enumerate(map(reader.__getitem__, words)):
        if slots is None:
            continue
        start = index * CHUNK_STEP
        if len(slots) == 1:
            place = (start, start + CHUNK_STEP)
            for number in slots[0]:
                found.setdefault(number, []).append(place)
        else:
            _add_pieces(found, slots, len(chunk(words[index]).tokens), start)
    return FieldText(name, text, words, found)


def _add_pieces(found: dict[int, list[Place]], slots: tuple[tuple[int, ...], ...], count: int, start: int) -> None:
    end = start + CHUNK_STEP
    places = [(start + index, start + index + 1) for index in range(count - 1)]
    places += [(start + count - 1, end), (start, end)]  # the last piece, and the whole chunk as one word
    for numbers, place in zip(slots, places, strict=False):
        for number in numbers:
            found.setdefault(number, []).append(place)


def field_text(entry: EntryContent, name: str) -> str:
    """The text of a field; spans are offsets in it. Several authors are joined with ', '."""
    if name == "title":
        return entry.title
    if name == "text":
        return entry.text
    if name == "author":
        return ", ".join(person.name for person in entry.authors)
    return entry.url or ""
