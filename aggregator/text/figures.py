"""Words that stand for something else than what they say: in a company's name, or as the unit of an amount of money."""

from __future__ import annotations

from aggregator.text.places import CHUNK_STEP, FieldText, Place
from aggregator.text.stems import is_common
from aggregator.text.wordlists import COMPANIES, CURRENCIES, MAGNITUDES


def is_in_a_name(field: FieldText, place: Place, language: str) -> bool:
    """Whether a common word names a company there ('Hershey Oil Corp') or counts money ('3 million dollars')."""
    words = field.words
    index = place[0] // CHUNK_STEP
    word = words[index]
    if word[0].isupper() and any(
        other[0].isupper() and other.lower() in COMPANIES for other in words[index + 1 : index + 3]
    ):
        return is_common(word.lower(), language)
    if index == 0 or word.lower() not in CURRENCIES:
        return False
    before = words[index - 1].lower()
    return before[0].isdigit() or before in MAGNITUDES
