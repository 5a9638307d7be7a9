"""Which language an entry is written in, short titles included.

A text with 'the', 'of' and 'said' is English: common words that only one language has decide where there are enough of
them and none of another. Elsewhere py3langid's model judges among the languages of news; the ten whose inflection the
program knows are likelier beforehand than the others, and what the feed declares is likelier still, but neither rules:
a clear text wins.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from aggregator.text.wordlists import UNMISTAKABLE

UNKNOWN = "other"

ENOUGH = 128
"""Characters, then bytes, for the model: more change nothing where a language is clear."""
MORE = 512
"""Where two are close: foreign names at the beginning, tables of figures."""

_LETTERS = 2  # at least
_READ = (400, 2_000)  # characters that are searched for common words: the second where the first are tables or names
_TELLING = 3  # of them, at least two different, are enough
_CLEAR = 8  # times as many as of another language: there may be a 'van' in a name
_SHARE = 16  # of a text's words, one has to be such
_TEXT_WORDS = 20  # in a shorter one, they may be the title of a film
_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufdff]")
_CLOSE = 2.0  # in logarithms, between the likeliest and the next


def detect(title: str, text: str = "", declared: str | None = None) -> str:
    """Two-letter code of the language of an entry, `UNKNOWN` if there are no words to tell it by.

    `declared` is the feed's or the entry's own statement (BCP 47).
    """
    return _detect(title, text[: _READ[-1]], declared)


@lru_cache(1_024)  # topics and stories ask for the same entries of a batch one after the other
def _detect(title: str, text: str, declared: str | None) -> str:
    # Letter by letter, capitals look German; a title has them where its text hasn't.
    title, text = _without_capitals(title), _without_capitals(text)
    for length in _READ:
        sample = f"{title} {text[:length]}"[:length]
        if told := _told_by_words(sample):
            return told
        if len(sample) < length:
            break
    if declared:
        declared = declared.replace("_", "-").split("-")[0].lower()
    sample = f"{title} {text[:ENOUGH]}"[:ENOUGH]
    if sum(map(str.isalpha, sample)) < _LETTERS:
        return declared or UNKNOWN
    language, lead = _judge(sample, declared)
    if lead < _CLOSE and len(title) + len(text) > ENOUGH:
        language, _ = _judge(f"{title} {text[:MORE]}"[:MORE], declared)
    return language


def _without_capitals(text: str) -> str:
    return text.lower() if text.isupper() else text


def _told_by_words(sample: str) -> str | None:
    """The language whose common words a text has, if they are many and hardly one is of another."""
    words = sample.lower().split()
    if len(words) < _TEXT_WORDS or not (sample.isascii() or _OTHER_SCRIPT.search(sample) is None):
        return None
    telling = list(filter(UNMISTAKABLE.__contains__, words))
    if len(telling) < max(_TELLING, len(words) / _SHARE) or len(set(telling)) == 1:
        return None
    languages = [UNMISTAKABLE[word] for word in telling]
    if languages.count(languages[0]) == len(languages):
        return languages[0]
    (language, count), (_, others) = Counter(languages).most_common(2)
    return None if others * _CLEAR > count else language


def _judge(sample: str, declared: str | None) -> tuple[str, float]:
    from aggregator.text.language_model import model  # noqa: PLC0415 - with numpy, a tenth of a second

    return model().judge(sample, declared)
