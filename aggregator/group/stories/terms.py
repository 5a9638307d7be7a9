"""An entry's words as the clusterer counts them: stemmed, without those that every text has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.group.stories.stopwords import STOPWORDS
from aggregator.text import stems

_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_EAST_ASIAN}]+|\d+(?:[.,]\d+)+|(?:(?![{_EAST_ASIAN}])[^\W_])+")
_UNSPACED = re.compile(f"[{_EAST_ASIAN}]")
_POSSESSIVE = re.compile(r"['’]s\b")
_PREFIX = 6
"""Letters that stand for a word's stem in languages whose inflection is not known."""
_CACHE = 200_000
"""Words whose stems are remembered."""


@dataclass(frozen=True, slots=True)
class Document:
    """An entry as terms: how often each counts, and one of the words that it stands for."""

    counts: dict[str, int]
    words: dict[str, str]


class Terms:
    """Reads texts of one language. Not safe to share between threads."""

    def __init__(self, language: str, settings: Settings = SHIPPED) -> None:
        self._language = language
        self._stop = STOPWORDS.get(language, frozenset())
        self._settings = settings
        self._stems: dict[str, tuple[str, ...]] = {}

    def read(self, title: str, text: str) -> Document:
        """The terms of a title and the beginning of a text."""
        counts: dict[str, int] = {}
        words: dict[str, str] = {}
        stems_of = self._stems
        for part, weight in ((title, self._settings.title_weight), (text[: self._settings.text_length], 1)):
            for word in _WORD.findall(_POSSESSIVE.sub("", part.lower())):
                terms = stems_of.get(word)
                for term in self._remember(word) if terms is None else terms:
                    if term in counts:
                        counts[term] += weight
                    else:
                        counts[term] = weight
                        words[term] = word
        return Document(counts, words)

    def _remember(self, word: str) -> tuple[str, ...]:
        if len(self._stems) >= _CACHE:
            self._stems.clear()
        self._stems[word] = terms = self._terms_of(word)
        return terms

    def _terms_of(self, word: str) -> tuple[str, ...]:
        """The terms of a word: none, one, or the pairs of characters of a script without spaces."""
        if word in self._stop or (len(word) == 1 and not _UNSPACED.match(word)):
            return ()
        if _UNSPACED.match(word):
            return tuple(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        return (stems.stem(word, self._language) if self._language in stems.LANGUAGES else word[:_PREFIX],)
