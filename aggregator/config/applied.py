"""What of feeds.yaml the stored results were made with, so that an edited file can be compared with it.

Only what decides topics, digests and the entries that are stored: no address of a reader, no credential.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from pydantic import TypeAdapter

from aggregator.config.models import Config, DigestItem, TopicItem

_TOPICS = TypeAdapter(dict[str, TopicItem])
_DIGESTS = TypeAdapter(dict[str, DigestItem])
_FILTERS = TypeAdapter(dict[str, tuple[tuple[str, ...], tuple[str, ...]]])


@dataclass(frozen=True, slots=True)
class Applied:
    """Topics and digests by name, these with their time zone, be it the site's; `filters` are `keep:` and `drop:` by
    feed address, where a feed has any.
    """

    topics: Mapping[str, TopicItem] = field(default_factory=dict)
    digests: Mapping[str, DigestItem] = field(default_factory=dict)
    filters: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Applied:
        """What a file that was read comes to."""
        filters = {str(feed.url): (feed.keep, feed.drop) for feed in config.feeds if feed.keep or feed.drop}
        zone = config.site.timezone
        digests = {
            name: digest.model_copy(update={"to": (), "timezone": digest.timezone or zone})
            for name, digest in config.digests.items()
        }
        return cls(config.topics, digests, filters)

    def to_text(self) -> str:
        """As the database keeps it; equal files give equal texts."""
        parts = [
            _TOPICS.dump_python(dict(self.topics), by_alias=True, exclude_defaults=True),
            _DIGESTS.dump_python(dict(self.digests), by_alias=True, exclude_defaults=True),
            dict(self.filters),
        ]
        return json.dumps(parts, ensure_ascii=False, default=_as_written)

    @classmethod
    def from_text(cls, text: str | None) -> Applied | None:
        """Read back; None where nothing is stored, or what another version of the program stored can't be read."""
        if not text:
            return None
        try:
            topics, digests, filters = json.loads(text)
            return cls(
                _TOPICS.validate_python(topics), _DIGESTS.validate_python(digests), _FILTERS.validate_python(filters)
            )
        except (ValueError, TypeError):
            return None


def _as_written(value: object) -> str:
    """A value of feeds.yaml as it can stand there."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        return f"{value // timedelta(seconds=1)}s"
    return str(value)
