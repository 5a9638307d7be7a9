"""Copies of one text: printed again, cut short, or rewritten by a machine that swaps words and keeps names and numbers.

Three kinds of fingerprints are taken of a text's beginning. Three words in a row tell a copy; they change when words
are swapped. Neighbouring names and numbers ('macron france', '47 canadian') tell a rewritten one, also when it was cut:
two reporters name the same people, but not in the same order from beginning to end. Names and numbers in any order tell
one whose sentences were turned round, too: two reporters share some, but each has others that the other lacks; the
market reports of two days have the same names, but other numbers.
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
"""Of the shorter text's triples or pairs, or of the numbers of both, from which two texts are one."""
_SHARE_OF_NAMES = 0.5
"""Of the names of both, if they have the same numbers."""
_LEAST_WORDS, _LEAST_NAMES, _LEAST_NUMBERS = 6, 10, 3
"""Fingerprints that both texts must have: shorter ones are too common to be told apart."""

_REMEMBERED = 4_096
"""Entries whose fingerprints are kept unpacked: those of the stories of the hour."""

_SENTENCE_END = re.compile(r"[.!?:]['\"”’»)]*\s|\n")
_WORD, _PAIR, _NAME, _NUMBER = range(4)  # the last two bits of a fingerprint
_KIND = 3
_HASH = 0xFFFF_FFFC


class Prints(NamedTuple):
    """Hashes of a text's word triples, of its pairs of neighbouring names and numbers, and of these one by one."""

    words: frozenset[int] = frozenset()
    pairs: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()
    numbers: frozenset[int] = frozenset()


def prints_of(title: str, text: str) -> Prints:
    """Fingerprints of a text, of its title where there is no text."""
    text = text[:_LENGTH] or title
    sentences = [words_of(sentence) for sentence in _SENTENCE_END.split(text)]
    words = [_hash(word) for word in islice(chain.from_iterable(sentences), _WORDS)]
    triples = zip(words, words[1:], words[2:], strict=False)
    # A word may have its capital for being the first of a sentence.
    names = [word for sentence in sentences for word in sentence[1:] if not word.islower() and _is_name(word)]
    pairs = list(islice((pair for pair in pairwise(names) if pair[0] != pair[1]), _PAIRS))
    named = {word for pair in pairs for word in pair}
    return Prints(
        frozenset([(one * 961 + two * 31 + three) & _HASH | _WORD for one, two, three in triples]),
        frozenset([(_hash(one) * 31 + _hash(two)) & _HASH | _PAIR for one, two in pairs]),
        frozenset([_hash(word) & _HASH | _NAME for word in named if not word[0].isdigit()]),
        frozenset([_hash(word) & _HASH | _NUMBER for word in named if word[0].isdigit()]),
    )


def pack_prints(prints: Prints) -> bytes:
    """Fingerprints as they are kept for every entry of the window."""
    return pack("I", [number for kind in prints for number in sorted(kind)])


def unpack_prints(packed: bytes) -> Prints:
    """Read back what `pack_prints` gave."""
    kinds: tuple[list[int], ...] = ([], [], [], [])
    for number in unpack("I", packed):
        kinds[number & _KIND].append(number)
    return Prints(*map(frozenset, kinds))


class KnownPrints:
    """The fingerprints of the last few thousand entries, unpacked: a set takes twenty times the memory of what is kept.

    Those that came first go first; what is asked for again is unpacked again.
    """

    def __init__(self) -> None:
        self._of: dict[bytes, Prints] = {}

    def of(self, packed: bytes) -> Prints:
        """What `pack_prints` was given."""
        return self._of.get(packed) or self.add(packed, unpack_prints(packed))

    def add(self, packed: bytes, prints: Prints) -> Prints:
        """Remember what was just packed."""
        if len(self._of) >= _REMEMBERED:
            del self._of[next(iter(self._of))]
        self._of[packed] = prints
        return prints


def same_text(one: Prints, other: Prints) -> bool:
    """Whether one text is a copy of the other, whole or cut short."""
    # Asked a dozen times for each entry, and mostly answered with no: what costs least comes first.
    return (
        _alike(one.words, other.words, _LEAST_WORDS)
        or _alike(one.pairs, other.pairs, _LEAST_NAMES)
        or (len(one.numbers) >= _LEAST_NUMBERS and len(one.names) >= _LEAST_NAMES and _name_the_same(one, other))
    )


def _alike(one: frozenset[int], other: frozenset[int], least: int) -> bool:
    if one.isdisjoint(other):  # most are, and this makes no set
        return False
    shorter = min(len(one), len(other))
    return shorter >= least and len(one & other) >= _SHARE * shorter


def _name_the_same(one: Prints, other: Prints) -> bool:
    return (
        len(other.numbers) >= _LEAST_NUMBERS
        and len(other.names) >= _LEAST_NAMES
        and _overlap(one.numbers, other.numbers) >= _SHARE
        and _overlap(one.names, other.names) >= _SHARE_OF_NAMES
    )


def _overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """Of what either has, how much is in both."""
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _is_name(word: str) -> bool:
    """A number, or a word with a capital letter; scripts without capitals have none."""
    return word != word.lower() or word[0].isdigit()


@lru_cache(65_536)  # words, about 10 MB when full
def _hash(word: str) -> int:
    return crc32(word.lower().encode("utf-8", "surrogatepass"))
