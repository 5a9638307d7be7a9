"""Which stories an edition tells, and in which order. Pure: equal data gives equal editions, byte for byte.

A story counts with what it brought since the last edition. Its rank is

    log2(1 + independent voices) x weight of its topic x 0.5 ^ (age / half-life)

where copies of one text, or feeds of one outlet, are one voice. A story that an earlier edition told comes back only
when a text says something new; then it counts with the new voices alone and is marked 'Update'.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.config.models import Config, DigestConfig
from aggregator.model import Entry, Feed, Story
from aggregator.text.novelty import new_sentences

LONGEST_PERIOD = timedelta(days=7)
OLDEST_AT_FIRST_SIGHT = timedelta(days=7)
SHORTEST_HALF_LIFE = timedelta(hours=12)
OTHER_WEIGHT = 0.5  # of stories that no topic takes, beside topics of weight 1
TEXT_FOR_NEWS = 3000  # characters of a text in which something new is looked for


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story with its entries, oldest first."""

    story: Story
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What decides an edition, beside the stories: taken from feeds.yaml and from the editions made so far."""

    period_from: datetime
    period_to: datetime
    topics: Mapping[str, float]  # name -> weight, in the edition's order
    only_topics: bool  # leave out what no topic takes
    languages: tuple[str, ...]
    stories: int
    shown: frozenset[int]  # ids of entries that earlier editions told
    updates: bool = True  # whether a story that was told may come back


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A story that may enter. `lead` is the entry that is linked; `topic` is None for what no topic takes."""

    story: Story
    topic: str | None
    score: float
    lead: Entry
    entries: tuple[Entry, ...]  # the story's, without those that came too late; the lead first
    outlets: tuple[str, ...]  # the lead's first
    voices: int
    news: tuple[str, ...] | None  # an update's new sentences; None for a story told for the first time
    at: datetime  # of the newest text that counts


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen stories, best first, and how many there were to choose from by topic."""

    picks: tuple[Pick, ...]
    totals: Mapping[str | None, int]
    brief: Brief


def brief_for(
    config: Config,
    digest: DigestConfig,
    *,
    period_from: datetime,
    period_to: datetime,
    shown: Iterable[int],
    updates: bool = True,
) -> Brief:
    """The brief of a digest of feeds.yaml. Topics that feeds.yaml no longer has are passed over."""
    names = [name for name in digest.topics if name in config.topics] if digest.topics else list(config.topics)
    return Brief(
        period_from=period_from,
        period_to=period_to,
        topics={name: config.topics[name].weight for name in names},
        only_topics=bool(digest.topics),
        languages=digest.languages,
        stories=digest.stories,
        shown=frozenset(shown),
        updates=updates,
    )


def choose(candidates: Iterable[Candidate], feeds: Mapping[int, Feed], brief: Brief) -> Selection:
    """Rank the stories of the period and choose; every topic that has any gives at least its best one."""
    picks = [pick for candidate in candidates if (pick := _pick(candidate, feeds, brief))]
    ranked = sorted(picks, key=lambda pick: (-pick.score, pick.story.id))
    totals: dict[str | None, int] = {}
    for pick in ranked:
        totals[pick.topic] = totals.get(pick.topic, 0) + 1
    return Selection(tuple(_spread(ranked, brief.stories)), totals, brief)


def _spread(ranked: Sequence[Pick], size: int) -> list[Pick]:
    """The best `size`, but a topic whose best story comes later takes the place of the last of a topic with several."""
    best = {pick.topic: pick for pick in reversed(ranked)}
    firsts = {pick.story.id for pick in sorted(best.values(), key=lambda pick: (-pick.score, pick.story.id))[:size]}
    rest = [pick.story.id for pick in ranked if pick.story.id not in firsts]
    chosen = firsts | set(rest[: max(0, size - len(firsts))])
    return [pick for pick in ranked if pick.story.id in chosen]


def why_left_out(candidate: Candidate, feeds: Mapping[int, Feed], brief: Brief) -> str | None:
    """Why a story can't enter, whatever its rank, as a sentence; None when it can."""
    case = _case(candidate, feeds, brief)
    if isinstance(case, str):
        return case
    if _picked(case):
        return None
    return "An earlier edition told it, and no sentence of the texts since then is new in half of its words."


def _pick(candidate: Candidate, feeds: Mapping[int, Feed], brief: Brief) -> Pick | None:
    case = _case(candidate, feeds, brief)
    return None if isinstance(case, str) else _picked(case)


def _picked(case: _Case) -> Pick | None:
    return _update(case) if case.told else _first(case)


