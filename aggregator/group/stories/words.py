"""A text cut into words, numbers with their decimals whole; fast for the many texts without East Asian characters.

Not text.tokens: that keeps the place of every word, which costs four times as much, and stories need no places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_NUMBER = r"\d+(?:[.,]\d+)+"
_PLAIN = re.compile(rf"{_NUMBER}|[^\W_]+")
_MIXED = re.compile(rf"[{_UNSPACED}]|{_NUMBER}|(?:(?![{_UNSPACED}])[^\W_])+")
_SENTENCE_END = re.compile(r"[.!?:]['\"”’»)]*\s|\n")


def words_of(text: str) -> list[str]:
    """The words of a text in order; in scripts without spaces, its characters."""
    return (_MIXED if not text.isascii() and _HAS_UNSPACED.search(text) else _PLAIN).findall(text)


def sentences_of(text: str) -> list[list[str]]:
    """The words of each sentence; a line ends one, too."""
    return [words_of(sentence) for sentence in _SENTENCE_END.split(text)]


def beginning(text: str, length: int) -> str:
    """So many characters of a text, without a word that would be cut."""
    if len(text) <= length:
        return text
    return text[: text.rfind(" ", 0, length) + 1] or text[:length]


def paired(words: Sequence[str]) -> list[str]:
    """Words, where neighbouring characters of scripts without spaces are pairs: most of their words have two."""
    found: list[str] = []
    before = ""
    for word in words:
        if is_unspaced(word):
            if before:
                found.append(before + word)
            before = word
        else:
            found.append(word)
            before = ""
    return found


def is_unspaced(word: str) -> bool:
    """Whether a word is a character of a script without spaces."""
    return len(word) == 1 and _HAS_UNSPACED.match(word) is not None


def has_unspaced(text: str) -> bool:
    """Whether a text has characters of scripts without spaces."""
    return not text.isascii() and _HAS_UNSPACED.search(text) is not None
