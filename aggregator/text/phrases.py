"""Finds phrases in an entry: side by side, near each other, or (weakest) in title and text apart.

Side by side counts in any phrase. The rest is for plain phrases of several words, and careful, because words mean
little alone: 'Air strikes ... the defence ministry said' is not about air defence. So in English a word before the
last (the modifier) counts only where it is free: not directly before another word that it could modify ('air
strikes'). And words apart need the phrase's main word in the title, free as well, and the others there or, in an
article repeatedly, in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.text.evidence import APART, IN_A_NAME, NEAR, SUMMARY_WORDS, TOGETHER, WORDS_APART, Hit, weigh
from aggregator.text.figures import has_names, is_in_a_name
from aggregator.text.places import FieldText, Place, ReadEntry
from aggregator.text.tokens import CHUNK_STEP
from aggregator.text.wordlists import ENGLISH_UNMODIFIED, LINKS

NEAR_WORDS = 8
"""Words that may lie between the first and the last of those that are near each other."""
MAX_HITS = 50
"""Mentions of one phrase in one field that are counted: more change nothing."""

_MAIN_WORD_FIRST = frozenset(("fr", "es", "pt", "it", "ar", "ro", "ca"))
_REACH = (NEAR_WORDS + 1) * CHUNK_STEP
# A full stop after up to four letters of which the first is a capital may shorten a word: U.S. Mr. Gen. Sept. Where all
# are capitals, only after what stands before names: ST. PETERSBURG.
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})(?<!\b[A-Z][a-z]{3})"
    r"(?<!\b(?:DR|MR|MS|ST))(?<!\b(?:GEN|GOV|MRS|REP|SEN))\.(?=\s)|[!?…](?=\s)|[\n\u2028\u2029]"
)
_CLAUSE_END = re.compile(r"[,;:](?=\s)|\s[-–—]\s")
_OF = (["of"], ["of", "the"])  # 'price of oil'
_COORDINATED = 2  # words between two that a third is coordinated with
_MENTIONS = 2  # in an article, of a word that is not in the title


MainWords = tuple[int, int]
"""Of a way to write a phrase the word of which each mention gives one piece of evidence at most: in languages whose
phrases begin with their main word, and in others."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase as numbers of wanted words. `ways` are the ways to write it, as it is written first.

    `loose`: the one of them whose words count near each other and apart, too, if any does. `plain`: one word without
    capitals, which may be part of a name. `exact`: nothing may lie between the words, be it an initial.
    """

    ways: tuple[tuple[int, ...], ...]
    fields: tuple[str, ...] = ("title", "text")
    loose: tuple[int, ...] = ()
    plain: bool = False
    exact: bool = False


def find(pattern: Pattern, entry: ReadEntry) -> list[Hit]:
    """All evidence for a phrase in an entry."""
    hits: list[Hit] = []
    named = entry.language if pattern.plain else None
    for name in pattern.fields:
        field = entry.fields[name]
        found = field.found
        if not found:
            continue
        for words in pattern.ways:
            first = found.get(words[0])
            if first is None:
                continue
            if len(words) == 1:
                if hits or (named is not None and has_names(field)):
                    _add(first, field, named, hits)
                else:
                    hits = [
                        Hit(TOGETHER, weigh(TOGETHER, field, place), ((field, place),)) for place in first[:MAX_HITS]
                    ]
            elif (last := found.get(words[-1])) is not None and _come_near(first, last, len(words)):
                _add(_side_by_side(words, field, exact=pattern.exact), field, None, hits)
                if words is pattern.loose:
                    _near(words, field, entry.language, hits)
    if not hits and pattern.loose and len(pattern.fields) > 1:
        words = pattern.loose
        if _main_word(words, entry.language) in entry.fields["title"].found:
            _apart(words, entry, hits)
    return hits


def ceiling(pattern: Pattern, entry: ReadEntry) -> float:
    """A score that `find` can't exceed, for a fraction of its work; 0 if there is no evidence."""
    total = 0.0
    for name in pattern.fields:
        field = entry.fields[name]
        found = field.found
        for words in pattern.ways:
            places = found.get(words[0])
            if places is None:
                continue
            before = 0
            if len(words) > 1:
                last = found.get(words[-1])
                if last is None or not _come_near(places, last, len(words)):
                    continue
                if pattern.loose and _main_word(words, entry.language) != words[0]:
                    places = last  # each gives one piece of evidence, which may begin some words before it
                    before = max(NEAR_WORDS + 2, len(words))
            earliest = max(places[0][0] - before * CHUNK_STEP, 0)
            total += len(places) * weigh(TOGETHER, field, (earliest, earliest))
    if not pattern.loose or len(pattern.fields) == 1 or total >= WORDS_APART:
        return total
    return WORDS_APART if _may_be_apart(pattern.loose, entry) else total


