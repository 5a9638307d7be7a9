"""What a story's cluster knows of its entries."""

from array import array
from random import Random

import pytest

from aggregator.group.stories import clusters
from aggregator.group.stories.clusters import Clusters, age, ties
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.vectors import Vector
from aggregator.group.stories.vocabulary import Term


def test_newest_entries_of_a_story_are_known_whatever_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "NEWEST", 5)
    chance, kept, word = Random(1), Clusters(SHIPPED), Term("word")
    rows: list[Vector] = []
    for number in range(400):
        if len(rows) < 3 or chance.random() < 0.6:
            row = Vector(number, 1, chance.randrange(50), (word,), array("H", [1]), array("I"))
            rows.append(row)
            kept.add(1, row)
        else:
            kept.take(1, rows.pop(chance.randrange(len(rows))))
        if chance.random() < 0.5:
            assert sorted(kept.by_id[1].newest(), key=age) == sorted(rows, key=age)[-5:]


def test_of_terms_that_tie_as_much_the_first_in_the_alphabet_is_named() -> None:
    ship, grain, vote = Term("ship"), Term("grain"), Term("vote")
    assert ties([(ship, 500), (vote, 600), (grain, 500)], {grain: 500, ship: 500, vote: 400}, 2) == ("grain", "ship")
