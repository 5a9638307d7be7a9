"""What speaks for a keyword in an entry, and how much.

A mention in the title weighs 3. One in the text weighs 2 at its very beginning, 1 at the 50th word (in a summary of at
most 60 words at its end) and less and less after that. So one mention in the title or in the lead reaches the default
threshold of 1; a passing mention deep in an article does not, but several do. Several different keywords of a topic
back each other. The numbers were measured: docs/keywords.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from aggregator.text.places import FieldText, Place
from aggregator.text.tokens import CHUNK_STEP

THRESHOLD = 1.0
"""Score from which a keyword, and so a topic, takes an entry."""
SUMMARY_WORDS = 60
"""A text of at most this many words is a summary: what it mentions, it is about."""

WORDS_APART = 1.2
"""What words apart, in title and text, come to."""
_TITLE = 3.0  # also author and url
_TEXT = 2.0  # at the beginning of the text
_HALF = 50  # words into the text at which a mention weighs half of that
_NEAR = 0.75
_IN_A_NAME = 0.1
_BACKING = 0.25  # of the score, for each keyword after the first


class Kind(IntEnum):
    """How the words of a keyword stand together; the better first."""

    TOGETHER = 0
    NEAR = 1
    APART = 2  # in title and text
    IN_A_NAME = 3  # 'oil' in 'Hershey Oil Corp', 'dollar' in '3 million dollars'


# By themselves: in Python 3.11 each look at a member of an enumeration is a call.
TOGETHER, NEAR, APART, IN_A_NAME = Kind


class Hit(NamedTuple):
    """One piece of evidence: its weight in the score and the places that show it, each in a field.

    `offsets` are given where the evidence is of characters (regular expressions), not of words.
    """

    kind: Kind
    weight: float
    places: tuple[tuple[FieldText, Place], ...]
    offsets: tuple[int, int] | None = None


_FACTORS = (1.0, _NEAR, 1.0, _IN_A_NAME)  # by kind


def weigh(kind: Kind, field: FieldText, place: Place) -> float:
    """The weight of a mention in the title or text, or in another field."""
    if kind is APART:
        return WORDS_APART
    if field.name != "text":
        return _TITLE * _FACTORS[kind]
    half = SUMMARY_WORDS if field.length <= SUMMARY_WORDS else _HALF
    return _TEXT * _FACTORS[kind] / (1 + place[0] // CHUNK_STEP / half)


def latest(mentions: int, enough: float) -> float:
    """The word of an article's text up to which that many mentions from there on may weigh `enough` together."""
    return _HALF * (_TEXT * mentions / enough - 1)


def backed(together: float, keywords: int) -> float:
    """The score of several keywords whose evidence weighs so much together."""
    return together * (1 + _BACKING * (keywords - 1))


def score(hits: Sequence[Hit]) -> float:
    """The score of one keyword: the sum of its evidence, each place counted once."""
    return score_all([("", hit) for hit in hits])


def score_all(hits: Sequence[tuple[str, Hit]]) -> float:
    """The score of several keywords' evidence, each place counted once with its heaviest; words apart count where there
    is nothing better."""
    if len(hits) == 1:
        return hits[0][1].weight
    together = apart = 0.0
    keywords: set[str] = set()
    taken: set[tuple[str, int]] = set()
    for keyword, hit in sorted(hits, key=_weight, reverse=True):
        if hit.kind is APART:
            apart = max(apart, hit.weight)
            continue
        field, (start, after) = hit.places[0]
        first, last = start // CHUNK_STEP, (after - 1) // CHUNK_STEP
        chunks = [(field.name, first)] if first == last else [(field.name, at) for at in range(first, last + 1)]
        if taken.isdisjoint(chunks):
            taken.update(chunks)
            together += hit.weight
            keywords.add(keyword)
    return max(backed(together, len(keywords)), apart)


def _weight(pair: tuple[str, Hit]) -> float:
    return pair[1].weight
