"""Coverage-guided fuzzing of what meets hostile bytes, with atheris (not in the lock: `pip install atheris`).

    python -m tests.fuzz parse -max_total_time=600 [FOLDER OF FEEDS TO START FROM]
    python -m tests.fuzz sanitise -max_total_time=600

Stops at the first input that raises anything but NotAFeed, or gives something unsafe, and writes it to a file.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["aggregator", "feedparser"]):
    from aggregator.poll.parse import NotAFeed, parse_feed
    from aggregator.text.html import sanitise, to_text
from tests.poll.test_parse_hostile import assert_harmless
from tests.text.test_html import assert_safe


def fuzz_parse(data: bytes) -> None:
    try:
        parsed = parse_feed(data, content_type=None, base_url="https://a.example/feed", known=None)
        parse_feed(data, content_type=None, base_url="https://a.example/feed", known=parsed.spans)
    except NotAFeed:
        return
    for entry in parsed.entries:
        assert_harmless(entry)


def fuzz_sanitise(data: bytes) -> None:
    html = data.decode("utf-8", "surrogateescape")
    assert_safe(sanitise(html, "https://a.example/page"))
    to_text(html)


if __name__ == "__main__":
    targets = {"parse": fuzz_parse, "sanitise": fuzz_sanitise}
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in targets:
        sys.exit(__doc__)
    atheris.Setup(sys.argv, targets[name])
    atheris.Fuzz()
