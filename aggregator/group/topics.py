"""Which topics an entry belongs to, and why, or why not. Pure.

A topic takes an entry whose score reaches the topic's threshold. In an article (not in a summary, where every mention counts)
there is one condition more, for passing mentions: a topic that the headline says nothing of needs half the score of the topic
that the article is most about, though never more than twice its own threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.config.models import TopicConfig
from aggregator.model import EntryContent, Span, TopicMatch
from aggregator.text.evidence import SUMMARY_WORDS, THRESHOLD, Hit, Kind, score
from aggregator.text.matcher import Evidence, Matcher
from aggregator.text.places import FieldText, Place, ReadEntry

MAX_SPANS = 20
"""Spans of one match that are kept: enough to show why."""

_HOW = {Kind.TOGETHER: "", Kind.NEAR: "with its words near each other ", Kind.IN_A_NAME: "in a name or an amount "}
_RIVAL_SHARE = 0.5
_RIVAL_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a topic stands to an entry. `needed` is the score that it would take, `reason` a sentence."""

    topic: str
    taken: bool
    score: float
    needed: float
    reason: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class _Standing:
    """A topic's evidence in one entry, without what `not` takes away."""

    score: float
    hits: tuple[tuple[str, Hit], ...]  # keyword, hit
    in_title: bool


class TopicMatcher:
    """All topics compiled together. Raises `KeywordError` for a keyword that can't work. Not for several threads."""

    def __init__(self, topics: Mapping[str, TopicConfig]) -> None:
        self._topics = dict(topics)
        lists = {f"any {name}": topic.any for name, topic in topics.items()}
        lists |= {f"not {name}": topic.not_ for name, topic in topics.items() if topic.not_}
        self._matcher = Matcher(lists)

    def match(self, entry: EntryContent, feed_name: str, feed_url: str) -> tuple[TopicMatch, ...]:
        """The topics that take an entry, best first."""
        standings, words = self._standings(entry, feed_name, feed_url)
        matches = [
            TopicMatch(name, round(standing.score, 2), _spans(standing.hits))
            for name, standing in standings.items()
            if standing.score >= self._needed(name, standings, words)[0]
        ]
        return tuple(sorted(matches, key=lambda match: -match.score))

    def explain(self, entry: EntryContent, feed_name: str, feed_url: str) -> tuple[Verdict, ...]:
        """How every topic stands to an entry, those that take it first, then those that came nearest."""
        standings, words = self._standings(entry, feed_name, feed_url)
        read = self._matcher.read(entry)
        verdicts = [self._verdict(name, standings, words, read, feed_name, feed_url) for name in self._topics]
        return tuple(sorted(verdicts, key=lambda verdict: (not verdict.taken, -verdict.score)))

    def _standings(self, entry: EntryContent, feed_name: str, feed_url: str) -> tuple[dict[str, _Standing], int]:
        """The topics of this feed with any evidence, and the number of words in the entry's text."""
        read = self._matcher.read(entry)
        found = self._matcher.find(read)
        standings = {}
        for name, topic in self._topics.items():
            evidence = found.get(f"any {name}")
            if evidence and _takes_feed(topic, feed_name, feed_url):
                standings[name] = _stand(evidence, found.get(f"not {name}", {}))
        return standings, len(read.fields["text"].words)

    def _needed(self, name: str, standings: Mapping[str, _Standing], words: int) -> tuple[float, str | None]:
        """The score that a topic needs, and the rival topic that makes it more than the threshold."""
        threshold = self._topics[name].threshold or THRESHOLD
        if words <= SUMMARY_WORDS or standings[name].in_title:
            return threshold, None
        rivals = {other: standing.score for other, standing in standings.items() if other != name}
        rival = max(rivals, key=rivals.__getitem__, default=None)
        if rival is None or rivals[rival] * _RIVAL_SHARE <= threshold:
            return threshold, None
        return min(rivals[rival] * _RIVAL_SHARE, threshold * _RIVAL_LIMIT), rival

    def _verdict(
        self,
        name: str,
        standings: Mapping[str, _Standing],
        words: int,
        read: ReadEntry,
        feed_name: str,
        feed_url: str,
    ) -> Verdict:
        topic = self._topics[name]
        threshold = topic.threshold or THRESHOLD
        if not _takes_feed(topic, feed_name, feed_url):
            return Verdict(name, False, 0.0, threshold, f"Its feeds: does not name {feed_name!r}.")
        if name not in standings:
            return Verdict(name, False, 0.0, threshold, self._nearest(name, read))
        standing = standings[name]
        needed, rival = self._needed(name, standings, words)
        taken = standing.score >= needed
        reason = f"{_describe(standing.hits)} Score {standing.score:.2f}, needed {needed:.2f}."
        if rival is not None:
            reason += f" The article is more about {rival!r}, and the title says nothing of this topic."
        return Verdict(name, taken, round(standing.score, 2), round(needed, 2), reason, _spans(standing.hits))

    def _nearest(self, name: str, read: ReadEntry) -> str:
        """What of a topic's keywords is in an entry that none of them matches."""
        partial = [
            f"{keyword!r} ({', '.join(map(repr, words))} only)"
            for keyword, expression in self._matcher.expressions(f"any {name}")
            if (words := expression.present(read))
        ]
        if not partial:
            return f"No word of its keywords is in the entry, read as {read.language!r}."
        return f"No keyword matches; parts that do: {'; '.join(partial[:5])}."


def _takes_feed(topic: TopicConfig, feed_name: str, feed_url: str) -> bool:
    return not topic.feeds or feed_name in topic.feeds or feed_url in topic.feeds


def _stand(wanted: Evidence, unwanted: Evidence) -> _Standing:
    covered = [
        hit.places[0] for hits in unwanted.values() for hit in hits if hit.kind in (Kind.TOGETHER, Kind.IN_A_NAME)
    ]
    hits = tuple((keyword, hit) for keyword, found in wanted.items() for hit in found if _remains(hit, covered))
    in_title = any(field.name == "title" for _, hit in hits if hit.weight for field, _ in hit.places)
    return _Standing(score(hit for _, hit in hits), hits, in_title)


def _remains(hit: Hit, covered: Sequence[tuple[FieldText, Place]]) -> bool:
    """Whether a hit still stands when what `not` covers is taken away."""
    gone = [
        (field, place)
        for field, place in hit.places
        if any(field is other and place[0] < there[1] and there[0] < place[1] for other, there in covered)
    ]
    if hit.kind is Kind.APART:  # one of the mentions in the text is enough
        return all(field.name == "text" for field, _ in gone) and len(gone) < len(hit.places) - 1
    return not gone


def _spans(hits: Sequence[tuple[str, Hit]]) -> tuple[Span, ...]:
    heaviest = sorted(hits, key=lambda pair: -pair[1].weight)
    spans: dict[Span, None] = {}
    for keyword, hit in heaviest:
        for field, place in hit.places:
            start, end = hit.offsets or field.offsets(place)
            spans[Span(field.name, start, end, keyword)] = None
        if len(spans) >= MAX_SPANS:
            break
    return tuple(sorted(list(spans)[:MAX_SPANS], key=lambda span: (span.field != "title", span.field, span.start)))


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
    counts = Counter((_HOW[hit.kind], hit.places[0][0].name) for hit in hits if hit.kind is not Kind.APART)
    parts = [f"{how}{'' if count == 1 else f'{count} times '}in the {field}" for (how, field), count in counts.items()]
    return " and ".join(parts) or "with its words apart, in the title and the text"
