"""From stories that entered a topic with `alert: true` to the outbox.

since when does each topic raise alerts?     a new or edited one from now on
stories with an entry that nobody judged     store
    news?  no   -> their entries are judged
           yes  -> judged, and for each digest an edition of that one story with a delivery for everyone who wants
                   it and has none yet: one transaction, so that a kill leaves all of it or nothing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import Connection

from aggregator.config.models import Config
from aggregator.digest.alerts import (
    A_DAY,
    FRESH,
    YOUNG,
    Began,
    alert_key,
    alert_keys,
    beginnings,
    beginnings_from_text,
    beginnings_to_text,
    is_news,
    wants,
)
from aggregator.digest.draft import Alert, Plan, edition_of, stock
from aggregator.digest.edition import Candidate, brief_for, choose
from aggregator.digest.recipients import recipients, without
from aggregator.digest.schedule import Schedule, Slot
from aggregator.digest.variants import Variant
from aggregator.model import Edition, EditionState, Feed
from aggregator.store import alerts, editions, meta, stories, subscribers
from aggregator.store.database import Store

_META_KEY = "alerts.began"


@dataclass(slots=True)
class Raised:
    """The alerts that were made. `troubles` are sentences for the operator."""

    made: list[Edition] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Case:
    """A story that has just entered a topic."""

    topic: str
    candidate: Candidate
    feeds: Mapping[int, Feed]
    news: bool

    @property
    def entry_ids(self) -> list[int]:
        return [entry.id for entry in self.candidate.entries]


def raise_alerts(store: Store, config: Config, now: datetime) -> Raised:
    """Judge the stories that entered a topic with alerts, and put those that are news into the outbox."""
    raised = Raised()
    began = _began(store, config, now)
    if not began:
        return raised
    with store.read() as conn:
        waiting = alerts.waiting(conn, {topic: one.since for topic, one in began.items()}, since=now - FRESH)
        cases = [case for topic, ids in waiting.items() for case in _cases(conn, topic, ids, began[topic], now)]
    if old := [case for case in cases if not case.news]:
        with store.write() as conn:
            for case in old:
                alerts.judge(conn, case.entry_ids, case.topic)
    for case in cases:
        if case.news:
            _raise(store, config, case, now, raised)
    return raised


def _began(store: Store, config: Config, now: datetime) -> dict[str, Began]:
    with store.read() as conn:
        known = beginnings_from_text(meta.get(conn, _META_KEY))
    began = beginnings(config, known, now)
    if began != known:
        with store.write() as conn:
            meta.put(conn, _META_KEY, beginnings_to_text(began))
    return began


def _cases(conn: Connection, topic: str, story_ids: Sequence[int], began: Began, now: datetime) -> Iterator[_Case]:
    found = [story for story in stories.by_ids(conn, story_ids).values() if topic in story.topics]
    candidates, feeds = stock(conn, found)
    first_polls = alerts.first_polls(conn, feeds)
    for candidate in candidates:
        judged = alerts.judged(conn, [entry.id for entry in candidate.entries], topic)
        news = is_news(candidate, topic, began=began.since, judged=judged, first_polls=first_polls, now=now)
        yield _Case(topic, candidate, feeds, news)


def _raise(store: Store, config: Config, case: _Case, now: datetime, raised: Raised) -> None:
    takers = [name for name, digest in config.digests.items() if case.topic in (digest.topics or config.topics)]
    drafted = [(plan, _draft(plan, case, now)) for name in takers for plan in [_plan(config, name, case, now)]]
    with store.write(durable=True) as conn:
        if not alerts.judge(conn, case.entry_ids, case.topic):
            return  # another process was faster
        for plan, edition in drafted:
            if edition.state is EditionState.EMPTY:
                continue  # not in the digest's languages
            since = now - timedelta(days=1)
            if editions.count(conn, plan.name, variants=alert_keys(config.topics), since=since) >= A_DAY:
                raised.troubles.append(_too_many(plan.name, case))
            elif frozen := _freeze(conn, plan, edition, case, now):
                raised.made.append(frozen)


def _plan(config: Config, name: str, case: _Case, now: datetime) -> Plan:
    digest = config.digests[name].model_copy(update={"topics": (case.topic,)})
    today = now.astimezone(Schedule.of(digest, config.site).zone).date()
    variant = Variant(alert_key(case.topic), digest)
    story = case.candidate.story
    return Plan(config, name, Slot(today, now), variant, issue=story.id, alert=Alert(case.topic, story.key))


def _draft(plan: Plan, case: _Case, now: datetime) -> Edition:
    began = min(entry.first_seen for entry in case.candidate.entries) - timedelta(microseconds=1)
    brief = brief_for(plan.config, plan.digest, period_from=began, period_to=now, shown=())
    return edition_of(plan, choose([case.candidate], case.feeds, brief), case.feeds, now)


def _freeze(conn: Connection, plan: Plan, edition: Edition, case: _Case, now: datetime) -> Edition | None:
    """The alert with a delivery for everyone who has none of this story yet; None when that is nobody."""
    told = editions.telling(conn, case.entry_ids, variants=alert_keys(plan.config.topics), since=now - 2 * YOUNG)
    language = case.candidate.story.language
    wishes = [one for one in subscribers.wishes_of(conn, plan.name) if wants(one, case.topic, language)]
    people = without(conn, recipients(conn, plan, wishes, before=now), told)
    first = next(people, None)
    return None if first is None else editions.freeze(conn, edition, chain([first], people))


def _too_many(name: str, case: _Case) -> str:
    return (
        f"{name} has had {A_DAY} alerts in 24 hours; {case.candidate.story.title!r} ({case.topic}) waits for its next "
        "edition: raise the topic's threshold, or narrow its keywords, if that happens often"
    )
