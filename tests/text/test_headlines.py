"""tests/data/headlines.txt: keywords in ten languages, and headlines that they find or leave alone."""

from pathlib import Path

import pytest

from aggregator.config.models import TopicConfig
from aggregator.group.topics import TopicMatcher
from aggregator.model import EntryContent

_FILE = Path(__file__).resolve().parents[1] / "data" / "headlines.txt"


def _headlines() -> dict[str, list[str]]:
    sections = _FILE.read_text("utf-8").split("\n[")[1:]
    return {section[:2]: section.split("]\n", 1)[1].strip().splitlines() for section in sections}


def _is_found(keyword: str, headline: str) -> bool:
    matcher = TopicMatcher({"T": TopicConfig(any=(keyword,))})
    return bool(matcher.match(EntryContent(title=headline), "feed", "https://feed.example/"))


@pytest.mark.parametrize(("language", "lines"), _headlines().items())
def test_keyword_finds_the_headlines_that_an_editor_means_and_no_others(language: str, lines: list[str]) -> None:
    assert len(lines) > 20, language
    wrong = []
    for line in lines:
        sign = min((" + ", " - "), key=lambda sign: (line + sign).index(sign))
        keyword, headline = line.split(sign, 1)
        if _is_found(keyword, headline) != (sign == " + "):
            wrong.append(line)
    assert wrong == []
