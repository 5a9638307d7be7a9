"""What an edited feeds.yaml would make of entries and stories that are stored. Pure.

Only entries that an edited topic has any evidence in, before the edit or after it, are matched again; those against
all topics, since in an article one topic is measured by what another one scores. All others keep what they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.config.models import TopicConfig
from aggregator.group.stories.fields import Member, fields_of
from aggregator.group.topics import TopicMatcher, Verdict
from aggregator.model import Entry, Feed, Story, TopicMatch
from aggregator.text.addresses import without_credentials
from aggregator.text.matcher import Matcher


@dataclass(frozen=True, slots=True)
class TopicEdit:
    """A topic that was 'added', 'removed' or 'changed'. `details` are phrases: "any: + 'Patriot'", 'threshold: 2'."""

    name: str
    kind: str
    details: tuple[str, ...] = ()


def topic_edits(
    before: Mapping[str, TopicConfig] | None, after: Mapping[str, TopicConfig], renamed: bool
) -> list[TopicEdit]:
    """What was edited, in the order of the new file. `before` is None where nobody knows: then all may have changed.

    `renamed`: feeds have other names, which is an edit of topics that name their feeds. A topic's weight decides no
    entry, only the digest's order.
    """
    if before is None:
        return [TopicEdit(name, "changed", ("what it was is not known",)) for name in after]
    edits = [
        TopicEdit(name, "changed" if name in before else "added", _details(before.get(name), topic))
        for name, topic in after.items()
        if name not in before or _deciding(before[name]) != _deciding(topic) or (renamed and topic.feeds)
    ]
    return edits + [TopicEdit(name, "removed") for name in before if name not in after]


def _deciding(topic: TopicConfig) -> tuple[object, ...]:
    return set(topic.any), set(topic.not_), set(topic.feeds), topic.threshold


def _details(before: TopicConfig | None, after: TopicConfig) -> tuple[str, ...]:
    if before is None:
        return ()
    feeds = [tuple(map(without_credentials, topic.feeds)) for topic in (before, after)]
    lists = (("any", before.any, after.any), ("not", before.not_, after.not_), ("feeds", *feeds))
    details = [
        f"{name}: " + ", ".join([f"+ {one!r}" for one in added] + [f"- {one!r}" for one in gone])
        for name, old, new in lists
        for added, gone in [([one for one in new if one not in old], [one for one in old if one not in new])]
        if added or gone
    ]
    if before.threshold != after.threshold:
        details.append(f"threshold: {before.threshold or 'default'} -> {after.threshold or 'default'}")
    return tuple(details or ["its feeds have other names"])


class Replay:
    """Matches stored entries as the edited file would. Not for several threads."""

    def __init__(
        self,
        before: Mapping[str, TopicConfig] | None,
        after: Mapping[str, TopicConfig],
        edits: Sequence[TopicEdit],
    ) -> None:
        self._edited = frozenset(edit.name for edit in edits)
        self._matcher = TopicMatcher(after)
        known = [(name, topics[name]) for topics in (before or {}, after) for name in self._edited if name in topics]
        # One list is enough: what its keywords find is looked at closely anyway.
        self._probe = Matcher({"edited": [keyword for _, topic in known for keyword in topic.any]})

    def topics_of(self, entry: Entry, feed: Feed) -> tuple[TopicMatch, ...]:
        """The topics of an entry under the edited file."""
        if self._edited.isdisjoint(match.topic for match in entry.topics):
            found = self._probe.find(self._probe.read(entry)) if self._edited else {}
            if not found:
                return entry.topics
        return self._matcher.match(entry, feed.name, feed.url)

    def why(self, entry: Entry, feed: Feed, topic: str) -> Verdict | None:
        """How a topic of the edited file stands to an entry; None for one that it no longer has."""
        verdicts = self._matcher.explain(entry, feed.name, feed.url)
        return next((verdict for verdict in verdicts if verdict.topic == topic), None)


def story_after(story: Story, members: Sequence[Member]) -> Story:
    """The story when these are its entries."""
    fields = fields_of(members)
    columns = {name: getattr(fields, name) for name in fields.__dataclass_fields__}
    ids = {member.id for member in members}
    return replace(story, entry_ids=tuple(id_ for id_ in story.entry_ids if id_ in ids), **columns)
