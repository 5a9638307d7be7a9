"""The words that keywords ask for, each with a number, and which of them a printed word answers to.

The numbers are the same in every language; what differs is how words are read. One `Reader` per language turns a word
as printed into the numbers that it answers to, remembers it, and so makes a text of known words cost one look-up a
word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.text.stems import found, sought
from aggregator.text.tokens import chunk

Slots = tuple[tuple[int, ...], ...]
"""For each token of a chunk the numbers of the words that it answers to; after them those of the chunk as one word."""

_REMEMBERED = 100_000  # printed words per language, about 15 MB when full: nearly all of them are None
_SHORT_ACRONYM = 3
_ACRONYM = re.compile(r"[^\W\d_]{2,5}")
_PLURAL_ACRONYM = re.compile(r"([A-Z]{2,5})s")


@dataclass(frozen=True, slots=True)
class WantedWord:
    """A word of a keyword. `form` is its normal form; `exact` and `prefix` as written.

    `capitals` is how many first letters have to be capitals in the text: an acronym of up to three letters stays one
    ('US' is not 'us'), a longer one may be printed like a name ('Nato').
    """

    form: str
    exact: bool = False
    prefix: bool = False
    capitals: int = 0
    name: bool = False


def wanted_word(form: str, surface: str, *, exact: bool, prefix: bool, guarded: bool) -> WantedWord:
    """The word of a keyword printed as `surface`. `guarded`: its capitals may mean an acronym."""
    capitals = 0
    letters = surface.replace(".", "")
    if guarded and _ACRONYM.fullmatch(letters) and letters.isupper():
        capitals = len(letters) if len(letters) <= _SHORT_ACRONYM else 1
    return WantedWord(form, exact, prefix, capitals, name=surface[:1].isupper())


class Vocabulary:
    """Numbers for the words of all keywords of a matcher."""

    def __init__(self) -> None:
        self.words: list[WantedWord] = []
        self._numbers: dict[WantedWord, int] = {}

    def number(self, word: WantedWord) -> int:
        """The word's number; a new one for a new word."""
        number = self._numbers.setdefault(word, len(self.words))
        if number == len(self.words):
            self.words.append(word)
        return number


class Reader(dict[str, Slots | None]):
    """Reads printed words of one language: `reader[surface]` is their `Slots`, None when no keyword asks for them.

    `shouting`: the text is all in capitals, so capitals mean nothing and words are read in lower case.
    """

    def __init__(self, vocabulary: Vocabulary, language: str, *, shouting: bool = False) -> None:
        super().__init__()
        self._language = language
        self._shouting = shouting
        self._words = vocabulary.words
        readings: defaultdict[str, list[int]] = defaultdict(list)
        exact: defaultdict[str, list[int]] = defaultdict(list)
        prefixes: defaultdict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(vocabulary.words):
            if word.prefix:
                prefixes[word.form].append(number)
            elif word.exact or word.capitals:
                exact[word.form].append(number)
            else:
                for reading in sought(word.form, language, word.name):
                    readings[reading].append(number)
        self._readings: Mapping[str, list[int]] = dict(readings)
        self._exact: Mapping[str, list[int]] = dict(exact)
        self._prefixes: Mapping[str, list[int]] = dict(prefixes)
        self._prefix_lengths = sorted({len(prefix) for prefix in prefixes})

    def __missing__(self, surface: str) -> Slots | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        slots = self[surface] = self._read(surface)
        return slots

    def _read(self, surface: str) -> Slots | None:
        pieces = chunk(surface.lower() if self._shouting else surface)
        slots = [self._answers(token.form, surface[token.start : token.end]) for token in pieces.tokens]
        if pieces.joined is not None:
            slots.append(self._answers(pieces.joined, surface))
        return tuple(slots) if any(slots) else None

    def _answers(self, form: str, surface: str) -> tuple[int, ...]:
        numbers: set[int] = set()
        if not self._shouting and (plural := _PLURAL_ACRONYM.fullmatch(surface)):
            numbers.update(self._guarded(form[:-1], plural.group(1)))
        numbers.update(self._guarded(form, surface))
        if self._shouting or not _is_acronym(surface):
            for reading in found(form, self._language, surface[:1].isupper()):
                numbers.update(self._readings.get(reading, ()))
        else:
            numbers.update(self._readings.get(form, ()))
        for length in self._prefix_lengths:
            if length > len(form):
                break
            numbers.update(self._prefixes.get(form[:length], ()))
        return tuple(sorted(numbers))

    def _guarded(self, form: str, surface: str) -> list[int]:
        """Words in quotes and acronyms: the very form, with the capitals that it needs."""
        letters = surface.replace(".", "")
        return [
            number
            for number in self._exact.get(form, ())
            if self._shouting or letters[: (capitals := self._words[number].capitals)].isupper() or not capitals
        ]


def _is_acronym(surface: str) -> bool:
    """Short and all in capitals: not inflected ('AIDS' is not 'aid')."""
    return _ACRONYM.fullmatch(surface) is not None and len(surface) < 5 and surface.isupper()
