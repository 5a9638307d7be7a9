"""The words and phrases of an entry that may be keywords, known by their stems, with how they are printed. Pure.

Phrases are up to three words in a row, with no punctuation and no empty word between them. Names are read whole, with
words that are empty elsewhere (New York, Strait of Hormuz) or that a keyword has found, and with full stops that
shorten a word (Donald J. Trump, St. Petersburg), so that no half is taken for all of one. Only the headline and the
beginning of the text are read: there an entry says what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from aggregator.group.suggest.noise import LINKS, is_of_names, says_nothing
from aggregator.model import Entry, Span
from aggregator.text.language import detect
from aggregator.text.stems import is_common, stem
from aggregator.text.summary import stop_ends
from aggregator.text.tokens import CHUNK, chunk

TEXT = 600
"""Characters of the text that are read."""
LONGEST, LONGEST_NAME = 3, 5
"""Words of a phrase."""
SURE, UNSURE = 1.0, 0.05
"""How much a printed form counts: capitals of headlines and first words mean little."""
_BREAK = re.compile(r"[^\s]|\n")
_TITLE_CASE = 0.6  # of a headline's words, from which its capitals mean nothing

Key = tuple[str, ...]
"""Stems of a word or a phrase."""


@dataclass(frozen=True, slots=True)
class Worded:
    """An entry as words: `printed` has for each key how it is printed, and how much that is worth."""

    language: str
    printed: dict[Key, tuple[str, float]]


class _Kind(Enum):
    KEYWORD = "may stand alone"
    OF_A_NAME = "only beside words with capitals"
    LINK = "only between them"


@dataclass(frozen=True, slots=True)
class _Word:
    form: str
    stem: str
    printed: str
    sure: float
    run: int  # words of one run have nothing between them but blanks
    kind: _Kind = _Kind.KEYWORD
    before: str = " "  # what stands between it and the word before it in its run


def worded(entry: Entry, masked: Iterable[Span] = ()) -> Worded:
    """The keys of an entry, without what lies in `masked`, the places that a topic's keywords have found."""
    language = detect(entry.title, entry.text, entry.language)
    hidden: dict[str, list[tuple[int, int]]] = {}
    for span in masked:
        hidden.setdefault(span.field, []).append((span.start, span.end))
    printed: dict[Key, tuple[str, float]] = {}
    for name, text in (("title", entry.title), ("text", entry.text[:TEXT])):
        words = list(_words(text, language, hidden.get(name, ()), title=name == "title"))
        for _, run in groupby(words, key=lambda word: word.run):
            for key, form, sure in _phrases(list(run)):
                if key not in printed or printed[key][1] < sure:
                    printed[key] = form, sure
    return Worded(language, printed)


def _phrases(run: Sequence[_Word]) -> Iterator[tuple[Key, str, float]]:
    for start in range(len(run)):
        for size in range(1, min(LONGEST_NAME, len(run) - start) + 1):
            part = run[start : start + size]
            if not _is_phrase(part):
                continue
            form = part[0].printed + "".join(word.before + word.printed for word in part[1:])
            yield tuple(word.stem for word in part), form, min(word.sure for word in part)


def _is_phrase(part: Sequence[_Word]) -> bool:
    kinds = [word.kind for word in part]
    if len(part) <= LONGEST and set(kinds) == {_Kind.KEYWORD}:
        return True
    named = all(word.kind is _Kind.LINK or word.printed[0].isupper() for word in part)
    return named and _Kind.KEYWORD in kinds and _Kind.LINK not in (kinds[0], kinds[-1])


def _words(text: str, language: str, hidden: Sequence[tuple[int, int]], *, title: bool) -> Iterator[_Word]:
    title_case = text.isupper() or (title and _is_title_case(text))
    run, last, first, word = 0, 0, True, ""
    for match in CHUNK.finditer(text):
        between = text[last : match.start()]
        shortened = _is_shortened(word, between, match.group())
        word = match.group()
        if last and not shortened and _BREAK.search(between):
            run += 1
            first = any(char in ".!?:\n" for char in between)
        start, last = match.span()
        tokens = chunk(match.group()).tokens
        masked = any(start < end and begin < last for begin, end in hidden)
        form = "-".join(token.form for token in tokens)
        if not tokens:
            run, first = run + 1, False
            continue
        surface = text[start + tokens[0].start : start + tokens[-1].end]
        unsure = first or title_case
        kind = _Kind.KEYWORD
        if masked or says_nothing(form, language):
            beside = None if text.isupper() else _kind_beside_names(form, surface, unsure=unsure)
            if beside is None:
                run, first = run + 1, False
                continue
            kind = beside
        elif unsure and not _is_acronym(surface, shouting=text.isupper()) and is_common(form, language):
            surface = surface.lower() if language != "de" else surface
        before = between if shortened else " "
        yield _Word(form, stem(form, language), surface, UNSURE if unsure else SURE, run, kind, before)
        first = False
        run += start + tokens[-1].end < last  # "Peru's Congress" is no phrase: its 's is not part of the word


def _is_shortened(word: str, between: str, following: str) -> bool:
    """Whether the full stop between two words is the first one's: Donald J. Trump, St. Petersburg, U.S. Senate."""
    return between == ". " and following[0].isupper() and not stop_ends(word, following)


def _kind_beside_names(form: str, surface: str, *, unsure: bool) -> _Kind | None:
    """Of a word that can't be a keyword: what it may be within a name, None where it ends every phrase."""
    if form in LINKS and (unsure or surface[0].islower()):
        return _Kind.LINK
    return _Kind.OF_A_NAME if surface[0].isupper() and is_of_names(form) else None


def _is_title_case(text: str) -> bool:
    words = [word for word in CHUNK.findall(text) if len(word) > 3]
    return len(words) > 2 and sum(word[0].isupper() for word in words) > _TITLE_CASE * len(words)


def _is_acronym(surface: str, *, shouting: bool) -> bool:
    return not shouting and len(surface) < 7 and surface.isupper()
