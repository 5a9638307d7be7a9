"""Fingerprints of a text, read as the clusterer reads it."""

from __future__ import annotations

from aggregator.group.stories.prints import Prints, prints_of
from aggregator.group.stories.terms import Terms


def printed(title: str, text: str) -> Prints:
    return prints_of(Terms("en").read(title, text).sentences)
