"""What becomes one story, what stays apart, and that the order of things can be repeated."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.group.stories import terms
from aggregator.group.stories.agglomerate import agglomerate
from aggregator.group.stories.clusterer import Clusterer, Placed
from aggregator.group.stories.clusters import Clusters
from aggregator.group.stories.prints import Prints, listed, same_text
from aggregator.group.stories.recurrence import Recurrence
from aggregator.group.stories.settings import DAY, SHIPPED
from aggregator.group.stories.vectors import Row, Vector
from aggregator.group.stories.vocabulary import Term, Vocabulary
from tests.conftest import shared_path
from tests.group.news import CONTACT_GROUP, OTHERS
from tests.group.reading import printed
from tests.group.rewritten import EARTHQUAKE

HOUR = 3_600
START = 1_665_600_000  # 12 October 2022
News = tuple[str, str]


def told(
    clusterer: Clusterer, news: Iterable[News], start: int = START, step: int = HOUR, first: int = 1
) -> list[Placed]:
    """Place news one after the other, each from a feed of its own."""
    return [
        clusterer.place(number, number, start + (number - first) * step, title, text)
        for number, (title, text) in enumerate(news, first)
    ]


def stories(clusterer: Clusterer, count: int, first: int = 1) -> list[int]:
    return [clusterer.story_of(number) for number in range(first, first + count)]


GRAIN = {"grain": 700, "ship": 600, "war": 300}


def rows(*vectors: dict[str, int], step: int = 60) -> list[Row]:
    return [
        Row(number, number, START + number * step, tuple(vector), array("H", vector.values()), array("I"))
        for number, vector in enumerate(vectors, 1)
    ]


def vectors(*counted: dict[str, int], step: int = 60, vocabulary: Vocabulary | None = None) -> list[Vector]:
    known = vocabulary or Vocabulary()
    return [Vector.of(row, known) for row in rows(*counted, step=step)]


def seed() -> News:
    title, _, text = shared_path("seed/article.txt").read_text("utf-8").partition("\n")
    return title, text.strip()


def test_seed_article_lands_beside_its_other_versions_and_the_war_around_it_stays_apart() -> None:
    versions, others = list(CONTACT_GROUP.values()), list(OTHERS.values())
    news = [versions[0], *others[:2], versions[1], *others[2:4], seed(), *others[4:], versions[2]]
    clusterer = Clusterer("en")
    told(clusterer, news)
    found = stories(clusterer, len(news))
    assert {found[0], found[3], found[6], found[9]} == {1}
    assert len(set(found)) == 1 + len(others)


def test_order_of_arrival_does_not_part_the_versions_of_an_event() -> None:
    news = [*CONTACT_GROUP.values(), *OTHERS.values()]
    for order in range(5):
        shuffled = random.Random(order).sample(range(len(news)), len(news))
        clusterer = Clusterer("en")
        told(clusterer, [news[place] for place in shuffled])
        found = dict(zip(shuffled, stories(clusterer, len(news)), strict=True))
        assert len({found[place] for place in range(len(CONTACT_GROUP))}) == 1
        assert len(set(found.values())) == 1 + len(OTHERS)


def test_entry_says_what_ties_it_to_its_story_and_what_else_came_close() -> None:
    clusterer = Clusterer("en")
    first, second = told(clusterer, [CONTACT_GROUP["brussels"], CONTACT_GROUP["kyiv"]])
    assert (first.similarity, first.terms, first.runner_up) == (1.0, (), None)
    assert second.similarity > SHIPPED.join
    assert {"defence", "ukraine"} <= set(second.terms)
    told(clusterer, [OTHERS["kherson"]], first=3)
    between = clusterer.place(4, 4, START, "Kherson: air defence at work as residents leave", "Ukraine, Wednesday.")
    assert between.runner_up is not None
    assert {between.story, between.runner_up[0]} == {1, 3}
    assert between.similarity > between.runner_up[1]


def test_same_words_a_week_later_are_another_story() -> None:
    clusterer = Clusterer("en")
    told(clusterer, [CONTACT_GROUP["paris"], CONTACT_GROUP["paris"]], step=7 * DAY)
    assert stories(clusterer, 2) == [1, 2]


def test_story_that_goes_on_for_a_week_stays_one() -> None:
    clusterer = Clusterer("en")
    told(clusterer, list(CONTACT_GROUP.values()) * 4, step=DAY // 2)
    assert set(stories(clusterer, 12)) == {1}


def test_two_entries_of_one_feed_need_more_in_common() -> None:
    series = [
        ("Prisoner exchange talks in Ankara", "Delegations met."),
        ("Prisoner list in Ankara agreed on", "Names follow."),
    ]
    apart, together = Clusterer("en"), Clusterer("en")
    for number, (title, text) in enumerate(series):
        apart.place(number, 1, START, title, text)
        together.place(number, number, START, title, text)
    one = apart.place(9, 1, START, "Ankara hosts prisoner talks", "")
    other = together.place(9, 9, START, "Ankara hosts prisoner talks", "")
    assert one.similarity < other.similarity


def test_scripts_without_spaces_are_compared_too() -> None:
    clusterer = Clusterer("zh")
    news = [
        ("乌克兰获得更多防空系统", "五十多个国家承诺向乌克兰提供防空系统。"),
        ("西方承诺向乌克兰提供防空系统", "五十多个国家在布鲁塞尔开会。"),
        ("黑海粮食出口创新高", "八百万吨小麦离开敖德萨港口。"),
    ]
    told(clusterer, news)
    assert stories(clusterer, 3) == [1, 1, 3]


def test_word_that_most_stories_have_leads_to_none_but_counts_where_a_rarer_one_has_led() -> None:
    clusterer = Clusterer("en")
    for row in rows(*({"ukraine": 200, f"place{n}": 800, f"port{n}": 560} for n in range(1, 71)), step=60):
        clusterer.restore(row, row.entry_id)
    both = clusterer.place(99, 99, START, "Ukraine: place7, port7", "")
    assert (both.story, both.terms) == (7, ("place7", "port7", "ukraine"))
    assert clusterer.place(100, 100, START, "Ukraine", "").runner_up is None


def test_likeness_that_ties_two_among_a_few_stories_does_not_among_a_thousand() -> None:
    alike = {"grain": 380, "ship": 300, "istanbul": 870}, {"grain": 380, "ship": 300, "odesa": 870}
    others = [{f"place{number}": 990} for number in range(1_000)]
    for around, joined in ((others[:10], True), (others, False)):
        clusters = Clusters(SHIPPED)
        first, *rest = vectors(alike[0], alike[1], *around, step=1)
        for row in (first, *rest[1:]):
            clusters.add(row.entry_id, row)
        doubt = clusters.doubt_at(5_000, START)
        near = [similarity for similarity, cluster in clusters.near(rest[0], doubt) if cluster.id == first.entry_id]
        assert (near[0] >= SHIPPED.join) == joined


def test_entry_without_words_founds_a_story_of_its_own() -> None:
    clusterer = Clusterer("en")
    told(clusterer, [("", ""), ("", ""), ("—", "…")])
    assert stories(clusterer, 3) == [1, 2, 3]


# -- themes and series ------------------------------------------------------------------------------------------------


def test_daily_series_of_several_outlets_makes_a_story_a_day() -> None:
    """Four outlets print the forecast every morning, in much the same words."""
    clusterer = Clusterer("en")
    days = [("rain", "Scotland"), ("sun", "Wales"), ("thunder", "Kent"), ("fog", "Norfolk"), ("gales", "Cornwall")]
    places: list[list[int]] = []
    for day, (weather, where) in enumerate(days):
        places.append([])
        for feed in range(1, 5):
            number, at = 10 * day + feed, START + day * DAY + feed * 600
            title = f"UK weather forecast: {weather} expected in {where}"
            text = f"The Met Office forecasts {weather} across {where}, with temperatures up to {12 + day}C."
            clusterer.place(number, feed, at, title, text)
            places[-1].append(number)
    found = [{clusterer.story_of(number) for number in numbers} for numbers in places]
    assert all(len(one) == 1 for one in found)
    assert len(set.union(*found)) == len(days)


def test_feed_that_tells_much_the_same_a_day_later_begins_a_story_of_its_own() -> None:
    title, text = "Morning briefing: what you need to know today", "Budget passed, museum opens, ferry late."
    same, others = Clusterer("en"), Clusterer("en")
    for clusterer, feeds in ((same, (1, 1)), (others, (1, 2))):
        for number, feed in enumerate(feeds, 1):
            clusterer.place(number, feed, START + number * DAY, title, text)
    assert stories(same, 2) == [1, 2]
    assert stories(others, 2) == [1, 1]


def test_next_number_of_a_series_is_not_merged_with_the_one_before() -> None:
    clusterer = Clusterer("en")
    briefing = ("Morning briefing", "Budget passed, museum opens, ferry late.")
    clusterer.place(1, 1, START, *briefing)
    clusterer.place(2, 1, START + DAY, *briefing)
    between = clusterer.place(3, 2, START + DAY, *briefing)
    assert (between.story, between.moves) == (2, ())
    assert between.runner_up is not None
    assert between.runner_up[0] == 1


def test_theme_of_the_week_ties_less_every_day() -> None:
    recurrence, olympics, storm, vote = Recurrence(SHIPPED), Term("olympics"), Term("storm"), Term("vote")
    for day in range(7):
        recurrence.add(START + day * DAY, [olympics, *[storm] * (day > 5)])
    recurrence.add(START - 30 * DAY, [vote])
    divisors = [recurrence.divisors[term.days] for term in (olympics, storm, vote)]
    assert divisors == [1 + 3 * SHIPPED.recurring, 1, 1]
    recurrence.turn(START + 9 * DAY)
    assert recurrence.divisors[olympics.days] == 1 + SHIPPED.recurring
    recurrence.turn(START + 30 * DAY)
    assert (recurrence.divisors[olympics.days], olympics.days) == (1, 0)


@pytest.mark.parametrize("seed", range(20))
def test_days_on_which_a_word_was_told_are_counted_whatever_comes_late(seed: int) -> None:
    chance = random.Random(seed)
    idle = chance.choice((DAY // 2, DAY, 3 * DAY, 5 * DAY))
    recurrence, kept = Recurrence(replace(SHIPPED, idle=idle)), max(1, idle // DAY)
    words, told, today = [Term("olympics"), Term("storm")], set[tuple[Term, int]](), START // DAY
    for _ in range(60):
        day = today - chance.choice((0, 0, 0, 1, 2, 3, 5, 8))
        some = chance.sample(words, chance.randrange(3))
        recurrence.add(day * DAY + chance.randrange(DAY), some)
        told |= {(word, day) for word in some}
        today += chance.choice((0, 0, 1, 1, 2))
        recurrence.turn(today * DAY)
        for word in words:
            before = sum((word, past) in told for past in range(today - kept + 1, today))
            assert recurrence.divisors[word.days] == 1 + SHIPPED.recurring * max(0, before - 1)


# -- merge and split --------------------------------------------------------------------------------------------------

MERGING = [
    ("Airline pilots walk out over pay", "Hundreds of flights were cancelled when pilots walked out."),
    ("Travellers stranded in Frankfurt", "Passengers slept in the terminal of Frankfurt, hotels were full."),
    ("Pilots walk out: passengers stranded in Frankfurt terminal", "Flights cancelled over pay, hotels full."),
]


def test_entry_that_ties_two_stories_merges_them_with_evidence() -> None:
    clusterer = Clusterer("en")
    *_, last = told(clusterer, MERGING, step=60)
    (move,) = last.moves
    assert (move.merged, move.story, move.to, move.entries) == (True, 1, 2, (1,))
    assert move.similarity >= SHIPPED.join
    assert {"pilot", "walk"} <= set(move.terms)
    assert not {"airline", "hundred"} & set(move.terms), "words that the other story lacks tie nothing"
    assert stories(clusterer, 3) == [2, 2, 2]


def test_late_entry_is_placed_but_revises_nothing() -> None:
    clusterer = Clusterer("en")
    told(clusterer, MERGING[:2], step=60)
    clusterer.place(8, 8, START + 2 * DAY, *OTHERS["grain"])
    late = clusterer.place(9, 9, START + 120, *MERGING[2])
    assert (late.story, late.moves) == (2, ())
    assert stories(clusterer, 2) == [1, 2]


def test_what_belongs_together_is_told_apart_from_what_does_not() -> None:
    grain, bridge = {"grain": 800, "odesa": 600}, {"bridge": 800, "crimea": 600}
    parts = agglomerate(vectors(grain, bridge, grain, bridge, grain), SHIPPED, 0.0)
    assert [[row.entry_id for row in part] for part in parts] == [[1, 3, 5], [2, 4]]


def test_entries_that_have_a_word_are_counted_exactly_whatever_came_and_went() -> None:
    clusters, known = Clusters(SHIPPED), Vocabulary()
    told = vectors(GRAIN, {"bridge": 990, "war": 100}, GRAIN, vocabulary=known)
    for row in told:
        clusters.add(1, row)
    clusters.take(1, told[1])
    assert [known.of(text).told for text in ("grain", "bridge")] == [2, 0]
    assert [known.of(text).stories for text in ("grain", "bridge")] == [{1: 1400}, {}]


def test_theme_that_all_share_does_not_draw_all_events_together() -> None:
    """Sixty events of one Olympics at one time: a story that has swallowed a few must not swallow the rest."""
    chance, news = random.Random(1), []
    for _ in range(6):
        for event in range(60):
            own = chance.sample([f"{word}{event}" for word in ("athlete", "sport", "hall", "judge", "coach")], 4)
            news.append((f"Tokyo Olympics: {' '.join(own)}", ""))
    clusterer = Clusterer("en")
    told(clusterer, news, step=0)
    found = stories(clusterer, len(news))
    assert max(found.count(story) for story in set(found)) < len(news) / 3
    assert len(set(found)) >= 50


def test_story_that_fell_apart_is_split_when_its_size_has_doubled() -> None:
    """A settings' join of 0 lets everything that shares a word come together; grouped afresh by the shipped one."""
    clusterer = Clusterer("en")
    for row in rows(GRAIN, GRAIN, {"bridge": 990, "war": 100}, step=60):
        clusterer.restore(row, 1)
    last = clusterer.place(4, 4, START + 240, "Grain ship", "war")
    (move,) = last.moves
    assert (move.merged, move.story, move.to, move.entries) == (False, 1, 3, (3,))
    assert move.similarity < SHIPPED.join
    assert stories(clusterer, 4) == [1, 1, 3, 1]


