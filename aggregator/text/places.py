"""Where the words that keywords ask for stand in an entry.

A position is a number (tokens.CHUNK_STEP), so that positions of one field can be compared, and the word after another
one begins at its end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, compress

from aggregator.model import EntryContent
from aggregator.text.tokens import CHUNK, CHUNK_STEP, chunk
from aggregator.text.vocabulary import Compound, Reader

MAX_TEXT = 200_000
"""Characters of a field that are read."""

Place = tuple[int, int]
"""From the position of a word up to the position at which the next one begins. Plain, for millions of them are made."""

_SPACES = "\n\t\r\u00a0\u202f"
"""What separates words beside a space; rarer ones stay within what is printed between spaces, and are cut there."""
_Uneven = tuple[int, int, int]
"""The first chunk of a piece, the piece, and its number of chunks."""
_ANY = 1 << 60  # more than there are pieces
_MADE = 1_024
_PLACES: list[Place] = [(at * CHUNK_STEP, (at + 1) * CHUNK_STEP) for at in range(_MADE)]  # of single words


@dataclass(eq=False)  # not frozen: thousands are made a second
class FieldText:
    """One field of an entry: its length in chunks, and where wanted words were found.

    `pieces` are what is printed between single spaces, `uneven` those that are not one chunk. Not slotted: where a
    piece begins is counted when a match asks for one.
    """

    name: str
    text: str
    length: int
    found: Mapping[int, list[Place]]
    pieces: list[str]
    uneven: list[_Uneven]
    cuts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # the chunks of uneven pieces

    @cached_property
    def _ends(self) -> list[int]:
        """Characters up to the end of each piece, the spaces between them left out."""
        return list(accumulate(map(len, self.pieces)))

    def span(self, index: int) -> tuple[int, int]:
        """Character offsets of a chunk."""
        piece = index
        if self.uneven and (before := bisect_right(self.uneven, (index, _ANY)) - 1) >= 0:
            first, piece, chunks = self.uneven[before]
            if index - first < chunks:
                return self._cut(piece)[index - first]
            piece += 1 + index - first - chunks
        printed = self.pieces[piece]
        start = self._ends[piece] + piece - len(printed)
        if printed.isalnum() and printed.isascii():
            return start, start + len(printed)
        match = next(CHUNK.finditer(printed))
        return start + match.start(), start + match.end()

    def _cut(self, piece: int) -> list[tuple[int, int]]:
        """The chunks of a piece that has several, cut once: it may be a text without spaces."""
        if piece not in self.cuts:
            start = self._ends[piece] + piece - len(self.pieces[piece])
            spans = (match.span() for match in CHUNK.finditer(self.pieces[piece]))
            self.cuts[piece] = [(start + begin, start + end) for begin, end in spans]
        return self.cuts[piece]

    def word(self, index: int) -> str:
        """A chunk as printed."""
        start, end = self.span(index)
        return self.text[start:end]

    def offsets(self, place: Place) -> tuple[int, int]:
        """Character offsets of what stands there."""
        first, token = divmod(place[0], CHUNK_STEP)
        start, end = self.span(first)
        if place[1] - place[0] == CHUNK_STEP and self.text[start:end].isalpha():
            return start, end
        if token:
            start += chunk(self.word(first)).tokens[token].start
        last, tokens = divmod(place[1], CHUNK_STEP)
        if not tokens:
            return start, self._end(last - 1)
        return start, self.span(last)[0] + chunk(self.word(last)).tokens[tokens - 1].end

    def _end(self, index: int) -> int:
        """Where a chunk's last word ends; the 's after it does not count."""
        return self.span(index)[0] + chunk(self.word(index)).tokens[-1].end

    def place_at(self, start: int, end: int) -> Place:
        """The chunks that characters lie in, the nearest ones if they are between two."""
        starts = self._chunk_starts
        first = max(bisect_right(starts, start) - 1, 0)
        last = max(bisect_right(starts, max(end - 1, start)), first + 1)
        return first * CHUNK_STEP, last * CHUNK_STEP

    @cached_property
    def _chunk_starts(self) -> list[int]:
        return [match.start() for match in CHUNK.finditer(self.text)]


@dataclass(eq=False, slots=True)
class ReadEntry:
    """The fields of an entry that its keywords look at, with what was found in them."""

    language: str
    fields: dict[str, FieldText]
    candidates: dict[Hashable, list[int]]  # by list its keywords all of whose words are in some field


def read_field(name: str, text: str, reader: Reader) -> FieldText:
    """Look up each word of a text. Nothing is done in Python for words that no keyword asks for."""
    text = text[:MAX_TEXT]
    spaced = text
    for space in _SPACES:
        if space in spaced:
            spaced = spaced.replace(space, " ")
    pieces = spaced.split(" ")
    read = list(map(reader.__getitem__, pieces))
    found: dict[int, list[Place]] = {}
    uneven: list[_Uneven] = []
    shift = 0  # chunks so far, beyond one for each piece
    for index, printed in compress(enumerate(read), read):
        at = index + shift
        if isinstance(printed, tuple):
            place = _PLACES[at] if at < _MADE else (at * CHUNK_STEP, (at + 1) * CHUNK_STEP)
            for number in printed:
                if number in found:
                    found[number].append(place)
                else:
                    found[number] = [place]
        elif printed is not None:
            _add_compound(found, printed, at * CHUNK_STEP)
            if printed.more:
                uneven.append((at, index, printed.more + 1))
                shift += printed.more
    return FieldText(name, text, len(pieces) + shift, found, pieces, uneven)


def _add_compound(found: dict[int, list[Place]], printed: Compound, at: int) -> None:
    for start, after, numbers in printed.answers:
        for number in numbers:
            found.setdefault(number, []).append((at + start, at + after))


def field_text(entry: EntryContent, name: str) -> str:
    """The text of a field; spans are offsets in it. Several authors are joined with ', '."""
    if name == "title":
        return entry.title
    if name == "text":
        return entry.text
    if name == "author":
        return ", ".join(person.name for person in entry.authors)
    return entry.url or ""
