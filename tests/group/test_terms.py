"""An entry's words: base forms, numbers whole, pairs of characters where there are no spaces."""

from dataclasses import replace

import pytest

from aggregator.group.stories import terms
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.terms import Terms
from aggregator.group.stories.vocabulary import Vocabulary
from aggregator.group.stories.words import beginning, paired, words_of
from tests.group.reading import counted, read


def test_words_of_the_title_count_twice_and_come_first() -> None:
    document = read("en", "Radars for Kyiv", "Many Patriots and a radar")
    assert counted(document) == {"radar": 3, "kyiv": 2, "patriot": 1}
    assert [term.text for term in document.counts][: document.titled] == ["radar", "kyiv"]


def test_inflections_are_one_term_and_the_word_as_written_is_kept() -> None:
    document = read("uk", "Ракети", "ракетами")
    assert len(document.counts) == 1
    assert document.printed(counted(document)) == ("ракети",)


def test_possessive_stopwords_and_single_letters_are_left_out() -> None:
    assert set(counted(read("en", "Ukraine's and Kyiv’s x", "said at least he, no less"))) == {"ukraine", "kyiv"}


def test_numbers_keep_their_decimals() -> None:
    assert {"7.1", "1,600"} <= set(counted(read("en", "iOS 7.1", "1,600 bugs")))


def test_text_beyond_the_beginning_is_not_read() -> None:
    assert set(counted(read("en", "", "Odesa Kherson", replace(SHIPPED, text_length=6)))) == {"odesa"}


def test_word_is_not_cut_where_the_beginning_ends() -> None:
    assert beginning("Odesa Kherson", 8) == "Odesa "
    assert beginning("Odesa Kherson", 13) == "Odesa Kherson"
    assert beginning("OdesaKherson", 8) == "OdesaKhe"


def test_names_are_read_beyond_the_beginning_in_whole_sentences() -> None:
    text = "The port of Odesa. Two ships."
    whole, cut = read("en", "", text), read("en", "", text, replace(SHIPPED, text_length=9))
    spoken = [[[word.lower for word in sentence] for sentence in one.sentences] for one in (whole, cut)]
    assert spoken[0] == spoken[1]
    assert set(counted(cut)) < set(counted(whole))


def test_language_without_base_forms_is_counted_by_the_beginnings_of_its_words() -> None:
    assert set(counted(read("fi", "Ukrainalle Ukrainassa", ""))) == {"ukrain"}


def test_characters_without_spaces_are_counted_by_pairs() -> None:
    assert set(counted(read("ja", "防空 EU 防空", ""))) == {"防空", "eu"}
    assert paired(words_of("防空系统x防")) == ["防空", "空系", "系统", "x"]
    assert paired(words_of("ä b")) == ["ä", "b"]


def test_memory_for_words_is_bounded_and_what_the_window_knows_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "_CACHE", 3)
    vocabulary = Vocabulary()
    reader = Terms("en", vocabulary)
    alpha, *others = reader.read("alpha beta gamma delta", "epsilon").counts
    alpha.add(1, 500)
    (again, zeta) = reader.read("alpha", "zeta").counts
    assert (alpha.text, again, zeta.text) == ("alpha", alpha, "zeta")
    assert len(reader._known) <= 3
    assert len(vocabulary._terms) == 2
    assert len(others) == 4
