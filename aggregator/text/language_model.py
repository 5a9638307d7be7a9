"""Tells languages by the sequences of their letters: py3langid's model among the languages of news.

The ten whose inflection the program knows are likelier beforehand than the others, and what a feed declares is likelier
still, but neither rules. Imported when it is first needed, with numpy: many entries are told by their words alone.
"""

from __future__ import annotations

import math
import re
import unicodedata
from array import array
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aggregator.text.language import ENOUGH, MORE
from aggregator.text.stems import LANGUAGES

_NEIGHBOURS = (
    "nl", "sv", "da", "no", "cs", "sk", "sl", "hr", "ro", "ca", "gl", "tr", "hu", "fi", "et", "lv", "lt", "sq", "id",
    "vi", "el", "he", "fa", "ur", "hi", "bg", "sr", "mk", "be", "ja", "zh", "ko", "th", "ka", "hy", "az", "kk",
)  # fmt: skip
# How likely a language is before the text is read, relative to most of the ten.
# Of short titles in Cyrillic letters, nearly all are Russian or Ukrainian.
_PRIORS = {"en": 2.0} | dict.fromkeys(_NEIGHBOURS, 0.5) | dict.fromkeys(("bg", "sr", "mk", "be"), 0.1)
_DECLARED = 5.0  # times as likely as it would be otherwise
# Letters that a language is never written with.
_LACKS = {"uk": "ыэёъ", "ru": "їєґіў", "be": "щиї", "bg": "ыэёіїє", "mk": "ыэёъщяюйь", "sr": "ыэёъщяюйь"}
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_MISSING = 5.0  # in logarithms, for any of them: a foreign name may have one
_BLOCK = 16  # bytes whose next states are kept together
_HIGH = bytes(byte // _BLOCK for byte in range(256))
_LOW = bytes(byte % _BLOCK for byte in range(256))


class Model:
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
        self._row_of: array[int] = array("L", (row * (256 // _BLOCK) for row in whole.tk_row))
        self._feature_at: array[int] = array("i", whole.tk_output)
        next_states = whole.tk_nextmove
        del whole  # what is not kept of it is larger than what is
        self._block_at, self._next = _in_blocks(next_states)

    def judge(self, sample: str, declared: str | None) -> tuple[str, float]:
        """The likeliest language, and how far it is before the next, in logarithms."""
        text = unicodedata.normalize("NFC", sample)
        data = text.encode("utf-8", "surrogatepass")[: ENOUGH if len(sample) <= ENOUGH else MORE]
        counts = self.features(data)
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

    def features(self, data: bytes) -> dict[int, int]:
        """How often each feature is in a text: a walk through the model's automaton."""
        state, counts = 0, dict[int, int]()
        row_of, block_at, step, feature_at = self._row_of, self._block_at, self._next, self._feature_at
        for high, low in zip(data.translate(_HIGH), data.translate(_LOW), strict=True):
            state = step[block_at[row_of[state] + high] + low]
            feature = feature_at[state]
            if feature >= 0:
                counts[feature] = counts.get(feature, 0) + 1
        return counts


def _in_blocks(next_states: array[int]) -> tuple[array[int], array[int]]:
    """Where each block of each row of 256 next states lies, and the blocks, equal ones once: an eighth of memory."""
    whole, size = memoryview(next_states).cast("B"), _BLOCK * next_states.itemsize
    places: dict[bytes, int] = {}
    cut = (bytes(whole[at : at + size]) for at in range(0, len(whole), size))
    block_at = array("I", (places.setdefault(block, len(places) * _BLOCK) for block in cut))
    return block_at, array(next_states.typecode, b"".join(places))


@lru_cache(1)
def model() -> Model:
    """Loaded when first needed: 0.6 s and 35 MB, numpy's included."""
    return Model()
