"""An entry's words as the clusterer counts them: stemmed, without those that every text has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.group.stories.stopwords import STOPWORDS
from aggregator.group.stories.words import is_unspaced, paired
from aggregator.text import stems

_POSSESSIVE = re.compile(r"['’]s\b")
_PREFIX = 6
"""Letters that stand for a word's stem in languages whose inflection is not known."""
_CACHE = 200_000
"""Words whose stems are remembered."""


@dataclass(frozen=True, slots=True)
class Document:
    """An entry as terms: how often each counts, those of the title first, and one of the words that each stands for."""

    counts: dict[str, int]
    titled: int  # how many of them the title has
    words: dict[str, str]


class Terms:
    """Reads texts of one language. Not safe to share between threads."""

    def __init__(self, language: str, settings: Settings = SHIPPED) -> None:
        self._language = language
        self._stop = STOPWORDS.get(language, frozenset())
        self._settings = settings
        self._stems: dict[str, str] = {}

    def read(self, title: str, text: str) -> Document:
        """The terms of a title and the beginning of a text."""
        counts: dict[str, int] = {}
        words: dict[str, str] = {}
        titled = -1
        stem_of = self._stems
        for part, weight in ((title, self._settings.title_weight), (text[: self._settings.text_length], 1)):
            lower = part.lower()
            if "'" in lower or "’" in lower:
                lower = _POSSESSIVE.sub("", lower)
            for word in paired(lower):
                term = stem_of.get(word)
                if term is None:
                    term = self._remember(word)
                if term in counts:
                    counts[term] += weight
                elif term:
                    counts[term] = weight
                    words[term] = word
            titled = len(counts) if titled < 0 else titled
        return Document(counts, titled, words)

    def _remember(self, word: str) -> str:
        if len(self._stems) >= _CACHE:
            self._stems.clear()
        self._stems[word] = term = self._term_of(word)
        return term

    def _term_of(self, word: str) -> str:
        """The term of a word, empty if it has none."""
        if word in self._stop or (len(word) == 1 and not is_unspaced(word)):
            return ""
        return stems.stem(word, self._language) if self._language in stems.LANGUAGES else word[:_PREFIX]
