"""Which lists of keywords can't come to a score in an article, from how often and how early their words are mentioned.

Most keywords whose words are in an article are in it once, late: a look at all of them together leaves a fifth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from aggregator.text.evidence import latest
from aggregator.text.phrases import NEAR_WORDS, MainWords, begins_with_main_word
from aggregator.text.places import FieldText, Place
from aggregator.text.tokens import CHUNK_STEP

_MANY = 32  # mentions that are always worth a look


class Prospects:
    """Ways to write keywords, by the lists that they belong to."""

    def __init__(self, lists: Sequence[int], mains: Sequence[MainWords | None]) -> None:
        """For each way its list, in order, and its main words, None where it is to be kept."""
        self._lists = lists
        self._firsts = [None if main is None else main[0] for main in mains]
        self._lasts = [None if main is None else main[1] for main in mains]

    def worth(self, ways: Sequence[int], fields: Mapping[str, FieldText], language: str, enough: float) -> list[int]:
        """Those of the ways met in an article that are not alone in their list, or may come to `enough` by themselves.

        `ways` in order. A mention outside of the text is enough for anything.
        """
        mains = self._firsts if begins_with_main_word(language) else self._lasts
        elsewhere = set[int]().union(*[field.found for name, field in fields.items() if name != "text"])
        article, limits = fields["text"].found, _limits(enough)
        lists = [self._lists[way] for way in ways]
        kept: list[int] = []
        for way, before, own, after in zip(ways, [None, *lists], lists, [*lists[1:], None], strict=False):
            main = mains[way]
            if own in (before, after) or main is None or main in elsewhere or _may_weigh(article.get(main, ()), limits):
                kept.append(way)
        return kept


def _may_weigh(places: Sequence[Place], limits: Sequence[float]) -> bool:
    return bool(places) and (len(places) >= _MANY or places[0][0] <= limits[len(places)])


@lru_cache(16)
def _limits(enough: float) -> list[float]:
    """By number of mentions, fewer than `_MANY`, the position of the first one from which they weigh less."""
    return [(latest(mentions, enough) + NEAR_WORDS + 2) * CHUNK_STEP + 1 for mentions in range(_MANY)]
