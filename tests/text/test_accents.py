import pytest

from aggregator.text.accents import bare
from aggregator.text.stems import found, sought


@pytest.mark.parametrize(
    ("form", "without"),
    [("são", "sao"), ("łódź", "lodz"), ("erdoğan", "erdogan"), ("kyiv", "kyiv"), ("київ", "київ"), ("østre", "ostre")],
)
def test_latin_letters_lose_their_accents(form: str, without: str) -> None:
    assert bare(form) == without


def meet(keyword: str, printed: str, language: str, *, capital: bool = False) -> bool:
    return bool(sought(keyword, language, capital) & found(printed, language, capital))


def test_accents_may_be_missing_on_either_side() -> None:
    assert meet("greve", "grèves", "fr")
    assert meet("elección", "eleccion", "es")


def test_two_accented_words_stay_apart() -> None:
    assert not meet("pêche", "péché", "fr")


def test_word_of_its_own_is_no_misspelling() -> None:
    assert not meet("schon", "schön", "de")
    assert not meet("schön", "schon", "de")


def test_where_no_dictionary_tells_only_names_may_miss_their_accents() -> None:
    assert meet("babiš", "babis", "cs", capital=True)
    assert not meet("řada", "rada", "cs")
