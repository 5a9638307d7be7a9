"""How alike two entries may be by chance, and what is not known of words."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from aggregator.group.stories.chance import SPAN, Ends, doubt_of
from aggregator.group.stories.settings import DAY, SHIPPED


def test_more_stories_at_a_time_raise_what_is_asked_for() -> None:
    crowds = [doubt_of(5_000, stories, SHIPPED).crowd for stories in (0, 10, 100, 1_000, 10_000)]
    assert crowds == sorted(crowds)
    assert crowds[0] < 0.01
    assert 1 < crowds[3] < 2


def test_window_that_knows_few_words_asks_for_more_but_not_of_a_handful_of_stories() -> None:
    young, learnt = doubt_of(60, 60, SHIPPED), doubt_of(5_000, 60, SHIPPED)
    assert young.crowd > learnt.crowd
    assert doubt_of(2, 2, SHIPPED).crowd < 0.2
    assert doubt_of(0, 0, SHIPPED).words == 1
    assert learnt.words < 0.01


@given(st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(0, 20 * DAY))), st.integers(0, 20 * DAY))
def test_stories_are_counted_around_the_time_of_their_last_entry(moves: list[tuple[int, int]], at: int) -> None:
    ends, last = Ends(), Counter[int]()
    for first, later in moves:
        ends.add(first)
        ends.move(first, later)
        last[later] += 1
    near = sum(number for end, number in last.items() if abs(end - at) <= SPAN)
    roughly = sum(number for end, number in last.items() if abs(end - at) <= SPAN + DAY // 4)
    assert near <= ends.around(at) <= roughly
    for end, number in last.items():
        for _ in range(number):
            ends.take(end)
    assert ends.around(at) == 0
