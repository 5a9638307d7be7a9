"""The words that keywords ask for, each with a number, and which of them a printed word answers to.

The numbers are the same in every language; what differs is how words are read (`Readings`). A `Reader` turns what is
printed between two spaces into the numbers that its words answer to and remembers it, so that a text whose words have
been seen before costs one look-up for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.text.compounds import Compounds
from aggregator.text.stems import found, is_noun, sought
from aggregator.text.tokens import CHUNK, CHUNK_STEP, NUMBER, chunk, number_form
from aggregator.text.wordlists import COMPANIES, CURRENCIES

_REMEMBERED = 100_000  # printed words per language, about 12 MB when full: nearly all of them are None
COMPANY = -1
"""Answer of what companies' names end with, whatever the keywords."""
CURRENCY = -2
"""Answer of a unit of money."""

_LONGEST = 60  # characters of a printed word that is remembered: longer ones are addresses, or Chinese sentences
_AROUND = ".,;:!?()[]<>*/$%-\"'“”‘’«»„…–—"
"""Signs beside a word that are no part of it."""
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
    if guarded and letters.isupper() and _ACRONYM.fullmatch(letters):
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


class Readings:
    """The words of a vocabulary by what they may look like in texts of one language."""

    def __init__(self, vocabulary: Vocabulary, language: str) -> None:
        self.language = language
        self.words = vocabulary.words
        # Tuples, which share their memory where they are of one word, and which the garbage collector lets go of.
        self.inflected: dict[str, tuple[int, ...]] = {}
        self.exact: dict[str, tuple[int, ...]] = {}
        self.prefixes: dict[str, tuple[int, ...]] = {}
        self.compounds = Compounds()
        for number, word in enumerate(vocabulary.words):
            if word.prefix:
                _add(self.prefixes, [word.form], number)
            elif word.exact or word.capitals:
                _add(self.exact, [word.form], number)
            else:
                _add(self.inflected, sought(word.form, language, word.name), number)
                if language == "de" and (word.name or is_noun(word.form)):
                    self.compounds.add(word.form, number)
        self.prefix_lengths = sorted({len(prefix) for prefix in self.prefixes})


def _add(numbers: dict[str, tuple[int, ...]], readings: Iterable[str], number: int) -> None:
    alone = (number,)
    for reading in readings:
        others = numbers.get(reading)
        numbers[reading] = alone if others is None else others + alone


@dataclass(frozen=True, slots=True)
class Compound:
    """What stands between two spaces and is more than one word, or none: anti-aircraft, and/or, a dash.

    `more` is the number of its chunks beyond one. An answer is the position of a word from the beginning of it, that at
    which the next word begins, and the numbers of the wanted words that it answers to.
    """

    more: int
    answers: tuple[tuple[int, int, tuple[int, ...]], ...]


Printed = tuple[int, ...] | Compound | None
"""What stands between two spaces: the numbers that a single word answers to, None if it is a word that nobody wants."""


class Reader(dict[str, Printed]):
    """Reads what is printed between spaces.

    `shouting`: the text is all in capitals, so capitals mean nothing and words are read in lower case.
    """

    def __init__(self, readings: Readings, *, shouting: bool = False) -> None:
        super().__init__()
        self._readings = readings
        self._shouting = shouting

    def __missing__(self, printed: str) -> Printed:
        read = self._read(printed)
        if len(printed) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[printed] = read
        return read

    def _read(self, printed: str) -> Printed:
        bare = printed.strip(_AROUND)
        if bare.isascii() and (bare.isalpha() or bare.isdigit() or NUMBER.fullmatch(bare)):  # a chunk of one token
            if bare != printed:
                return self[bare]  # 'word,' is read as 'word', which most texts have as well
            if len(bare) <= _LONGEST:
                form = bare.lower() if bare.isalpha() else number_form(bare)
                return self._answers(form, form if self._shouting else bare) + _signs_of(bare, form) or None
        surfaces = CHUNK.findall(printed)
        if len(surfaces) == 1 and surfaces[0] != printed:
            return self[surfaces[0]]
        answers = [
            (index * CHUNK_STEP + start, index * CHUNK_STEP + after, numbers)
            for index, surface in enumerate(surfaces)
            for start, after, numbers in self._chunk(surface)
            if numbers
        ]
        if len(surfaces) != 1 or len(answers) > 1 or (answers and answers[0][:2] != (0, CHUNK_STEP)):
            return Compound(len(surfaces) - 1, tuple(answers))
        return answers[0][2] if answers else None

    def _chunk(self, surface: str) -> list[tuple[int, int, tuple[int, ...]]]:
        """What the tokens of a chunk answer to, and the chunk as one word."""
        sign = _signs_of(surface, surface.lower())
        if self._shouting:
            surface = surface.lower()
        tokens, joined = chunk(surface)
        last = len(tokens) - 1
        found = [
            (at, at + 1 if at < last else CHUNK_STEP, self._token(form, surface[start:end]) + sign)
            for at, (form, start, end) in enumerate(tokens)
        ]
        if joined is not None:
            found.append((0, CHUNK_STEP, self._answers(joined, surface)))
        return found

    def _token(self, form: str, surface: str) -> tuple[int, ...]:
        """What a part of a chunk answers to: mostly a word that most texts have by itself as well."""
        if len(surface) > _LONGEST or not (surface.isascii() and surface.isalpha()):
            return self._answers(form, surface)
        known = self[surface]
        return tuple([number for number in known if number >= 0]) if isinstance(known, tuple) else ()

    def _answers(self, form: str, surface: str) -> tuple[int, ...]:
        readings, wanted = self._readings, self._readings.inflected
        capital = surface[:1].isupper()
        numbers: set[int] = set()
        if form in readings.exact:
            numbers.update(self._guarded(form, surface))
        if capital and surface[-1:] == "s" and (plural := _PLURAL_ACRONYM.fullmatch(surface)):
            numbers.update(self._guarded(form[:-1], plural.group(1)))
        if self._shouting or not _is_acronym(surface):
            inflected = form.isalpha() or "'" in form  # numbers are not: they would fill the cache of readings
            for reading in found(form, readings.language, capital) if inflected else (form,):
                if reading in wanted:
                    numbers.update(wanted[reading])
            if readings.language == "de" and (capital or self._shouting):
                numbers |= readings.compounds.answers(form)
        else:
            numbers.update(wanted.get(form, ()))
        for length in readings.prefix_lengths:
            if length > len(form):
                break
            numbers.update(readings.prefixes.get(form[:length], ()))
        return tuple(sorted(numbers)) if numbers else ()

    def _guarded(self, form: str, surface: str) -> Sequence[int]:
        """Words in quotes and acronyms: the very form, with the capitals that it needs."""
        numbers = self._readings.exact.get(form, ())
        if self._shouting or not numbers:
            return numbers
        letters = surface.replace(".", "")
        needed = ((number, self._readings.words[number].capitals) for number in numbers)
        return [number for number, capitals in needed if not capitals or letters[:capitals].isupper()]


def _signs_of(surface: str, form: str) -> tuple[int, ...]:
    """What a chunk says of the words around it. `form`: in lower case."""
    if surface[0].isupper() and form in COMPANIES:
        return (COMPANY,)
    return (CURRENCY,) if form in CURRENCIES else ()


def _is_acronym(surface: str) -> bool:
    """Short and all in capitals: not inflected ('AIDS' is not 'aid')."""
    return len(surface) < 5 and surface.isupper() and _ACRONYM.fullmatch(surface) is not None
