"""The group stage on real databases: idempotent, resumed where it was interrupted, up to date with feeds.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.config.applied import Applied
from aggregator.config.models import Config, TopicConfig
from aggregator.group import grouper
from aggregator.group import topics as topics_module
from aggregator.group.grouper import Grouper, GroupReport, group
from aggregator.group.placing import Placing
from aggregator.model import Entry, EntryContent, Story, identity_hash
from aggregator.store import entries, feeds, grouping, meta, stories
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, EditedEntry, NewEntry
from aggregator.store.grouping import Surroundings
from tests.group.news import CONTACT_GROUP, OTHERS

NOW = datetime(2022, 10, 13, 18, tzinfo=UTC)
VERSIONS, APART = list(CONTACT_GROUP.values()), list(OTHERS.values())
ALL = [*VERSIONS, *APART]


def config(*topics: str, **feed: Any) -> Config:
    """Ten feeds, and a topic for each keyword; `feed` overrides the first feed."""
    urls = [{"url": f"https://{name}.example/", "name": name} for name in "abcdefghij"]
    return Config.model_validate(
        {"feeds": [urls[0] | feed, *urls[1:]], "topics": {one: {"any": [one]} for one in topics}}
    )


def add(store: Store, news: Iterable[tuple[str, str]], start: datetime = NOW, first: int = 0) -> None:
    """Store news, each of another feed and a minute after the one before."""
    with store.write() as conn:
        feeds.sync(conn, config().feeds)
        for number, (title, text) in enumerate(news, first):
            at = start + timedelta(minutes=number)
            content = EntryContent(title=title, text=text, language="en")
            new = NewEntry(str(number), identity_hash(str(number)), 0, at, content)
            entries.insert_new(conn, [Arrivals(number % 10 + 1, [new], at)])


def recent(store: Store) -> list[Story]:
    with store.read() as conn:
        return stories.recent(conn)


def titles(store: Store) -> dict[str, list[str]]:
    """Titles of the entries by story key."""
    with store.read() as conn:
        found = stories.recent(conn)
        members = stories.entries_of(conn, [story.id for story in found])
    return {story.key: [entry.title for entry in members[story.id]] for story in found}


def all_entries(store: Store) -> list[Entry]:
    with store.read() as conn:
        return sorted(entries.recent(conn), key=lambda entry: entry.id)


def test_entries_get_their_topics_and_their_stories(store: Store) -> None:
    add(store, ALL)
    report = group(store, config("air defense", "grain"), NOW)
    assert (report.entries, report.stories_new) == (9, 7)
    assert report.topics == 4
    story = next(story for story in recent(store) if len(story.entry_ids) > 1)
    assert [len(one) for one in (story.entry_ids, story.outlets)] == [3, 3]
    assert (story.origins, story.topics, story.language, story.closed) == (3, ("air defense",), "en", False)
    first = all_entries(store)[0]
    assert (story.key, story.lead_id, story.title) == (first.key, first.id, first.title)
    assert first.topics[0].topic == "air defense"
    with store.read() as conn:
        why = stories.evidence_of(conn, story.entry_ids)
        assert {story.key for story in stories.recent(conn, topic="grain")} == {all_entries(store)[4].key}
    assert why[story.entry_ids[0]].similarity == 1.0
    assert "defence" in why[story.entry_ids[2]].terms


def test_surroundings_of_an_entry_are_counted_from_the_window(store: Store) -> None:
    add(store, ALL)
    group(store, config(), NOW)
    with store.read() as conn:
        day = timedelta(days=1)
        assert grouping.surroundings(conn, "en", NOW, day) == Surroundings(entries=9, stories=7)
        assert grouping.surroundings(conn, "en", NOW + 3 * day, day) == Surroundings(entries=9, stories=0)
        assert grouping.surroundings(conn, "de", NOW, day) == Surroundings(entries=0, stories=0)


def test_second_run_has_nothing_to_do(store: Store) -> None:
    add(store, ALL)
    group(store, config("grain"), NOW)
    before = recent(store)
    assert group(store, config("grain"), NOW).entries == 0
    assert recent(store) == before


def test_stories_are_the_same_in_one_batch_or_many_and_after_every_restart(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(sqlite_store, ALL)
    monkeypatch.setattr(grouper, "BATCH", 1)
    seen: list[tuple[int, int]] = []
    group(sqlite_store, config(), NOW, lambda done, total: seen.append((done, total)))
    assert seen == [(number, 9) for number in range(1, 10)]
    assert sorted(map(len, titles(sqlite_store).values())) == [1] * 6 + [3]


def test_interrupted_run_keeps_whole_batches_and_goes_on(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add(sqlite_store, ALL)
    monkeypatch.setattr(grouper, "BATCH", 2)

    def interrupt(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        group(sqlite_store, config(), NOW, interrupt)
    assert group(sqlite_store, config(), NOW).entries == 5
    assert sorted(map(len, titles(sqlite_store).values())) == [1] * 6 + [3]


def test_batch_is_tried_again_when_another_process_has_grouped(store: Store) -> None:
    ours, theirs = Grouper(store), Grouper(store)
    add(store, VERSIONS[:1])
    ours.run(config(), NOW)
    add(store, VERSIONS[1:2], first=1)
    theirs.run(config(), NOW)
    add(store, VERSIONS[2:], first=2)
    place = Placing.place
    meddled: list[bool] = []

    def meddle(placing: Any, batch: Any) -> Any:
        if not meddled:
            meddled.append(True)
            add(store, APART[:1], first=3)
            theirs.run(config(), NOW)
        return place(placing, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Placing, "place", meddle)
        report = ours.run(config(), NOW)
    assert report.entries == 0
    assert sorted(map(len, titles(store).values())) == [1, 3]


def test_edited_entry_gets_new_topics_and_keeps_its_story(store: Store) -> None:
    add(store, VERSIONS)
    group(store, config("grain"), NOW)
    before = recent(store)[0]
    entry = all_entries(store)[1]
    content = EntryContent(title="Grain, not radars", text="Grain.", language="en")
    edited_at = NOW + timedelta(hours=3)
    with store.write() as conn:
        entries.save_edited(conn, [EditedEntry(entry.id, 1, content)], edited_at)
    report = group(store, config("grain"), NOW)
    assert (report.entries, report.stories_new, report.stories_changed) == (1, 0, 1)
    after = recent(store)[0]
    assert (after.key, after.entry_ids) == (before.key, before.entry_ids)
    assert (after.updated, after.topics) == (edited_at, ("grain",))


def test_late_entry_changes_nothing_but_its_own_story(store: Store) -> None:
    add(store, VERSIONS[:2])
    add(store, APART, start=NOW + timedelta(days=3), first=2)
    group(store, config(), NOW)
    before = {story.key: story for story in recent(store)}
    add(store, VERSIONS[2:], first=8)
    group(store, config(), NOW)
    after = {story.key: story for story in recent(store)}
    assert before.keys() == after.keys()
    changed = [key for key in before if before[key] != after[key]]
    assert [len(after[key].entry_ids) for key in changed] == [3]


def test_languages_are_told_apart(store: Store) -> None:
    title = "Macron verspricht der Ukraine Radare und Systeme zur Luftverteidigung"
    add(
        store, [VERSIONS[1], (title, "Frankreich wird der Ukraine in den kommenden Wochen Radare und Raketen liefern.")]
    )
    group(store, config(), NOW)
    assert {story.language for story in recent(store)} == {"en", "de"}


# -- what was edited in feeds.yaml --------------------------------------------------------------------------------------


def test_edited_topics_are_found_in_the_archive_and_taken_from_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouper, "BATCH", 4)
    add(store, ALL)
    group(store, config("grain"), NOW)
    report = group(store, config("bridge", "air defense"), NOW)
    assert (report.entries, report.rematched, report.stories_new) == (0, 9, 0)
    found = {entry.topics[0].topic: entry.title for entry in all_entries(store) if entry.topics}
    assert set(found) == {"bridge", "air defense"}
    assert sorted(topic for story in recent(store) for topic in story.topics) == ["air defense", "bridge"]
    assert group(store, config("bridge", "air defense"), NOW).rematched == 0


def test_archive_is_matched_again_by_a_version_that_matches_otherwise(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(sqlite_store, ALL)
    group(sqlite_store, config("grain"), NOW)
    monkeypatch.setattr(topics_module, "VERSION", topics_module.VERSION + 1)
    assert group(sqlite_store, config("grain"), NOW).rematched == 9
    assert group(sqlite_store, config("grain"), NOW).rematched == 0


def test_interrupted_walk_through_the_archive_goes_on(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouper, "BATCH", 2)
    add(sqlite_store, ALL)
    group(sqlite_store, config(), NOW)

    def interrupt(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        group(sqlite_store, config("grain"), NOW, interrupt)
    assert group(sqlite_store, config("grain"), NOW).rematched == 5


def test_walk_through_the_archive_is_cut_short_but_what_is_new_is_done(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(sqlite_store, ALL)
    group(sqlite_store, config(), NOW)
    add(sqlite_store, [APART[0]], first=20)
    monkeypatch.setattr(grouper, "BATCH", 4)
    edited, grouping = config("grain"), Grouper(sqlite_store)
    cut = grouping.run(edited, NOW, walk_for=0)
    assert (cut.entries, cut.rematched) == (1, 0)
    rest = grouping.run(edited, NOW)
    assert (rest.entries, rest.rematched, rest.left) == (0, 10, 0)


def test_edited_feed_shows_in_the_stories_of_old(store: Store) -> None:
    add(store, VERSIONS)
    group(store, config(), NOW)
    edited = config(name="The Herald", priority=5)
    with store.write() as conn:
        feeds.sync(conn, edited.feeds)
    assert group(store, edited, NOW).stories_changed == 1
    assert recent(store)[0].outlets[0] == "The Herald"
    assert group(store, edited, NOW).stories_changed == 0


def test_stories_that_are_worked_out_again_and_found_as_they_were_are_not_counted(store: Store) -> None:
    add(store, ALL)
    group(store, config("grain"), NOW)
    told = {story.id: story for story in recent(store)}
    edited = config("grain", name="The Herald")
    with store.write() as conn:
        feeds.sync(conn, edited.feeds)
    report = group(store, edited, NOW)
    now = {story.id: story for story in recent(store)}
    assert report.stories_changed == sum(now[id_] != told[id_] for id_ in told) == 1
    more = edited.model_copy(update={"topics": {"grain": TopicConfig(any=("grain", "vessels"))}})
    scores = [entry.topics for entry in all_entries(store) if entry.topics]
    report = group(store, more, NOW)
    assert [entry.topics for entry in all_entries(store) if entry.topics] != scores  # other words, the same entries
    assert report.rematched == len(ALL)
    assert {story.id: story for story in recent(store)} == now
    assert report.stories_changed == 0


def test_story_whose_closing_alone_is_new_is_not_counted(store: Store) -> None:
    add(store, VERSIONS)
    group(store, config(), NOW)
    edited = config(paused=True)
    with store.write() as conn:
        feeds.sync(conn, edited.feeds)
    assert group(store, edited, NOW + timedelta(days=6)).stories_changed == 0
    assert [story.closed for story in recent(store)] == [True]


def test_feed_that_left_is_not_counted_in_stories(store: Store) -> None:
    add(store, VERSIONS)
    group(store, config(), NOW)
    with store.write() as conn:
        feeds.sync(conn, config().feeds[1:])
    group(store, config(), NOW)
    (story,) = recent(store)
    assert len(story.entry_ids) == len(story.outlets) == 2


# -- the life of a story ------------------------------------------------------------------------------------------------


def test_story_is_closed_after_some_days_without_news(store: Store) -> None:
    add(store, VERSIONS)
    group(store, config(), NOW)
    assert [story.closed for story in recent(store)] == [False]
    group(store, config(), NOW + timedelta(days=6))
    assert [story.closed for story in recent(store)] == [True]


MERGING = [
    ("Airline pilots walk out over pay", "Hundreds of flights were cancelled when pilots walked out."),
    ("Travellers stranded in Frankfurt", "Passengers slept in the terminal of Frankfurt, hotels were full."),
    ("Pilots walk out: passengers stranded in Frankfurt terminal", "Flights cancelled over pay, hotels full."),
]


def test_merged_story_leads_to_the_one_that_took_it(store: Store) -> None:
    add(store, MERGING[:2])
    group(store, config(), NOW)
    first, second = (story.key for story in sorted(recent(store), key=lambda story: story.id))
    add(store, MERGING[2:], first=2)
    report = group(store, config(), NOW)
    assert (report.stories_new, report.stories_changed) == (0, 1)
    (story,) = recent(store)
    assert (story.key, len(story.entry_ids)) == (second, 3)
    with store.read() as conn:
        assert stories.get(conn, first) == stories.get(conn, second) == story
        assert stories.merged(conn, [story.id]) == {first: story.id}
        why = stories.evidence_of(conn, story.entry_ids)
    assert why[story.entry_ids[0]].moved_from == first


def test_stories_merged_within_a_batch_leave_no_trace(store: Store) -> None:
    add(store, MERGING)
    assert group(store, config(), NOW).stories_new == 1
    with store.read() as conn:
        assert stories.merged(conn, [story.id for story in stories.recent(conn)]) == {}


def test_split_story_keeps_its_key_and_the_part_gets_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three entries are stored as one story that does not hold together; the fourth makes it be looked at again."""
    add(store, [VERSIONS[0], APART[1], VERSIONS[1]])
    group(store, config(), NOW)
    _force_into_one_story(store)
    add(store, VERSIONS[2:], first=3)
    report = group(store, config(), NOW)
    assert (report.stories_new, report.stories_changed) == (0, 2)
    first, grain = all_entries(store)[:2]
    assert titles(store) == {first.key: [title for title, _ in VERSIONS], grain.key: [APART[1][0]]}
    with store.read() as conn:
        assert stories.evidence_of(conn, [grain.id])[grain.id].moved_from == first.key
        assert stories.merged(conn, [story.id for story in stories.recent(conn)]) == {}


