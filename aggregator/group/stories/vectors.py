"""What an entry's words weigh.

A word is common when it is in many stories, rather than in many entries: the name that three hundred entries about one
event share is what ties them, and must not lose its weight because they are many. Only where a word is in a large part
of all entries does that count. And a word is common when it is told day after day: 'Wall Street', 'weather', the war
that goes on.

Weights are whole numbers: sums of them are exact in any order, so that a window that was read back from the store
equals the one that grew.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from aggregator.group.stories.settings import Settings
from aggregator.group.stories.vocabulary import Term, Vocabulary

UNIT = 1_000
"""Length of an entry's vector."""
_ADDED = 0.5  # to a word's frequency: no word's weight is infinite
# Stories without any of our words that are taken to have come before the first one. A window of a few entries can't
# tell common words from rare ones: without these, the very words that two reports of one event share would be common.
_BACKGROUND = 300
# A word in a quarter of the stories, the theme of a sports week or of a narrow choice of feeds, ties none of them.
_THEME = 4
# Entries without any of our words that are taken to have come before the first one. A word weighs no more than its
# share of the entries lets it: when one story has swallowed all that speaks of the Olympics, 'Tokyo' is in one story
# alone, and would swallow the rest.
_EARLIER = 200
# Added to the square of a vector's length. "Morning briefing: what you need to know" has no word that says which
# morning: words that weigh little must not weigh much for being alone.
_FAINT = 30
# What a word that only the text has loses in an empty window. Which words every outlet uses is learnt from the first
# few hundred stories; before that, 'officials said on Sunday' would tie what has nothing else in common. Headlines
# have few such words.
_UNTRIED = 0.6

_Weighed: TypeAlias = "tuple[float, str, Term]"  # less than 0: the heaviest comes first, of equal ones by the text


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in the window: all that has to be stored of it. The heaviest term comes first."""

    entry_id: int
    feed_id: int
    at: int  # seconds since 1970
    terms: tuple[str, ...]
    weights: array[int]
    prints: array[int]  # see prints.listed


@dataclass(frozen=True, slots=True)
class Vector:
    """A row of the window whose terms are those of a vocabulary."""

    entry_id: int
    feed_id: int
    at: int
    terms: tuple[Term, ...]
    weights: array[int]
    prints: array[int]

    @classmethod
    def of(cls, row: Row, vocabulary: Vocabulary) -> Vector:
        """A stored row."""
        return cls(row.entry_id, row.feed_id, row.at, tuple(map(vocabulary.of, row.terms)), row.weights, row.prints)

    def row(self) -> Row:
        """As it is stored."""
        terms = tuple([term.text for term in self.terms])
        return Row(self.entry_id, self.feed_id, self.at, terms, self.weights, self.prints)

    def times(self, other: Vector) -> int:
        """The product of two entries' vectors."""
        theirs = dict(other.weighed())
        return sum(weight * theirs.get(term, 0) for term, weight in self.weighed())

    def weighed(self) -> Iterator[tuple[Term, int]]:
        """Terms and their weights."""
        return zip(self.terms, self.weights, strict=True)


@dataclass(frozen=True, slots=True)
class Known:
    """What the window knows beside what its terms know, when an entry comes."""

    stories: int  # in the window
    entries: int  # in the window
    divisors: Mapping[int, float]  # see Recurrence


def weigh(
    counts: Mapping[Term, int], titled: int, known: Known, settings: Settings
) -> tuple[tuple[Term, ...], array[int]]:
    """The heaviest terms and their weights: (1 + ln tf) x idf, less for what recurs; their length is just below UNIT.

    The entry counts as one story more. The first `titled` of `counts` are the title's.
    """
    log, divisors = math.log, known.divisors
    most, entries = (_BACKGROUND + known.stories + 2) / _THEME, _EARLIER + known.entries
    factor = {count: -(1 + log(count)) for count in set(counts.values())}
    weighed = [
        (factor[count] * log(min(most / stories, entries / (term.told + 1))) / divisors[term.days], term.text, term)
        for term, count in counts.items()
        if (stories := len(term.stories) + 1 + _ADDED) < most
    ]
    if known.stories < _BACKGROUND:
        weighed = _headlines_first(weighed, frozenset(islice(counts, titled)), known.stories)
    weighed.sort()
    del weighed[settings.terms :]
    length = math.sqrt(sum([weight * weight for weight, _, _ in weighed]) + _FAINT)
    weights = array("H", [round(-weight * UNIT / length) or 1 for weight, _, _ in weighed])
    return tuple([term for _, _, term in weighed]), weights


def _headlines_first(weighed: list[_Weighed], title: Set[Term], stories: int) -> list[_Weighed]:
    """In a young window the words of the text weigh less, the less the younger it is."""
    share = 1 - _UNTRIED * (1 - stories / _BACKGROUND)
    return [(weight if term in title else weight * share, text, term) for weight, text, term in weighed]
