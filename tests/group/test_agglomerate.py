"""Entries grouped afresh: what is worked out for all pairs at once is what two of them are found to be one by one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from aggregator.group.stories.agglomerate import agglomerate
from aggregator.group.stories.clusters import Extent, closeness, likeness
from aggregator.group.stories.settings import DAY, SHIPPED, Settings
from aggregator.group.stories.vectors import UNIT, Vector
from aggregator.group.stories.vocabulary import Term

START = 1_700_000_000
TERMS = [Term(text) for text in "abcdefghijkl"]


def random_row(chance: Random, number: int) -> Vector:
    event = chance.randrange(3)
    terms = chance.sample(TERMS[4 * event : 4 * event + 4], 3) + chance.sample(TERMS, chance.randrange(3))
    terms = list(dict.fromkeys(terms))
    weights = array("H", [UNIT // len(terms)] * len(terms))
    at = START + event * DAY + chance.randrange(4) * DAY * chance.randrange(3) + chance.randrange(DAY)
    return Vector(number, chance.randrange(6), at, tuple(terms), weights, array("I"))


def nearness(one: Sequence[Vector], other: Sequence[Vector], crowd: float, settings: Settings) -> float:
    product = sum(a.times(b) for a in one for b in other)
    alike = likeness(product, len(one) * len(other), crowd, settings)
    return alike * closeness(extent(one), extent(other), settings)


def extent(rows: Sequence[Vector]) -> Extent:
    times, feeds = [row.at for row in rows], {row.feed_id for row in rows}
    feed_id = feeds.pop() if len(feeds) == 1 else None
    return Extent(min(times), max(times), sum(times) / len(times), feed_id)


def one_by_one(rows: Sequence[Vector], crowd: float, settings: Settings) -> list[list[int]]:
    groups = [[row] for row in sorted(rows, key=lambda row: (row.at, row.entry_id))]
    while len(groups) > 1:
        near, pair = max(
            ((nearness(one, other, crowd, settings), (one, other)) for one, other in combinations(groups, 2)),
            key=lambda found: found[0],
        )
        if near < SHIPPED.join:
            break
        pair[0].extend(pair[1])
        groups = [group for group in groups if group is not pair[1]]
    return [[row.entry_id for row in group] for group in sorted(groups, key=lambda group: (-len(group), group[0].at))]


@pytest.mark.parametrize("seed", range(40))
def test_groups_are_those_that_are_found_pair_by_pair(seed: int) -> None:
    chance = Random(seed)
    rows = [random_row(chance, number) for number in range(chance.choice((4, 8, 16)))]
    crowd, settings = chance.random() * 3, replace(SHIPPED, fade=chance.choice((SHIPPED.fade, 30 * DAY)), idle=2 * DAY)
    found = agglomerate(rows, settings, crowd)
    assert [[row.entry_id for row in group] for group in found] == one_by_one(rows, crowd, settings)


def test_entries_without_words_stay_alone() -> None:
    rows = [Vector(number, 1, START, (), array("H"), array("I")) for number in range(4)]
    assert [len(group) for group in agglomerate(rows, SHIPPED, 0.0)] == [1, 1, 1, 1]
