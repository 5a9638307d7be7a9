"""Which words of an entry may be keywords, and how they are printed."""

from datetime import UTC, datetime

import pytest

from aggregator.group.suggest.ground import Background, own_words
from aggregator.group.suggest.wording import worded
from aggregator.model import Entry, Feed, Person, Span

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def entry(title: str, text: str = "", language: str = "en", **more: object) -> Entry:
    return Entry(
        id=1, feed_id=1, feed_url="https://a.example/", guid="1", first_seen=NOW, sort_at=NOW, title=title, text=text,
        language=language, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def printed(one: Entry, *masked: Span) -> set[str]:
    return {form for form, _ in worded(one, masked).printed.values()}


def test_phrases_are_words_in_a_row_and_names_keep_their_capitals() -> None:
    found = printed(entry("Two ports reopen", "The Red Cross sent insulin to Kharkiv, and Donetsk waits for insulin."))
    assert {"Red Cross", "insulin", "Kharkiv", "Donetsk"} <= found
    assert not {"Kharkiv Donetsk", "The Red Cross", "sent to"} & found


@pytest.mark.parametrize(
    "text",
    [
        "Read more. Subscribe to our newsletter. Click here.",
        "On Monday 3 March, at 7 pm, last week and in November",
        "said that the president announced it",
        "12,000 3.5 2026",
    ],
)
def test_boilerplate_dates_numbers_and_empty_words_are_no_keywords(text: str) -> None:
    assert printed(entry("", f"Insulin arrives. {text}")) <= {"Insulin", "insulin", "arrives", "insulin arrives"}


def test_capitals_of_headlines_and_first_words_mean_little() -> None:
    one = worded(entry("Army Gets New Howitzers From Sweden", "Sweden sends howitzers."))
    forms = dict(one.printed.values())
    assert forms["howitzers"] == 1.0
    assert forms["Sweden"] < 1.0


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("They met in New York for talks.", "New York"),
        ("New York waits for insulin.", "New York"),
        ("A tanker in the Strait of Hormuz burns.", "Strait of Hormuz"),
        ("Judges in The Hague agreed.", "The Hague"),
        ("They say Xi Jinping agreed.", "Xi Jinping"),
        ("A letter by Theresa May came.", "Theresa May"),
        ("Insulin for the New York City Fire Department came.", "New York City Fire Department"),
    ],
)
def test_names_are_whole_whatever_their_words_are_elsewhere(text: str, whole: str) -> None:
    assert whole in printed(entry("", text))


def test_name_that_a_keyword_found_half_of_is_whole_too() -> None:
    text = "They say Volodymyr Zelensky agreed."
    assert "Volodymyr Zelensky" in printed(entry("", text), Span("text", 19, 27, "Zelensky"))


@pytest.mark.parametrize(
    "text", ["He met President Obama.", "On Sunday Kyiv waited.", "GUNS OF NEW YORK", "Guns of Kyiv"]
)
def test_ranks_dates_and_small_words_are_no_part_of_a_name(text: str) -> None:
    assert not {"President Obama", "Sunday Kyiv", "On Sunday Kyiv", "NEW YORK", "guns of Kyiv"} & printed(
        entry("", text)
    )


def test_possessive_ends_a_phrase() -> None:
    found = printed(entry("A vote", "They watched how Peru's Congress voted."))
    assert {"Peru", "Congress"} <= found
    assert "Peru Congress" not in found


def test_what_keywords_found_already_is_left_out() -> None:
    title = "New air defence systems for Kyiv"
    assert "air defence systems" in printed(entry(title))
    found = printed(entry(title), Span("title", 4, 15, "air defense"))
    assert "systems" in found
    assert not any("defence" in form for form in found)


def test_words_of_the_outlet_and_of_the_author_are_its_own() -> None:
    feed = Feed(1, "https://www.kyivpost.example/rss", "Kyiv Post", "Kyiv Post")
    own = own_words(entry("x", authors=(Person("Anna Kovalenko"),)), feed)
    assert {"kyiv", "post", "anna", "kovalenko"} <= own


def test_what_a_feed_prints_all_the_time_is_its_habit() -> None:
    term = ("en", ("tip",))
    background = Background({term: frozenset()})
    for number in range(10):
        one = entry("Tips of the day" if number < 6 else "Snow")
        background.add(one, worded(one), frozenset())
    assert background.total[term] == 6
    assert background.is_a_habit(term)
    assert not background.is_a_habit(("en", ("snow",)))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Lawyers of Donald J. Trump went to court.", "Donald J. Trump"),
        ("An oil depot burns in St. Petersburg again.", "St. Petersburg"),
        ("Rates stay, as the U.S. Fed decided.", "U.S. Fed"),
        ("Talks with Gen. Mark Milley went on.", "Gen. Mark Milley"),
    ],
)
def test_full_stop_that_shortens_a_word_does_not_cut_a_name(text: str, whole: str) -> None:
    assert whole in printed(entry("", text))


def test_name_before_a_new_sentence_ends_with_the_old_one() -> None:
    found = printed(entry("", "Talks were held in Iran. Israel stayed away, and so did Oman Inc. Jordan came."))
    assert not {"Iran. Israel", "Iran Israel", "Inc. Jordan"} & found
