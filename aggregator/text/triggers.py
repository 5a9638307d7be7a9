"""Which keywords are worth a look: those all of whose words are in an entry, found by set operations.

A keyword lies under the rarest of its words, and there under the next rarest, so that an entry that lacks either never
meets it. 'Rarest' is a guess: the word that the fewest keywords have, the longest of those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

Way = frozenset[int]
"""Numbers of words that must all be there."""
_PAIR = 2


class Triggers:
    """Keywords, by index, under the words that they need."""

    def __init__(self, needs: Iterable[tuple[Way, int]], forms: Sequence[str]) -> None:
        """`needs`: ways to write a keyword, each with its index; `forms`: the words by number."""
        needs = list(needs)
        uses = Counter(number for way, _ in needs for number in way)
        self._alone: dict[int, list[int]] = {}
        self._under: dict[int, dict[int, list[tuple[Way, int]]]] = {}
        for way, index in needs:
            rarest, *others = sorted(way, key=lambda number: (uses[number], -len(forms[number]), number))
            if others:
                self._under.setdefault(rarest, {}).setdefault(others[0], []).append((way, index))
            else:
                self._alone.setdefault(rarest, []).append(index)
        self._partners = {number: frozenset(under) for number, under in self._under.items()}
        self._of_one, self._of_several = set(self._alone), set(self._under)

    def candidates(self, numbers: set[int]) -> set[int]:
        """Indexes of the keywords of which one way is among the words of an entry."""
        found: set[int] = set()
        for number in numbers & self._of_one:
            found.update(self._alone[number])
        partners = self._partners
        met = [number for number in numbers & self._of_several if not partners[number].isdisjoint(numbers)]
        for number in met:
            under = self._under[number]
            for partner in partners[number] & numbers:
                for way, index in under[partner]:
                    if len(way) == _PAIR or way <= numbers:
                        found.add(index)
        return found
