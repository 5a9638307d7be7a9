"""What is counted of words: in the entries of a topic or a story, and in all the others. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aggregator.group.suggest.wording import SURE, UNSURE, Key, Worded
from aggregator.model import Entry, Feed
from aggregator.text.addresses import host_key
from aggregator.text.tokens import tokenize

_MOST_KEYS = 40_000  # from which on keys of one entry are forgotten: memory doesn't grow with the entries
_FEW = 3  # of outlets and stories, nobody asks for more
_ENTRIES_OF_A_HABIT, _HABIT = 8, 0.5  # of a feed, and the share of them that has a word

Term = tuple[str, Key]
"""A key in a language."""


@dataclass(slots=True)
class Seen:
    """A term in some entries. `printed` weighs its forms."""

    entries: int = 0
    titles: int = 0
    outlets: set[str] = field(default_factory=set)
    stories: set[int] = field(default_factory=set)
    printed: dict[str, float] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """How it is printed mostly; ties by the alphabet."""
        return min(self.printed, key=lambda form: (-self.printed[form], form))

    @property
    def sure(self) -> float:
        """The share of its entries where its capitals mean something."""
        return (sum(self.printed.values()) - UNSURE * self.entries) / ((SURE - UNSURE) * self.entries)


@dataclass(slots=True)
class Ground:
    """The terms of a topic's or a story's entries; `sizes` counts those by language."""

    terms: dict[Term, Seen] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)
    outlets: set[str] = field(default_factory=set)
    stories: set[int] = field(default_factory=set)

    @property
    def entries(self) -> int:
        """How many entries were read."""
        return self.sizes.total()

    def add(self, entry: Entry, outlet: str, words: Worded, own: frozenset[str]) -> None:
        """Count an entry. `own` are words that name its feed or author."""
        self.sizes[words.language] += 1
        self.outlets.add(outlet)
        if entry.story_id is not None:
            self.stories.add(entry.story_id)
        title = entry.title.casefold()
        for key, (form, sure) in foreign(words, own):
            seen = self.terms.setdefault((words.language, key), Seen())
            seen.entries += 1
            seen.titles += form.casefold() in title
            seen.printed[form] = seen.printed.get(form, 0) + sure
            if len(seen.outlets) < _FEW:
                seen.outlets.add(outlet)
            if len(seen.stories) < _FEW and entry.story_id is not None:
                seen.stories.add(entry.story_id)
        if len(self.terms) > _MOST_KEYS:
            self.terms = {term: seen for term, seen in self.terms.items() if seen.entries > 1}


def foreign(words: Worded, own: frozenset[str]) -> Iterator[tuple[Key, tuple[str, float]]]:
    """The keys of an entry that don't name its own feed or author."""
    for key, printed in words.printed.items():
        if not own or not own.issuperset(token.form for token in tokenize(printed[0])):
            yield key, printed


def own_words(entry: Entry, feed: Feed) -> frozenset[str]:
    """Normal forms of the words that name the feed, its outlet and the entry's authors."""
    names = [feed.name, feed.outlet, feed.title or "", host_key(feed.url).rpartition(":")[0] or host_key(feed.url)]
    names += [author.name for author in entry.authors]
    return frozenset(token.form for name in names for token in tokenize(name.replace(".", " ")))


def outlet_names(feeds: Iterable[Feed]) -> frozenset[tuple[str, ...]]:
    """The names of all outlets as normal forms: no keyword, whoever prints them."""
    names = {name for feed in feeds for name in (feed.name, feed.outlet, feed.title) if name}
    return frozenset(tuple(token.form for token in tokenize(name)) for name in names)


@dataclass(slots=True)
class Background:
    """How often terms are in all entries, in those outside topics, and by feed."""

    wanted: Mapping[Term, frozenset[str]]  # topics that ask about a term
    sizes: Counter[str] = field(default_factory=Counter)  # entries by language
    total: Counter[Term] = field(default_factory=Counter)
    within: Counter[tuple[str, str]] = field(default_factory=Counter)  # by topic and language
    others: Counter[tuple[str, Term]] = field(default_factory=Counter)  # by topic: entries that it does not have
    by_feed: dict[Term, Counter[int]] = field(default_factory=dict)
    of_feed: Counter[int] = field(default_factory=Counter)

    def add(self, entry: Entry, words: Worded, own: frozenset[str]) -> None:
        """Count an entry, whatever its topics."""
        topics = {match.topic for match in entry.topics}
        self.sizes[words.language] += 1
        self.of_feed[entry.feed_id] += 1
        for topic in topics:
            self.within[topic, words.language] += 1
        for key, _ in foreign(words, own):
            term = words.language, key
            asking = self.wanted.get(term)
            if asking is None:
                continue
            self.total[term] += 1
            self.by_feed.setdefault(term, Counter())[entry.feed_id] += 1
            for topic in asking:
                if topic not in topics:
                    self.others[topic, term] += 1

    def is_a_habit(self, term: Term) -> bool:
        """Whether most of a term's entries are of feeds that print it all the time: their own phrases."""
        habit = sum(
            number
            for feed_id, number in self.by_feed.get(term, {}).items()
            if self.of_feed[feed_id] >= _ENTRIES_OF_A_HABIT and number >= _HABIT * self.of_feed[feed_id]
        )
        return 2 * habit > self.total[term]