def test_rewritten_copy_is_not_told_apart_from_what_it_copies() -> None:
    wire, rewritten = EARTHQUAKE["wire"].replace("\n", " "), EARTHQUAKE["both"].replace("\n", " ")
    for prints, moved in ((listed(printed("", rewritten)), ()), (array("I"), (3,))):
        clusterer = Clusterer("en")
        grain = rows(GRAIN, GRAIN, {"bridge": 990, "war": 100})
        first = replace(grain[0], prints=listed(printed("", wire)))
        for row in (first, grain[1], replace(grain[2], prints=prints)):
            clusterer.restore(row, 1)
        last = clusterer.place(4, 4, START + 240, "Grain ship", "war")
        assert tuple(entry for move in last.moves for entry in move.entries) == moved


def test_entry_that_a_story_is_named_after_does_not_leave_it_alone() -> None:
    clusterer = Clusterer("en")
    for row in rows({"bridge": 990, "war": 100}, GRAIN, GRAIN):
        clusterer.restore(row, 1)
    last = clusterer.place(4, 4, START + 240, "Grain ship", "war")
    assert last.moves == ()


def test_what_is_told_apart_does_not_go_to_another_story_that_bears_its_name() -> None:
    """A story stays named after an entry that was moved away; it has nothing to do with what is around the entry now."""
    clusterer = Clusterer("en")
    grain, ship, bridge, vote = rows(GRAIN, GRAIN, {"bridge": 990, "war": 100}, {"vote": 900, "poll": 400})
    for row, story in ((grain, 1), (ship, 1), (bridge, 1), (vote, 3)):
        clusterer.restore(row, story)
    last = clusterer.place(5, 5, START + 300, "Grain ship", "war")
    assert (last.story, last.moves) == (1, ())
    assert stories(clusterer, 5) == [1, 1, 1, 3, 1]


