"""What stands outside a feed's items, kept with its spans: while its bytes stay the same, it is not parsed again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from aggregator.poll.parse.result import FeedMeta

_SPANS = ("ttl", "update_period")
_SETS = ("skip_hours", "skip_days")


@dataclass(frozen=True, slots=True)
class Header:
    """`version` is feedparser's short name of the format; an entry is read by it."""

    meta: FeedMeta
    format: str
    version: str

    def to_bytes(self) -> bytes:
        """For `KnownSpans`."""
        values: dict[str, Any] = {name: value for name, value in asdict(self.meta).items() if value}
        values |= {name: values[name].total_seconds() for name in _SPANS if name in values}
        values |= {name: sorted(values[name]) for name in _SETS if name in values}
        return json.dumps([self.format, self.version, values], separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """What `to_bytes` gave."""
        format_, version, values = json.loads(data)
        values |= {name: timedelta(seconds=values[name]) for name in _SPANS if name in values}
        values |= {name: frozenset(values[name]) for name in _SETS if name in values}
        if "hub_urls" in values:
            values["hub_urls"] = tuple(values["hub_urls"])
        return cls(FeedMeta(**values), format_, version)
