import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from aggregator.config.models import TopicConfig
from aggregator.group.topics import MAX_SPANS, TopicMatcher
from aggregator.model import EntryContent, Span, TopicMatch
from tests.conftest import shared_path

FEED = ("The Guardian", "https://guardian.example/rss")
SEED_TOPICS = {"Air defense": TopicConfig(any=("air defense",)), "Aid pledges": TopicConfig(any=("aid pledges",))}
UNRELATED = [
    (
        "Russian air strikes kill four in Kharkiv",
        "The defence ministry in Kyiv said rescuers were still searching the rubble. Air raid sirens sounded for three "
        "hours. First aid was given to nineteen people, and the mayor promised new homes to those who lost theirs.",
    ),
    (
        "Prisoners come home in largest exchange since spring",
        "More than two hundred soldiers crossed the border on Friday after talks in Abu Dhabi. Families waited with "
        "flags. Both sides gave the other the remains of fallen men, and aid workers handed out clothes and food.",
    ),
    (
        "Defence minister resigns over eggs scandal",
        "The army had paid three times the market price. Prosecutors searched the ministry by night. The president "
        "thanked him for two years of service in the air and on the ground and named a former banker.",
    ),
    (
        "Grain ships leave Odesa again",
        "Four vessels left the port with wheat for Egypt although Moscow had called the corridor a military target. "
        "Insurers pledged to lower their rates if the route stays open until the harvest.",
    ),
    (
        "Drones set refinery on fire 800 miles from the front",
        "Governor Roman Busargin said that debris had fallen on the plant. Videos showed smoke in the air over the "
        "Volga. Trading in fuel was halted. The general staff in Kyiv declined to say who had sent them.",
    ),
]


def entry(title: str, text: str = "") -> EntryContent:
    return EntryContent(title=title, text=text, language="en")


def names(matcher: TopicMatcher, content: EntryContent) -> list[str]:
    return [match.topic for match in matcher.match(content, *FEED)]


def test_seed_article_is_in_both_topics() -> None:
    title, _, text = shared_path("seed/article.txt").read_text("utf-8").partition("\n")
    matches = TopicMatcher(SEED_TOPICS).match(entry(title, text.strip()), *FEED)
    assert [match.topic for match in matches] == ["Air defense", "Aid pledges"]
    fields = {"title": title, "text": text.strip()}
    found = {fields[span.field][span.start : span.end].lower() for match in matches for span in match.spans}
    assert found == {"air defense", "air defences", "pledge", "aid"}


def test_seed_article_as_a_summary_and_in_british_english_is_found_too() -> None:
    title, _, text = shared_path("seed/article.txt").read_text("utf-8").partition("\n")
    matcher = TopicMatcher(SEED_TOPICS)
    assert names(matcher, entry(title, text.strip()[:300])) == ["Air defense"]  # without the sentence on aid
    british = [
        one.replace("air defense", "air-defence").replace("defenses", "defences") for one in (title, text.strip())
    ]
    assert names(matcher, entry(*british)) == ["Air defense", "Aid pledges"]


@pytest.mark.parametrize(
    "title",
    [
        "Western allies pledged aid and air-defence systems",
        "Aid packages pledged as air defences run low",
        "Canada pledges millions in military aid for air-defence missiles",
        "Pledges of U.S. military aid, and of air defense",
    ],
)
def test_aid_and_air_defence_are_found_however_they_are_put(title: str) -> None:
    assert sorted(names(TopicMatcher(SEED_TOPICS), entry(title))) == ["Aid pledges", "Air defense"]


@pytest.mark.parametrize(("title", "text"), UNRELATED)
def test_unrelated_war_story_is_in_neither_topic(title: str, text: str) -> None:
    assert names(TopicMatcher(SEED_TOPICS), entry(title, text)) == []
    assert names(TopicMatcher(SEED_TOPICS), entry(title, f"{text} " * 6)) == []


def test_matches_come_best_first_with_score_and_spans() -> None:
    matcher = TopicMatcher({"Drones": TopicConfig(any=("drone",)), "Odesa": TopicConfig(any=("odesa",))})
    assert matcher.match(entry("Odesa under fire", "Drones hit Odesa."), *FEED) == (
        TopicMatch("Odesa", 4.94, (Span("title", 0, 5, "odesa"), Span("text", 11, 16, "odesa"))),
        TopicMatch("Drones", 2.0, (Span("text", 0, 6, "drone"),)),
    )


