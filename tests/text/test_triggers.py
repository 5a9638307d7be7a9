from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.triggers import Triggers

WAYS = st.lists(st.frozensets(st.integers(0, 11), min_size=1, max_size=5), max_size=30)
ENTRIES = st.lists(st.sets(st.integers(-2, 11)), min_size=2, max_size=4)


@given(WAYS, ENTRIES)
def test_ways_are_met_all_of_whose_words_are_there(ways: list[frozenset[int]], entries: list[set[int]]) -> None:
    triggers = Triggers(ways, [f"word{number}" for number in range(12)])
    for words in entries:  # none leaves anything behind
        assert triggers.met(words) == [at for at, way in enumerate(ways) if way <= words]
