"""Ten thousand made-up keywords, the same at every run, to measure the matcher's speed with.

`editorial` are like those of an editor who follows a thousand subjects: names as they are printed, phrases of two or
three words, a few rare words, some operators. `dense` are random neighbours, so that an article has parts of hundreds.
Both are cut out of the very texts that are then matched, so that each keyword occurs: those of a real list mostly
don't, on a given day.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence

from aggregator.config.models import TopicConfig
from aggregator.text.tokens import tokenize
from aggregator.text.wordlists import ENGLISH_UNMODIFIED

_IN_A_TOPIC = 10
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,}){0,2}(?![\w-])")
_PHRASE = re.compile(r"(?<= )[a-z]{3,}(?: [a-z]{3,}){1,2}(?![\w'-])")
_WORD = re.compile(r"(?<= )[a-z]{5,}(?![\w'-])")
_SHARES = ((_NAME, 0.6), (_PHRASE, 0.3), (_WORD, 0.1))
_OPERATORS = (" | ", " & ", " ~ ")
_JOINED = 0.05  # of the keywords have an operator
_RARE = 0.002  # of the texts have a word that stands alone at most
_COMMON = 0.05  # of the texts have each word of a phrase at most


def editorial(texts: Sequence[str], count: int) -> dict[str, TopicConfig]:
    """Topics of ten keywords each: 60 % names, 30 % phrases, 10 % words, as far as the texts have so many."""
    spread = Counter(word for text in texts for word in {token.form for token in tokenize(text)})
    chance = random.Random(1)
    keywords: list[str] = []
    for kind, share in _SHARES:
        printed = dict.fromkeys(found for text in texts for found in kind.findall(text))
        fitting = [one for one in printed if _is_uncommon(one, spread, len(texts))]
        keywords += chance.sample(fitting, min(len(fitting), round(count * share)))
    chance.shuffle(keywords)
    for at in range(1, round(len(keywords) * _JOINED)):
        keywords[at] += chance.choice(_OPERATORS) + keywords[-at]
    return _topics(keywords)


def _is_uncommon(keyword: str, spread: Counter[str], texts: int) -> bool:
    words = keyword.lower().split()
    common = texts * (_RARE if len(words) == 1 else _COMMON)
    return ENGLISH_UNMODIFIED.isdisjoint(words) and all(spread[word] <= common for word in words)


def dense(texts: Sequence[str], count: int) -> dict[str, TopicConfig]:
    """Topics of ten keywords each: rare words, and phrases of neighbouring uncommon ones, whatever they mean."""
    cut = [[token.form for token in tokenize(text)] for text in texts]
    spread = Counter(form for forms in cut for form in set(forms))
    chance = random.Random(1)
    keywords: dict[str, None] = {}
    while len(keywords) < count:
        forms = chance.choice(cut)
        length = chance.choice((1, 2, 2, 2, 3))
        start = chance.randrange(max(1, len(forms) - length))
        picked = forms[start : start + length]
        common = len(texts) * (_RARE if length == 1 else _COMMON)
        if len(picked) == length and all(
            form.isalpha() and len(form) > 2 and spread[form] <= common for form in picked
        ):
            keywords[" ".join(picked)] = None
    return _topics(list(keywords))


def _topics(keywords: Sequence[str]) -> dict[str, TopicConfig]:
    starts = range(0, len(keywords), _IN_A_TOPIC)
    return {f"made up {at}": TopicConfig(any=tuple(keywords[at : at + _IN_A_TOPIC])) for at in starts}
