"""What grouping keeps in memory is bounded by the window: counted in things, whatever the attributes are called."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sized
from random import Random

import pytest

from aggregator.group.stories import terms
from aggregator.group.stories.clusterer import Clusterer
from aggregator.group.stories.settings import DAY, Settings

A_DAY = 40  # entries
WINDOW = 100


def kept(thing: object, seen: set[int]) -> int:
    """How many keys and items are in the containers that can be reached from a thing."""
    if id(thing) in seen or isinstance(thing, (str, bytes, int, float, array, type, type(None))):
        return 0
    seen.add(id(thing))
    inside = len(thing) if isinstance(thing, Sized) else 0
    return inside + sum(kept(part, seen) for part in parts(thing))


def parts(thing: object) -> Iterable[object]:
    if isinstance(thing, dict):
        yield from thing
        yield from thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset, deque)):
        yield from thing
    yield from getattr(thing, "__dict__", {}).values()
    for kind in type(thing).__mro__:
        for name in kind.__dict__.get("__slots__", ()):
            yield getattr(thing, name, None)


def test_sixty_days_keep_no_more_than_thirty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "_CACHE", 400)
    chance, clusterer = Random(1), Clusterer("en", Settings(window=WINDOW, idle=2 * DAY))
    most: list[int] = []
    for number in range(60 * A_DAY):
        event = chance.randrange(number // 8, number // 8 + 6)  # new names every day
        words = [f"name{event}", f"place{event}", f"Word{chance.randrange(number, number + 400)}"]
        clusterer.place(number, number % 9, number * DAY // A_DAY, " ".join(words), " ".join(reversed(words)))
        if number % (2 * A_DAY) == 0:
            most.append(kept(clusterer, set()))
    assert max(most[15:]) <= 1.05 * max(most[5:15])
