"""What the fuzzer checks holds for the feeds that come with the program, and for what it once found."""

from pathlib import Path

import pytest

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