def test_different_keywords_back_each_other() -> None:
    one = TopicMatcher({"T": TopicConfig(any=("drone",))}).match(entry("Drones and missiles"), *FEED)
    both = TopicMatcher({"T": TopicConfig(any=("drone", "missile"))}).match(entry("Drones and missiles"), *FEED)
    assert (one[0].score, both[0].score) == (3.0, 7.5)


def test_not_takes_away_places_but_no_entries() -> None:
    matcher = TopicMatcher({"Aid": TopicConfig.model_validate({"any": ["aid"], "not": ["first aid"]})})
    assert names(matcher, entry("First aid for Odesa")) == []
    assert names(matcher, entry("First aid for Odesa, military aid for Kyiv")) == ["Aid"]
    [verdict] = matcher.explain(entry("First aid for Odesa"), *FEED)
    assert (verdict.taken, verdict.score) == (False, 0.0)
    assert "covered by not:" in verdict.reason


def test_not_takes_words_apart_when_nothing_else_remains() -> None:
    matcher = TopicMatcher({"T": TopicConfig.model_validate({"any": ["aid pledges"], "not": ["first aid"]})})
    assert names(matcher, entry("Pledges by the West", "They gave first aid, and then nothing for days.")) == []
    assert names(matcher, entry("Pledges by the West", "They gave first aid, and then military aid.")) == ["T"]


def test_not_takes_words_near_each_other() -> None:
    matcher = TopicMatcher({"T": TopicConfig.model_validate({"any": ["aid pledges"], "not": ["legal aid"]})})
    assert names(matcher, entry("Pledges of legal aid")) == []


@pytest.mark.parametrize("feeds", [("The Guardian",), ("https://guardian.example/rss",)])
def test_feeds_limit_a_topic_by_name_or_address(feeds: tuple[str, ...]) -> None:
    matcher = TopicMatcher({"T": TopicConfig(any=("odesa",), feeds=feeds)})
    assert names(matcher, entry("Odesa under fire")) == ["T"]
    assert matcher.match(entry("Odesa under fire"), "Other", "https://other.example/") == ()
    [verdict] = matcher.explain(entry("Odesa under fire"), "Other", "https://other.example/")
    assert verdict.reason == "Its feeds: does not name 'Other'."


def test_threshold_of_a_topic_wins_over_the_default() -> None:
    content = entry("A quiet day", "Drones were seen over the harbour.")
    assert names(TopicMatcher({"T": TopicConfig(any=("drone",), threshold=2.5)}), content) == []
    article = entry("A quiet day", "It was very calm. " * 60 + "Drones were seen.")
    assert names(TopicMatcher({"T": TopicConfig(any=("drone",))}), article) == []
    assert names(TopicMatcher({"T": TopicConfig(any=("drone",), threshold=0.2)}), article) == ["T"]


def test_passing_mention_in_an_article_on_another_topic_is_not_enough() -> None:
    topics = {"Grain": TopicConfig(any=("grain",)), "Drones": TopicConfig(any=("drone",))}
    text = (
        "Ships with grain left the port, and drones were seen. "
        + "The grain is bound for Egypt, the captain said. " * 8
    )
    assert names(TopicMatcher(topics), entry("Grain ships leave", text)) == ["Grain"]
    assert names(TopicMatcher({"Drones": topics["Drones"]}), entry("Grain ships leave", text)) == ["Drones"]
    verdict = TopicMatcher(topics).explain(entry("Grain ships leave", text), *FEED)[1]
    assert (verdict.topic, verdict.taken) == ("Drones", False)
    assert verdict.score < verdict.needed
    assert "more about 'Grain'" in verdict.reason


def test_mentions_beside_a_far_stronger_topic_are_not_enough() -> None:
    topics = {"Grain": TopicConfig(any=("grain",)), "Drones": TopicConfig(any=("drone",))}
    text = (
        "The grain is bound for Egypt, the captain said. " * 6 + "Drones, drones and drones. " + "Grain, he said. " * 30
    )
    matches = TopicMatcher(topics).match(entry("Grain ships leave with grain", text), *FEED)
    assert [match.topic for match in matches] == ["Grain"]
    verdict = TopicMatcher(topics).explain(entry("Grain ships leave with grain", text), *FEED)[1]
    assert 2.5 < verdict.score < verdict.needed == 5.0


def test_mention_in_a_summary_is_enough_whatever_else_it_is_about() -> None:
    topics = {"Grain": TopicConfig(any=("grain",)), "Drones": TopicConfig(any=("drone",))}
    assert names(TopicMatcher(topics), entry("Grain leaves", "Grain ships were followed by drones.")) == [
        "Grain",
        "Drones",
    ]


