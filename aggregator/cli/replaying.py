"""An edited feeds.yaml tried on what is stored, for `aggregator plan`. Only reads.

feeds      compared with those that were applied last
entries    a page at a time, newest first: topics again (group.replay), `keep:` and `drop:` again
stories    those with an entry that changed: their fields again
digests    each one's next edition drafted twice, from what is stored and from what would be
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nlargest

from sqlalchemy import Connection

from aggregator.cli.plan_report import EditionPlan, FilterPlan, Leading, Plan, Sample, StoryPlan, TopicPlan
from aggregator.config.applied import Applied
from aggregator.config.models import Config
from aggregator.digest.draft import Stock
from aggregator.digest.edition import Candidate, Selection
from aggregator.digest.service import upcoming
from aggregator.group.feedplan import FeedEdits, feed_edits
from aggregator.group.replay import Replay, TopicEdit, story_after, topic_edits
from aggregator.group.saving import member_of
from aggregator.group.walks import TOPICS
from aggregator.model import Edition, Entry, Story, TopicMatch
from aggregator.store import entries, grouping, meta, stories
from aggregator.store import feeds as stored_feeds
from aggregator.store.database import Store
from aggregator.text.filters import EntryFilters

_PAGE = 500  # stories, or feeds, at a time
Progress = Callable[[int, int], None]
Topics = tuple[TopicMatch, ...]


@dataclass(slots=True, kw_only=True)
class Trial:
    """One run of `aggregator plan`: what it reads with, and what it found so far."""

    store: Store
    config: Config
    applied: Applied | None
    feeds: FeedEdits
    edits: list[TopicEdit]
    replay: Replay
    filters: EntryFilters
    since: datetime | None
    plan: Plan
    topics: dict[int, Topics] = field(default_factory=dict)  # of the entries whose topics change
    touched: set[int] = field(default_factory=set)  # story ids

    @property
    def whole(self) -> bool:
        """Whether every entry has to be read."""
        return bool(self.edits)


def try_out(
    store: Store, config: Config, now: datetime, *, since: datetime | None, samples: int, progress: Progress
) -> Plan:
    """What `config` would change. `since` leaves out older entries; `samples` are shown of each kind of change."""
    trial = _begin(store, config, since, samples)
    _read_entries(trial, progress)
    _read_stories(trial)
    names = dict.fromkeys([*(trial.applied.digests if trial.applied else {}), *config.digests])
    trial.plan.editions = [_edition(trial, name, now) for name in names]
    return trial.plan


def _begin(store: Store, config: Config, since: datetime | None, samples: int) -> Trial:
    with store.read() as conn:
        applied = Applied.from_text(meta.get(conn, meta.APPLIED))
        known = stored_feeds.known(conn)
        moved = stored_feeds.followed(conn, [str(feed.url) for feed in config.feeds])
        waiting = grouping.count_ungrouped(conn)
        behind = grouping.count_older_than(conn, TOPICS.below(conn))
        counts = entries.count_by_topic(conn, since=since)
    feeds = feed_edits(known, config, applied, moved)
    edits = topic_edits(applied.topics if applied else None, config.topics, feeds.renamed)
    filters = _edited_filters(config, applied, feeds)
    plan = Plan(samples=samples, since=since, waiting=waiting, behind=behind)
    plan.feeds, plan.feeds_unchanged = feeds.edits, feeds.unchanged
    plan.topics = {edit.name: TopicPlan(edit.name, edit.kind, edit.details) for edit in edits}
    for name in (*config.topics, *counts):
        plan.topics.setdefault(name, TopicPlan(name, "same")).before = counts.get(name, 0)
    replay = Replay(applied.topics if applied else None, config.topics, edits)
    return Trial(
        store=store,
        config=config,
        applied=applied,
        feeds=feeds,
        edits=edits,
        replay=replay,
        filters=filters,
        since=since,
        plan=plan,
    )


def _edited_filters(config: Config, applied: Applied | None, feeds: FeedEdits) -> EntryFilters:
    """`keep:` and `drop:` of feeds that had others, under whatever address they had them."""
    before = applied.filters if applied else {}
    addresses = {feed.url: feeds.before[id_].url for id_, feed in feeds.after.items() if id_ in feeds.before}
    lists = {str(feed.url): (feed.keep, feed.drop) for feed in config.feeds}
    return EntryFilters({url: one for url, one in lists.items() if before.get(addresses.get(url, url)) != one})


# -- entries ----------------------------------------------------------------------------------------------------------


def _read_entries(trial: Trial, progress: Progress) -> None:
    concerned = sorted(trial.feeds.concerned)
    walks: Sequence[Sequence[int] | None] = (
        [None] if trial.whole else [concerned[at : at + _PAGE] for at in range(0, len(concerned), _PAGE)]
    )
    with trial.store.read() as conn:
        total = sum(entries.count_walked(conn, since=trial.since, feed_ids=ids) for ids in walks)
    for ids in walks:
        for page in _pages(trial, ids):
            for entry in page:
                _read_entry(trial, entry)
            trial.plan.entries += len(page)
            progress(trial.plan.entries, max(total, trial.plan.entries))


def _pages(trial: Trial, feed_ids: Sequence[int] | None) -> Iterator[list[Entry]]:
    """A transaction each: a long one would keep SQLite's log from shrinking."""
    below = None
    while True:
        with trial.store.read() as conn:
            page = entries.page(conn, below=below, since=trial.since, feed_ids=feed_ids)
        if not page:
            return
        below = page[-1].sort_at, page[-1].id
        yield page


