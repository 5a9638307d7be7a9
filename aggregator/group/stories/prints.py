"""Copies of one text: printed again, cut short, or rewritten by a machine that swaps words and keeps names and numbers.

Three kinds of fingerprints are taken of a text's beginning. Three words in a row tell a copy; they change when words
are swapped. Neighbouring names and numbers ('macron france', '47 canadian') tell a rewritten one, also when it was cut:
two reporters name the same people, but not in the same order from beginning to end. Names and numbers in any order tell
one whose sentences were turned round, too: two reporters share some, but each has others that the other lacks; the
market reports of two days have the same names, but other numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from aggregator.group.stories.terms import NAME, NUMBER, Word

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
_LEAST_COMMON = _SHARE * min(_LEAST_WORDS, _LEAST_NAMES)
"""Triples and pairs that both texts have at least, if they are one."""

_HASHED = itemgetter(2)  # of a word
_TRIPLE, _PAIR = 0, 1  # beside NAME and NUMBER, in the last two bits of a fingerprint
_KIND = 3
_HASH = 0xFFFF_FFFC


class Prints(NamedTuple):
    """Hashes of a text's word triples and of its pairs of neighbouring names and numbers, and of these one by one."""

    text: frozenset[int]  # triples and pairs: most texts have few in common, and one look tells
    triples: int
    pairs: int
    names: frozenset[int]
    numbers: frozenset[int]


def prints_of(sentences: Sequence[Sequence[Word]]) -> Prints:
    """Fingerprints of the words of a text, sentence by sentence."""
    words = list(map(_HASHED, islice(chain.from_iterable(sentences), _WORDS)))
    triples = zip(words, words[1:], words[2:], strict=False)
    # A word may have its capital for being the first of a sentence.
    names = [(word, kind) for sentence in sentences for _, _, word, kind in sentence[1:] if kind]
    pairs = list(islice((pair for pair in pairwise(names) if pair[0] != pair[1]), _PAIRS))
    named = {name for pair in pairs for name in pair}
    kinds = {(one * 961 + two * 31 + three) & _HASH | _TRIPLE for one, two, three in triples}
    number = len(kinds)
    kinds.update([(one * 31 + two) & _HASH | _PAIR for (one, _), (two, _) in pairs])
    return Prints(
        frozenset(kinds),
        number,
        len(kinds) - number,
        frozenset([word & _HASH | NAME for word, kind in named if kind == NAME]),
        frozenset([word & _HASH | NUMBER for word, kind in named if kind == NUMBER]),
    )


def listed(prints: Prints) -> array[int]:
    """Fingerprints as they are kept for every entry of the window: sets take twenty times the memory."""
    return array("I", [*prints.text, *prints.names, *prints.numbers])


def from_list(numbers: Iterable[int]) -> Prints:
    """Read back what `listed` gave."""
    kinds: tuple[list[int], ...] = ([], [], [], [])
    for number in numbers:
        kinds[number & _KIND].append(number)
    triples, pairs, names, numerals = kinds
    return Prints(frozenset(triples + pairs), len(triples), len(pairs), frozenset(names), frozenset(numerals))


def same_text(one: Prints, others: array[int]) -> bool:
    """Whether one text is a copy of another, whole or cut short, or the other of it; `others` are its fingerprints."""
    # Asked a dozen times for each entry, and mostly answered with no: what costs least comes first.
    common = one.text.intersection(others)
    if len(common) >= _LEAST_COMMON and _say_the_same(common, one, from_list(others)):
        return True
    if len(one.numbers) < _LEAST_NUMBERS or len(one.names) < _LEAST_NAMES:
        return False
    numbers = len(one.numbers.intersection(others))
    return numbers >= _SHARE * len(one.numbers) and _name_the_same(one, from_list(others))


def _say_the_same(common: Collection[int], one: Prints, other: Prints) -> bool:
    pairs = sum([number & _KIND for number in common])  # of a triple the last bits are 0, of a pair 1
    triples = len(common) - pairs
    return _alike(triples, min(one.triples, other.triples), _LEAST_WORDS) or _alike(
        pairs, min(one.pairs, other.pairs), _LEAST_NAMES
    )


def _alike(common: int, shorter: int, least: int) -> bool:
    return shorter >= least and common >= _SHARE * shorter


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
