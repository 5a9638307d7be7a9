"""What speaks for a keyword in an entry, and how much.

A mention in the title weighs 4. One in the text weighs 2 at its very beginning, 1 at the 40th word (in a summary of
at most 60 words at the last one) and less and less after it; so one mention in the title or in the lead reaches the
default threshold of 1, a passing mention deep in an article doesn't, and several do. The numbers were measured:
docs/keywords.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from aggregator.text.places import CHUNK_STEP, FieldText, Place

THRESHOLD = 1.0
"""Score from which a keyword, and so a topic, takes an entry."""
SUMMARY_WORDS = 60
"""A text of at most this many words is a summary: what it mentions, it is about."""

_TITLE = 4.0  # also author and url
_TEXT = 2.0  # at the beginning of the text
_HALF = 40  # words into the text at which a mention weighs half of that
_NEAR = 0.75
_APART = 1.2
_IN_A_NAME = 0.2


class Kind(IntEnum):
    """How the words of a keyword stand together; the better first."""

    TOGETHER = 0
    NEAR = 1
    APART = 2  # in title and text
    IN_A_NAME = 3  # 'oil' in 'Hershey Oil Corp', 'dollar' in '3 million dollars'


@dataclass(frozen=True, slots=True)
class Hit:
    """One piece of evidence: its weight in the score and the places that show it, each in a field.

    `offsets` are given where the evidence is of characters (regular expressions), not of words.
    """

    kind: Kind
    weight: float
    places: tuple[tuple[FieldText, Place], ...]
    offsets: tuple[int, int] | None = None

    def without_weight(self) -> Hit:
        """The same, shown but not counted."""
        return replace(self, weight=0.0)


def weigh(kind: Kind, field: FieldText, place: Place) -> float:
    """The weight of a mention in the title or text, or in another field."""
    if kind is Kind.APART:
        return _APART
    factor = {Kind.NEAR: _NEAR, Kind.IN_A_NAME: _IN_A_NAME}.get(kind, 1.0)
    if field.name != "text":
        return _TITLE * factor
    half = SUMMARY_WORDS if len(field.words) <= SUMMARY_WORDS else _HALF
    return _TEXT * factor / (1 + place.start // CHUNK_STEP / half)


def score(hits: Iterable[Hit]) -> float:
    """Their sum, each place once with its heaviest evidence; words apart count where there is nothing better."""
    together = apart = 0.0
    taken: dict[str, list[Place]] = {}
    for hit in sorted(hits, key=lambda hit: -hit.weight):
        if hit.kind is Kind.APART:
            apart = max(apart, hit.weight)
            continue
        field, place = hit.places[0]
        others = taken.setdefault(field.name, [])
        if not any(place.start < other.after and other.start < place.after for other in others):
            others.append(place)
            together += hit.weight
    return max(together, apart)