def _read_entry(trial: Trial, entry: Entry) -> None:
    feeds = trial.feeds
    old, new = feeds.before.get(entry.feed_id), feeds.after.get(entry.feed_id)
    if old is None and new is None:
        return
    now = trial.replay.topics_of(entry, new) if new else ()
    if new and set(_scores(now)) != set(_scores(entry.topics)):
        trial.topics[entry.id] = _lean(now)
    _tally(trial, entry, entry.topics if old else (), now)
    if entry.story_id is not None and (entry.id in trial.topics or entry.feed_id in feeds.concerned):
        trial.touched.add(entry.story_id)
    if old and new and new.url in trial.filters:
        taken, why = trial.filters.accepts(new.url, entry)
        found = trial.plan.filters.setdefault(new.url, FilterPlan(new.name))
        found.entries += 1
        if not taken:
            found.refused += 1
            if len(found.samples) < trial.plan.samples:
                found.samples.append(Sample(entry.id, entry.title, new.name, why))


def _tally(trial: Trial, entry: Entry, before: Topics, after: Topics) -> None:
    old, new = {match.topic: match for match in before}, {match.topic: match for match in after}
    for name in (*old, *(name for name in new if name not in old)):
        topic = trial.plan.topics.setdefault(name, TopicPlan(name, "same"))
        if name not in old:
            _won(trial, entry, topic, new[name])
        elif name not in new:
            _lost(trial, entry, topic, old[name])


def _won(trial: Trial, entry: Entry, topic: TopicPlan, match: TopicMatch) -> None:
    feed = trial.feeds.after[entry.feed_id]
    back = entry.feed_id not in trial.feeds.before
    topic.won.count(["its feed is back"] if back else _keywords(match))
    if topic.won.lacks(entry.title, trial.plan.samples):
        verdict = trial.replay.why(entry, feed, topic.name)
        topic.won.samples.append(Sample(entry.id, entry.title, feed.name, verdict.reason if verdict else ""))


def _lost(trial: Trial, entry: Entry, topic: TopicPlan, match: TopicMatch) -> None:
    feed = trial.feeds.after.get(entry.feed_id)
    if feed is None:
        causes, why = ["its feed leaves"], "Its feed leaves feeds.yaml."
    elif topic.name not in trial.config.topics:
        causes, why = ["the topic is gone"], "The topic is gone."
    else:
        words = _keywords(match)
        causes = [word for word in words if word not in trial.config.topics[topic.name].any]
        causes = causes or ["not:, feeds:, threshold: or another topic"]
        why = ""
    topic.lost.count(causes)
    if topic.lost.lacks(entry.title, trial.plan.samples):
        verdict = trial.replay.why(entry, feed, topic.name) if feed and not why else None
        name = feed.name if feed else trial.feeds.before[entry.feed_id].name
        topic.lost.samples.append(Sample(entry.id, entry.title, name, verdict.reason if verdict else why))


def _keywords(match: TopicMatch) -> list[str]:
    return list(dict.fromkeys(span.keyword for span in match.spans))


