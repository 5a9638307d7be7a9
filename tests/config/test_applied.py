"""What of feeds.yaml is remembered."""

from pathlib import Path

import pytest

from aggregator.config.applied import Applied
from aggregator.config.load import parse

WHOLE = """
feeds:
  - https://plain.example/
  - {url: https://a.example/, keep: [ukraine], drop: [sport], auth: "me:secret"}
topics:
  Aid: {any: [aid], not: [first aid], threshold: 2, weight: 3}
  Енергія: [електростанція]
digests:
  Evening: {at: "18:30", days: mon-fri, timezone: Europe/Berlin, window: 2h, to: [a@b.example], languages: [en], stories: 5}
"""


def test_file_is_the_same_after_it_was_stored_and_read_back() -> None:
    applied = Applied.of(parse(WHOLE.encode(), Path("feeds.yaml")))
    assert Applied.from_text(applied.to_text()) == applied


def test_digest_is_remembered_with_the_time_zone_of_its_site() -> None:
    zones = []
    for zone in ("Europe/Kyiv", "America/New_York"):
        text = f"site: {{timezone: {zone}}}\nfeeds: [https://a.example/]\ndigests: {{Daily: {{}}}}"
        applied = Applied.from_text(Applied.of(parse(text.encode(), Path("feeds.yaml"))).to_text())
        zones.append(str(applied.digests["Daily"].timezone) if applied else "")
    assert zones == ["Europe/Kyiv", "America/New_York"]


def test_nothing_is_remembered_of_readers_and_credentials() -> None:
    text = Applied.of(parse(WHOLE.encode(), Path("feeds.yaml"))).to_text()
    assert "a@b.example" not in text
    assert "secret" not in text


@pytest.mark.parametrize("text", [None, "", "no json", "[]", '[{"A": {"any": ["!"]}}, {}, {}]', "7"])
def test_what_cannot_be_read_back_counts_as_nothing(text: str | None) -> None:
    assert Applied.from_text(text) is None
