"""What `aggregator plan` found out; printed by `plan`, made by `replaying`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aggregator.group.feedplan import FeedEdit
from aggregator.text.addresses import without_credentials


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the entries that change, with the words that decide."""

    id: int
    title: str
    feed: str
    why: str


@dataclass(slots=True)
class Side:
    """Entries that a topic wins, or loses. `by` counts them by what decides: keywords mostly."""

    entries: int = 0
    by: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)

    def lacks(self, title: str, most: int) -> bool:
        """Whether an entry of this title is still to be shown; copies of one text are shown once."""
        return len(self.samples) < most and all(sample.title != title for sample in self.samples)

    def count(self, causes: Iterable[str]) -> None:
        """One more entry."""
        self.entries += 1
        self.by.update(causes)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"entries": self.entries, "by": dict(self.by.most_common()), "samples": self.samples}


@dataclass(slots=True)
class TopicPlan:
    """A topic's entries before and after. `kind`: added, removed, changed, or same where only others were edited."""

    name: str
    kind: str
    details: tuple[str, ...] = ()
    before: int = 0
    won: Side = field(default_factory=Side)
    lost: Side = field(default_factory=Side)

    @property
    def after(self) -> int:
        """Entries that it would have."""
        return self.before + self.won.entries - self.lost.entries


@dataclass(slots=True)
class FilterPlan:
    """What an edited `keep:` or `drop:` would leave out from now on, shown on what is stored of the feed."""

    feed: str
    entries: int = 0
    refused: int = 0
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoryPlan:
    """A story that changes. `gone`: no entry is left; `led_anew`: another entry gives it its title."""

    key: str
    title: str
    outlets: int
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    gone: bool
    led_anew: bool


@dataclass(frozen=True, slots=True)
class Leading:
    """A story in an edition. `topic`: its section; None for what no topic takes."""

    key: str
    title: str
    outlets: int
    topic: str | None


@dataclass(slots=True)
class EditionPlan:
    """The next edition of a digest; `before` or `after` is None where there is no such digest."""

    digest: str
    before: list[Leading] | None = None
    after: list[Leading] | None = None
    subject_before: str = ""
    subject_after: str = ""
    at_before: datetime | None = None
    at_after: datetime | None = None

    @property
    def enters(self) -> list[Leading]:
        """Stories that only the edited file would have told."""
        return _without(self.after or [], self.before or [])

    @property
    def leaves(self) -> list[Leading]:
        """Stories that it would no longer tell."""
        return _without(self.before or [], self.after or [])

    @property
    def moves(self) -> list[tuple[Leading, str | None]]:
        """Stories that would stand in another section, with that which they stood in."""
        sections = {one.key: one.topic for one in self.before or []}
        return [(one, sections[one.key]) for one in self.after or [] if sections.get(one.key, one.topic) != one.topic]


def _without(stories: list[Leading], others: list[Leading]) -> list[Leading]:
    known = {one.key for one in others}
    return [one for one in stories if one.key not in known]


@dataclass(slots=True, kw_only=True)
class Plan:
    """All of it. `entries` were read, `waiting` are not grouped yet and not counted.

    `behind`: entries that are yet to be matched with the topics in use, so that what they have is older still.
    """

    samples: int
    since: datetime | None
    waiting: int
    behind: int
    feeds: list[FeedEdit] = field(default_factory=list)
    feeds_unchanged: int = 0
    entries: int = 0
    topics: dict[str, TopicPlan] = field(default_factory=dict)
    filters: dict[str, FilterPlan] = field(default_factory=dict)
    stories: list[StoryPlan] = field(default_factory=list)
    story_counts: Counter[str] = field(default_factory=Counter)
    editions: list[EditionPlan] = field(default_factory=list)

    @property
    def topics_unedited(self) -> list[str]:
        """Topics that are as they were."""
        return [topic.name for topic in self.topics.values() if topic.kind == "same"]

    def count_story(self, story: StoryPlan) -> None:
        """One more story that changes."""
        self.story_counts["touched"] += 1
        self.story_counts["gain a topic"] += bool(story.gains)
        self.story_counts["lose a topic"] += bool(story.loses) and not story.gone
        self.story_counts["have no entry left"] += story.gone
        self.story_counts["get another leading entry"] += story.led_anew

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "entries": self.entries,
            "since": self.since,
            "waiting": self.waiting,
            "behind": self.behind,
            "feeds": self.feeds,
            "topics": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "details": one.details,
                    "before": one.before,
                    "after": one.after,
                    "won": one.won.as_json(),
                    "lost": one.lost.as_json(),
                }
                for one in self.topics.values()
                if one.kind != "same" or one.won.entries or one.lost.entries
            ],
            "topics_unedited": self.topics_unedited,
            "filters": [{"url": without_credentials(url), **_plain(one)} for url, one in self.filters.items()],
            "stories": {"counts": dict(self.story_counts), "largest": self.stories},
            "editions": [_edition_json(one) for one in self.editions],
        }


def _plain(one: FilterPlan) -> dict[str, Any]:
    return {"feed": one.feed, "entries": one.entries, "refused": one.refused, "samples": one.samples}


def _edition_json(one: EditionPlan) -> dict[str, Any]:
    def side(stories: list[Leading] | None, subject: str, at: datetime | None) -> dict[str, Any] | None:
        return None if stories is None else {"at": at, "subject": subject, "stories": stories}

    return {
        "digest": one.digest,
        "before": side(one.before, one.subject_before, one.at_before),
        "after": side(one.after, one.subject_after, one.at_after),
        "enters": [story.key for story in one.enters],
        "leaves": [story.key for story in one.leaves],
        "moves": [{"story": story.key, "from": old, "to": story.topic} for story, old in one.moves],
    }