# -- stories ----------------------------------------------------------------------------------------------------------


def _read_stories(trial: Trial) -> None:
    ids = sorted(trial.touched, reverse=True)
    largest: list[StoryPlan] = []
    for at in range(0, len(ids), _PAGE):
        with trial.store.read() as conn:
            found = stories.by_ids(conn, ids[at : at + _PAGE])
            after = _stories_after(trial, conn, list(found.values()))
        for story in found.values():
            changed = _story_plan(story, after.get(story.id))
            if changed is not None:
                trial.plan.count_story(changed)
                largest.append(changed)
        largest = nlargest(trial.plan.samples, largest, key=lambda one: (one.outlets, one.key))
    trial.plan.stories = largest


def _stories_after(trial: Trial, conn: Connection, found: Sequence[Story]) -> dict[int, Story]:
    """The stories as they would be; those that would have no entry left are missing."""
    after = trial.feeds.after
    members = grouping.members(conn, [story.id for story in found])
    made = {}
    for story in found:
        kept = [
            member_of(replace(one, topics=_scores(trial.topics[one.id])) if one.id in trial.topics else one, feed)
            for one in members.get(story.id, ())
            if (feed := after.get(one.feed_id))
        ]
        if kept:
            made[story.id] = story_after(story, kept)
    return made


def _lean(matches: Topics) -> Topics:
    """Without the places that show why: those of a hundred thousand entries are too much to keep."""
    return tuple(replace(match, spans=()) for match in matches)


def _scores(matches: Topics) -> tuple[tuple[str, float], ...]:
    return tuple((match.topic, match.score) for match in matches)


def _story_plan(before: Story, after: Story | None) -> StoryPlan | None:
    now = after.topics if after else ()
    gains = tuple(topic for topic in now if topic not in before.topics)
    loses = tuple(topic for topic in before.topics if topic not in now)
    led_anew = after is not None and after.lead_id != before.lead_id
    if after is not None and not gains and not loses and not led_anew and after.outlets == before.outlets:
        return None
    return StoryPlan(before.key, before.title, len(before.outlets), gains, loses, after is None, led_anew)


# -- digests ----------------------------------------------------------------------------------------------------------


def _edition(trial: Trial, name: str, now: datetime) -> EditionPlan:
    applied, config = trial.applied, trial.config
    old = config.model_copy(update={"topics": applied.topics, "digests": applied.digests}) if applied else config
    found = EditionPlan(name)
    if name in old.digests:
        plan, edition, selection = upcoming(trial.store, old, name, now)
        found.before = _told(edition, selection)
        found.subject_before = edition.subject
        found.at_before = plan.slot.at
    if name in config.digests:
        plan, edition, selection = upcoming(
            trial.store, config, name, now, lambda conn, stock: _as_if(trial, conn, stock)
        )
        found.after = _told(edition, selection)
        found.subject_after = edition.subject
        found.at_after = plan.slot.at
    return found


def _told(edition: Edition, selection: Selection) -> list[Leading]:
    """The stories of an edition in the order of reading."""
    picks = {pick.story.key: pick for pick in selection.picks}
    told = [picks[key] for key in edition.story_keys]
    return [Leading(one.story.key, one.lead.title or one.story.title, len(one.outlets), one.topic) for one in told]


def _as_if(trial: Trial, conn: Connection, stock: Stock) -> Stock:
    """The stories of a digest's period, of the feeds and with the topics of the edited file."""
    candidates, found = stock
    after = trial.feeds.after
    for entry in (entry for candidate in candidates for entry in candidate.entries):
        unread = trial.whole and trial.since is not None and entry.sort_at < trial.since
        if unread and entry.feed_id in after:
            trial.topics[entry.id] = _lean(trial.replay.topics_of(entry, after[entry.feed_id]))
    revised = _stories_after(trial, conn, [candidate.story for candidate in candidates])
    made = [
        Candidate(revised[one.story.id], tuple(_entries_after(trial, one.entries)))
        for one in candidates
        if one.story.id in revised
    ]
    return made, {id_: after.get(id_, feed) for id_, feed in found.items()}


def _entries_after(trial: Trial, found: Sequence[Entry]) -> Iterator[Entry]:
    for entry in found:
        if entry.feed_id in trial.feeds.after:
            yield replace(entry, topics=trial.topics.get(entry.id, entry.topics))
