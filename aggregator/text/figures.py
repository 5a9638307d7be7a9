"""Words that stand for something else than what they say: in a company's name, or as the unit of an amount of money."""

from __future__ import annotations

from aggregator.text.places import CHUNK_STEP, FieldText, Place
from aggregator.text.wordlists import COMPANIES, CURRENCIES, MAGNITUDES


def is_in_a_name(field: FieldText, place: Place) -> bool:
    """Whether the word there names a company ('Hershey Oil Corp') or counts money ('3 million dollars')."""
    index = place.start // CHUNK_STEP
    word = field.words[index]
    following = field.words[index + 1 : index + 3]
    if word[:1].isupper() and any(other.lower() in COMPANIES and other[0].isupper() for other in following):
        return True
    if index == 0 or word.lower() not in CURRENCIES:
        return False
    before = field.words[index - 1].lower()
    return before[0].isdigit() or before in MAGNITUDES
