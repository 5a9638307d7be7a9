"""How near two entries of the window are, in sentences."""

from array import array
from datetime import UTC, datetime

import pytest

from aggregator.group.near import nearness
from aggregator.group.stories.packed import pack
from aggregator.group.stories.settings import DAY, SHIPPED
from aggregator.group.stories.vectors import Row
from aggregator.group.window import row_of, to_store
from aggregator.store.grouping import Surroundings, WindowRow

EN = ("en", "en")
ALONE = Surroundings(10_000, 0)


def row(id_: int, *terms: str, at: int = 0, feed: int = 0) -> Row:
    return Row(id_, feed or id_, at, terms, array("H", [500] * len(terms)), array("I"))


@pytest.mark.parametrize(
    ("one", "other", "languages", "said"),
    [
        (row(1, "odesa"), row(2, "odesa"), ("en", "uk"), "They are in different languages, en and uk"),
        (row(1, "odesa"), row(2, "odesa", at=6 * DAY), EN, "They were told 6 days apart; a story ends"),
        (row(1, "odesa"), row(2, "grain"), EN, "They have no telling word in common."),
        (
            row(1, "odesa", "port"),
            row(2, "odesa", "port"),
            EN,
            "is enough: in common odesa, port; told within two hours.",
        ),
        (row(1, "odesa"), row(2, "odesa", at=3 * DAY), EN, "is too little: in common odesa; told 3 days apart"),
        (row(1, "odesa", "port", feed=7), row(2, "odesa", "port", feed=7), EN, "by one feed, whose series"),
        (row(1, "odesa", feed=7), row(2, "odesa", at=DAY, feed=7), EN, "24 hours apart, by one feed, whose series"),
        (
            row(1, "odesa", "port", feed=7),
            row(2, "odesa", "port", at=DAY, feed=7),
            EN,
            "One feed told both in much the same words (odesa, port), told 24 hours apart: that is taken for a series",
        ),
    ],
)
def test_reason_says_what_brings_them_together_or_keeps_them_apart(
    one: Row, other: Row, languages: tuple[str, str], said: str
) -> None:
    near = nearness(one, other, languages, ALONE)
    assert said in near.reason
    assert near.needed == SHIPPED.join
    assert ("is enough" in near.reason) == (near.similarity >= SHIPPED.join)


def test_more_is_needed_among_many_stories_and_where_few_entries_are_known() -> None:
    pair = row(1, "odesa"), row(2, "odesa")
    alone, crowd, young = (
        nearness(*pair, EN, around) for around in (ALONE, Surroundings(10_000, 1_000), Surroundings(60, 60))
    )
    assert alone.similarity == crowd.similarity > young.similarity
    assert alone.needed < young.needed
    assert alone.needed < crowd.needed
    assert "is enough" in alone.reason


def test_stored_row_is_read_back() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    stored = WindowRow(1, 2, "en", at, ("odesa", "port"), pack("H", [600, 500]), pack("I", [1, 2]))
    assert row_of(stored) == Row(
        1, 2, int(at.timestamp()), ("odesa", "port"), array("H", [600, 500]), array("I", [1, 2])
    )
    assert to_store(row_of(stored), "en") == stored
