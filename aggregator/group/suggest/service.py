"""`aggregator suggest`'s way through the store. Only reads.

entries      newest first: words of each topic's entries, without what its keywords found
stories      of several origins that no topic takes: their words
entries      again: in how many others those words are
choose       pure: words for topics, topics for stories
entries      a third time: what each keyword would win, exactly as `group` would match
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.config.models import Config, TopicConfig
from aggregator.group.suggest.choosing import (
    LEAST_ENTRIES,
    NewTopic,
    Untaken,
    Word,
    new_topics,
    telling,
    words_for,
    words_of,
)
from aggregator.group.suggest.ground import Background, Ground, Term, outlet_names, own_words
from aggregator.group.suggest.wording import worded
from aggregator.group.topics import TopicMatcher
from aggregator.model import Entry, EntryContent, Feed, Story
from aggregator.store import entries, stories
from aggregator.store import feeds as stored_feeds
from aggregator.store.database import Store
from aggregator.text.matcher import Matcher
from aggregator.text.tokens import tokenize

MOST_ENTRIES = 20_000
"""Entries that are read, the newest ones."""
_OF_A_TOPIC = 400  # entries that tell enough
_STORIES, _OF_A_STORY = 100, 40

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Wins:
    """What a keyword, or a topic, would take beside what its topic has; `untaken` of them no topic has."""

    entries: int = 0
    untaken: int = 0
    ids: set[int] = field(default_factory=set)


@dataclass(slots=True)
class TopicSuggestion:
    """Words for a topic of feeds.yaml. `entries` were read of it."""

    name: str
    entries: int
    words: list[tuple[Word, Wins]]

    @property
    def enough(self) -> bool:
        """Whether there are entries enough to tell."""
        return self.entries >= LEAST_ENTRIES


@dataclass(slots=True)
class Suggestions:
    """All of it; `entries` were read."""

    entries: int
    topics: list[TopicSuggestion]
    new: list[tuple[NewTopic, Wins]]


class Suggester:
    """One run. `since` leaves out older entries and stories."""

    def __init__(self, store: Store, config: Config, since: datetime | None, progress: Progress) -> None:
        self._store = store
        self._config = config
        self._since = since
        self._progress = progress
        with store.read() as conn:
            self._feeds = {feed.id: feed for feed in stored_feeds.list_all(conn)}
            self._total = 3 * min(MOST_ENTRIES, entries.count_walked(conn, since=since))
        self._done = 0
        self._names = outlet_names(self._feeds.values())

    def run(self, most: int) -> Suggestions:
        """At most `most` keywords for a topic, and `most` new topics."""
        grounds = self._read_topics()
        read = self._done
        told = self._read_stories()
        background = self._read_all(grounds, told)
        topics = {name: self._words(name, ground, background, most) for name, ground in grounds.items()}
        new = new_topics(
            [_untaken(story, ground, self._telling(ground, background)) for story, ground in told],
            self._config.topics,
            most,
        )
        wins = self._win(topics, new)
        return Suggestions(
            entries=read,
            topics=[
                TopicSuggestion(name, grounds[name].entries, [(word, wins[name, word.keyword]) for word in words])
                for name, words in topics.items()
            ],
            new=[(topic, wins[topic.name, ""]) for topic in new],
        )

    # -- reading ------------------------------------------------------------------------------------------------------

    def _walk(self) -> Iterator[tuple[Entry, Feed]]:
        below, read = None, 0
        while read < MOST_ENTRIES:
            with self._store.read() as conn:
                page = entries.page(conn, below=below, since=self._since)
            if not page:
                return
            below = page[-1].sort_at, page[-1].id
            read += len(page)
            yield from ((entry, self._feeds[entry.feed_id]) for entry in page if entry.feed_id in self._feeds)
            self._done += len(page)
            self._progress(self._done, max(self._total, self._done))

    def _read_topics(self) -> dict[str, Ground]:
        grounds = {name: Ground() for name in self._config.topics}
        for entry, feed in self._walk():
            for match in entry.topics:
                ground = grounds.get(match.topic)
                if ground is not None and ground.entries < _OF_A_TOPIC:
                    ground.add(entry, feed.outlet, worded(entry, match.spans), own_words(entry, feed))
        return grounds

    def _read_stories(self) -> list[tuple[Story, Ground]]:
        with self._store.read() as conn:
            found = stories.untaken(conn, since=self._since, limit=_STORIES)
        told = []
        for story in sorted(found, key=lambda one: (-one.origins, -len(one.outlets), one.key)):
            with self._store.read() as conn:
                members = stories.entries_of(conn, [story.id])[story.id]
            ground = Ground()
            for entry in members[:_OF_A_STORY]:
                feed = self._feeds[entry.feed_id]
                ground.add(entry, feed.outlet, worded(entry), own_words(entry, feed))
            told.append((story, ground))
        return told

    def _read_all(self, grounds: dict[str, Ground], told: list[tuple[Story, Ground]]) -> Background:
        wanted: dict[Term, set[str]] = {}
        for name, ground in grounds.items():
            for term, seen in ground.terms.items():
                if seen.entries > 1:
                    wanted.setdefault(term, set()).add(name)
        for _, ground in told:
            for term, seen in ground.terms.items():
                if seen.entries > 1:
                    wanted.setdefault(term, set())
        background = Background({term: frozenset(names) for term, names in wanted.items()})
        for entry, feed in self._walk():
            background.add(entry, worded(entry), own_words(entry, feed))
        return background

    # -- choosing -----------------------------------------------------------------------------------------------------

    def _words(self, name: str, ground: Ground, background: Background, most: int) -> list[Word]:
        if ground.entries < LEAST_ENTRIES:
            return []
        topic = self._config.topics[name]
        matcher = TopicMatcher({name: TopicConfig(any=topic.any)})

        def usable(keyword: str, language: str) -> bool:
            """It names no outlet, is not only words of the topic's keywords, and these don't find it."""
            words = words_of([keyword], language)
            alone = EntryContent(title=keyword, language=language)
            named = tuple(token.form for token in tokenize(keyword)) in self._names
            return not named and not words <= words_of(topic.any, language) and not matcher.match(alone, "", "")

        return words_for(name, ground, background, usable, most)

    def _telling(self, ground: Ground, background: Background) -> dict[Term, float]:
        found = telling(ground, background)
        forms = {term: ground.terms[term].form for term in found}
        return {
            term: weight
            for term, weight in found.items()
            if tuple(token.form for token in tokenize(forms[term])) not in self._names
        }

    # -- what they would win ------------------------------------------------------------------------------------------

    def _win(self, topics: dict[str, list[Word]], new: list[NewTopic]) -> dict[tuple[str, str], Wins]:
        """By topic and keyword; '' for all keywords of a new topic."""
        edited: dict[tuple[str, str], TopicConfig] = {}
        for name, words in topics.items():
            before = self._config.topics[name]
            for word in words:
                edited[name, word.keyword] = before.model_copy(update={"any": (*before.any, word.keyword)})
        for topic in new:
            edited[topic.name, ""] = TopicConfig(any=topic.keywords)
        added = {key: [key[1]] if key[1] else list(topic.any) for key, topic in edited.items()}
        probe = Matcher(added)
        matchers: dict[tuple[str, str], TopicMatcher] = {}
        wins = {key: Wins() for key in edited}
        for entry, feed in self._walk() if edited else ():
            have = {match.topic for match in entry.topics}
            for key in probe.find(probe.read(entry)):
                if key[0] in have:
                    continue
                if key not in matchers:
                    matchers[key] = TopicMatcher({**self._config.topics, key[0]: edited[key]})
                if any(match.topic == key[0] for match in matchers[key].match(entry, feed.name, feed.url)):
                    wins[key].entries += 1
                    wins[key].untaken += not have
                    wins[key].ids.add(entry.id)
        return wins


def _untaken(story: Story, ground: Ground, terms: dict[Term, float]) -> Untaken:
    forms = {term: ground.terms[term].form for term in terms}
    return Untaken(story.key, story.title, len(story.outlets), story.origins, story.entry_ids, terms, forms)
