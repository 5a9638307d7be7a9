"""What the fuzzer checks holds for the feeds that come with the program, and for what it once found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import ConfigError, ConfigFault
from aggregator.model import Enclosure
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import ParsedFeed
from fuzz.targets import TARGETS

HERE = Path(__file__).parent
SEEDS = sorted([*(HERE / "data" / "feeds").iterdir(), *(HERE.parent / "aggregator" / "demo" / "feeds").iterdir()])
FOUND = [
    b"<rss version='2.0'><channel><title>T</title><skipHours><hour/></skipHours><skipDays><day/></skipDays>"
    b"<item><title>A</title></item></channel></rss>",
    b"<rss version='2.0'><channel><title>T</title><item><title>A</title><description>a\rb</description></item></channel></rss>",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_targets_hold_for_good_input(target: str, seed: Path) -> None:
    TARGETS[target](seed.read_bytes())


@pytest.mark.parametrize("data", [b"", b"\0", *FOUND])
def test_targets_hold_for_what_was_found(data: bytes) -> None:
    for target in TARGETS.values():
        target(data)


def test_target_tells_unsafe_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.targets.sanitise_html", lambda html, base: html)
    for unsafe in (
        b"<p onclick=x>",
        b"<a href='javascript:x'>x</a>",
        b"<svg></svg>",
        b"<!-- x -->",
        b"<p style='x'>",
        b"\0",
    ):
        with pytest.raises(AssertionError):
            TARGETS["sanitise"](unsafe)


@pytest.mark.parametrize(
    "unsafe",
    [
        {"summary": "<p onclick=x>x</p>"},
        {"content": "<a href='javascript:x'>x</a>"},
        {"title": "a\0b"},
        {"text": "a\ud800"},
        {"url": "javascript:alert(1)"},
        {"enclosures": (Enclosure("data:text/html,x"),)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_target_tells_unsafe_entries(monkeypatch: pytest.MonkeyPatch, unsafe: dict[str, Any]) -> None:
    seed = (HERE / "data" / "feeds" / "rss.xml").read_bytes()

    def spoilt(*args: Any, **kwargs: Any) -> ParsedFeed:
        parsed = parse_feed(*args, **kwargs)
        return replace(parsed, entries=(replace(parsed.entries[0], **unsafe), *parsed.entries[1:]))

    monkeypatch.setattr("fuzz.targets.parse_feed", spoilt)
    with pytest.raises(AssertionError):
        TARGETS["parse"](seed)


@pytest.mark.parametrize("faults", [[], [ConfigFault("feeds.yaml", 0, 1, "x")], [ConfigFault("feeds.yaml", 1, 1, "")]])
def test_target_tells_a_refusal_without_place_or_sentence(
    monkeypatch: pytest.MonkeyPatch, faults: list[ConfigFault]
) -> None:
    def refuse(*_: object) -> None:
        raise ConfigError(faults)

    monkeypatch.setattr("fuzz.targets.load.parse", refuse)
    with pytest.raises(AssertionError):
        TARGETS["config"](b"")
