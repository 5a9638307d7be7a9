"""The ways to write a phrase that are the same to its reader: anti-aircraft, anti aircraft, antiaircraft."""

from __future__ import annotations

import re
from itertools import product

from aggregator.text.keywords import Phrase, Word
from aggregator.text.tokens import CHUNK, chunk
from aggregator.text.vocabulary import WantedWord, wanted_word
from aggregator.text.wordlists import LINKS

_MAX_WAYS = 8
_DOUBLED = re.compile(r"([A-Z])\1\.?([A-Z])\2\.?")  # EEUU, EE.UU., also EE UU: plurals of Spanish acronyms
_LINKED = 2  # words between spaces, at least: guerre d'Ukraine
_MIN_JOINED = 6  # letters of two words that may be written as one
_MIN_PART = 3  # letters of what is left when a particle or a beginning is cut off
_BEGINNINGS = (
    "anti", "bio", "co", "counter", "cyber", "electro", "geo", "hydro", "hyper", "infra", "inter", "intra", "macro",
    "micro", "mid", "mini", "multi", "neo", "non", "over", "para", "poly", "post", "pre", "pro", "pseudo", "re", "semi",
    "sub", "super", "tele", "trans", "ultra", "under",
)  # fmt: skip
_PARTICLES = ("over", "out", "off", "up", "down", "back", "away", "through")

# Second parts of English words that are also written as two: heat wave, wild fire, health care.
_SECOND_PARTS = (
    "bank", "board", "book", "break", "care", "craft", "fall", "field", "fire", "flow", "front", "ground", "hold",
    "house", "keeper", "land", "less", "life", "light", "line", "maker", "man", "mark", "market", "men", "phone",
    "place", "port", "power", "print", "quake", "room", "ship", "shore", "side", "site", "stream", "storm", "time",
    "ware", "watch", "water", "wave", "way", "wide", "wing", "work", "worker", "yard",
)  # fmt: skip
_FIRST_PART = 4  # letters before them

Way = tuple[WantedWord, ...]


def name_and_noun(phrase: Phrase) -> Way | None:
    """A name and the noun that is linked to it, where a phrase is just that: 'Ukraine' and 'war' of 'war in Ukraine'.

    'Bank of England' is one name, and 'state of emergency' has none: there each word counts.
    """
    words = phrase.words
    if phrase.exact or len(words) < _LINKED or any(word.prefix for word in words):
        return None
    if not words[0].text.islower() or words[-1].text.islower():  # nearly all phrases, so that no word of them is cut
        return None
    cut = [way for word in words for way in _ways_of_word(word, exact=False, guarded=True)[0]]
    first, *between, last = cut
    if not last.name or last.capitals or not between or any(word.form not in LINKS for word in between):
        return None
    return last, first


def ways_to_write(phrase: Phrase) -> list[Way]:
    """The phrase as written first, at least one word in each."""
    guarded = not _is_shouted(phrase)
    ways = [_ways_of_word(word, exact=phrase.exact, guarded=guarded) for word in phrase.words]
    found = [sum(combination, ()) for combination in product(*ways)]
    if (pair := name_and_noun(phrase)) is not None:
        found.insert(1, pair)
    if not phrase.exact and (joined := _as_one_word(phrase)) is not None:
        found.append((joined,))
    return list(dict.fromkeys(found))[:_MAX_WAYS]


def _is_shouted(phrase: Phrase) -> bool:
    """Several words all in capitals, of which one is too long for an acronym: the capitals mean nothing."""
    texts = [word.text for word in phrase.words]
    return len(texts) > 1 and all(text == text.upper() for text in texts) and any(len(text) > 5 for text in texts)


def _ways_of_word(word: Word, *, exact: bool, guarded: bool) -> list[Way]:
    """A word between spaces: as its tokens, as one word where it has a hyphen, as two where it could have one."""
    pieces = [(match.group(), chunk(match.group())) for match in CHUNK.finditer(word.text)]
    tokens = [
        (token.form, surface[token.start : token.end] if len(cut.tokens) > 1 else surface, len(cut.tokens) == 1)
        for surface, cut in pieces
        for token in cut.tokens
    ]
    last = len(tokens) - 1
    as_written = tuple(
        wanted_word(form, surface, exact=exact, prefix=word.prefix and index == last, guarded=guarded and alone)
        for index, (form, surface, alone) in enumerate(tokens)
    )
    ways = [as_written]
    if exact or len(pieces) != 1:
        return ways
    if (joined := pieces[0][1].joined) is not None:
        ways.append((wanted_word(joined, joined, exact=False, prefix=word.prefix, guarded=False),))
    elif not word.prefix and not as_written[0].capitals and len(tokens) == 1:
        ways += [_plain(parts) for parts in _splits(tokens[0][0])]
    if _DOUBLED.fullmatch(word.text):
        letters = tokens[0][0]
        ways.append(_plain((letters[:2], letters[2:])))
    return ways


def _splits(form: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if form.startswith(_BEGINNINGS):
        found += [(start, form[len(start) :]) for start in _BEGINNINGS if form.startswith(start)]
    if form.endswith(_PARTICLES):
        found += [(form[: -len(end)], end) for end in _PARTICLES if form.endswith(end)]
    if form.endswith(_SECOND_PARTS):
        ends = (end for end in _SECOND_PARTS if form.endswith(end) and len(form) - len(end) >= _FIRST_PART)
        found += [(form[: -len(end)], end) for end in ends]
    return [(left, right) for left, right in found if min(len(left), len(right)) >= _MIN_PART - (right in _PARTICLES)]


def _plain(parts: tuple[str, ...]) -> Way:
    return tuple(wanted_word(part, part, exact=False, prefix=False, guarded=False) for part in parts)


def _as_one_word(phrase: Phrase) -> WantedWord | None:
    """'anti aircraft' as antiaircraft, 'cease fire' as ceasefire."""
    texts = [word.text for word in phrase.words]
    if len(texts) != 2 or not all(text.isalpha() for text in texts) or sum(map(len, texts)) < _MIN_JOINED:
        return None
    form = chunk("".join(texts)).tokens[0].form
    return wanted_word(form, form, exact=False, prefix=phrase.words[-1].prefix, guarded=False)
