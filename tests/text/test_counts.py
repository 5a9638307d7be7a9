"""Numbers with their nouns."""

import pytest

from aggregator.text.counts import plural


@pytest.mark.parametrize(("count", "said"), [(0, "0 sources"), (1, "1 source"), (2, "2 sources")])
def test_noun_follows_its_number(count: int, said: str) -> None:
    assert plural(count, "source", "sources") == said