def main_words(pattern: Pattern) -> dict[frozenset[int], MainWords]:
    """Those of each way to write a phrase; empty where it isn't as simple."""
    if len(set(map(frozenset, pattern.ways))) < len(pattern.ways) or max(map(len, pattern.ways)) > NEAR_WORDS:
        return {}
    return {frozenset(way): (way[0], way[-1] if way is pattern.loose else way[0]) for way in pattern.ways}


def begins_with_main_word(language: str) -> bool:
    """Whether the first word of a language's phrases says what they are about; elsewhere it is the last."""
    return language in _MAIN_WORD_FIRST


def _may_be_apart(words: tuple[int, ...], entry: ReadEntry) -> bool:
    title, text = entry.fields["title"], entry.fields["text"]
    if _main_word(words, entry.language) not in title.found:
        return False
    enough = _enough(text)
    return all(number in title.found or len(text.found.get(number, ())) >= enough for number in words)


def _enough(text: FieldText) -> int:
    """How often a text has to mention a word that belongs to one in the title."""
    return 1 if text.length <= SUMMARY_WORDS else _MENTIONS


def _come_near(some: list[Place], others: list[Place], words: int) -> bool:
    """Whether the first and the last of so many words come near each other: a quick test that most phrases fail.

    Both lists are in order.
    """
    reach = _REACH if words <= NEAR_WORDS else words * CHUNK_STEP
    if some[0][0] > others[-1][0] + reach or others[0][0] > some[-1][0] + reach:
        return False
    at = 0
    for start, _ in some:
        while at < len(others) and others[at][0] < start - reach:
            at += 1
        if at == len(others):
            return False
        if others[at][0] <= start + reach:
            return True
    return False


def windows(left: list[Hit], right: list[Hit]) -> list[Hit]:
    """Pairs of evidence of both sides of a ~ that lie near each other in one field."""
    found = []
    for one in left[:MAX_HITS]:
        for other in right[:MAX_HITS]:
            (field, here), (other_field, there) = one.places[0], other.places[0]
            if field is not other_field or here == there or max(one.kind, other.kind) > TOGETHER:
                continue
            first, second = sorted((here, there))
            if _between(first, second) <= NEAR_WORDS:
                weight = weigh(TOGETHER, field, first)
                found.append(Hit(TOGETHER, weight, ((field, first), (field, second))))
    return found


