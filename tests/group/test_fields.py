"""What a reader sees of a story follows from its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.group.stories.fields import Member, fields_of, growth_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def member(number: int, **fields: object) -> Member:
    """An entry that came `number` minutes after noon, of an outlet of its own."""
    at = NOON + timedelta(minutes=number)
    plain = Member(
        id=number,
        outlet=f"Outlet {number}",
        priority=1,
        title=f"Title {number}",
        image_url=None,
        text_length=100,
        sort_at=at,
        changed_at=at,
        copy_of=None,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_feed_with_the_highest_priority_leads() -> None:
    assert fields_of([member(1, text_length=5_000), member(2, priority=2)]).lead_id == 2


def test_earliest_full_text_leads_among_equal_feeds() -> None:
    assert fields_of([member(1), member(2, text_length=900), member(3, text_length=9_000)]).lead_id == 2


def test_original_leads_before_its_copy() -> None:
    assert fields_of([member(1, copy_of=2), member(2)]).lead_id == 2


def test_entry_without_title_does_not_lead() -> None:
    fields = fields_of([member(1, title="", priority=5), member(2)])
    assert (fields.lead_id, fields.title) == (2, "Title 2")
    assert fields_of([member(1, title="")]).title == ""


def test_image_is_the_leads_or_the_first_one_there_is() -> None:
    entries = [member(1), member(2, image_url="http://i/2"), member(3, image_url="http://i/3")]
    assert fields_of(entries).image_url == "http://i/2"
    assert fields_of([*entries, member(4, priority=2, image_url="http://i/4")]).image_url == "http://i/4"


def test_outlets_are_named_once_and_the_leads_first() -> None:
    entries = [member(1, outlet="B"), member(2, outlet="A", priority=2), member(3, outlet="B")]
    assert fields_of(entries).outlets == ("A", "B")


def test_copies_of_one_text_count_as_one_origin() -> None:
    wire = [member(1), *(member(number, copy_of=1) for number in range(2, 8)), member(8), member(9, copy_of=8)]
    fields = fields_of(wire)
    assert (len(fields.outlets), fields.origins) == (9, 2)


def test_copy_of_a_copy_has_the_same_origin() -> None:
    assert fields_of([member(1), member(2, copy_of=1), member(3, copy_of=2)]).origins == 1


def test_copy_of_an_entry_that_is_not_in_the_story_is_an_origin_of_its_own() -> None:
    assert fields_of([member(2, copy_of=99), member(3, copy_of=99), member(4)]).origins == 2


def test_outlet_with_a_text_of_its_own_is_an_origin_though_it_prints_the_wire_too() -> None:
    entries = [member(1), member(2, outlet="Paper", copy_of=1), member(3, outlet="Paper")]
    assert fields_of(entries).origins == 2


def test_outlet_counts_once_however_much_it_writes() -> None:
    assert fields_of([member(1, outlet="Paper"), member(2, outlet="Paper")]).origins == 1


def test_topics_are_those_of_the_entries_the_most_shared_first() -> None:
    entries = [
        member(1, topics=(("Aid", 2.0),)),
        member(2, topics=(("Aid", 1.0), ("Air", 9.0))),
        member(3, topics=(("Sea", 1.0),)),
    ]
    assert fields_of(entries).topics == ("Aid", "Air", "Sea")


def test_stray_mention_in_a_large_story_is_not_its_topic() -> None:
    entries = [member(number) for number in range(9)]
    entries[4] = replace(entries[4], topics=(("Aid", 1.0),))
    assert fields_of(entries).topics == ()
    assert fields_of(entries[4:]).topics == ("Aid",)


def test_copy_is_no_change_that_a_reader_would_notice() -> None:
    entries = [member(1), member(2, copy_of=1)]
    assert fields_of(entries).updated == NOON + timedelta(minutes=1)
    edited = replace(entries[0], changed_at=NOON + timedelta(hours=5))
    fields = fields_of([edited, entries[1]])
    assert fields.updated == NOON + timedelta(hours=5)
    assert (fields.first_seen, fields.last_seen) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=2))
    assert fields_of([member(7, copy_of=99)]).updated == NOON + timedelta(minutes=7)


def test_growth_is_the_fewest_hours_in_which_half_of_the_outlets_came() -> None:
    seen = [(f"Outlet {number}", NOON + timedelta(minutes=20 * number)) for number in range(7)]
    assert growth_of(seen) == (4, 1)
    assert growth_of([*seen, ("Late", NOON + timedelta(days=2))]) == (4, 1)
    assert growth_of([(name, NOON + (at - NOON) * 3) for name, at in seen]) == (4, 3)


def test_few_or_scattered_outlets_do_not_grow() -> None:
    assert growth_of([("A", NOON), ("B", NOON), ("A", NOON)]) is None
    assert growth_of([(name, NOON + timedelta(days=2 * day)) for day, name in enumerate("ABC")]) is None
