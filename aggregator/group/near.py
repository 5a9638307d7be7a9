"""How near an entry came to a topic's keywords, and two entries to each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from aggregator.config.models import TopicConfig
from aggregator.group.stories.chance import doubt_of
from aggregator.group.stories.clusters import Extent, are_a_series, closeness, likeness, ties
from aggregator.group.stories.settings import SHIPPED
from aggregator.group.stories.vectors import Row, Vector
from aggregator.group.stories.vocabulary import Vocabulary
from aggregator.model import EntryContent
from aggregator.store.grouping import Surroundings
from aggregator.text.evidence import score
from aggregator.text.matcher import Matcher
from aggregator.text.tokens import tokenize

_TEXT = 5_000  # characters in which words that look alike are sought
_ALIKE = 0.8
_SHORTEST = 4
_TIES = 6


@dataclass(frozen=True, slots=True)
class NearMiss:
    """How one keyword stands to an entry. `wanted`: of `any`, else of `not`; `score` is its own, 0 without a match.

    `words` of it are in the entry; `alike` pairs words that are not with words of the entry that look like them.
    """

    keyword: str
    wanted: bool
    score: float
    words: tuple[str, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """In words."""
        said = f"{self.keyword!r}{'' if self.wanted else ' of not:'}"
        if self.score:
            return f"{said} matches, {self.score:.2f} by itself."
        parts = [f"only {', '.join(map(repr, self.words))} of it is there" if self.words else "no word of it is there"]
        parts += [f"{word!r} looks like {other!r}" for word, other in self.alike]
        return f"{said}: {'; '.join(parts)}."


def near_misses(topic: TopicConfig, entry: EntryContent) -> list[NearMiss]:
    """Every keyword of a topic, in the topic's order."""
    matcher = Matcher({"any": topic.any, "not": topic.not_})
    read = matcher.read(entry)
    found = matcher.find(read)
    printed = {token.form for token in tokenize(f"{entry.title} {entry.text[:_TEXT]}")}
    misses = []
    for name in ("any", "not"):
        for keyword, expression in matcher.expressions(name):
            hits = found.get(name, {}).get(keyword)
            if hits:
                misses.append(NearMiss(keyword, name == "any", round(score(hits), 2)))
                continue
            words = tuple(dict.fromkeys(expression.present(read)))
            lacking = [token.form for token in tokenize(keyword) if token.form not in {word.lower() for word in words}]
            misses.append(NearMiss(keyword, name == "any", 0.0, words, tuple(_alike(lacking, printed))))
    return misses


def _alike(lacking: Iterable[str], printed: Iterable[str]) -> Iterable[tuple[str, str]]:
    among = sorted(printed)
    for word in dict.fromkeys(lacking):
        close = get_close_matches(word, among, n=1, cutoff=_ALIKE) if len(word) >= _SHORTEST else []
        if close and close[0] != word:
            yield word, close[0]


@dataclass(frozen=True, slots=True)
class Nearness:
    """Two entries side by side. `reason` is a sentence; `needed` is the similarity from which entries join now."""

    similarity: float
    needed: float
    terms: tuple[str, ...]
    reason: str


def _apart(gap: int) -> str:
    """Of seconds between two entries."""
    hours = gap // 3_600
    if hours < 2:
        return "told within two hours"
    return f"told {hours} hours apart" if hours < 48 else f"told {hours // 24} days apart"


def nearness(one: Row, other: Row, languages: tuple[str, str], around: Surroundings) -> Nearness:
    """How near two entries of the window are, by themselves; a story's other entries may bring them together yet."""
    doubt = doubt_of(around.entries, around.stories, SHIPPED)
    needed = round(SHIPPED.join * (1 + doubt.crowd), 3)
    if languages[0] != languages[1]:
        reason = f"They are in different languages, {languages[0]} and {languages[1]}; stories are of one."
        return Nearness(0.0, needed, (), reason)
    vocabulary = Vocabulary()
    first, second = Vector.of(one, vocabulary), Vector.of(other, vocabulary)
    extents = Extent.of_row(first), Extent.of_row(second)
    theirs = dict(second.weighed())
    products = [weight * theirs[term] for term, weight in first.weighed() if term in theirs]
    product = sum(products) - round(doubt.words * max(products, default=0))
    similarity = round(likeness(product, 1, 0.0, SHIPPED) * closeness(*extents, SHIPPED), 3)
    terms = ties(first.weighed(), theirs, _TIES)
    gap = extents[0].gap(extents[1])
    apart = _apart(gap)
    if gap > SHIPPED.idle:
        reason = f"They were {apart}; a story ends when nothing is added for {SHIPPED.idle // 86_400} days."
    elif not terms:
        reason = "They have no telling word in common."
    elif are_a_series(first, second, SHIPPED):
        similarity = 0.0
        reason = (
            f"One feed told both in much the same words ({', '.join(terms)}), {apart}: that is taken for a series,"
            " such as the next forecast or the next day of an affair, and kept apart."
        )
    else:
        feed = ", by one feed, whose series are alike in words" if one.feed_id == other.feed_id else ""
        verb = "is enough" if similarity >= needed else "is too little"
        reason = f"Similarity {similarity:.2f} of {needed:.2f} {verb}: in common {', '.join(terms)}; {apart}{feed}."
    return Nearness(similarity, needed, terms, reason)
