"""An entry's words, read once for all that stories ask of them: what they mean, what they are written with, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple
from zlib import crc32

from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.group.stories.stopwords import STOPWORDS
from aggregator.group.stories.vocabulary import NO_TERM, Term, Vocabulary
from aggregator.group.stories.words import beginning, has_unspaced, is_unspaced, paired, sentences_of, words_of
from aggregator.text import stems

_LENGTH = 3_000
"""Characters of a text in which names are looked for."""
_PREFIX = 6
"""Letters that stand for a word's stem in languages whose inflection is not known."""
_CACHE = 65_536
"""Words that are remembered, and few more, 15 MB: those of a week of news."""

_TERM = itemgetter(0)  # of a word

PLAIN, NAME, NUMBER = 0, 2, 3
"""Kinds of words. A name has a capital letter; scripts without capitals have none."""


class Word(NamedTuple):
    """A word as it is printed, and what it comes to."""

    term: Term
    lower: str
    hash: int
    kind: int


@dataclass(frozen=True, slots=True)
class Document:
    """An entry as terms: how often each counts, those of the title first."""

    counts: dict[Term, int]
    titled: int  # how many of them the title has
    read: Sequence[Word]  # what was counted, in its order
    sentences: Sequence[Sequence[Word]]  # of the text; of the title where there is no text

    def printed(self, terms: Iterable[str]) -> tuple[str, ...]:
        """For each term, by its text, the first word, in lower case, that stands for it."""
        return tuple([next(word.lower for word in self.read if word.term.text == term) for term in terms])


class Terms:
    """Reads texts of one language. Not safe to share between threads."""

    def __init__(self, language: str, vocabulary: Vocabulary, settings: Settings = SHIPPED) -> None:
        self._settings = settings
        self._vocabulary = vocabulary
        self._known = _Words(language, vocabulary)

    def read(self, title: str, text: str) -> Document:
        """The terms of a title and the beginning of a text, and the text's words by sentence."""
        if len(self._known) >= _CACHE:
            self._known.clear()
            self._vocabulary.forget()
        head = beginning(text, self._settings.text_length)
        known = self._known.__getitem__
        titled = list(map(known, words_of(title)))
        spoken = [list(map(known, sentence)) for sentence in sentences_of(head)]
        read = list(chain.from_iterable(spoken))
        if has_unspaced(title) or has_unspaced(head):
            titled, read = self._paired(words_of(title)), self._paired(chain.from_iterable(sentences_of(head)))
        terms = list(map(_TERM, titled))
        counts = Counter(chain(*[terms] * self._settings.title_weight, map(_TERM, read)))
        del counts[NO_TERM]  # of a Counter, also where there is none
        if not text:
            spoken = [list(map(known, sentence)) for sentence in sentences_of(title)]
        elif len(text) > len(head):
            first, *others = [list(map(known, each)) for each in sentences_of(text[len(head) : _LENGTH])]
            spoken = [*spoken[:-1], spoken[-1] + first, *others]
        return Document(counts, len(set(terms) - {NO_TERM}), titled + read, spoken)

    def _paired(self, spoken: Iterable[str]) -> list[Word]:
        return [self._known[word] for word in paired(list(spoken))]


class _Words(dict[str, Word]):
    """What the words of a language come to, worked out when they are first met."""

    def __init__(self, language: str, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._language = language
        self._vocabulary = vocabulary
        self._stop = STOPWORDS.get(language, frozenset())

    def __missing__(self, printed: str) -> Word:
        lower = printed.lower()
        kind = NUMBER if printed[0].isdigit() else NAME if printed != lower else PLAIN
        if lower == printed:
            lower = printed  # one string in memory for two
        text = self._term_of(lower)
        term = self._vocabulary.of(lower if text == lower else text) if text else NO_TERM
        known = Word(term, lower, crc32(lower.encode("utf-8", "surrogatepass")), kind)
        self[printed] = known
        return known

    def _term_of(self, word: str) -> str:
        """The term of a word in lower case, empty if it has none."""
        if word in self._stop or (len(word) == 1 and not is_unspaced(word)):
            return ""
        return stems.stem(word, self._language) if self._language in stems.LANGUAGES else word[:_PREFIX]
