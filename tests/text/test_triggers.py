from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.triggers import Triggers

WAYS = st.lists(st.frozensets(st.integers(0, 11), min_size=1, max_size=4), max_size=30)


@given(WAYS, st.sets(st.integers(-2, 11)))
def test_ways_are_met_all_of_whose_words_are_there(ways: list[frozenset[int]], words: set[int]) -> None:
    triggers = Triggers(ways, [f"word{number}" for number in range(12)])
    for _ in range(2):  # the first call leaves nothing behind
        assert triggers.met(words) == [at for at, way in enumerate(ways) if way <= words]
