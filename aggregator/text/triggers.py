"""Which keywords are worth a look: those all of whose words are in an entry, found by set operations.

A keyword lies under the rarest of its words, and there under the next rarest, so that an entry that lacks either never
meets it. 'Rarest' is a guess: the word that the fewest keywords have, the longest of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Way = frozenset[int]
"""Numbers of words that must all be there."""


@dataclass(slots=True)
class _Under:
    """The keywords under a word: those that need nothing else, those that need one word more, and the others."""

    alone: list[int] = field(default_factory=list)
    partners: set[int] = field(default_factory=set)
    pairs: dict[int, list[int]] = field(default_factory=dict)
    longer: dict[int, list[tuple[Way, int]]] = field(default_factory=dict)

    def add(self, others: Sequence[int], way: Way, index: int) -> None:
        if not others:
            self.alone.append(index)
            return
        self.partners.add(others[0])
        if len(others) == 1:
            self.pairs.setdefault(others[0], []).append(index)
        else:
            self.longer.setdefault(others[0], []).append((way, index))


class Triggers:
    """Keywords, by index, under the words that they need."""

    def __init__(self, needs: Iterable[tuple[Way, int]], forms: Sequence[str]) -> None:
        """`needs`: ways to write a keyword, each with its index; `forms`: the words by number."""
        needs = list(needs)
        uses = Counter(number for way, _ in needs for number in way)
        self._under: dict[int, _Under] = {}
        for way, index in needs:
            rarest, *others = sorted(way, key=lambda number: (uses[number], -len(forms[number]), number))
            self._under.setdefault(rarest, _Under()).add(others, way, index)
        self._words: AbstractSet[int] = set(self._under)

    def candidates(self, numbers: set[int]) -> set[int]:
        """Indexes of the keywords of which one way is among the words of an entry."""
        found: set[int] = set()
        for number in numbers & self._words:
            under = self._under[number]
            if under.alone:
                found.update(under.alone)
            if under.partners.isdisjoint(numbers):
                continue
            for partner in under.partners & numbers:
                found.update(under.pairs.get(partner, ()))
                for way, index in under.longer.get(partner, ()):
                    if way <= numbers:
                        found.add(index)
        return found