def test_explanation_says_how_each_keyword_is_found() -> None:
    topics = {"T": TopicConfig(any=("drone", "aid pledges", "oil", "/U-?boat/"))}
    text = "Pledges of military aid. A drone and a drone hit Hershey Oil Corp. No Uboat."
    [verdict] = TopicMatcher(topics).explain(entry("Drone over Odesa", text), *FEED)
    assert verdict.taken
    assert verdict.reason.startswith(
        "'drone' in the title and 2 times in the text; 'aid pledges' with its words near each other in the text; "
        "'oil' in a name or an amount in the text; '/U-?boat/' in the text. Score "
    )


def test_explanation_of_a_miss_names_the_words_that_are_there() -> None:
    keywords = ("air defense", "radar & site", "drone ~ base", "/x+y/", "tank | crew", "title: air")
    [verdict] = TopicMatcher({"T": TopicConfig(any=keywords)}).explain(
        entry("A radar", "Clear air over the base"), *FEED
    )
    assert not verdict.taken
    assert verdict.reason == (
        "No keyword matches; parts that do: 'air defense' ('air' only); 'radar & site' ('radar' only); "
        "'drone ~ base' ('base' only)."
    )


def test_explanation_of_an_entry_without_any_word_says_how_it_was_read() -> None:
    [verdict] = TopicMatcher({"T": TopicConfig(any=("drone",))}).explain(entry("Nothing here to see"), *FEED)
    assert verdict.reason == "No word of its keywords is in the entry, read as 'en'."


def test_words_apart_are_explained() -> None:
    content = entry("Pledge by the West", "More military aid for Kyiv")
    [verdict] = TopicMatcher({"T": TopicConfig(any=("aid pledges",))}).explain(content, *FEED)
    assert verdict.reason.startswith("'aid pledges' with its words apart, in the title and the text.")


def test_long_lists_of_keywords_and_mentions_are_cut_in_explanations() -> None:
    words = ("drone", "missile", "tank", "bomb", "rocket", "mine", "gun")
    [verdict] = TopicMatcher({"T": TopicConfig(any=words)}).explain(entry(" ".join(words), "drone " * 50), *FEED)
    assert "and 2 keywords more" in verdict.reason
    assert len(verdict.spans) == MAX_SPANS


WORDS = st.sampled_from(
    [
        "missile",
        "drone",
        "grain",
        "air",
        "defense",
        "of",
        "and",
        "the",
        "said,",
        "Kyiv.",
        "port",
        "ships",
        "first",
        "aid",
        "Corp",
        "3",
        "dollars",
    ]
)
KEYWORDS = ("missile", "air defense", "drone & grain", "aid", "port | ships", "grain ~ ships", "dollars", "/D.one/")


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.sets(st.sampled_from(KEYWORDS), min_size=1), st.sampled_from((0.4, 1.0, 3.0))), max_size=6),
    st.lists(WORDS, max_size=5),
    st.lists(WORDS, max_size=150),
)
def test_topics_that_match_are_those_whose_explanation_says_so(
    lists: list[tuple[set[str], float]], title: list[str], text: list[str]
) -> None:
    topics = {
        str(number): TopicConfig(any=tuple(sorted(keywords)), not_=("first aid",), threshold=threshold)
        for number, (keywords, threshold) in enumerate(lists)
    }
    matcher, entry = TopicMatcher(topics), EntryContent(title=" ".join(title), text=" ".join(text))
    taken = {
        (verdict.topic, verdict.score, verdict.spans) for verdict in matcher.explain(entry, *FEED) if verdict.taken
    }
    assert {(match.topic, match.score, match.spans) for match in matcher.match(entry, *FEED)} == taken


def test_no_topics_match_nothing() -> None:
    assert TopicMatcher({}).match(entry("Odesa"), *FEED) == ()


def test_reuters_topics_are_found_with_the_shipped_defaults() -> None:
    lists = YAML(typ="safe").load(shared_path("eval/topics/reuters.yaml"))["topics"]
    matcher = TopicMatcher({name: TopicConfig(any=tuple(keywords)) for name, keywords in lists.items()})
    right = given = wanted = 0
    with gzip.open(shared_path("eval/topics/reuters.jsonl.gz"), "rt") as rows:
        for row in map(json.loads, rows):
            found = {match.topic for match in matcher.match(EntryContent(title=row["title"], text=row["text"]), *FEED)}
            right += len(found & set(row["topic"]))
            given += len(found)
            wanted += len(lists.keys() & set(row["topic"]))
    assert right / given >= 0.76
    assert 2 * right / (given + wanted) >= 0.76
