"""The two measures, beside values worked out by hand and by their definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.group.suggest.weights import likelihood_ratio, log_odds


def test_likelihood_ratio_of_a_known_table() -> None:
    # 2 * sum(O * ln(O / E)) of the table ((10, 20), (10, 60)) by hand
    assert likelihood_ratio(10, 30, 10, 70) == pytest.approx(4.4737, abs=1e-3)


def test_word_that_is_as_frequent_everywhere_weighs_nothing() -> None:
    assert likelihood_ratio(5, 50, 100, 1000) == pytest.approx(0, abs=1e-9)
    assert log_odds(5, 50, 100, 1000) == pytest.approx(0, abs=1e-9)


def test_word_that_every_entry_has_weighs_nothing() -> None:
    assert likelihood_ratio(5, 5, 100, 100) == 0
    assert log_odds(5, 5, 100, 100) == 0


@given(st.integers(2, 50), st.integers(1, 50), st.integers(0, 500))
def test_sign_says_where_the_word_is_more_frequent(of: int, here: int, there: int) -> None:
    here, of_others = min(here, of - 1), 1000
    more = here * of_others - there * of
    assert likelihood_ratio(here, of, there, of_others) >= -1e-9
    assert log_odds(here, of, there, of_others) * more >= -1e-6
