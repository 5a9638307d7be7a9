"""An entry's words: base forms, numbers whole, pairs of characters where there are no spaces."""

from dataclasses import replace

import pytest

from aggregator.group.stories import terms
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.terms import Terms
from aggregator.group.stories.words import beginning, paired, words_of


def test_words_of_the_title_count_twice() -> None:
    assert Terms("en").read("Radars for Kyiv", "Radar").counts == {"radar": 3, "kyiv": 2}


def test_inflections_are_one_term_and_the_word_as_written_is_kept() -> None:
    document = Terms("uk").read("Ракети", "ракетами")
    assert len(document.counts) == 1
    assert document.printed(document.counts) == ("ракети",)


def test_possessive_stopwords_and_single_letters_are_left_out() -> None:
    assert set(Terms("en").read("Ukraine's and Kyiv’s x", "said he").counts) == {"ukraine", "kyiv"}


def test_numbers_keep_their_decimals() -> None:
    assert {"7.1", "1,600"} <= set(Terms("en").read("iOS 7.1", "1,600 bugs").counts)


def test_text_beyond_the_beginning_is_not_read() -> None:
    assert set(Terms("en", replace(SHIPPED, text_length=6)).read("", "Odesa Kherson").counts) == {"odesa"}


def test_word_is_not_cut_where_the_beginning_ends() -> None:
    assert beginning("Odesa Kherson", 8) == "Odesa "
    assert beginning("Odesa Kherson", 13) == "Odesa Kherson"
    assert beginning("OdesaKherson", 8) == "OdesaKhe"


def test_names_are_read_beyond_the_beginning_in_whole_sentences() -> None:
    reader = Terms("en", replace(SHIPPED, text_length=9))
    whole, cut = Terms("en").read("", "The port of Odesa. Two ships."), reader.read("", "The port of Odesa. Two ships.")
    assert cut.sentences == whole.sentences
    assert set(cut.counts) < set(whole.counts)


def test_language_without_base_forms_is_counted_by_the_beginnings_of_its_words() -> None:
    assert set(Terms("fi").read("Ukrainalle Ukrainassa", "").counts) == {"ukrain"}


def test_characters_without_spaces_are_counted_by_pairs() -> None:
    assert set(Terms("ja").read("防空 EU 防空", "").counts) == {"防空", "eu"}
    assert paired(words_of("防空系统x防")) == ["防空", "空系", "系统", "x"]
    assert paired(words_of("ä b")) == ["ä", "b"]


def test_memory_for_stems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "_CACHE", 3)
    reader = Terms("en")
    assert reader.read("alpha beta gamma delta", "epsilon").counts.keys() >= {"alpha", "delta"}
    assert len(reader._known) <= 3
