"""What a running program writes to stderr: one line an event, harmless on a terminal and in a log file."""

from __future__ import annotations

import logging
import re

# Whatever could start a new line, move the cursor or turn the text around.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class OneLine(logging.Formatter):
    """Escapes control characters that come from feeds and servers; keeps the line breaks of our own messages."""

    def format(self, record: logging.LogRecord) -> str:
        record.args = tuple(_safe(one) for one in record.args) if isinstance(record.args, tuple) else record.args
        return _UNSAFE.sub(lambda match: f"\\x{ord(match.group()):02x}", super().format(record))


def _safe(value: object) -> object:
    """An argument without line breaks of its own, unless it is one of our errors, which may list many faults."""
    return value.replace("\n", "\\n") if isinstance(value, str) else value


def start_logging() -> None:
    """Log the program's own events from INFO on, libraries' from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aggregator").setLevel(logging.INFO)
