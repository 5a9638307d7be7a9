"""What a text says that others did not say."""

from __future__ import annotations

import pytest

from aggregator.text.novelty import new_sentences

KNOWN = ["A blast closed the bridge on Monday.", "Nobody was hurt, the governor said."]


def test_a_sentence_with_new_words_is_new() -> None:
    text = "A blast closed the bridge. Engineers expect to reopen one lane within two weeks."
    assert new_sentences(KNOWN, text) == ["Engineers expect to reopen one lane within two weeks."]


def test_other_forms_of_the_same_words_are_not_new() -> None:
    assert new_sentences(KNOWN, "The governors said blasts had closed bridges; nobody was hurt on Mondays.") == []


def test_a_few_new_words_are_not_news() -> None:
    assert new_sentences(KNOWN, "A terrible blast closed the bridge.") == []


def test_new_numbers_are_news() -> None:
    assert new_sentences(["Repairs will cost much."], "Repairs will cost 48 million, 12 from abroad, 36 from banks.")


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("Вибух пошкодив міст у понеділок.", "Інженери обіцяють відкрити одну смугу за два тижні."),
        ("爆炸在星期一关闭了大桥。", "工程师预计两周内重新开放一条车道。"),
        ("أغلق انفجار الجسر يوم الاثنين.", "يتوقع المهندسون إعادة فتح مسار واحد خلال أسبوعين."),
        ("서울에서 다리가 닫혔다.", "기술자들은 이주 안에 차선을 다시 열겠다고 약속했다."),
    ],
)
def test_news_is_found_in_every_script(known: str, text: str) -> None:
    assert new_sentences([known], f"{known}\n{text}") == [text]
