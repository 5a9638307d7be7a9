"""Which topics an entry belongs to, and why, or why not. Pure.

A topic takes an entry whose score reaches the topic's threshold. In an article (not in a summary, where every mention
counts) there is one condition more, for passing mentions: a topic that the headline says nothing of needs half the
score of the topic that the article is most about, though never more than five times its own threshold.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aggregator.config.models import TopicConfig
from aggregator.model import EntryContent, Span, TopicMatch
from aggregator.text.evidence import APART, IN_A_NAME, NEAR, SUMMARY_WORDS, THRESHOLD, TOGETHER, Hit, score_all
from aggregator.text.matcher import Evidence, Matcher
from aggregator.text.places import FieldText, Place, ReadEntry

VERSION = 4
"""Raised with every change by which stored entries would be matched otherwise: then they are all matched again."""
MAX_SPANS = 20
"""Spans of one match that are kept: enough to show why."""

_HOW = {TOGETHER: "", NEAR: "with its words near each other ", IN_A_NAME: "in a name or an amount "}
_RIVAL_SHARE = 0.5
_RIVAL_LIMIT = 5.0
_ROUNDING = 1e-9  # of sums in another order


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a topic stands to an entry. `needed` is the score that it would take, `reason` a sentence."""

    topic: str
    taken: bool
    score: float
    needed: float
    reason: str
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)  # not frozen: thousands are made
class _Standing:
    """A topic's evidence in one entry, without what `not` takes away."""

    score: float
    hits: list[tuple[str, Hit]]  # keyword, hit

    @property
    def in_title(self) -> bool:
        return any(hit.places[0][0].name == "title" for _, hit in self.hits if hit.weight)


@dataclass(frozen=True)
class _Reading:
    """An entry as the topics see it."""

    entry: ReadEntry
    standings: dict[str, _Standing]

    @cached_property
    def leaders(self) -> list[str]:
        """The two topics with the highest scores."""
        return heapq.nlargest(2, self.standings, key=lambda name: self.standings[name].score)


class TopicMatcher:
    """All topics compiled together. Raises `KeywordError` for a keyword that can't work. Not for several threads."""

    def __init__(self, topics: Mapping[str, TopicConfig]) -> None:
        self._topics = dict(topics)
        self._thresholds = {name: topic.threshold or THRESHOLD for name, topic in topics.items()}
        self._least = min(self._thresholds.values(), default=THRESHOLD)  # a score below it decides nothing
        # A rival counts from the score of which a share is more than some topic needs anyway.
        self._rivals_from = self._least / _RIVAL_SHARE
        self._limited = {name for name, topic in topics.items() if topic.feeds}
        self._matcher = Matcher(
            {
                (name, wanted): topic.any if wanted else topic.not_
                for name, topic in topics.items()
                for wanted in (True, False)
            },
            whole=[(name, False) for name in topics],
        )

    def match(self, entry: EntryContent, feed_name: str, feed_url: str) -> tuple[TopicMatch, ...]:
        """The topics that take an entry, best first."""
        if not self._topics:
            return ()
        reading = self._read(entry, feed_name, feed_url, whole=False)
        matches = [
            TopicMatch(name, round(standing.score, 2), _spans(standing.hits))
            for name, standing in reading.standings.items()
            if standing.score >= self._thresholds[name] and standing.score >= self._needed(name, reading)[0]
        ]
        return tuple(sorted(matches, key=lambda match: -match.score))

    def explain(self, entry: EntryContent, feed_name: str, feed_url: str) -> tuple[Verdict, ...]:
        """How every topic stands to an entry: those that take it first, then those that came nearest."""
        reading = self._read(entry, feed_name, feed_url, whole=True)
        verdicts = [
            self._verdict(name, reading)
            if self._takes_feed(name, feed_name, feed_url)
            else Verdict(name, False, 0.0, self._thresholds[name], f"Its feeds: does not name {feed_name!r}.")
            for name in self._topics
        ]
        return tuple(sorted(verdicts, key=lambda verdict: (not verdict.taken, -verdict.score)))

    def _read(self, entry: EntryContent, feed_name: str, feed_url: str, *, whole: bool) -> _Reading:
        """All topics' evidence, or that of those which may take the entry, or keep others from taking it."""
        read = self._matcher.read(entry, 0.0 if whole else self._least)
        if whole or read.fields["text"].length <= SUMMARY_WORDS:  # nearly all mentions in a summary are enough
            names = [name for name, wanted in self._matcher.lists(read) if wanted]
            found = [
                (name, self._standing(name, read)) for name in names if self._takes_feed(name, feed_name, feed_url)
            ]
            return _Reading(read, {name: standing for name, standing in found if standing is not None})
        ceilings = {
            name: ceiling
            for (name, wanted), ceiling in self._matcher.ceilings(read).items()
            if wanted and self._matters(name, ceiling) and self._takes_feed(name, feed_name, feed_url)
        }
        return _Reading(read, self._likeliest(read, ceilings))

    def _likeliest(self, read: ReadEntry, ceilings: Mapping[str, float]) -> dict[str, _Standing]:
        """The standings of topics in an article, without those that can neither take it nor be another's rival."""
        standings: dict[str, _Standing] = {}
        best = second = 0.0
        for name in sorted(ceilings, key=ceilings.__getitem__, reverse=True):
            ceiling = ceilings[name] + _ROUNDING
            needed = min(second, self._bar(name, best))
            if ceiling < needed and not self._matcher.is_in_title(read, (name, True)):
                continue
            standing = self._standing(name, read)
            if standing is not None:
                standings[name] = standing
                best, second = max(best, standing.score), max(second, min(best, standing.score))
        return {name: standings[name] for name in ceilings if name in standings}

    def _standing(self, name: str, read: ReadEntry) -> _Standing | None:
        wanted = self._matcher.evidence(read, (name, True))
        return _stand(wanted, self._matcher.evidence(read, (name, False))) if wanted else None

    def _matters(self, name: str, ceiling: float) -> bool:
        """Whether a topic whose score is at most this can decide anything."""
        ceiling += _ROUNDING
        return ceiling >= self._thresholds[name] or ceiling > self._rivals_from

    def _takes_feed(self, name: str, feed_name: str, feed_url: str) -> bool:
        feeds = self._topics[name].feeds if name in self._limited else ()
        return not feeds or feed_name in feeds or feed_url in feeds

    def _needed(self, name: str, reading: _Reading) -> tuple[float, str | None]:
        """The score that a topic needs, and the rival topic that makes it more than the threshold."""
        threshold = self._thresholds[name]
        if reading.entry.fields["text"].length <= SUMMARY_WORDS or reading.standings[name].in_title:
            return threshold, None
        rival = next((leader for leader in reading.leaders if leader != name), None)
        if rival is None:
            return threshold, None
        needed = self._bar(name, reading.standings[rival].score)
        return needed, rival if needed > threshold else None

    def _bar(self, name: str, rival: float) -> float:
        """What a topic that the headline says nothing of needs in an article beside a rival of such a score."""
        threshold = self._thresholds[name]
        return max(threshold, min(rival * _RIVAL_SHARE, threshold * _RIVAL_LIMIT))

    def _verdict(self, name: str, reading: _Reading) -> Verdict:
        if name not in reading.standings:
            return Verdict(name, False, 0.0, self._thresholds[name], self._nearest(name, reading.entry))
        standing = reading.standings[name]
        needed, rival = self._needed(name, reading)
        reason = f"{_describe(standing.hits)} Score {standing.score:.2f}, needed {needed:.2f}."
        if rival is not None:
            reason += f" The article is more about {rival!r}, and the title says nothing of this topic."
        taken = standing.score >= needed
        return Verdict(name, taken, round(standing.score, 2), round(needed, 2), reason, _spans(standing.hits))

    def _nearest(self, name: str, read: ReadEntry) -> str:
        """What of a topic's keywords is in an entry that none of them matches."""
        partial = [
            f"{keyword!r} ({', '.join(map(repr, words))} only)"
            for keyword, expression in self._matcher.expressions((name, True))
            if (words := expression.present(read))
        ]
        if not partial:
            return f"No word of its keywords is in the entry, read as {read.language!r}."
        return f"No keyword matches; parts that do: {'; '.join(partial[:5])}."


