"""The terms of one language, and what the window knows of each of them.

A word that is read leads to its term, and the term to all that is asked of it: there are forty in an entry, and three
look-ups for each were what most of the time went to.
"""

from __future__ import annotations

_NOWHERE: dict[int, int] = {}


class Term:
    """A word's stem, or what stands for it. A vocabulary has one object for each, equal to no other."""

    __slots__ = ("days", "stories", "text", "told")

    def __init__(self, text: str) -> None:
        self.text = text
        self.told = 0
        """Entries of the window that have it among their heaviest."""
        self.stories: dict[int, int] = _NOWHERE
        """Id of each story that has it, and its weight in the sum of the story's vectors."""
        self.days = 0
        """A bit for each of the last days on which it was told; see recurrence."""

    def add(self, story: int, weight: int) -> int:
        """An entry that has it came into a story. Its weight in the story's sum now."""
        if not self.told:
            self.stories = {}
        self.told += 1
        weight += self.stories.get(story, 0)
        self.stories[story] = weight
        return weight

    def take(self, story: int, weight: int) -> int:
        """An entry that has it went out of a story. Its weight in the story's sum now; 0 if that has it no more."""
        self.told -= 1
        left = self.stories[story] - weight
        if left:
            self.stories[story] = left
        else:
            del self.stories[story]
            if not self.told:
                self.stories = _NOWHERE
        return left


NO_TERM = Term("")
"""What a word leads to that doesn't count."""


class Vocabulary:
    """The terms that were met, by their text."""

    def __init__(self) -> None:
        self._terms: dict[str, Term] = {}

    def of(self, text: str) -> Term:
        """The term of a text, which is made if there is none."""
        term = self._terms.get(text)
        if term is None:
            term = self._terms[text] = Term(text)
        return term

    def forget(self) -> None:
        """Leave out the terms that the window knows nothing of. Nobody may hold one of them any more."""
        self._terms = {text: term for text, term in self._terms.items() if term.told or term.days}
