import pytest

from aggregator.text.compounds import Compounds


def parts(form: str, *keywords: str) -> set[str]:
    compounds = Compounds()
    for number, keyword in enumerate(keywords):
        compounds.add(keyword, number)
    return {keywords[number] for number in compounds.answers(form)}


@pytest.mark.parametrize(
    ("form", "keyword"),
    [
        ("luftabwehrsysteme", "luftabwehr"),
        ("bundeswehrsoldaten", "bundeswehr"),
        ("warnstreiks", "streik"),
        ("drohnenangriffe", "angriff"),
        ("handelskriege", "krieg"),
    ],
)
def test_keyword_begins_or_ends_a_compound(form: str, keyword: str) -> None:
    assert parts(form, keyword) == {keyword}


@pytest.mark.parametrize(
    ("form", "keyword"),
    [("zeitung", "zeit"), ("ministerium", "minister"), ("haushalt", "haus"), ("streik", "streik"), ("vorrat", "rat")],
)
def test_words_that_only_look_like_it_are_no_compounds(form: str, keyword: str) -> None:
    assert parts(form, keyword) == set()