def _force_into_one_story(store: Store) -> None:
    from aggregator.store import grouping

    ids = {story.key: story.id for story in recent(store)}
    first, grain, _ = all_entries(store)
    with store.write() as conn:
        grouping.merge_story(conn, ids[grain.key], ids[first.key])


def test_copies_are_counted_as_one_origin(store: Store) -> None:
    title, text = VERSIONS[0]
    add(store, [VERSIONS[0], (f"{title} (Reuters)", text), (title, text[:300]), VERSIONS[2]])
    group(store, config(), NOW)
    (story,) = recent(store)
    assert (len(story.outlets), story.origins) == (4, 2)


def test_idle_run_writes_nothing(sqlite_store: Store) -> None:
    add(sqlite_store, ALL)
    keeper = Grouper(sqlite_store)
    keeper.run(config("grain"), NOW)

    def forbidden(**_: Any) -> Any:
        raise AssertionError("a write transaction was begun")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_store, "write", forbidden)
        report = keeper.run(config("grain"), NOW)
    assert report == GroupReport(seconds=report.seconds)


def test_what_topics_were_made_with_is_remembered(store: Store) -> None:
    add(store, ALL)
    group(store, config("air defense"), NOW)
    edited = config("air defense", "grain", keep=["ukraine"])
    group(store, edited, NOW)
    with store.read() as conn:
        applied = Applied.from_text(meta.get(conn, meta.APPLIED))
    assert applied == Applied.of(edited)
