"""A text read as the clusterer reads it."""

from __future__ import annotations

from aggregator.group.stories.prints import Prints, prints_of
from aggregator.group.stories.settings import SHIPPED, Settings
from aggregator.group.stories.terms import Document, Terms
from aggregator.group.stories.vocabulary import Vocabulary


def read(language: str, title: str, text: str, settings: Settings = SHIPPED) -> Document:
    return Terms(language, Vocabulary(), settings).read(title, text)


def counted(document: Document) -> dict[str, int]:
    return {term.text: count for term, count in document.counts.items()}


def printed(title: str, text: str) -> Prints:
    return prints_of(read("en", title, text).sentences)