def _stand(wanted: Evidence, unwanted: Evidence) -> _Standing:
    pairs = [(keyword, hit) for keyword, found in wanted.items() for hit in found]
    if unwanted:
        sure = (TOGETHER, IN_A_NAME)
        covered = [hit.places[0] for found in unwanted.values() for hit in found if hit.kind in sure]
        pairs = [pair for pair in pairs if _remains(pair[1], covered)]
    return _Standing(score_all(pairs), pairs)


def _remains(hit: Hit, covered: Sequence[tuple[FieldText, Place]]) -> bool:
    """Whether a hit still stands when what `not` covers is taken away."""
    gone = [
        (field, place)
        for field, place in hit.places
        if any(field is other and place[0] < there[1] and there[0] < place[1] for other, there in covered)
    ]
    if hit.kind is APART:  # one of the mentions in the text is enough
        return all(field.name == "text" for field, _ in gone) and len(gone) < len(hit.places) - 1
    return not gone


def _spans(hits: Sequence[tuple[str, Hit]]) -> tuple[Span, ...]:
    heaviest = sorted(hits, key=lambda pair: -pair[1].weight) if len(hits) > 1 else hits
    spans: dict[tuple[str, int, int, str], None] = {}
    for keyword, hit in heaviest:
        for field, place in hit.places:
            start, end = hit.offsets or field.offsets(place)
            spans[field.name, start, end, keyword] = None
        if len(spans) >= MAX_SPANS:
            break
    shown = sorted(list(spans)[:MAX_SPANS], key=lambda span: (span[0] != "title", span[0], span[1]))
    return tuple([Span(*span) for span in shown])


def _describe(hits: Sequence[tuple[str, Hit]]) -> str:
    """'air defense' is in the title and 6 times in the text; 'anti-aircraft' 3 times in the text."""
    if not hits:
        return "All that its keywords find is covered by not:."
    by_keyword: dict[str, list[Hit]] = {}
    for keyword, hit in hits:
        by_keyword.setdefault(keyword, []).append(hit)
    parts = [f"{keyword!r} {_describe_places(found)}" for keyword, found in list(by_keyword.items())[:5]]
    more = f"; and {len(by_keyword) - 5} keywords more" if len(by_keyword) > 5 else ""
    return f"{'; '.join(parts)}{more}."


def _describe_places(hits: Sequence[Hit]) -> str:
    counts = Counter((_HOW[hit.kind], hit.places[0][0].name) for hit in hits if hit.kind is not APART)
    parts = [f"{how}{'' if count == 1 else f'{count} times '}in the {field}" for (how, field), count in counts.items()]
    return " and ".join(parts) or "with its words apart, in the title and the text"
