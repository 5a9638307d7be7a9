"""Which language an entry is written in, short titles included.

A text with 'the', 'of' and 'said' is English: common words that only one language has decide where there are enough of
them and none of another. Elsewhere py3langid's model judges among the languages of news; the ten whose inflection the
program knows are likelier beforehand than the others, and what the feed declares is likelier still, but neither rules:
a clear text wins.
"""

from __future__ import annotations

import math
import re
import unicodedata
from array import array
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aggregator.text.stems import LANGUAGES
from aggregator.text.wordlists import UNMISTAKABLE

UNKNOWN = "other"

_NEIGHBOURS = (
    "nl", "sv", "da", "no", "cs", "sk", "sl", "hr", "ro", "ca", "gl", "tr", "hu", "fi", "et", "lv", "lt", "sq", "id",
    "vi", "el", "he", "fa", "ur", "hi", "bg", "sr", "mk", "be", "ja", "zh", "ko", "th", "ka", "hy", "az", "kk",
)  # fmt: skip
# How likely a language is before the text is read, relative to most of the ten.
_PRIORS = {"en": 2.0} | dict.fromkeys(_NEIGHBOURS, 0.5)
_DECLARED = 5.0  # times as likely as it would be otherwise
# Letters that a language is never written with.
_LACKS = {"uk": "ыэёъ", "ru": "їєґіў", "be": "щиї", "bg": "ыэёіїє", "mk": "ыэёъщяюйь", "sr": "ыэёъщяюйь"}
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_MISSING = 5.0  # in logarithms, for any of them: a foreign name may have one
_ENOUGH = 128  # characters, then bytes: more change nothing where a language is clear
_MORE = 512  # of them where two are close: foreign names at the beginning, tables of figures
_READ = 400  # characters of a text that are searched for common words
_TELLING = 3  # of them, at least two different, are enough
_SHARE = 16  # of a text's words, one has to be such
_TEXT_WORDS = 20  # in a shorter one, they may be the title of a film
_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufdff]")
_CLOSE = 2.0  # in logarithms, between the likeliest and the next


def detect(title: str, text: str = "", declared: str | None = None) -> str:
    """Two-letter code of the language of an entry, `UNKNOWN` if there are no words to tell it by.

    `declared` is the feed's or the entry's own statement (BCP 47).
    """
    # Letter by letter, capitals look German; a title has them where its text hasn't.
    title, text = _without_capitals(title), _without_capitals(text[:_MORE])
    told = _told_by_words(f"{title} {text[:_READ]}"[:_READ])
    if told:
        return told
    sample = f"{title} {text[:_ENOUGH]}"[:_ENOUGH] if len(title) < _ENOUGH else title[:_ENOUGH]
    if declared:
        declared = declared.replace("_", "-").split("-")[0].lower()
    letters = sum(map(str.isalpha, sample))
    if letters < 2:
        return declared or UNKNOWN
    language, lead = _judge(sample, declared)
    if lead < _CLOSE and len(title) + len(text) > _ENOUGH:
        language, _ = _judge(f"{title} {text[:_MORE]}"[:_MORE], declared)
    return language


def _without_capitals(text: str) -> str:
    return text.lower() if text.isupper() else text


def _told_by_words(sample: str) -> str | None:
    """The language whose common words a text has, if they are many and none are of another."""
    words = sample.lower().split()
    if len(words) < _TEXT_WORDS or _OTHER_SCRIPT.search(sample):
        return None
    telling = [word for word in words if word in UNMISTAKABLE]
    if len(telling) < max(_TELLING, len(words) / _SHARE):
        return None
    different = set(telling)
    languages = {UNMISTAKABLE[word] for word in different}
    return languages.pop() if len(languages) == 1 and len(different) > 1 else None


@lru_cache(1_024)  # topics and stories ask for the same entries of a batch one after the other
def _judge(sample: str, declared: str | None) -> tuple[str, float]:
    return _model().judge(sample, declared)


class _Model:
    """py3langid's features and their weights in the languages that we tell apart: naive Bayes over byte sequences.

    Read here rather than through its `rank`, which keeps all 142 languages (twice the memory) and sorts them.
    """

    def __init__(self) -> None:
        whole = LanguageIdentifier.from_model_file(MODEL_FILE)
        whole.set_languages([*LANGUAGES, *_NEIGHBOURS])
        self._weights = np.ascontiguousarray(whole.nb_ptc)  # by feature and language
        self._columns: dict[str, int] = {language: at for at, language in enumerate(whole.nb_classes)}
        self._languages: list[str] = whole.nb_classes
        self._bias = whole.nb_pc
        self._priors = np.log([_PRIORS.get(language, 1.0) for language in self._languages])
        self._row_of: array[int] = array("L", (row << 8 for row in whole.tk_row))
        self._next: array[int] = whole.tk_nextmove
        self._feature_at: array[int] = array("i", whole.tk_output)

    def judge(self, sample: str, declared: str | None) -> tuple[str, float]:
        """The likeliest language, and how far it is before the next, in logarithms."""
        text = unicodedata.normalize("NFC", sample)
        data = text.encode("utf-8", "surrogatepass")[: _ENOUGH if len(sample) <= _ENOUGH else _MORE]
        counts = self._features(data)
        scores = self._priors.copy()
        if counts:
            weights = np.log1p(np.fromiter(counts.values(), np.float32, len(counts)))
            seen = weights @ self._weights[np.fromiter(counts, np.intp, len(counts))] + self._bias
            scores += seen / math.sqrt(len(data))  # keeps short and long texts comparable, as in py3langid
        if _CYRILLIC.search(text):
            for language, letters in _LACKS.items():
                if not set(letters).isdisjoint(text.lower()):
                    scores[self._columns[language]] -= _MISSING
        if declared in self._columns:
            scores[self._columns[declared]] += math.log(_DECLARED)
        best = int(scores.argmax())
        lead = scores[best] - np.partition(scores, -2)[-2]
        return self._languages[best], float(lead)

    def _features(self, data: bytes) -> dict[int, int]:
        """How often each feature is in a text: a walk through the model's automaton."""
        state, counts = 0, dict[int, int]()
        row_of, step, feature_at = self._row_of, self._next, self._feature_at
        for byte in data:
            state = step[row_of[state] + byte]
            feature = feature_at[state]
            if feature >= 0:
                counts[feature] = counts.get(feature, 0) + 1
        return counts


@lru_cache(1)
def _model() -> _Model:
    """Loaded when first needed: 0.4 s and 45 MB, numpy's included."""
    return _Model()