def _between(first: Place, second: Place) -> int:
    """Words between two places."""
    return max(0, (second[0] - first[1]) // CHUNK_STEP)


def _overlap(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _add(places: list[Place], field: FieldText, named: str | None, hits: list[Hit]) -> None:
    """Add mentions, but for those that another way to write the phrase has found.

    `named`: the language in which to look whether the word is part of a name.
    """
    seen = {hit.places[0][1] for hit in hits if hit.places[0][0] is field} if hits else ()
    named = named if has_names(field) else None
    for place in places[:MAX_HITS]:
        if place not in seen:
            in_a_name = named is not None and is_in_a_name(field, place, named)
            kind = IN_A_NAME if in_a_name else TOGETHER
            hits.append(Hit(kind, weigh(kind, field, place), ((field, place),)))


def _side_by_side(words: tuple[int, ...], field: FieldText, *, exact: bool) -> list[Place]:
    """Where the words follow one another within a sentence."""
    found = field.found
    runs = found[words[0]]
    for number in words[1:]:
        ends = dict(found.get(number, ()))
        runs = [
            (start, ends[at])
            for start, after in runs
            if (at := after if after in ends else 0 if exact else _beyond_initial(field, after, ends))
            and not _ends_sentence(field, at)
        ]
        if not runs:
            return []
    return runs


def _beyond_initial(field: FieldText, after: int, ends: Mapping[int, int]) -> int:
    """Where a name goes on after an initial, if it does: Donald J. Trump. 0 if not."""
    index, beyond = after // CHUNK_STEP, after + CHUNK_STEP
    if beyond not in ends or after % CHUNK_STEP or _ends_sentence(field, after):
        return 0
    name, initial, more = (field.word(at) for at in (index - 1, index, index + 1))
    if len(initial) > 1 or not (name[0].isupper() and initial.isupper() and more[0].isupper()):
        return 0
    between = field.text[field.span(index)[1] : field.span(index + 1)[0]]
    return beyond if between.removeprefix(".").isspace() else 0


def _ends_sentence(field: FieldText, position: int) -> bool:
    """Whether a sentence or a line ends before a position: '... in the air. Defence ministers ...'."""
    index, token = divmod(position, CHUNK_STEP)
    if token:
        return False
    end, start = field.span(index - 1)[1], field.span(index)[0]
    return field.text[end:start] != " " and _SENTENCE_END.search(field.text, end, start) is not None


def _near(words: tuple[int, ...], field: FieldText, language: str, hits: list[Hit]) -> None:
    """Add each mention of the main word that has all the others near it; nothing to a title that has the phrase."""
    covered = [place for hit in hits for where, place in hit.places if where is field]
    if covered and field.name == "title":
        return
    main = _main_word(words, language)
    others = [field.found.get(number) for number in words if number != main]
    for place in field.found[main][:MAX_HITS]:
        if any(_overlap(place, other) for other in covered):
            continue
        group = [place]
        for places in others:
            near = places and _nearest(places, place, field, covered, language)
            if not near:
                break
            group.append(near)
        else:
            group.sort()
            if _between(group[0], group[-1]) <= NEAR_WORDS:
                hits.append(Hit(NEAR, weigh(NEAR, field, group[0]), tuple((field, one) for one in group)))


def _nearest(places: list[Place], main: Place, field: FieldText, covered: list[Place], language: str) -> Place | None:
    """The free mention of a word that is nearest to the main word, if one is near."""
    best, least = None, _REACH + 1
    for place in places:
        distance = abs(place[0] - main[0])
        if distance < least and place != main and _goes_with(main, place, field, language):
            if not any(_overlap(place, other) for other in covered):
                best, least = place, distance
        elif place[0] > main[0] + _REACH:
            break
    return best


def _goes_with(main: Place, other: Place, field: FieldText, language: str) -> bool:
    """Whether a word near the main word can belong to it."""
    first, second = sorted((main, other))
    end, start = field.span((first[1] - 1) // CHUNK_STEP)[1], field.span(second[0] // CHUNK_STEP)[0]
    if _SENTENCE_END.search(field.text, end, start) or (other < main and _CLAUSE_END.search(field.text, end, start)):
        return False  # 'gave first aid, and pledged to come back'
    if language != "en":
        return True
    if other > main:
        between = field.text[end:start].lower().split()
        return between in _OF or _is_linked(field, main, between, other) or _is_free(field, other, language)
    gap = main[0] // CHUNK_STEP - other[1] // CHUNK_STEP
    if gap == _COORDINATED and field.word(other[1] // CHUNK_STEP).lower() in ("and", "or"):
        return True  # 'oil and gas prices'
    if gap <= 1 and _is_verb(field, main):
        return True  # 'aid packages pledged'
    return _is_free(field, other, language) and (_is_verb(field, main) or _is_free(field, main, language))


def _is_linked(field: FieldText, main: Place, between: list[str], other: Place) -> bool:
    """Whether only a preposition stands between a noun and a name: 'war on Ukraine', not 'Defense in Air Strikes'."""
    if not between or not LINKS.issuperset(between):
        return False
    noun, name = field.word(main[0] // CHUNK_STEP), field.word(other[0] // CHUNK_STEP)
    return name[0].isupper() and (noun[0].islower() or main[0] == 0)


def _is_verb(field: FieldText, place: Place) -> bool:
    """Whether a word is printed as a past participle, which modifies nothing after it."""
    return field.word(place[0] // CHUNK_STEP).lower().endswith("ed")


def _apart(words: tuple[int, ...], entry: ReadEntry, hits: list[Hit]) -> None:
    """Add the phrase if its main word is in the title and the others are there or, often enough, in the text."""
    title, text = entry.fields["title"], entry.fields["text"]
    main = _main_word(words, entry.language)
    subject = _free(main, title, entry.language)
    if not subject:
        return
    enough = _enough(text)
    places = [(title, subject[0])]
    for number in words:
        if number == main:
            continue
        in_title = [one for one in _free(number, title, entry.language) if abs(one[0] - subject[0][0]) > _REACH]
        in_text = _free(number, text, entry.language)
        if not in_title and len(in_text) < enough:
            return
        places += [(title, place) for place in in_title[:1]] or [(text, place) for place in in_text]
    hits.append(Hit(APART, weigh(APART, *places[0]), tuple(places)))


def _main_word(words: tuple[int, ...], language: str) -> int:
    return words[0] if language in _MAIN_WORD_FIRST else words[-1]


def _free(number: int, field: FieldText, language: str) -> list[Place]:
    """Mentions of a word that do not, as far as can be seen, belong to a word after them."""
    places = field.found.get(number, [])[:MAX_HITS]
    return [place for place in places if _is_free(field, place, language)]


def _is_free(field: FieldText, place: Place, language: str) -> bool:
    if language != "en":
        return True
    index, token = divmod(place[1], CHUNK_STEP)
    if token:
        return False  # 'air-launched'
    if index >= field.length:
        return True
    start, end = field.span(index)
    word = field.text[start:end].lower()
    return word in ENGLISH_UNMODIFIED or word[0].isdigit() or not field.text[field.span(index - 1)[1] : start].isspace()
