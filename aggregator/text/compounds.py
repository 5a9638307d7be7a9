"""German words that are made of a keyword and another word: Luftabwehrsysteme, Warnstreik, Bundestagswahl.

What English writes as 'air defence systems' German writes as one word, so a keyword counts at its beginning and at its
end. Both parts must be words, long enough not to meet by accident: Zeitung is no matter of Zeit.
"""

from __future__ import annotations

from functools import lru_cache

from aggregator.text.stems import bare_stem, is_noun

_BEGINNING = 6  # letters of a keyword that may begin a compound
_END = 5  # or end one
_OTHER = 4  # letters of the other part
_LINKS = ("", "s", "es", "n", "en", "er")


class Compounds:
    """The keywords of a matcher as parts of German compounds."""

    def __init__(self) -> None:
        self._beginnings: dict[str, list[int]] = {}
        self._ends: dict[str, list[int]] = {}

    def add(self, form: str, number: int) -> None:
        """A keyword's noun. Verbs and short words are no parts."""
        if len(form) >= _BEGINNING:
            self._beginnings.setdefault(form, []).append(number)
        if len(form) >= _END:
            self._ends.setdefault(bare_stem(form, "de"), []).append(number)

    def answers(self, form: str) -> set[int]:
        """The keywords of which a noun in a text is made."""
        numbers: set[int] = set()
        if len(form) < _END + _OTHER or not (self._beginnings or self._ends):
            return numbers
        for at in range(_BEGINNING, len(form) - _OTHER + 1):
            begun = self._beginnings.get(form[:at])
            if begun and _is_rest(form[at:]):
                numbers.update(begun)
        stem = bare_stem(form, "de")
        for at in range(_OTHER, len(stem) - _END + 2):
            ended = self._ends.get(stem[at:])
            if ended and _is_first(form[:at]):
                numbers.update(ended)
        return numbers


@lru_cache(4_096)
def _is_rest(rest: str) -> bool:
    """Whether a link and a noun, or a compound of nouns, are what follows the first part."""
    tails = [rest[len(link) :] for link in _LINKS if rest.startswith(link)]
    return any(len(tail) >= _OTHER and (is_noun(tail) or is_noun(bare_stem(tail, "de"))) for tail in tails)


@lru_cache(4_096)
def _is_first(first: str) -> bool:
    """Whether a noun or a verb's stem, with or without a link, comes before the last part."""
    heads = [first[: len(first) - len(link)] for link in _LINKS if first.endswith(link)]
    return any(len(head) >= _OTHER and (is_noun(head) or is_noun(head + "en")) for head in heads)
