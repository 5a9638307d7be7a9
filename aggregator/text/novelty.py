"""What a text says that others did not say yet, by sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from aggregator.text.summary import sentences

NEW_SHARE = 0.5  # of a sentence's words that no known text has
NEW_WORDS = 3
_STEM = 5  # letters: 'missile' and 'missiles', 'ракета' and 'ракети' are one word
_WORDS = re.compile(r"[^\W_]+")


def new_sentences(known: Iterable[str], text: str) -> list[str]:
    """The sentences of `text` that bring at least three words, and half of their words, that `known` texts lack."""
    said = {word for other in known for word in _words(other)}
    return [sentence for sentence in sentences(text) if _is_new(_words(sentence), said)]


def _is_new(words: set[str], said: set[str]) -> bool:
    new = len(words - said)
    return new >= NEW_WORDS and new >= NEW_SHARE * len(words)


def _words(text: str) -> set[str]:
    """Words cut to their stem; short ones are left out, numbers stay; pairs of characters where there are no spaces."""
    found: set[str] = set()
    for match in _WORDS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        word = match.group()
        if _without_spaces(word[0]):
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        elif len(word) > 3 or word.isdigit():
            found.add(word[:_STEM])
    return found


def _without_spaces(char: str) -> bool:
    return (
        char > "\u0e00" and unicodedata.category(char) == "Lo" and not "\u1100" <= char <= "\u11ff" and char < "\uac00"
    )
