"""Readings of articles that leave out what can't come to the threshold: what is kept, and that nothing else changes."""

import random

import pytest

from aggregator.model import EntryContent
from aggregator.text.evidence import THRESHOLD, score_all
from aggregator.text.matcher import Evidence, Matcher

LATE = "The harbour was quiet. " * 60


def kept(lists: dict[str, list[str]], text: str, title: str = "A day by the sea", **options: list[str]) -> set[str]:
    matcher = Matcher(lists, **options)
    return set(matcher.lists(matcher.read(EntryContent(title=title, text=text), THRESHOLD)))


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("A day by the sea", f"{LATE} A missile fell.", False),
        ("A missile fell", LATE, True),
        ("A day by the sea", f"A missile fell. {LATE}", True),
        ("A day by the sea", f"{LATE} {'A missile fell. ' * 4}", True),
        ("A day by the sea", "A missile fell late in a text that is short.", True),
    ],
)
def test_a_keyword_is_looked_at_where_it_may_be_enough(title: str, text: str, expected: bool) -> None:
    assert kept({"one": ["missile"]}, text, title) == ({"one"} if expected else set())


def test_keywords_that_are_weak_alone_are_looked_at_together() -> None:
    text = f"{LATE} A missile fell beside a tank."
    assert kept({"both": ["missile", "tank"], "first": ["missile"], "second": ["tank"]}, text) == {"both"}


def test_a_regular_expression_may_add_to_a_weak_keyword() -> None:
    assert kept({"one": ["missile", "/M-[0-9]+/"]}, f"{LATE} A missile fell. An M-25, an M-26.") == {"one"}


def test_lists_named_as_whole_are_looked_at_always() -> None:
    text = f"{LATE} A missile fell."
    assert kept({"one": ["missile"], "not one": ["missile"]}, text, whole=["not one"]) == {"not one"}


def test_in_french_the_first_word_of_a_phrase_is_the_main_one() -> None:
    quiet = "Le port était calme et les bateaux ne partaient plus pour la mer. " * 30
    lists = {"one": ["défense aérienne"]}
    assert kept(lists, f"La défense du pays. {quiet} Une photo aérienne.", "Une journée") == {"one"}
    assert kept(lists, f"Une photo aérienne. {quiet} La défense du pays.", "Une journée") == set()


@pytest.mark.parametrize("seed", range(40))
def test_what_comes_to_the_threshold_is_never_left_out(seed: int) -> None:
    chance = random.Random(seed)
    words = [
        "air",
        "defence",
        "aid",
        "pledge",
        "missile",
        "tank",
        "city",
        "said",
        "the",
        "quiet,",
        "harbour.",
        "and/or",
    ]
    keywords = [
        "air defence",
        "aid pledges",
        "missile",
        '"the city"',
        "tank & city",
        "air ~ aid",
        "pledge | tank",
        "mis*",
    ]
    lists = {f"list {at}": chance.sample(keywords, chance.randint(1, 3)) for at in range(12)}
    title = " ".join(chance.choices(words, k=6))
    entry = EntryContent(title=title, text=" ".join(chance.choices(words, chance.choices([1, 2, 9], k=12), k=300)))
    matcher = Matcher(lists)
    whole, left = matcher.find(matcher.read(entry)), matcher.find(matcher.read(entry, THRESHOLD))
    scores = {name: _score(found) for name, found in whole.items()}
    wanted = {name: score for name, score in scores.items() if score >= THRESHOLD}
    assert wanted.items() <= {name: _score(found) for name, found in left.items()}.items()


def _score(evidence: Evidence) -> float:
    return score_all([(keyword, hit) for keyword, hits in evidence.items() for hit in hits])
