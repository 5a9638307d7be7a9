"""Which words are worth suggesting: for a topic, and for stories that no topic takes. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from aggregator.group.suggest.ground import Background, Ground, Seen, Term
from aggregator.group.suggest.noise import LINKS, says_nothing
from aggregator.group.suggest.weights import likelihood_ratio, log_odds
from aggregator.text.keyword_lexer import KeywordError
from aggregator.text.keywords import Phrase, parse_keyword
from aggregator.text.stems import stem
from aggregator.text.tokens import tokenize

LEAST_ENTRIES = 8
"""Entries of a topic that it takes to tell what goes with it."""
_LEAST_HAVING = 3
_LEAST_OF_PLAIN = 5, 0.05  # entries, and share of the topic's, with a word that is no name and no phrase
_LEAST_RATIO, _LEAST_ODDS = 10.83, 2.0  # p < 0.001; two standard deviations
_LEAST_SHARE = 0.3  # of all entries with the word, those that the topic has: else it would flood the topic
_PART, _WHOLE = 0.7, 0.5
_SURE_NAMES = 0.25


@dataclass(frozen=True, slots=True)
class Word:
    """A word that goes with a topic: in `here` of `of` of its entries, in `there` of `of_others` other ones."""

    term: Term
    keyword: str
    here: int
    of: int
    there: int
    of_others: int
    odds: float
    ratio: float

    @property
    def language(self) -> str:
        """The language that it was found in."""
        return self.term[0]


Usable = Callable[[str, str], bool]
"""Tells of a keyword, in a language, whether the topic lacks it."""


def words_for(topic: str, ground: Ground, background: Background, usable: Usable, most: int) -> list[Word]:
    """What goes with a topic, the surest first."""
    terms = _without_parts({term: seen for term, seen in ground.terms.items() if seen.entries >= _LEAST_HAVING})
    several = len(ground.stories) > _LEAST_HAVING
    found = []
    for term, seen in terms.items():
        broad = (len(seen.outlets) > 1 or len(ground.outlets) == 1) and (len(seen.stories) > 1 or not several)
        word = _word(topic, term, seen, ground, background)
        if broad and word is not None and not background.is_a_habit(term):
            found.append(word)
    found.sort(key=lambda word: (-word.odds, word.keyword))
    chosen: list[Word] = []
    for word in found:
        if len(chosen) == most:
            break
        if is_keyword(word.keyword) and usable(word.keyword, word.language) and not _known(word, chosen):
            chosen.append(word)
    return chosen


def _word(topic: str, term: Term, seen: Seen, ground: Ground, background: Background) -> Word | None:
    language = term[0]
    of, there = ground.sizes[language], background.others[topic, term]
    of_others = background.sizes[language] - background.within[topic, language]
    if seen.entries < _LEAST_SHARE * (seen.entries + there) or not of_others:
        return None
    least, share = _LEAST_OF_PLAIN if _is_plain(term, seen) else (_LEAST_HAVING, 0)
    if seen.entries < max(least, share * of):
        return None
    ratio = likelihood_ratio(seen.entries, of, there, of_others)
    odds = log_odds(seen.entries, of, there, of_others)
    if ratio < _LEAST_RATIO or odds < _LEAST_ODDS:
        return None
    return Word(term, seen.form, seen.entries, of, there, of_others, round(odds, 2), round(ratio, 1))


def _is_plain(term: Term, seen: Seen) -> bool:
    return len(term[1]) == 1 and seen.form.islower()


def _known(word: Word, chosen: Iterable[Word]) -> bool:
    """Whether another suggestion says it already: the same keyword of another language, or a part of this one."""
    return any(
        word.keyword.casefold() == other.keyword.casefold()
        or (
            word.language == other.language
            and _subjects(word.term, word.keyword) & _subjects(other.term, other.keyword)
        )
        for other in chosen
    )


def _subjects(term: Term, form: str) -> set[str]:
    """The stems of what says something alone: New York and New Jersey have nothing in common."""
    language, key = term
    words = zip(key, form.split(), strict=True)
    return {stemmed for stemmed, word in words if not _is_empty(word, language)}


def _is_empty(word: str, language: str) -> bool:
    return says_nothing("-".join(token.form for token in tokenize(word)), language)


def _without_parts(terms: Mapping[Term, Seen]) -> dict[Term, Seen]:
    """Without words that are nearly always in one phrase, and without phrases that are no more than their words."""
    dropped: set[Term] = set()
    for (language, key), seen in terms.items():
        if len(key) == 1:
            continue
        parts = [(language, key[at : at + size]) for size in range(1, len(key)) for at in range(len(key) - size + 1)]
        known = [part for part in parts if part in terms]
        mostly = _WHOLE if is_name(seen.form) else _PART
        whole = [part for part in known if seen.entries >= mostly * terms[part].entries]
        rarest = min((terms[part].entries for part in known), default=0)
        if whole and _is_even(seen, language) and seen.entries >= _WHOLE * rarest:
            dropped.update(whole)
        else:
            dropped.add((language, key))
    return {term: seen for term, seen in terms.items() if term not in dropped}


def is_name(form: str) -> bool:
    """Whether each of several words has a capital, but for those that link them."""
    return all(word[0].isupper() or word in LINKS for word in form.split())


def _is_even(seen: Seen, language: str) -> bool:
    """Whether a phrase is all a name or none: 'Sudan killed' only happens to stand in a row. Not so in German.

    A name with words that are empty elsewhere has to be printed so within sentences: 'New Kyiv' only begins one.
    """
    words = seen.form.split()
    if is_name(seen.form):
        return seen.sure >= _SURE_NAMES or not any(_is_empty(word, language) for word in words)
    return language == "de" or not any(word[0].isupper() for word in words)


def is_keyword(text: str) -> bool:
    """Whether it is one phrase in the language of keywords."""
    try:
        return isinstance(parse_keyword(text).root, Phrase)
    except KeywordError:
        return False


def words_of(keywords: Iterable[str], language: str) -> frozenset[str]:
    """The stems of all words of a topic's keywords."""
    return frozenset(stem(token.form, language) for keyword in keywords for token in tokenize(keyword))


