"""Each row of the table in docs/keywords.md is true."""

import pytest

from aggregator.config.models import TopicConfig
from aggregator.group.topics import TopicMatcher
from aggregator.model import EntryContent
from tests.text.examples import Example, read_examples

EXAMPLES = read_examples()


def test_page_has_its_table() -> None:
    assert len(EXAMPLES) > 40
    assert any(example.text for example in EXAMPLES)
    assert any(not example.found for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.keyword}: {example.title}")
def test_keyword_finds_what_the_page_shows_in_bold(example: Example) -> None:
    topics = TopicMatcher({"T": TopicConfig(any=(example.keyword,))})
    matches = topics.match(EntryContent(title=example.title, text=example.text), "feed", "https://feed.example/")
    spans = tuple((span.field, span.start, span.end) for match in matches for span in match.spans)
    assert spans == example.found
