"""What an entry's words weigh, by what is known of them."""

from __future__ import annotations

from collections import defaultdict

from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.vectors import UNIT, Known, weigh
from aggregator.group.stories.vocabulary import Term

STORIES = 1_000
MOST = 324  # with the entry that asks, a quarter of them and of those that are taken to have come before


def known(entries: int = 5_000) -> Known:
    return Known(STORIES, entries, defaultdict(lambda: 1.0, {0b110: 3.0}))


def word(text: str, stories: int = 0, told: int = 0, days: int = 0) -> Term:
    term = Term(text)
    term.stories, term.told, term.days = dict.fromkeys(range(stories), 500), told or stories, days
    return term


def weights(*terms: Term, entries: int = 5_000) -> dict[str, int]:
    found, given = weigh(dict.fromkeys(terms, 1), 0, known(entries), SHIPPED)
    return {term.text: weight for term, weight in zip(found, given, strict=True)}


def test_rarest_word_is_the_heaviest_and_the_first_of_equal_ones_comes_first() -> None:
    given = weights(word("common", 100), word("storm", 5), word("grain", 5), word("new"))
    assert list(given) == ["new", "grain", "storm", "common"]
    assert given["grain"] == given["storm"]
    assert UNIT * 0.7 < sum(weight**2 for weight in given.values()) ** 0.5 < UNIT


def test_word_that_is_told_day_after_day_weighs_a_part() -> None:
    given = weights(word("storm", 5), word("war", 5, days=0b110))
    assert abs(given["storm"] - 3 * given["war"]) <= 2


def test_word_of_a_quarter_of_the_stories_weighs_nothing_and_one_of_hardly_fewer_a_little() -> None:
    assert weights(word("theme", MOST), word("storm", 5)).keys() == {"storm"}
    assert weights(word("theme", MOST - 1), *[word(f"storm{n}") for n in range(20)])["theme"] == 1


def test_word_of_one_story_that_has_swallowed_most_entries_weighs_little() -> None:
    given = weights(word("tokyo", 1, told=1_000), word("storm", 1, told=10), entries=1_500)
    assert given["tokyo"] < given["storm"] / 4
