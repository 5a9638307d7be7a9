"""Which stories an edition tells, and in which order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.digest.edition import Candidate, Pick, choose, why_left_out
from tests.digest.sample import AID, AIR, FEEDS, NOW, brief, config, edition_of, entry, story


def picked(*candidates: Candidate, **changes: object) -> tuple[Pick, ...]:
    return choose(candidates, FEEDS, brief(**changes)).picks  # type: ignore[arg-type]


def keys(picks: tuple[Pick, ...]) -> list[int]:
    return [pick.story.id for pick in picks]


def test_more_independent_outlets_rank_higher() -> None:
    one = story(1, [entry(1, "A")], AIR)
    three = story(2, [entry(n, f"B{n}", feed=n) for n in (2, 3, 4)], AIR)
    assert keys(picked(one, three)) == [2, 1]


def test_copies_of_one_text_count_as_one_voice() -> None:
    copies = story(1, [entry(n, "Copied", feed=n) for n in (1, 2, 3, 4)], AIR, origins=1)
    two = story(2, [entry(11, "B", feed=5), entry(12, "C", feed=6)], AIR)
    first, second = picked(copies, two)
    assert (first.story.id, second.voices) == (2, 1)


def test_feeds_of_one_outlet_count_as_one_voice() -> None:
    feeds = FEEDS | {2: replace(FEEDS[2], outlet="The Courier")}
    pick = choose([story(1, [entry(1, "A"), entry(2, "B", feed=2)], AIR)], feeds, brief()).picks[0]
    assert pick.outlets == ("The Courier",) and pick.voices == 1


def test_topics_weigh() -> None:
    air, aid = story(1, [entry(1, "A")], AIR), story(2, [entry(2, "B")], AID)
    assert keys(picked(air, aid)) == [2, 1]


def test_newer_stories_rank_higher() -> None:
    old, new = story(1, [entry(1, "A", hours=20)], AIR), story(2, [entry(2, "B", hours=1)], AIR)
    assert keys(picked(old, new)) == [2, 1]


def test_ties_are_broken_by_id_whatever_the_order_given() -> None:
    candidates = [story(n, [entry(n, f"Title {n}")], AIR) for n in range(1, 8)]
    random.Random(1).shuffle(candidates)
    assert keys(picked(*candidates)) == [1, 2, 3, 4, 5, 6, 7]


def test_the_same_data_gives_the_same_selection() -> None:
    candidates = edition_of(60)
    first = choose(candidates, FEEDS, brief())
    random.Random(2).shuffle(candidates)
    assert choose(candidates, FEEDS, brief()) == first


def test_a_story_of_two_topics_stands_under_its_best_one() -> None:
    assert picked(story(1, [entry(1, "A")], AID, AIR))[0].topic == AID
    made = config(digests={"Morning briefing": {"topics": [AIR]}})
    assert picked(story(1, [entry(1, "A")], AID, AIR), made=made)[0].topic == AIR


def test_a_digest_of_chosen_topics_leaves_out_the_rest() -> None:
    made = config(digests={"Morning briefing": {"topics": [AIR]}})
    assert keys(picked(story(1, [entry(1, "A")], AID), story(2, [entry(2, "B")]), made=made)) == []
    assert picked(story(2, [entry(2, "B")]))[0].topic is None


def test_topics_come_in_the_order_of_the_digest() -> None:
    made = config(digests={"Morning briefing": {"topics": [AID, AIR]}})
    assert list(brief(made).topics) == [AID, AIR]


def test_only_stories_in_the_chosen_languages_enter() -> None:
    made = config(digests={"Morning briefing": {"languages": ["uk"]}})
    ukrainian = story(1, [entry(1, "А", language="uk-UA")], AIR)
    english, unknown = story(2, [entry(2, "B")], AIR), story(3, [entry(3, "C", language=None)], AIR)
    assert keys(picked(ukrainian, english, unknown, made=made)) == [1]


def test_what_was_seen_before_the_period_is_no_news() -> None:
    assert picked(story(1, [entry(1, "A", hours=25)], AIR)) == ()


def test_what_is_seen_after_the_period_waits_for_the_next_edition() -> None:
    assert picked(story(1, [entry(1, "A", hours=-1)], AIR)) == ()


def test_a_new_feeds_archive_does_not_enter() -> None:
    eight, six = (NOW - timedelta(days=days) for days in (8, 6))
    archive = entry(1, "A", first_seen=NOW - timedelta(hours=1), sort_at=eight, published=eight)
    recent = entry(2, "B", first_seen=NOW - timedelta(hours=1), sort_at=six, published=six)
    assert keys(picked(story(1, [archive], AIR), story(2, [recent], AIR))) == [2]


def test_a_topic_with_anything_gives_at_least_its_best_story() -> None:
    made = config(digests={"Morning briefing": {"stories": 5}})
    loud = [story(n, [entry(n * 10 + f, f"T{n}", feed=f) for f in (1, 2, 3)], AID) for n in range(1, 9)]
    quiet = story(20, [entry(200, "Quiet", hours=20)], AIR)
    chosen = keys(picked(*loud, quiet, made=made))
    assert len(chosen) == 5 and 20 in chosen


def test_there_are_at_most_so_many_stories() -> None:
    made = config(digests={"Morning briefing": {"stories": 2}})
    selection = choose(edition_of(30), FEEDS, brief(made))
    assert len(selection.picks) == 2
    assert sum(selection.totals.values()) == 30


TOLD = entry(1, "Bridge closed", "A blast closed the bridge on Monday. Nobody was hurt.", hours=30)
REPEAT = entry(2, "Bridge shut", "The bridge was closed by a blast on Monday.", feed=2, hours=2)
NEWS = entry(3, "One lane to reopen", "Engineers expect to reopen one lane within two weeks.", feed=3, hours=1)


def test_a_told_story_that_only_repeats_itself_does_not_return() -> None:
    assert picked(story(1, [TOLD, REPEAT], AIR), shown=[1]) == ()


def test_a_told_story_that_stays_away_says_by_which_rule() -> None:
    why = why_left_out(story(1, [TOLD, REPEAT], AIR), FEEDS, brief(shown=[1]))
    assert why == "An earlier edition told it, and no sentence of the texts since then is new in half of its words."
    assert why_left_out(story(1, [TOLD, NEWS], AIR), FEEDS, brief(shown=[1])) is None


def test_a_told_story_returns_with_what_is_new() -> None:
    (pick,) = picked(story(1, [TOLD, REPEAT, NEWS], AIR), shown=[1])
    assert pick.lead.id == 3
    assert pick.news == ("Engineers expect to reopen one lane within two weeks.",)
    assert pick.voices == 1 and pick.outlets[0] == "Dnipro Post"


def test_a_told_story_is_known_again_after_a_merge() -> None:
    other = story(7, [NEWS, TOLD], AID)
    assert picked(other, shown=[1])[0].news is not None


def test_a_story_that_is_told_for_the_first_time_is_no_update() -> None:
    (pick,) = picked(story(1, [TOLD, NEWS], AIR))
    assert pick.news is None and pick.lead.id == 1


def test_the_update_of_a_feed_with_priority_leads() -> None:
    first = replace(NEWS, id=5, feed_id=1, feed_url=FEEDS[1].url)
    (pick,) = picked(story(1, [TOLD, NEWS, first], AIR), shown=[1])
    assert pick.lead.feed_id == 1


def test_stories_without_topics_in_feeds_yaml_weigh_in_full() -> None:
    made = config(topics={})
    with_topics, without = picked(story(1, [entry(1, "A")]))[0], picked(story(1, [entry(1, "A")]), made=made)[0]
    assert without.score == pytest.approx(2 * with_topics.score)
