"""The `keep:` and `drop:` of feeds.

EntryFilters(lists by feed)
    accepts(feed, entry)  -> whether the entry is stored, and why
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import EntryContent
from aggregator.text.evidence import APART, THRESHOLD, Hit, score
from aggregator.text.matcher import Evidence, Matcher

Lists = tuple[tuple[str, ...], tuple[str, ...]]
"""Keywords of `keep` and of `drop`."""


class EntryFilters:
    """Decides which entries of feeds are stored: those that a feed's `keep` asks for and its `drop` does not.

    One for all feeds, since what is read of a language and remembered of its words takes memory. `lists`: `keep` and
    `drop` by feed; a feed with neither, or that is not named, keeps everything. Raises `KeywordError`.
    """

    def __init__(self, lists: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> None:
        self._lists = {feed: (tuple(keep), tuple(drop)) for feed, (keep, drop) in lists.items() if keep or drop}
        self._matcher: Matcher[tuple[Lists, str]] = Matcher(
            {
                (lists, name): keywords
                for lists in dict.fromkeys(self._lists.values())
                for name, keywords in zip(("keep", "drop"), lists, strict=True)
            }
        )

    def __contains__(self, feed: str) -> bool:
        """Whether anything of the feed may be left out."""
        return feed in self._lists

    def accepts(self, feed: str, entry: EntryContent) -> tuple[bool, str]:
        """Whether the feed's entry is stored, and why, as a sentence."""
        lists = self._lists.get(feed)
        if lists is None:
            return True, "Kept: the feed has neither keep: nor drop:."
        found = self._matcher.find(self._matcher.read(entry))
        dropped, hit = _best(found.get((lists, "drop"), {}))
        if hit is not None:
            return False, f"Left out: {dropped!r} of drop: is {_where(hit)}."
        if not lists[0]:
            return True, "Kept: nothing of drop: matches."
        kept, hit = _best(found.get((lists, "keep"), {}))
        if hit is not None:
            return True, f"Kept: {kept!r} of keep: is {_where(hit)}."
        return False, "Left out: nothing of keep: matches."


def _best(evidence: Evidence) -> tuple[str, Hit | None]:
    """The keyword with the highest score of at least the threshold, and its heaviest piece of evidence."""
    scores = {keyword: score(hits) for keyword, hits in evidence.items()}
    best = max(scores, key=scores.__getitem__, default="")
    if not best or scores[best] < THRESHOLD:
        return "", None
    return best, max(evidence[best], key=lambda hit: hit.weight)


def _where(hit: Hit) -> str:
    if hit.kind is APART:
        return "in the title and the text"
    return f"in the {hit.places[0][0].name}"
