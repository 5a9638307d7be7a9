"""Which story is mailed at once, and to whom. Pure.

A topic with `alert: true` begins when the program first sees it so; edited keywords begin it anew. From then on a story
is mailed once, when a fresh entry brings it into the topic. It is not news, and never will be, when

- an entry of the topic in it was seen before the topic began, or came with its feed's first poll;
- it began more than a day ago;
- one of its entries was judged before: so merging, splitting and grouping again repeat nothing.

The judgement is kept with the entries (`store.alerts`), not with the story.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.config.models import Config, TopicConfig
from aggregator.digest.edition import Candidate, primary_language
from aggregator.model import ALERT_VARIANT, Wishes

FRESH = timedelta(hours=3)  # how old an entry may be that raises an alert: after downtime, old news is not urgent
YOUNG = timedelta(hours=24)  # how long ago a story may have begun
A_DAY = 12  # alerts of one digest in 24 hours; what is more waits for the next edition


@dataclass(frozen=True, slots=True)
class Began:
    """Since when a topic raises alerts, with keywords as they were then."""

    definition: str
    since: datetime


def alert_topics(config: Config) -> tuple[str, ...]:
    """The topics that raise alerts: a digest has to take them, or nobody would get them."""
    taken = {topic for digest in config.digests.values() for topic in digest.topics or config.topics}
    return tuple(name for name, topic in config.topics.items() if topic.alert and name in taken)


def beginnings(config: Config, known: Mapping[str, Began], now: datetime) -> dict[str, Began]:
    """Since when each of today's topics raises alerts: a new or edited one since now."""
    made = {}
    for name in alert_topics(config):
        definition = _definition(config.topics[name])
        before = known.get(name)
        made[name] = before if before and before.definition == definition else Began(definition, now)
    return made


def _definition(topic: TopicConfig) -> str:
    said = topic.model_dump(mode="json", include={"any", "not_", "feeds", "threshold"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def beginnings_to_text(began: Mapping[str, Began]) -> str:
    """As `meta` keeps it."""
    return json.dumps({name: [one.definition, one.since.isoformat()] for name, one in began.items()})


def beginnings_from_text(text: str | None) -> dict[str, Began]:
    """The opposite."""
    stored = json.loads(text or "{}")
    return {name: Began(definition, datetime.fromisoformat(since)) for name, (definition, since) in stored.items()}


def is_news(
    candidate: Candidate,
    topic: str,
    *,
    began: datetime,
    judged: Collection[int],
    first_polls: Mapping[int, datetime],
    now: datetime,
) -> bool:
    """Whether the story is to be mailed. `judged`: ids of entries that are done with; `first_polls`: by feed, when."""
    if candidate.story.first_seen < now - YOUNG or any(entry.id in judged for entry in candidate.entries):
        return False
    matching = [entry for entry in candidate.entries if any(match.topic == topic for match in entry.topics)]
    return all(entry.first_seen > began and entry.first_seen != first_polls.get(entry.feed_id) for entry in matching)


def wants(wishes: Wishes, topic: str, language: str | None) -> bool:
    """Whether a subscriber of a digest that has the topic gets its alerts. `language`: of the story."""
    chosen = not wishes.topics or topic in wishes.topics
    understood = not wishes.language or primary_language(wishes.language) == primary_language(language)
    return wishes.alerts and chosen and understood


def alert_key(topic: str) -> str:
    """Edition.variant of the alerts of a topic."""
    return f"{ALERT_VARIANT}{hashlib.sha256(topic.encode()).hexdigest()[:12]}"


def alert_keys(topics: Iterable[str]) -> tuple[str, ...]:
    """Those of several."""
    return tuple(alert_key(topic) for topic in topics)
