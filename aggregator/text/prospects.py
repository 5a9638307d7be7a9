"""Which lists of keywords can't come to a score in an article, from how often and how early their words are mentioned.

Most keywords whose words are in an article are in it once, late: a look at all of them together leaves a fifth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from aggregator.text.evidence import latest
from aggregator.text.phrases import NEAR_WORDS, begins_with_main_word
from aggregator.text.places import FieldText
from aggregator.text.tokens import CHUNK_STEP

MainWords = tuple[int, int]
"""Of a way to write a phrase the word of which each mention gives one piece of evidence at most: in languages whose
phrases begin with their main word, and in others."""
_MANY = 32  # mentions that are always worth a look
_ROOM = 3  # numbers below zero count from the end of an array: signs, and the word that is always there
_ALWAYS = -_ROOM


class Prospects:
    """Ways to write keywords, by the lists that they belong to."""

    def __init__(self, lists: Sequence[int], mains: Sequence[MainWords | None], words: int) -> None:
        """For each way its list, in order, and its main words, None where it is to be kept. `words`: how many are."""
        self._lists = np.array(lists, np.intp)
        pairs = [(_ALWAYS, _ALWAYS) if main is None else main for main in mains]
        self._firsts, self._lasts = np.array(pairs, np.intp).reshape(-1, 2).T.copy()
        self._weighty = np.zeros(words + _ROOM, np.bool_)

    def worth(self, ways: Sequence[int], fields: Mapping[str, FieldText], language: str, enough: float) -> list[int]:
        """Those of the ways met in an article that are not alone in their list, or may come to `enough` by themselves.

        `ways` in order. A mention outside of the text is enough for anything.
        """
        weighty = self._weighty
        words = [_ALWAYS, *_weighty_words(fields["text"], enough)]
        words += [number for name, field in fields.items() if name != "text" for number in field.found]
        weighty[words] = True
        met = np.array(ways, np.intp)
        kept = weighty[(self._firsts if begins_with_main_word(language) else self._lasts)[met]]
        weighty[words] = False
        lists = self._lists[met]
        together = lists[1:] == lists[:-1]
        kept[1:] |= together
        kept[:-1] |= together
        worth: list[int] = met[kept].tolist()
        return worth


def _weighty_words(article: FieldText, enough: float) -> list[int]:
    """The words whose mentions, or those of phrases with them, may weigh `enough` together."""
    limits = _limits(enough)
    return [
        number
        for number, places in article.found.items()
        if len(places) >= _MANY or places[0][0] <= limits[len(places)]
    ]


@lru_cache(16)
def _limits(enough: float) -> list[float]:
    """By number of mentions, fewer than `_MANY`, the position of the first one from which they weigh less."""
    return [(latest(mentions, enough) + NEAR_WORDS + 2) * CHUNK_STEP + 1 for mentions in range(_MANY)]