def _case(candidate: Candidate, feeds: Mapping[int, Feed], brief: Brief) -> _Case | str:
    """The story as far as it counts, or why it doesn't."""
    story = candidate.story
    topic = next((name for name in story.topics if name in brief.topics), None)
    if topic is None and brief.only_topics:
        return f"None of the digest's topics takes it; it is in {', '.join(story.topics) or 'none'}."
    if not _in_languages(story, candidate.entries, brief.languages):
        return f"It is not in a language of the digest: {', '.join(brief.languages)}."
    entries = [entry for entry in candidate.entries if _counts(entry, brief)]
    fresh = [entry for entry in entries if entry.first_seen > brief.period_from and entry.id not in brief.shown]
    told = [entry for entry in entries if entry.id in brief.shown]
    if not entries:
        return "Its texts were more than a week old when they were first seen, or came after the edition."
    if not fresh:
        return "An earlier edition told it." if told else "Its texts came before the edition's period."
    if told and not brief.updates:
        return "An earlier mail told it."
    return _Case(story, topic, entries, fresh, told, feeds, brief)


def _counts(entry: Entry, brief: Brief) -> bool:
    """Against floods: what was old already when it was first seen (a new feed's archive) is no news."""
    return entry.first_seen <= brief.period_to and entry.first_seen - entry.sort_at <= OLDEST_AT_FIRST_SIGHT


def _in_languages(story: Story, entries: Sequence[Entry], languages: tuple[str, ...]) -> bool:
    if not languages:
        return True
    language = story.language or next((entry.language for entry in entries if entry.language), None)
    return primary_language(language) in {primary_language(wanted) for wanted in languages}


def primary_language(tag: str | None) -> str:
    """'en' of 'en-GB' (BCP 47); '' of None."""
    return (tag or "").replace("_", "-").split("-")[0].casefold()


@dataclass(frozen=True, slots=True)
class _Case:
    """A story that has something fresh, with what it takes to judge it."""

    story: Story
    topic: str | None
    entries: list[Entry]  # that count
    fresh: list[Entry]  # of them, those of the period that no edition told
    told: list[Entry]  # of them, those that an edition told
    feeds: Mapping[int, Feed]
    brief: Brief

    def pick(self, lead: Entry, fresh: list[Entry], voices: int | None = None, news: list[str] | None = None) -> Pick:
        ordered = _lead_first(lead, self.entries)
        outlets = outlets_of(ordered, self.feeds)
        voices = voices or max(1, min(len(outlets), self.story.origins))
        at = max(entry.sort_at for entry in fresh)
        return Pick(
            story=self.story,
            topic=self.topic,
            score=_score(voices, self.topic, at, self.brief),
            lead=lead,
            entries=ordered,
            outlets=outlets,
            voices=voices,
            news=None if news is None else tuple(news),
            at=at,
        )


def _first(case: _Case) -> Pick:
    return case.pick(next((e for e in case.entries if e.id == case.story.lead_id), case.fresh[-1]), case.fresh)


def _update(case: _Case) -> Pick | None:
    """The story again, led by the text that says most that is new; None when none of them does."""
    known = [text for entry in case.told for text in (entry.title, entry.text[:TEXT_FOR_NEWS])]
    news = {entry.id: new_sentences(known, entry.text[:TEXT_FOR_NEWS]) for entry in case.fresh}
    telling = [entry for entry in case.fresh if news[entry.id]]
    if not telling:
        return None
    lead = max(telling, key=lambda entry: (_priority(entry, case.feeds), len(news[entry.id]), -entry.id))
    return case.pick(lead, telling, len(outlets_of(telling, case.feeds)), news[lead.id])


def _priority(entry: Entry, feeds: Mapping[int, Feed]) -> int:
    feed = feeds.get(entry.feed_id)
    return feed.priority if feed else 0


def _lead_first(lead: Entry, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The lead, then the others with the newest first."""
    others = sorted((e for e in entries if e.id != lead.id), key=lambda e: (e.sort_at, e.id), reverse=True)
    return (lead, *others)


def outlets_of(entries: Iterable[Entry], feeds: Mapping[int, Feed]) -> tuple[str, ...]:
    """Who tells it, each once, in the entries' order."""
    return tuple(dict.fromkeys(feeds[entry.feed_id].outlet for entry in entries if entry.feed_id in feeds))


def _score(voices: int, topic: str | None, at: datetime, brief: Brief) -> float:
    weight = brief.topics[topic] if topic is not None else OTHER_WEIGHT if brief.topics else 1.0
    half_life = max(SHORTEST_HALF_LIFE, (brief.period_to - brief.period_from) / 2)
    age = max(timedelta(), brief.period_to - at)
    return round(math.log2(1 + voices) * weight * math.pow(0.5, age / half_life), 9)
