"""Sentences and summaries in several languages and scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.summary import count_words, sentences, shorten, summarise

ANY_TEXT = st.text(max_size=600)
WORDY = st.lists(
    st.sampled_from(
        ["Kyiv", "U.S.", "3.5", "said", "etc.", "Dr.", "ракета", "他说了。", "...", "«Так!»", "z.B.", "end.", "\n"]
    ),
    max_size=120,
).map(" ".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. It pours.", ["It rains.", "It pours."]),
        ("Dr. Smith met Gen. Milley. They spoke.", ["Dr. Smith met Gen. Milley.", "They spoke."]),
        ("J. K. Rowling wrote it. We read it.", ["J. K. Rowling wrote it.", "We read it."]),
        (
            "In the U.S. Senate it passed. In the U.S. The House waits.",
            ["In the U.S. Senate it passed.", "In the U.S.", "The House waits."],
        ),
        ("It rose 3.5 percent. No. 10 was silent.", ["It rose 3.5 percent.", "No. 10 was silent."]),
        ("Shares of Acme Inc. fell. So what?", ["Shares of Acme Inc. fell.", "So what?"]),
        ("“Stop!” he said. “Never.” She left.", ["“Stop!” he said.", "“Never.”", "She left."]),
        ("He paused... and went on. Then... Silence.", ["He paused... and went on.", "Then...", "Silence."]),
        ("Really?! Yes!", ["Really?!", "Yes!"]),
        (
            "Am 3. März sagte z.B. Scholz ca. 5 Mio. Euro zu. Gut.",
            ["Am 3. März sagte z.B. Scholz ca. 5 Mio. Euro zu.", "Gut."],
        ),
        ("Le pacte, dit M. Macron, tient. Il l’a signé.", ["Le pacte, dit M. Macron, tient.", "Il l’a signé."]),
        ("El Sr. Pérez habló. ¿Y ahora? ¡Nada!", ["El Sr. Pérez habló.", "¿Y ahora?", "¡Nada!"]),
        ("W tys. zł podano ceny. Koniec.", ["W tys. zł podano ceny.", "Koniec."]),
        (
            "Збито 5 тис. дронів. Це рекорд. Ім. Шевченка тут.",
            ["Збито 5 тис. дронів.", "Це рекорд.", "Ім. Шевченка тут."],
        ),
        ("قال الوزير ذلك. هل يكفي؟ نعم.", ["قال الوزير ذلك.", "هل يكفي؟", "نعم."]),
        ("他说了。然后离开了！真的吗？好", ["他说了。", "然后离开了！", "真的吗？", "好"]),
        ("यह सच है। वह गया।", ["यह सच है।", "वह गया।"]),
        ("A headline\nA sentence.", ["A headline", "A sentence."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(ANY_TEXT | WORDY)
def test_sentences_keep_every_word(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_words_of_scripts_without_spaces_are_counted_by_characters() -> None:
    assert count_words("Kyiv's air-defence cost €3.5 bn") == 5
    assert count_words("他说了真的") == 3
    assert count_words("ประเทศไทย") == 2
    assert count_words("… – !") == 0


def test_a_summary_is_two_whole_sentences() -> None:
    text = "Two batteries arrived on Monday. Crews are trained. A third follows."
    assert summarise(text) == "Two batteries arrived on Monday. Crews are trained."


def test_a_second_sentence_that_does_not_fit_is_left_out() -> None:
    text = "Two batteries arrived on Monday. A " + "word " * 44 + "end."
    assert summarise(text) == "Two batteries arrived on Monday."


def test_a_first_sentence_that_is_too_long_ends_at_a_clause() -> None:
    text = " ".join(["word"] * 30) + ", and " + " ".join(["more"] * 30) + "."
    assert summarise(text) == " ".join(["word"] * 30) + "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plant lost its last line for nine hours and had to cool", "The plant lost its last line for nine hours…"),
        ("Le cap est réduit de moitié et le prix du pétrole de 47 dollars", "Le cap est réduit de moitié…"),
        ("Літаки збили дев’ять ракет над морем та над містом уранці в неділю", "Літаки збили дев’ять ракет над морем…"),
    ],
)
def test_a_long_sentence_ends_before_a_conjunction_if_there_is_one(text: str, expected: str) -> None:
    assert shorten(text, 10) == expected


def test_captions_datelines_boilerplate_and_the_title_are_passed_over() -> None:
    text = (
        "Soldiers on Monday (Photo: Wire)\nAid pledged\n"
        "KYIV, Ukraine (AP) — Aid was pledged by ten states. Read more about it here. It comes in May.\n"
        "The post Aid pledged appeared first on The Courier."
    )
    assert summarise(text, "Aid pledged") == "Aid was pledged by ten states. It comes in May."
    assert summarise("Aid pledged.", "Aid pledged") == ""


def test_a_text_that_its_feed_cut_off_keeps_its_whole_sentences() -> None:
    assert summarise("It rained in Kyiv. Then the river […]") == "It rained in Kyiv."
    assert summarise("It rained in Kyiv and then…") == "It rained in Kyiv and then…"


def test_sentences_of_chinese_are_joined_without_a_space() -> None:
    assert summarise("他说了。然后离开了！好") == "他说了。然后离开了！"


def test_thai_is_cut_by_characters_and_never_before_a_mark() -> None:
    text = "ที่" * 200
    short = shorten(text, 10)
    assert count_words(short) <= 10
    assert not unicodedata.category(text[len(short) - 1]).startswith("M")


@given(ANY_TEXT | WORDY, st.integers(1, 60))
def test_no_summary_is_longer_than_it_may_be(text: str, words: int) -> None:
    assert count_words(summarise(text, words=words)) <= words
    assert count_words(shorten(text, words)) <= words


@given(ANY_TEXT | WORDY)
def test_a_summary_has_only_words_of_its_text_in_their_order(text: str) -> None:
    rest = iter("".join(text.split()))
    assert all(char in rest for char in "".join(summarise(text).removesuffix("…").split()))
