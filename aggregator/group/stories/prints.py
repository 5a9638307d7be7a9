"""Copies of one text: printed again, cut short, or rewritten by a machine that swaps words and keeps names and numbers.

Two kinds of fingerprints are taken of a text's beginning. Three words in a row tell a copy; they change when words are
swapped. Neighbouring names and numbers ('macron france', '47 canadian') tell a rewritten one: two reporters name the
same people, but not in the same order from beginning to end.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, islice, pairwise
from typing import NamedTuple
from zlib import crc32

from aggregator.group.stories.packed import pack, unpack
from aggregator.group.stories.words import words_of

_LENGTH = 3_000
"""Characters of a text in which names are looked for."""
_WORDS = 60
"""Words from the beginning of which triples are made."""
_PAIRS = 64
"""Pairs of names that are kept."""
_SHARE = 0.6
"""Of the shorter text's fingerprints of one kind, from which two texts are one."""
_LEAST_WORDS, _LEAST_NAMES = 6, 10
"""Fingerprints that both texts must have: shorter ones are too common to be told apart."""

_SENTENCE_END = re.compile(r"[.!?:]['\"”’»)]*\s|\n")
_EVEN = 0xFFFF_FFFE


class Prints(NamedTuple):
    """Hashes of a text's word triples (even numbers) and of its pairs of names and numbers (odd ones)."""

    words: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()


def prints_of(title: str, text: str) -> Prints:
    """Fingerprints of a text, of its title where there is no text."""
    text = text[:_LENGTH] or title
    sentences = [words_of(sentence) for sentence in _SENTENCE_END.split(text)]
    words = [_hash(word) for word in islice(chain.from_iterable(sentences), _WORDS)]
    triples = zip(words, words[1:], words[2:], strict=False)
    # A word may have its capital for being the first of a sentence.
    names = [_hash(word) for sentence in sentences for word in sentence[1:] if not word.islower() and _is_name(word)]
    pairs = islice((pair for pair in pairwise(names) if pair[0] != pair[1]), _PAIRS)
    return Prints(
        frozenset((one * 961 + two * 31 + three) & _EVEN for one, two, three in triples),
        frozenset((one * 31 + two) & _EVEN | 1 for one, two in pairs),
    )


def pack_prints(prints: Prints) -> bytes:
    """Fingerprints as they are kept for every entry of the window."""
    return pack("I", [*sorted(prints.words), *sorted(prints.names)])


@lru_cache(4_096)  # those of the stories of the hour; a set takes twenty times the memory
def unpack_prints(packed: bytes) -> Prints:
    """Read back what `pack_prints` gave."""
    numbers = frozenset(unpack("I", packed))
    names = frozenset(number for number in numbers if number & 1)
    return Prints(numbers - names, names)


def same_text(one: Prints, other: Prints) -> bool:
    """Whether one text is a copy of the other, whole or cut short."""
    return _alike(one.words, other.words, _LEAST_WORDS) or _alike(one.names, other.names, _LEAST_NAMES)


def _alike(one: frozenset[int], other: frozenset[int], least: int) -> bool:
    shorter = min(len(one), len(other))
    return shorter >= least and len(one & other) >= _SHARE * shorter


def _is_name(word: str) -> bool:
    """A number, or a word with a capital letter; scripts without capitals have none."""
    return word != word.lower() or word[0].isdigit()


@lru_cache(65_536)  # words, about 10 MB when full
def _hash(word: str) -> int:
    return crc32(word.lower().encode("utf-8", "surrogatepass"))
