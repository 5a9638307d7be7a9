"""Which entries are new, edited, issued again or known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Enclosure, ParsedEntry, identity_hash
from aggregator.poll.identity import (
    MAX_REVISIONS,
    NEW_PER_DAY,
    Changes,
    KnownEntries,
    changes,
    content_hash,
    lookup,
)
from aggregator.poll.parse.result import FeedMeta, KnownSpans, ParsedFeed
from aggregator.store.entries import KnownEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def entry(number: int, **fields: object) -> ParsedEntry:
    values: dict[str, object] = {
        "guid": f"id-{number}",
        "title": f"Report number {number} of the committee",
        "url": f"https://a.example/{number}",
        "text": f"Text of {number}.",
        "published": NOW - number * timedelta(hours=1),
    }
    return ParsedEntry(**{**values, **fields})  # type: ignore[arg-type]


def feed(*entries: ParsedEntry, identities: tuple[str, ...] = (), spans: KnownSpans | None = None) -> ParsedFeed:
    names = identities or tuple(one.guid or one.url or one.title for one in entries)
    found = spans or KnownSpans(items={at.to_bytes(8): identity_hash(name) for at, name in enumerate(names)})
    return ParsedFeed(meta=FeedMeta(), entries=entries, identities=names, spans=found, served=len(found.items))


def known(parsed: ParsedFeed, **fields: object) -> KnownEntries:
    stored = [
        KnownEntry(number, identity_hash(name), one.url, one.title, content_hash(one), 1, one.published or NOW)
        for number, (name, one) in enumerate(zip(parsed.identities, parsed.entries, strict=True), start=1)
    ]
    values: dict[str, object] = {"entries": stored, "total": len(stored), "last_new_at": NOW - DAY}
    return KnownEntries(**{**values, **fields})  # type: ignore[arg-type]


def numbers(found: Changes) -> tuple[int, int, int, int]:
    return len(found.new), len(found.edited), len(found.reissued), found.unchanged


def test_first_poll_takes_every_entry_oldest_first() -> None:
    served = feed(*(entry(number) for number in range(3000)))
    found = changes(KnownEntries(), served, NOW)
    assert numbers(found) == (3000, 0, 0, 0)
    assert [one.sort_at for one in found.new] == sorted(one.sort_at for one in found.new)
    assert found.spans == served.spans


def test_same_feed_again_changes_nothing() -> None:
    served = feed(entry(1), entry(2))
    assert numbers(changes(known(served), served, NOW)) == (0, 0, 0, 2)


def test_items_that_the_parser_left_out_as_known_are_unchanged() -> None:
    whole = feed(entry(1), entry(2), entry(3))
    trimmed = replace(whole, entries=(entry(3),), identities=("id-3",))
    assert numbers(changes(known(feed(entry(1), entry(2))), trimmed, NOW)) == (1, 0, 0, 2)


def test_changed_title_text_address_or_enclosure_is_an_edit() -> None:
    before = known(feed(entry(1)))
    for change in (
        {"title": "Other"},
        {"text": "Other text."},
        {"url": "https://a.example/other"},
        {"enclosures": (Enclosure("https://a.example/a.mp3"),)},
    ):
        found = changes(before, feed(entry(1, **change)), NOW)
        assert numbers(found) == (0, 1, 0, 0), change
        assert found.edited[0].id == 1
        assert found.edited[0].content_hash == content_hash(found.edited[0].entry)


def test_changes_that_no_reader_sees_are_no_edit() -> None:
    before = known(feed(entry(1)))
    for change in (
        {"text": "Text  of\n1."},
        {"updated": NOW},
        {"published": NOW},
        {"categories": ("a",)},
        {"url": "https://a.example/1?utm_source=rss&utm_medium=feed"},
        {"url": "http://a.example/1#top"},
        {"summary": "<p>Text of 1.</p>"},
    ):
        assert numbers(changes(before, feed(entry(1, **change)), NOW)) == (0, 0, 0, 1), change


def test_entry_that_never_settles_is_followed_for_a_hundred_revisions() -> None:
    before = known(feed(entry(1)))
    worn = replace(before, entries=[replace(before.entries[0], revision=MAX_REVISIONS)])
    assert numbers(changes(worn, feed(entry(1, title="Other")), NOW)) == (0, 0, 0, 1)


def test_entry_that_retention_removed_does_not_come_back_as_new() -> None:
    gone = KnownEntries(pruned=frozenset({identity_hash("id-1")}), total=5, last_new_at=NOW)
    assert numbers(changes(gone, feed(entry(1)), NOW)) == (0, 0, 0, 1)


def test_every_id_changing_at_once_is_recognised_by_links() -> None:
    before = known(feed(*(entry(n) for n in range(10))))
    found = changes(before, feed(*(entry(n, guid=f"new-{n}", title=f"Headline {n * 7919}") for n in range(10))), NOW)
    assert numbers(found) == (0, 10, 10, 0)
    assert {one.identity_hash for one in found.reissued} == {identity_hash(f"new-{n}") for n in range(10)}


def test_every_id_and_link_changing_at_once_is_recognised_by_titles() -> None:
    before = known(feed(*(entry(n) for n in range(10))))
    moved = feed(*(entry(n, guid=f"new-{n}", url=f"https://b.example/x/{n}") for n in range(10)))
    assert numbers(changes(before, moved, NOW)) == (0, 10, 10, 0)


def test_article_that_gets_another_id_with_an_edit_stays_one_entry() -> None:
    before = known(feed(entry(1, guid="https://a.example/1#0"), entry(2)))
    title = "Report number 1 of the committee: what we know"
    found = changes(before, feed(entry(1, guid="https://a.example/1#1", title=title), entry(2)), NOW)
    assert numbers(found) == (0, 1, 1, 1)
    assert found.reissued[0].id == found.edited[0].id == 1


def test_new_item_that_links_to_the_page_of_an_old_one_is_new() -> None:
    page = "https://a.example/status"
    before = known(feed(entry(1, url=page, title="All systems operational")))
    found = changes(before, feed(entry(2, url=page, title="Mail is delayed in Frankfurt")), NOW)
    assert numbers(found) == (1, 0, 0, 0)


def test_titles_are_versions_of_one_when_they_share_two_fifths_of_their_groups_of_three_characters() -> None:
    def taken_for_one(title: str, other: str) -> bool:
        before = known(feed(entry(1, title=title), entry(2)))
        return not changes(before, feed(entry(1, guid="another", title=other), entry(2)), NOW).new

    assert taken_for_one("abcd", "abcx")
    assert not taken_for_one("abc", "xyc")


def test_article_whose_page_two_new_items_link_to_is_neither_of_them() -> None:
    page = "https://a.example/live"
    before = known(feed(entry(1, url=page, title="Storm: live"), entry(9)))
    both = (entry(2, url=page, title="Storm: live now"), entry(3, url=page, title="Storm: live again"))
    assert numbers(changes(before, feed(*both, entry(9)), NOW)) == (2, 0, 0, 1)


def test_edits_that_are_not_wanted_count_as_unchanged() -> None:
    before = known(feed(entry(1), entry(2), entry(3)))
    found = changes(before, feed(entry(1, title="A"), entry(2, title="B"), entry(3)), NOW)
    kept = found.without_edits({found.edited[0].id})
    assert (numbers(found), numbers(kept)) == ((0, 2, 0, 1), (0, 1, 0, 2))
    assert kept.edited == found.edited[1:]


def test_article_whose_address_alone_is_corrected_stays_one_entry() -> None:
    before = known(feed(entry(1, guid="https://a.example/teh-report"), entry(2)))
    found = changes(before, feed(entry(1, guid="https://a.example/x", url="https://a.example/x"), entry(2)), NOW)
    assert numbers(found) == (0, 1, 1, 1)


def test_feed_of_one_item_whose_link_names_the_readers_session_keeps_its_entry() -> None:
    before = known(feed(entry(1, guid=None, url="https://a.example/1?sid=a8f")))
    assert numbers(changes(before, feed(entry(1, guid=None, url="https://a.example/1?sid=b97")), NOW)) == (0, 1, 1, 0)


def test_notice_that_repeats_an_old_one_is_new_when_date_or_text_differ_or_are_absent() -> None:
    for old, new in (
        ({}, {"published": NOW}),
        ({}, {"text": "Another text."}),
        ({"published": None}, {"published": None}),
        ({"text": ""}, {"text": ""}),
    ):
        before = known(feed(entry(1, **old), entry(2)))
        found = changes(before, feed(entry(1, guid="x", url="https://a.example/x", **new), entry(2)), NOW)
        assert numbers(found) == (1, 0, 0, 1), new


def test_column_of_the_same_title_is_new_every_week() -> None:
    before = known(feed(entry(1, title="The week in pictures"), entry(2)))
    found = changes(before, feed(entry(3, title="The week in pictures"), entry(2)), NOW)
    assert numbers(found) == (1, 0, 0, 1)


def test_fragments_tell_items_of_one_page_apart() -> None:
    before = known(feed(entry(1, url="https://a.example/changes#1.0", title="Version 1.0 is out")))
    found = changes(before, feed(entry(2, url="https://a.example/changes#1.1", title="Version 1.1 is out")), NOW)
    assert numbers(found) == (1, 0, 0, 0)


def test_entry_that_is_still_served_under_its_name_is_never_given_away() -> None:
    before = known(feed(entry(1)))
    found = changes(before, feed(entry(1), entry(1, guid="id-1b")), NOW)
    assert numbers(found) == (1, 0, 0, 1)


def test_push_that_brings_one_item_takes_no_other_for_renamed() -> None:
    before = known(feed(entry(1)))
    found = changes(before, feed(entry(1, guid="id-1b")), NOW, partial=True)
    assert numbers(found) == (1, 0, 0, 0)


def test_feed_that_starts_to_share_ids_keeps_its_entries() -> None:
    before = known(feed(entry(1, guid="same")))
    urls = ("https://a.example/1", "https://a.example/2")
    found = changes(before, feed(entry(1, guid="same"), entry(2, guid="same"), identities=urls), NOW)
    assert numbers(found) == (1, 0, 1, 1)
    assert found.reissued[0].identity_hash == identity_hash("https://a.example/1")


def test_feed_that_begins_to_give_ids_keeps_its_entries() -> None:
    before = known(feed(entry(1, guid=None)))
    assert numbers(changes(before, feed(entry(1)), NOW)) == (0, 0, 1, 1)


def test_one_stored_entry_is_not_given_to_two_items() -> None:
    page = "https://a.example/page"
    before = known(feed(entry(1, guid=None, url=page)))
    both = feed(entry(1, guid=None, url=page), entry(2, guid=None, url=page), identities=("sha256:1", "sha256:2"))
    assert numbers(changes(before, both, NOW)) == (1, 0, 1, 1)


def test_revival_with_other_content_after_long_silence_is_held_back() -> None:
    before = known(feed(*(entry(n) for n in range(5))), last_new_at=NOW - 91 * DAY)
    served = feed(*(entry(n, guid=f"casino-{n}", url=f"https://x.example/{n}", title=f"Win {n}!") for n in range(5)))
    found = changes(before, served, NOW)
    assert (found.new, found.held, found.dropped) == ((), 5, 0)
    assert found.quarantine.startswith("After 91 days of silence")
    assert found.notes == (found.quarantine,)
    assert found.spans.items == {}
    released = changes(before, served, NOW, released=True)
    assert (len(released.new), released.quarantine) == (5, "")


def test_old_feed_that_adds_an_entry_after_long_silence_is_welcome() -> None:
    before = known(feed(*(entry(n) for n in range(5))), last_new_at=NOW - 400 * DAY)
    found = changes(before, feed(*(entry(n) for n in range(6))), NOW)
    assert (len(found.new), found.quarantine) == (1, "")


def test_flood_is_bounded_and_what_was_left_out_is_read_again_later() -> None:
    served = feed(*(entry(n) for n in range(10)))
    found = changes(KnownEntries(total=5, new_today=NEW_PER_DAY - 4, last_new_at=NOW), served, NOW)
    assert [one.identity for one in found.new] == ["id-3", "id-2", "id-1", "id-0"]
    assert (found.dropped, found.held, found.quarantine) == (6, 0, "")
    assert set(found.spans.items.values()) == {identity_hash(f"id-{n}") for n in range(4)}
    assert found.notes == (f"6 new entries were left out: the feed gave more than {NEW_PER_DAY} in a day.",)


def test_nobody_pins_himself_on_top_with_a_date_in_the_future() -> None:
    claims = [datetime(9999, 12, 31, tzinfo=UTC), NOW + DAY, NOW - DAY, datetime(1970, 1, 1, tzinfo=UTC), None]
    served = feed(*(entry(n, published=claim) for n, claim in enumerate(claims)))
    sorted_at = {one.identity: one.sort_at for one in changes(KnownEntries(), served, NOW).new}
    assert sorted_at["id-0"] == sorted_at["id-1"] == NOW
    assert sorted_at["id-2"] == NOW - DAY
    assert NOW - timedelta(seconds=1) < sorted_at["id-4"] < sorted_at["id-3"] < NOW


def test_undated_entry_is_sorted_by_its_update() -> None:
    served = feed(entry(1, published=None, updated=NOW - 2 * DAY))
    assert changes(KnownEntries(), served, NOW).new[0].sort_at == NOW - 2 * DAY


def test_lookup_asks_for_names_addresses_of_either_scheme_and_titles() -> None:
    asked = lookup(feed(entry(1), identities=("https://a.example/1",)))
    assert asked.identity_hashes == {identity_hash("id-1"), identity_hash("https://a.example/1")}
    assert asked.urls == {"https://a.example/1", "http://a.example/1"}
    assert asked.titles == {"Report number 1 of the committee"}


ENTRIES = st.lists(
    st.builds(
        entry,
        st.integers(0, 5),
        guid=st.sampled_from(["a", "b", "c", None]),
        url=st.sampled_from(["https://a.example/1", "https://a.example/2", None]),
        title=st.sampled_from(["One title", "Another title", ""]),
    ),
    max_size=6,
)


@given(ENTRIES, ENTRIES)
def test_each_served_entry_is_exactly_one_of_new_edited_or_unchanged(
    first: list[ParsedEntry], second: list[ParsedEntry]
) -> None:
    before, after = (
        feed(*entries, identities=tuple(f"{one.guid}-{n}" for n, one in enumerate(entries)))
        for entries in (first, second)
    )
    found = changes(known(before), after, NOW)
    assert len(found.new) + len(found.edited) + found.unchanged == len(after.entries)
    assert len({one.id for one in found.edited}) == len(found.edited)
    assert len({one.id for one in found.reissued}) == len(found.reissued)
    assert len({one.identity_hash for one in found.new}) == len(found.new)
