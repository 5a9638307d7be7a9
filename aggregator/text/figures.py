"""Words that stand for something else than what they say: in a company's name, or as the unit of an amount of money."""

from __future__ import annotations

from aggregator.text.places import FieldText, Place
from aggregator.text.stems import is_common
from aggregator.text.tokens import CHUNK_STEP
from aggregator.text.vocabulary import COMPANY, CURRENCY
from aggregator.text.wordlists import MAGNITUDES


def has_names(field: FieldText) -> bool:
    """Whether there are names of companies or amounts of money in a field at all: most have none."""
    return COMPANY in field.found or CURRENCY in field.found


def is_in_a_name(field: FieldText, place: Place, language: str) -> bool:
    """Whether a common word names a company there ('Hershey Oil Corp') or counts money ('3 million dollars')."""
    index = place[0] // CHUNK_STEP
    found, after = field.found, (index + 1) * CHUNK_STEP
    ends = found.get(COMPANY, ())
    if (after, after + CHUNK_STEP) in ends or (after + CHUNK_STEP, after + 2 * CHUNK_STEP) in ends:
        word = field.word(index)
        if word[0].isupper():
            return is_common(word.lower(), language)
    if index == 0 or place not in found.get(CURRENCY, ()):
        return False
    before = field.word(index - 1).lower()
    return before[0].isdigit() or before in MAGNITUDES