# -- state ------------------------------------------------------------------------------------------------------------

WORDS = ["grain", "bridge", "missile", "radar", "plant", "prisoner", "kherson", "odesa", "macron", "drone", "treaty"]
NEWS = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), st.integers(0, 3 * DAY), st.integers(1, 4)),
    min_size=2,
    max_size=40,
)
SMALL = replace(SHIPPED, window=10, idle=DAY)


@pytest.mark.parametrize("seed", range(60))
def test_window_that_was_read_back_goes_on_as_the_one_that_grew(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For weeks, with late entries, words of every day and words that are forgotten, read back again and again."""
    monkeypatch.setattr(terms, "_CACHE", 6)
    chance = random.Random(seed)
    some = replace(SHIPPED, window=chance.choice((3, 10, 30)), idle=chance.choice((DAY, 2 * DAY, 4 * DAY)))
    grown, resumed = Clusterer("en", some), Clusterer("en", some)
    kept: dict[int, Row] = {}
    time = START
    for number in range(1, 151):
        time += chance.choice((60, 600, DAY // 6, DAY // 2))
        at = time - chance.choice((0, 0, 0, 0, DAY // 3, 2 * DAY, 9 * DAY))
        title = " ".join(chance.choices([*WORDS, f"rare{number // 3}"], k=chance.randrange(6)))
        entry = (number, chance.randint(1, 4), at, title, " ".join(chance.choices(WORDS, k=chance.randrange(6))))
        placed = grown.place(*entry)
        assert resumed.place(*entry) == placed
        kept[number] = placed.row
        for gone in placed.dropped:
            del kept[gone]
        if chance.random() < 0.05:
            resumed = Clusterer("en", some)
            for row in kept.values():
                resumed.restore(row, grown.story_of(row.entry_id))


@settings(max_examples=40, deadline=None)
@given(NEWS)
def test_every_entry_of_the_window_is_in_the_story_that_the_moves_tell(news: list[tuple[list[str], int, int]]) -> None:
    clusterer = Clusterer("en", SMALL)
    known: dict[int, int] = {}
    for number, (words, time, feed) in enumerate(news, 1):
        placed = clusterer.place(number, feed, START + time, " ".join(words), "")
        known[number] = placed.story
        for move in placed.moves:
            known |= dict.fromkeys(move.entries, move.to)
        for gone in placed.dropped:
            del known[gone]
        assert all(clusterer.story_of(entry) == story for entry, story in known.items())


def test_window_keeps_what_is_recent_or_among_the_last() -> None:
    clusterer = Clusterer("en", replace(SHIPPED, window=3))
    dropped = [placed.dropped for placed in told(clusterer, [*OTHERS.values()], step=2 * DAY)]
    assert dropped == [(), (), (), (), (1,), (2,)]


def test_text_is_compared_with_the_newest_of_a_great_affair_only(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counting(one: Prints, other: array[int]) -> bool:
        nonlocal compared
        compared += 1
        return same_text(one, other)

    monkeypatch.setattr("aggregator.group.stories.clusterer.same_text", counting)
    title, text = next(iter(CONTACT_GROUP.values()))
    clusterer = Clusterer("en")
    told(clusterer, [(f"{title} {number}", f"{text} {number}") for number in range(400)], step=60)
    before = compared
    copied = clusterer.place(1_000, 1_000, START + 400 * 60, title, text)

    assert compared - before == 256
    assert copied.copy_of == 400 - 256 + 1