# -- stories that no topic takes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Untaken:
    """A story of several outlets. `terms` are those that tell it, by weight."""

    key: str
    title: str
    outlets: int
    origins: int
    entry_ids: tuple[int, ...]
    terms: Mapping[Term, float]
    forms: Mapping[Term, str]


@dataclass(frozen=True, slots=True)
class NewTopic:
    """A topic for stories that have none, the most carried first."""

    name: str
    keywords: tuple[str, ...]
    stories: tuple[Untaken, ...]


_KEYWORDS = 3
_TELLING = 0.5  # of a story's entries, from which a term tells it
_OUTSIDE, _OUTSIDE_OF_WORDS = 6, 1  # entries elsewhere for each one in the story, at most


def telling(ground: Ground, background: Background) -> dict[Term, float]:
    """The terms that tell a story, by how well: in most of its entries, in few others; names before words."""
    terms = {
        term: seen
        for term, seen in ground.terms.items()
        if seen.entries >= max(2, _TELLING * ground.sizes[term[0]]) and len(seen.outlets) > 1
    }
    found = {}
    for term, seen in _without_parts(terms).items():
        elsewhere = max(0, background.total[term] - seen.entries)
        if background.is_a_habit(term) or not is_keyword(seen.form):
            continue
        plain = _is_plain(term, seen)
        if elsewhere > (_OUTSIDE_OF_WORDS if plain else _OUTSIDE) * seen.entries:
            continue
        if plain and 2 * seen.titles < ground.entries:
            continue
        rarity = log((background.sizes[term[0]] + 1) / (background.total[term] + 0.5))
        kind = 0.4 if plain else 1.0 + 0.25 * (len(term[1]) - 1)
        found[term] = kind * rarity * seen.entries / ground.entries * (1 + seen.titles / ground.entries)
    return found


def new_topics(stories: Sequence[Untaken], taken_names: Iterable[str], most: int) -> list[NewTopic]:
    """Stories grouped by the terms that they share, each story in one group; the most carried first."""
    left = [story for story in stories if story.terms]
    names = {name.casefold() for name in taken_names}
    made: list[NewTopic] = []
    while left and len(made) < most:
        group = _largest(left)
        weights: dict[Term, float] = {}
        for story in group:
            for term, weight in story.terms.items():
                weights[term] = weights.get(term, 0) + weight
        forms = {term: form for story in reversed(group) for term, form in story.forms.items()}
        ranked = sorted(weights, key=lambda term: (-weights[term], forms[term]))
        left = [story for story in left if story not in group]
        keywords = _apart(ranked, forms)[:_KEYWORDS]
        name = keywords[0][0].upper() + keywords[0][1:]
        if name.casefold() not in names:
            names.add(name.casefold())
            made.append(NewTopic(name, tuple(keywords), tuple(group)))
    return made


def _largest(stories: Sequence[Untaken]) -> list[Untaken]:
    """The stories of the term that the most outlets' texts share."""
    carried: dict[Term, int] = {}
    for story in stories:
        for term in story.terms:
            carried[term] = carried.get(term, 0) + story.origins
    best = min(carried, key=lambda term: (-carried[term], -sum(s.terms.get(term, 0) for s in stories), term))
    return [story for story in stories if best in story.terms]


def _apart(ranked: Iterable[Term], forms: Mapping[Term, str]) -> list[str]:
    """Keywords that have no word in common."""
    chosen: dict[str, Term] = {}
    for term in ranked:
        own = _subjects(term, forms[term])
        if not any(own & _subjects(other, form) for form, other in chosen.items()):
            chosen.setdefault(forms[term], term)
    return list(chosen)
