"""Single lines of text from elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.lines import cut, direction, tidy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short", "Short"),
        ("Two Patriot batteries reach Kyiv ahead of schedule today", "Two Patriot batteries reach Kyiv ahead of…"),
        ("👩‍👩‍👧‍👦" * 20, "👩‍👩‍👧‍👦" * 7 + "…"),
        ("e\u0301" * 40, "é" * 40),
        ("x\u0302" * 40, "x\u0302" * 24 + "…"),
        ("\u0302" * 60, "…"),
    ],
)
def test_a_line_is_cut_between_words_or_whole_characters(text: str, expected: str) -> None:
    assert cut(text, 50) in {expected, expected.replace("é", "e\u0301")[:48] + "…"}


def test_control_characters_direction_overrides_and_line_ends_go() -> None:
    assert tidy("a\r\nBcc: b\x00\u202e c\u2028d\ud800\u2066e\u2069") == "a Bcc: b c de"


@given(st.text(st.characters(), max_size=300))
def test_a_tidy_line_is_one_line_that_every_output_can_hold(text: str) -> None:
    line = tidy(text)
    assert len(line.splitlines()) <= 1
    assert line.encode("utf-8").decode("utf-8") == line
    assert line == tidy(line)


@given(st.text(max_size=300), st.integers(1, 80))
def test_no_line_is_longer_than_it_may_be(text: str, length: int) -> None:
    assert len(cut(text, length)) <= length


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12% الدفاع", "rtl"), ("דיווח: IRIS-T", "rtl"), ("“IRIS-T” وصل", "ltr"), ("2026", "rtl"), ("", "rtl")],
)
def test_a_lines_direction_is_that_of_its_first_letter(text: str, expected: str) -> None:
    assert direction(text, "rtl") == expected
