"""Finds phrases in an entry: side by side, near each other, or (weakest) in title and text apart.

Side by side counts in any phrase. The rest is for plain phrases of several words, and careful, because words mean
little alone: 'Air strikes ... the defence ministry said' is not about air defence. So in English a word before the
last (the modifier) counts only where it is free, which is not directly before another word that it could modify ('air
strikes'). And words apart need the phrase's main word in the title, and the others there or repeatedly in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.text.evidence import SUMMARY_WORDS, Hit, Kind, weigh
from aggregator.text.figures import is_in_a_name
from aggregator.text.places import CHUNK_STEP, FieldText, Place, ReadEntry
from aggregator.text.wordlists import ENGLISH_FUNCTION_WORDS

NEAR_WORDS = 8
"""Words that may lie between the first and the last of those that are near each other."""
MAX_HITS = 50
"""Mentions of one phrase in one field that are counted: more change nothing."""

_MAIN_WORD_FIRST = frozenset(("fr", "es", "pt", "it", "ar", "ro", "ca"))
_MENTIONS = 2  # in an article, of a word that is not in the title


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase as numbers of wanted words. `others` are the ways to write it as fewer or more words (anti-aircraft).

    `loose`: its words count near each other and apart, too. `plain`: one word without capitals, which may be part of
    a name.
    """

    words: tuple[int, ...]
    others: tuple[tuple[int, ...], ...] = ()
    fields: tuple[str, ...] = ("title", "text")
    loose: bool = False
    plain: bool = False


def find(pattern: Pattern, entry: ReadEntry) -> list[Hit]:
    """All evidence for a phrase in an entry."""
    hits = [hit for name in pattern.fields for hit in _together(pattern, entry.fields[name])]
    if pattern.loose and all(number in entry.numbers for number in pattern.words):
        in_title = any(hit.places[0][0].name == "title" for hit in hits)
        for name in pattern.fields:
            if name == "text" or not in_title:
                hits += _near(pattern, entry.fields[name], entry.language, hits)
        if not hits and pattern.fields == ("title", "text"):
            hits = _apart(pattern, entry)
    return hits


def windows(left: list[Hit], right: list[Hit]) -> list[Hit]:
    """Pairs of evidence of both sides of a ~ that lie near each other in one field."""
    found = []
    for one in left[:MAX_HITS]:
        for other in right[:MAX_HITS]:
            (field, here), (other_field, there) = one.places[0], other.places[0]
            if field is not other_field or here == there or max(one.kind, other.kind) > Kind.TOGETHER:
                continue
            first, second = sorted((here, there))
            if _between(first, second) <= NEAR_WORDS:
                weight = weigh(Kind.TOGETHER, field, first)
                found.append(Hit(Kind.TOGETHER, weight, ((field, first), (field, second))))
    return found


def _between(first: Place, second: Place) -> int:
    """Words between two places."""
    return max(0, (second.start - first.after) // CHUNK_STEP)


def _together(pattern: Pattern, field: FieldText) -> Iterator[Hit]:
    seen: set[Place] = set()
    for words in (pattern.words, *pattern.others):
        if not all(number in field.found for number in words):
            continue
        for place in _side_by_side(words, field):
            if place not in seen and len(seen) < MAX_HITS:
                seen.add(place)
                kind = Kind.IN_A_NAME if pattern.plain and is_in_a_name(field, place) else Kind.TOGETHER
                yield Hit(kind, weigh(kind, field, place), ((field, place),))


def _side_by_side(words: tuple[int, ...], field: FieldText) -> Iterator[Place]:
    first = field.found[words[0]]
    if len(words) == 1:
        yield from first
        return
    following = [{place.start: place for place in field.found[number]} for number in words[1:]]
    for place in first:
        after = place.after
        for places in following:
            match = places.get(after)
            if match is None:
                break
            after = match.after
        else:
            yield Place(place.start, after)


def _near(pattern: Pattern, field: FieldText, language: str, together: list[Hit]) -> list[Hit]:
    """Each mention of the main word that has all the others near it, those side by side left out."""
    if not all(number in field.found for number in pattern.words):
        return []
    main = _main_word(pattern, language)
    others = [_free(number, field, language)[:MAX_HITS] for number in pattern.words if number != pattern.words[main]]
    covered = [place for hit in together for where, place in hit.places if where is field]
    found = []
    for place in field.found[pattern.words[main]][:MAX_HITS]:
        if any(other.start <= place.start < other.after for other in covered):
            continue
        nearest = [min(places, key=lambda other: abs(other.start - place.start)) for places in others if places]
        if len(nearest) == len(others) and not any(
            other.start < done.after and done.start < other.after for other in nearest for done in covered
        ):
            group = sorted((place, *nearest))
            if _between(group[0], group[-1]) <= NEAR_WORDS and len(set(group)) == len(group):
                found.append(Hit(Kind.NEAR, weigh(Kind.NEAR, field, group[0]), tuple((field, one) for one in group)))
    return found


def _apart(pattern: Pattern, entry: ReadEntry) -> list[Hit]:
    title, text = entry.fields["title"], entry.fields["text"]
    main = pattern.words[_main_word(pattern, entry.language)]
    if main not in title.found:
        return []
    enough = 1 if len(text.words) <= SUMMARY_WORDS else _MENTIONS
    places = [(title, title.found[main][0])]
    for number in pattern.words:
        if number == main:
            continue
        in_title = _free(number, title, entry.language)
        in_text = _free(number, text, entry.language)
        if not in_title and len(in_text) < enough:
            return []
        places += [(title, place) for place in in_title[:1]] or [(text, place) for place in in_text[:MAX_HITS]]
    return [Hit(Kind.APART, weigh(Kind.APART, *places[0]), tuple(places))]


def _main_word(pattern: Pattern, language: str) -> int:
    return 0 if language in _MAIN_WORD_FIRST else len(pattern.words) - 1


def _free(number: int, field: FieldText, language: str) -> list[Place]:
    """Mentions of a word that do not, as far as can be seen, belong to a word after them."""
    places = field.found.get(number, [])
    if language != "en":
        return places
    return [place for place in places if _stands_free(field, place)]


def _stands_free(field: FieldText, place: Place) -> bool:
    index, token = divmod(place.after, CHUNK_STEP)
    if token:
        return False  # 'air-launched'
    if index >= len(field.words):
        return True
    between = field.text[field.spans[index - 1][1] : field.spans[index][0]]
    return not between.isspace() or field.words[index].lower() in ENGLISH_FUNCTION_WORDS
