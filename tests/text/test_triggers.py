from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.triggers import Triggers

WAYS = st.lists(st.frozensets(st.integers(0, 11), min_size=1, max_size=4), max_size=30)


@given(WAYS, st.sets(st.integers(0, 11)))
def test_candidates_are_the_keywords_all_of_whose_words_are_there(ways: list[frozenset[int]], words: set[int]) -> None:
    triggers = Triggers([(way, index) for index, way in enumerate(ways)], [f"word{number}" for number in range(12)])
    assert triggers.candidates(words) == {index for index, way in enumerate(ways) if way <= words}
